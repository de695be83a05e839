//! What many runs over the same bars share: the aligned bars and the indicator columns.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use strategy_api::{
    Resolution,
    abi::{
        host::{CoarserBars, Fault, Instance, Market, MarketEvent},
        layout::{EVENT_DIVIDEND, EVENT_SIGNAL, EVENT_SPLIT, RawColumn, StrategyDef},
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
};

use super::{Config, Finer, RunError, RunResult, coarse::coarser, drive::Run};
use crate::{
    calendar::Calendar,
    event::{Event, EventKind},
    universe::{Alignment, Member},
};

/// The bars of a run, aligned once, and the indicator columns computed so far: many runs over the
/// same bars share both.
pub struct Stage<'a> {
    members: Vec<Member<'a>>,
    alignment: Alignment,
    resolution: Resolution,
    finer: Option<Finer<'a>>,
    is_stepped: bool,
    columns: RefCell<BTreeMap<ColumnKey, Rc<Vec<f64>>>>,
    coarse: RefCell<BTreeMap<CoarseKey, Rc<CoarserBars>>>,
}

/// A column on the wire (its parameters as bits), the instrument, and whose bars they are: the run's own
/// or coarser ones.
type ColumnKey = (u32, u32, u32, [u64; 4], usize, Option<(Calendar, u32)>);
/// Coarser bars: on which calendar, the code of their length, and the instrument.
type CoarseKey = (Calendar, u32, usize);

