//! `simulate-gateway`: a gateway to try everything with, without an account.

use std::net::{IpAddr, Ipv4Addr};

use clap::Args;
use serde_json::json;

use super::{Done, Outcome, app::App, value};
use crate::{
    simulator::{Pacing, Settings, Simulator},
    store::OpenMode,
};

const EXAMPLES: &str = "\
Examples:
  algo-trader simulate-gateway --port 4002 --seed 7
  algo-trader simulate-gateway --port 4002 --from-database
  algo-trader simulate-gateway --now 2026-11-20T21:30:00Z --speed 60";

/// Listen as IB Gateway does, with made-up prices or those of the database
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
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
    #[arg(long, conflicts_with = "seed")]
    from_database: bool,
    /// What its clock shows at the start [default: the time]
    #[arg(long, value_name = "INSTANT", value_parser = value::moment)]
    now: Option<value::Moment>,
    /// How fast its clock goes; 0 stops it
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = value::speed)]
    speed: f64,
    /// Limits on the rate of requests: off, those that are published (bars of 30 seconds and less),
    /// or the same for bars of every length
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PacingName::Published)]
    pacing: PacingName,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PacingName {
    Off,
    Published,
    Strict,
}

pub(super) async fn run(app: &App, args: &SimulateGatewayArgs) -> Outcome {
    let settings = settings(args);
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

fn settings(args: &SimulateGatewayArgs) -> Settings {
    Settings {
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
        ..Settings::default()
    }
}
