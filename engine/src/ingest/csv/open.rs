//! Opens delimited text: what kind of file it is, its encoding and its delimiter.

use super::super::{IngestError, help::shell_word};
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Bytes from the beginning that are looked at before anything is read.
const HEAD: usize = 64 * 1024;
/// Bytes that one row may take; more is a quote that was never closed, or not a table.
const MAX_ROW: u64 = 8 * 1024 * 1024;
/// Delimiters, the less ambiguous ones first.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// Where text comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file, or a pipe, which is read once.
    File(PathBuf),
    /// Text inside the program.
    Bytes {
        /// How to call it.
        name: &'static str,
        /// The text.
        bytes: &'static [u8],
    },
}

impl Source {
    /// How messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => plain(&path.to_string_lossy()),
            Self::Bytes { name, .. } => (*name).to_owned(),
        }
    }

    /// The last part of its name, which is what the database keeps.
    #[must_use]
    pub fn short_name(&self) -> String {
        match self {
            Self::File(path) => {
                path.file_name().map(|name| plain(&name.to_string_lossy())).unwrap_or_default()
            }
            Self::Bytes { name, .. } => (*name).to_owned(),
        }
    }
}

/// A text without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// An opened text, decoded to UTF-8.
pub(crate) struct Text {
    /// How messages call it.
    pub(crate) file: String,
    /// Bytes, without byte order mark.
    pub(crate) reader: Box<dyn Read + Send>,
    /// The byte between cells.
    pub(crate) delimiter: u8,
    /// Whether cells may be quoted.
    pub(crate) quoted: bool,
    /// How far it has been read.
    pub(crate) meter: Meter,
    /// Bytes of the file, when known.
    pub(crate) total: Option<u64>,
    /// Whether it can be opened again.
    pub(crate) reopens: bool,
}

/// Opens a text.
///
/// # Errors
/// When it cannot be read, is empty or is not text.
pub(crate) fn open(source: &Source, delimiter: Option<u8>) -> Result<Text, IngestError> {
    let file = source.name();
    let unreadable =
        |error: io::Error| IngestError::Unreadable { file: file.clone(), reason: reason(&error) };
    let (mut reader, total) = raw(source).map_err(unreadable)?;
    let mut head = Vec::with_capacity(HEAD);
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    if let Some((what, unpack)) = not_text(&head) {
        let unpack = unpack.map(|command| command.replace("FILE", &shell_word(&file)));
        return Err(IngestError::NotText { file, what, unpack });
    }
    let text = decoded(head.as_slice());
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(IngestError::Empty { file });
    }
    let meter = Meter::default();
    let metered = Metered { inner: Cursor::new(head).chain(reader), meter: meter.clone() };
    Ok(Text {
        file,
        reader: Box::new(decoder(metered)),
        delimiter: delimiter.unwrap_or_else(|| sniff_delimiter(&text)),
        quoted: text.contains(&b'"'),
        meter,
        total,
        reopens: total.is_some(),
    })
}

/// The bytes of a source and their number, which only a regular file knows.
fn raw(source: &Source) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    match source {
        Source::Bytes { bytes, .. } => {
            Ok((Box::new(Cursor::new(*bytes)), Some(bytes.len() as u64)))
        }
        Source::File(path) => {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::Error::other("it is a folder"));
            }
            let length = metadata.is_file().then_some(metadata.len());
            Ok((Box::new(file), length))
        }
    }
}

/// A reader of rows over an opened text.
pub(crate) fn csv_reader(
    reader: Box<dyn Read + Send>,
    delimiter: u8,
    quoted: bool,
) -> csv::Reader<Box<dyn Read + Send>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoted)
        .buffer_capacity(128 * 1024)
        .from_reader(reader)
}

/// The system's words for an error, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn decoder<R: Read>(reader: R) -> impl Read {
    DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(reader)
}

fn decoded(head: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len());
    // Memory does not fail to be read, and bytes that do not decode are replaced.
    let _ = decoder(head).read_to_end(&mut text);
    text
}

