//! Proves on the run itself that no order was decided with knowledge of later bars.
//!
//! At each bar at which the strategy placed an order, and at the bar before it, where it did not, the
//! later bars are replaced, twice over, and the run is repeated: with the future mirrored (what rose falls) and with every later bar moved at
//! random. An order that was decided by then and now is another one, is gone, or is new, can only
//! have come from the bars that were replaced.

use serde::{Deserialize, Serialize};
use strategy_api::{
    Columns, Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

use super::{Config, Finer, RunError, Stage};
use crate::{
    order::{OrderRecord, OrderState},
    universe::Member,
};

/// Bars that a proof may run through before it leaves out decisions: some 20 seconds.
pub const EFFORT: u64 = 1_500_000_000;
/// Futures tried at each place.
const FUTURES: [Future; 2] = [Future::Mirrored, Future::Moved];
/// Fewest places at which the future is replaced, for strategies that hardly trade.
const FEWEST_PLACES: usize = 20;
/// How far a price may be taken from the last one known, as a factor.
const FURTHEST: f64 = 100.0;

/// A run to be proved.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The strategy.
    pub def: &'static StrategyDef,
    /// Values of its parameters.
    pub params: &'a [f64],
    /// The bars.
    pub members: &'a [Member<'a>],
    /// Their length.
    pub resolution: Resolution,
    /// What else the run depends on.
    pub config: &'a Config,
    /// Finer bars; where the future is replaced they tell another story, and settle nothing.
    pub finer: Option<&'a Finer<'a>>,
}

/// What a proof found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Bars at which the strategy placed orders.
    pub decisions: usize,
    /// Those of them after which the future was replaced.
    pub proved: usize,
    /// Other futures that were run through, in all.
    pub futures: usize,
    /// The first order that moved; none when the strategy sees only the past.
    pub breach: Option<Breach>,
}

/// An order that changed although nothing before its decision did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Start of the last bar that was left as it is, nanoseconds UTC.
    pub known_ts: i64,
    /// The order as the run placed it; `None` when it placed none.
    pub placed: Option<OrderRecord>,
    /// The order in the other future; `None` when it is gone.
    pub instead: Option<OrderRecord>,
}

/// Repeats a run with other futures. `effort` bounds the bars that are run through; decisions in
/// excess of it are left out evenly, and the proof says how many were looked at.
///
/// # Errors
/// When the run itself, or the run in another future, has no result.
pub fn prove(case: &Case<'_>, effort: u64, progress: &ProgressPage) -> Result<Proof, RunError> {
    let stage = case.stage(case.members);
    let orders = case.orders(&stage, progress)?;
    let places = Places::of(&orders, stage.timeline(), case.members.len(), effort);
    let mut proof =
        Proof { decisions: places.decisions, proved: places.proved, futures: 0, breach: None };
    for (number, known_ts) in (0..).zip(&places.ts) {
        for future in FUTURES {
            progress.beat();
            let others: Vec<Bars> =
                case.members.iter().map(|one| future.after(one, *known_ts, number)).collect();
            let members: Vec<Member<'_>> =
                others.iter().zip(case.members).map(|(bars, one)| bars.member(one)).collect();
            let changed = case.orders(&case.stage(&members), progress)?;
            proof.futures += 1;
            if let Some(breach) = first_difference(&orders, &changed, *known_ts) {
                return Ok(Proof { breach: Some(breach), ..proof });
            }
        }
    }
    Ok(proof)
}

impl<'a> Case<'a> {
    fn stage<'m>(&self, members: &[Member<'m>]) -> Stage<'m>
    where
        'a: 'm,
    {
        Stage::new(members, self.resolution, self.config.to_ts).settled_by(self.finer.cloned())
    }

    fn orders(
        &self,
        stage: &Stage<'_>,
        progress: &ProgressPage,
    ) -> Result<Vec<OrderRecord>, RunError> {
        Ok(stage.run(self.def, self.params, self.config, progress)?.orders)
    }
}

/// The bars after which the future is replaced.
struct Places {
    ts: Vec<i64>,
    decisions: usize,
    proved: usize,
}

