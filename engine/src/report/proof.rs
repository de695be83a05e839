//! What a proof of causality found, as it is shown.

use engine_core::{
    backtest::prove::{Breach, Decision, Proof},
    journal::{OrderStep, Step},
    order::OrderRecord,
};
use serde::{Deserialize, Serialize};
use strategy_api::Resolution;

use super::{
    lists::{Naming, changes, given},
    number::{count, plain},
    problems::plural,
    time::stamp,
};

/// What a proof found: see [`engine_core::backtest::prove`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProofFacts {
    /// Bars at which the strategy placed, changed or cancelled orders.
    pub decisions: usize,
    /// Those of them after which the bars were replaced.
    pub proved: usize,
    /// Bars after which later ones could be replaced: all but the last.
    pub bars: usize,
    /// Those of them after which they were.
    pub places: usize,
    /// Other futures that were run through, in all.
    pub futures: usize,
    /// The first decision that moved; null when none did.
    pub breach: Option<BreachFacts>,
}

/// A decision that moved with later bars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BreachFacts {
    /// Time of the last bar that was left as it is.
    pub known: String,
    /// Number of the order that moved, or whose change or cancellation did; null when every order of a
    /// symbol was cancelled.
    pub order: Option<u64>,
    /// Symbol of that order; null when it names none of the run.
    pub symbol: Option<String>,
    /// Time of the bar at whose close it was decided.
    pub bar: String,
    /// The decision of the run; null when it took none.
    pub placed: Option<String>,
    /// The decision in the other future; null when it is gone.
    pub instead: Option<String>,
    /// What differs between the two, empty when one of them is missing.
    pub difference: Vec<FieldDifference>,
}

/// A field of a decision that differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FieldDifference {
    /// Its name.
    pub field: String,
    /// In the run.
    pub placed: String,
    /// In the other future.
    pub instead: String,
}

impl ProofFacts {
    /// A proof with the names of symbols and the form of times.
    #[must_use]
    pub fn of(proof: &Proof, symbols: &[String], resolution: Resolution) -> Self {
        let naming = Naming { symbols, resolution };
        let breach = proof.breach.as_ref().map(|breach| naming.breach(breach));
        let Proof { decisions, proved, bars, places, futures, .. } = *proof;
        Self { decisions, proved, bars, places, futures, breach }
    }

    /// In words, for the summary.
    pub(super) fn text(&self) -> String {
        if let Some(breach) = &self.breach {
            return format!("FAILED: {}", breach.text());
        }
        let runs = plural(self.futures, "other future");
        let bars = count(self.bars as u64);
        let places = count(self.places as u64);
        if self.decisions == 0 {
            return format!(
                "no order to prove; none appeared after {places} of {bars} bars ({runs})"
            );
        }
        format!(
            "{} of {} at which orders were placed, changed or cancelled, and {places} of {bars} bars in \
             all: nothing moved when what came later was replaced ({runs})",
            count(self.proved as u64),
            plural(self.decisions, "bar"),
        )
    }
}

impl BreachFacts {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { known, bar, .. } = self;
        let order = match self.order {
            Some(order) => format!("order {order}"),
            None => "cancel_all".to_owned(),
        };
        let head = format!("with other bars after {known}, {order} decided at {bar}");
        match (&self.placed, &self.instead) {
            (Some(placed), Some(instead)) if self.difference.is_empty() => {
                format!("{head} moves: {placed} becomes {instead}")
            }
            (Some(placed), Some(_)) => {
                let changes: Vec<String> = self
                    .difference
                    .iter()
                    .map(|one| format!("{} {} becomes {}", one.field, one.placed, one.instead))
                    .collect();
                format!("{head} ({placed}) is another one: {}", changes.join(", "))
            }
            (Some(placed), None) => format!("{head} ({placed}) is gone"),
            (None, Some(instead)) => format!("{head} appears: {instead}"),
            (None, None) => format!("{head} moves"),
        }
    }
}

