//! What every command is given: where things are and how to print.

use std::path::PathBuf;

use super::{args::Global, output::Out};
use crate::{
    config::{self, Config, Home},
    error::Failure,
    registry::{Locations, Registry, Retry},
    store::{self, OpenMode, Store},
};

/// The settings of one run of the program.
pub(crate) struct App {
    /// Folder that holds everything.
    pub(crate) home: Home,
    /// Address of the database; may hold a secret and is never printed.
    pub(crate) database: String,
    /// Folders named with `--plugins`.
    pub(crate) plugin_dirs: Vec<PathBuf>,
    /// Where and how to print.
    pub(crate) out: Out,
}

impl App {
    pub(crate) fn new(global: &Global, home: Home, out: Out) -> Self {
        let named = global.database.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let database = named.map_or_else(|| home.default_database(), str::to_owned);
        Self { home, database, plugin_dirs: global.plugins.clone(), out }
    }

    /// `strategies.toml` of the home.
    ///
    /// # Errors
    /// When the file is there but wrong.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(config::load(&self.home)?)
    }

    /// The strategies that there are; files that are not known yet are looked into by workers.
    ///
    /// # Errors
    /// When `strategies.toml` is wrong.
    pub(crate) fn registry(&self, retry: Retry) -> Result<Registry, Failure> {
        let locations = Locations::of_process(&self.home, &self.plugin_dirs);
        Ok(Registry::scan(&locations, &self.config()?, retry))
    }

    /// The database.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) async fn store(&self, mode: OpenMode) -> Result<Box<dyn Store>, Failure> {
        Ok(store::open(&self.database, mode).await?)
    }

    /// The file of the database, when it is one.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        let path = self.database.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
    }
}