impl Places {
    fn of(orders: &[OrderRecord], timeline: &[i64], members: usize, effort: u64) -> Self {
        let Some((last, known)) = timeline.split_last() else {
            return Self { ts: Vec::new(), decisions: 0, proved: 0 };
        };
        let mut decided: Vec<i64> = orders.iter().map(|order| order.decided_ts).collect();
        decided.dedup();
        decided.retain(|ts| ts < last);
        let decisions = decided.len();
        let a_decision = (2 * timeline.len() * members * FUTURES.len()).max(1) as u64;
        let most = usize::try_from(effort / a_decision).unwrap_or(usize::MAX).max(FEWEST_PLACES);
        let mut ts = evenly(&decided, most);
        let proved = ts.len();
        let before =
            |ts: &i64| Some(known[known.partition_point(|known| known < ts).checked_sub(1)?]);
        let waited: Vec<i64> = ts.iter().filter_map(before).collect();
        ts.extend(waited);
        if ts.len() < FEWEST_PLACES {
            ts.extend(evenly(known, FEWEST_PLACES - ts.len()));
        }
        ts.sort_unstable();
        ts.dedup();
        Self { ts, decisions, proved }
    }
}

/// At most `most` of `all`, evenly spread.
fn evenly(all: &[i64], most: usize) -> Vec<i64> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|index| all[index * all.len() / most]).collect()
}

/// A way to replace the bars after some moment.
#[derive(Clone, Copy, Debug)]
enum Future {
    /// A rise becomes a fall.
    Mirrored,
    /// Every bar is scaled by a factor of its own.
    Moved,
}

/// The replaced columns of one instrument.
struct Bars {
    prices: [Vec<f64>; 4],
    volume: Vec<f64>,
}

impl Future {
    fn after(self, member: &Member<'_>, known_ts: i64, number: u64) -> Bars {
        let Columns { ts, open, high, low, close, volume } = member.columns;
        let known = ts.partition_point(|ts| *ts <= known_ts);
        let mut bars =
            Bars { prices: [open, high, low, close].map(<[f64]>::to_vec), volume: volume.to_vec() };
        let last = known.checked_sub(1).map_or(100.0, |row| close[row]);
        for row in known..ts.len() {
            let draw = unit(number, row as u64);
            let factor = match self {
                Self::Mirrored => 0.5,
                Self::Moved => 0.5 + 1.5 * draw,
            };
            // Adding one changes a volume of zero too.
            bars.volume[row] = volume[row] * factor + 1.0;
            let map = |price: f64| {
                let price = match self {
                    Self::Mirrored => last * (last / price),
                    Self::Moved => price * factor,
                };
                price.clamp(last / FURTHEST, last * FURTHEST)
            };
            let (top, bottom) = match self {
                Self::Mirrored => (low[row], high[row]),
                Self::Moved => (high[row], low[row]),
            };
            let prices = [open[row], top, bottom, close[row]].map(map);
            for (column, price) in bars.prices.iter_mut().zip(prices) {
                column[row] = price;
            }
        }
        bars
    }
}

impl Bars {
    fn member<'a>(&'a self, of: &Member<'a>) -> Member<'a> {
        let [open, high, low, close] = &self.prices;
        let columns = Columns { ts: of.columns.ts, open, high, low, close, volume: &self.volume };
        Member { symbol: of.symbol, columns }
    }
}

