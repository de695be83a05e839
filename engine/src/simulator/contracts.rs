//! Which symbols the simulated broker knows, and what it says about them.
//!
//! Every symbol of one to twelve capitals, digits, blanks, dots, slashes and hyphens is a share, but for those that
//! begin with `ZZ`, which nobody knows, and those that begin with `XX`, which are ambiguous without a
//! currency or a primary exchange: one is traded in New York, another in Toronto. `IND` gives an index without volume.

use jiff::civil::{Date, date};

use super::{
    market::Hours,
    time::{compact, new_york_date},
    wire::{Contract, ContractData, ContractDetails, RequestText},
};
use engine_core::calendar::Calendar;

/// Facts about a symbol of the real world.
#[derive(Debug)]
pub(super) struct Known {
    /// Symbol.
    pub(super) symbol: &'static str,
    con_id: i32,
    name: &'static str,
    exchange: &'static str,
    /// First session.
    pub(super) listed: Date,
}

const fn known_as(
    symbol: &'static str,
    con_id: i32,
    name: &'static str,
    exchange: &'static str,
    listed: Date,
) -> Known {
    Known { symbol, con_id, name, exchange, listed }
}

/// Numbers as the broker has them; dates of first trading.
static KNOWN: [Known; 10] = [
    known_as("SPY", 756_733, "SPDR S&P 500 ETF TRUST", "ARCA", date(1993, 1, 29)),
    known_as("QQQ", 320_227_571, "INVESCO QQQ TRUST SERIES 1", "NASDAQ", date(1999, 3, 10)),
    known_as("AAPL", 265_598, "APPLE INC", "NASDAQ", date(1980, 12, 12)),
    known_as("MSFT", 272_093, "MICROSOFT CORP", "NASDAQ", date(1986, 3, 13)),
    known_as("TSLA", 76_792_991, "TESLA INC", "NASDAQ", date(2010, 6, 29)),
    known_as("NVDA", 4_815_747, "NVIDIA CORP", "NASDAQ", date(1999, 1, 22)),
    known_as("AMZN", 3_691_937, "AMAZON.COM INC", "NASDAQ", date(1997, 5, 15)),
    known_as("GOOGL", 208_813_719, "ALPHABET INC-CL A", "NASDAQ", date(2004, 8, 19)),
    known_as("META", 107_113_386, "META PLATFORMS INC-CLASS A", "NASDAQ", date(2012, 5, 18)),
    known_as("IBM", 8314, "INTL BUSINESS MACHINES CORP", "NYSE", date(1962, 1, 2)),
];

/// A symbol of the real world.
pub(super) fn known(symbol: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.symbol == symbol)
}

/// What stands behind a contract that a client names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    /// Symbol.
    pub(super) symbol: String,
    /// Whether it is an index.
    pub(super) index: bool,
    con_id: i32,
    name: String,
    primary: &'static str,
    currency: &'static str,
}

/// Numbers that are made up begin here; the last bit tells Toronto from New York.
const MADE_UP: i32 = 1_000_000_000;

impl Listing {
    fn new(symbol: &str, index: bool, canadian: bool) -> Self {
        let hash =
            symbol.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
        let made_up = MADE_UP + (hash % 500_000_000) as i32 * 2 + i32::from(canadian);
        let known = known(symbol).filter(|_| !canadian);
        Self {
            symbol: symbol.to_owned(),
            index,
            con_id: known.map_or(made_up, |known| known.con_id),
            name: known.map_or_else(|| format!("{symbol} SIMULATED INC"), |it| it.name.to_owned()),
            primary: match known {
                Some(known) => known.exchange,
                None if canadian => "TSE",
                None if hash.is_multiple_of(3) => "NYSE",
                None => "NASDAQ",
            },
            currency: if canadian { "CAD" } else { "USD" },
        }
    }

    /// The contract as the broker writes it.
    pub(super) fn contract(&self) -> Contract {
        Contract {
            con_id: Some(self.con_id),
            symbol: Some(self.symbol.clone()),
            sec_type: Some(if self.index { "IND" } else { "STK" }.to_owned()),
            exchange: Some("SMART".to_owned()),
            primary_exchange: Some(self.primary.to_owned()),
            currency: Some(self.currency.to_owned()),
            local_symbol: Some(self.symbol.clone()),
            trading_class: Some(self.symbol.replace(' ', "")),
            description: Some(self.name.clone()),
        }
    }

