//! Fetching from a broker in memory: what is asked for, what is kept, and what is found out about it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use algo_trader::{
    error::Code,
    gateway::{GatewayError, SourceBar, What},
    ingest::{
        fetch::{FetchRequest, FetchState, Fetcher, NoWatch, Wanted, Watch, status},
        sample,
    },
};
use engine_core::calendar::{date_of, utc_day};
use jiff::civil::date;
use strategy_api::Resolution;

use crate::support::{
    block_on, both,
    broker::Fault,
    desk::{Desk, FRIDAY, wanted},
    ingest::at,
};

#[test]
fn five_days_are_one_request_and_the_second_run_asks_only_for_the_tail() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Day1, "5 D");
        let report = desk.run(&daily).await;
        assert_eq!(
            (report.state, report.new, report.missing),
            (FetchState::Done, 5, 0),
            "{report:?}"
        );
        assert_eq!(desk.broker.asked(), ["5 D until now"]);
        let report = desk.run(&daily).await;
        assert_eq!((report.new, report.same, report.changed), (0, 5, 0));
        assert_eq!(desk.broker.asked().len(), 1);
        desk.is_right(Resolution::Day1, "5 D").await;
    });
}

#[test]
fn years_of_hours_are_cut_into_chunks_and_extended_backwards() {
    block_on(async {
        let desk = Desk::new("2024-06-14T15:20:00Z").await;
        let report = desk.run(&wanted(Resolution::Hour1, "7 D")).await;
        assert_eq!((report.new, report.partial, report.missing), (6 * 7 + 3, 1, 0), "{report:?}");
        desk.broker.asked();
        let report = desk.run(&wanted(Resolution::Hour1, "2 Y")).await;
        assert_eq!(
            (report.state, report.missing, report.changed),
            (FetchState::Done, 0, 0),
            "{report:?}"
        );
        assert!(desk.broker.asked().len() > 3);
        desk.is_right(Resolution::Hour1, "2 Y").await;
        desk.broker.asked();
        desk.broker.set_now(at(FRIDAY));
        let report = desk.run(&wanted(Resolution::Hour1, "2 Y")).await;
        assert_eq!((report.new, report.changed), (4, 1), "the partial bar is replaced: {report:?}");
        assert_eq!(desk.broker.asked(), ["2 D until now"]);
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

#[test]
fn a_partial_bar_is_never_final_and_gives_way_to_the_final_one() {
    block_on(async {
        let desk = Desk::new("2024-06-14T18:00:00Z").await;
        let daily = wanted(Resolution::Day1, "60 D");
        assert_eq!(desk.run(&daily).await.partial, 1);
        let rows = desk.rows(Resolution::Day1).await;
        let last = rows.last().unwrap();
        assert_eq!((last.is_final, last.ma20, last.ath), (false, None, None));
        desk.broker.set_now(at("2024-06-14T19:00:00Z"));
        assert_eq!(desk.run(&daily).await.changed, 1);
        desk.broker.set_now(at(FRIDAY));
        assert_eq!(desk.run(&daily).await.changed, 1);
        assert!(desk.revisions(Resolution::Day1).await.is_empty(), "that is no revision");
        desk.is_right(Resolution::Day1, "60 D").await;
    });
}

#[test]
fn a_split_between_two_runs_restates_the_whole_series_at_once() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Day1, "2 Y");
        let before = desk.run(&daily).await;
        desk.broker.split(at("2024-06-17T00:00:00Z"), 0.25);
        desk.broker.set_now(at("2024-06-18T21:00:00Z"));
        let report = desk.run(&wanted(Resolution::Day1, "5 D")).await;
        assert_eq!((report.new, report.changed, report.same), (2, before.new, 0), "{report:?}");
        assert_eq!((report.state, report.epoch), (FetchState::Done, 1));
        assert!(report.notes[0].contains("by the factor 0.250000"), "{report:?}");
        let revisions = desk.revisions(Resolution::Day1).await;
        assert_eq!((revisions[0].kind.as_str(), revisions[0].factor), ("restated", Some(0.25)));
        desk.is_right_from(Resolution::Day1, date(2022, 6, 15)).await;
    });
}

#[test]
fn a_split_between_two_chunks_of_one_run_is_found_at_their_seam() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Hour1, "2 Y");
        let halves: fn(&mut Vec<SourceBar>) = |bars| {
            for bar in bars {
                for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                    *price = (*price * 200.0).round() / 100.0;
                }
            }
        };
        // The first two answers still come in the old prices.
        desk.broker.faults([Fault::Bars(halves), Fault::Bars(halves)]);
        let report = desk.run(&daily).await;
        assert_eq!((report.state, report.epoch), (FetchState::Done, 1), "{report:?}");
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

