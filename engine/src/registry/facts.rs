//! What is known of a strategy without running it: name, texts, parameters, warm-up. It travels from
//! the worker that asked the library, into the cache, and to whoever lists, shows or checks.

use serde::{Deserialize, Serialize};
use strategy_api::abi::{Described, DescribedParam, ParamKind};

/// Type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// True or false.
    Bool,
    /// One of these texts; the value is its index.
    Choice(Vec<String>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamFacts {
    /// Name.
    pub name: String,
    /// Description, one line.
    pub about: String,
    /// Type.
    pub kind: Kind,
    /// Value when none is given.
    pub default: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// A strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategyFacts {
    /// Name.
    pub name: String,
    /// Description, one line.
    pub about: String,
    /// Version of the plugin.
    pub version: String,
    /// Author of the plugin.
    pub author: String,
    /// Parameters, in the order of their values.
    pub params: Vec<ParamFacts>,
    /// Bars that it needs before it can act, with its default parameters; `None` when it would not
    /// start without bars.
    pub warm_up: Option<usize>,
    /// Indicator columns that it declares, with its default parameters.
    pub columns: Vec<String>,
}

impl StrategyFacts {
    /// The values of all parameters when none is given.
    #[must_use]
    pub fn defaults(&self) -> Vec<f64> {
        self.params.iter().map(|param| param.default).collect()
    }
}

impl From<Described> for StrategyFacts {
    fn from(described: Described) -> Self {
        Self {
            name: described.name,
            about: described.about,
            version: described.version,
            author: described.author,
            params: described.params.into_iter().map(ParamFacts::from).collect(),
            warm_up: None,
            columns: Vec::new(),
        }
    }
}

impl From<DescribedParam> for ParamFacts {
    fn from(param: DescribedParam) -> Self {
        let kind = match param.kind {
            ParamKind::Integer => Kind::Integer,
            ParamKind::Float => Kind::Float,
            ParamKind::Bool => Kind::Bool,
            ParamKind::Choice(texts) => Kind::Choice(texts),
        };
        Self {
            name: param.name,
            about: param.about,
            kind,
            default: param.default_value,
            min: param.min,
            max: param.max,
        }
    }
}

impl ParamFacts {
    /// The value that a text stands for.
    ///
    /// # Errors
    /// What would be valid instead.
    pub fn parse(&self, text: &str) -> Result<f64, String> {
        let within = |value: f64| {
            (self.min <= value && value <= self.max).then_some(value).ok_or_else(|| self.valid())
        };
        match &self.kind {
            Kind::Integer => {
                let number: i64 = text.parse().map_err(|_| self.valid())?;
                within(number as f64)
            }
            Kind::Float => within(text.parse().map_err(|_| self.valid())?),
            Kind::Bool => match text {
                "true" | "1" => Ok(1.0),
                "false" | "0" => Ok(0.0),
                _ => Err(self.valid()),
            },
            Kind::Choice(texts) => {
                let index = texts.iter().position(|choice| choice == text);
                index.map(|index| index as f64).ok_or_else(|| self.valid())
            }
        }
    }

    /// A value as it would be written.
    #[must_use]
    pub fn show(&self, value: f64) -> String {
        match &self.kind {
            Kind::Integer | Kind::Float => value.to_string(),
            Kind::Bool => (value != 0.0).to_string(),
            Kind::Choice(texts) => {
                texts.get(value as usize).cloned().unwrap_or_else(|| value.to_string())
            }
        }
    }

    /// What is valid, in words.
    #[must_use]
    pub fn valid(&self) -> String {
        let (min, max) = (self.min, self.max);
        match &self.kind {
            Kind::Integer => format!("a whole number from {min} to {max}"),
            Kind::Float => format!("a number from {min} to {max}"),
            Kind::Bool => "true or false".to_owned(),
            Kind::Choice(texts) => format!("one of {}", texts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: Kind) -> ParamFacts {
        let (name, about) = ("x".to_owned(), String::new());
        ParamFacts { name, about, kind, default: 2.0, min: 0.0, max: 500.0 }
    }

    #[test]
    fn each_type_takes_its_own_texts_and_says_what_is_valid() {
        let integer = param(Kind::Integer);
        assert_eq!(integer.parse("20"), Ok(20.0));
        for bad in ["", "2.5", "501", "-1", "1e2", "0x10", "99999999999999999999", "NaN"] {
            assert_eq!(integer.parse(bad), Err("a whole number from 0 to 500".to_owned()), "{bad}");
        }
        let float = param(Kind::Float);
        assert_eq!(float.parse("1e2"), Ok(100.0));
        for bad in ["NaN", "inf", "-inf", "1e9", "x", "1,5"] {
            assert_eq!(float.parse(bad), Err("a number from 0 to 500".to_owned()), "{bad}");
        }
        let flag = param(Kind::Bool);
        assert_eq!((flag.parse("true"), flag.parse("0")), (Ok(1.0), Ok(0.0)));
        assert!(flag.parse("maybe").is_err());
        let choice = param(Kind::Choice(vec!["long".into(), "flat".into()]));
        assert_eq!(choice.parse("flat"), Ok(1.0));
        assert_eq!(choice.parse("short"), Err("one of long, flat".to_owned()));
        assert_eq!(choice.show(1.0), "flat");
        assert_eq!(integer.show(20.0), "20");
    }
}
