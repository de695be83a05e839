//! What the orders and fills of a run stand on, as the database keeps it beside the lists. Runs that were
//! kept before it was have none.
//!
//! | kind | columns |
//! |---|---|
//! | `seen` | instrument u32, ts i64, open f64, high f64, low f64, close f64, volume f64; then one f64 for each indicator |
//! | `indicators` | bytes u32; then their names as UTF-8, one after the other |
//! | `bases` | one row a fill: at u32 (0 open, 1 inside, 2 close), equity f64, month_units f64 |
//! | `steps` | order u64, ts i64, instrument u32, step u32, effective u32, size_kind u32, size f64, limit_price f64, stop_price f64, trail f64 |
//! | `entries` | ts i64, instrument u32 (the highest for the account), kind u32, value f64 |
//!
//! A number that is none is not changed by the step.

use std::mem::take;

use engine_core::{
    backtest::{RunResult, Seen, SeenBar},
    journal::{FillBasis, FilledAt, OrderStep, Step},
    ledger::{AccountEntry, EntryKind},
};
use strategy_api::{abi::layout::RawColumn, indicators::ColumnSpec};

use super::{
    RecordError,
    blob::{Reader, Writer},
};

/// What the orders and fills of a run stand on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grounds {
    /// Bars of decisions, fills and steps, with the indicators of the strategy.
    pub seen: Seen,
    /// Names of the indicators.
    pub indicators: Vec<String>,
    /// What each fill stands on, in their order.
    pub bases: Vec<FillBasis>,
    /// What happened to orders between their placing and their end.
    pub steps: Vec<OrderStep>,
    /// Dividends, splits, interest and fees.
    pub entries: Vec<AccountEntry>,
}

/// Names of the blobs.
pub(super) const KINDS: [&str; 5] = ["seen", "indicators", "bases", "steps", "entries"];
pub(super) const SEEN_COLUMNS: u32 = 7;
const STEPS: [Step; 5] =
    [Step::Modify, Step::Cancel, Step::CancelAll, Step::Released, Step::Triggered];
const PLACES: [FilledAt; 3] = [FilledAt::Open, FilledAt::Inside, FilledAt::Close];
const ENTRIES: [EntryKind; 4] =
    [EntryKind::Dividend, EntryKind::BorrowFee, EntryKind::Interest, EntryKind::Split];
const ACCOUNT: u32 = u32::MAX;

/// Whether a blob of this kind belongs to the grounds of a run rather than to its lists.
#[must_use]
pub fn is_ground(kind: &str) -> bool {
    KINDS.contains(&kind)
}

impl Grounds {
    /// Takes the grounds out of a run; its entries and what it says of its indicators stay there too.
    #[must_use]
    pub fn taken(result: &mut RunResult) -> Self {
        let label = |raw: RawColumn| {
            ColumnSpec::from_wire(&raw).map_or_else(|_| "indicator".to_owned(), |spec| spec.label())
        };
        Self {
            seen: take(&mut result.seen),
            indicators: result.declared().map(label).collect(),
            bases: take(&mut result.bases),
            steps: take(&mut result.steps),
            entries: result.entries.clone(),
        }
    }

    /// The grounds as blobs: kind and bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<(String, Vec<u8>)> {
        let blobs = [
            encode_seen(&self.seen, self.indicators.len()),
            encode_names(&self.indicators),
            encode_bases(&self.bases),
            encode_steps(&self.steps),
            encode_entries(&self.entries),
        ];
        KINDS.iter().map(|kind| (*kind).to_owned()).zip(blobs).collect()
    }

    /// The grounds among the blobs of a run; `None` when the run was kept before there were any.
    ///
    /// # Errors
    /// When only a part of them is there, or bytes are not what this module writes.
    pub fn decode(blobs: &[(String, Vec<u8>)]) -> Result<Option<Self>, RecordError> {
        if !blobs.iter().any(|(kind, _)| is_ground(kind)) {
            return Ok(None);
        }
        fn part<'b, T>(
            blobs: &'b [(String, Vec<u8>)],
            kind: &str,
            read: impl Fn(Reader<'b>) -> Result<T, &'static str>,
        ) -> Result<T, RecordError> {
            let named = |reason| RecordError { kind: kind.to_owned(), reason };
            let found = blobs.iter().find(|(name, _)| name == kind);
            let (_, bytes) = found.ok_or_else(|| named("it is missing"))?;
            Reader::new(bytes).and_then(read).map_err(named)
        }
        let indicators = part(blobs, "indicators", decode_names)?;
        let columns = indicators.len();
        Ok(Some(Self {
            seen: part(blobs, "seen", |blob| decode_seen(blob, columns))?,
            indicators,
            bases: part(blobs, "bases", decode_bases)?,
            steps: part(blobs, "steps", decode_steps)?,
            entries: part(blobs, "entries", decode_entries)?,
        }))
    }
}

