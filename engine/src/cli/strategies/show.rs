//! `strategies show`: all that is known of one strategy.

use serde_json::{Value, json};

use super::super::{Done, Outcome, app::App, table::table};
use crate::{
    registry::{
        Resolved, Retry,
        facts::{Kind, ParamFacts},
    },
    report::plural,
};

pub(super) fn run(app: &App, name: &str) -> Outcome {
    let strategy = app.registry(Retry::Yes)?.resolve(name)?;
    // A preset that is not valid is said here rather than at the first run.
    let values = strategy.values(&[])?;
    if app.out.json() {
        app.out.value(&as_json(&strategy, &values))?;
    } else {
        app.out.text(&describe(&strategy, &values))?;
    }
    Ok(Done::Well)
}

fn as_json(strategy: &Resolved, values: &[f64]) -> Value {
    let preset: serde_json::Map<_, _> = (strategy.facts().params.iter().zip(values))
        .map(|(param, value)| (param.name.clone(), json!(value)))
        .collect();
    json!({
        "asked": strategy.asked(),
        "file": strategy.path(),
        "sha256": strategy.sha256().map(|sum| sum.to_string()),
        "values": preset,
        "facts": strategy.facts(),
    })
}

fn describe(strategy: &Resolved, values: &[f64]) -> String {
    let facts = strategy.facts();
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let mut rows = vec![row("strategy", facts.name.clone())];
    if strategy.asked() != facts.name {
        rows.push(row("asked as", strategy.asked().to_owned()));
    }
    rows.push(row("about", facts.about.clone()));
    rows.push(row("version", facts.version.clone()));
    rows.push(row("author", facts.author.clone()));
    match strategy.path() {
        Some(path) => rows.push(row("file", path.display().to_string())),
        None => rows.push(row("file", "built in".to_owned())),
    }
    rows.extend(strategy.sha256().map(|sum| row("sha256", sum.to_string())));
    let warm_up = facts.warm_up.map_or("not known before a run".to_owned(), |n| plural(n, "bar"));
    rows.push(row("warm-up", warm_up));
    if !facts.columns.is_empty() {
        rows.push(row("indicators", facts.columns.join(", ")));
    }
    let mut text = table(&rows);
    if facts.params.is_empty() {
        text.push_str("\nit has no parameters\n");
    } else {
        let titles = ["parameter", "value", "valid", "meaning"];
        let mut rows = vec![titles.map(str::to_owned).to_vec()];
        rows.extend(facts.params.iter().zip(values).map(|(param, value)| parameter(param, *value)));
        text = format!("{text}\n{}", table(&rows));
    }
    text
}

fn parameter(param: &ParamFacts, value: f64) -> Vec<String> {
    let valid = match &param.kind {
        Kind::Integer => format!("{} to {}", param.min, param.max),
        Kind::Float => format!("{} to {} (decimal)", param.min, param.max),
        Kind::Bool => "true, false".to_owned(),
        Kind::Choice(texts) => texts.join(", "),
    };
    vec![param.name.clone(), param.show(value), valid, param.about.trim().to_owned()]
}
