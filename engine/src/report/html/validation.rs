//! A walk-forward optimisation or a cross-validation on one page, from its JSON: the account out of
//! sample, every fold's figures in sample against out of sample, and what was chosen when.

use engine_core::{calendar::midnight_ns, sweep::Metric};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{
    CHARTS, data, facts, figures,
    frame::Frame,
    markup::{embedded, escaped, scrolled},
    study::{Fold, Validation, Window},
    sweep,
};
use crate::report::{
    number::{UNDEFINED, count, grouped, percent},
    problems::plural,
    text::printable,
};

/// The page as the bytes of an HTML file, from the JSON that `sweep --walk-forward --json` prints.
///
/// # Errors
/// When the text is not such a JSON.
pub fn validation(json: &str) -> Result<String, serde_json::Error> {
    let study: Validation = serde_json::from_str(json)?;
    let name = if study.kind == "k-fold" { "Cross-validation" } else { "Walk-forward" };
    let mut frame = Frame::new(
        &format!("{name} of {} on {}", study.strategy, study.symbols.join(", ")),
        &format!(
            "{} over {} of {}, {} to {}, chosen by {}",
            plural(study.folds.len(), "fold"),
            plural(study.bars, "bar"),
            study.resolution,
            study.first,
            study.last,
            study.rank
        ),
    );
    frame.push(&facts::cautions(&warnings(&study)));
    let sentence = &study.luck.sentence;
    frame.push(&sweep::verdict("What the choice is worth out of sample", sentence, &tiles(&study)));
    frame.push(CHARTS);
    frame.push(DUEL);
    frame.section("Folds", &scrolled(&folds(&study)));
    frame.section("Figures over the folds", &scrolled(&averages(&study)));
    frame.section("What it stands on", &scrolled(&facts::listed(&rows(&study))));
    frame.push(&format!(
        "<footer>Made by algo-trader {}. The same again: <code>algo-trader sweeps show {}</code></footer>",
        escaped(&study.engine),
        escaped(&study.id.chars().take(16).collect::<String>())
    ));
    Ok(frame.finish(&elements(&study)))
}

const DUEL: &str = "<section><h2>In sample against out of sample</h2>\
<div id=\"duel-tools\" class=\"tools\"></div><div id=\"duel-stage\" class=\"stage\"></div>\
<p class=\"hint\">What was chosen on one window seldom does as well on the next. Parameters that carry over \
have blue bars near the grey ones, fold after fold.</p></section>\n";

fn cell(metric: Metric, value: Option<f64>) -> String {
    let Some(value) = value else { return UNDEFINED.to_owned() };
    match sweep::named(metric).1 {
        "percent" => percent(value),
        "count" => grouped(value, 0),
        _ => grouped(value, 2),
    }
}

fn warnings(study: &Validation) -> Vec<String> {
    let mut texts = Vec::new();
    if study.failed > 0 {
        texts.push(format!("{} trials failed in sample", count(study.failed)));
    }
    for fold in &study.folds {
        if let Some(fault) = &fold.fault {
            texts
                .push(format!("fold {}: what was chosen failed out of sample: {fault}", fold.fold));
        }
    }
    texts
}

fn tiles(study: &Validation) -> Vec<[String; 3]> {
    let interval = |metric: Metric| {
        let ends = study.luck.intervals.get(metric.name());
        let end = |at: usize| ends.and_then(|ends| ends.get(at)).and_then(Value::as_f64);
        match end(0).zip(end(1)) {
            Some((low, high)) => {
                format!("95 %: {} to {}", cell(metric, Some(low)), cell(metric, Some(high)))
            }
            None => String::new(),
        }
    };
    let own = |metric: Metric| {
        let value = cell(metric, study.total.get(metric));
        [sweep::named(metric).0.to_owned(), value, interval(metric)]
    };
    let share = |value: Option<f64>| value.map_or(UNDEFINED.to_owned(), percent);
    vec![
        own(Metric::TotalReturn),
        own(Metric::Sharpe),
        own(Metric::MaxDrawdown),
        [
            "Efficiency".to_owned(),
            share(study.efficiency),
            "yearly growth out of sample over that in sample".to_owned(),
        ],
        [
            "Windows with a profit".to_owned(),
            format!("{} of {}", study.profitable_folds, study.folds.len()),
            format!("{} trades", cell(Metric::Trades, study.total.get(Metric::Trades))),
        ],
        [
            "Sharpe above zero".to_owned(),
            share(study.luck.psr),
            format!("probability; {} trials ever", count(study.luck.trials_ever)),
        ],
    ]
}

