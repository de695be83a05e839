//! The one shape in which every failure reaches the user: a code, one line that says what, where and
//! the value, and where there is one a hint that works when pasted.
//!
//! Every room has its own error enum; each says here which exit code it means and what would help.

use std::fmt;

/// What kind of failure it is; the number is the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Our own fault.
    Bug = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A configuration file is wrong.
    Config = 3,
    /// Data is missing or was rejected.
    Data = 4,
    /// The broker gateway failed.
    Gateway = 5,
    /// The database failed.
    Database = 6,
    /// A plugin was refused before it ran.
    PluginRefused = 7,
    /// A plugin broke while it ran.
    PluginFaulted = 8,
    /// A result could not be written.
    Output = 9,
    /// Some of several symbols failed.
    Partial = 10,
}

impl Code {
    /// The name inside `error[NAME]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bug => "BUG",
            Self::Usage => "USAGE",
            Self::Config => "CONFIG",
            Self::Data => "DATA",
            Self::Gateway => "GATEWAY",
            Self::Database => "DATABASE",
            Self::PluginRefused => "PLUGIN_REFUSED",
            Self::PluginFaulted => "PLUGIN_FAULTED",
            Self::Output => "OUTPUT",
            Self::Partial => "PARTIAL",
        }
    }
}

/// A failure as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Kind and exit code.
    pub code: Code,
    /// What, where and the value, in one line.
    pub message: String,
    /// Something that works when pasted.
    pub help: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// The same failure with a hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code.name(), self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// What the system said of a fault, without the number that it has there.
#[must_use]
pub fn system_said(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
