//! Many trials as one row: columns of numbers, little-endian.
//!
//! A million trials as a row each cost the database seconds; as columns of some ten thousand they cost
//! what their bytes cost. The columns of a block are those of the table `trial_blocks`, whose comments
//! in `migrations/` say what is in each.

use engine_core::sweep::{Metric, TrialFigures};

use super::sweeps::{TrialRow, TrialState};

/// Bytes of a number.
const NUMBER: usize = 8;

/// The columns of a block of trials.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrialColumns {
    /// Position of each; empty when every position of the block is a trial.
    pub(super) positions: Vec<u8>,
    /// State of each.
    pub(super) states: Vec<u8>,
    /// Figure by figure, of each.
    pub(super) figures: Vec<u8>,
    /// Length and text of each that is not done.
    pub(super) reasons: Vec<u8>,
}

/// Columns that are not those of a block.
#[derive(Debug, thiserror::Error)]
#[error("a block of trials is damaged")]
pub(super) struct DamagedBlock;

impl TrialColumns {
    /// The columns of trials of the positions from `first` to before `until`, by position.
    pub(super) fn of(first: i64, until: i64, rows: &[TrialRow]) -> Self {
        let is_every_one = i64::try_from(rows.len()).is_ok_and(|count| count == until - first);
        let listed = if is_every_one { &[][..] } else { rows };
        let mut reasons = Vec::new();
        for row in rows.iter().filter(|row| row.state != TrialState::Done) {
            let text = row.reason.as_deref().unwrap_or_default().as_bytes();
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            reasons.extend(length.to_le_bytes());
            reasons.extend(&text[..length as usize]);
        }
        let mut figures = Vec::with_capacity(rows.len() * Metric::ALL.len() * NUMBER);
        for metric in Metric::ALL {
            let value = |row: &TrialRow| row.figures.get(metric).unwrap_or(f64::NAN).to_le_bytes();
            figures.extend(rows.iter().flat_map(value));
        }
        Self {
            positions: listed.iter().flat_map(|row| row.position.to_le_bytes()).collect(),
            states: rows.iter().map(|row| row.state as u8).collect(),
            figures,
            reasons,
        }
    }

    /// The trials of a block that begins at position `first`.
    pub(super) fn rows(&self, first: i64) -> Result<Vec<TrialRow>, DamagedBlock> {
        let count = self.states.len();
        let (positions, rest) = self.positions.as_chunks::<NUMBER>();
        let (figures, more) = self.figures.as_chunks::<NUMBER>();
        let fits = positions.is_empty() || positions.len() == count;
        if !fits
            || !rest.is_empty()
            || !more.is_empty()
            || figures.len() != count * Metric::ALL.len()
        {
            return Err(DamagedBlock);
        }
        let mut reasons = self.reasons.as_slice();
        let mut rows = Vec::with_capacity(count);
        for (place, (at, state)) in (first..).zip(&self.states).enumerate() {
            let state = TrialState::of_code(*state).ok_or(DamagedBlock)?;
            let mut found = TrialFigures::default();
            for (which, metric) in Metric::ALL.into_iter().enumerate() {
                let value = f64::from_le_bytes(figures[which * count + place]);
                found.set(metric, (!value.is_nan()).then_some(value));
            }
            let reason = match state {
                TrialState::Done => None,
                _ => Some(text(&mut reasons)?),
            };
            let position = positions.get(place).map_or(at, |bytes| i64::from_le_bytes(*bytes));
            rows.push(TrialRow { position, state, reason, figures: found });
        }
        Ok(rows)
    }
}

/// The next text.
fn text(bytes: &mut &[u8]) -> Result<String, DamagedBlock> {
    let (length, rest) = bytes.split_first_chunk().ok_or(DamagedBlock)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (text, rest) = rest.split_at_checked(length).ok_or(DamagedBlock)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).map_err(|_| DamagedBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(position: i64, sharpe: Option<f64>, trades: u64) -> TrialRow {
        let figures = TrialFigures { sharpe, trades, ..TrialFigures::default() };
        TrialRow { position, state: TrialState::Done, reason: None, figures }
    }

    fn failed(position: i64, state: TrialState, reason: &str) -> TrialRow {
        let figures = TrialFigures::default();
        TrialRow { position, state, reason: Some(reason.to_owned()), figures }
    }

    #[test]
    fn what_goes_in_comes_out() {
        let gaps = [
            done(7, Some(-0.0), 3),
            failed(9, TrialState::Refused, "zu groß"),
            done(1 << 40, None, 0),
            failed((1 << 40) + 1, TrialState::Failed, ""),
        ];
        let columns = TrialColumns::of(5, (1 << 40) + 2, &gaps);
        assert_eq!(columns.rows(5).unwrap(), gaps);
        let all = [done(5, Some(1.5), 1), done(6, Some(f64::MIN_POSITIVE), 1 << 52)];
        let columns = TrialColumns::of(5, 7, &all);
        assert!(columns.positions.is_empty());
        assert_eq!(columns.rows(5).unwrap(), all);
        assert_eq!(TrialColumns::of(5, 9, &[]).rows(5).unwrap(), []);
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let whole =
            TrialColumns::of(0, 9, &[done(1, None, 0), failed(3, TrialState::Failed, "no")]);
        let mut damaged = vec![whole.clone(); 6];
        damaged[0].positions.pop();
        damaged[1].figures.truncate(8);
        damaged[2].reasons.pop();
        damaged[3].states[0] = 9;
        damaged[4].states.pop();
        damaged[5].reasons = vec![2, 0, 0, 0, 0xff, 0xff];
        assert!(damaged.iter().all(|columns| columns.rows(0).is_err()));
    }
}
