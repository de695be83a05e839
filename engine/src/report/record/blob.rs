//! One blob: a header and columns of values of one width each.

const VERSION: u32 = 1;
const HEADER: usize = 16;

/// Writes a blob, column by column.
pub(super) struct Writer {
    bytes: Vec<u8>,
    rows: usize,
}

impl Writer {
    pub(super) fn new(columns: u32, rows: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + rows * columns as usize * 8);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(columns.to_le_bytes());
        bytes.extend((rows as u64).to_le_bytes());
        Self { bytes, rows }
    }

    pub(super) fn column<const WIDTH: usize>(&mut self, values: impl Iterator<Item = [u8; WIDTH]>) {
        let before = self.bytes.len();
        values.for_each(|value| self.bytes.extend(value));
        debug_assert_eq!(self.bytes.len() - before, self.rows * WIDTH, "a column has every row");
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads a blob, column by column; every length is checked before it is believed.
pub(super) struct Reader<'a> {
    columns: u32,
    rows: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut reader = Self { columns: 0, rows: 1, rest: bytes };
        let [version] = reader.column()? else { return Err(SHORT) };
        if u32::from_le_bytes(*version) != VERSION {
            return Err("its layout is of another version");
        }
        let [columns] = reader.column()? else { return Err(SHORT) };
        let [rows] = reader.column()? else { return Err(SHORT) };
        reader.columns = u32::from_le_bytes(*columns);
        reader.rows = usize::try_from(u64::from_le_bytes(*rows)).map_err(|_| SHORT)?;
        Ok(reader)
    }

    /// Checks the number of columns.
    pub(super) fn expect(&self, columns: u32) -> Result<(), &'static str> {
        if self.columns == columns { Ok(()) } else { Err("it has another number of columns") }
    }

    pub(super) fn column<const WIDTH: usize>(&mut self) -> Result<&'a [[u8; WIDTH]], &'static str> {
        let length = self.rows.checked_mul(WIDTH).ok_or(SHORT)?;
        Ok(self.bytes(length)?.as_chunks::<WIDTH>().0)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Checks that nothing is left.
    pub(super) fn end(&self) -> Result<(), &'static str> {
        if self.rest.is_empty() { Ok(()) } else { Err("it is longer than its rows") }
    }
}

const SHORT: &str = "it is shorter than its rows";
