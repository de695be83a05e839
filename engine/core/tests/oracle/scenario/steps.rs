//! When the bars of a random market are: their length, their starts, their sessions, and which finer bars
//! may lie inside them.

use strategy_api::Resolution;

use super::{DAY, Dice};

pub(super) const HOUR: i64 = 3_600_000_000_000;
const MINUTE: i64 = HOUR / 60;

/// Sessions in New York: days since 1970-01-01, the hour UTC whose half brings the opening, and the
/// number of hourly bars. Around the end of daylight saving time on 4 November 2012, and around
/// Thanksgiving of that year, whose Friday closes at 13:00.
const SESSIONS: [&[(i64, i64, usize)]; 2] = [
    &[(15_645, 13, 7), (15_646, 13, 7), (15_649, 14, 7), (15_650, 14, 7), (15_651, 14, 7)],
    &[(15_664, 14, 7), (15_665, 14, 7), (15_667, 14, 4), (15_670, 14, 7), (15_671, 14, 7)],
];

/// Tuesday, 4 September 2012: from here to 26 October every weekday has a whole session that opens at
/// 13:30 UTC.
const AUTUMN: i64 = 15_587;
/// Monday, 7 January 2013.
const MONDAY: i64 = 15_712;

/// A step: when it begins, its session, and whether the session closes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) ts: i64,
    pub(crate) session: i64,
    pub(crate) is_close: bool,
    /// Where its bar ends; for bars of a day and longer the close of a session.
    pub(super) end: i64,
}

/// The steps of a market.
pub(super) struct Steps {
    pub(super) resolution: Resolution,
    pub(super) all: Vec<Step>,
    /// A length that the finer bars may have.
    pub(super) finer: Option<Resolution>,
}

impl Steps {
    /// `count` of them, or as many as there are.
    pub(super) fn random(dice: &mut Dice, count: usize) -> Self {
        let of = |resolution, all, finer| Self { resolution, all, finer };
        let quarter_or = dice.pick(&[Resolution::Min15, Resolution::Min5]);
        match dice.below(12) {
            0..4 => of(Resolution::Day1, days(count), None),
            4 | 5 => {
                let hour = dice.pick(&[Resolution::Hour1, Resolution::Min30]);
                of(Resolution::Day1, autumn(count), Some(hour))
            }
            6..9 => of(Resolution::Hour1, hours(dice, count), Some(quarter_or)),
            9 => of(Resolution::Min5, minutes(dice, count, 5), Some(Resolution::Min1)),
            10 => of(Resolution::Min1, minutes(dice, count, 1), None),
            _ => of(Resolution::Week1, weeks(count), Some(Resolution::Day1)),
        }
    }

    /// Starts of all finer bars that a bar of a step may hold.
    pub(super) fn inside(&self, step: &Step, finer: Resolution) -> Vec<i64> {
        if self.resolution == Resolution::Week1 {
            // Tuesday to Thursday.
            return (1..4).map(|day| step.ts + day * DAY).collect();
        }
        let is_day = self.resolution == Resolution::Day1;
        let from = if is_day { step.ts + 13 * HOUR + HOUR / 2 } else { step.ts };
        let length = i64::from(finer.seconds().expect("it is within a day")) * 1_000_000_000;
        let next = |ts: &i64| Some((ts.div_euclid(length) + 1) * length);
        std::iter::successors(Some(from), next).take_while(|ts| *ts < step.end).collect()
    }
}

fn day(day: i64) -> Step {
    Step { ts: day * DAY, session: day, is_close: true, end: day * DAY + 20 * HOUR }
}

fn days(count: usize) -> Vec<Step> {
    (0..count as i64).map(day).collect()
}

fn autumn(count: usize) -> Vec<Step> {
    // Day 0 was a Thursday.
    let weekdays = (AUTUMN..).filter(|day| (day + 3) % 7 < 5);
    weekdays.take(count.min(39)).map(day).collect()
}

fn weeks(count: usize) -> Vec<Step> {
    (0..count as i64).map(|week| day(MONDAY + 7 * week)).collect()
}

/// Hourly bars: 09:30, then 10:00 and every full hour before the close, in New York.
fn hours(dice: &mut Dice, count: usize) -> Vec<Step> {
    let sessions = dice.pick(&SESSIONS).iter();
    let steps = sessions.flat_map(|&(day, open, bars)| {
        (0..bars as i64).map(move |bar| {
            let ts =
                day * DAY + if bar == 0 { open * HOUR + HOUR / 2 } else { (open + bar) * HOUR };
            let is_close = bar as usize + 1 == bars;
            Step { ts, session: day, is_close, end: day * DAY + (open + bar + 1) * HOUR }
        })
    });
    steps.skip(dice.below(7) as usize).take(count).collect()
}

/// Bars of some minutes: of each session a few after its open and a few before its close, or all around
/// the close of one.
fn minutes(dice: &mut Dice, count: usize, length: i64) -> Vec<Step> {
    let sessions = dice.pick(&SESSIONS);
    let kept = dice.pick(&[3, 5, i64::MAX]);
    let mut steps = Vec::new();
    for &(day, open, hours) in sessions {
        let opens = day * DAY + open * HOUR + HOUR / 2;
        let bars = (hours as i64 * 60 - 30) / length;
        for bar in (0..bars).filter(|bar| *bar < kept || bars - bar <= kept) {
            let ts = opens + bar * length * MINUTE;
            let end = ts + length * MINUTE;
            steps.push(Step { ts, session: day, is_close: bar + 1 == bars, end });
        }
    }
    let close = steps.iter().position(|step| step.is_close).expect("every session closes");
    let before = 1 + dice.below(count as u64) as usize;
    steps.into_iter().skip((close + 1).saturating_sub(before)).take(count).collect()
}
