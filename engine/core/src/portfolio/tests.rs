//! The account against a published result: homework 3 of Georgia Tech's Computational Investing.
//! Fourteen orders in four stocks, filled at the day's adjusted close without costs, from 1,000,000;
//! the course states the final value and the mean, deviation (ddof 0) and Sharpe ratio of the daily
//! returns, the first of which is zero.

use super::*;

const PRICES: &str = include_str!("../../tests/fixtures/hw3_prices.csv");
const ORDERS: &str = include_str!("../../tests/fixtures/hw3_orders.csv");

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split(',').collect())
}

fn daily_values() -> Vec<f64> {
    let mut days = rows(PRICES);
    let symbols = days.next().unwrap().split_off(1);
    let mut account = Portfolio::new(1_000_000.0, symbols.len());
    days.map(|row| {
        let close: Vec<f64> = row[1..].iter().map(|price| price.parse().unwrap()).collect();
        for order in rows(ORDERS).filter(|order| order[0] == row[0]) {
            let instrument = symbols.iter().position(|symbol| *symbol == order[1]).unwrap();
            account.apply(&FillRecord {
                order: 1,
                instrument: u32::try_from(instrument).unwrap(),
                ts: 0,
                quantity: order[2].parse().unwrap(),
                price: close[instrument],
                reference: close[instrument],
                commission: 0.0,
            });
        }
        account.equity(|instrument| close[instrument])
    })
    .collect()
}

#[test]
fn the_published_homework_is_reproduced_to_its_last_digit() {
    let values = daily_values();
    assert_eq!(values.len(), 240);
    assert_eq!(*values.last().unwrap(), 1_133_860.0);
    let mut returns = vec![0.0];
    returns.extend(values.windows(2).map(|pair| pair[1] / pair[0] - 1.0));
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let variance = returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let published = [0.000549352749569, 0.00717514512699, 1.21540462111];
    let ours = [mean, variance.sqrt(), mean / variance.sqrt() * 252_f64.sqrt()];
    for (ours, published) in ours.iter().zip(published) {
        // Twelve significant digits were published: half of the last one.
        assert!((ours / published - 1.0).abs() < 5e-12, "{ours} is not {published}");
    }
}

#[test]
fn a_short_is_entered_covered_and_turned_round() {
    let mut account = Portfolio::new(1000.0, 1);
    let mut fill = |quantity, price| {
        account.apply(&FillRecord {
            order: 1,
            instrument: 0,
            ts: 0,
            quantity,
            price,
            reference: price,
            commission: 1.0,
        });
        (account.cash, account.position[0], account.entry_price[0])
    };
    assert_eq!(fill(-10.0, 20.0), (1199.0, -10.0, 20.0));
    assert_eq!(fill(-10.0, 22.0), (1418.0, -20.0, 21.0));
    assert_eq!(fill(5.0, 18.0), (1327.0, -15.0, 21.0));
    assert_eq!(fill(25.0, 16.0), (926.0, 10.0, 16.0));
    assert_eq!(fill(-10.0, 17.0), (1095.0, 0.0, 0.0));
}
