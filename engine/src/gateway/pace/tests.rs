//! The limits of pace in simulated time.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const PAUSE: Duration = Duration::from_secs(16);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn ask(identity: u64) -> Ask {
    Ask { identity, group: 0, strict: true, weight: 1 }
}

/// Sends the requests one after the other as early as they may be, each answered after `answer`.
/// Returns when each was sent.
fn run(pace: &mut Pace, asks: &[Ask], answer: Duration) -> Vec<Duration> {
    let mut now = Duration::ZERO;
    let mut open: VecDeque<Duration> = VecDeque::new();
    let mut sent = Vec::new();
    for ask in asks {
        loop {
            while open.front().is_some_and(|end| *end <= now) {
                open.pop_front();
                pace.end(now, Ended::Answered);
            }
            match pace.start(now, ask) {
                Ok(()) => break,
                Err(Wait::Until(free)) => {
                    assert!(free > now, "a wait into the past");
                    now = open.front().map_or(free, |end| (*end).min(free));
                }
                Err(Wait::ForAnother) => now = *open.front().expect("one that is unanswered"),
            }
        }
        open.push_back(now + answer);
        sent.push(now);
    }
    sent
}

#[test]
fn an_identical_request_waits_out_fifteen_seconds() {
    let mut pace = Pace::new(Pacing::Broker, 6, PAUSE);
    let other = Ask { group: 1, ..ask(2) };
    let sent = run(&mut pace, &[ask(1), other, ask(1)], ms(10));
    assert_eq!(sent, [ms(0), ms(0), ms(15_500)]);
}

#[test]
fn the_sixth_for_one_contract_waits_out_two_seconds() {
    let mut pace = Pace::new(Pacing::Broker, 50, PAUSE);
    let asks: Vec<Ask> = (0..6).map(ask).collect();
    let sent = run(&mut pace, &asks, ms(10));
    assert_eq!(sent[4], ms(0));
    assert_eq!(sent[5], ms(2_200));
}

#[test]
fn the_sixty_first_waits_out_ten_minutes_and_double_weight_halves_that() {
    for (weight, fits) in [(1, 60), (2, 30)] {
        let mut pace = Pace::new(Pacing::Broker, 50, PAUSE);
        let asks: Vec<Ask> =
            (0..=fits).map(|n| Ask { identity: n, group: n, strict: true, weight }).collect();
        let sent = run(&mut pace, &asks, ms(10));
        let last = usize::try_from(fits).unwrap();
        assert!(sent[last - 1] < Duration::from_secs(3), "{:?}", sent[last - 1]);
        assert_eq!(sent[last], sent[0] + Duration::from_secs(603));
    }
}

#[test]
fn longer_bars_are_held_back_by_messages_a_second_alone() {
    let mut pace = Pace::new(Pacing::Broker, 50, PAUSE);
    let asks = [Ask { strict: false, ..ask(1) }; 46];
    let sent = run(&mut pace, &asks, ms(0));
    assert_eq!((sent[44], sent[45]), (ms(0), ms(1000)));
    let mut off = Pace::new(Pacing::Off, 50, PAUSE);
    assert_eq!(run(&mut off, &asks, ms(0))[45], ms(0));
}

#[test]
fn a_complaint_halves_what_is_let_out_and_pauses_and_answers_raise_it_again() {
    let mut pace = Pace::new(Pacing::Broker, 6, PAUSE);
    let soft = Ask { strict: false, ..ask(1) };
    for _ in 0..6 {
        pace.start(ms(0), &soft).unwrap();
    }
    assert_eq!(pace.start(ms(0), &soft), Err(Wait::ForAnother));
    assert!(pace.end(ms(1), Ended::Complained), "the first is worth saying");
    assert!(!pace.end(ms(2), Ended::Complained), "the second belongs to the same pause");
    for _ in 0..4 {
        pace.end(ms(3), Ended::Answered);
    }
    assert_eq!(pace.start(ms(4), &soft), Err(Wait::Until(ms(1) + PAUSE)));
    let resumed = ms(1) + PAUSE;
    for _ in 0..3 {
        pace.start(resumed, &soft).unwrap();
    }
    assert_eq!(pace.start(resumed, &soft), Err(Wait::ForAnother), "3 instead of 6");
    for _ in 0..30 {
        pace.end(resumed, Ended::Answered);
    }
    for _ in 0..6 {
        pace.start(resumed, &soft).unwrap();
    }
    assert_eq!(pace.start(resumed, &soft), Err(Wait::ForAnother), "6 again, and no more");
}

#[test]
fn complaints_in_a_row_double_the_pause() {
    let mut pace = Pace::new(Pacing::Off, 1, PAUSE);
    let mut now = Duration::ZERO;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        pace.start(now, &ask(1)).unwrap();
        pace.end(now, Ended::Complained);
        pauses.push(pace.paused_for(now).as_secs());
        now += pace.paused_for(now);
    }
    assert_eq!(pauses, [16, 32, 64, 128, 256, 256]);
    pace.start(now, &ask(1)).unwrap();
    pace.end(now, Ended::Answered);
    pace.start(now, &ask(1)).unwrap();
    assert!(pace.end(now, Ended::Complained), "after an answer a complaint is the first again");
    assert_eq!(pace.paused_for(now), PAUSE);
}

/// Whether no window of `length` holds more than `most` of the weighted moments.
fn fits(sent: &[(Duration, u32)], length: Duration, most: u32) -> bool {
    sent.iter().all(|(from, _)| {
        let inside = sent.iter().filter(|(at, _)| at >= from && *at < *from + length);
        inside.map(|(_, weight)| weight).sum::<u32>() <= most
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The published limits, checked on the moments of sending by brute force.
    #[test]
    fn no_order_of_requests_breaks_a_published_limit(
        asks in prop::collection::vec((0_u64..30, 0_u64..4, any::<bool>(), 1_u32..3), 1..200),
        answer in 0_u64..3000,
        most in 1_usize..50,
    ) {
        let asks: Vec<Ask> = asks
            .into_iter()
            // What is identical is of one contract.
            .map(|(identity, _, strict, weight)| Ask { identity, group: identity % 4, strict, weight })
            .collect();
        let mut pace = Pace::new(Pacing::Broker, most, PAUSE);
        let sent = run(&mut pace, &asks, ms(answer));
        let all: Vec<(Duration, u32)> = sent.iter().map(|at| (*at, 1)).collect();
        prop_assert!(fits(&all, Duration::from_secs(1), 50));
        let strict: Vec<(&Ask, Duration)> =
            asks.iter().zip(sent).filter(|(ask, _)| ask.strict).collect();
        let weights: Vec<_> = strict.iter().map(|(ask, at)| (*at, ask.weight)).collect();
        prop_assert!(fits(&weights, Duration::from_secs(600), 60));
        for group in 0..4 {
            let own: Vec<_> =
                strict.iter().filter(|(a, _)| a.group == group).map(|(_, at)| (*at, 1)).collect();
            prop_assert!(fits(&own, Duration::from_secs(2), 5));
        }
        for identity in 0..30 {
            let own: Vec<_> = strict
                .iter()
                .filter(|(a, _)| a.identity == identity)
                .map(|(_, at)| (*at, 1))
                .collect();
            prop_assert!(fits(&own, Duration::from_secs(15), 1));
        }
    }
}