/// The bars up to the fourth from the end in other prices.
macro_rules! older_times {
    ($factor:expr) => {
        Fault::Bars(|bars: &mut Vec<SourceBar>| {
            let newer = bars.len().saturating_sub(3);
            for bar in &mut bars[..newer] {
                for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                    *price = (*price * $factor * 100.0).round() / 100.0;
                }
            }
        })
    };
}

#[test]
fn a_restatement_that_came_late_leaves_no_mixed_series() {
    for late in [older_times!(4.0), older_times!(1.02)] {
        block_on(async {
            let desk = Desk::new(FRIDAY).await;
            // The newest three bars came in the new prices already, the others did not.
            desk.broker.faults([late]);
            desk.run(&wanted(Resolution::Day1, "1 Y")).await;
            let report = desk.run(&wanted(Resolution::Day1, "5 D")).await;
            assert_eq!((report.state, report.epoch), (FetchState::Done, 1), "{report:?}");
            assert!(report.notes[0].contains("restated"), "{report:?}");
            desk.is_right(Resolution::Day1, "1 Y").await;
        });
    }
}

#[test]
fn a_correction_of_the_oldest_bar_that_is_compared_is_not_taken_for_a_restatement() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        desk.broker.faults([Fault::Bars(|bars| {
            let at = bars.len() - 7;
            bars[at].close += 0.01;
            bars[at].high += 0.02;
        })]);
        desk.run(&wanted(Resolution::Day1, "1 Y")).await;
        let report = desk.run(&wanted(Resolution::Day1, "5 D")).await;
        assert_eq!((report.changed, report.same), (1, 6), "{report:?}");
        assert_eq!(desk.revisions(Resolution::Day1).await[0].kind, "revised");
        desk.is_right(Resolution::Day1, "1 Y").await;
    });
}

#[test]
fn a_bar_that_a_later_answer_brings_is_not_counted_as_missing() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        desk.broker.faults([Fault::Bars(|bars| {
            bars.remove(0);
        })]);
        let report = desk.run(&wanted(Resolution::Hour1, "2 Y")).await;
        assert_eq!((report.state, report.missing), (FetchState::Done, 0), "{report:?}");
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

#[test]
fn a_corrected_bar_is_taken_over_and_is_on_record() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Day1, "1 Y");
        desk.broker.faults([Fault::Bars(|bars| {
            bars.iter_mut().rev().skip(2).take(1).for_each(|bar| bar.volume += 7.0);
        })]);
        desk.run(&daily).await;
        let report = desk.run(&daily).await;
        assert_eq!((report.changed, report.same, report.epoch), (1, 6, 1), "{report:?}");
        let revisions = desk.revisions(Resolution::Day1).await;
        assert_eq!(revisions[0].kind, "revised");
        assert_eq!(revisions[0].detail, "1 bars from 2024-06-12 to 2024-06-12");
        desk.is_right(Resolution::Day1, "1 Y").await;
    });
}

#[test]
fn bars_that_a_run_missed_are_brought_by_a_repair_or_confirmed_missing() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let hourly = wanted(Resolution::Hour1, "30 D");
        let lose: fn(&mut Vec<SourceBar>) = |bars| bars.retain(|bar| bar.ts % 11 != 0);
        desk.broker.faults([Fault::Bars(lose)]);
        let report = desk.run(&hourly).await;
        assert!(report.missing > 0, "{report:?}");
        let repair = FetchRequest { wanted: Wanted::Missing, ..hourly.clone() };
        let shown = async || {
            let info = desk.store.series("AAPL", Resolution::Hour1).await.unwrap().unwrap();
            let shown = status(&*desk.store, info, at(FRIDAY)).await.unwrap();
            (shown.missing, shown.confirmed_missing, shown.is_current)
        };
        assert_eq!(shown().await, (report.missing, 0, true));
        desk.broker.faults(vec![Fault::Bars(lose); 20]);
        desk.run(&repair).await;
        assert_eq!(shown().await, (0, report.missing, true));
        desk.broker.behave();
        desk.broker.asked();
        desk.run(&repair).await;
        assert_eq!(
            desk.broker.asked(),
            [] as [&str; 0],
            "what is confirmed is not asked for again"
        );
        desk.run(&FetchRequest { replace: true, ..hourly }).await;
        desk.is_right(Resolution::Hour1, "30 D").await;
    });
}

#[test]
fn the_sample_gives_way_and_bars_of_another_source_do_not() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        sample::load_if_held(&*desk.store, "AAPL", Resolution::Day1, at(FRIDAY)).await.unwrap();
        let daily = wanted(Resolution::Day1, "1 Y");
        let report = desk.run(&daily).await;
        assert!(
            report.notes[0].starts_with("the bundled sample (3175 bars) was replaced"),
            "{report:?}"
        );
        desk.is_right(Resolution::Day1, "1 Y").await;
        let bids = FetchRequest { what: What::Bid, ..daily };
        let report = desk.run(&bids).await;
        assert_eq!(report.code(), Some(Code::Data));
        let error = report.error.unwrap();
        assert!(error.message.contains("it is 'ibkr trades rth', and 'ibkr bid rth'"), "{error:?}");
        assert!(error.help.unwrap().contains("--replace"));
        let report = desk.run(&FetchRequest { replace: true, ..bids }).await;
        assert_eq!((report.state, report.bars_held), (FetchState::Done, 252), "{report:?}");
    });
}

