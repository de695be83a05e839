//! The bytes of a column file: a header, then the columns ts (i64), open, high, low, close and volume
//! (f64), everything little-endian and every column on a boundary of 64 bytes.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `algo.col` |
//! | 8 | 4 | layout version |
//! | 12 | 4 | code of the resolution |
//! | 16 | 8 | number of bars |
//! | 24 | 8 | key of the series in its database |
//! | 32 | 8 | version of the series |
//! | 40 | 8 | epoch of the series |
//! | 48 | 32 | origin: digest of the database's address and of how the series came into it |
//! | 80 | 32 | digest of the bars |
//! | 112 | 8 | length of the symbol |
//! | 120 | 32 | sha256 of the header, these 32 bytes taken as zero |
//! | 152 | | the symbol, UTF-8, zeros up to the first column |

use std::{
    io::{self, Write},
    ops::Range,
};

use engine_core::series::Series;
use strategy_api::Resolution;

use super::digest::{Digest, canonical, digest, digest_of_bytes};
use crate::store::SeriesInfo;

// Columns are cast, not converted.
const _: () = assert!(cfg!(target_endian = "little"), "column files are little-endian");

const MAGIC: [u8; 8] = *b"algo.col";
const LAYOUT: u32 = 1;
const CHECKSUM: Range<usize> = 120..152;
const FIXED: usize = 152;
const ALIGNMENT: usize = 64;
const MAX_SYMBOL_BYTES: usize = 4096;
const COLUMNS: usize = 6;

/// What a column file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Symbol of the instrument.
    pub symbol: String,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Key of the series in its database.
    pub series: i64,
    /// Version of the series.
    pub version: i64,
    /// Epoch of the series: grows with every restatement.
    pub epoch: i64,
    /// Digest of the database's address and of how the series came into it.
    pub origin: Digest,
    /// Number of bars.
    pub bars: usize,
    /// Digest of the bars.
    pub digest: Digest,
}

impl ColumnInfo {
    pub(super) fn of(
        series: &SeriesInfo,
        resolution: Resolution,
        origin: Digest,
        bars: &Series,
    ) -> Self {
        Self {
            symbol: series.symbol.clone(),
            resolution,
            series: series.id,
            version: series.version,
            epoch: series.epoch,
            origin,
            bars: bars.len(),
            digest: digest(&bars.columns()),
        }
    }

    /// Where the first column begins, bytes.
    fn data_offset(&self) -> usize {
        (FIXED + self.symbol.len()).next_multiple_of(ALIGNMENT)
    }

    fn stride(&self) -> Option<usize> {
        self.bars.checked_mul(8)?.checked_next_multiple_of(ALIGNMENT)
    }

    /// Length of the whole file, bytes; `None` when it is beyond what a machine can address.
    pub(super) fn file_len(&self) -> Option<usize> {
        self.stride()?.checked_mul(COLUMNS)?.checked_add(self.data_offset())
    }

    /// Bytes of a column within a file of [`ColumnInfo::file_len`].
    pub(super) fn column(&self, index: usize) -> Range<usize> {
        let stride = self.stride().expect("the file's length was computed from it");
        let start = self.data_offset() + index * stride;
        start..start + self.bars * 8
    }

    fn header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(self.data_offset());
        header.extend(MAGIC);
        header.extend(LAYOUT.to_le_bytes());
        header.extend(self.resolution.code().to_le_bytes());
        header.extend((self.bars as u64).to_le_bytes());
        for number in [self.series, self.version, self.epoch] {
            header.extend(number.to_le_bytes());
        }
        header.extend(self.origin.0);
        header.extend(self.digest.0);
        header.extend((self.symbol.len() as u64).to_le_bytes());
        header.extend([0; 32]);
        header.extend(self.symbol.as_bytes());
        header.resize(self.data_offset(), 0);
        let checksum = digest_of_bytes(&header);
        header[CHECKSUM].copy_from_slice(&checksum.0);
        header
    }

    /// Writes a whole file.
    pub(super) fn write(&self, bars: &Series, out: &mut impl Write) -> io::Result<()> {
        if self.symbol.len() > MAX_SYMBOL_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the symbol is too long"));
        }
        let columns = bars.columns();
        let volume = canonical(columns.volume);
        let padding = self.stride().map_or(0, |stride| stride - self.bars * 8);
        out.write_all(&self.header())?;
        let prices = [columns.open, columns.high, columns.low, columns.close, &volume];
        let bytes = prices.map(bytemuck::cast_slice::<f64, u8>);
        for column in std::iter::once(bytemuck::cast_slice(columns.ts)).chain(bytes) {
            out.write_all(column)?;
            out.write_all(&[0; ALIGNMENT][..padding])?;
        }
        Ok(())
    }

    /// Reads the header of a whole file.
    pub(super) fn read(file: &[u8]) -> Result<Self, &'static str> {
        if file.get(..8) != Some(&MAGIC) {
            return Err("it is no column file");
        }
        let fixed: &[u8; FIXED] = file.first_chunk().ok_or("it ends within its header")?;
        if u32::from_le_bytes(field(fixed, 8)) != LAYOUT {
            return Err("it has another layout version");
        }
        let number = |offset| i64::from_le_bytes(field(fixed, offset));
        let symbol_len = usize::try_from(number(112)).unwrap_or(usize::MAX);
        if symbol_len > MAX_SYMBOL_BYTES {
            return Err("its symbol is too long");
        }
        let symbol = file.get(FIXED..FIXED + symbol_len).ok_or("it ends within its header")?;
        let info = Self {
            symbol: str::from_utf8(symbol).map_err(|_| "its symbol is not UTF-8")?.to_owned(),
            resolution: Resolution::from_code(u32::from_le_bytes(field(fixed, 12)))
                .ok_or("its resolution is unknown")?,
            series: number(24),
            version: number(32),
            epoch: number(40),
            origin: Digest(field(fixed, 48)),
            bars: usize::try_from(number(16)).map_err(|_| "its number of bars is impossible")?,
            digest: Digest(field(fixed, 80)),
        };
        if info.file_len() != Some(file.len()) {
            return Err("its length is not that of its columns");
        }
        if file.get(..info.data_offset()) != Some(&info.header()) {
            return Err("its header is damaged");
        }
        Ok(info)
    }
}

fn field<const N: usize>(fixed: &[u8; FIXED], offset: usize) -> [u8; N] {
    *fixed[offset..].first_chunk().expect("every field lies within the fixed part")
}
