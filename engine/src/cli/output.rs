//! Prints: results to standard output, the rest to standard error, control characters nowhere.
//!
//! A reader that goes away (`| head -1`) is no failure: what follows is dropped quietly. Any other
//! fault of standard output is one, for a result that nobody got is not a result.

use std::{
    ffi::OsString,
    io::{self, ErrorKind, IsTerminal, Write},
    os::fd::AsFd,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

use crate::{
    error::{Code, Failure},
    redact::redact,
    report::{
        self, Lists, Report,
        text::{fitted, printable},
    },
};

/// Longest value that a message repeats, in columns.
const CLIP: usize = 60;

/// Whether a result was printed, or tried to be.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
    quiet: bool,
    color_stdout: bool,
    color_stderr: bool,
    /// Columns in which a curve can be drawn on standard output.
    curve: Option<usize>,
}

impl Out {
    /// Looks for what matters to printing before the arguments are known to be valid, so that their
    /// refusal is printed as asked.
    pub(crate) fn of(args: &[OsString]) -> Self {
        let words = args.iter().skip(1).filter_map(|arg| arg.to_str());
        let words: Vec<&str> = words.take_while(|word| *word != "--").collect();
        let color = words.iter().enumerate().find_map(|(at, word)| match *word {
            "--color" => words.get(at + 1).copied(),
            _ => word.strip_prefix("--color="),
        });
        let colored = |is_terminal: bool| match color {
            Some("always") => true,
            Some("never") => false,
            _ => {
                is_terminal
                    && !is_set("NO_COLOR")
                    && std::env::var_os("TERM") != Some("dumb".into())
            }
        };
        Self {
            json: words.contains(&"--json"),
            quiet: words.contains(&"-q") || words.contains(&"--quiet"),
            color_stdout: colored(io::stdout().is_terminal()),
            color_stderr: colored(io::stderr().is_terminal()),
            curve: columns_of(io::stdout()).filter(|_| is_unicode()),
        }
    }

    /// Whether results are wanted as JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether nothing but errors is wanted on standard error.
    pub(crate) fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output takes colours.
    pub(crate) fn color_stdout(&self) -> bool {
        self.color_stdout
    }

    /// Whether standard error takes colours.
    pub(crate) fn color_stderr(&self) -> bool {
        self.color_stderr
    }

    /// Prints the summary of a run; on a terminal that knows more than ASCII with its equity as a curve.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub(crate) fn summary(&self, report: &Report, lists: &Lists<'_>) -> Result<(), Failure> {
        self.text(&match self.curve {
            Some(columns) => report::summary_with_curve(report, &lists.equity.equity, columns),
            None => report::summary(report),
        })
    }

    /// Prints a result for people, with a newline at its end.
    ///
    /// # Errors
    /// When standard output takes no more, unless its reader went away.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        self.styled(&visible(text))
    }

    /// Prints a result as JSON.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub(crate) fn value<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::new(Code::Bug, format!("a result is not JSON: {error}")))?;
        self.styled(&text)
    }

    /// Prints text that is ours to the last character.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub(crate) fn styled(&self, text: &str) -> Result<(), Failure> {
        PRINTED.store(true, Ordering::Relaxed);
        let mut stdout = io::stdout().lock();
        let mut text = text.trim_end_matches('\n').to_owned();
        text.push('\n');
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(Code::Output, format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Says something that is not the result, unless the user asked for silence.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            say(&visible(text));
        }
    }

    /// Reports the failure that ends the program.
    pub(crate) fn failure(&self, failure: &Failure) {
        let message = redact(&visible(&failure.message)).replace('\n', " ");
        let help = failure.help.as_deref().map(|help| redact(&visible(help)).into_owned());
        // One document on standard output: after a result the failure goes where notes go.
        if self.json && !PRINTED.load(Ordering::Relaxed) {
            let error = serde_json::json!({
                "error": { "code": failure.code.name(), "message": message, "help": help }
            });
            if self.value(&error).is_ok() {
                return;
            }
        }
        let (red, cyan, off) =
            if self.color_stderr { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
        say(&format!("{red}error[{}]{off}: {message}", failure.code.name()));
        if let Some(help) = help {
            say(&format!("{cyan}help:{off} {help}"));
        }
    }
}

/// Writes a line to standard error; there is nobody left to tell when that fails.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Columns of a terminal; `None` when it is none. One that does not know its width has 80.
pub(crate) fn columns_of(stream: impl IsTerminal + AsFd) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stream).ok();
    Some(size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80))
}

/// Whether the user's locale is one of UTF-8.
pub(crate) fn is_unicode() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(|variable| is_set(variable));
    let locale = named.and_then(std::env::var_os).unwrap_or_default();
    let locale = locale.to_string_lossy().to_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// The text with every character that could steer a terminal written out, but for line ends.
pub(crate) fn visible(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// The text made visible, in one line, and cut to a length that a message can carry.
pub(crate) fn clip(text: &str) -> String {
    let shown = fitted(text, CLIP);
    if shown == printable(text) { shown } else { format!("{shown} ({} bytes)", text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out_and_long_values_are_cut() {
        assert_eq!(visible("a\x1b[31m\nb\u{202e}"), "a\\u{1b}[31m\nb\\u{202e}");
        assert_eq!(clip("short\n"), "short\\n");
        assert_eq!(clip(&"x".repeat(10_000)), format!("{}... (10000 bytes)", "x".repeat(57)));
    }
}
