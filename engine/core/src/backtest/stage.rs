//! What many runs over the same bars share: the aligned bars and the indicator columns.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use strategy_api::{
    Resolution,
    abi::{
        host::{Fault, Instance, MarketEvent},
        layout::{EVENT_DIVIDEND, EVENT_SIGNAL, EVENT_SPLIT, RawColumn, StrategyDef},
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
};

use super::{Config, RunError, RunResult, drive::Run};
use crate::{
    event::{Event, EventKind},
    universe::{Alignment, Member},
};

/// The bars of a run, aligned once, and the indicator columns computed so far: many runs over the
/// same bars share both.
pub struct Stage<'a> {
    members: Vec<Member<'a>>,
    alignment: Alignment,
    resolution: Resolution,
    columns: RefCell<BTreeMap<ColumnKey, Rc<[f64]>>>,
}

/// A column on the wire (its parameters as bits) and the instrument.
type ColumnKey = (u32, u32, u32, [u64; 4], usize);

impl<'a> Stage<'a> {
    /// Aligns the bars of `members` up to and including `to_ts`; later bars do not exist for it.
    #[must_use]
    pub fn new(members: &[Member<'a>], resolution: Resolution, to_ts: Option<i64>) -> Self {
        let members: Vec<_> = members.iter().map(|member| until(member, to_ts)).collect();
        let alignment = Alignment::of(&members);
        Self { members, alignment, resolution, columns: RefCell::default() }
    }

    /// Starts of all steps, history included, nanoseconds UTC.
    #[must_use]
    pub fn timeline(&self) -> &[i64] {
        self.alignment.timeline(&self.members)
    }

    /// Forgets the columns computed so far when they take more than so many bytes.
    pub fn forget_columns_beyond(&self, bytes: usize) {
        let mut known = self.columns.borrow_mut();
        if known.values().map(|column| size_of_val::<[f64]>(column)).sum::<usize>() > bytes {
            known.clear();
        }
    }

    /// Runs a strategy; all instruments share one cash account.
    ///
    /// # Errors
    /// When there is nothing to trade or the strategy fails.
    pub fn run(
        &self,
        def: &'static StrategyDef,
        params: &[f64],
        config: &Config,
        progress: &ProgressPage,
    ) -> Result<RunResult, RunError> {
        let calendar = config.rules.calendar;
        let market = self
            .alignment
            .market(&self.members, self.resolution)
            .with_events(self.events(config), |ts| calendar.bar_end(self.resolution, ts));
        let from = config.from_ts.unwrap_or(i64::MIN);
        let first = market.timeline().partition_point(|ts| *ts < from);
        if first >= market.timeline().len() {
            return Err(RunError::NoBars);
        }
        let columns = OnceCell::new();
        let failed = |fault: Fault| {
            let ts = market.timeline().get(fault.at).copied();
            RunError::Strategy { fault, ts }
        };
        let mut instance =
            Instance::start(def, params, &market, progress, config.seed).map_err(failed)?;
        let specs = column_specs(instance.declared())?;
        let columns = columns.get_or_init(|| self.columns(instance.declared(), &specs, progress));
        instance.attach(columns.iter().map(|column| Cow::Borrowed(&**column)).collect());
        Run::new(&market, config, first).drive(instance, &specs).map_err(failed)
    }

    /// The events of a run as its strategy may see them; those of other symbols are left out.
    fn events<'e>(&self, config: &'e Config) -> Vec<MarketEvent<'e>> {
        let instrument = |event: &Event| match &event.symbol {
            None => Some(None),
            Some(symbol) => {
                self.members.iter().position(|member| member.symbol == symbol).map(Some)
            }
        };
        let seen = |event: &'e Event| {
            let (kind, name) = match &event.kind {
                EventKind::Split => (EVENT_SPLIT, ""),
                EventKind::Dividend => (EVENT_DIVIDEND, ""),
                EventKind::Signal(name) => (EVENT_SIGNAL, name.as_str()),
            };
            let Event { ts, known_at, value, .. } = *event;
            let instrument = instrument(event)?;
            Some(MarketEvent { instrument, kind, ts, known_at, value, name })
        };
        config.rules.events.iter().filter_map(seen).collect()
    }

    fn columns(
        &self,
        declared: &[RawColumn],
        specs: &[ColumnSpec],
        progress: &ProgressPage,
    ) -> Vec<Rc<[f64]>> {
        let mut known = self.columns.borrow_mut();
        let mut columns = Vec::with_capacity(specs.len() * self.members.len());
        for (raw, spec) in declared.iter().zip(specs) {
            for (instrument, member) in self.members.iter().enumerate() {
                let bits = raw.params.map(f64::to_bits);
                let key = (raw.kind, raw.input, raw.output, bits, instrument);
                let column = known.entry(key).or_insert_with(|| {
                    progress.beat();
                    spec.compute(&member.columns).into()
                });
                columns.push(Rc::clone(column));
            }
        }
        columns
    }
}

/// Runs a strategy over the bars of `members` once.
///
/// # Errors
/// As [`Stage::run`].
pub fn run(
    def: &'static StrategyDef,
    params: &[f64],
    members: &[Member<'_>],
    resolution: Resolution,
    config: &Config,
    progress: &ProgressPage,
) -> Result<RunResult, RunError> {
    Stage::new(members, resolution, config.to_ts).run(def, params, config, progress)
}

fn until<'a>(member: &Member<'a>, to_ts: Option<i64>) -> Member<'a> {
    let Some(to_ts) = to_ts else { return *member };
    let rows = member.columns.ts.partition_point(|ts| *ts <= to_ts);
    Member { columns: member.columns.slice(0..rows), ..*member }
}

fn column_specs(declared: &[RawColumn]) -> Result<Vec<ColumnSpec>, RunError> {
    let read =
        |raw| ColumnSpec::from_wire(raw).map_err(|error| RunError::Column(error.to_string()));
    declared.iter().map(read).collect()
}
