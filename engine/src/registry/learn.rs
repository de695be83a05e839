//! Asks a definition what it is: its description, and with default parameters and without bars its
//! warm-up and columns. The code of a plugin runs here, so this belongs into a worker.

use strategy_api::{
    Columns, Resolution,
    abi::{
        DescribedParam, describe,
        host::{Instance, InstrumentBars, Market},
        layout::StrategyDef,
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
};

use super::facts::StrategyFacts;

/// Describes every strategy of a library.
///
/// # Errors
/// What is wrong with one of them, or with all together.
pub fn describe_all(defs: &[&'static StrategyDef]) -> Result<Vec<StrategyFacts>, String> {
    let mut all: Vec<StrategyFacts> = Vec::with_capacity(defs.len());
    for (index, def) in defs.iter().enumerate() {
        let described = describe(def).map_err(|error| format!("strategy {index}: {error}"))?;
        if all.iter().any(|other| other.name == described.name) {
            return Err(format!("it holds the strategy '{}' twice", described.name));
        }
        let finite = |param: &&DescribedParam| param.min.is_finite() && param.max.is_finite();
        if let Some(param) = described.params.iter().find(|param| !finite(param)) {
            return Err(format!("parameter '{}' has no finite range", param.name));
        }
        all.push(described.into());
    }
    Ok(all)
}

/// Starts a strategy with its default parameters on a market without bars, to learn what it declares.
pub fn try_start(def: &'static StrategyDef, facts: &mut StrategyFacts, progress: &ProgressPage) {
    let none = Columns { ts: &[], open: &[], high: &[], low: &[], close: &[], volume: &[] };
    let instrument = InstrumentBars { symbol: "TEST", columns: none, seen: None };
    let market = Market::new(&[], vec![instrument], Resolution::Day1);
    // What it will not do without bars is no fault; a run will tell.
    let Ok(instance) = Instance::start(def, &facts.defaults(), &market, progress, 0) else {
        return;
    };
    let specs = instance.declared().iter().map(ColumnSpec::from_wire);
    let Ok(specs) = specs.collect::<Result<Vec<_>, _>>() else { return };
    // How many bars of a run a coarser bar needs is known in a run only.
    let lengths: Vec<_> = instance.declared().iter().map(|raw| instance.length_of(raw)).collect();
    let own = specs.iter().zip(&lengths).filter(|(_, length)| length.is_none());
    let need = own.map(|(spec, _)| spec.warm_up()).max().unwrap_or(0);
    facts.warm_up = Some(need.max(instance.warm_up()));
    let label = |(spec, length): (&ColumnSpec, &Option<Resolution>)| match length {
        Some(length) => format!("{} of {length}", spec.label()),
        None => spec.label(),
    };
    facts.columns = specs.iter().zip(&lengths).map(label).collect();
}
