//! What the user is told to do about an ingestion that failed.

use std::path::Path;

use super::IngestError;

pub(super) fn help(error: &IngestError) -> Option<String> {
    match error {
        // What is there instead shows a name that is nearly right.
        IngestError::Unreadable { file, .. } => {
            let folder = Path::new(file).parent().filter(|parent| parent.is_dir());
            let folder = folder.map_or(".".into(), Path::to_string_lossy);
            Some(format!("ls -l {}", shell_word(&folder)))
        }
        IngestError::NotText { unpack, .. } => unpack.clone(),
        IngestError::NoHeader { columns, .. } => Some(format!("--columns {columns}")),
        IngestError::MissingColumn { help, .. } => help.map(str::to_owned),
        IngestError::RepeatedColumn { column, first, .. } => {
            Some(format!("say which one: --columns {}={first}", column.key()))
        }
        IngestError::Cell(cell) => cell.help.clone(),
        IngestError::NoValidRows { help, .. } => help.clone(),
        IngestError::TooManyUnsorted { file, .. } => {
            let file = shell_word(file);
            Some(format!("sort it first: (head -n 1 {file}; tail -n +2 {file} | sort) > sorted.csv"))
        }
        IngestError::Strict { .. } => {
            Some("without --strict the valid rows are kept and the others listed".to_owned())
        }
        IngestError::MixedAdjustment { .. } | IngestError::Restated { .. } => Some(
            "ingest a file that covers every held bar, or keep it apart: --database sqlite://data/other.db"
                .to_owned(),
        ),
        IngestError::OtherSource { .. } => Some(
            "add --replace to fetch it anew in its place, or keep it apart: --database sqlite://data/ibkr.db"
                .to_owned(),
        ),
        IngestError::NoSession { before, .. } => Some(format!("--from {before} --to {before}")),
        IngestError::OtherInstrument { is_alone: true, .. } => Some(
            "add --replace to fetch the new one in its place, or keep it apart: --database sqlite://data/other.db"
                .to_owned(),
        ),
        IngestError::OtherInstrument { .. } | IngestError::CurrencyConflict { .. } => {
            Some("keep it apart: --database sqlite://data/other.db".to_owned())
        }
        IngestError::Plan(_) => {
            Some("ask for a shorter time, for longer bars, or for --what trades".to_owned())
        }
        IngestError::StrictFetch { .. } => {
            Some("without --strict the valid bars are kept and the others listed".to_owned())
        }
        IngestError::NothingThere { .. } => {
            Some("ask for another period (-d \"5 Y\"), or check the symbol and its exchange".to_owned())
        }
        IngestError::Shrunk { .. } => Some(
            "run the same command again later, or replace what is held: --replace".to_owned(),
        ),
        IngestError::Restless { .. } => Some("run the same command again later".to_owned()),
        IngestError::WrongCalendar { .. } => {
            Some("--calendar 24/7 for what trades every day".to_owned())
        }
        IngestError::TimeZone(_) => Some("--time-zone America/New_York".to_owned()),
        IngestError::CalendarConflict { held, .. } => {
            Some(format!("--calendar {held}, or another symbol for what trades on other days"))
        }
        _ => None,
    }
}

/// A text as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
