//! When the next request may be sent: the broker's limits, and how we give way when it asks us to.
//!
//! Pure: time is passed in, as the time since any fixed moment. The limits are those that Interactive
//! Brokers publishes under "Historical Data Limitations" of its TWS API. For bars of 30 seconds and
//! less they are kept strictly: an identical request not within 15 seconds, at most 5 for one contract
//! and kind of price within 2 seconds, at most 60 within 10 minutes, where bid-and-ask counts twice.
//! For longer bars they are lifted in favour of a soft throttle, so the number of unanswered requests
//! is limited and halved when the broker complains. Over everything, 50 messages a second are allowed,
//! of which we use 45. The windows are a little longer than published, because messages that we send
//! evenly may reach the broker closer together.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use super::Pacing;

const SECOND: Duration = Duration::from_secs(1);
const MESSAGES_A_SECOND: usize = 45;
const IDENTICAL: Duration = Duration::from_millis(15_500);
const GROUP: Duration = Duration::from_millis(2_200);
const GROUP_MOST: usize = 5;
const LONG: Duration = Duration::from_secs(603);
const LONG_MOST: u32 = 60;
/// Answers in a row after which one more request is let out.
const ANSWERS_TO_RISE: u32 = 10;
/// The pause doubles with every complaint in a row, up to this many times.
const DOUBLINGS: u32 = 4;

/// What the limits need to know of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    /// Equal for identical requests.
    pub(super) identity: u64,
    /// Equal for requests of one contract, exchange and kind of price.
    pub(super) group: u64,
    /// Whether it is for bars of 30 seconds or less.
    pub(super) strict: bool,
    /// How often it counts: twice for bid-and-ask.
    pub(super) weight: u32,
}

/// What a request that may not be sent yet has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// This moment.
    Until(Duration),
    /// The end of another request.
    ForAnother,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer, even if it was a refusal.
    Answered,
    /// With a complaint about our pace.
    Complained,
    /// Otherwise.
    Otherwise,
}

/// The state of the limits.
#[derive(Debug)]
pub(super) struct Pace {
    pacing: Pacing,
    most: usize,
    /// How many may be unanswered now, 1 to `most`.
    allowed: usize,
    unanswered: usize,
    answers_in_a_row: u32,
    complaints_in_a_row: u32,
    first_pause: Duration,
    paused_until: Duration,
    messages: VecDeque<Duration>,
    strict: VecDeque<(Duration, u32)>,
    groups: HashMap<u64, VecDeque<Duration>>,
    identities: HashMap<u64, Duration>,
}

impl Pace {
    pub(super) fn new(pacing: Pacing, most: usize, first_pause: Duration) -> Self {
        let most = most.max(1);
        Self {
            pacing,
            most,
            allowed: most,
            unanswered: 0,
            answers_in_a_row: 0,
            complaints_in_a_row: 0,
            first_pause,
            paused_until: Duration::ZERO,
            messages: VecDeque::new(),
            strict: VecDeque::new(),
            groups: HashMap::new(),
            identities: HashMap::new(),
        }
    }

    /// Lets the request go now, or says what it has to wait for.
    pub(super) fn start(&mut self, now: Duration, ask: &Ask) -> Result<(), Wait> {
        if self.unanswered >= self.allowed {
            return Err(Wait::ForAnother);
        }
        let free_at = self.free_at(now, ask);
        if free_at > now {
            return Err(Wait::Until(free_at));
        }
        self.unanswered += 1;
        self.note_message(now);
        if self.pacing == Pacing::Broker && ask.strict {
            self.strict.push_back((now, ask.weight));
            self.groups.entry(ask.group).or_default().push_back(now);
            self.identities.insert(ask.identity, now);
        }
        Ok(())
    }

    /// Counts a message that is no request, such as a cancellation.
    pub(super) fn note_message(&mut self, now: Duration) {
        if self.pacing == Pacing::Broker {
            self.messages.push_back(now);
        }
    }

    /// Notes the end of a request. True at the first complaint of a row, which is worth saying.
    pub(super) fn end(&mut self, now: Duration, ended: Ended) -> bool {
        self.unanswered = self.unanswered.saturating_sub(1);
        match ended {
            Ended::Answered => {
                self.answers_in_a_row += 1;
                if now >= self.paused_until {
                    self.complaints_in_a_row = 0;
                }
                if self.answers_in_a_row >= ANSWERS_TO_RISE && self.allowed < self.most {
                    self.allowed += 1;
                    self.answers_in_a_row = 0;
                }
                false
            }
            Ended::Complained => self.complain(now),
            Ended::Otherwise => false,
        }
    }

    /// How long no request is sent because of a complaint.
    pub(super) fn paused_for(&self, now: Duration) -> Duration {
        self.paused_until.saturating_sub(now)
    }

    /// Notes a complaint. Several during one pause are one: they answer requests from before it.
    /// True at the first of a row, which is worth saying.
    pub(super) fn complain(&mut self, now: Duration) -> bool {
        self.answers_in_a_row = 0;
        if now < self.paused_until {
            return false;
        }
        self.allowed = (self.allowed / 2).max(1);
        let doubled = 1 << self.complaints_in_a_row.min(DOUBLINGS);
        self.paused_until = now + self.first_pause * doubled;
        self.complaints_in_a_row += 1;
        self.complaints_in_a_row == 1
    }

    fn free_at(&mut self, now: Duration, ask: &Ask) -> Duration {
        let mut free = self.paused_until;
        if self.pacing == Pacing::Off {
            return free;
        }
        forget(&mut self.messages, now, SECOND);
        if self.messages.len() >= MESSAGES_A_SECOND {
            free = free.max(self.messages[self.messages.len() - MESSAGES_A_SECOND] + SECOND);
        }
        if !ask.strict {
            return free;
        }
        self.identities.retain(|_, sent| *sent + IDENTICAL > now);
        if let Some(sent) = self.identities.get(&ask.identity) {
            free = free.max(*sent + IDENTICAL);
        }
        self.groups.retain(|_, sent| {
            forget(sent, now, GROUP);
            !sent.is_empty()
        });
        if let Some(sent) = self.groups.get(&ask.group).filter(|sent| sent.len() >= GROUP_MOST) {
            free = free.max(sent[sent.len() - GROUP_MOST] + GROUP);
        }
        free.max(self.long_free_at(now, ask.weight))
    }

    /// When the ten minutes have room for so much more.
    fn long_free_at(&mut self, now: Duration, weight: u32) -> Duration {
        while self.strict.front().is_some_and(|(sent, _)| *sent + LONG <= now) {
            self.strict.pop_front();
        }
        let mut sum: u32 = self.strict.iter().map(|(_, weight)| weight).sum();
        let mut free = now;
        for (sent, counted) in &self.strict {
            if sum + weight <= LONG_MOST {
                break;
            }
            sum -= counted;
            free = *sent + LONG;
        }
        free
    }
}

fn forget(sent: &mut VecDeque<Duration>, now: Duration, window: Duration) {
    while sent.front().is_some_and(|sent| *sent + window <= now) {
        sent.pop_front();
    }
}

#[cfg(test)]
#[path = "pace/tests.rs"]
mod tests;
