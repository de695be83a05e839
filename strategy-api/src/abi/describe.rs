//! A definition as safe data: what a host may show, check and pass on. Every problem of a definition
//! is found here, at once, so that the rest of the host can trust it.

use super::{
    layout::{PARAM_BOOL, PARAM_CHOICE, PARAM_FLOAT, PARAM_INTEGER, ParamSpec, StrategyDef},
    raw, valid_name,
};

/// Type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// True or false.
    Bool,
    /// One of these texts; the value is its index.
    Choice(Vec<String>),
}

/// A parameter as safe data.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedParam {
    /// Name.
    pub name: String,
    /// Description, one line.
    pub about: String,
    /// Type.
    pub kind: ParamKind,
    /// Value when none is given.
    pub default_value: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// A strategy as safe data.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Name.
    pub name: String,
    /// Description, one line.
    pub about: String,
    /// Version of the plugin.
    pub version: String,
    /// Author of the plugin.
    pub author: String,
    /// Parameters, in the order of their values.
    pub params: Vec<DescribedParam>,
}

/// Everything that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeError(pub Vec<String>);

impl std::fmt::Display for DescribeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for DescribeError {}

/// Reads a definition.
///
/// # Errors
/// Every problem that it has: names, texts, ranges, defaults.
pub fn describe(def: &'static StrategyDef) -> Result<Described, DescribeError> {
    let mut problems = Vec::new();
    let mut read = |what: &str, text| {
        raw::checked_text(text).map(str::to_owned).unwrap_or_else(|| {
            problems.push(format!("{what} is not valid UTF-8"));
            String::new()
        })
    };
    let mut described = Described {
        name: read("the name", &def.name),
        about: read("the description", &def.about),
        version: read("the version", &def.version),
        author: read("the author", &def.author),
        params: Vec::new(),
    };
    if !valid_name(&described.name) {
        problems
            .push(format!("the name '{}' is not [a-z0-9_]{{1,64}}", described.name.escape_debug()));
    }
    for (index, spec) in raw::param_specs(def).iter().enumerate() {
        match describe_param(spec) {
            Ok(param) if described.params.iter().any(|other| other.name == param.name) => {
                problems.push(format!("parameter '{}' stands twice", param.name));
            }
            Ok(param) => described.params.push(param),
            Err(problem) => problems.push(format!("parameter {index}: {problem}")),
        }
    }
    if problems.is_empty() { Ok(described) } else { Err(DescribeError(problems)) }
}

fn describe_param(spec: &'static ParamSpec) -> Result<DescribedParam, String> {
    let text = |text| raw::checked_text(text).map(str::to_owned).ok_or("a text is not valid UTF-8");
    let name = text(&spec.name)?;
    if !valid_name(&name) {
        return Err(format!("the name '{}' is not [a-z0-9_]{{1,64}}", name.escape_debug()));
    }
    let kind = match spec.kind {
        PARAM_INTEGER => ParamKind::Integer,
        PARAM_FLOAT => ParamKind::Float,
        PARAM_BOOL => ParamKind::Bool,
        PARAM_CHOICE => {
            ParamKind::Choice(raw::choices(spec).iter().map(text).collect::<Result<_, _>>()?)
        }
        other => return Err(format!("'{name}' has the unknown type {other}")),
    };
    let (low, value, high) = (spec.min, spec.default_value, spec.max);
    if !(low <= value && value <= high) {
        return Err(format!("'{name}' has the default {value}, which is outside {low} to {high}"));
    }
    Ok(DescribedParam {
        name,
        about: text(&spec.about)?,
        kind,
        default_value: value,
        min: low,
        max: high,
    })
}
