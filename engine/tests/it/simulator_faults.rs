//! Every fault of the simulated gateway, seen by a client that knows only frames.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use algo_trader::simulator::{Fault, Settings};

use crate::support::simulated::{Gateway, Message, Raw, settings};

/// The answer to five daily bars under a fault, message by message until the end or an error.
fn answer(gateway: &Gateway) -> Vec<Message> {
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    until_end(&mut client)
}

fn until_end(client: &mut Raw) -> Vec<Message> {
    let mut said: Vec<Message> = Vec::new();
    while said.last().is_none_or(|it| it.number != 108 && it.number(1) != Some(5)) {
        said.push(client.read().unwrap());
        if said.last().is_some_and(|it| it.number == 17) {
            said.push(client.read().unwrap());
        }
    }
    said
}

/// Dates and prices of the bars of an answer; `None` for a field that is not there.
fn rows(said: &[Message]) -> Vec<(String, [Option<f64>; 4])> {
    let bars = said.iter().find(|it| it.number == 17 && it.number(1) == Some(5)).unwrap().bars();
    let price = |bar: &Message, field: u64| {
        let bytes = &bar.fields.iter().find(|(number, _)| *number == field)?.1;
        Some(f64::from_le_bytes(bytes.as_slice().try_into().unwrap()))
    };
    bars.iter().map(|bar| (bar.text(1), [2, 3, 4, 5].map(|field| price(bar, field)))).collect()
}

fn rows_under(fault: &str) -> Vec<(String, [Option<f64>; 4])> {
    let gateway = Gateway::with(&[fault]);
    let rows = rows(&answer(&gateway));
    assert_eq!(gateway.running().faults(), 1, "{fault}");
    rows
}

#[test]
fn an_opening_can_fail_in_every_way() {
    for stage in ["accept", "version", "start"] {
        for way in ["drop", "reset"] {
            let gateway = Gateway::with(&[&format!("{way}={stage}")]);
            let mut client = Raw::connect(gateway.running().address());
            let greeted = client.greet("v213..226");
            assert_eq!(greeted.is_empty(), stage == "accept", "{way} {stage}");
            if stage == "start" {
                client.send(271, &[]);
            }
            assert!(client.has_ended(), "{way} {stage}");
            // It happens once.
            Raw::open(gateway.running().address(), 1);
        }
    }
}

#[test]
fn a_gateway_can_fall_silent_in_the_opening() {
    let quiet = |client: &mut Raw| {
        client.0.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        client.0.read(&mut [0]).is_err()
    };
    let gateway = Gateway::with(&["silent=accept", "silent=version,at=2", "silent=ids,at=3"]);
    let address = gateway.running().address();
    let mut client = Raw(TcpStream::connect(address).unwrap());
    client.0.write_all(b"API\0\0\0\0\x09v213..226").unwrap();
    assert!(quiet(&mut client));
    let mut client = Raw::connect(address);
    assert!(client.greet("v213..226").starts_with("225"));
    client.send(271, &[]);
    assert!(quiet(&mut client));
    let (_client, said) = Raw::open(address, 2);
    assert!(said.iter().all(|it| it.number != 9));
}

#[test]
fn something_else_can_listen() {
    for (fault, bytes) in [
        ("http", b"HTTP/1.1 400 ".as_slice()),
        ("tls", &[0x15, 3, 3]),
        ("zero-frame,for=connect", &[0; 4]),
        ("huge-frame,for=connect", &[0x7f, 0xff, 0xff, 0xff]),
        ("garbage,for=connect", &[0, 0, 0, 60]),
        ("old-version=178", b"\0\0\0\x26178\0"),
    ] {
        let gateway = Gateway::with(&[fault]);
        let mut client = Raw::connect(gateway.running().address());
        client.0.write_all(b"API\0\0\0\0\x09v213..226").unwrap();
        let mut said = vec![0; bytes.len()];
        client.0.read_exact(&mut said).unwrap();
        if fault.starts_with("old") {
            // The length of the time that follows is none of this test's.
            said[3] = bytes[3];
        }
        assert_eq!(said, bytes, "{fault}");
    }
}

#[test]
fn refusals_carry_their_numbers_and_texts() {
    for (fault, code, text) in [
        ("error=pacing", 162, "pacing violation"),
        ("error=no-data", 162, "HMDS query returned no data"),
        ("error=cancelled", 162, "query cancelled"),
        ("error=no-permission", 162, "No market data permissions"),
        ("error=localized", 162, "Mensaje de error"),
        ("error=200", 200, "No security definition"),
        ("error=321", 321, "Error validating request"),
        ("error=322", 322, "Only 50 simultaneous"),
        ("error=354", 354, "not subscribed"),
        ("error=420", 420, "permissions"),
        ("error=10187", 10_187, "permissions"),
        ("error=10197", 10_197, "competing live session"),
        ("error=10314", 10_314, "End Date/Time"),
        ("error=504", 504, "Not connected"),
        ("error=502", 502, "connect to TWS"),
        ("error=162:a text, with a comma", 162, "a text, with a comma"),
    ] {
        let gateway = Gateway::with(&[fault]);
        let said = answer(&gateway);
        assert_eq!(said[0].number(3), Some(code), "{fault}");
        assert!(said[0].text(4).contains(text), "{}", said[0].text(4));
    }
}

