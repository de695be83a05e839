//! `simulate-gateway`: a gateway to try everything with, without an account.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;

use super::{
    Done, Outcome,
    app::App,
    output::clip,
    value::{self, Invalid},
};
use crate::{
    config::{self, ScriptLine},
    error::{Code, Failure},
    simulator::{Action, Fault, Pacing, Settings, Simulator},
    store::OpenMode,
};

/// The examples, which stand below the short and the long help.
macro_rules! examples {
    () => {
        "\
Examples:
  algo-trader simulate-gateway --port 4002 --seed 7
  algo-trader simulate-gateway --port 4002 --from-database
  algo-trader simulate-gateway --now 2026-11-20T21:30:00Z --speed 60
  algo-trader simulate-gateway --fault drop-after=3,symbol=AAPL
  algo-trader simulate-gateway --split AAPL=2026-11-23:4 --script faults.toml"
    };
}

const EXAMPLES: &str = examples!();

const FAULTS: &str = concat!(
    "\
Faults are written KIND[=VALUE][,KEY=VALUE ...].
Keys: at=N begins with the Nth time that it could happen; times=N or always;
  symbol=S; p=P for a probability; for=connect, history, head, contract, time
  or any.
Connections: refuse=SECONDS, silent=accept|version|ids, drop= and
  reset=accept|version|start, old-version=N, http, tls, zero-frame, huge-frame,
  garbage, client-id-in-use, down=SECONDS.
Instead of an answer: error=CODE[:TEXT], error=pacing|no-data|cancelled|
  no-permission|localized|unknown-text, zero-frame, huge-frame, garbage,
  port-reset, lost-data=SECONDS, down=SECONDS, half-open, no-answer.
Before an answer: notice=CODE[:TEXT], lost=SECONDS, farms-broken=SECONDS,
  delay=SECONDS, unknown-message.
The answer: drop-after=BARS, reset-after=BARS, truncated, drip=MILLISECONDS,
  no-end, wrong-id, interleaved, many=BARS, too-long=BARS.
Its bars (BAR is counted from 1; without it, the one in the middle):
  duplicate-same[=BAR], duplicate-different[=BAR], unordered, reversed,
  overlap[=SESSIONS], stale[=DAYS], future[=BARS], partial, nan[=BAR],
  zero[=BAR], negative[=BAR], high-below-low[=BAR], missing-bar[=BAR],
  missing-field[=BAR], bad-date[=BAR], restated=RATIO.
A script is a TOML file with the lists faults, splits and dividends, whose texts
are written as here:
  faults = [\"nan,symbol=AAPL\", \"delay=0.5,p=0.1\"]

Symbols that begin with ZZ are unknown, those with XX ambiguous.

",
    examples!()
);

/// Listen as IB Gateway does, with made-up or kept prices
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, after_long_help = FAULTS)]
pub(crate) struct SimulateGatewayArgs {
    /// Port to listen on; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 4002)]
    port: u16,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// What the made-up prices follow from
    #[arg(long, value_name = "SEED", default_value = "1", value_parser = value::seed)]
    seed: u64,
    /// Replay the bars that the database holds
    #[arg(long, conflicts_with_all = ["seed", "splits", "dividends"])]
    from_database: bool,
    /// What its clock shows at the start [default: the time]
    #[arg(long, value_name = "INSTANT", value_parser = value::moment)]
    now: Option<value::Moment>,
    /// How fast its clock goes; 0 stops it
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = value::speed)]
    speed: f64,
    /// Limits on the rate of requests: none, those published (for bars of 30 seconds and less), or
    /// the same for bars of every length
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PacingName::Published)]
    pacing: PacingName,
    /// Answer requests for more bars than the broker gives at once
    #[arg(long)]
    no_limits: bool,
    /// Something that goes wrong; may be given more than once
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    faults: Vec<Fault>,
    /// A split, for example AAPL=2026-11-23:4; may be given more than once
    #[arg(long = "split", id = "splits", value_name = "SYMBOL=DATE:RATIO", value_parser = split)]
    splits: Vec<Action>,
    /// A dividend, for example AAPL=2026-11-23:0.26; may be given more than once
    #[arg(long = "dividend", id = "dividends", value_name = "SYMBOL=DATE:AMOUNT")]
    #[arg(value_parser = dividend)]
    dividends: Vec<Action>,
    /// TOML file with faults, splits and dividends
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PacingName {
    Off,
    Published,
    Strict,
}

