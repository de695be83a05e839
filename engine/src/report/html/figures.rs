//! Every figure of a run with its definition, beside the benchmark's.

use engine_core::metrics::Metrics;

use super::markup::escaped;
use crate::report::{
    number::{UNDEFINED, count, grouped, percent},
    problems::plural,
    schema::{Costs, Report},
};

/// How a figure is written.
type Cell = fn(&Metrics, &Costs) -> String;

/// A figure: its name, its definition, how it is written.
type Figure = (&'static str, &'static str, Cell);

/// The figures by group.
const GROUPS: [(&str, &[Figure]); 5] = [
    ("Return", RETURN),
    ("Benchmark", BENCHMARK),
    ("Risk", RISK),
    ("Trades", TRADES),
    ("Costs", COSTS),
];
/// Groups that stand below each other, column by column.
const COLUMNS: [&[&str]; 3] = [&["Return", "Benchmark"], &["Risk"], &["Trades", "Costs"]];

const RETURN: &[Figure] = &[
    ("Return", "Last equity divided by the initial capital, less one.", |m, _| {
        share(m.total_return)
    }),
    (
        "CAGR",
        "The steady yearly growth that leads from the initial capital to the last equity, by calendar \
         days of which a year has 365.25.",
        |m, _| share(m.cagr),
    ),
    (
        "Volatility",
        "Standard deviation of the session returns (one degree of freedom taken off), times the root of \
         the sessions in a year.",
        |m, _| share(m.volatility),
    ),
    (
        "Sharpe",
        "Mean of the session returns above the risk-free rate, divided by their standard deviation, times \
         the root of the sessions in a year.",
        |m, _| ratio(m.sharpe),
    ),
    (
        "Sortino",
        "As the Sharpe ratio, but divided by the root of the mean square of the negative excess returns \
         alone, taken over all sessions.",
        |m, _| ratio(m.sortino),
    ),
    ("Calmar", "CAGR divided by the depth of the maximum drawdown.", |m, _| ratio(m.calmar)),
    (
        "Omega",
        "Sum of the session returns above zero divided by the sum of those below.",
        |m, _| ratio(m.omega),
    ),
    ("Last equity", "Cash and the value of everything held at the last close.", |m, _| {
        m.final_equity.map_or(UNDEFINED.to_owned(), money)
    }),
];

const RISK: &[Figure] = &[
    (
        "Max drawdown",
        "The deepest fall of equity below its highest value so far, bar by bar; the initial capital counts \
         as a peak.",
        |m, _| share(m.max_drawdown),
    ),
    ("Drawdown peak", "The day from which the deepest fall began.", |m, _| {
        date(m.max_drawdown_peak)
    }),
    ("Drawdown trough", "The day of its lowest equity.", |m, _| date(m.max_drawdown_trough)),
    ("Recovered", "The day on which equity was back at the peak.", |m, _| {
        let open = if m.max_drawdown_recovered { UNDEFINED } else { "not by the end" };
        m.max_drawdown_recovery.map_or(open.to_owned(), |day| day.to_string())
    }),
    ("Drawdown days", "Calendar days from the peak to the recovery, or to the end.", |m, _| {
        m.max_drawdown_days.map_or(UNDEFINED.to_owned(), |days| grouped(f64::from(days), 0))
    }),
    ("Exposure", "Share of bars at whose close a position was held.", |m, _| share(m.exposure)),
    ("VaR 95 %", "The session return that one session in twenty falls below.", |m, _| {
        share(m.var_95)
    }),
    ("CVaR 95 %", "Mean of the lowest twentieth of the session returns.", |m, _| share(m.cvar_95)),
    (
        "Tail ratio",
        "The session return that 5 % exceed divided by the size of the one that 95 % exceed.",
        |m, _| ratio(m.tail_ratio),
    ),
    (
        "Skewness",
        "Lopsidedness of the session returns: below zero the long tail is on the side of losses.",
        |m, _| ratio(m.skewness),
    ),
    (
        "Kurtosis",
        "Weight of the tails of the session returns; 3 for a normal distribution, more for wilder ones.",
        |m, _| ratio(m.kurtosis),
    ),
];