#[test]
fn the_line_to_the_broker_can_be_lost_and_restored() {
    let codes = |faults: &[&str]| {
        let gateway = Gateway::with(faults);
        let said = answer(&gateway);
        said.iter().filter_map(|it| (it.number == 4).then(|| it.number(3))?).collect::<Vec<_>>()
    };
    assert_eq!(codes(&["lost=0.05"]), [1100, 1102]);
    assert_eq!(codes(&["farms-broken=0", "delay=0.2"]), [2103, 2105, 2104, 2106]);
    assert_eq!(codes(&["notice=2174"]), [2174]);
    let gateway = Gateway::with(&["lost-data=0.05"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    let said = [client.read().unwrap(), client.read().unwrap()];
    assert_eq!(said.map(|it| it.number(3)), [Some(1100), Some(1101)]);
    // The pending request stays without an answer; the next one has one.
    client.ask_bars(6, "AAPL", "1 day", "5 D", "");
    assert_eq!(client.read().unwrap().number(1), Some(6));
    let gateway = Gateway::with(&["port-reset"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    assert_eq!(client.read().unwrap().number(3), Some(1300));
    assert!(client.has_ended());
}

#[test]
fn an_answer_can_break_off() {
    let after = |fault: &str| {
        let gateway = Gateway::with(&[fault]);
        let (mut client, _) = Raw::open(gateway.running().address(), 1);
        client.ask_bars(5, "AAPL", "1 day", "5 D", "");
        client.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut rest = Vec::new();
        let ended = client.0.read_to_end(&mut rest);
        (rest, ended)
    };
    for fault in ["drop-after=3", "reset-after=3"] {
        let (rest, ended) = after(fault);
        let announced = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize + 4;
        let text = String::from_utf8_lossy(&rest).into_owned();
        assert!(text.contains("20261118") && !text.contains("20261119"), "{fault}");
        assert!(rest.len() < announced);
        assert_eq!(ended.is_ok(), fault.starts_with("drop"), "{fault}");
    }
    let (rest, ended) = after("truncated");
    let announced = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize + 4;
    assert_eq!((rest.len(), ended.is_err()), (announced / 2, true));
    for fault in ["half-open", "no-answer"] {
        assert!(after(fault).0.is_empty(), "{fault}");
    }
    for (fault, first) in [
        ("zero-frame", [0; 4]),
        ("huge-frame", [0x7f, 0xff, 0xff, 0xff]),
        ("garbage", [0, 0, 0, 60]),
    ] {
        assert_eq!(after(fault).0[..4], first, "{fault}");
    }
}

#[test]
fn a_half_open_connection_answers_nothing_more_and_others_do() {
    let gateway = Gateway::with(&["half-open"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    client.send(249, &[]);
    client.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(client.read().is_err());
    let (mut other, _) = Raw::open(gateway.running().address(), 2);
    other.send(249, &[]);
    assert_eq!(other.read().unwrap().number, 49);
}

#[test]
fn answers_can_be_late_slow_foreign_mixed_or_without_end() {
    let began = Instant::now();
    assert_eq!(rows_under("delay=0.2").len(), 5);
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(rows_under("drip=1").len(), 5);
    let numbers = |fault: &str| {
        let gateway = Gateway::with(&[fault]);
        let (mut client, _) = Raw::open(gateway.running().address(), 1);
        client.ask_bars(5, "AAPL", "1 day", "5 D", "");
        client.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut said = Vec::new();
        while let Ok(it) = client.read() {
            said.push((it.number, it.number(1)));
        }
        said
    };
    assert_eq!(numbers("no-end"), [(17, Some(5))]);
    assert_eq!(numbers("wrong-id"), [(17, Some(40_005)), (108, Some(40_005))]);
    let mixed = [(17, Some(40_005)), (17, Some(5)), (108, Some(40_005)), (108, Some(5))];
    assert_eq!(numbers("interleaved"), mixed);
}

#[test]
fn messages_that_nobody_knows_can_come_before_the_answer() {
    let gateway = Gateway::with(&["unknown-message"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    let bodies = [client.body().unwrap(), client.body().unwrap()];
    assert_eq!(bodies.map(|body| body[3]), [141, 190]);
    assert_eq!(rows(&until_end(&mut client)).len(), 5);
}

#[test]
fn a_restart_ends_every_connection_and_listens_again() {
    let gateway = Gateway::with(&["down=0.3"]);
    let address = gateway.running().address();
    let (mut client, _) = Raw::open(address, 1);
    let (mut other, _) = Raw::open(address, 2);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    assert!(client.has_ended() && other.has_ended());
    assert!(TcpStream::connect(address).is_err());
    let back = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        TcpStream::connect(address).is_ok()
    });
    assert!(back);
    Raw::open(address, 1);
    let gateway = Gateway::with(&["refuse=0.3"]);
    assert!(TcpStream::connect(gateway.running().address()).is_err());
}

#[test]
fn bars_can_be_repeated_reordered_and_left_out() {
    let good = rows_under("notice=2106");
    assert_eq!(good.len(), 5);
    let same = rows_under("duplicate-same=2");
    assert_eq!((same.len(), &same[1]), (6, &same[2]));
    let different = rows_under("duplicate-different=2");
    assert_eq!((different.len(), &different[1].0), (6, &different[2].0));
    assert_ne!(different[1].1, different[2].1);
    let mut reversed = rows_under("reversed");
    reversed.reverse();
    assert_eq!(reversed, good);
    let mut unordered = rows_under("unordered");
    assert_ne!(unordered, good);
    unordered.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(unordered, good);
    let mut missing = good.clone();
    missing.remove(2);
    assert_eq!(rows_under("missing-bar"), missing);
    let overlapping = rows_under("overlap=2");
    assert_eq!((overlapping.len(), &overlapping[0].0[..]), (7, "20261112"));
    assert_eq!(overlapping[2..], good);
    assert_eq!(rows_under("stale=7")[4].0, "20261113");
    let future = rows_under("future=2");
    assert_eq!((&future[5].0[..], &future[6].0[..]), ("20261121", "20261122"));
    assert_eq!(rows_under("many=12").len(), 12);
}

#[test]
fn bars_can_be_impossible() {
    let third = |fault: &str| rows_under(fault)[2].clone().1;
    let [open, high, low, close] = third("notice=2106").map(Option::unwrap);
    assert!(third("nan")[3].unwrap().is_nan());
    assert_eq!(third("zero")[2], Some(0.0));
    assert_eq!(third("negative")[2], Some(-low));
    assert_eq!(third("high-below-low"), [Some(open), Some(low), Some(high), Some(close)]);
    assert_eq!(third("missing-field")[0], None);
    assert_eq!(rows_under("bad-date=3")[2].0, "2026-13-45");
    assert!((third("restated=0.5")[3].unwrap() - close / 2.0).abs() < 0.006);
    let partial = rows_under("partial")[4].1;
    assert_eq!(partial[0], partial[3]);
}

#[test]
fn faults_can_be_added_and_forgotten_while_it_runs() {
    let gateway = Gateway::new(settings());
    assert_eq!(rows(&answer(&gateway)).len(), 5);
    let fault: Fault = "error=pacing,times=always".parse().unwrap();
    gateway.running().inject(fault);
    let (mut client, _) = Raw::open(gateway.running().address(), 2);
    for _ in 0..2 {
        client.ask_bars(5, "AAPL", "1 day", "5 D", "");
        assert_eq!(until_end(&mut client)[0].number(3), Some(162));
    }
    gateway.running().heal();
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    assert_eq!(rows(&until_end(&mut client)).len(), 5);
}

#[test]
fn faults_of_other_requests_happen_there() {
    let gateway = Gateway::with(&["error=200,for=contract", "half-open,for=time,at=2"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.send(209, &[]);
    assert_eq!(client.read().unwrap().number(3), Some(200));
    client.send(249, &[]);
    assert_eq!(client.read().unwrap().number, 49);
    client.send(249, &[]);
    client.0.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(client.read().is_err());
}

#[test]
fn a_million_bars_come_in_frames_that_clients_accept() {
    // 43 sessions of 23,400 seconds.
    let gateway = Gateway::new(Settings { limits: false, ..settings() });
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 secs", "43 D", "");
    let (mut bars, mut last) = (0, 0);
    loop {
        let body = client.body().unwrap();
        assert!(body.len() <= 0x00ff_ffff);
        if body[3] != 217 {
            break;
        }
        let message = Message { number: 17, fields: crate::support::simulated::fields(&body[4..]) };
        for bar in message.bars() {
            let start: u64 = bar.text(1).parse().unwrap();
            assert!(start > last);
            (bars, last) = (bars + 1, start);
        }
    }
    assert_eq!(bars, 43 * 23_400);
}
