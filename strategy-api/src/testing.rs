//! Drive a strategy over bars without the engine, and check that it behaves.
//!
//! The account here is deliberately plain: market orders fill at the next open, in whole units, for
//! cash only and without costs; orders of other kinds are noted but never fill. It is for testing what
//! a strategy decides; what the decisions are worth is the engine's business. There is no session
//! calendar here: coarser bars are those of UTC days, weeks and months, and how long the bars of the run
//! are follows from their times.

mod coarser;

use std::rc::Rc;

use crate::{
    Bar, Columns, Resolution,
    abi::{
        define,
        host::{Fault, Instance, InstrumentBars, LogLine, Market},
        layout::{ACTION_PLACE, KIND_MARKET, RawFill, RawOrder, StrategyDef},
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
    order::{Fill, Size},
    strategy::Strategy,
};

/// What a strategy did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Orders with the step (bar number) at which they were placed.
    pub orders: Vec<(usize, RawOrder)>,
    /// Fills, in order.
    pub fills: Vec<Fill>,
    /// Equity at the close of every bar.
    pub equity: Vec<f64>,
    /// Lines of the log.
    pub log: Vec<LogLine>,
}

impl Outcome {
    /// Bar number and units of every fill: the usual thing to compare with a hand calculation.
    #[must_use]
    pub fn trades(&self, bars: &[Bar]) -> Vec<(usize, f64)> {
        let row = |ts| bars.partition_point(|bar| bar.ts < ts);
        self.fills.iter().map(|fill| (row(fill.ts), fill.quantity)).collect()
    }
}

/// How many steps the strategy is given in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Until it acts, as the engine does.
    UntilItActs,
    /// One bar a call, also at bars at which the strategy has said that it has nothing to do.
    BarByBar,
}

/// Daily bars (from 2000-01-01, every day) whose open is the close before and whose high and low
/// enclose both.
#[must_use]
pub fn bars_from_closes(closes: &[f64]) -> Vec<Bar> {
    const DAY: i64 = 86_400_000_000_000;
    let first = 10_957 * DAY;
    let opens = closes.first().into_iter().chain(closes);
    (0..)
        .zip(opens.zip(closes))
        .map(|(day, (open, close))| Bar {
            ts: first + day * DAY,
            open: *open,
            high: open.max(*close),
            low: open.min(*close),
            close: *close,
            volume: 1000.0,
        })
        .collect()
}

/// Runs a strategy with its default parameters, some of them replaced, and 10,000 in cash.
///
/// # Errors
/// When the strategy refuses or panics.
///
/// # Panics
/// When a parameter's name is unknown.
pub fn run<S: Strategy>(params: &[(&str, f64)], bars: &[Bar]) -> Result<Outcome, Fault> {
    let def = const { &define::<S>("test", "test") };
    drive(def, &values::<S>(params), bars, Pace::UntilItActs)
}

/// The values of all parameters, the defaults where `params` does not name them.
///
/// # Panics
/// When a name is unknown.
#[must_use]
pub fn values<S: Strategy>(params: &[(&str, f64)]) -> Vec<f64> {
    let described = crate::abi::describe(const { &define::<S>("test", "test") })
        .expect("the strategy describes itself well");
    for (name, _) in params {
        let known = described.params.iter().any(|param| param.name == *name);
        assert!(known, "there is no parameter '{name}'");
    }
    let value = |name: &str| params.iter().find(|(given, _)| *given == name).map(|pair| pair.1);
    described.params.iter().map(|param| value(&param.name).unwrap_or(param.default_value)).collect()
}

/// Runs a strategy over several instruments whose bars have the same times; as [`run`].
///
/// # Errors
/// When the strategy refuses or panics.
///
/// # Panics
/// When a parameter's name is unknown or the times differ.
pub fn run_on<S: Strategy>(
    params: &[(&str, f64)],
    instruments: &[(&str, &[Bar])],
) -> Result<Outcome, Fault> {
    let def = const { &define::<S>("test", "test") };
    drive_on(def, &values::<S>(params), instruments, Pace::UntilItActs)
}

/// Runs a definition over bars of one instrument.
///
/// # Errors
/// When the strategy refuses, panics or breaks the protocol.
pub fn drive(
    def: &'static StrategyDef,
    params: &[f64],
    bars: &[Bar],
    pace: Pace,
) -> Result<Outcome, Fault> {
    drive_on(def, params, &[("TEST", bars)], pace)
}