const TRADES: &[Figure] = &[
    ("Trades closed", "Round trips from flat to flat that were ended.", |m, _| {
        count(m.trades as u64)
    }),
    (
        "Win rate",
        "Closed trades with a net profit above zero, as a share of all of them.",
        |m, _| share(m.win_rate),
    ),
    (
        "Profit factor",
        "Net profits of winning trades divided by the net losses of the others.",
        |m, _| ratio(m.profit_factor),
    ),
    ("Expectancy", "Mean net profit of a closed trade, in the account's currency.", |m, _| {
        ratio(m.expectancy)
    }),
    ("Expectancy, return", "Mean net return of a closed trade on what was put into it.", |m, _| {
        share(m.expectancy_return)
    }),
    (
        "SQN",
        "System quality number: the root of the number of closed trades times the mean of their profits \
         divided by its standard deviation.",
        |m, _| ratio(m.sqn),
    ),
    (
        "PSR",
        "Probability that the true Sharpe ratio is above zero, given the length, skewness and kurtosis of \
         the record.",
        |m, _| share(m.psr),
    ),
    ("Sessions needed", "Length of record at which that probability reaches 95 %.", |m, _| {
        m.min_track_record_sessions.map_or(UNDEFINED.to_owned(), |value| grouped(value, 0))
    }),
];

const BENCHMARK: &[Figure] = &[
    (
        "Alpha",
        "Yearly return beyond what the position in the benchmark (its beta) accounts for.",
        |m, _| share(m.alpha),
    ),
    (
        "Beta",
        "Covariance of the session returns with those of the benchmark, divided by the benchmark's variance.",
        |m, _| ratio(m.beta),
    ),
];

const COSTS: &[Figure] = &[
    ("Costs", "Commission and slippage together, in the account's currency.", |_, c| {
        money(c.total)
    }),
    ("Commission", "What the broker takes for the fills.", |_, c| money(c.commission)),
    ("Slippage", "Money lost to fills at worse prices than the reference.", |_, c| {
        money(c.slippage)
    }),
    ("Traded value", "Value of everything bought and sold.", |_, c| money(c.traded_value)),
];

fn share(value: Option<f64>) -> String {
    value.map_or(UNDEFINED.to_owned(), percent)
}

fn ratio(value: Option<f64>) -> String {
    value.map_or(UNDEFINED.to_owned(), |value| grouped(value, 2))
}

fn money(value: f64) -> String {
    grouped(value, 2)
}

fn date(day: Option<jiff::civil::Date>) -> String {
    day.map_or(UNDEFINED.to_owned(), |day| day.to_string())
}

/// The figures that matter first, as tiles.
pub(super) fn tiles(report: &Report) -> String {
    let beside = report.benchmark.as_ref();
    let tile = |name: &str, value: String, note: String| {
        format!(
            "<div class=\"tile\"><span>{name}</span><b>{value}</b><small>{}</small></div>",
            escaped(&note)
        )
    };
    let m = &report.metrics;
    let other = |cell: Cell| {
        beside.map_or(String::new(), |other| {
            // A number and its sign stay on one line.
            let value = cell(&other.metrics, &other.costs).replace(' ', "\u{a0}");
            format!("{}: {value}", other.name)
        })
    };
    let own = |cell: Cell| cell(m, &report.costs);
    let known: [(&str, Cell); 4] = [
        ("Return", |m, _| share(m.total_return)),
        ("CAGR", |m, _| share(m.cagr)),
        ("Sharpe", |m, _| ratio(m.sharpe)),
        ("Max drawdown", |m, _| share(m.max_drawdown)),
    ];
    let mut text: String =
        known.iter().map(|(name, cell)| tile(name, own(*cell), other(*cell))).collect();
    let won = m.win_rate.map_or("none closed".to_owned(), |rate| format!("{} won", percent(rate)));
    text.push_str(&tile("Trades", count(m.trades as u64), won));
    text.push_str(&tile("Exposure", share(m.exposure), plural(m.sessions, "session")));
    text
}

