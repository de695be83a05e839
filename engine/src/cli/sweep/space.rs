//! From options to a plan, and from a position back to parameters as they are written.

use engine_core::sweep::{Constraint, ConstraintError, Name, Plan, PlanError};
use serde_json::{Map, Value};

use super::{SweepArgs, args::Method, axis};
use crate::{
    error::{Code, Failure},
    registry::{Resolved, facts::Kind},
    report::number::count,
};

/// Trials that nobody starts by accident.
const MOST_UNASKED: u64 = 1_000_000_000;

/// The plan of a sweep.
///
/// # Errors
/// When a parameter is unknown, its values cannot be read, the constraint is wrong or leaves nothing,
/// or there are too many trials.
pub(super) fn plan(strategy: &Resolved, args: &SweepArgs) -> Result<Plan, Failure> {
    let axes = axes(strategy, args)?;
    let constraint =
        args.constraint.as_deref().map(|text| constraint(strategy, text)).transpose()?;
    let seed = args.rules.seed;
    let plan = match args.method() {
        Method::Random(trials) => Plan::random(axes, constraint, trials, seed),
        Method::Model(_) => Plan::lattice(axes, constraint, seed),
        Method::Grid => Plan::grid(axes, constraint),
    };
    let plan = plan.map_err(|error| refused(&error, strategy, args))?;
    let trials = match args.method() {
        Method::Model(trials) => trials,
        _ => plan.trials().unwrap_or(plan.positions()),
    };
    if trials > MOST_UNASKED && !args.yes {
        let message = format!("that would be {} trials, which run only with --yes", count(trials));
        return Err(Failure::new(Code::Usage, message).help("--random 100000"));
    }
    Ok(plan)
}

/// The values of every parameter: defaults, those of an alias, those that were given.
fn axes(strategy: &Resolved, args: &SweepArgs) -> Result<Vec<Vec<f64>>, Failure> {
    let params = &strategy.facts().params;
    let mut axes: Vec<Vec<f64>> =
        strategy.values(&[])?.into_iter().map(|value| vec![value]).collect();
    for (name, text) in &args.param {
        let Some(place) = params.iter().position(|param| param.name == *name) else {
            // Says which parameters there are.
            strategy.values(&[(name.clone(), text.clone())])?;
            continue;
        };
        axes[place] = axis::values(&params[place], text).map_err(|reason| {
            let name = &strategy.facts().name;
            let message = format!("values of parameter '{}': {reason}", params[place].name);
            Failure::new(Code::Usage, message).help(format!("algo-trader strategies show {name}"))
        })?;
    }
    Ok(axes)
}

fn constraint(strategy: &Resolved, text: &str) -> Result<Constraint, Failure> {
    let names = strategy.facts().params.iter().map(|param| {
        let choices = match &param.kind {
            Kind::Choice(texts) => texts.clone(),
            _ => Vec::new(),
        };
        Name { name: param.name.clone(), choices }
    });
    let names: Vec<Name> = names.collect();
    Constraint::parse(text, &names).map_err(|error: ConstraintError| {
        Failure::new(Code::Usage, format!("--where '{text}': {error}"))
            .help("--where \"fast < slow and slow <= 10 * fast\"")
    })
}

fn refused(error: &PlanError, strategy: &Resolved, args: &SweepArgs) -> Failure {
    match error {
        PlanError::Impossible => {
            let text = args.constraint.as_deref().unwrap_or_default();
            Failure::new(Code::Usage, format!("--where '{text}' leaves no combination to try"))
                .help("widen the values of the parameters, or loosen --where")
        }
        PlanError::Empty(place) => {
            let name = &strategy.facts().params[*place].name;
            Failure::new(Code::Usage, format!("parameter '{name}' has no value to try"))
        }
        PlanError::TooMany => Failure::new(Code::Usage, error.to_string()),
    }
}

/// Names of the parameters that have more than one value, and their places.
pub(super) fn swept(strategy: &Resolved, plan: &Plan) -> Vec<(usize, String)> {
    let params = strategy.facts().params.iter().zip(plan.axes()).enumerate();
    let swept = params.filter(|(_, (_, axis))| axis.len() > 1);
    swept.map(|(place, (param, _))| (place, param.name.clone())).collect()
}

/// Names of all parameters with their values at a position, as JSON values.
pub(super) fn shown(strategy: &Resolved, plan: &Plan, position: u64) -> Map<String, Value> {
    let mut values = Vec::new();
    plan.values(position, &mut values);
    strategy.shown(&values).into_iter().map(|(name, text)| (name, plain(&text))).collect()
}

/// A parameter's text as a JSON value: a number or a truth where it is one.
pub(super) fn plain(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::from(text),
    }
}
