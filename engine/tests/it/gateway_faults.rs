//! Every fault of a gateway as the port meets it: made by the simulated gateway, over real TCP.

use std::time::{Duration, Instant};

use algo_trader::{
    error::{Code, Failure},
    gateway::{Answer, Contract, GatewayError, Hours, Scope, What},
};

use crate::support::{
    block_on,
    trial::{Trial, request},
};

/// What comes of asking for bars with these faults.
fn asked_with(faults: &[&str]) -> Result<Answer, GatewayError> {
    block_on(async {
        let trial = Trial::new(faults).await;
        let answer = trial.bars().await;
        trial.end().await;
        answer
    })
}

/// The same bars as without a fault must come, by this many attempts and connections.
#[track_caller]
fn same_bars(faults: &[&str], attempts: u32, connections: u64) {
    block_on(async {
        let truth = Trial::new(&[]).await;
        let trial = Trial::new(faults).await;
        let answer = trial.bars().await.unwrap_or_else(|error| panic!("{faults:?}: {error}"));
        assert_eq!(answer.bars, truth.bars().await.unwrap().bars, "{faults:?}");
        assert_eq!(answer.attempts, attempts, "{faults:?}");
        assert_eq!(trial.simulated.connections(), connections, "{faults:?}");
        truth.end().await;
        trial.end().await;
    });
}

#[track_caller]
fn refused(faults: &[&str]) -> GatewayError {
    match asked_with(faults) {
        Err(error) => error,
        Ok(answer) => panic!("{faults:?}: {} bars came", answer.bars.len()),
    }
}

#[test]
fn a_complaint_about_pace_is_waited_out_and_in_the_end_said() {
    same_bars(&["error=pacing"], 2, 1);
    same_bars(&["error=pacing,times=3"], 4, 1);
    same_bars(&["error=322"], 2, 1);
    same_bars(&["error=100"], 2, 1);
    let always = refused(&["error=pacing,times=always"]);
    assert!(matches!(always, GatewayError::Pacing { code: 162, attempts: 6, .. }), "{always}");
    assert_eq!(always.scope(), Scope::Request);
}

#[test]
fn a_complaint_pauses_everybody_and_nobody_is_lost() {
    block_on(async {
        let trial = Trial::new(&["error=pacing,p=0.4"]).await;
        let symbols: Vec<String> = (0..12).map(|n| format!("SYM{n}")).collect();
        for symbol in &symbols {
            let bars = trial.gateway.bars(&request(symbol)).await.unwrap().bars;
            assert_eq!(bars.len(), 20, "{symbol}");
        }
        trial.end().await;
    });
}

#[test]
fn a_text_in_another_language_is_asked_once_more_and_then_shown() {
    same_bars(&["error=localized"], 2, 1);
    same_bars(&["error=unknown-text"], 2, 1);
    let shown = refused(&["error=unknown-text,times=always"]);
    assert!(matches!(shown, GatewayError::Refused { code: 162, .. }), "{shown}");
    assert!(shown.to_string().contains("Der Dienst ist zur Zeit nicht bereit"), "{shown}");
}

#[test]
fn no_data_is_an_empty_answer() {
    let answer = asked_with(&["error=no-data"]).unwrap();
    assert_eq!(answer, Answer { bars: Vec::new(), attempts: 1 });
    block_on(async {
        let text = "error=162:Historical Market Data Service error message:No head time stamp";
        let trial = Trial::new(&[&format!("{text},for=head")]).await;
        let contract = Contract::us_stock("AAPL");
        let head = trial.gateway.head(&contract, What::Trades, Hours::Regular).await;
        assert_eq!(head, Ok(None));
        trial.end().await;
    });
}

#[test]
fn what_may_pass_is_asked_again() {
    for fault in ["error=cancelled", "error=366", "error=165:HMDS query failed", "error=10197"] {
        same_bars(&[fault], 2, 1);
    }
}

#[test]
fn missing_permissions_and_wrong_requests_are_final_at_once() {
    for fault in ["error=no-permission", "error=354", "error=420", "error=10187"] {
        let error = refused(&[&format!("{fault},times=always")]);
        assert!(matches!(error, GatewayError::NoPermission { .. }), "{fault}: {error}");
        assert_eq!(error.scope(), Scope::Request, "{fault}");
    }
    for fault in ["error=321", "error=10314"] {
        let error = refused(&[&format!("{fault},times=always")]);
        assert!(matches!(error, GatewayError::Refused { .. }), "{fault}: {error}");
        assert_eq!(Failure::from(error).code, Code::Gateway);
    }
}

#[test]
fn a_competing_session_ends_the_work_when_it_stays() {
    let error = refused(&["error=10197,times=always"]);
    assert!(matches!(error, GatewayError::CompetingSession { .. }), "{error}");
    assert_eq!(error.scope(), Scope::Gateway);
}

