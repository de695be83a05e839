//! Which instrument is meant: what the user names goes first, then what the database knows of the symbol,
//! and for a new symbol a US share. What the broker answers with must be what is held: a symbol alone may
//! stand for a share and an index, in New York and in Toronto.

use super::{prepare::Job, request::FetchRequest};
use crate::{
    gateway::{Contract, Security},
    ingest::IngestError,
    store::{BarWriter, Listing, Store},
};
use engine_core::instrument::Instrument;

/// What the user says of an instrument beside its symbol; what is `None` is as it is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Kind of security.
    pub security: Option<Security>,
    /// Where requests go, for example `SMART`.
    pub exchange: Option<String>,
    /// Main exchange, for example `NASDAQ`.
    pub primary_exchange: Option<String>,
    /// Currency of the prices, for example `USD`.
    pub currency: Option<String>,
}

/// What the database knows of a symbol.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) instrument: Instrument,
    /// `None` when no bar of it came from the broker.
    pub(super) listing: Option<Listing>,
}

impl Known {
    pub(super) async fn of(store: &dyn Store, symbol: &str) -> Result<Option<Self>, IngestError> {
        let Some(instrument) = store.instrument(symbol).await? else { return Ok(None) };
        Ok(Some(Self { instrument, listing: store.listing(symbol).await? }))
    }
}

/// The contract to ask the broker for.
pub(super) fn contract(request: &FetchRequest, known: Option<&Known>) -> Contract {
    let named = &request.named;
    let listing = known.and_then(|known| known.listing.as_ref());
    let held = listing.and_then(|listing| security_of(&listing.security));
    let security = named.security.or(held).unwrap_or_default();
    let currency = named.currency.clone().or(known.map(|known| known.instrument.currency.clone()));
    // The exchanges of another kind of security, or of another currency, are others too.
    let is_same = held == Some(security)
        && known.is_some_and(|known| currency.as_ref() == Some(&known.instrument.currency));
    let listing = listing.filter(|_| is_same);
    let exchange = named.exchange.clone().or(listing.map(|listing| listing.exchange.clone()));
    let primary = listing.map(|listing| listing.primary_exchange.clone());
    let usual = Contract::us_stock(&request.symbol);
    Contract {
        security,
        exchange: exchange.unwrap_or_else(|| usual_exchange(security).to_owned()),
        primary_exchange: named.primary_exchange.clone().or(primary).unwrap_or_default(),
        currency: currency.unwrap_or_else(|| usual.currency.clone()),
        ..usual
    }
}

fn usual_exchange(security: Security) -> &'static str {
    match security {
        Security::Stock => "SMART",
        Security::Index => "CBOE",
        Security::Crypto => "PAXOS",
    }
}

fn security_name(security: Security) -> &'static str {
    match security {
        Security::Stock => "stock",
        Security::Index => "index",
        Security::Crypto => "crypto",
    }
}

fn security_of(name: &str) -> Option<Security> {
    let all = [Security::Stock, Security::Index, Security::Crypto];
    all.into_iter().find(|security| security_name(*security) == name)
}

/// The broker's contract as the database keeps it.
pub(super) fn listing(contract: &Contract) -> Listing {
    Listing {
        broker_id: i64::from(contract.id),
        security: security_name(contract.security).to_owned(),
        exchange: contract.exchange.clone(),
        primary_exchange: contract.primary_exchange.clone(),
    }
}

/// Whether a contract is another instrument than the one that is held.
pub(super) fn is_other(known: &Known, contract: &Contract) -> bool {
    let listing = known.listing.as_ref();
    let is_other_listing = listing.is_some_and(|held| {
        held.broker_id != i64::from(contract.id)
            || held.security != security_name(contract.security)
    });
    is_other_listing || known.instrument.currency != contract.currency
}

