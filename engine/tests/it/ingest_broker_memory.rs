//! Memory of a fetch does not grow with the number of bars: neither when they come for the first time
//! nor when the whole series is replaced. Measured of the real program.

use std::{process::Stdio, time::Duration};

use algo_trader::simulator::Settings;

use crate::{
    program::Program,
    support::{ingest::at, over_tcp::OverTcp},
};

/// What a series four times as long may need beyond: the allocator's slack, and the index of the log of
/// one transaction.
const SLACK_KIB: u64 = 8 * 1024;

/// The most memory that the program has had at once, KiB.
fn peak_kib(gateway: &OverTcp, program: &Program, args: &[&str]) -> u64 {
    let mut command = gateway.command(program, args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kib.unwrap_or_default());
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success(), "{args:?}");
    peak
}

#[test]
fn years_of_minutes_need_no_more_memory_than_one_year() {
    let now = Some(at("2024-06-14T21:00:00Z"));
    let gateway = OverTcp::start(Settings { now, speed: 0.0, ..Settings::default() });
    let peaks = |span: &str| {
        let program = Program::new();
        let args = ["ingest", "-s", "AAPL", "-r", "1m", "-d", span];
        let first = peak_kib(&gateway, &program, &args);
        let again = peak_kib(&gateway, &program, &[&args[..], &["--replace"]].concat());
        println!("{span}: {first} KiB for the first time, {again} KiB to replace it");
        [first, again]
    };
    let (one, four) = (peaks("1 Y"), peaks("4 Y"));
    for (one, four) in one.into_iter().zip(four) {
        assert!(four < one + SLACK_KIB, "{one} KiB grew to {four} KiB");
    }
}
