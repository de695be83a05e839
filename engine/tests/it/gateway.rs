//! Connecting to a gateway, and to everything else that may listen at its port.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use algo_trader::{
    error::{Code, Failure},
    gateway::{self, GatewayError, Limits, Scope, Settings},
};

use crate::support::{
    block_on,
    door::{Door, Step, accounts, error, frame, greeting, next_valid_id, welcome},
};

/// Patience that fits a test.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        dial: Duration::from_secs(1),
        handshake: Duration::from_millis(400),
        progress: Duration::from_millis(400),
        heartbeat: Duration::from_millis(300),
        heartbeat_answer: Duration::from_millis(400),
        backoff_first: Duration::from_millis(20),
        backoff_most: Duration::from_millis(100),
        pacing_pause: Duration::from_millis(100),
    }
}

fn settings(addresses: &[SocketAddr]) -> Settings {
    Settings {
        addresses: addresses.iter().map(ToString::to_string).collect(),
        client_ids: ids(),
        max_wait: Duration::from_secs(3),
        limits: limits(),
        ..Settings::default()
    }
}

fn ids() -> RangeInclusive<i32> {
    7..=9
}

/// A port of this machine where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// What comes of asking for the time where connections play this part.
fn refusal(part: Vec<Step>) -> (GatewayError, String) {
    block_on(async {
        let door = Door::open(vec![part]).await;
        let gateway = gateway::open(settings(&[door.address]));
        let refused = gateway.now().await.unwrap_err();
        (refused, door.address.to_string())
    })
}

#[test]
fn nobody_listening_is_said_soon_with_every_address() {
    block_on(async {
        let (one, other) = (nobody().await, nobody().await);
        let usual = Settings { limits: Limits::default(), ..settings(&[one, other]) };
        let began = Instant::now();
        let refused = gateway::open(usual).now().await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let shown = refused.to_string();
        assert_eq!(
            shown,
            format!("cannot reach a gateway at {one} or {other}: connection refused")
        );
        assert_eq!(refused.scope(), Scope::Gateway);
        let failure = Failure::from(refused);
        assert_eq!(failure.code, Code::Gateway);
        assert!(failure.help.unwrap().contains("7497 paper"));
    });
}

#[test]
fn a_listener_that_stays_silent_is_named_with_the_place_where_it_stopped() {
    let silences = [
        (vec![Step::Hold], "from the first byte"),
        (vec![Step::Say(vec![0, 0]), Step::Hold], "in the middle of its first message"),
        (vec![Step::Hear, Step::Say(greeting(225)), Step::Hold], "after saying its version"),
        (
            vec![Step::Say([greeting(225), accounts("DU1")].concat()), Step::Hold],
            "after saying its version",
        ),
    ];
    for (part, wanted) in silences {
        let (refused, address) = refusal(part.clone());
        let silent = GatewayError::Silent { address, stage: wanted };
        assert_eq!(refused, silent, "{part:?}");
    }
}

#[test]
fn a_listener_that_breaks_off_is_named_with_the_place_where_it_did() {
    let breaks = [
        (vec![Step::Hear], "before saying its version", "it closed the connection"),
        (vec![Step::Hear, Step::Reset], "before saying its version", "connection reset"),
        (
            vec![Step::Hear, Step::Say(greeting(225)), Step::Hear],
            "after saying its version",
            "it closed the connection",
        ),
        (
            vec![Step::Hear, Step::Say(greeting(225)), Step::Hear, Step::Reset],
            "after saying its version",
            "connection reset",
        ),
    ];
    for (part, wanted, why) in breaks {
        let (refused, address) = refusal(part.clone());
        let reason = why.to_owned();
        let turned_away = GatewayError::TurnedAway { address, stage: wanted, reason };
        assert_eq!(refused, turned_away, "{part:?}");
    }
}

#[test]
fn a_version_before_protobuf_is_too_old() {
    let (refused, address) = refusal(vec![Step::Hear, Step::Say(greeting(176)), Step::Hold]);
    let found = "server version 176".to_owned();
    assert_eq!(refused, GatewayError::TooOld { address, found });
}

