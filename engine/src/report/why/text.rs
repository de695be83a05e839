//! A chain as text of 80 columns, plain ASCII, to be worked out again with a pocket calculator.

use serde_json::Value;

use super::{
    super::{
        lists::given,
        number::{grouped, plain},
        summary::paragraph,
        text::printable,
    },
    BarRow, EntryRow, FillChain, OrderChain, Sum, Why,
};

/// The chain, with a line end after each line.
#[must_use]
pub fn text(why: &Why<'_>) -> String {
    let mut lines = heading(why);
    for order in &why.orders {
        lines.push(String::new());
        lines.extend(order_lines(order));
    }
    if let Some(sum) = &why.sum {
        lines.push(String::new());
        lines.extend(sum_lines(sum, &why.entries));
    }
    if !why.missing.is_empty() {
        lines.push(String::new());
        let missing = format!(
            "the run was kept by a version that did not keep {}; the same backtest again keeps them",
            why.missing.join("; ")
        );
        lines.extend(paragraph("Missing", &missing));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn heading(why: &Why<'_>) -> Vec<String> {
    let run: String = why.run.chars().take(16).collect();
    let (Some(number), Some(trade)) = (why.trade_number, &why.trade) else {
        return paragraph("Run", &run);
    };
    let symbol = trade.symbol.unwrap_or("(no symbol)");
    let side = if trade.quantity < 0.0 { "short" } else { "long" };
    let units = plain(trade.quantity.abs());
    let closed = trade.closed.as_deref().map_or("still open".to_owned(), |day| format!("to {day}"));
    let profit = why.sum.map_or_else(String::new, |sum| {
        let open = if trade.closed.is_none() { " so far" } else { "" };
        format!(", net profit {}{open}", grouped(sum.profit, 2))
    });
    let text = format!("{symbol} {side} {units}, {} {closed}{profit}", trade.opened);
    let mut lines = paragraph(&format!("Trade {number}"), &text);
    lines.extend(paragraph("Run", &run));
    lines
}

fn order_lines(chain: &OrderChain<'_>) -> Vec<String> {
    let order = &chain.order;
    let mut lines = paragraph(&format!("Order {}", order.id), &asked(chain));
    if let Some(bar) = &chain.before {
        lines.extend(paragraph("  before", &bar_text(bar)));
    }
    if let Some(bar) = &chain.seen {
        lines.extend(paragraph("  seen", &bar_text(bar)));
    }
    for step in &chain.life {
        let text = if step.text.is_empty() {
            step.time.clone()
        } else {
            format!("{}: {}", step.time, step.text)
        };
        lines.extend(paragraph(&format!("  {}", step.event), &text));
    }
    for (place, fill) in (1..).zip(&chain.fills) {
        let name = if chain.fills.len() > 1 { format!("Fill {place}") } else { "Fill".to_owned() };
        lines.extend(fill_lines(&name, fill));
    }
    lines
}

/// `entry: SPY market target_fraction 1, gtc`.
fn asked(chain: &OrderChain<'_>) -> String {
    let order = &chain.order;
    let role = if chain.role == "none" { "no fill" } else { chain.role };
    let symbol = order.symbol.unwrap_or("(no symbol)");
    let kind = order.kind.unwrap_or("(unknown kind)");
    let size = order.size_kind.unwrap_or("(unknown size)");
    let mut text = format!("{role}: {symbol} {kind}, {size} {}", plain(order.size));
    for (name, price) in given(order.limit_price, order.stop_price, order.trail) {
        text.push_str(&format!(", {name} {price}"));
    }
    text.push_str(&format!(", {}", order.time_in_force.unwrap_or("(unknown time in force)")));
    let links = [("attached to order", order.parent), ("in group", order.group)];
    for (name, number) in links {
        if let Some(number) = number {
            text.push_str(&format!(", {name} {number}"));
        }
    }
    if let Some(expires) = &order.expires {
        text.push_str(&format!(", until {expires}"));
    }
    text
}

fn bar_text(bar: &BarRow) -> String {
    let mut text = format!(
        "{}: open {} high {} low {} close {} volume {}",
        bar.time,
        plain(bar.open),
        plain(bar.high),
        plain(bar.low),
        plain(bar.close),
        plain(bar.volume)
    );
    for (name, value) in &bar.indicators {
        let value = match value {
            Value::Number(number) => number.as_f64().map_or_else(String::new, plain),
            _ => "warming up".to_owned(),
        };
        text.push_str(&format!("; {} {value}", printable(name)));
    }
    text
}

fn fill_lines(name: &str, fill: &FillChain) -> Vec<String> {
    let units = plain(fill.quantity.abs());
    let side = if fill.quantity > 0.0 { "bought" } else { "sold" };
    let whole = if fill.whole == fill.quantity {
        String::new()
    } else {
        format!(" (of {}: the rest opened the next trade)", plain(fill.whole.abs()))
    };
    let mut lines =
        paragraph(name, &format!("{}: {side} {units}{whole} at {}", fill.time, plain(fill.price)));
    if let Some(bar) = &fill.bar {
        lines.extend(paragraph("  bar", &bar_text(bar)));
    }
    lines.extend(paragraph("  rule", &fill.rule));
    if let Some(size) = &fill.size {
        lines.extend(paragraph("  size", size));
    }
    if fill.price != fill.reference {
        let text = format!(
            "{}: {} -> {}, {} a unit x {units} = {}",
            fill.slippage_model,
            plain(fill.reference),
            plain(fill.price),
            plain((fill.price - fill.reference).abs()),
            grouped(fill.slippage, 2)
        );
        lines.extend(paragraph("  slippage", &text));
    }
    if fill.commission != 0.0 {
        lines.extend(paragraph("  charged", &charged(fill)));
    }
    let (sign, word) = if fill.quantity > 0.0 { ("+", "paid") } else { ("-", "got") };
    let cash = fill.value + fill.commission;
    let text = format!(
        "{units} x {} {sign} {} = {} {word}",
        plain(fill.price),
        plain(fill.commission),
        grouped(cash.abs(), 2)
    );
    lines.extend(paragraph("  cash", &text));
    lines
}

/// `commission 2.4115 + exchange 2.07 = 4.4815`.
fn charged(fill: &FillChain) -> String {
    let total: f64 = fill.charges.iter().map(|charge| charge.amount).sum();
    let parts: Vec<String> = fill
        .charges
        .iter()
        .map(|charge| format!("{} {}", charge.name, plain(charge.amount)))
        .collect();
    let parts = parts.join(" + ");
    let sum = if fill.charges.len() > 1 { format!(" = {}", plain(total)) } else { String::new() };
    let parts = format!("{parts}{sum}");
    if fill.whole == fill.quantity {
        return format!("{parts} ({})", fill.rates);
    }
    let share = fill.quantity / fill.whole;
    format!("{parts}, of which {} x {} = {}", plain(share), plain(total), plain(fill.commission))
}

fn sum_lines(sum: &Sum, entries: &[EntryRow]) -> Vec<String> {
    let money = |amount: f64| grouped(amount, 2);
    let mut lines = Vec::new();
    for entry in entries {
        let value = if entry.kind == "split" { plain(entry.value) } else { money(entry.value) };
        lines.extend(paragraph("Entry", &format!("{}: {} {value}", entry.time, entry.kind)));
    }
    let mut text = format!("{} sold - {} bought", money(sum.sold), money(sum.bought));
    text.push_str(&format!(" - {} commission", money(sum.commission)));
    if sum.entries != 0.0 {
        text.push_str(&format!(" + {} dividends and fees", money(sum.entries)));
    }
    if let (Some(value), Some(price)) = (sum.held_value, sum.held_price) {
        text.push_str(&format!(" + {} held at {}", money(value), plain(price)));
    }
    lines.extend(paragraph("Profit", &format!("{text} = {} net", money(sum.profit))));
    let mut text = format!("{} at prices without slippage", money(sum.gross));
    text.push_str(&format!(" - {} slippage", money(sum.slippage)));
    text.push_str(&format!(" - {} commission", money(sum.commission)));
    if sum.entries != 0.0 {
        text.push_str(&format!(" + {} dividends and fees", money(sum.entries)));
    }
    lines.extend(paragraph("  or", &format!("{text} = {} net", money(sum.profit))));
    lines
}
