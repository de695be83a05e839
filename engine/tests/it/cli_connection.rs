//! `doctor connection`, with and without a gateway.

use std::time::{Duration, Instant};

use algo_trader::simulator::{self, Simulator};

use crate::program::{Program, Said};

#[test]
fn without_a_gateway_the_verdict_is_quick_and_says_what_to_switch_on() {
    let program = Program::new();
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let began = Instant::now();
    let said = program.run(&["doctor", "connection", "--gateway", &free.to_string()]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((said.code, said.stderr.as_str()), (Some(5), ""), "{}", said.stdout);
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("cannot reach a gateway at {free}: connection refused")));
    assert!(text.contains("Enable ActiveX and Socket Clients"), "{text}");
    assert!(text.ends_with("1 of 1 checks failed: gateway"), "{text}");
}

#[test]
fn a_silent_listener_is_found_within_ten_seconds() {
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let began = Instant::now();
    let said = Program::new().run(&["doctor", "connection", "--gateway", &address, "--json"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(said.code, Some(5), "{}", said.stdout);
    let checks = said.json();
    let detail = checks["checks"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("stays silent from the first byte"), "{detail}");
    assert!(checks["checks"][0]["help"].as_str().unwrap().contains("Trusted IPs"));
}

#[test]
fn a_web_server_that_waits_for_a_whole_request_is_named() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let (mut stream, mut heard, mut more) = (stream.unwrap(), Vec::new(), [0; 256]);
                while !heard.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut more) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => heard.extend(&more[..read]),
                    }
                }
                let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
            });
        }
    });
    let began = Instant::now();
    let said = Program::new().run(&["doctor", "connection", "--gateway", &address, "--json"]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let checks = said.json();
    let detail = checks["checks"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("it speaks HTTP"), "{detail}");
}

#[test]
fn a_gateway_is_described_and_its_accounts_are_hidden() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let settings = simulator::Settings { seed: 1_234_567, ..simulator::Settings::default() };
    let simulated = runtime.block_on(Simulator::start(settings)).unwrap();
    let program = Program::new();
    let said: Said = program
        .command(&["doctor", "connection", "--json"])
        .env("ALGO_TRADER_GATEWAY", simulated.address().to_string())
        .output()
        .unwrap()
        .into();
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{}", said.stdout);
    assert!(!said.stdout.contains("1234567"), "{}", said.stdout);
    let found = said.json();
    assert_eq!(found["well"], true);
    let detail = |name: &str| {
        let checks = found["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail("gateway").contains("server version 225"), "{}", detail("gateway"));
    assert_eq!(detail("account"), "paper trading: DU***67");
    assert!(detail("broker").contains("ushmds ok"), "{}", detail("broker"));
    assert_eq!(detail("history"), "5 daily bars of SPY came");
    assert!(detail("clock").contains("agree"), "{}", detail("clock"));
}

#[test]
fn wrong_options_and_a_wrong_table_are_said_before_anything_is_connected() {
    let program = Program::new();
    for (option, value) in
        [("--gateway", "4002"), ("--client-ids", "0"), ("--max-wait", "2"), ("--pacing", "fast")]
    {
        let said = program.run(&["doctor", "connection", option, value]);
        let line = said.failed(2, "USAGE");
        assert!(line.contains(value), "{line}");
    }
    let said: Said = program
        .command(&["doctor", "connection"])
        .env("ALGO_TRADER_GATEWAY", "here")
        .output()
        .unwrap()
        .into();
    assert!(said.failed(2, "USAGE").contains("ALGO_TRADER_GATEWAY: 'here' is not HOST:PORT"));
    std::fs::write(program.home().join("strategies.toml"), "[gateway]\nmax_wait = 3\n").unwrap();
    let said = program.run(&["doctor", "connection"]);
    assert!(said.failed(3, "CONFIG").contains("strategies.toml:2:12"), "{}", said.stderr);
}
