//! Reads the text of `strategies.toml`; every refusal carries its line and column.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Config, ConfigError, GatewayEntry, PluginEntry, StrategyEntry,
    gateway::{self, MAX_CONNECTIONS, MAX_IN_FLIGHT},
    is_plugin_file_name, is_strategy_name, is_strategy_reference, near,
    rules::{self, RawRules, RuleDefaults},
};

type Table<T> = BTreeMap<Spanned<String>, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    strategies: Table<RawStrategy>,
    #[serde(default)]
    plugins: Table<RawPlugin>,
    #[serde(default)]
    registry: RawRegistry,
    #[serde(default)]
    gateway: RawGateway,
    #[serde(default)]
    backtest: RawRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStrategy {
    strategy: Option<Spanned<String>>,
    #[serde(default)]
    params: Table<Spanned<toml::Value>>,
    #[serde(default)]
    backtest: RawRules,
    #[serde(default = "yes")]
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlugin {
    sha256: Option<Spanned<String>>,
    #[serde(default = "yes")]
    enabled: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegistry {
    #[serde(default)]
    dirs: Vec<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGateway {
    #[serde(default)]
    addresses: Vec<Spanned<String>>,
    client_ids: Option<Spanned<String>>,
    max_wait: Option<Spanned<String>>,
    connections: Option<Spanned<i64>>,
    in_flight: Option<Spanned<i64>>,
    pacing: Option<Spanned<String>>,
}

fn yes() -> bool {
    true
}

/// A refusal before its place is known by line and column.
struct Refusal {
    span: Range<usize>,
    reason: String,
}

fn refuse<T>(span: Range<usize>, reason: String) -> Result<T, Refusal> {
    Err(Refusal { span, reason })
}

/// Reads the text of the file; `path` is only used to say where.
///
/// # Errors
/// When the text is not TOML, has an unknown key or a value that cannot be.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(text).map_err(|refusal| {
        let (line, column) = place(text, refusal.span.start);
        ConfigError::Invalid {
            path: path.display().to_string(),
            line,
            column,
            reason: refusal.reason,
        }
    })
}

fn read(text: &str) -> Result<Config, Refusal> {
    let raw: RawFile = toml::from_str(text).map_err(|error| Refusal {
        span: error.span().unwrap_or(0..0),
        reason: near::with_hint(error.message()),
    })?;
    let defaults = |raw| rule_defaults(text, raw);
    let mut config = Config { dirs: raw.registry.dirs, ..Config::default() };
    for (name, entry) in raw.strategies {
        if !is_strategy_name(name.get_ref()) {
            return refuse(name.span(), bad_name(name.get_ref()));
        }
        let entry = strategy(name.get_ref(), entry, defaults)?;
        config.strategies.insert(name.into_inner(), entry);
    }
    for (file, entry) in raw.plugins {
        if !is_plugin_file_name(file.get_ref()) {
            let shown = file.get_ref().escape_debug();
            return refuse(
                file.span(),
                format!("'{shown}' is not the plain file name of a plugin, such as libma_cross.so"),
            );
        }
        config.plugins.insert(file.into_inner(), plugin(entry)?);
    }
    config.gateway = gateway_entry(raw.gateway)?;
    config.backtest = defaults(raw.backtest)?;
    Ok(config)
}

fn rule_defaults(text: &str, raw: RawRules) -> Result<RuleDefaults, Refusal> {
    rules::read(raw, |byte| place(text, byte).0).map_err(|(span, reason)| Refusal { span, reason })
}

fn strategy(
    name: &str,
    raw: RawStrategy,
    defaults: impl Fn(RawRules) -> Result<RuleDefaults, Refusal>,
) -> Result<StrategyEntry, Refusal> {
    let strategy = match raw.strategy {
        None => name.to_owned(),
        Some(reference) if is_strategy_reference(reference.get_ref()) => reference.into_inner(),
        Some(reference) => return refuse(reference.span(), bad_name(reference.get_ref())),
    };
    let mut params = Vec::with_capacity(raw.params.len());
    for (key, value) in raw.params {
        let span = value.span();
        let text = match rules::text(value.into_inner()) {
            Ok(text) => text,
            Err(kind) => {
                let key = key.get_ref().escape_debug();
                return refuse(
                    span,
                    format!(
                        "parameter '{key}' is a {kind}; a number, true, false or text is valid"
                    ),
                );
            }
        };
        params.push((key.into_inner(), text));
    }
    let backtest = defaults(raw.backtest)?;
    Ok(StrategyEntry { strategy, params, backtest, enabled: raw.enabled })
}

