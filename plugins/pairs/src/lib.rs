//! Pairs trading (Gatev, Goetzmann and Rouwenhorst, 2006): when the ratio of two prices is far from its
//! mean, goes long the cheap one and short the dear one, and closes both when it is back. The short leg
//! needs a margin account.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use strategy_api::{indicators::ZScore, prelude::*};

params! {
    /// When the two are far apart and when they are together again.
    pub struct PairsParams {
        /// bars over which mean and deviation of the log ratio are taken
        window: usize = 60, 3 ..= 2000;
        /// enters this many standard deviations from the mean
        entry: f64 = 2.0, 0.1 ..= 10.0;
        /// leaves this many standard deviations from the mean
        exit: f64 = 0.5, 0.0 ..= 10.0;
        /// value of each leg, as a fraction of equity
        leg: f64 = 0.5, 0.01 ..= 1.0;
    }
}

struct Pairs {
    distance: ZScore,
    /// Rows of the bars that both have, as many as the window, oldest first.
    rows: VecDeque<[usize; 2]>,
    /// Closes of the last of them, as they were read.
    read: [f64; 2],
    params: PairsParams,
}

impl Pairs {
    fn empty(window: usize) -> Result<ZScore> {
        Ok(ZScore::new(window).map_err(|error| error.to_string())?)
    }

    /// The distance with the newest bars, which both have.
    fn update(&mut self, closes: [&[f64]; 2]) -> Option<f64> {
        let at = |rows: [usize; 2]| [closes[0][rows[0]], closes[1][rows[1]]];
        let ratio = |[one, other]: [f64; 2]| (one / other).ln();
        // After a split the history is in new units, and what was made of the old ones is made anew.
        if self.rows.back().is_some_and(|last| at(*last) != self.read) {
            self.distance = Self::empty(self.params.window).ok()?;
            for rows in &self.rows {
                self.distance.update(ratio(at(*rows)));
            }
        }
        let newest = closes.map(|closes| closes.len() - 1);
        if self.rows.len() == self.params.window {
            self.rows.pop_front();
        }
        self.rows.push_back(newest);
        self.read = at(newest);
        self.distance.update(ratio(self.read))
    }
}

impl Strategy for Pairs {
    const NAME: &'static str = "pairs";
    const ABOUT: &'static str = "long the cheap and short the dear of two symbols";
    type Params = PairsParams;

    fn on_start(params: PairsParams, setup: &mut Setup<'_>) -> Result<Self> {
        if setup.instruments() != 2 {
            return Err("pairs trades exactly two symbols".into());
        }
        if params.exit >= params.entry {
            return Err("exit must be below entry".into());
        }
        setup.warm_up(params.window);
        let (distance, rows) = (Self::empty(params.window)?, VecDeque::new());
        Ok(Self { distance, rows, read: [f64::NAN; 2], params })
    }

    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        if !ctx.has_bar(0) || !ctx.has_bar(1) {
            return;
        }
        let closes = [0, 1].map(|one| ctx.history_of(one).close);
        let Some(distance) = self.update(closes) else { return };
        // One leg may be refused or filled later than the other.
        let is_flat = (0..2).all(|one| ctx.position_of(one) == 0.0);
        let leg = self.params.leg;
        if is_flat && distance.abs() > self.params.entry {
            // Above the mean the first is dear.
            let side = if distance > 0.0 { -leg } else { leg };
            ctx.target_of(0, side);
            ctx.target_of(1, -side);
        } else if !is_flat && distance.abs() < self.params.exit {
            ctx.close_of(0);
            ctx.close_of(1);
        }
    }
}

export_strategies!(Pairs);

#[cfg(test)]
mod tests {
    use strategy_api::testing::{bars_from_closes, run_on};

    use super::*;

    #[test]
    fn it_sells_the_dear_one_and_closes_when_they_are_together_again() {
        let b = bars_from_closes(&[10.0; 7]);
        let a = bars_from_closes(&[10.0, 10.5, 10.0, 13.0, 13.0, 10.0, 10.0]);
        let params = [("window", 4.0), ("entry", 1.5), ("exit", 1.2)];
        let outcome = run_on::<Pairs>(&params, &[("A", &a), ("B", &b)]).unwrap();
        let fills: Vec<_> = outcome
            .fills
            .iter()
            .map(|fill| (fill.ts / 86_400_000_000_000 - 10_957, fill.instrument, fill.quantity))
            .collect();
        // Bar 3 lies 1.69 deviations above (logs of 1, 1.05, 1 and 1.3), bar 4 lies 1.05 above.
        assert_eq!(fills, [(4, 0, -384.0), (4, 1, 500.0), (5, 0, 384.0), (5, 1, -500.0)]);
    }

    #[test]
    fn three_symbols_and_an_exit_beyond_the_entry_are_refused() {
        let bars = bars_from_closes(&[10.0, 11.0]);
        let three = [("A", &bars[..]), ("B", &bars[..]), ("C", &bars[..])];
        assert!(run_on::<Pairs>(&[], &three).unwrap_err().text.contains("two symbols"));
        let two = &three[..2];
        let fault = run_on::<Pairs>(&[("exit", 3.0)], two).unwrap_err();
        assert!(fault.text.contains("below entry"));
    }
}