#[test]
fn other_protocols_and_garbage_are_named() {
    let strangers = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "it speaks HTTP"),
        (vec![0x15, 3, 1, 0, 2, 2, 40], "it speaks TLS"),
        (b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), "it speaks SSH"),
        (vec![0xff; 16], "it begins with \"\\xff\\xff\\xff"),
        (vec![0; 16], "it begins with \"\\x00\\x00\\x00\\x00"),
        (b"\0\0\0\x05hello".to_vec(), "it begins with \"hello\""),
        ([greeting(225), vec![0x7f, 0, 0, 0]].concat(), "a frame of 2130706432 bytes"),
        ([greeting(225), vec![0, 0, 0, 0]].concat(), "a frame of 0 bytes"),
    ];
    for (bytes, wanted) in strangers {
        let (refused, _) = refusal(vec![Step::Hear, Step::Say(bytes), Step::Hold]);
        assert!(matches!(refused, GatewayError::NotAGateway { .. }), "{refused:?}");
        assert!(refused.to_string().contains(wanted), "{refused}");
    }
}

#[test]
fn a_client_id_in_use_leads_to_the_next_and_a_used_up_range_is_said() {
    let taken = vec![
        Step::Hear,
        Step::Say(greeting(225)),
        Step::Hear,
        Step::Say(error(326, "Unable to connect as the client id is already in use.")),
    ];
    block_on(async {
        let door = Door::open(vec![taken.clone(), welcome(1_795_185_000)]).await;
        let gateway = gateway::open(settings(&[door.address]));
        gateway.now().await.unwrap();
        assert_eq!(door.met(), 2);
        gateway.close().await;
    });
    block_on(async {
        let door = Door::open(vec![taken]).await;
        let refused = gateway::open(settings(&[door.address])).now().await.unwrap_err();
        let address = door.address.to_string();
        assert_eq!(refused, GatewayError::ClientIds { address, first: 7, last: 9 });
        assert_eq!(door.met(), 3);
    });
}

#[test]
fn the_second_address_serves_when_nobody_listens_at_the_first() {
    block_on(async {
        let door = Door::open(vec![welcome(1_795_185_000)]).await;
        let gateway = gateway::open(settings(&[nobody().await, door.address]));
        gateway.now().await.unwrap();
        gateway.close().await;
    });
}

#[test]
fn the_clock_is_the_gateways_and_moves_on() {
    block_on(async {
        let door = Door::open(vec![welcome(1_795_185_000)]).await;
        let gateway = gateway::open(settings(&[door.address]));
        let first = gateway.now().await.unwrap();
        let since = first - 1_795_185_000_000_000_000;
        assert!((0..2_000_000_000).contains(&since), "{since}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(gateway.now().await.unwrap() > first);
        gateway.close().await;
    });
}

#[test]
fn a_slow_handshake_is_waited_for_as_long_as_it_fits_the_limit() {
    let slowly = Duration::from_millis(2);
    let whole = [greeting(225), accounts("DU1"), next_valid_id()].concat();
    block_on(async {
        let part = vec![Step::Drip(whole, slowly), Step::TellTime(1_795_185_000)];
        let door = Door::open(vec![part]).await;
        let gateway = gateway::open(settings(&[door.address]));
        gateway.now().await.unwrap();
        gateway.close().await;
    });
}

#[test]
fn messages_nobody_knows_are_skipped() {
    let strange = [frame(4999, b"\x08\x01"), frame(3, b"text\0"), frame(231, &[0xff; 40])].concat();
    let mut part = welcome(1_795_185_000);
    part.insert(4, Step::Say(strange));
    block_on(async {
        let door = Door::open(vec![part]).await;
        let gateway = gateway::open(settings(&[door.address]));
        gateway.now().await.unwrap();
        assert_eq!(door.met(), 1);
        gateway.close().await;
    });
}

#[test]
fn a_gateway_that_stops_answering_is_found_by_the_heartbeat_and_connected_again() {
    let mut once = welcome(1_795_185_000);
    once.truncate(4);
    once.push(Step::Hold);
    block_on(async {
        let door = Door::open(vec![once, welcome(1_795_185_000)]).await;
        let gateway = gateway::open(Settings {
            limits: Limits { heartbeat_answer: Duration::from_millis(200), ..limits() },
            ..settings(&[door.address])
        });
        let waited = tokio::time::timeout(Duration::from_secs(3), async {
            while gateway.now().await.is_err() {}
        });
        waited.await.unwrap();
        assert_eq!(door.met(), 2);
        gateway.close().await;
    });
}