#[test]
fn an_error_half_way_keeps_what_came_and_the_next_run_asks_for_the_rest() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let hourly = wanted(Resolution::Hour1, "2 Y");
        let (what, reason) = ("bars".to_owned(), "cut off".to_owned());
        let error = GatewayError::Garbled { what, reason };
        desk.broker.faults([Fault::None, Fault::None, Fault::Error(error)]);
        let report = desk.run(&hourly).await;
        assert_eq!(report.code(), Some(Code::Gateway), "{report:?}");
        assert_eq!(report.bars_held, 236 * 7 - 3, "one half day");
        assert_eq!(report.requests, 3, "the one in vain counts too");
        desk.broker.asked();
        desk.run(&hourly).await;
        let asked = desk.broker.asked();
        assert_eq!(asked[0], "1 D until now", "the tail is compared first");
        assert_eq!(asked.len(), 1 + 3);
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

#[test]
fn an_unknown_symbol_does_not_keep_the_others_from_coming_but_a_lost_gateway_does() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let of = |symbol: &str| {
            let span = Wanted::Span("5 D".parse().unwrap());
            FetchRequest::new(symbol, Resolution::Day1, span)
        };
        assert_eq!(desk.run(&of("NONE")).await.code(), Some(Code::Data));
        assert_eq!(desk.run(&of("AAPL")).await.code(), None);
        let (address, reason) = ("127.0.0.1:4002".to_owned(), "gone".to_owned());
        let lost = GatewayError::Lost { address, waited_s: 120, reason };
        desk.broker.faults([Fault::Error(lost)]);
        assert_eq!(desk.run(&of("MSFT")).await.code(), Some(Code::Gateway));
        desk.broker.asked();
        assert_eq!(desk.run(&of("TSLA")).await.code(), Some(Code::Gateway));
        assert_eq!(desk.broker.asked(), [] as [&str; 0]);
    });
}

#[test]
fn a_fetch_that_is_stopped_ends_soon_and_keeps_what_came() {
    struct StopAfter(AtomicUsize);
    impl Watch for StopAfter {
        fn answered(&self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        fn is_cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed) == 0
        }
    }
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        desk.broker.faults([Fault::None, Fault::None, Fault::Silence]);
        let hourly = wanted(Resolution::Hour1, "2 Y");
        let report = desk.fetcher.symbol(&hourly, &StopAfter(AtomicUsize::new(2))).await;
        assert_eq!((report.state, report.code()), (FetchState::Stopped, None), "{report:?}");
        assert!(report.bars_held > 800);
        desk.broker.behave();
        desk.run(&hourly).await;
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

#[test]
fn two_fetches_of_one_symbol_at_once_leave_one_copy_of_each_bar() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let other = Fetcher::new(Arc::clone(&desk.store), desk.broker.clone());
        let hourly = wanted(Resolution::Hour1, "2 Y");
        let (a, b) = both(desk.run(&hourly), other.symbol(&hourly, &NoWatch)).await;
        assert_eq!((a.error, b.error), (None, None));
        assert_eq!(a.new + b.new, desk.rows(Resolution::Hour1).await.len() as u64);
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}

#[test]
fn weeks_months_and_seconds_are_fetched_and_brought_up_to_date_too() {
    block_on(async {
        for (resolution, span, later) in [
            (Resolution::Week1, "2 Y", "2024-07-02T15:00:00Z"),
            (Resolution::Month1, "5 Y", "2024-08-02T15:00:00Z"),
            (Resolution::Min1, "25 D", "2024-06-18T15:00:30Z"),
            (Resolution::Sec30, "2 D", "2024-06-17T15:00:10Z"),
        ] {
            let desk = Desk::new("2024-06-12T15:00:00Z").await;
            let request = wanted(resolution, span);
            assert_eq!(desk.run(&request).await.error, None, "{resolution}");
            for now in [later, FRIDAY] {
                desk.broker.set_now(at(later).max(at(now)));
                let report = desk.run(&request).await;
                assert_eq!(
                    (report.state, report.missing),
                    (FetchState::Done, 0),
                    "{resolution} {report:?}"
                );
            }
            let rows = desk.rows(resolution).await;
            let first = date_of(utc_day(rows[0].bar.ts));
            desk.is_right_from(resolution, first).await;
        }
    });
}