#[test]
fn an_unknown_symbol_is_one_only_while_every_farm_is_there() {
    let unknown = refused(&["error=200"]);
    assert!(matches!(unknown, GatewayError::UnknownSymbol { .. }), "{unknown}");
    assert_eq!(Failure::from(unknown).code, Code::Data);
    same_bars(&["farms-broken=0.3", "error=200"], 2, 1);
    let away = refused(&["farms-broken=60", "error=200,times=always"]);
    let GatewayError::FarmAway { farms, .. } = &away else { panic!("{away}") };
    assert_eq!(farms, "usfarm, ushmds");
}

#[test]
fn an_unknown_symbol_does_not_keep_the_others_back() {
    block_on(async {
        let trial = Trial::new(&["error=200,symbol=NONE,times=always"]).await;
        assert!(trial.gateway.bars(&request("NONE")).await.is_err());
        assert_eq!(trial.bars().await.unwrap().bars.len(), 20);
        trial.end().await;
    });
}

#[test]
fn a_connection_that_ends_within_an_answer_is_made_again_and_the_answer_fetched_again() {
    for fault in ["drop-after=7", "reset-after=7", "drop-after=0", "zero-frame", "huge-frame"] {
        same_bars(&[fault], 2, 2);
    }
    same_bars(&["drop-after=7,times=2"], 3, 3);
    for fault in ["port-reset", "error=504", "error=502"] {
        same_bars(&[fault], 2, 2);
    }
}

#[test]
fn a_connection_that_always_ends_at_one_request_is_not_made_for_ever() {
    let error = refused(&["drop-after=3,times=always"]);
    assert!(matches!(error, GatewayError::BreaksOff { attempts: 5, .. }), "{error}");
    assert!(error.to_string().contains("AAPL"), "{error}");
    assert_eq!(error.scope(), Scope::Gateway);
}

#[test]
fn a_slow_answer_is_waited_for_as_long_as_bytes_come() {
    block_on(async {
        let trial = Trial::new(&["drip=2"]).await;
        let began = Instant::now();
        let answer = trial.bars().await.unwrap();
        assert_eq!((answer.bars.len(), answer.attempts), (20, 1));
        let took = began.elapsed();
        assert!(took > Duration::from_millis(1200), "twice the limit without a byte: {took:?}");
        trial.end().await;
    });
    same_bars(&["delay=0.3"], 1, 1);
}

#[test]
fn an_answer_that_does_not_come_or_does_not_end_is_asked_for_again() {
    for fault in ["no-answer", "no-end", "wrong-id", "garbage"] {
        same_bars(&[fault], 2, 1);
    }
    let never = refused(&["no-answer,times=always"]);
    assert!(matches!(never, GatewayError::NoProgress { attempts: 3, .. }), "{never}");
    assert_eq!(never.scope(), Scope::Request);
}

#[test]
fn a_stalled_answer_does_not_keep_the_others_back() {
    block_on(async {
        let trial = Trial::new(&["no-answer,symbol=SLOW,times=always"]).await;
        let (stalled, answer) =
            crate::support::both(async { trial.gateway.bars(&request("SLOW")).await }, async {
                let began = Instant::now();
                let answer = trial.bars().await.unwrap();
                (answer.attempts, began.elapsed())
            })
            .await;
        assert!(stalled.is_err());
        assert_eq!(answer.0, 1);
        assert!(answer.1 < Duration::from_millis(600), "{:?}", answer.1);
        trial.end().await;
    });
}

#[test]
fn a_connection_on_which_nothing_comes_any_more_is_found_and_made_again() {
    for fault in ["half-open", "truncated"] {
        block_on(async {
            let trial = Trial::new(&[fault]).await;
            assert_eq!(trial.bars().await.unwrap().bars.len(), 20, "{fault}");
            assert_eq!(trial.simulated.connections(), 2, "{fault}");
            trial.end().await;
        });
    }
}

#[test]
fn what_was_asked_is_answered_when_the_broker_comes_back_and_has_kept_it() {
    same_bars(&["lost=1.5"], 1, 1);
}

#[test]
fn everything_pending_is_asked_again_when_the_broker_comes_back_and_has_lost_it() {
    same_bars(&["lost-data=0.3"], 2, 1);
    block_on(async {
        let trial = Trial::new(&["delay=0.2,symbol=ONE", "lost-data=0.5,symbol=TWO"]).await;
        let (one, two) = crate::support::both(
            async { trial.gateway.bars(&request("ONE")).await.unwrap() },
            async { trial.gateway.bars(&request("TWO")).await.unwrap() },
        )
        .await;
        assert_eq!((one.bars.len(), two.bars.len()), (20, 20));
        assert_eq!((one.attempts, two.attempts), (2, 2));
        trial.end().await;
    });
}

