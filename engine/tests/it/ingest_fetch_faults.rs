//! Each fault that the bars of an answer can have: what is put right, what is listed, what is refused.

use algo_trader::{
    error::Code,
    gateway::SourceBar,
    ingest::fetch::{FetchRequest, FetchState, status},
};
use strategy_api::Resolution;

use crate::support::{
    block_on,
    broker::Fault,
    desk::{Desk, FRIDAY, wanted},
    ingest::at,
};

/// A daily bar with other values, as `change` says, at the position from the end.
macro_rules! spoil {
    ($back:expr, $change:expr) => {
        Fault::Bars(|bars: &mut Vec<SourceBar>| {
            let at = bars.len() - 1 - $back;
            let change: fn(&mut SourceBar) = $change;
            change(&mut bars[at]);
        })
    };
}

#[test]
fn what_a_second_answer_puts_right_leaves_no_trace() {
    let faults: [(&str, Fault); 12] = [
        ("NaN", spoil!(1, |bar| bar.close = f64::NAN)),
        ("infinite", spoil!(1, |bar| bar.high = f64::INFINITY)),
        ("zero", spoil!(1, |bar| bar.open = 0.0)),
        ("negative", spoil!(1, |bar| bar.low = -5.0)),
        ("high below low", spoil!(1, |bar| std::mem::swap(&mut bar.high, &mut bar.low))),
        ("volume", spoil!(1, |bar| bar.volume = -7.0)),
        ("future", spoil!(0, |bar| bar.ts = at("2024-07-01T00:00:00Z"))),
        ("not a session", spoil!(1, |bar| bar.ts += 2 * 86_400_000_000_000)),
        ("disputed", Fault::Bars(|bars| bars.push(SourceBar { close: bars[3].open, ..bars[3] }))),
        (
            "stale",
            Fault::Bars(|bars| {
                bars.iter_mut().for_each(|bar| bar.ts -= 3_640 * 86_400_000_000_000);
            }),
        ),
        ("missing", Fault::Bars(|bars| bars.truncate(9))),
        ("none", Fault::Bars(Vec::clear)),
    ];
    block_on(async {
        for (name, fault) in faults {
            let desk = Desk::new(FRIDAY).await;
            desk.broker.faults([fault]);
            let report = desk.run(&wanted(Resolution::Day1, "10 D")).await;
            let counted = (report.new, report.rejected, report.missing, report.requests);
            assert_eq!(counted, (10, 0, 0, 2), "{name}: {report:?}");
            assert_eq!((report.state, report.code()), (FetchState::Done, None), "{name}");
            desk.is_right(Resolution::Day1, "10 D").await;
        }
    });
}

#[test]
fn order_repetition_and_strays_are_put_right_without_asking_again() {
    let faults: [(Fault, [u64; 3]); 4] = [
        (Fault::Bars(|bars| bars.reverse()), [0, 0, 1]),
        (Fault::Bars(|bars| bars.extend_from_within(2..5)), [3, 0, 1]),
        (Fault::Bars(|bars| bars.swap(1, 7)), [0, 0, 1]),
        (
            Fault::Bars(|bars| {
                let far = SourceBar { ts: at("2001-01-02T00:00:00Z"), ..bars[0] };
                bars.insert(0, far);
            }),
            [0, 1, 0],
        ),
    ];
    block_on(async {
        for (fault, [repeated, outside, unordered]) in faults {
            let desk = Desk::new(FRIDAY).await;
            desk.broker.faults([fault]);
            let report = desk.run(&wanted(Resolution::Day1, "10 D")).await;
            let counted = [report.duplicates, report.outside, report.unordered];
            assert_eq!(counted, [repeated, outside, unordered], "{report:?}");
            assert_eq!((report.new, report.requests, report.state), (10, 1, FetchState::Done));
            desk.is_right(Resolution::Day1, "10 D").await;
        }
    });
}

#[test]
fn a_bar_that_stays_impossible_is_listed_and_asked_for_again_by_the_next_run() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Day1, "10 D");
        desk.broker.faults(vec![spoil!(4, |bar| bar.close = f64::NAN); 2]);
        let report = desk.run(&daily).await;
        assert_eq!((report.new, report.rejected, report.missing), (9, 1, 1), "{report:?}");
        assert_eq!(report.code(), Some(Code::Partial));
        assert_eq!(report.rejects[0].reason, "a price is not a finite number");
        assert!(report.rejects[0].raw.starts_with("2024-06-10T00:00:00Z,"), "{report:?}");
        let info = desk.store.series("AAPL", Resolution::Day1).await.unwrap().unwrap();
        assert_eq!(desk.store.rejects(info.id).await.unwrap().len(), 1);
        let shown = status(&*desk.store, info, at(FRIDAY)).await.unwrap();
        assert_eq!((shown.missing, shown.confirmed_missing, shown.rejected), (1, 0, 1));
        assert_eq!(desk.run(&FetchRequest { strict: true, ..daily.clone() }).await.new, 1);
        desk.is_right(Resolution::Day1, "10 D").await;
    });
}

#[test]
fn strict_takes_nothing_of_an_answer_with_an_impossible_bar() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        desk.broker.faults(vec![spoil!(4, |bar| bar.close = f64::NAN); 2]);
        let strict = FetchRequest { strict: true, ..wanted(Resolution::Day1, "10 D") };
        let report = desk.run(&strict).await;
        assert_eq!(report.code(), Some(Code::Data), "{report:?}");
        assert!(desk.rows(Resolution::Day1).await.is_empty());
    });
}

#[test]
fn nothing_valid_is_an_error_and_never_an_empty_success() {
    let cases = [
        (Fault::Bars(Vec::clear), "has no bars of the period"),
        (
            Fault::Bars(|bars| bars.iter_mut().for_each(|bar| bar.open = f64::NAN)),
            "10 bars were rejected: a price is not a finite number",
        ),
        (
            Fault::Bars(|bars| {
                bars.iter_mut().for_each(|bar| bar.ts -= 3_640 * 86_400_000_000_000);
            }),
            "10 bars came from outside of it",
        ),
    ];
    block_on(async {
        for (fault, words) in cases {
            let desk = Desk::new(FRIDAY).await;
            desk.broker.faults([fault.clone(), fault]);
            let report = desk.run(&wanted(Resolution::Day1, "10 D")).await;
            assert_eq!(report.code(), Some(Code::Data), "{report:?}");
            assert!(report.error.as_ref().unwrap().message.contains(words), "{report:?}");
            assert!(desk.rows(Resolution::Day1).await.is_empty());
        }
    });
}