/// The error of an instrument that is another one than what is held; `is_alone` when nothing else of the
/// symbol is held than what is to be fetched.
pub(super) fn other(known: &Known, contract: &Contract, is_alone: bool) -> IngestError {
    let held = match &known.listing {
        Some(listing) => shown(listing, &known.instrument.currency),
        None => format!("an instrument in {}", known.instrument.currency),
    };
    IngestError::OtherInstrument {
        symbol: known.instrument.symbol.clone(),
        held,
        given: shown(&listing(contract), &contract.currency),
        is_alone,
    }
}

fn shown(listing: &Listing, currency: &str) -> String {
    let Listing { broker_id, security, primary_exchange, .. } = listing;
    let of = if primary_exchange.is_empty() { "" } else { " of " };
    format!("the {security}{of}{primary_exchange} in {currency}, contract {broker_id}")
}

/// Keeps what the broker knows the instrument as, in the transaction of its bars.
///
/// # Errors
/// When another program has made another instrument of the symbol since we looked.
pub(super) async fn keep(job: &Job<'_>, writer: &mut dyn BarWriter) -> Result<(), IngestError> {
    let ours = listing(&job.contract);
    let held = writer.listing().await?;
    if held.as_ref() == Some(&ours) {
        return Ok(());
    }
    if held != job.listed {
        let instrument = job.key.instrument.clone();
        let known = Known { instrument, listing: held };
        if is_other(&known, &job.contract) {
            return Err(other(&known, &job.contract, false));
        }
    }
    Ok(writer.list(&job.key.instrument, &ours).await?)
}

#[cfg(test)]
mod tests {
    use super::{super::window::Wanted, *};
    use strategy_api::Resolution;

    fn known(security: &str, currency: &str) -> Known {
        let instrument = Instrument { currency: currency.to_owned(), ..Instrument::us_equity("X") };
        let listing = Listing {
            broker_id: 7,
            security: security.to_owned(),
            exchange: "HERE".to_owned(),
            primary_exchange: "THERE".to_owned(),
        };
        Known { instrument, listing: Some(listing) }
    }

    fn asked(named: Named, known: Option<&Known>) -> [String; 4] {
        let request =
            FetchRequest { named, ..FetchRequest::new("X", Resolution::Day1, Wanted::New) };
        let Contract { security, exchange, primary_exchange, currency, .. } =
            contract(&request, known);
        [security_name(security).to_owned(), exchange, primary_exchange, currency]
    }

    #[test]
    fn what_is_not_named_is_as_it_is_held_and_a_new_symbol_is_a_us_share() {
        assert_eq!(asked(Named::default(), None), ["stock", "SMART", "", "USD"]);
        let index = known("index", "CAD");
        assert_eq!(asked(Named::default(), Some(&index)), ["index", "HERE", "THERE", "CAD"]);
        let stock = Named { security: Some(Security::Stock), ..Named::default() };
        assert_eq!(asked(stock, Some(&index)), ["stock", "SMART", "", "CAD"]);
        let dollars = Named { currency: Some("USD".to_owned()), ..Named::default() };
        assert_eq!(asked(dollars, Some(&index)), ["index", "CBOE", "", "USD"]);
        let file = Known { listing: None, ..known("stock", "EUR") };
        assert_eq!(asked(Named::default(), Some(&file)), ["stock", "SMART", "", "EUR"]);
    }

    #[test]
    fn another_number_kind_or_currency_is_another_instrument() {
        let held = known("stock", "USD");
        let same = Contract { id: 7, ..Contract::us_stock("X") };
        assert!(!is_other(&held, &same));
        assert!(is_other(&held, &Contract { id: 8, ..same.clone() }));
        assert!(is_other(&held, &Contract { security: Security::Index, ..same.clone() }));
        assert!(is_other(&held, &Contract { currency: "CAD".to_owned(), ..same.clone() }));
        let file = Known { listing: None, ..held };
        assert!(!is_other(&file, &same));
        assert!(is_other(&file, &Contract { currency: "CAD".to_owned(), ..same }));
    }
}