fn plugin(raw: RawPlugin) -> Result<PluginEntry, Refusal> {
    let sha256 = match raw.sha256 {
        None => None,
        Some(text) => {
            let digest = text.get_ref().to_ascii_lowercase();
            if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
                return refuse(text.span(), "a sha256 is 64 hexadecimal digits".to_owned());
            }
            Some(digest)
        }
    };
    Ok(PluginEntry { sha256, enabled: raw.enabled })
}

fn gateway_entry(raw: RawGateway) -> Result<GatewayEntry, Refusal> {
    let addresses = raw.addresses.into_iter().map(|text| checked(&text, gateway::address));
    Ok(GatewayEntry {
        addresses: addresses.collect::<Result<_, _>>()?,
        client_ids: raw.client_ids.map(|text| checked(&text, gateway::client_ids)).transpose()?,
        max_wait: raw.max_wait.map(|text| checked(&text, gateway::wait)).transpose()?,
        connections: raw.connections.map(|n| count(&n, MAX_CONNECTIONS)).transpose()?,
        in_flight: raw.in_flight.map(|n| count(&n, MAX_IN_FLIGHT)).transpose()?,
        pacing: raw.pacing.map(|text| checked(&text, gateway::pacing)).transpose()?,
    })
}

fn checked<T>(
    text: &Spanned<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Refusal> {
    parse(text.get_ref()).or_else(|reason| {
        let shown: String = text.get_ref().chars().take(40).collect();
        refuse(text.span(), format!("'{}' is {reason}", shown.escape_debug()))
    })
}

fn count(number: &Spanned<i64>, most: i64) -> Result<usize, Refusal> {
    match usize::try_from(*number.get_ref()) {
        Ok(count) if (1..=most).contains(number.get_ref()) => Ok(count),
        _ => refuse(number.span(), format!("{} is not within 1 to {most}", number.get_ref())),
    }
}

fn bad_name(name: &str) -> String {
    let shown: String = name.chars().take(40).collect();
    format!(
        "'{}' cannot name a strategy; a name is 1 to 64 of a-z 0-9 _ -, optionally after 'file.so:'",
        shown.escape_debug()
    )
}

/// 1-based line and column (in characters) of a byte of the text.
pub(super) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Config, String> {
        parse(Path::new("strategies.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn aliases_pins_and_folders_are_read() {
        let digest = "AB".repeat(32);
        let config = read_text(&format!(
            r#"
            [strategies.golden_cross]
            strategy = "ma_cross"
            params = {{ fast = 50, slow = 200, width = 1.5, log = true, mode = "x" }}
            [strategies.rsi_reversion]
            enabled = false
            [plugins."libma_cross.so"]
            sha256 = "{digest}"
            [registry]
            dirs = ["more"]
            [gateway]
            addresses = ["127.0.0.1:4001"]
            client_ids = "7-9"
            max_wait = "90s"
            in_flight = 3
            pacing = "off"
            "#
        ))
        .unwrap();
        let golden = &config.strategies["golden_cross"];
        assert_eq!(golden.strategy, "ma_cross");
        let params: Vec<_> = golden.params.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(params, ["fast=50", "log=true", "mode=x", "slow=200", "width=1.5"]);
        assert!(golden.enabled);
        let hidden = &config.strategies["rsi_reversion"];
        assert_eq!((hidden.strategy.as_str(), hidden.enabled), ("rsi_reversion", false));
        let pin = config.plugins["libma_cross.so"].sha256.as_deref();
        assert_eq!(pin, Some("ab".repeat(32).as_str()));
        assert_eq!(config.dirs, [PathBuf::from("more")]);
        let gateway = GatewayEntry {
            addresses: vec!["127.0.0.1:4001".to_owned()],
            client_ids: Some(7..=9),
            max_wait: Some(std::time::Duration::from_secs(90)),
            connections: None,
            in_flight: Some(3),
            pacing: Some(false),
        };
        assert_eq!(config.gateway, gateway);
    }

    #[test]
    fn rules_of_a_backtest_are_read_for_all_and_for_one_strategy() {
        let config = read_text(
            "[backtest]\ncommission = \"ibkr-tiered\"\ncash = 50_000\n\n[strategies.pairs]\nbacktest = { account = \"margin\", borrow_fee = 0.01, fractional = true }\n",
        )
        .unwrap();
        let shown = |rules: &RuleDefaults| {
            let shown =
                rules.iter().map(|(key, rule)| format!("{key}={}@{}", rule.value, rule.line));
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&config.backtest), "cash=50000@3 commission=ibkr-tiered@2");
        let pairs = shown(&config.strategies["pairs"].backtest);
        assert_eq!(pairs, "account=margin@6 borrow_fee=0.01@6 fractional=true@6");
    }

    #[test]
    fn a_key_that_is_nearly_right_is_named() {
        let message = read_text("[strategies.a]\nstrateg = \"b\"\n").unwrap_err();
        assert!(message.ends_with("; did you mean `strategy`?"), "{message}");
    }

    #[test]
    fn an_empty_text_is_an_empty_configuration() {
        assert_eq!(read_text("").unwrap(), Config::default());
        assert_eq!(read_text("\u{feff}# only a comment\r\n").unwrap(), Config::default());
    }

    #[test]
    fn every_refusal_says_line_and_column() {
        let cases = [
            ("[strategies.a\n", "strategies.toml:1:14: "),
            ("[strategies.a]\nstrateg = \"b\"\n", "strategies.toml:2:1: unknown field `strateg`"),
            ("x = 1\n", "strategies.toml:1:1: unknown field `x`"),
            ("\n[strategies.\"A b\"]\n", "strategies.toml:2:13: 'A b' cannot name a strategy"),
            ("[strategies.a]\nstrategy = \"../x\"", "strategies.toml:2:12: '../x' cannot name"),
            ("[strategies.a]\nenabled = 1", "strategies.toml:2:11: invalid type"),
            ("[strategies.a]\n# é\nparams = { \"é\" = [1] }", "strategies.toml:3:18: parameter"),
            ("[strategies.a]\nparams = { x = [1] }", "strategies.toml:2:16: parameter 'x'"),
            ("[plugins.\"../x.so\"]\n", "strategies.toml:1:10: '../x.so' is not the plain"),
            ("[plugins.\"x.so\"]\nsha256 = \"12\"\n", "strategies.toml:2:10: a sha256 is 64"),
            ("[registry]\ndirs = 3\n", "strategies.toml:2:8: invalid type"),
            ("[gateway]\naddresses = [\"x\"]", "strategies.toml:2:14: 'x' is not HOST:PORT"),
            ("[gateway]\nin_flight = 51", "strategies.toml:2:13: 51 is not within 1 to 50"),
            ("[gateway]\nmax_wait = \"2\"", "strategies.toml:2:12: '2' is not a length"),
            ("[gateway]\npace = 1", "strategies.toml:2:1: unknown field `pace`"),
            (
                "[backtest]\ncomission = \"none\"",
                "strategies.toml:2:1: unknown key 'comission', did you mean 'commission'?",
            ),
            (
                "[backtest]\ncommission = \"free\"",
                "strategies.toml:2:14: commission: 'free' is no commission model",
            ),
            ("[backtest]\ncash = -1", "strategies.toml:2:8: cash: '-1' is not a number above 0"),
            (
                "[backtest]\nmax_orders = 1.5",
                "strategies.toml:2:14: max_orders: '1.5' is not a whole",
            ),
            (
                "[backtest]\nfractional = \"si\"",
                "strategies.toml:2:14: fractional: 'si' is neither",
            ),
            (
                "[strategies.a.backtest]\nfill = \"x\"",
                "strategies.toml:2:8: fill: 'x' is no fill model",
            ),
            (
                "[strategies.a]\nbacktest = { zz = 1 }",
                "strategies.toml:2:14: unknown key 'zz'; valid: cash, ",
            ),
        ];
        for (text, start) in cases {
            let message = read_text(text).unwrap_err();
            assert!(message.starts_with(start), "{text:?} gave {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