/// A row a fold: windows, what was chosen, a few figures on both sides.
fn folds(study: &Validation) -> String {
    let shown = [Metric::Sharpe, Metric::TotalReturn, Metric::MaxDrawdown, Metric::Trades];
    let mut text = String::from(
        "<table class=\"folds\"><thead><tr><th scope=\"col\">Fold</th><th scope=\"col\">In sample</th>\
         <th scope=\"col\">Out of sample</th><th scope=\"col\">Chosen</th>",
    );
    for metric in shown {
        let name = sweep::named(metric).0;
        text.push_str(&format!("<th scope=\"col\">{name}<br><small>in</small></th><th scope=\"col\"><br><small>out</small></th>"));
    }
    text.push_str("</tr></thead><tbody>");
    // Where there is little room a window breaks into two lines, not into the parts of a date.
    let span = |window: &Window| {
        let (first, last) = (escaped(&window.first), escaped(&window.last));
        format!("<span class=\"day\">{first}</span> <span class=\"day\">to {last}</span>")
    };
    for fold in &study.folds {
        let inside: Vec<String> = fold.in_sample.iter().map(span).collect();
        let chosen = fold.parameters.as_ref().map_or("none".to_owned(), chosen);
        text.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td>",
            fold.fold,
            inside.join("<br>"),
            span(&fold.out_of_sample),
            chosen
        ));
        for metric in shown {
            let inside = fold.in_sample_metrics.and_then(|figures| figures.get(metric));
            let outside = fold.out_of_sample_metrics.get(metric);
            text.push_str(&format!(
                "<td>{}</td><td class=\"out\">{}</td>",
                cell(metric, inside),
                cell(metric, outside)
            ));
        }
        text.push_str("</tr>");
    }
    text + "</tbody></table>"
}