fn fault(text: &str) -> Result<Fault, Invalid> {
    let help = "algo-trader simulate-gateway --help lists every fault".to_owned();
    text.parse()
        .map_err(|error: crate::simulator::FaultError| Invalid { reason: error.reason, help })
}

fn split(text: &str) -> Result<Action, Invalid> {
    let help = "--split AAPL=2026-11-23:4".to_owned();
    Action::split(text)
        .map_err(|_| Invalid { reason: "not SYMBOL=DATE:RATIO with a ratio above 0".into(), help })
}

fn dividend(text: &str) -> Result<Action, Invalid> {
    let help = "--dividend AAPL=2026-11-23:0.26".to_owned();
    let reason = "not SYMBOL=DATE:AMOUNT with an amount above 0".into();
    Action::dividend(text).map_err(|_| Invalid { reason, help })
}

pub(super) async fn run(app: &App, args: &SimulateGatewayArgs) -> Outcome {
    let settings = settings(args)?;
    let seed = settings.seed;
    let running = if args.from_database {
        Simulator::replay(settings, app.store(OpenMode::ReadOnly).await?).await?
    } else {
        Simulator::start(settings).await?
    };
    let address = running.address();
    if app.out.json() {
        let seed = (!args.from_database).then_some(seed);
        app.out.value(&json!({ "listening": address.to_string(), "seed": seed }))?;
    } else if args.from_database {
        app.out.text(&format!("listening on {address} (simulated, from the database)"))?;
    } else {
        app.out.text(&format!("listening on {address} (simulated, seed {seed})"))?;
    }
    // Until a signal ends the program.
    std::future::pending::<()>().await;
    Ok(Done::Well)
}

fn settings(args: &SimulateGatewayArgs) -> Result<Settings, Failure> {
    let mut settings = Settings {
        host: args.host,
        port: args.port,
        seed: args.seed,
        now: args.now.map(value::Moment::first_ns),
        speed: args.speed,
        pacing: match args.pacing {
            PacingName::Off => Pacing::Off,
            PacingName::Published => Pacing::Published,
            PacingName::Strict => Pacing::Strict,
        },
        limits: !args.no_limits,
        actions: [args.splits.as_slice(), &args.dividends].concat(),
        faults: args.faults.clone(),
    };
    if let Some(path) = &args.script {
        add_script(&mut settings, path)?;
    }
    Ok(settings)
}

/// Adds what a script says to the settings.
fn add_script(settings: &mut Settings, path: &Path) -> Result<(), Failure> {
    let help = "algo-trader simulate-gateway --help shows what a script may say";
    let script = config::script(path).map_err(|error| Failure::from(error).help(help))?;
    let refused = |line: &ScriptLine, reason: &dyn Display| {
        let place = format!("{}:{}:{}", path.display(), line.line, line.column);
        let text = clip(&line.text);
        Failure::new(Code::Config, format!("{place}: '{text}': {reason}")).help(help)
    };
    for line in &script.faults {
        settings.faults.push(fault(&line.text).map_err(|error| refused(line, &error))?);
    }
    for line in &script.splits {
        settings.actions.push(split(&line.text).map_err(|error| refused(line, &error))?);
    }
    for line in &script.dividends {
        settings.actions.push(dividend(&line.text).map_err(|error| refused(line, &error))?);
    }
    Ok(())
}