/// The definition of a figure by its name; empty for a name that is none.
pub(super) fn definition(wanted: &str) -> &'static str {
    let mut all = GROUPS.iter().flat_map(|(_, figures)| *figures);
    all.find(|(name, ..)| *name == wanted).map_or("", |(_, definition, _)| definition)
}

/// All figures, each with its definition on hover and focus, as columns of tables.
pub(super) fn table(report: &Report) -> String {
    let mut number = 0;
    let mut text = String::new();
    for names in COLUMNS {
        text.push_str("<div>");
        for (name, figures) in GROUPS.iter().filter(|(name, _)| names.contains(name)) {
            group(&mut text, report, name, figures, &mut number);
        }
        text.push_str("</div>");
    }
    text
}

/// One table; `number` counts the definitions of the page.
fn group(text: &mut String, report: &Report, name: &str, figures: &[Figure], number: &mut u32) {
    // What compares the run with its benchmark is no figure of the benchmark.
    let compares = name == "Benchmark";
    let beside = report.benchmark.as_ref();
    if compares && beside.is_none() {
        return;
    }
    let beside = beside.filter(|_| !compares);
    // A long name breaks between its words.
    let head =
        |name: &str| format!("<th scope=\"col\">{}</th>", escaped(name).replace('_', "_<wbr>"));
    text.push_str(&format!(
        "<table class=\"figures\"><thead><tr><th scope=\"col\">{name}</th>{}{}</tr></thead><tbody>",
        head(&report.strategy.name),
        beside.map_or(String::new(), |other| head(&other.name))
    ));
    for (name, definition, cell) in figures {
        *number += 1;
        let own = cell(&report.metrics, &report.costs);
        let other = beside.map_or(String::new(), |other| {
            format!("<td>{}</td>", cell(&other.metrics, &other.costs))
        });
        let term = term(name, definition, *number);
        text.push_str(&format!("<tr>{term}<td>{own}</td>{other}</tr>"));
    }
    text.push_str("</tbody></table>");
}

/// All figures of several runs, a column a run under its id and what it is of.
pub(super) fn beside(reports: &[&Report], heads: &[[String; 2]]) -> String {
    let head = |[id, name]: &[String; 2]| {
        format!("<th scope=\"col\">{}<br><small>{}</small></th>", escaped(id), escaped(name))
    };
    let heads: String = heads.iter().map(head).collect();
    let mut text = format!(
        "<table class=\"figures beside\"><thead><tr><th scope=\"col\">Run</th>{heads}</tr></thead><tbody>"
    );
    let mut number = 0;
    for (name, definition, cell) in GROUPS.iter().flat_map(|(_, figures)| *figures) {
        number += 1;
        let cells: String = reports
            .iter()
            .map(|report| format!("<td>{}</td>", cell(&report.metrics, &report.costs)))
            .collect();
        text.push_str(&format!("<tr>{}{cells}</tr>", term(name, definition, number)));
    }
    text + "</tbody></table>"
}

/// The heading of a row, with its definition on hover and focus.
pub(super) fn term(name: &str, definition: &str, number: u32) -> String {
    format!(
        "<th scope=\"row\"><button type=\"button\" class=\"term\" aria-describedby=\"d{number}\">{name}</button>\
         <span role=\"tooltip\" id=\"d{number}\">{definition}</span></th>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_definition_and_undefined_ones_say_so() {
        let report = Report::default();
        let table = table(&report);
        assert_eq!(
            table.matches("role=\"tooltip\"").count(),
            table.matches("class=\"term\"").count()
        );
        assert!(table.contains("<td>n/a</td>") && !table.contains("NaN"));
        assert!(
            GROUPS.iter().flat_map(|(_, figures)| *figures).all(|(_, text, _)| text.len() > 20)
        );
    }
}
