//! Whether the broker's gateway answers, whose it is, and whether it has data; and if not, what to
//! change in TWS or IB Gateway.

use super::{
    super::{app::App, gateway_args::GatewayArgs},
    Check,
};
use crate::{
    error::{Code, Failure},
    gateway::{self, Farm, Inspection, Trading},
};

/// Difference of the clocks above which a warning is due, milliseconds.
const SKEW_MS: i64 = 2_000;
/// A difference that no clock has by itself, milliseconds.
const REPLAY_MS: i64 = 3_600_000;
/// The API ports of TWS and IB Gateway, as they are set at first.
const PORTS: [(&str, Trading); 4] = [
    ("4002", Trading::Paper),
    ("7497", Trading::Paper),
    ("4001", Trading::Live),
    ("7496", Trading::Live),
];

/// The checks, in the order in which one needs the other.
///
/// # Errors
/// When the options cannot be read.
pub(super) async fn checks(app: &App, args: &GatewayArgs) -> Result<Vec<Check>, Failure> {
    let settings = args.settings(app)?;
    match gateway::inspect(&settings).await {
        Ok(found) => Ok(all(&found)),
        Err(error) => Ok(vec![Check::failed("gateway", error.into())]),
    }
}

fn all(found: &Inspection) -> Vec<Check> {
    let version = found.server_version;
    let reached = format!("{} answers, server version {version}", found.address);
    vec![
        Check::ok("gateway", reached),
        account(found),
        orders(),
        farms(found),
        clock(found),
        history(found),
    ]
}

fn account(found: &Inspection) -> Check {
    let accounts = found.accounts.join(", ");
    let port = found.address.rsplit(':').next().unwrap_or_default();
    let usual = PORTS.iter().find(|(usual, _)| *usual == port).map(|(_, trading)| *trading);
    let (kind, other) = match found.trading {
        Trading::Paper => ("paper trading", usual == Some(Trading::Live)),
        Trading::Live => ("LIVE trading, real money", usual == Some(Trading::Paper)),
        Trading::Unknown => {
            let help = "log in to TWS or IB Gateway";
            return Check::warning("account", "the gateway names no account", help);
        }
    };
    let detail = format!("{kind}: {accounts}");
    match (found.trading, other) {
        (_, true) => Check::warning(
            "account",
            format!("{detail}; port {port} is usually the other kind"),
            "look at the title of the TWS or IB Gateway window before trading",
        ),
        (Trading::Live, false) => Check::warning(
            "account",
            detail,
            "for paper trading: --gateway 127.0.0.1:4002 (IB Gateway) or 127.0.0.1:7497 (TWS)",
        ),
        _ => Check::ok("account", detail),
    }
}

/// What the gateway is not asked about: it does not say whether it takes orders.
fn orders() -> Check {
    let detail = "none are sent; 'Read-Only API' may stay switched on in the API settings of TWS or \
                  IB Gateway: it refuses orders and gives data";
    Check::ok("orders", detail)
}

fn farms(found: &Inspection) -> Check {
    if found.broker_away {
        let failure =
            Failure::new(Code::Gateway, "the gateway has lost its connection to the broker");
        let help =
            "look at the network and at the login of TWS or IB Gateway; it reconnects by itself";
        return Check::failed("broker", failure.help(help));
    }
    let word = |state: &Farm| match state {
        Farm::Ok => "ok",
        Farm::Inactive => "inactive",
        Farm::Connecting => "connecting",
        Farm::Broken => "BROKEN",
    };
    let shown: Vec<String> =
        found.farms.iter().map(|(name, state)| format!("{name} {}", word(state))).collect();
    let missing =
        found.farms.values().any(|state| matches!(state, Farm::Broken | Farm::Connecting));
    match (shown.is_empty(), missing) {
        (true, _) => Check::ok("broker", "connected; no data service was named"),
        (_, false) => Check::ok("broker", format!("connected; {}", shown.join(", "))),
        (_, true) => Check::warning(
            "broker",
            shown.join(", "),
            "wait a minute: the gateway connects its data services by itself",
        ),
    }
}

fn clock(found: &Inspection) -> Check {
    match found.skew_ms {
        None => Check::warning("clock", "the gateway does not say the time", "date -u"),
        Some(skew) if skew.abs() > SKEW_MS => {
            let way = if skew < 0 { "behind" } else { "ahead of" };
            let detail = format!("the gateway's is {} {way} ours", length(skew.unsigned_abs()));
            let help = match skew.abs() > REPLAY_MS {
                true => {
                    "a simulated gateway may have a time of its own; of a real one: timedatectl set-ntp true"
                }
                false => "timedatectl set-ntp true",
            };
            Check::warning("clock", detail, help)
        }
        Some(_) => Check::ok("clock", "ours and the gateway's agree within 2 s"),
    }
}

/// A difference of clocks, for people.
fn length(ms: u64) -> String {
    let seconds = ms as f64 / 1_000.0;
    if seconds < 7_200.0 {
        format!("{seconds:.1} s")
    } else if seconds < 172_800.0 {
        format!("{:.1} hours", seconds / 3_600.0)
    } else {
        format!("{:.1} days", seconds / 86_400.0)
    }
}

fn history(found: &Inspection) -> Check {
    let symbol = Inspection::SYMBOL;
    match &found.history {
        Ok(0) => Check::warning(
            "history",
            format!("no daily bar of {symbol} came"),
            "subscribe to US market data in Client Portal, under Settings",
        ),
        Ok(count) => Check::ok("history", format!("{count} daily bars of {symbol} came")),
        Err(error) => Check::failed("history", error.clone().into()),
    }
}