/// Runs a definition over several instruments whose bars have the same times.
///
/// # Errors
/// When the strategy refuses, panics or breaks the protocol.
///
/// # Panics
/// When there is no instrument or the times differ.
pub fn drive_on(
    def: &'static StrategyDef,
    params: &[f64],
    instruments: &[(&str, &[Bar])],
    pace: Pace,
) -> Result<Outcome, Fault> {
    let owned: Vec<Owned> = instruments.iter().map(|(_, bars)| Owned::of(bars)).collect();
    assert!(owned.iter().all(|other| other.ts == owned[0].ts), "the times differ");
    let bars = instruments.iter().zip(&owned).map(|((symbol, _), owned)| InstrumentBars {
        symbol,
        columns: owned.columns(),
        seen: None,
    });
    let resolution = coarser::length_of(&owned[0].ts);
    let market = Market::new(&owned[0].ts, bars.collect(), resolution);
    let progress = ProgressPage::default();
    let mut instance = Instance::start(def, params, &market, &progress, 0)?;
    if pace == Pace::BarByBar {
        instance.call_at_every_bar();
    }
    attach(&mut instance, &owned, resolution);
    let bars_at = |at: usize| instruments.iter().map(move |(_, bars)| bars[at]);
    let count = instruments.len();
    let mut account =
        Account { cash: 10_000.0, position: vec![0.0; count], entry: vec![0.0; count] };
    let mut outcome = Outcome::default();
    let (mut at, end) = (0, owned[0].ts.len());
    let mut pending: Vec<RawOrder> = Vec::new();
    while at < end {
        let opened: Vec<Bar> = bars_at(at).collect();
        let fills: Vec<RawFill> =
            pending.drain(..).filter_map(|order| account.fill(&order, &opened)).collect();
        outcome.fills.extend(fills.iter().map(Fill::from));
        instance.position.clone_from(&account.position);
        instance.entry_price.clone_from(&account.entry);
        let to = if pace == Pace::BarByBar { at + 1 } else { end };
        let last = instance.run(at, to, account.cash, &fills)?;
        outcome
            .equity
            .extend((at..=last).map(|step| account.equity(bars_at(step).map(|bar| bar.close))));
        pending.extend_from_slice(instance.orders());
        outcome.orders.extend(pending.iter().map(|order| (last, *order)));
        outcome.log.extend(instance.take_log().0);
        at = last + 1;
    }
    instance.finish(end.saturating_sub(1), account.cash)?;
    outcome.log.extend(instance.take_log().0);
    Ok(outcome)
}

/// Computes the declared columns.
fn attach(instance: &mut Instance<'_>, owned: &[Owned], resolution: Resolution) {
    let coarse = coarser::all(instance, owned, resolution);
    let lengths: Vec<_> = instance.declared().iter().map(|raw| instance.length_of(raw)).collect();
    let specs = instance.declared().iter().map(ColumnSpec::from_wire);
    let specs: Vec<_> = specs.map(|spec| spec.expect("declared columns are checked")).collect();
    let mut computed = Vec::new();
    for (spec, length) in specs.iter().zip(lengths) {
        let made =
            coarse.iter().filter(|(of, _)| Some(*of) == length).map(|(_, one)| one.columns());
        let own = owned.iter().filter(|_| length.is_none()).map(Owned::columns);
        computed.extend(own.chain(made).map(|bars| Rc::new(spec.compute(&bars))));
    }
    instance.attach_coarser(coarse.into_iter().map(|(_, bars)| bars).collect());
    instance.attach(computed);
}

/// Something that a well-behaved strategy does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It failed.
    Fault(Fault),
    /// Two runs on the same bars differ.
    NotDeterministic,
    /// Given one bar a call it decides otherwise than when it runs until it acts.
    DependsOnPace,
    /// Bars after a step changed what it did up to that step.
    SeesTheFuture {
        /// The step.
        at: usize,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => {
                write!(f, "failed in {} at bar {}: {}", fault.callback, fault.at, fault.text)
            }
            Self::NotDeterministic => f.write_str("two runs on the same bars differ"),
            Self::DependsOnPace => {
                f.write_str("called at every bar, one bar a call, it gives other orders")
            }
            Self::SeesTheFuture { at } => {
                write!(f, "changing the bars after bar {at} changed what it did up to there")
            }
        }
    }
}

