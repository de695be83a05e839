//! The options of every command that asks the broker.

use std::{ops::RangeInclusive, time::Duration};

use clap::Args;

use super::{app::App, value::Invalid};
use crate::{
    config,
    error::{Code, Failure},
    gateway::{self, Gateway, Pacing, Settings},
};

/// Names the gateway when no option does; several addresses are separated by commas.
const VARIABLE: &str = "ALGO_TRADER_GATEWAY";

/// Where the gateway is and how patient to be with it: options, then the environment, then `[gateway]`
/// of strategies.toml, then the paper ports of this machine.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of the connection to the broker")]
pub(crate) struct GatewayArgs {
    /// TWS or IB Gateway; may be given more than once, or in ALGO_TRADER_GATEWAY [default:
    /// 127.0.0.1:4002, then 127.0.0.1:7497]
    #[arg(long = "gateway", value_name = "HOST:PORT", value_parser = address)]
    addresses: Vec<String>,
    /// Client ids that may be used [default: 100-131]
    #[arg(long, value_name = "FIRST-LAST", value_parser = client_ids)]
    client_ids: Option<RangeInclusive<i32>>,
    /// How long an outage is waited out [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = wait)]
    max_wait: Option<Duration>,
    /// broker keeps the limits of Interactive Brokers; off is for a simulated gateway
    #[arg(long, value_name = "WHOSE", value_parser = pacing)]
    pacing: Option<Pacing>,
}

impl GatewayArgs {
    /// The gateway behind these options. It connects when it is first asked.
    ///
    /// # Errors
    /// When strategies.toml or the environment is wrong.
    pub(crate) fn open(&self, app: &App) -> Result<Box<dyn Gateway>, Failure> {
        Ok(gateway::open(self.settings(app)?))
    }

    /// The settings that these options, the environment and strategies.toml come to.
    ///
    /// # Errors
    /// When strategies.toml or the environment is wrong.
    pub(crate) fn settings(&self, app: &App) -> Result<Settings, Failure> {
        let file = app.config()?.gateway;
        let usual = Settings::default();
        let off = |kept: bool| if kept { Pacing::Broker } else { Pacing::Off };
        let named = [self.addresses.clone(), of_environment()?, file.addresses];
        Ok(Settings {
            addresses: named.into_iter().find(|all| !all.is_empty()).unwrap_or(usual.addresses),
            client_ids: self.client_ids.clone().or(file.client_ids).unwrap_or(usual.client_ids),
            max_wait: self.max_wait.or(file.max_wait).unwrap_or(usual.max_wait),
            connections: file.connections.unwrap_or(usual.connections),
            in_flight: file.in_flight.unwrap_or(usual.in_flight),
            pacing: self.pacing.or(file.pacing.map(off)).unwrap_or(usual.pacing),
            limits: usual.limits,
        })
    }
}

fn of_environment() -> Result<Vec<String>, Failure> {
    let text = std::env::var(VARIABLE).unwrap_or_default();
    let named = text.split(',').map(str::trim).filter(|text| !text.is_empty());
    let read = |text: &str| {
        config::gateway::address(text).map_err(|reason| {
            let shown: String = text.chars().take(40).collect();
            Failure::new(Code::Usage, format!("{VARIABLE}: '{}' is {reason}", shown.escape_debug()))
                .help(format!("{VARIABLE}=127.0.0.1:4002"))
        })
    };
    named.map(read).collect()
}

fn address(text: &str) -> Result<String, Invalid> {
    config::gateway::address(text)
        .map_err(|reason| Invalid { reason, help: "--gateway 127.0.0.1:4002".to_owned() })
}

fn client_ids(text: &str) -> Result<RangeInclusive<i32>, Invalid> {
    config::gateway::client_ids(text)
        .map_err(|reason| Invalid { reason, help: "--client-ids 100-131".to_owned() })
}

fn wait(text: &str) -> Result<Duration, Invalid> {
    config::gateway::wait(text)
        .map_err(|reason| Invalid { reason, help: "--max-wait 2m".to_owned() })
}

fn pacing(text: &str) -> Result<Pacing, Invalid> {
    match config::gateway::pacing(text) {
        Ok(true) => Ok(Pacing::Broker),
        Ok(false) => Ok(Pacing::Off),
        Err(reason) => Err(Invalid { reason, help: "--pacing broker".to_owned() }),
    }
}
