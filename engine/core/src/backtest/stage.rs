//! What many runs over the same bars share: the aligned bars, what they are after splits, and the
//! indicator columns.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use strategy_api::{
    Columns, Resolution,
    abi::{
        host::{CoarserBars, Fault, Instance, InstrumentBars, Market, MarketEvent, Prices, View},
        layout::{EVENT_DIVIDEND, EVENT_SIGNAL, EVENT_SPLIT, RawColumn, StrategyDef},
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
};

use super::{
    Config, Finer, RunError, RunResult,
    adjusted::{Generation, Splits, with_prices},
    coarse::coarser,
    drive::Run,
};
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
    pub(super) adjusted: RefCell<BTreeMap<Generation, Rc<Prices>>>,
    columns: RefCell<BTreeMap<ColumnKey, Rc<Vec<f64>>>>,
    coarse: RefCell<BTreeMap<CoarseKey, Rc<CoarserBars>>>,
}

/// A column on the wire (its parameters as bits), the bars of an instrument, and whether it is of those or
/// of coarser ones.
type ColumnKey = (u32, u32, u32, [u64; 4], Generation, Option<(Calendar, u32)>);
/// Coarser bars: on which calendar, the code of their length, and the bars of an instrument.
type CoarseKey = (Calendar, u32, Generation);

