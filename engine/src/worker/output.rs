//! What a worker prints: passed on to the log, and its last line kept for the report of a fault.

/// Longest line that is kept or passed on, bytes.
const LONGEST_LINE: usize = 400;
/// Lines that are passed on to the log.
const MOST_LINES: usize = 500;

/// The lines that a worker printed so far.
#[derive(Debug, Default)]
pub(super) struct Output {
    line: Vec<u8>,
    last: Option<String>,
    lines: usize,
    out_of_memory: bool,
}

impl Output {
    /// Takes bytes as they come.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end();
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(*byte);
            }
        }
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let text: String = text.trim().chars().flat_map(shown).collect();
        if text.is_empty() {
            return;
        }
        self.out_of_memory |= is_out_of_memory(&text);
        self.lines += 1;
        match self.lines {
            ..=MOST_LINES => tracing::info!(target: "plugin output", "{text}"),
            n if n == MOST_LINES + 1 => tracing::info!(target: "plugin output", "(and more)"),
            _ => {}
        }
        self.last = Some(text);
    }

    /// The last line.
    pub(super) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }

    /// Whether it said that memory is used up.
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.out_of_memory
    }
}

fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_debug());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// What Rust's standard library and C++'s say when an allocation fails.
fn is_out_of_memory(line: &str) -> bool {
    (line.starts_with("memory allocation of ") && line.ends_with(" failed"))
        || line.contains("std::bad_alloc")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_kept_without_control_characters_and_never_grows() {
        let mut output = Output::default();
        output.take(b"one\n\x1b[31mtw");
        output.take(b"o\n\n");
        assert_eq!(output.last(), Some("\\u{1b}[31mtwo"));
        output.take(&[b'x'; 100_000]);
        output.end();
        assert_eq!(output.last().unwrap().len(), LONGEST_LINE);
        assert!(!output.is_out_of_memory());
        output.take(b"memory allocation of 10737418240 bytes failed\nbye\n");
        assert!(output.is_out_of_memory());
    }
}