impl Naming<'_> {
    fn breach(&self, breach: &Breach) -> BreachFacts {
        let Breach { placed, instead, .. } = breach;
        let (order, instrument) = match placed.as_ref().or(instead.as_ref()) {
            Some(Decision::Order(order)) => (Some(order.id), Some(order.instrument)),
            Some(Decision::Instruction(step)) => {
                ((step.order != 0).then_some(step.order), Some(step.instrument))
            }
            None => (None, None),
        };
        let decided = placed.iter().chain(instead).map(Decision::ts).min();
        let fields = |decision: &Option<Decision>| decision.as_ref().map(|one| self.fields(one));
        let difference = match (fields(placed), fields(instead)) {
            (Some(one), Some(other)) => differences(&one, &other),
            _ => Vec::new(),
        };
        BreachFacts {
            known: stamp(breach.known_ts, self.resolution),
            order,
            symbol: instrument.and_then(|one| self.symbol(one)).map(str::to_owned),
            bar: stamp(decided.unwrap_or(breach.known_ts), self.resolution),
            placed: placed.as_ref().map(|one| self.decision(one)),
            instead: instead.as_ref().map(|one| self.decision(one)),
            difference,
        }
    }

    /// A decision in words: `SPY market target_fraction 1 of 2004-05-07`.
    fn decision(&self, decision: &Decision) -> String {
        let of = stamp(decision.ts(), self.resolution);
        let said = self.fields(decision).into_iter().filter(|(name, _)| *name != "decided");
        let words = said.map(|(name, value)| match name {
            "symbol" | "kind" | "instruction" => value,
            _ => format!("{name} {value}"),
        });
        format!("{} of {of}", words.collect::<Vec<_>>().join(" "))
    }

    /// What a decision says, name by name; what it leaves out is left out.
    fn fields(&self, decision: &Decision) -> Vec<(&'static str, String)> {
        match decision {
            Decision::Order(order) => self.order_fields(order),
            Decision::Instruction(step) => self.step_fields(step),
        }
    }

    fn order_fields(&self, order: &OrderRecord) -> Vec<(&'static str, String)> {
        let row = self.order(order);
        let terms = &order.terms;
        let size = row.size_kind.unwrap_or("size");
        let mut fields = vec![
            ("symbol", row.symbol.unwrap_or("(no symbol)").to_owned()),
            ("kind", row.kind.unwrap_or("(unknown kind)").to_owned()),
            (size, plain(order.size)),
        ];
        fields.extend(given(terms.limit_price, terms.stop_price, terms.trail));
        let time_in_force = row.time_in_force.filter(|name| *name != "gtc").map(str::to_owned);
        fields.extend(time_in_force.map(|name| ("time_in_force", name)));
        fields.extend(row.expires.map(|time| ("expires", time)));
        fields.extend(row.parent.map(|parent| ("parent", parent.to_string())));
        fields.extend(row.group.map(|group| ("group", group.to_string())));
        fields.push(("decided", row.decided));
        fields
    }

    fn step_fields(&self, step: &OrderStep) -> Vec<(&'static str, String)> {
        let symbol = self.symbol(step.instrument).unwrap_or("(no symbol)").to_owned();
        let mut fields = vec![("symbol", symbol), ("instruction", step.step.name().to_owned())];
        if step.step == Step::Modify {
            fields.extend(changes(step));
        }
        fields.push(("order", step.order.to_string()));
        fields.push(("decided", stamp(step.ts, self.resolution)));
        fields
    }
}

/// Fields of two decisions that differ; one that only one of them has is `none` in the other.
fn differences(
    one: &[(&'static str, String)],
    other: &[(&'static str, String)],
) -> Vec<FieldDifference> {
    let find = |fields: &[(&'static str, String)], name: &str| {
        let found = fields.iter().find(|(field, _)| *field == name);
        found.map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
    };
    let only_other = other.iter().filter(|(name, _)| one.iter().all(|(known, _)| known != name));
    let names = one.iter().chain(only_other).map(|(name, _)| *name);
    let both = names.map(|name| (name, find(one, name), find(other, name)));
    let differ = both.filter(|(_, placed, instead)| placed != instead);
    differ
        .map(|(name, placed, instead)| FieldDifference { field: name.to_owned(), placed, instead })
        .collect()
}
