//! Constraints: which combinations of parameters make sense, as an expression such as
//! `fast < slow and slow / fast >= 2`.
//!
//! Numbers, names of parameters, `+ - * / %`, comparisons (also in chains, `2 < fast < slow`), `and or
//! not` (also `&& || !`), parentheses, `true`, `false`, and the texts of a choice in quotes, compared
//! with that parameter. A comparison with something divided by zero is not satisfied.

mod lexer;
mod parser;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A parameter as a constraint may name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its name.
    pub name: String,
    /// Its texts, when it is a choice; a value is the index of one.
    pub choices: Vec<String>,
}

impl Name {
    /// A parameter that is a number or a truth.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self { name: name.to_owned(), choices: Vec::new() }
    }
}

/// An expression that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {what}", .at + 1)]
pub struct ConstraintError {
    /// Characters before the place.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

/// An expression over the parameters of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint(Node);

/// A part of an expression; truths are 1 and 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Node {
    Number(f64),
    Param(u32),
    Negative(Box<Node>),
    Not(Box<Node>),
    Two(Operator, Box<Node>, Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl Constraint {
    /// Reads an expression over parameters, named in the order of their values.
    ///
    /// # Errors
    /// When it is not one, with the place.
    pub fn parse(text: &str, names: &[Name]) -> Result<Self, ConstraintError> {
        parser::parse(text, names).map(Self)
    }

    /// Whether a parameter set satisfies it.
    ///
    /// # Panics
    /// When there are fewer values than the constraint knows parameters.
    #[must_use]
    pub fn allows(&self, values: &[f64]) -> bool {
        is_true(self.0.of(values))
    }

    /// Whether it names the parameter in a place.
    #[must_use]
    pub fn names(&self, index: usize) -> bool {
        self.0.names(index)
    }
}

impl Node {
    fn of(&self, values: &[f64]) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Param(index) => values[*index as usize],
            Self::Negative(node) => -node.of(values),
            Self::Not(node) => truth(!is_true(node.of(values))),
            Self::Two(Operator::And, a, b) => truth(is_true(a.of(values)) && is_true(b.of(values))),
            Self::Two(Operator::Or, a, b) => truth(is_true(a.of(values)) || is_true(b.of(values))),
            Self::Two(operator, a, b) => operator.of(a.of(values), b.of(values)),
        }
    }

    fn names(&self, index: usize) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Param(named) => *named as usize == index,
            Self::Negative(node) | Self::Not(node) => node.names(index),
            Self::Two(_, a, b) => a.names(index) || b.names(index),
        }
    }
}

impl Operator {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide | Self::Remainder if b == 0.0 => f64::NAN,
            Self::Divide => a / b,
            Self::Remainder => a % b,
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::Equal => truth(a == b),
            // Not `!=`, which NaN satisfies.
            Self::NotEqual => truth(a.partial_cmp(&b).is_some_and(Ordering::is_ne)),
            Self::And => truth(is_true(a) && is_true(b)),
            Self::Or => truth(is_true(a) || is_true(b)),
        }
    }
}

fn truth(is_true: bool) -> f64 {
    f64::from(u8::from(is_true))
}

fn is_true(value: f64) -> bool {
    value != 0.0 && !value.is_nan()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<Name> {
        let side = Name { name: "side".into(), choices: vec!["long".into(), "flat".into()] };
        vec![Name::number("fast"), Name::number("slow"), side]
    }

    fn allows(text: &str, values: [f64; 3]) -> bool {
        Constraint::parse(text, &names()).unwrap_or_else(|e| panic!("{text}: {e}")).allows(&values)
    }

    fn refused(text: &str) -> (usize, String) {
        let error = Constraint::parse(text, &names()).unwrap_err();
        (error.at, error.what)
    }

    #[test]
    fn expressions_mean_what_arithmetic_says() {
        let at = [5.0, 20.0, 1.0];
        for yes in [
            "fast < slow",
            "2 < fast < slow <= 20",
            "slow / fast >= 4 and slow % 7 == 6",
            "not fast > slow && !(fast == slow)",
            "1 + 2 * 3 == 7 || false",
            "-fast + slow == 15",
            "(1 + 2) * 3 = 9",
            "side == \"flat\" and 'long' != side",
            "fast - 1 - 1 == 3",
            "true",
            "2.5e1 > slow",
        ] {
            assert!(allows(yes, at), "{yes}");
        }
        for no in [
            "fast >= slow",
            "5 < fast < slow",
            "side == 'long'",
            "fast / 0 == fast / 0",
            "0 / 0",
            "fast % 0 != 1",
        ] {
            assert!(!allows(no, at), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        assert_eq!(
            refused("fast < fats"),
            (7, "there is no parameter 'fats'; there are fast, slow, side".into())
        );
        assert_eq!(refused("fast <"), (6, "a value is missing".into()));
        assert_eq!(refused(""), (0, "a value is missing".into()));
        assert_eq!(refused("(fast < slow"), (12, "a ')' is missing".into()));
        assert_eq!(refused("fast < slow)"), (11, "')' is too much here".into()));
        assert_eq!(refused("fast slow"), (5, "'slow' is too much here".into()));
        assert_eq!(refused("fast $ slow"), (5, "'$' means nothing here".into()));
        assert_eq!(refused("fast < 1.2.3"), (7, "'1.2.3' is not a number".into()));
        assert_eq!(
            refused("side == 'left'"),
            (8, "'left' is none of the texts of side: long, flat".into())
        );
        assert_eq!(refused("'long' < 3").0, 0);
        assert_eq!(refused("side == 'long").1, "the quote is not closed");
        assert!(Constraint::parse(&"(".repeat(10_000), &names()).is_err());
        assert!(Constraint::parse(&"not ".repeat(10_000), &names()).is_err());
        assert!(Constraint::parse(&"1 + ".repeat(10_000), &names()).is_err());
    }

    #[test]
    fn a_constraint_knows_what_it_names() {
        let constraint = Constraint::parse("fast * 2 < 10 or not (slow > 3)", &names()).unwrap();
        assert_eq!([0, 1, 2].map(|index| constraint.names(index)), [true, true, false]);
    }
}