impl<'a> Stage<'a> {
    /// Aligns the bars of `members` up to and including `to_ts`; later bars do not exist for it.
    #[must_use]
    pub fn new(members: &[Member<'a>], resolution: Resolution, to_ts: Option<i64>) -> Self {
        let members: Vec<_> = members.iter().map(|member| until(member, to_ts)).collect();
        let alignment = Alignment::of(&members);
        let (columns, coarse) = (RefCell::default(), RefCell::default());
        Self { members, alignment, resolution, finer: None, is_stepped: false, columns, coarse }
    }

    /// The same with finer bars that settle what its bars leave open.
    #[must_use]
    pub fn settled_by(mut self, finer: Option<Finer<'a>>) -> Self {
        self.finer = finer;
        self
    }

    /// The same, but while orders wait strategies are handed one bar at a time, and they are called at
    /// every bar: the plain way, slower, to which the usual one is held bit by bit.
    #[must_use]
    pub fn stepped(mut self) -> Self {
        self.is_stepped = true;
        self
    }

    /// Starts of all steps, history included, nanoseconds UTC.
    #[must_use]
    pub fn timeline(&self) -> &[i64] {
        self.alignment.timeline(&self.members)
    }

    /// The last close of each instrument; 0 for one without bars.
    #[must_use]
    pub fn last_closes(&self) -> Vec<f64> {
        let close = |member: &Member<'_>| member.columns.close.last().copied().unwrap_or(0.0);
        self.members.iter().map(close).collect()
    }

    /// Forgets the columns computed so far when they take more than so many bytes.
    pub fn forget_columns_beyond(&self, bytes: usize) {
        let mut known = self.columns.borrow_mut();
        if known.values().map(|column| size_of_val(column.as_slice())).sum::<usize>() > bytes {
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
        let market = self.market(config);
        let first = first_traded(&market, config)?;
        let mut instance = Instance::start(def, params, &market, progress, config.seed)
            .map_err(|fault| failed(fault, &market))?;
        if self.is_stepped {
            instance.call_at_every_bar();
        }
        let specs = self.furnish(&mut instance, &market, config.rules.calendar, progress)?;
        let mut run = Run::new(&market, config, self.finer.as_ref(), first);
        run.is_stepped = self.is_stepped;
        run.drive(&mut instance).map_err(|fault| failed(fault, &market))?;
        Ok(run.result(&instance, &specs))
    }

    /// What runs under these rules see.
    #[must_use]
    pub fn market<'m>(&'m self, config: &'m Config) -> Market<'m> {
        let calendar = config.rules.calendar;
        let market = self.alignment.market(&self.members, self.resolution);
        market.with_events(self.events(config), |ts| calendar.bar_end(self.resolution, ts))
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

    /// The instruments of the run, in their order.
    pub(super) fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// Gives a strategy the coarser bars that it has asked for and the columns that it has declared.
    pub(super) fn furnish(
        &self,
        instance: &mut Instance<'_>,
        market: &Market<'_>,
        calendar: Calendar,
        progress: &ProgressPage,
    ) -> Result<Vec<ColumnSpec>, RunError> {
        let specs = column_specs(instance.declared())?;
        let coarse = self.coarse(instance, market, calendar);
        instance.attach_coarser(coarse);
        let declared = instance.declared().iter().zip(&specs).map(|(raw, spec)| {
            let length = instance.length_of(raw);
            (raw, spec, length.map(|length| (calendar, length.code())))
        });
        let columns = self.columns_of(declared, progress);
        instance.attach(columns);
        Ok(specs)
    }

    /// By length, then by instrument.
    fn coarse(
        &self,
        instance: &Instance<'_>,
        market: &Market<'_>,
        calendar: Calendar,
    ) -> Vec<Rc<CoarserBars>> {
        let mut known = self.coarse.borrow_mut();
        let instruments = 0..self.members.len();
        let each = |length: Resolution| instruments.clone().map(move |one| (length, one));
        let found = |(length, instrument): (Resolution, usize)| {
            let make = || {
                let made = coarser(market, instrument, length, calendar);
                Rc::new(made.expect("lengths that do not fit are refused at the start"))
            };
            Rc::clone(known.entry((calendar, length.code(), instrument)).or_insert_with(make))
        };
        instance.asked().flat_map(each).map(found).collect()
    }

    /// Columns of the run's own bars: by column, then by instrument.
    pub(super) fn columns(
        &self,
        declared: &[RawColumn],
        specs: &[ColumnSpec],
        progress: &ProgressPage,
    ) -> Vec<Rc<Vec<f64>>> {
        let own = declared.iter().zip(specs).map(|(raw, spec)| (raw, spec, None));
        self.columns_of(own, progress)
    }

    /// The same of whatever bars they are.
    fn columns_of<'c>(
        &self,
        declared: impl Iterator<Item = (&'c RawColumn, &'c ColumnSpec, Option<(Calendar, u32)>)>,
        progress: &ProgressPage,
    ) -> Vec<Rc<Vec<f64>>> {
        let (mut known, coarse) = (self.columns.borrow_mut(), self.coarse.borrow());
        let mut columns = Vec::new();
        for (raw, spec, length) in declared {
            for (instrument, member) in self.members.iter().enumerate() {
                let bits = raw.params.map(f64::to_bits);
                let key = (raw.kind, raw.input, raw.output, bits, instrument, length);
                let column = known.entry(key).or_insert_with(|| {
                    progress.beat();
                    let coarser =
                        length.map(|(calendar, code)| &coarse[&(calendar, code, instrument)]);
                    let bars = coarser.map_or(member.columns, |coarser| coarser.columns());
                    Rc::new(spec.compute(&bars))
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

/// The first step that is traded.
pub(super) fn first_traded(market: &Market<'_>, config: &Config) -> Result<usize, RunError> {
    let from = config.from_ts.unwrap_or(i64::MIN);
    let first = market.timeline().partition_point(|ts| *ts < from);
    if first < market.timeline().len() { Ok(first) } else { Err(RunError::NoBars) }
}

/// A fault with the time of its bar.
pub(super) fn failed(fault: Fault, market: &Market<'_>) -> RunError {
    let ts = market.timeline().get(fault.at).copied();
    RunError::Strategy { fault, ts }
}

pub(super) fn column_specs(declared: &[RawColumn]) -> Result<Vec<ColumnSpec>, RunError> {
    let read =
        |raw| ColumnSpec::from_wire(raw).map_err(|error| RunError::Column(error.to_string()));
    declared.iter().map(read).collect()
}