/// A number in [0, 1) that follows from its arguments (the finaliser of splitmix64).
fn unit(number: u64, row: u64) -> f64 {
    let mut bits = (number << 32 ^ row).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The first order decided by `known_ts` that differs.
fn first_difference(
    placed: &[OrderRecord],
    changed: &[OrderRecord],
    known_ts: i64,
) -> Option<Breach> {
    let by_then =
        |orders: &[OrderRecord]| orders.partition_point(|order| order.decided_ts <= known_ts);
    let (placed, changed) = (&placed[..by_then(placed)], &changed[..by_then(changed)]);
    let longest = placed.len().max(changed.len());
    let differs = |row: &usize| {
        let pair = (placed.get(*row).map(decision), changed.get(*row).map(decision));
        pair.0 != pair.1 && format!("{:?}", pair.0) != format!("{:?}", pair.1)
    };
    (0..longest).find(differs).map(|row| Breach {
        known_ts,
        placed: placed.get(row).copied(),
        instead: changed.get(row).copied(),
    })
}

/// What the strategy asked for, without what became of it: that may depend on later bars. Two sizes
/// that are no numbers are told apart by their text only.
fn decision(order: &OrderRecord) -> OrderRecord {
    OrderRecord {
        state: OrderState::Expired,
        reason: None,
        filled: 0.0,
        ended_ts: order.decided_ts,
        ..*order
    }
}

#[cfg(test)]
mod tests {
    use strategy_api::{Bar, abi::layout::SIZE_UNITS};

    use super::*;
    use crate::{order::OrderTerms, series::Series};

    fn bars(count: i64) -> Series {
        let price = |step: i64| 100.0 + (step * step % 17) as f64;
        let bars: Vec<Bar> = (0..count)
            .map(|step| {
                let (open, close) = (price(step), price(step + 1));
                let (high, low) = (open.max(close) + 1.0, open.min(close) - 1.0);
                Bar { ts: step, open, high, low, close, volume: 0.0 }
            })
            .collect();
        Series::from_bars(&bars).unwrap()
    }

    fn order(id: u64, decided_ts: i64, size: f64) -> OrderRecord {
        OrderRecord {
            id,
            instrument: 0,
            decided_ts,
            size_kind: SIZE_UNITS,
            size,
            state: OrderState::Filled,
            reason: None,
            filled: size,
            terms: OrderTerms::default(),
            ended_ts: decided_ts,
        }
    }

    #[test]
    fn every_later_bar_is_replaced_by_a_possible_one_and_no_earlier_one_is() {
        let series = bars(60);
        let member = Member { symbol: "A", columns: series.columns() };
        for future in FUTURES {
            let other = future.after(&member, 30, 7);
            let other = other.member(&member).columns;
            for row in 0..60 {
                let (was, is) = (member.columns.bar(row), other.bar(row));
                crate::series::check_bar(&is).unwrap();
                assert_eq!(was == is, row <= 30, "{future:?} {row}");
            }
        }
    }

    #[test]
    fn an_order_that_moved_is_found_and_what_became_of_an_order_is_not_looked_at() {
        let placed = [order(1, 5, 1.0), order(2, 9, -1.0)];
        let unfilled = OrderRecord { state: OrderState::Expired, filled: 0.0, ..placed[0] };
        assert_eq!(first_difference(&placed, &[unfilled], 5), None);
        assert_eq!(first_difference(&placed, &[placed[0], order(2, 8, 3.0)], 7), None);
        let breach = first_difference(&placed, &[placed[0], order(2, 9, -2.0)], 9).unwrap();
        assert_eq!((breach.placed, breach.instead), (Some(placed[1]), Some(order(2, 9, -2.0))));
        let gone = first_difference(&placed, &placed[..1], 9).unwrap();
        assert_eq!((gone.placed, gone.instead), (Some(placed[1]), None));
        let nan = [order(1, 5, f64::NAN)];
        assert_eq!(first_difference(&nan, &nan.clone(), 5), None);
    }

    #[test]
    fn a_proof_looks_at_every_decision_that_it_can_afford_and_at_twenty_places_at_least() {
        let timeline: Vec<i64> = (0..1000).collect();
        let orders: Vec<_> = (0..100).map(|id| order(id, id as i64 * 10, 1.0)).collect();
        let all = Places::of(&orders, &timeline, 1, EFFORT);
        // The first decision has no bar before it.
        assert_eq!((all.decisions, all.proved, all.ts.len()), (100, 100, 199));
        let some = Places::of(&orders, &timeline, 1, 4000 * 50);
        assert_eq!((some.decisions, some.proved, some.ts.len()), (100, 50, 99));
        let none = Places::of(&[], &timeline, 1, EFFORT);
        assert_eq!((none.decisions, none.proved, none.ts.len()), (0, 0, 20));
        // After the last bar there is no future to replace.
        let last = Places::of(&[order(0, 999, 1.0)], &timeline, 1, EFFORT);
        assert_eq!(last.decisions, 0);
    }
}