impl<'a> Stage<'a> {
    /// Aligns the bars of `members` up to and including `to_ts`; later bars do not exist for it.
    #[must_use]
    pub fn new(members: &[Member<'a>], resolution: Resolution, to_ts: Option<i64>) -> Self {
        let members: Vec<_> = members.iter().map(|member| until(member, to_ts)).collect();
        let alignment = Alignment::of(&members);
        Self {
            members,
            alignment,
            resolution,
            finer: None,
            is_stepped: false,
            adjusted: RefCell::default(),
            columns: RefCell::default(),
            coarse: RefCell::default(),
        }
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
        let mut run = Run::new(&market, config, self.finer.as_ref(), first);
        run.is_stepped = self.is_stepped;
        let specs = self.furnish(&mut instance, &mut run, progress)?;
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

    /// Gives a strategy the coarser bars that it has asked for and the columns that it has declared, as
    /// they are before the first traded step, and a run what is shown after each split.
    pub(super) fn furnish(
        &self,
        instance: &mut Instance<'_>,
        run: &mut Run<'_, '_>,
        progress: &ProgressPage,
    ) -> Result<Vec<ColumnSpec>, RunError> {
        let specs = column_specs(instance.declared())?;
        let (market, calendar) = (run.market, run.config.rules.calendar);
        let instruments = 0..self.members.len();
        let at_first = |instrument: usize| run.splits.before(instrument, run.first);
        let asked: Vec<Resolution> = instance.asked().collect();
        let each = asked
            .iter()
            .flat_map(|length| instruments.clone().map(move |instrument| (*length, instrument)));
        let coarse = each.map(|(length, instrument)| {
            self.coarser(market, &at_first(instrument), (calendar, length))
        });
        instance.attach_coarser(coarse.collect());
        let mut columns = Vec::with_capacity(specs.len() * self.members.len());
        for (raw, spec) in instance.declared().iter().zip(&specs) {
            let length = instance.length_of(raw).map(|length| (calendar, length));
            for instrument in instruments.clone() {
                let generation = at_first(instrument);
                columns.push(self.column((raw, spec), &generation, length, progress));
            }
        }
        instance.attach(columns);
        let view = |generation, instance: &Instance<'_>| {
            self.view(&generation, instance, &specs, (market, calendar, progress))
        };
        for generation in instruments.map(at_first).filter(|one| !one.is_raw()) {
            let view = view(generation, instance);
            instance.show(view);
        }
        run.views = run.splits.from(run.first).map(|one| view(one, instance)).collect();
        Ok(specs)
    }

    /// Everything that a strategy is shown of a generation.
    fn view(
        &self,
        generation: &Generation,
        instance: &Instance<'_>,
        specs: &[ColumnSpec],
        (market, calendar, progress): (&Market<'_>, Calendar, &ProgressPage),
    ) -> View {
        let coarser =
            instance.asked().map(|length| self.coarser(market, generation, (calendar, length)));
        let coarser = coarser.collect();
        let column = |(raw, spec)| {
            let length = instance.length_of(raw).map(|length| (calendar, length));
            self.column((raw, spec), generation, length, progress)
        };
        let columns = instance.declared().iter().zip(specs).map(column).collect();
        let prices = self.prices(generation);
        View { instrument: generation.instrument, prices, columns, coarser }
    }

    /// The prices of a generation; none for the raw ones.
    fn prices(&self, generation: &Generation) -> Option<Rc<Prices>> {
        if generation.is_raw() {
            return None;
        }
        let raw = &self.members[generation.instrument].columns;
        let mut known = self.adjusted.borrow_mut();
        let prices = known.entry(generation.clone());
        Some(Rc::clone(prices.or_insert_with(|| Rc::new(generation.prices(raw)))))
    }

    fn coarser(
        &self,
        market: &Market<'_>,
        generation: &Generation,
        (calendar, length): (Calendar, Resolution),
    ) -> Rc<CoarserBars> {
        let make = || {
            let bars = &market.instruments()[generation.instrument];
            let prices = self.prices(generation);
            let columns = shown(&bars.columns, prices.as_deref());
            let made = coarser(market, &InstrumentBars { columns, ..*bars }, length, calendar);
            Rc::new(made.expect("lengths that do not fit are refused at the start"))
        };
        let key = (calendar, length.code(), generation.clone());
        Rc::clone(self.coarse.borrow_mut().entry(key).or_insert_with(make))
    }

    /// A column of a generation: of the run's own bars, or of coarser ones that have been made.
    fn column(
        &self,
        (raw, spec): (&RawColumn, &ColumnSpec),
        generation: &Generation,
        length: Option<(Calendar, Resolution)>,
        progress: &ProgressPage,
    ) -> Rc<Vec<f64>> {
        let bits = raw.params.map(f64::to_bits);
        let length = length.map(|(calendar, length)| (calendar, length.code()));
        let key = (raw.kind, raw.input, raw.output, bits, generation.clone(), length);
        let make = || {
            progress.beat();
            Rc::new(if let Some((calendar, code)) = length {
                let coarse = self.coarse.borrow();
                spec.compute(&coarse[&(calendar, code, generation.clone())].columns())
            } else {
                let prices = self.prices(generation);
                let raw = &self.members[generation.instrument].columns;
                spec.compute(&shown(raw, prices.as_deref()))
            })
        };
        Rc::clone(self.columns.borrow_mut().entry(key).or_insert_with(make))
    }

    /// Columns of the run's own bars as the strategy saw them, bar by bar: by column, then by instrument.
    pub(super) fn columns_as_seen(
        &self,
        declared: &[RawColumn],
        specs: &[ColumnSpec],
        splits: &Splits,
        progress: &ProgressPage,
    ) -> Vec<Rc<Vec<f64>>> {
        let instruments = 0..self.members.len();
        let seen = |(raw, instrument)| {
            let column = |generation: &Generation| self.column(raw, generation, None, progress);
            match &splits.each(instrument)[..] {
                [(_, only)] => column(only),
                all => Rc::new(stitched(all.iter().map(|(row, one)| (*row, column(one))))),
            }
        };
        let declared = declared.iter().zip(specs);
        declared.flat_map(|raw| instruments.clone().map(move |one| (raw, one))).map(seen).collect()
    }
}

fn shown<'p>(raw: &Columns<'p>, prices: Option<&'p Prices>) -> Columns<'p> {
    prices.map_or(*raw, |prices| with_prices(raw, prices))
}

/// Of each column the values from its row on, until those of the next one.
fn stitched(columns: impl Iterator<Item = (usize, Rc<Vec<f64>>)>) -> Vec<f64> {
    let mut values = Vec::new();
    for (row, column) in columns {
        values.truncate(row);
        values.extend_from_slice(&column[row..]);
    }
    values
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