/// Parameters as markup, none of them broken in two.
fn chosen(parameters: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("<span class=\"param\">{}</span>", escaped(&format!("{name} = {value}")))
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Shortest and longest of some lengths in sessions.
fn lengths(lengths: impl Iterator<Item = usize> + Clone) -> String {
    let (least, most) = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
    if least == most {
        return plural(most, "session");
    }
    format!("{} to {}", count(least as u64), plural(most, "session"))
}

/// A row a figure: mean and deviation over the folds on both sides, and the whole account.
fn averages(study: &Validation) -> String {
    let mut text =
        String::from("<table class=\"figures beside\"><thead><tr><th scope=\"col\">Figure</th>");
    for (head, note) in [
        ("In sample", "mean of the folds"),
        ("", "deviation"),
        ("Out of sample", "mean of the folds"),
        ("", "deviation"),
        ("Out of sample", "as one run"),
    ] {
        text.push_str(&format!("<th scope=\"col\">{head}<br><small>{note}</small></th>"));
    }
    text.push_str("</tr></thead><tbody>");
    for (number, metric) in Metric::ALL.into_iter().enumerate() {
        let of = |values: &Map<String, Value>| {
            let value = values.get(metric.name()).and_then(Value::as_f64);
            // Trades of an average fold may be parts of one.
            match (metric, value) {
                (Metric::Trades, Some(value)) => grouped(value, 1),
                (_, value) => cell(metric, value),
            }
        };
        let name = sweep::named(metric).0;
        let term = figures::term(name, figures::definition(name), number as u32 + 1);
        let (inside, outside) = (&study.in_sample, &study.out_of_sample);
        text.push_str(&format!(
            "<tr>{term}<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            of(&inside.mean),
            of(&inside.std),
            of(&outside.mean),
            of(&outside.std),
            cell(metric, study.total.get(metric))
        ));
    }
    text + "</tbody></table>"
}

/// Name and value of everything that the JSON says of what the result depends on.
fn rows(study: &Validation) -> Vec<(&'static str, String)> {
    let scheme = &study.scheme;
    let sessions = plural(study.sessions, "session");
    let mut rows = vec![
        ("Id", study.id.clone()),
        ("Engine", format!("algo-trader {}", study.engine)),
        ("Strategy", study.strategy.clone()),
        ("Ranked by", study.rank.clone()),
        ("Folds", format!("{} over {sessions}", study.folds.len())),
    ];
    let inside = study.folds.iter().map(|fold| fold.in_sample.iter().map(|w| w.sessions).sum());
    let begin = match scheme.anchored {
        Some(true) => ", every window begins at the first bar",
        Some(false) => ", windows move on",
        None => "",
    };
    rows.push(("In sample", lengths(inside) + begin));
    let outside = study.folds.iter().map(|fold| fold.out_of_sample.sessions);
    rows.push(("Out of sample", lengths(outside)));
    let cut = |width: u64| plural(usize::try_from(width).unwrap_or(usize::MAX), "session");
    rows.extend(scheme.purge.map(|width| ("Purge", cut(width))));
    rows.extend(scheme.embargo.map(|width| ("Embargo", cut(width))));
    let history = scheme.history.map_or("all there is".to_owned(), |bars| format!("{bars} bars"));
    rows.push(("History", history));
    rows.extend(study.constraint.clone().map(|text| ("Constraint", text)));
    rows.extend(study.random.map(|drawn| ("Drawn", format!("{} at random a fold", count(drawn)))));
    rows.extend(study.model.map(|asked| ("Model", format!("{} proposed a fold", count(asked)))));
    rows.push((
        "Trials",
        format!(
            "{}: {} done, {} refused, {} failed, {} without a figure to rank by",
            count(study.trials),
            count(study.done),
            count(study.refused),
            count(study.failed),
            count(study.undefined)
        ),
    ));
    rows.push(("Cash", grouped(study.equity.initial, 2)));
    rows.push(("Data digest", study.data_digest.clone()));
    rows
}

fn elements(study: &Validation) -> String {
    let mut sheet = data::Sheet::default();
    let curve = study.equity.date.iter().zip(&study.equity.value);
    let curve = curve.filter_map(|(day, value)| Some((midnight_ns(day.parse().ok()?), *value)));
    let (days, values): (Vec<i64>, Vec<f64>) = curve.unzip();
    let starts =
        study.folds.iter().filter_map(|fold| fold.out_of_sample.first.get(..10)?.parse().ok());
    let starts: Vec<Option<i64>> = starts.map(|day: Date| Some(midnight_ns(day))).collect();
    let side = |get: &dyn Fn(&Fold, Metric) -> Option<f64>, metric: Metric| -> Vec<Option<f64>> {
        study.folds.iter().map(|fold| get(fold, metric)).collect()
    };
    let metrics: Vec<Value> = Metric::ALL
        .into_iter()
        .map(|metric| {
            let mut facts = sweep::described(metric);
            let inside = |fold: &Fold, metric| fold.in_sample_metrics.and_then(|f| f.get(metric));
            facts["inside"] = json!(side(&inside, metric));
            facts["outside"] =
                json!(side(&|fold, metric| fold.out_of_sample_metrics.get(metric), metric));
            facts
        })
        .collect();
    let facts = json!({
        "kind": "validation", "intraday": false, "zone": "UTC", "rank": study.rank,
        "name": printable(&study.strategy), "initial": study.equity.initial, "metrics": metrics,
        "folds": study.folds.iter().map(|fold| fold.fold).collect::<Vec<_>>(),
        "starts": sheet.times(starts.iter().copied()),
        "ts": sheet.times(days.iter().map(|ts| Some(*ts))),
        "values": sheet.curve(&values),
    });
    sheet.finish(&embedded(&facts.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_core::sweep::TrialFigures;

    const EVIL: &str = "</script><script>alert(1)</script>";

    fn study() -> Value {
        let figures = |sharpe: f64| {
            let mut figures = serde_json::to_value(TrialFigures::default()).unwrap();
            figures["sharpe"] = json!(sharpe);
            figures
        };
        let fold = |number: u64| {
            json!({
                "fold": number, "in_sample": [{ "first": "2020-01-02", "last": "2020-12-31", "sessions": 253 }],
                "out_of_sample": { "first": "2021-01-04", "last": "2021-03-31", "sessions": 61 }, "trial": 1,
                "parameters": { "fast": 5, "kind": EVIL }, "in_sample_metrics": figures(1.25),
                "out_of_sample_metrics": figures(-0.5), "fault": null,
            })
        };
        json!({
            "schema": 1, "engine": "0.1.0", "id": "ab12", "kind": "walk-forward", "strategy": EVIL,
            "symbols": [EVIL], "resolution": "1d", "data_digest": "", "first": "2020-01-02",
            "last": "2021-03-31", "bars": 314, "sessions": 314, "rank": "sharpe", "where": EVIL,
            "random": null, "model": null, "trials": 8, "done": 8, "refused": 0, "failed": 0, "undefined": 0,
            "scheme": { "folds": 2, "anchored": true, "purge": null, "embargo": null, "history": null },
            "folds": [fold(1), fold(2)], "in_sample": { "mean": { "sharpe": 1.25 }, "std": { "sharpe": 0.0 } },
            "out_of_sample": { "mean": { "sharpe": -0.5 }, "std": {} }, "total": figures(-0.5),
            "efficiency": 0.125, "profitable_folds": 1,
            "luck": { "trials_ever": 8, "psr": 0.4, "min_track_record_sessions": null,
                      "intervals": { "sharpe": [-1.0, 0.5] }, "sentence": "It does not carry over." },
            "equity": { "initial": 100.0, "date": ["2021-01-04", "2021-01-05"], "value": [101.0, 99.0] },
        })
    }

    #[test]
    fn a_page_holds_both_sides_of_every_fold_and_no_markup_of_others() {
        let page = validation(&study().to_string()).unwrap();
        assert!(page.contains("<td>1.25</td><td class=\"out\">-0.50</td>"), "{page}");
        assert!(page.contains("<b>12.50\u{a0}%</b>") && page.contains("95\u{a0}%: -1.00 to 0.50"));
        assert!(page.contains("It does not carry over.") && page.contains("<b>1 of 2</b>"));
        assert!(!page.contains("alert(1)</script>"));
        assert_eq!(page.matches("<script>").count(), 1);
    }

    #[test]
    fn a_page_says_what_its_windows_and_trials_stand_on() {
        let study: Validation = serde_json::from_value(study()).unwrap();
        let rows = rows(&study);
        for wanted in [
            ("Engine", "algo-trader 0.1.0"),
            ("Ranked by", "sharpe"),
            ("In sample", "253 sessions, every window begins at the first bar"),
            ("Out of sample", "61 sessions"),
            ("Cash", "100.00"),
        ] {
            assert!(rows.contains(&(wanted.0, wanted.1.to_owned())), "{rows:?}");
        }
    }

    #[test]
    fn what_is_no_validation_is_refused() {
        assert!(validation("{}").is_err() && validation("").is_err());
    }
}
