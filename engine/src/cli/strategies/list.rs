//! `strategies list`: what can be run, and what cannot be and why.

use super::super::{Done, Outcome, app::App, table::table};
use crate::registry::{Listed, Retry, State, facts::StrategyFacts};

pub(super) fn run(app: &App) -> Outcome {
    let registry = app.registry(Retry::Yes)?;
    let list = registry.list();
    if app.out.json() {
        app.out.value(&list)?;
        return Ok(Done::Well);
    }
    let (ready, others): (Vec<&Listed>, Vec<&Listed>) =
        list.iter().partition(|listed| listed.state == State::Ready);
    let titles = ["strategy", "version", "file", "parameters"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(ready.iter().map(|listed| line(listed)));
    let mut text = table(&rows);
    if !others.is_empty() {
        let rows: Vec<Vec<String>> =
            others.iter().map(|listed| vec![called(listed), reason(&listed.state)]).collect();
        text = format!("{text}\nnot to be run:\n{}", table(&rows));
    }
    app.out.text(&text)?;
    Ok(Done::Well)
}

fn line(listed: &Listed) -> Vec<String> {
    let facts = listed.facts.as_ref();
    vec![
        listed.name.clone().unwrap_or_default(),
        facts.map_or_else(String::new, |facts| facts.version.clone()),
        file_name(listed).unwrap_or_else(|| "built in".to_owned()),
        facts.map_or_else(String::new, |facts| parameters(facts, listed)),
    ]
}

/// `fast=20 slow=50`, and what an alias stands for.
fn parameters(facts: &StrategyFacts, listed: &Listed) -> String {
    let mut words: Vec<String> =
        listed.alias_of.iter().map(|strategy| format!("{strategy} with")).collect();
    words.extend(facts.params.iter().map(|param| {
        let preset = listed.preset.iter().find(|(name, _)| *name == param.name);
        let value = preset.map_or_else(|| param.show(param.default), |(_, text)| text.clone());
        format!("{}={value}", param.name)
    }));
    words.join(" ")
}

fn file_name(listed: &Listed) -> Option<String> {
    Some(listed.file.as_ref()?.file_name()?.to_string_lossy().into_owned())
}

/// The name of a strategy with its file, or the file alone.
fn called(listed: &Listed) -> String {
    let path = listed.file.as_ref().map(|path| path.display().to_string());
    match (&listed.name, path) {
        (Some(name), Some(path)) => format!("{name} ({path})"),
        (Some(name), None) => name.clone(),
        (None, Some(path)) => path,
        (None, None) => String::new(),
    }
}

fn reason(state: &State) -> String {
    match state {
        State::Ready => "ready".to_owned(),
        State::Disabled => "switched off in strategies.toml".to_owned(),
        State::Shadowed { by } => format!("{} counts instead", by.display()),
        State::Ambiguous { places } => format!("in more than one place: {}", places.join(", ")),
        State::Refused { reason } => reason.clone(),
    }
}
