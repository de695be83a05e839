//! The figures of a run in the words of another package, as they are shown.

use engine_core::metrics::dialect::{Dialect, DialectInput, Figure, Unit};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeStruct},
};

use super::{
    number::{UNDEFINED, count, grouped, plain},
    text::{left, right, wrapped},
};

/// What a package would say of a run: see [`engine_core::metrics::dialect`].
///
/// In JSON `package`, `version` and `figures`, an object from the package's names to numbers or null.
#[derive(Clone, Debug, PartialEq)]
pub struct DialectFacts {
    dialect: Dialect,
    figures: Vec<Figure>,
}

impl DialectFacts {
    /// The figures of a run.
    ///
    /// # Panics
    /// When the columns of `input` differ in length.
    #[must_use]
    pub fn of(dialect: Dialect, input: &DialectInput<'_>) -> Self {
        Self { dialect, figures: dialect.figures(input) }
    }

    /// The convention and a table, in at most `width` columns.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let Self { dialect, figures } = self;
        let head = format!(
            "As {} {} has it: {}",
            dialect.package(),
            dialect.version(),
            dialect.convention()
        );
        let mut lines = wrapped(&head, width);
        lines.push(String::new());
        let names = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        lines.extend(
            figures.iter().map(|figure| left(figure.name, names + 2) + &right(&text(figure), 18)),
        );
        lines
    }
}

/// The value of a figure; its name says the unit but for days.
fn text(figure: &Figure) -> String {
    let Some(value) = figure.value else { return UNDEFINED.to_owned() };
    match figure.unit {
        Unit::Ratio => grouped(value, 6),
        Unit::Percent => grouped(value, 4),
        Unit::Money => grouped(value, 2),
        Unit::Days => plain(value) + " days",
        Unit::Count => count(value as u64),
    }
}

impl Serialize for DialectFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut facts = serializer.serialize_struct("DialectFacts", 3)?;
        facts.serialize_field("package", self.dialect.package())?;
        facts.serialize_field("version", self.dialect.version())?;
        facts.serialize_field("figures", &Figures(&self.figures))?;
        facts.end()
    }
}

/// Figures as an object, in their order.
struct Figures<'a>(&'a [Figure]);

impl Serialize for Figures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for figure in self.0 {
            map.serialize_entry(figure.name, &figure.value)?;
        }
        map.end()
    }
}