#[test]
fn a_broker_that_stays_away_is_said_after_the_longest_wait() {
    block_on(async {
        let trial = Trial::waiting(&["lost=60"], Duration::from_millis(700)).await;
        let error = trial.bars().await.unwrap_err();
        assert!(matches!(error, GatewayError::Lost { .. }), "{error}");
        assert!(error.to_string().contains("1100"), "{error}");
        trial.gateway.close().await;
    });
}

#[test]
fn a_restart_is_waited_out_up_to_the_longest_wait() {
    same_bars(&["down=0.8"], 2, 2);
    block_on(async {
        let trial = Trial::waiting(&["down=60"], Duration::from_millis(700)).await;
        let error = trial.bars().await.unwrap_err();
        let GatewayError::Lost { address, reason, .. } = &error else { panic!("{error}") };
        assert_eq!(*address, trial.simulated.address().to_string());
        assert!(reason.contains("connection refused"), "{reason}");
        let next = trial.gateway.bars(&request("MSFT")).await.unwrap_err().error;
        assert_eq!(next, error, "the next does not wait again");
        trial.gateway.close().await;
    });
}

#[test]
fn foreign_answers_and_unknown_messages_in_between_change_nothing() {
    for fault in ["interleaved", "unknown-message", "notice=10167:delayed", "notice=2174:zone"] {
        same_bars(&[fault], 1, 1);
    }
}

#[test]
fn a_bar_that_cannot_be_read_is_asked_for_again_and_then_shown() {
    same_bars(&["bad-date"], 2, 1);
    let garbled = refused(&["bad-date,times=always"]);
    assert!(matches!(garbled, GatewayError::Garbled { .. }), "{garbled}");
}

#[test]
fn impossible_bars_are_given_on_as_they_came() {
    let with = |fault| asked_with(&[fault]).unwrap().bars;
    assert!(with("nan=3")[2].close.is_nan());
    assert_eq!(with("zero=3")[2].low, 0.0);
    assert!(with("negative=3")[2].low < 0.0);
    let crossed = with("high-below-low=3")[2];
    assert!(crossed.high < crossed.low);
    assert_eq!(with("missing-field=3")[2].open, 0.0);
    assert_eq!(with("duplicate-same").len(), 21);
    let reversed = with("reversed");
    assert!(reversed.is_sorted_by(|one, next| one.ts > next.ts));
}

#[test]
fn an_answer_larger_than_the_protocol_allows_is_refused_and_the_connection_serves_on() {
    block_on(async {
        let trial = Trial::new(&["many=1000000,symbol=HUGE,times=always"]).await;
        let error = trial.gateway.bars(&request("HUGE")).await.unwrap_err().error;
        assert!(matches!(error, GatewayError::TooLarge { .. }), "{error}");
        assert!(error.to_string().contains("16 MiB"), "{error}");
        assert_eq!(trial.bars().await.unwrap().bars.len(), 20);
        trial.end().await;
    });
}

#[test]
fn an_answer_that_is_announced_as_too_large_ends_the_connection_and_is_said_the_second_time() {
    same_bars(&["too-long=10"], 2, 2);
    same_bars(&["too-long=20,times=always"], 1, 1);
    let error = refused(&["too-long=10,times=always"]);
    assert!(matches!(error, GatewayError::TooLarge { .. }), "{error}");
    assert_eq!(error.scope(), Scope::Request);
}

#[test]
fn the_opening_of_a_connection_may_fail_once_and_is_tried_again() {
    for fault in ["drop=accept", "drop=version", "drop=start", "reset=version", "client-id-in-use"]
    {
        same_bars(&[fault], 1, 2);
    }
}

#[test]
fn the_opening_of_a_connection_that_always_fails_is_named() {
    type Named = fn(&GatewayError) -> bool;
    let silent: Named = |error| matches!(error, GatewayError::Silent { .. });
    let away: Named = |error| matches!(error, GatewayError::TurnedAway { .. });
    let stranger: Named = |error| matches!(error, GatewayError::NotAGateway { .. });
    let cases: [(&str, Named); 15] = [
        ("refuse=60", |error| matches!(error, GatewayError::Unreachable { .. })),
        ("silent=accept", silent),
        ("silent=version", silent),
        ("silent=ids", silent),
        ("drop=accept", away),
        ("drop=version", away),
        ("drop=start", away),
        ("reset=accept", away),
        ("reset=version", away),
        ("old-version=176", |error| matches!(error, GatewayError::TooOld { .. })),
        ("http", stranger),
        ("tls", stranger),
        ("zero-frame,for=connect", stranger),
        ("huge-frame,for=connect", stranger),
        ("client-id-in-use", |error| matches!(error, GatewayError::ClientIds { .. })),
    ];
    for (fault, is_named) in cases {
        let error = refused(&[&format!("{fault},times=always")]);
        assert!(is_named(&error), "{fault}: {error}");
        assert_eq!(error.scope(), Scope::Gateway, "{fault}");
        let failure = Failure::from(error);
        assert!(failure.code == Code::Gateway && failure.help.is_some(), "{fault}");
    }
}
