//! The stored form of each list by itself, for whoever hands a run on without keeping it.

use engine_core::{
    ledger::{AccountEntry, Trade},
    metrics::SessionEquity,
    order::{FillRecord, OrderRecord},
};

use super::{
    blob::Reader,
    decode_curve, decode_fills, decode_orders, decode_trades, encode_curve, encode_fills,
    encode_orders, encode_trades,
    grounds::{decode_entries, encode_entries},
};

/// Something that has the form of a blob: columns of numbers, whose bytes say how many there are.
pub trait Stored: Sized {
    /// Its bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// What [`Stored::to_bytes`] wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str>;
}

impl Stored for Vec<OrderRecord> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_orders(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_orders).map(std::borrow::Cow::into_owned)
    }
}

impl Stored for Vec<FillRecord> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_fills(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_fills).map(std::borrow::Cow::into_owned)
    }
}

impl Stored for Vec<Trade> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_trades(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_trades).map(std::borrow::Cow::into_owned)
    }
}

impl Stored for Vec<AccountEntry> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_entries(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_entries)
    }
}

impl Stored for SessionEquity {
    fn to_bytes(&self) -> Vec<u8> {
        encode_curve(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_curve).map(std::borrow::Cow::into_owned)
    }
}