pub(super) fn encode_seen(seen: &Seen, columns: usize) -> Vec<u8> {
    let bars = &seen.bars;
    let mut blob = Writer::new(SEEN_COLUMNS + columns as u32, bars.len());
    blob.column(bars.iter().map(|bar| bar.instrument.to_le_bytes()));
    blob.column(bars.iter().map(|bar| bar.ts.to_le_bytes()));
    for place in 0..5 {
        blob.column(bars.iter().map(|bar| prices(bar)[place].to_le_bytes()));
    }
    for column in 0..columns {
        let value = |row: usize| seen.values[row * columns + column];
        blob.column((0..bars.len()).map(|row| value(row).to_le_bytes()));
    }
    blob.finish()
}

fn prices(bar: &SeenBar) -> [f64; 5] {
    [bar.open, bar.high, bar.low, bar.close, bar.volume]
}

pub(super) fn decode_seen(mut blob: Reader<'_>, columns: usize) -> Result<Seen, &'static str> {
    blob.expect(SEEN_COLUMNS + columns as u32)?;
    let (instrument, ts) = (blob.column()?, blob.column()?);
    let mut numbers: Vec<&[[u8; 8]]> = Vec::new();
    for _ in 0..5 + columns {
        numbers.push(blob.column()?);
    }
    blob.end()?;
    let number = |column: usize, row: usize| f64::from_le_bytes(numbers[column][row]);
    let bar = |row: usize| SeenBar {
        instrument: u32::from_le_bytes(instrument[row]),
        ts: i64::from_le_bytes(ts[row]),
        open: number(0, row),
        high: number(1, row),
        low: number(2, row),
        close: number(3, row),
        volume: number(4, row),
    };
    let rows = 0..ts.len();
    let values = rows.clone().flat_map(|row| (0..columns).map(move |column| (column, row)));
    Ok(Seen {
        values: values.map(|(column, row)| number(5 + column, row)).collect(),
        bars: rows.map(bar).collect(),
    })
}

fn encode_names(names: &[String]) -> Vec<u8> {
    let mut blob = Writer::new(1, names.len());
    let length = |name: &String| u32::try_from(name.len()).expect("a name is short");
    blob.column(names.iter().map(|name| length(name).to_le_bytes()));
    names.iter().for_each(|name| blob.bytes(name.as_bytes()));
    blob.finish()
}

fn decode_names(mut blob: Reader<'_>) -> Result<Vec<String>, &'static str> {
    blob.expect(1)?;
    let lengths: &[[u8; 4]] = blob.column()?;
    let mut names = Vec::with_capacity(lengths.len());
    for length in lengths {
        let name = blob.bytes(u32::from_le_bytes(*length) as usize)?;
        names.push(std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")?.to_owned());
    }
    blob.end()?;
    Ok(names)
}

pub(super) fn encode_bases(bases: &[FillBasis]) -> Vec<u8> {
    let mut blob = Writer::new(3, bases.len());
    blob.column(bases.iter().map(|basis| code(&PLACES, &basis.at).to_le_bytes()));
    blob.column(bases.iter().map(|basis| basis.equity.to_le_bytes()));
    blob.column(bases.iter().map(|basis| basis.month_units.to_le_bytes()));
    blob.finish()
}

pub(super) fn decode_bases(mut blob: Reader<'_>) -> Result<Vec<FillBasis>, &'static str> {
    blob.expect(3)?;
    let (at, equity, month) = (blob.column()?, blob.column()?, blob.column()?);
    blob.end()?;
    let basis = |row: usize| {
        Ok(FillBasis {
            at: of_code(&PLACES, at[row])?,
            equity: f64::from_le_bytes(equity[row]),
            month_units: f64::from_le_bytes(month[row]),
        })
    };
    (0..at.len()).map(basis).collect()
}

pub(super) fn encode_steps(steps: &[OrderStep]) -> Vec<u8> {
    let mut blob = Writer::new(10, steps.len());
    let number = |number: Option<f64>| number.unwrap_or(f64::NAN).to_le_bytes();
    blob.column(steps.iter().map(|step| step.order.to_le_bytes()));
    blob.column(steps.iter().map(|step| step.ts.to_le_bytes()));
    blob.column(steps.iter().map(|step| step.instrument.to_le_bytes()));
    blob.column(steps.iter().map(|step| code(&STEPS, &step.step).to_le_bytes()));
    blob.column(steps.iter().map(|step| u32::from(step.is_effective).to_le_bytes()));
    blob.column(steps.iter().map(|step| step.size.map_or(0, |(kind, _)| kind).to_le_bytes()));
    blob.column(steps.iter().map(|step| number(step.size.map(|(_, size)| size))));
    blob.column(steps.iter().map(|step| number(step.limit_price)));
    blob.column(steps.iter().map(|step| number(step.stop_price)));
    blob.column(steps.iter().map(|step| number(step.trail)));
    blob.finish()
}

pub(super) fn decode_steps(mut blob: Reader<'_>) -> Result<Vec<OrderStep>, &'static str> {
    blob.expect(10)?;
    let (order, ts) = (blob.column()?, blob.column()?);
    let (instrument, step, effective) = (blob.column()?, blob.column()?, blob.column()?);
    let (size_kind, size) = (blob.column()?, blob.column()?);
    let (limit, stop, trail) = (blob.column()?, blob.column()?, blob.column()?);
    blob.end()?;
    let given = |bytes: [u8; 8]| Some(f64::from_le_bytes(bytes)).filter(|number| !number.is_nan());
    let one = |row: usize| {
        Ok(OrderStep {
            order: u64::from_le_bytes(order[row]),
            instrument: u32::from_le_bytes(instrument[row]),
            ts: i64::from_le_bytes(ts[row]),
            step: of_code(&STEPS, step[row])?,
            size: given(size[row]).map(|size| (u32::from_le_bytes(size_kind[row]), size)),
            limit_price: given(limit[row]),
            stop_price: given(stop[row]),
            trail: given(trail[row]),
            is_effective: u32::from_le_bytes(effective[row]) != 0,
        })
    };
    (0..order.len()).map(one).collect()
}

pub(super) fn encode_entries(entries: &[AccountEntry]) -> Vec<u8> {
    let mut blob = Writer::new(4, entries.len());
    blob.column(entries.iter().map(|entry| entry.ts.to_le_bytes()));
    blob.column(entries.iter().map(|entry| entry.instrument.unwrap_or(ACCOUNT).to_le_bytes()));
    blob.column(entries.iter().map(|entry| code(&ENTRIES, &entry.kind).to_le_bytes()));
    blob.column(entries.iter().map(|entry| entry.value.to_le_bytes()));
    blob.finish()
}

pub(super) fn decode_entries(mut blob: Reader<'_>) -> Result<Vec<AccountEntry>, &'static str> {
    blob.expect(4)?;
    let (ts, instrument) = (blob.column()?, blob.column()?);
    let (kind, value) = (blob.column()?, blob.column()?);
    blob.end()?;
    let entry = |row: usize| {
        let instrument = u32::from_le_bytes(instrument[row]);
        Ok(AccountEntry {
            ts: i64::from_le_bytes(ts[row]),
            instrument: (instrument != ACCOUNT).then_some(instrument),
            kind: of_code(&ENTRIES, kind[row])?,
            value: f64::from_le_bytes(value[row]),
        })
    };
    (0..ts.len()).map(entry).collect()
}

/// The place of a value in the list of its codes, which only grows at its end.
fn code<T: PartialEq>(all: &[T], one: &T) -> u32 {
    let place = all.iter().position(|other| other == one);
    place.and_then(|place| u32::try_from(place).ok()).expect("every value has a code")
}

fn of_code<T: Copy>(all: &[T], code: [u8; 4]) -> Result<T, &'static str> {
    all.get(u32::from_le_bytes(code) as usize).copied().ok_or("a code is unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Grounds {
        let bar = |instrument, ts| SeenBar {
            instrument,
            ts,
            open: 1.0,
            high: 4.0,
            low: 0.5,
            close: 2.0,
            volume: 9.0,
        };
        let entry = |instrument, kind| AccountEntry { ts: 7, instrument, kind, value: -1.5 };
        let steps = STEPS.map(|step| OrderStep {
            size: Some((3, 0.25)),
            stop_price: Some(95.0),
            is_effective: step != Step::Cancel,
            ..OrderStep::happened(4, 1, 9, step)
        });
        let basis = |at| FillBasis { at, equity: 1e5, month_units: 3e5 };
        Grounds {
            seen: Seen {
                bars: vec![bar(0, 5), bar(0, 6), bar(1, 6)],
                values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            },
            indicators: vec!["SMA(20)".to_owned(), "RSI(14) \u{e9}".to_owned()],
            bases: PLACES.map(basis).to_vec(),
            steps: steps.to_vec(),
            entries: vec![entry(None, EntryKind::Interest), entry(Some(1), EntryKind::Split)],
        }
    }

    #[test]
    fn grounds_come_back_as_they_went() {
        for grounds in [sample(), Grounds::default()] {
            assert_eq!(Grounds::decode(&grounds.encode()), Ok(Some(grounds)));
        }
    }

    #[test]
    fn a_run_without_grounds_has_none_and_a_part_of_them_is_refused() {
        assert_eq!(Grounds::decode(&[("orders".to_owned(), Vec::new())]), Ok(None));
        let mut blobs = sample().encode();
        blobs.retain(|(kind, _)| kind != "steps");
        let error = Grounds::decode(&blobs).unwrap_err();
        assert_eq!((error.kind.as_str(), error.reason), ("steps", "it is missing"));
    }

    #[test]
    fn bytes_that_were_cut_or_changed_never_panic() {
        let whole = sample().encode();
        for (place, (_, bytes)) in whole.iter().enumerate() {
            for at in 0..bytes.len() {
                let mut cut = whole.clone();
                cut[place].1.truncate(at);
                assert!(Grounds::decode(&cut).is_err(), "{place} cut at {at}");
                let mut changed = whole.clone();
                changed[place].1[at] ^= 0xff;
                let _ = Grounds::decode(&changed);
            }
        }
    }
}
