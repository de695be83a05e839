//! Splits and dividends: how they restate prices once the clock has passed them.

use engine_core::calendar::{Calendar, day_number};
use jiff::civil::Date;

use super::{What, stock::Stock};

/// What a company does to its shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActionKind {
    /// New shares for one old share: 4.0 for 4:1, 0.1 for 1:10. Above zero.
    Split(f64),
    /// Dollars per share, in shares of its day. Above zero.
    Dividend(f64),
}

/// A corporate action.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Symbol of the share.
    pub symbol: String,
    /// First day on which the share trades at its new price.
    pub date: Date,
    /// What happens.
    pub kind: ActionKind,
}

/// A text that is no corporate action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not written SYMBOL=DATE:VALUE, with a value above 0")]
pub struct ActionError(pub String);

impl Action {
    /// Reads a split: `AAPL=2026-11-23:4` for 4 new shares for an old one.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn split(text: &str) -> Result<Self, ActionError> {
        Self::read(text, ActionKind::Split)
    }

    /// Reads a dividend: `AAPL=2026-11-23:0.26` for 26 cents a share.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn dividend(text: &str) -> Result<Self, ActionError> {
        Self::read(text, ActionKind::Dividend)
    }

    fn read(text: &str, kind: fn(f64) -> ActionKind) -> Result<Self, ActionError> {
        let read = || {
            let (symbol, rest) = text.split_once('=')?;
            let (date, value) = rest.split_once(':')?;
            let value: f64 = value.trim().parse().ok()?;
            let valid = value.is_finite() && value > 0.0 && !symbol.trim().is_empty();
            let date = date.trim().parse().ok()?;
            valid.then(|| Self { symbol: symbol.trim().to_owned(), date, kind: kind(value) })
        };
        read().ok_or_else(|| ActionError(text.chars().take(80).collect()))
    }
}

/// How the prices and volumes of one day are restated, as known on a later day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Restatement {
    /// Multiplies prices.
    pub(crate) price: f64,
    /// Multiplies volumes.
    pub(crate) volume: f64,
}

/// The actions of one share that the clock has passed.
#[derive(Clone, Debug)]
pub(crate) struct Restatements {
    volume: f64,
    /// First day that is not concerned, and the factor of those before it.
    dividends: Vec<(Date, f64)>,
}

impl Restatements {
    /// Those of `actions` that concern `symbol` and lie at or before `today`.
    pub(crate) fn of(
        actions: &[Action],
        symbol: &str,
        stock: &Stock,
        today: Date,
        what: What,
    ) -> Self {
        let ours = || actions.iter().filter(|act| act.symbol == symbol && act.date <= today);
        let splits_until = |date: Date| {
            let ratios = ours().filter(|act| act.date <= date).map(|act| match act.kind {
                ActionKind::Split(ratio) => ratio,
                ActionKind::Dividend(_) => 1.0,
            });
            ratios.product::<f64>()
        };
        let dividends = ours().filter_map(|act| match act.kind {
            ActionKind::Dividend(amount) if what == What::AdjustedLast => {
                let before = Calendar::Nyse.session_before(act.date);
                let close = stock.close(day_number(before)) as f64 / 100.0;
                let paid = amount * splits_until(act.date);
                Some((act.date, (1.0 - paid / close).max(0.01)))
            }
            _ => None,
        });
        Self { volume: splits_until(today), dividends: dividends.collect() }
    }

    /// What holds for the prices of one day.
    pub(crate) fn on(&self, day: Date) -> Restatement {
        let later = self.dividends.iter().filter(|(date, _)| day < *date);
        let factor: f64 = later.map(|(_, factor)| factor).product();
        Restatement { price: factor / self.volume, volume: self.volume }
    }
}

impl Restatement {
    /// Dollars with two decimals, at least a cent.
    pub(crate) fn dollars(&self, cents: i64) -> f64 {
        (cents as f64 * self.price).round().max(1.0) / 100.0
    }

    /// Shares of a run of trades that began after `before` shares of its day; so rounded that runs add up.
    pub(crate) fn shares(&self, before: u64, volume: u64) -> u64 {
        let scaled = |count: u64| (count as f64 * self.volume).floor() as u64;
        scaled(before + volume) - scaled(before)
    }
}