    /// Everything that the broker says about it at an instant.
    pub(super) fn data(&self, req_id: i32, now: i64) -> ContractData {
        let text = |text: &str| Some(text.to_owned());
        let details = ContractDetails {
            market_name: text(&self.symbol),
            min_tick: text("0.01"),
            order_types: text("ACTIVETIM,ADJUST,ALERT,LMT,MKT,MIT,STP,STPLMT,TRAIL,WHATIF"),
            valid_exchanges: Some(format!("SMART,{}", self.primary)),
            price_magnifier: Some(1),
            long_name: text(&self.name),
            time_zone: text(super::time::ZONE),
            trading_hours: Some(hours(now, Hours::Extended)),
            liquid_hours: Some(hours(now, Hours::Regular)),
            stock_type: (!self.index).then(|| "COMMON".to_owned()),
            min_size: text("0.0001"),
            size_increment: text("0.0001"),
        };
        ContractData {
            req_id: Some(req_id),
            contract: Some(self.contract()),
            details: Some(details),
        }
    }
}

/// The hours of the next six days as the broker writes them.
fn hours(now: i64, hours: Hours) -> String {
    let days = new_york_date(now).series(jiff::Span::new().days(1)).take(6);
    let texts = days.map(|day| {
        let name = compact(day);
        if !Calendar::Nyse.is_session(day) {
            return format!("{name}:CLOSED");
        }
        let half = Calendar::Nyse.is_half_day(day);
        let (open, close) = match (hours, half) {
            (Hours::Regular, false) => ("0930", "1600"),
            (Hours::Regular, true) => ("0930", "1300"),
            (Hours::Extended, false) => ("0400", "2000"),
            (Hours::Extended, true) => ("0400", "1700"),
        };
        format!("{name}:{open}-{name}:{close}")
    });
    texts.collect::<Vec<_>>().join(";")
}

/// Whether a text is shaped like a symbol that the broker knows.
fn is_listed(symbol: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " ./-".contains(c);
    (1..=12).contains(&symbol.len())
        && symbol.starts_with(|c: char| c.is_ascii_alphanumeric())
        && symbol.chars().all(allowed)
        && !symbol.starts_with("ZZ")
}

/// The listings that fit what a client names: none when it is unknown, several when it is ambiguous.
/// `by_id` knows the symbols whose numbers were given out.
pub(super) fn listings(asked: &Contract, by_id: impl Fn(i32) -> Option<Listing>) -> Vec<Listing> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let con_id = asked.con_id.unwrap_or(0);
    let symbol = match (text(&asked.symbol), text(&asked.local_symbol)) {
        (symbol, local) if symbol.is_empty() => local,
        (symbol, _) => symbol,
    };
    if con_id != 0 && symbol.is_empty() {
        let known = KNOWN.iter().find(|known| known.con_id == con_id);
        let known = known.map(|known| Listing::new(known.symbol, false, false));
        return known.or_else(|| by_id(con_id)).into_iter().collect();
    }
    let kind = text(&asked.sec_type);
    if !is_listed(&symbol) || !matches!(kind.as_str(), "" | "STK" | "IND") {
        return Vec::new();
    }
    let index = kind == "IND";
    let mut all = vec![Listing::new(&symbol, index, false)];
    if symbol.starts_with("XX") && !index {
        all.push(Listing::new(&symbol, index, true));
    }
    let fits = |asked: &str, has: &str| asked.is_empty() || asked == has;
    all.retain(|one| {
        fits(&text(&asked.currency), one.currency)
            && fits(&text(&asked.primary_exchange), one.primary)
            && (con_id == 0 || con_id == one.con_id)
    });
    all
}

/// Contracts whose symbols or names begin with a pattern.
pub(super) fn matching(asked: &RequestText) -> Vec<Contract> {
    let pattern = asked.text.clone().unwrap_or_default().to_uppercase();
    if pattern.is_empty() {
        return Vec::new();
    }
    let begins =
        |known: &&Known| known.symbol.starts_with(&pattern) || known.name.starts_with(&pattern);
    let mut found: Vec<Listing> =
        KNOWN.iter().filter(begins).map(|known| Listing::new(known.symbol, false, false)).collect();
    if is_listed(&pattern) && known(&pattern).is_none() {
        found.push(Listing::new(&pattern, false, false));
    }
    found.iter().map(Listing::contract).collect()
}

impl Listing {
    /// The broker's number.
    pub(super) fn con_id(&self) -> i32 {
        self.con_id
    }
}