/// Checks conformance: no fault, determinism, independence of the pace, and prefix invariance at
/// `cuts` evenly spaced bars.
#[must_use]
pub fn conformance(
    def: &'static StrategyDef,
    params: &[f64],
    bars: &[Bar],
    cuts: usize,
) -> Vec<Finding> {
    let whole = match drive(def, params, bars, Pace::UntilItActs) {
        Ok(whole) => whole,
        Err(fault) => return vec![Finding::Fault(fault)],
    };
    let mut findings = Vec::new();
    if same_or_fault(def, params, bars, Pace::UntilItActs, &whole, &mut findings) == Some(false) {
        findings.push(Finding::NotDeterministic);
    }
    if same_or_fault(def, params, bars, Pace::BarByBar, &whole, &mut findings) == Some(false) {
        findings.push(Finding::DependsOnPace);
    }
    for cut in (1..=cuts).map(|cut| cut * bars.len() / (cuts + 1)).filter(|cut| *cut > 0) {
        let mut changed = bars.to_vec();
        changed[cut..].iter_mut().for_each(mirror);
        match drive(def, params, &changed, Pace::UntilItActs) {
            Ok(other) if decided(&other, cut) == decided(&whole, cut) => {}
            Ok(_) => findings.push(Finding::SeesTheFuture { at: cut - 1 }),
            Err(fault) => findings.push(Finding::Fault(fault)),
        }
    }
    findings
}

fn same_or_fault(
    def: &'static StrategyDef,
    params: &[f64],
    bars: &[Bar],
    pace: Pace,
    whole: &Outcome,
    findings: &mut Vec<Finding>,
) -> Option<bool> {
    match drive(def, params, bars, pace) {
        Ok(other) => Some(format!("{other:?}") == format!("{whole:?}")),
        Err(fault) => {
            findings.push(Finding::Fault(fault));
            None
        }
    }
}

/// The orders placed before step `cut`, as text: NaN fields compare equal.
fn decided(outcome: &Outcome, cut: usize) -> String {
    let before = outcome.orders.iter().filter(|(at, _)| *at < cut);
    format!("{:?}", before.collect::<Vec<_>>())
}

/// Another future: every price goes the other way by as much, kept above zero.
fn mirror(bar: &mut Bar) {
    let flip = |price: f64| 1.0 / price * 7.0 + 3.0;
    let (high, low) = (flip(bar.low), flip(bar.high));
    *bar = Bar { open: flip(bar.open), close: flip(bar.close), high, low, ..*bar };
}

struct Account {
    cash: f64,
    position: Vec<f64>,
    entry: Vec<f64>,
}

impl Account {
    fn equity(&self, prices: impl Iterator<Item = f64>) -> f64 {
        let values = self.position.iter().zip(prices).map(|(position, price)| position * price);
        values.fold(self.cash, |sum, value| sum + value)
    }

    fn fill(&mut self, order: &RawOrder, bars: &[Bar]) -> Option<RawFill> {
        if (order.action, order.kind, order.parent) != (ACTION_PLACE, KIND_MARKET, 0) {
            return None;
        }
        let size =
            Size::from_wire(order.size_kind, order.size).filter(|_| order.size.is_finite())?;
        let instrument = order.instrument as usize;
        let (bar, before) = (bars.get(instrument)?, self.position[instrument]);
        let equity = self.equity(bars.iter().map(|bar| bar.open));
        let whole = |fraction: f64| (fraction * equity / bar.open).trunc();
        let quantity = match size {
            Size::Units(units) => units,
            Size::EquityFraction(fraction) => whole(fraction),
            Size::TargetUnits(units) => units - before,
            Size::TargetFraction(fraction) => whole(fraction) - before,
            Size::Cash(amount) => (amount / bar.open).trunc(),
            Size::ParentFill(_) => 0.0,
        };
        if quantity == 0.0 || quantity * bar.open > self.cash {
            return None;
        }
        let (position, entry) = (&mut self.position[instrument], &mut self.entry[instrument]);
        if quantity > 0.0 {
            *entry = (*entry * before + quantity * bar.open) / (before + quantity);
        }
        self.cash -= quantity * bar.open;
        *position += quantity;
        if *position == 0.0 {
            *entry = 0.0;
        }
        Some(RawFill {
            order: order.id,
            instrument: order.instrument,
            flags: 0,
            ts: bar.ts,
            quantity,
            price: bar.open,
            commission: 0.0,
            reserved: [0; 2],
        })
    }
}

#[derive(Default)]
struct Owned {
    ts: Vec<i64>,
    prices: [Vec<f64>; 5],
}

impl Owned {
    fn of(bars: &[Bar]) -> Self {
        let mut owned = Self::default();
        for bar in bars {
            owned.ts.push(bar.ts);
            let row = [bar.open, bar.high, bar.low, bar.close, bar.volume];
            owned.prices.iter_mut().zip(row).for_each(|(column, price)| column.push(price));
        }
        owned
    }

    fn columns(&self) -> Columns<'_> {
        let [open, high, low, close, volume] = &self.prices;
        Columns { ts: &self.ts, open, high, low, close, volume }
    }
}
