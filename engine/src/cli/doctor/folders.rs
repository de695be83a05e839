//! Whether the folders that the program writes to can be written to.

use std::{fs, io::Write, path::Path};

use super::{
    super::{app::App, bars::shell_word},
    Check,
};
use crate::error::{Code, Failure};

/// One check a folder.
pub(super) fn checks(app: &App) -> Vec<Check> {
    let home = &app.home;
    let written = [
        ("home folder", home.root().to_owned()),
        ("data folder", home.data()),
        ("plot folder", home.plots()),
        ("log folder", home.logs()),
    ];
    written.iter().map(|(name, path)| folder(name, path)).collect()
}

fn folder(name: &'static str, path: &Path) -> Check {
    let shown = path.display();
    let word = shell_word(&shown.to_string());
    match fs::metadata(path) {
        Ok(data) if !data.is_dir() => Check::failed(
            name,
            Failure::new(Code::Output, format!("{shown} is not a folder"))
                .help(format!("mv {word} {word}.old")),
        ),
        Ok(_) => match can_write(path) {
            Ok(()) => Check::ok(name, format!("{shown} can be written")),
            Err(error) => Check::failed(
                name,
                Failure::new(Code::Output, format!("{shown} cannot be written: {error}"))
                    .help(format!("chmod u+rwx {word}")),
            ),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(name, format!("{shown} will be made when it is needed"))
        }
        Err(error) => Check::failed(name, Failure::new(Code::Output, format!("{shown}: {error}"))),
    }
}

/// Writes a file and takes it away again.
fn can_write(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".algo-trader-probe-{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    let written = file.write_all(b"probe");
    fs::remove_file(&probe)?;
    written
}
