//! The stored form of each list by itself, for whoever hands a run on without keeping it.

use engine_core::{
    backtest::Seen,
    journal::{FillBasis, OrderStep},
    ledger::{AccountEntry, Trade},
    order::{FillRecord, OrderRecord},
};

use super::{
    blob::Reader,
    decode_fills, decode_orders, decode_trades, encode_fills, encode_orders, encode_trades,
    grounds::{
        decode_bases, decode_entries, decode_seen, decode_steps, encode_bases, encode_entries,
        encode_seen, encode_steps,
    },
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

impl Stored for Vec<FillBasis> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_bases(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_bases)
    }
}

impl Stored for Vec<OrderStep> {
    fn to_bytes(&self) -> Vec<u8> {
        encode_steps(self)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(decode_steps)
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

impl Stored for Seen {
    fn to_bytes(&self) -> Vec<u8> {
        // Without a bar there is no value either, whatever the strategy declares.
        encode_seen(self, self.values.len().checked_div(self.bars.len()).unwrap_or(0))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Reader::new(bytes).and_then(|blob| {
            let columns = blob.columns().checked_sub(super::grounds::SEEN_COLUMNS);
            decode_seen(blob, columns.ok_or("it has too few columns")? as usize)
        })
    }
}
