//! Our words for the library's, and back.

use ibapi::{
    contracts::{Contract as TheirContract, ContractDetails, SecurityType},
    market_data::{
        TradingHours,
        historical::{Bar, BarSize, BarTimestamp, Duration, WhatToShow},
    },
};
use ibapi_time::OffsetDateTime;
use strategy_api::Resolution;

use super::{Contract, Hours, Security, SourceBar, Span, SpanUnit, What};

/// The contract as the library sends it. A known number says it all, and the rest is a check of it.
pub(super) fn contract(ours: &Contract) -> TheirContract {
    TheirContract {
        contract_id: ours.id,
        symbol: ours.symbol.as_str().into(),
        security_type: match ours.security {
            Security::Stock => SecurityType::Stock,
            Security::Index => SecurityType::Index,
            Security::Crypto => SecurityType::Crypto,
        },
        exchange: ours.exchange.as_str().into(),
        primary_exchange: ours.primary_exchange.as_str().into(),
        currency: ours.currency.as_str().into(),
        ..TheirContract::default()
    }
}

/// The contract that the broker answered with; what it leaves out is taken from the one asked for.
pub(super) fn known_contract(asked: &Contract, found: &ContractDetails) -> Contract {
    let told = |text: &str, asked: &str| if text.is_empty() { asked } else { text }.to_owned();
    let contract = &found.contract;
    Contract {
        symbol: told(contract.symbol.as_str(), &asked.symbol),
        security: asked.security,
        exchange: told(contract.exchange.as_str(), &asked.exchange),
        primary_exchange: told(contract.primary_exchange.as_str(), &asked.primary_exchange),
        currency: told(contract.currency.as_str(), &asked.currency),
        id: contract.contract_id,
        name: found.long_name.clone(),
    }
}

pub(super) fn bar_size(resolution: Resolution) -> BarSize {
    match resolution {
        Resolution::Sec1 => BarSize::Sec,
        Resolution::Sec5 => BarSize::Sec5,
        Resolution::Sec10 => BarSize::Sec10,
        Resolution::Sec15 => BarSize::Sec15,
        Resolution::Sec30 => BarSize::Sec30,
        Resolution::Min1 => BarSize::Min,
        Resolution::Min2 => BarSize::Min2,
        Resolution::Min3 => BarSize::Min3,
        Resolution::Min5 => BarSize::Min5,
        Resolution::Min10 => BarSize::Min10,
        Resolution::Min15 => BarSize::Min15,
        Resolution::Min20 => BarSize::Min20,
        Resolution::Min30 => BarSize::Min30,
        Resolution::Hour1 => BarSize::Hour,
        Resolution::Hour2 => BarSize::Hour2,
        Resolution::Hour3 => BarSize::Hour3,
        Resolution::Hour4 => BarSize::Hour4,
        Resolution::Hour8 => BarSize::Hour8,
        Resolution::Day1 => BarSize::Day,
        Resolution::Week1 => BarSize::Week,
        Resolution::Month1 => BarSize::Month,
    }
}

pub(super) fn duration(span: Span) -> Duration {
    // A span is at most 86,400.
    let count = i32::try_from(span.count).unwrap_or(i32::MAX);
    match span.unit {
        SpanUnit::S => Duration::seconds(count),
        SpanUnit::D => Duration::days(count),
        SpanUnit::W => Duration::weeks(count),
        SpanUnit::M => Duration::months(count),
        SpanUnit::Y => Duration::years(count),
    }
}

/// The prices by the broker's name: trades of a crypto currency have one of their own.
pub(super) fn what(what: What, security: Security) -> WhatToShow {
    match what {
        What::Trades if security == Security::Crypto => WhatToShow::AggTrades,
        What::Trades => WhatToShow::Trades,
        What::AdjustedLast => WhatToShow::AdjustedLast,
        What::Midpoint => WhatToShow::MidPoint,
        What::Bid => WhatToShow::Bid,
        What::Ask => WhatToShow::Ask,
    }
}

pub(super) fn hours(hours: Hours) -> TradingHours {
    match hours {
        Hours::Regular => TradingHours::Regular,
        Hours::Extended => TradingHours::Extended,
    }
}

/// The instant of nanoseconds UTC, cut to whole seconds as the protocol has them.
pub(super) fn instant(ns: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(ns.div_euclid(1_000_000_000)).expect(
        "64 bits of nanoseconds reach from 1677 to 2262, which dates of the library include",
    )
}

/// Nanoseconds UTC; `None` outside of the years 1677 to 2262.
pub(super) fn nanoseconds(instant: OffsetDateTime) -> Option<i64> {
    i64::try_from(instant.unix_timestamp_nanos()).ok()
}

/// The bar with its start; an instant that we cannot hold is the error.
pub(super) fn bar(bar: &Bar) -> Result<SourceBar, String> {
    let start = match bar.date {
        BarTimestamp::Date(date) => date.midnight().assume_utc(),
        BarTimestamp::DateTime(instant) => instant,
    };
    let ts = nanoseconds(start).ok_or_else(|| format!("a bar is dated {}", bar.date))?;
    Ok(SourceBar {
        ts,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_resolution_goes_by_the_brokers_name() {
        let names = [
            "1 secs", "5 secs", "10 secs", "15 secs", "30 secs", "1 min", "2 mins", "3 mins",
            "5 mins", "10 mins", "15 mins", "20 mins", "30 mins", "1 hour", "2 hours", "3 hours",
            "4 hours", "8 hours", "1 day", "1 week", "1 month",
        ];
        for (resolution, name) in Resolution::ALL.into_iter().zip(names) {
            assert_eq!(bar_size(resolution).to_string(), name);
        }
    }

    #[test]
    fn trades_of_a_crypto_currency_go_by_a_name_of_their_own() {
        let name = |kind, security| what(kind, security).to_string();
        assert_eq!(name(What::Trades, Security::Crypto), "AGGTRADES");
        assert_eq!(name(What::Trades, Security::Stock), "TRADES");
        assert_eq!(name(What::Trades, Security::Index), "TRADES");
        assert_eq!(name(What::Midpoint, Security::Crypto), "MIDPOINT");
    }

    #[test]
    fn spans_are_written_as_the_broker_takes_them() {
        for text in ["86400 S", "5 D", "52 W", "12 M", "5 Y"] {
            assert_eq!(duration(text.parse().unwrap()).to_string(), text);
        }
    }

    #[test]
    fn a_dated_bar_starts_at_midnight_utc_and_another_at_its_instant() {
        let dated = |date: &str| {
            let date = date.parse().unwrap();
            let (open, high, low, close) = (1.0, 3.0, 0.5, 2.0);
            bar(&Bar { date, open, high, low, close, volume: -1.0, wap: 0.0, count: -1 })
        };
        // 20 November 2026 is day 20,777 of the epoch.
        assert_eq!(dated("20261120").unwrap().ts, 20_777 * 86_400 * 1_000_000_000);
        assert_eq!(dated("1795185000").unwrap().ts, 1_795_185_000_000_000_000);
        assert_eq!(dated("99991231").unwrap_err(), "a bar is dated 99991231");
    }

    #[test]
    fn an_end_is_cut_to_whole_seconds() {
        assert_eq!(nanoseconds(instant(1_999_999_999)), Some(1_000_000_000));
        assert_eq!(nanoseconds(instant(-1)), Some(-1_000_000_000));
        for edge in [i64::MIN, i64::MAX] {
            instant(edge);
        }
    }
}
