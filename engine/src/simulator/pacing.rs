//! The broker's limits on the rate of requests.
//!
//! Published for bars of 30 seconds and less: not the same request within 15 seconds, fewer than six
//! of one contract and kind of price within two seconds, at most 60 within ten minutes, where bid and
//! ask together count twice. At most 50 requests may be open, at most 50 messages come in a second.
//! Time here is the machine's: clients wait by it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use strategy_api::Resolution;
use tokio::time::Instant;

use super::{request::Refusal, settings::Pacing};

const SAME: Duration = Duration::from_secs(15);
const BURST: Duration = Duration::from_secs(2);
const BURST_MAX: usize = 6;
const LONG: Duration = Duration::from_secs(600);
const LONG_MAX: u32 = 60;
/// Requests that may be open at once.
const OPEN_MAX: usize = 50;
/// Messages that may come in a second.
const MESSAGES_MAX: u32 = 50;

/// One request for bars, as far as limits are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paced {
    /// Everything that it asks.
    pub(super) whole: String,
    /// Contract, exchange and kind of price.
    pub(super) contract: String,
    /// Whether it counts twice.
    pub(super) twice: bool,
}

/// Keeps the limits of one user.
#[derive(Debug)]
pub(super) struct Pacer {
    pacing: Pacing,
    recent: Mutex<VecDeque<(Instant, Paced)>>,
}

impl Pacer {
    /// Keeps those that are asked for.
    pub(super) fn new(pacing: Pacing) -> Self {
        Self { pacing, recent: Mutex::default() }
    }

    /// Whether a request for bars comes too soon. One that is refused counts, too.
    ///
    /// # Errors
    /// 162 when it does.
    pub(super) fn check(
        &self,
        now: Instant,
        resolution: Resolution,
        asked: Paced,
    ) -> Result<(), Refusal> {
        let concerned = match self.pacing {
            Pacing::Off => false,
            Pacing::Published => resolution <= Resolution::Sec30,
            Pacing::Strict => true,
        };
        if !concerned {
            return Ok(());
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|(at, _)| now.duration_since(*at) > LONG) {
            recent.pop_front();
        }
        let within =
            |limit: Duration| recent.iter().filter(move |(at, _)| now.duration_since(*at) <= limit);
        let same = within(SAME).any(|(_, other)| other.whole == asked.whole);
        let burst = within(BURST).filter(|(_, other)| other.contract == asked.contract).count();
        let weight = |paced: &Paced| if paced.twice { 2 } else { 1 };
        let long: u32 = recent.iter().map(|(_, other)| weight(other)).sum();
        let refused = same || burst + 1 >= BURST_MAX || long + weight(&asked) > LONG_MAX;
        recent.push_back((now, asked));
        if refused {
            return Err(Refusal::history("Historical data request pacing violation"));
        }
        Ok(())
    }

    /// Whether one more request may be open.
    ///
    /// # Errors
    /// 322 when it may not.
    pub(super) fn check_open(&self, open: usize) -> Result<(), Refusal> {
        if self.pacing == Pacing::Off || open < OPEN_MAX {
            return Ok(());
        }
        Err(Refusal::new(
            322,
            "Error processing request.-'bT' : cause - Only 50 simultaneous API historical data requests allowed.",
        ))
    }

    /// A counter of messages for one connection.
    pub(super) fn messages(&self) -> Messages {
        Messages { limited: self.pacing != Pacing::Off, since: Instant::now(), count: 0, broken: 0 }
    }
}

/// Counts the messages of one connection, second by second.
#[derive(Debug)]
pub(super) struct Messages {
    limited: bool,
    since: Instant,
    count: u32,
    broken: u32,
}

/// What comes of one more message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// It is fine.
    Fine,
    /// The client is warned.
    Warned(Refusal),
    /// The client is warned for the third time, and put off.
    Ended(Refusal),
}

impl Messages {
    /// Counts one.
    pub(super) fn one(&mut self, now: Instant) -> Rate {
        if now.duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.count) = (now, 0);
        }
        self.count += 1;
        if !self.limited || self.count <= MESSAGES_MAX {
            return Rate::Fine;
        }
        self.broken += 1;
        let text = format!(
            "Max rate of messages per second has been exceeded:max={MESSAGES_MAX} rec={} ({})",
            self.count, self.broken
        );
        let refusal = Refusal::new(100, text);
        self.count = 0;
        if self.broken >= 3 { Rate::Ended(refusal) } else { Rate::Warned(refusal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(number: u32, contract: u32) -> Paced {
        Paced { whole: number.to_string(), contract: contract.to_string(), twice: false }
    }

    #[test]
    fn the_published_limits_hold_for_short_bars() {
        let pacer = Pacer::new(Pacing::Published);
        let start = Instant::now();
        let check = |second, number, contract| {
            let now = start + Duration::from_secs(second);
            pacer.check(now, Resolution::Sec30, asked(number, contract))
        };
        assert!(check(0, 1, 1).is_ok());
        assert_eq!(check(0, 1, 1).unwrap_err().code, 162);
        assert!(check(16, 1, 1).is_ok());
        // Five of one contract within two seconds are fine, the sixth is not.
        assert!((10..15).all(|number| check(19, number, 2).is_ok()));
        assert!(check(19, 15, 2).is_err());
        // With the nine above, 51 more make 60 within ten minutes.
        assert!((100..151).all(|number| check(30, number, number).is_ok()));
        assert!(check(60, 200, 200).is_err());
        assert!(pacer.check(start, Resolution::Min1, asked(1, 1)).is_ok());
        assert!(check(661, 200, 200).is_ok());
    }

    #[test]
    fn bid_and_ask_together_count_twice() {
        let pacer = Pacer::new(Pacing::Published);
        let now = Instant::now();
        let both = |number| Paced { twice: true, ..asked(number, number) };
        let check = |number| pacer.check(now, Resolution::Sec1, both(number));
        assert!((0..30).all(|number| check(number).is_ok()));
        assert!(check(30).is_err());
    }

    #[test]
    fn strict_limits_hold_for_every_bar_and_off_for_none() {
        let day = |pacing| {
            let (pacer, now) = (Pacer::new(pacing), Instant::now());
            let _ = pacer.check(now, Resolution::Day1, asked(1, 1));
            pacer.check(now, Resolution::Day1, asked(1, 1)).is_ok()
        };
        assert_eq!([Pacing::Off, Pacing::Published, Pacing::Strict].map(day), [true, true, false]);
    }

    #[test]
    fn messages_beyond_fifty_a_second_end_the_connection_at_the_third_time() {
        let now = Instant::now();
        let mut messages = Pacer::new(Pacing::Published).messages();
        let rates: Vec<Rate> = (0..153).map(|_| messages.one(now)).collect();
        assert!(rates[..50].iter().all(|rate| *rate == Rate::Fine));
        assert!(matches!(rates[50], Rate::Warned(_)) && matches!(rates[101], Rate::Warned(_)));
        assert!(matches!(rates[152], Rate::Ended(_)));
        let mut slow = Pacer::new(Pacing::Published).messages();
        let second = |at: u64| now + Duration::from_millis(at * 25);
        assert!((0..1000).all(|at| slow.one(second(at)) == Rate::Fine));
        let mut free = Pacer::new(Pacing::Off).messages();
        assert!((0..1000).all(|_| free.one(now) == Rate::Fine));
    }
}
