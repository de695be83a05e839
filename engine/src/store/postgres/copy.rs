//! Rows as PostgreSQL's binary COPY format, both ways.
//!
//! The format is described at <https://www.postgresql.org/docs/current/sql-copy.html>: a header, then
//! for each row its number of fields and each field as its length (-1 for NULL) and its bytes.

use sqlx::PgConnection;
use strategy_api::Bar;

use crate::store::{BarRow, rows::next};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const SIGNATURE: usize = 11;
const TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// Bytes of the longest row of `bars`.
const ROW_BYTES: usize = 2 + 10 * 12 + 5;

/// Rows of a series as one COPY stream into all columns of `bars`.
pub(super) fn encode(series: i64, rows: &[BarRow]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER.len() + rows.len() * ROW_BYTES + TRAILER.len());
    out.extend_from_slice(HEADER);
    for row in rows {
        let bar = &row.bar;
        out.extend_from_slice(&11i16.to_be_bytes());
        eight(&mut out, series.to_be_bytes());
        eight(&mut out, bar.ts.to_be_bytes());
        for price in [bar.open, bar.high, bar.low, bar.close, bar.volume] {
            eight(&mut out, price.to_be_bytes());
        }
        out.extend_from_slice(&1i32.to_be_bytes());
        out.push(u8::from(row.is_final));
        for value in [row.ma20, row.ma50, row.ath] {
            match value {
                Some(value) => eight(&mut out, value.to_be_bytes()),
                None => out.extend_from_slice(&(-1i32).to_be_bytes()),
            }
        }
    }
    out.extend_from_slice(&TRAILER);
    out
}

fn eight(out: &mut Vec<u8>, bytes: [u8; 8]) {
    let mut field = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    field[4..].copy_from_slice(&bytes);
    out.extend_from_slice(&field);
}

/// Copies rows of a series into a table with the columns of `bars`.
pub(super) async fn copy_in(
    db: &mut PgConnection,
    table: &str,
    series: i64,
    rows: &[BarRow],
) -> sqlx::Result<()> {
    let sql = format!("COPY {table} FROM STDIN (FORMAT binary)");
    let mut copy = db.copy_in_raw(&sql).await?;
    copy.send(encode(series, rows)).await?;
    copy.finish().await.map(drop)
}

/// Runs a SELECT through COPY and hands each row to `each`.
pub(super) async fn copy_out(
    db: &mut PgConnection,
    select: &str,
    mut each: impl FnMut(&mut Fields<'_>) -> sqlx::Result<()> + Send,
) -> sqlx::Result<()> {
    let sql = format!("COPY ({select}) TO STDOUT (FORMAT binary)");
    let mut stream = db.copy_out_raw(&sql).await?;
    let mut head = HEADER.len();
    while let Some(chunk) = next(&mut stream).await {
        let chunk = chunk?;
        let mut rest = Fields(&chunk);
        if head > 0 {
            rest.header()?;
            head = 0;
        }
        // The server sends whole rows only.
        while !rest.0.is_empty() && rest.row()? {
            each(&mut rest)?;
        }
    }
    Ok(())
}

/// The fields of rows that are still unread.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> sqlx::Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn header(&mut self) -> sqlx::Result<()> {
        if self.0.len() < HEADER.len() || self.0[..SIGNATURE] != HEADER[..SIGNATURE] {
            return Err(malformed());
        }
        self.0 = &self.0[HEADER.len()..];
        Ok(())
    }

    /// Steps into the next row; `false` at the end.
    fn row(&mut self) -> sqlx::Result<bool> {
        Ok(self.take::<2>()? != TRAILER)
    }

    fn field(&mut self) -> sqlx::Result<Option<[u8; 8]>> {
        match i32::from_be_bytes(self.take()?) {
            8 => self.take().map(Some),
            -1 => Ok(None),
            _ => Err(malformed()),
        }
    }

    fn integer(&mut self) -> sqlx::Result<i64> {
        self.field()?.map(i64::from_be_bytes).ok_or_else(malformed)
    }

    fn optional(&mut self) -> sqlx::Result<Option<f64>> {
        Ok(self.field()?.map(f64::from_be_bytes))
    }

    fn number(&mut self) -> sqlx::Result<f64> {
        self.optional()?.ok_or_else(malformed)
    }

    fn boolean(&mut self) -> sqlx::Result<bool> {
        match self.take::<5>()? {
            [0, 0, 0, 1, value] => Ok(value != 0),
            _ => Err(malformed()),
        }
    }

    /// The columns `ts, open, high, low, close, volume`.
    pub(super) fn bar(&mut self) -> sqlx::Result<Bar> {
        Ok(Bar {
            ts: self.integer()?,
            open: self.number()?,
            high: self.number()?,
            low: self.number()?,
            close: self.number()?,
            volume: self.number()?,
        })
    }

    /// The columns of a [`BarRow`], in the order of `row_columns!`.
    pub(super) fn bar_row(&mut self) -> sqlx::Result<BarRow> {
        Ok(BarRow {
            bar: self.bar()?,
            is_final: self.boolean()?,
            ma20: self.optional()?,
            ma50: self.optional()?,
            ath: self.optional()?,
        })
    }
}

fn malformed() -> sqlx::Error {
    sqlx::Error::Protocol("a COPY stream of another form than asked for".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_encoded_as_postgresql_documents_it() {
        let bar = Bar { ts: 1, open: 1.0, high: 2.0, low: 0.5, close: 1.5, volume: 0.0 };
        let row = BarRow { bar, is_final: true, ma20: None, ma50: Some(1.0), ath: Some(2.0) };
        let bytes = encode(7, &[row]);
        assert_eq!(bytes[..21], *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x0b");
        assert_eq!(bytes[21..33], [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(bytes[45..57], [0, 0, 0, 8, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[bytes.len() - 2..], [0xff, 0xff]);
        let mut fields = Fields(&bytes);
        fields.header().unwrap();
        assert!(fields.row().unwrap());
        assert_eq!(fields.integer().unwrap(), 7);
        assert_eq!(fields.bar_row().unwrap(), row);
        assert!(!fields.row().unwrap());
    }

    #[test]
    fn a_stream_of_another_form_is_an_error() {
        assert!(Fields(b"PGCOPY").header().is_err());
        assert!(Fields(&[0, 0, 0, 4, 0, 0, 0, 0]).integer().is_err());
        assert!(Fields(&[0, 0, 0, 8, 0]).integer().is_err());
    }
}
