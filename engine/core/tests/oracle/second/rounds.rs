//! Round trips, from the book of lines: an instrument's lines from flat to flat.

use super::{Filled, Line};

/// A round trip, or the part of it that has happened.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) instrument: usize,
    pub(crate) opened: i64,
    pub(crate) closed: Option<i64>,
    pub(crate) held: f64,
    pub(crate) money: f64,
}

/// Closed ones in the order of closing, then the open ones by instrument.
pub(crate) fn rounds(lines: &[Line], instruments: usize) -> Vec<Round> {
    let mut open: Vec<Option<Round>> = vec![None; instruments];
    let mut done = Vec::new();
    for line in lines {
        match line {
            Line::Split { instrument, ratio } => {
                open[*instrument].iter_mut().for_each(|round| round.held *= ratio);
            }
            Line::Money { instrument: Some(instrument), amount } => {
                open[*instrument].iter_mut().for_each(|round| round.money += amount);
            }
            Line::Money { .. } => {}
            Line::Fill(fill) => {
                for part in parts(fill, open[fill.instrument].as_ref()) {
                    let slot = &mut open[fill.instrument];
                    let round = slot.get_or_insert(Round {
                        instrument: fill.instrument,
                        opened: fill.ts,
                        closed: None,
                        held: 0.0,
                        money: 0.0,
                    });
                    round.held += part.quantity;
                    round.money -= part.quantity * part.price + part.commission;
                    if round.held == 0.0 {
                        round.closed = Some(fill.ts);
                        done.extend(slot.take());
                    }
                }
            }
        }
    }
    done.extend(open.into_iter().flatten());
    done
}

/// A fill that turns a position round is two: one closes, the other opens; each unit costs the same.
fn parts(fill: &Filled, round: Option<&Round>) -> Vec<Filled> {
    let held = round.map_or(0.0, |round| round.held);
    if (held + fill.quantity) * held >= 0.0 {
        return vec![fill.clone()];
    }
    let part = |quantity: f64| {
        let commission = fill.commission * quantity / fill.quantity;
        Filled { quantity, commission, ..fill.clone() }
    };
    vec![part(-held), part(fill.quantity + held)]
}
