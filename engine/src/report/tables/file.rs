//! Tables as the bytes of a Parquet file, one group of rows after the other.
//!
//! Every column may hold nulls; nothing is compressed, so that every reader of the format reads it.

use std::{
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use super::{Column, Table};

/// A file in the making; it is whole after [`TableWriter::finish`].
pub struct TableWriter<W: Write + Send> {
    target: Target<W>,
}

/// The columns of a file are those of its first table.
enum Target<W: Write + Send> {
    Waiting(W),
    Begun(SerializedFileWriter<W>),
    Over,
}

impl<W: Write + Send> TableWriter<W> {
    /// A file of which nothing is written yet.
    pub fn new(out: W) -> Self {
        Self { target: Target::Waiting(out) }
    }

    /// Appends the rows of a table; all tables of a file have the same columns.
    ///
    /// # Errors
    /// What the writer says, or that the columns differ from those of the first table.
    pub fn write(&mut self, table: &Table<'_>) -> io::Result<()> {
        let file = self.begun(table)?;
        if table.rows() == 0 {
            return Ok(());
        }
        let mut rows = file.next_row_group().map_err(failed)?;
        for (_, column) in table.columns() {
            let mut writer = rows.next_column().map_err(failed)?.ok_or_else(other_columns)?;
            fill(&mut writer, column).map_err(failed)?;
            writer.close().map_err(failed)?;
        }
        rows.close().map(drop).map_err(failed)
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// What the writer says, or that there was no table.
    pub fn finish(self) -> io::Result<()> {
        match self.target {
            Target::Begun(file) => file.close().map(drop).map_err(failed),
            Target::Waiting(_) | Target::Over => Err(other_columns()),
        }
    }

    fn begun(&mut self, table: &Table<'_>) -> io::Result<&mut SerializedFileWriter<W>> {
        if let Target::Waiting(_) = self.target {
            let Target::Waiting(out) = std::mem::replace(&mut self.target, Target::Over) else {
                return Err(other_columns());
            };
            let program = format!("algo-trader {}", env!("CARGO_PKG_VERSION"));
            let properties = WriterProperties::builder().set_created_by(program).build();
            let file = SerializedFileWriter::new(out, schema(table)?, Arc::new(properties));
            self.target = Target::Begun(file.map_err(failed)?);
        }
        match &mut self.target {
            Target::Begun(file) => Ok(file),
            Target::Waiting(_) | Target::Over => Err(other_columns()),
        }
    }
}

fn other_columns() -> io::Error {
    io::Error::other("a table has other columns than the file")
}

/// What the library says, or the error of the writer below it.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

fn schema(table: &Table<'_>) -> io::Result<TypePtr> {
    let field = |(name, column): &(String, Column<'_>)| {
        let (physical, logical) = match column {
            Column::Times(_) => {
                (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::NANOS)))
            }
            Column::Days(_) => (Physical::INT32, Some(LogicalType::Date)),
            Column::Numbers(_) => (Physical::DOUBLE, None),
            Column::Integers(_) => (Physical::INT64, None),
            Column::Flags(_) => (Physical::BOOLEAN, None),
            Column::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    };
    let fields: Result<Vec<TypePtr>, ParquetError> = table.columns().iter().map(field).collect();
    let schema = Type::group_type_builder("table").with_fields(fields.map_err(failed)?).build();
    schema.map(Arc::new).map_err(failed)
}

fn fill(writer: &mut SerializedColumnWriter<'_>, column: &Column<'_>) -> Result<(), ParquetError> {
    match column {
        Column::Times(values) | Column::Integers(values) => {
            put::<Int64Type, _>(writer, values, |value| *value)
        }
        Column::Days(values) => put::<Int32Type, _>(writer, values, |value| *value),
        Column::Numbers(values) => put::<DoubleType, _>(writer, values, |value| *value),
        Column::Flags(values) => put::<BoolType, _>(writer, values, |value| *value),
        Column::Texts(values) => {
            put::<ByteArrayType, _>(writer, values, |text| ByteArray::from(text.as_ref()))
        }
    }
}

/// Values that are there, and for every row whether one is.
fn put<T: DataType, V>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &[Option<V>],
    value: impl Fn(&V) -> T::T,
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let there: Vec<T::T> = values.iter().flatten().map(value).collect();
    writer.typed::<T>().write_batch(&there, Some(&levels), None).map(drop)
}