/// What a file that is not text seems to be, and a command that would make text of it.
fn not_text(head: &[u8]) -> Option<(&'static str, Option<&'static str>)> {
    const KINDS: [(&[u8], &str, Option<&str>); 9] = [
        (b"\x1f\x8b", "compressed (gzip)", Some("gunzip -c FILE > unpacked.csv")),
        (b"PK\x03\x04", "an archive (zip or a spreadsheet)", Some("unzip FILE")),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd)", Some("zstd -dc FILE > unpacked.csv")),
        (b"BZh", "compressed (bzip2)", Some("bunzip2 -c FILE > unpacked.csv")),
        (b"\xfd7zXZ", "compressed (xz)", Some("xz -dc FILE > unpacked.csv")),
        (b"PAR1", "a Parquet file", None),
        (b"SQLite format 3", "a SQLite database", None),
        (b"\xff\xfe\0\0", "UTF-32", Some("iconv -f UTF-32 -t UTF-8 FILE > utf8.csv")),
        (b"\0\0\xfe\xff", "UTF-32", Some("iconv -f UTF-32 -t UTF-8 FILE > utf8.csv")),
    ];
    if let Some((_, what, unpack)) = KINDS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((*what, *unpack));
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return None;
    }
    for (odd, command) in [
        (1, "iconv -f UTF-16LE -t UTF-8 FILE > utf8.csv"),
        (0, "iconv -f UTF-16BE -t UTF-8 FILE > utf8.csv"),
    ] {
        let wide = |pair: &[u8]| pair[odd] == 0 && pair[1 - odd] != 0;
        if head.len() > 3 && head.chunks_exact(2).take(64).all(wide) {
            return Some(("UTF-16 without a byte order mark", Some(command)));
        }
    }
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c\x1a".contains(byte);
    head.iter().any(is_control).then_some(("binary", None))
}

/// The delimiter that cuts the first two lines into the most cells, quoted parts apart.
fn sniff_delimiter(text: &[u8]) -> u8 {
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    let lines: Vec<&[u8]> = lines.filter(|line| !line.trim_ascii().is_empty()).take(2).collect();
    let cells = |delimiter: u8| lines.iter().map(|line| count(line, delimiter)).min().unwrap_or(0);
    // The last of equals wins, hence the list backwards.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| cells(*delimiter)).unwrap_or(b',')
}

fn count(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    let mut found = 0;
    for byte in line {
        quoted ^= *byte == b'"';
        found += usize::from(!quoted && *byte == delimiter);
    }
    found
}

/// How far a text has been read, shared between the reader and those who watch it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    read: Arc<AtomicU64>,
    row_began: Arc<AtomicU64>,
}

impl Meter {
    /// Bytes of the file read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// A row begins.
    pub(crate) fn row(&self) {
        self.row_began.store(self.bytes(), Ordering::Relaxed);
    }
}

/// Counts what is read and refuses a row without an end.
struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        let read = self.meter.read.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if read - self.meter.row_began.load(Ordering::Relaxed) > MAX_ROW {
            return Err(io::Error::other(format!("a row is longer than {MAX_ROW} bytes")));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_makes_most_cells() {
        assert_eq!(sniff_delimiter(b"date,open,close\n2020-01-02,1,2\n"), b',');
        assert_eq!(sniff_delimiter(b"date;open;close\n2020-01-02;1,5;2,5\n"), b';');
        assert_eq!(sniff_delimiter(b"2020-01-02;1,5;2,5\n2020-01-03;1,5;2,5\n"), b';');
        assert_eq!(sniff_delimiter(b"date\topen\tclose\r\n"), b'\t');
        assert_eq!(sniff_delimiter(b"\n\ndate|open|close\n"), b'|');
        assert_eq!(sniff_delimiter(b"\"a;b;c\",open,close\n"), b',');
        assert_eq!(sniff_delimiter(b"date\n"), b'\t');
    }
}
