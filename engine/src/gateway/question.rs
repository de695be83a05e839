//! What is asked of the broker, as the library is told and as the limits see it.

use std::{
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
};

use ibapi::{Client, Error, contracts::ContractDetails, market_data::historical::HistoricalData};
use ibapi_time::OffsetDateTime;

use super::{BarsRequest, Contract, Hours, What, convert, pace::Ask};

/// Bars of this length and less are paced strictly, seconds.
const STRICT_S: u32 = 30;

/// A question that can be put again when its answer was lost.
pub(super) trait Question: Sync {
    /// What answers it.
    type Reply: Send;

    /// The symbol that it is about.
    fn symbol(&self) -> &str;

    /// What it is, for messages to people.
    fn title(&self) -> String;

    /// What the limits need to know.
    fn ask(&self) -> Ask;

    /// Puts it.
    fn put(&self, client: &Client) -> impl Future<Output = Result<Self::Reply, Error>> + Send;
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn soft(identity: u64) -> Ask {
    Ask { identity, group: identity, strict: false, weight: 1 }
}

/// Which instruments go by a symbol?
pub(super) struct Details<'a>(pub(super) &'a Contract);

impl Question for Details<'_> {
    type Reply = Vec<ContractDetails>;

    fn symbol(&self) -> &str {
        &self.0.symbol
    }

    fn title(&self) -> String {
        format!("{}: what the broker knows of it", self.0.symbol)
    }

    fn ask(&self) -> Ask {
        soft(hash(self.0))
    }

    async fn put(&self, client: &Client) -> Result<Self::Reply, Error> {
        client.contract_details(&convert::contract(self.0)).await
    }
}

/// When does the first bar begin?
pub(super) struct Head<'a> {
    pub(super) contract: &'a Contract,
    pub(super) what: What,
    pub(super) hours: Hours,
}

impl Question for Head<'_> {
    type Reply = OffsetDateTime;

    fn symbol(&self) -> &str {
        &self.contract.symbol
    }

    fn title(&self) -> String {
        format!("{}: its first bar", self.contract.symbol)
    }

    fn ask(&self) -> Ask {
        soft(hash((self.contract, self.what, self.hours)))
    }

    async fn put(&self, client: &Client) -> Result<Self::Reply, Error> {
        let contract = convert::contract(self.contract);
        let what = convert::what(self.what, self.contract.security);
        let hours = convert::hours(self.hours);
        client.head_timestamp(&contract, what, hours).await
    }
}

/// What are the bars of a window?
pub(super) struct Bars<'a>(pub(super) &'a BarsRequest);

impl Question for Bars<'_> {
    type Reply = HistoricalData;

    fn symbol(&self) -> &str {
        &self.0.contract.symbol
    }

    fn title(&self) -> String {
        let BarsRequest { contract, resolution, end, span, .. } = self.0;
        let until = end.map_or_else(
            || "now".to_owned(),
            |ns| {
                jiff::Timestamp::from_nanosecond(ns.into())
                    .map_or_else(|_| ns.to_string(), |t| t.to_string())
            },
        );
        format!("{} {}, {span} until {until}", contract.symbol, resolution.name())
    }

    fn ask(&self) -> Ask {
        let BarsRequest { contract, what, .. } = self.0;
        Ask {
            identity: hash(self.0),
            group: hash((&contract.symbol, contract.id, &contract.exchange, what)),
            strict: self.0.resolution.seconds().is_some_and(|seconds| seconds <= STRICT_S),
            // Bid-and-ask bars count twice, but none of our kinds of price is that.
            weight: 1,
        }
    }

    async fn put(&self, client: &Client) -> Result<Self::Reply, Error> {
        let BarsRequest { contract, resolution, end, span, what, hours } = self.0;
        let what = convert::what(*what, contract.security);
        let contract = convert::contract(contract);
        let request = client
            .historical_data(&contract, convert::bar_size(*resolution))
            .duration(convert::duration(*span))
            .what_to_show(what)
            .trading_hours(convert::hours(*hours));
        match end {
            Some(end) => request.ending(convert::instant(*end)).fetch().await,
            None => request.fetch().await,
        }
    }
}
