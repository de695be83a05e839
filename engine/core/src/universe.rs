//! Several series on one timeline: the union of their times, and what of each has been seen at each.

use strategy_api::{
    Columns, Resolution,
    abi::host::{InstrumentBars, Market},
};

/// One instrument of a run: its symbol and its bars.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// Bars.
    pub columns: Columns<'a>,
}

/// A timeline and, unless all series have the same times, a count of closed bars for each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    timeline: Option<Vec<i64>>,
    seen: Vec<Vec<u32>>,
}

impl Alignment {
    /// Aligns series: the timeline is the sorted union of their times.
    #[must_use]
    pub fn of(members: &[Member<'_>]) -> Self {
        let Some((first, others)) = members.split_first() else { return Self::default() };
        if others.iter().all(|other| other.columns.ts == first.columns.ts) {
            return Self::default();
        }
        let mut timeline: Vec<i64> =
            members.iter().flat_map(|member| member.columns.ts.iter().copied()).collect();
        timeline.sort_unstable();
        timeline.dedup();
        let seen = members.iter().map(|member| count_seen(&timeline, member.columns.ts)).collect();
        Self { timeline: Some(timeline), seen }
    }

    /// Starts of the steps, nanoseconds UTC. `members` must be those that were aligned.
    #[must_use]
    pub fn timeline<'a>(&'a self, members: &[Member<'a>]) -> &'a [i64] {
        match &self.timeline {
            Some(timeline) => timeline,
            None => members.first().map_or(&[][..], |member| member.columns.ts),
        }
    }

    /// The market of the aligned series. `members` must be those that were aligned.
    #[must_use]
    pub fn market<'a>(&'a self, members: &[Member<'a>], resolution: Resolution) -> Market<'a> {
        let timeline = self.timeline(members);
        let bars = members.iter().enumerate().map(|(index, member)| InstrumentBars {
            symbol: member.symbol,
            columns: member.columns,
            seen: self.seen.get(index).map(Vec::as_slice),
        });
        Market::new(timeline, bars.collect(), resolution)
    }
}

fn count_seen(timeline: &[i64], ts: &[i64]) -> Vec<u32> {
    let mut row = 0;
    timeline
        .iter()
        .map(|time| {
            while row < ts.len() && ts[row] <= *time {
                row += 1;
            }
            u32::try_from(row).expect("a series has fewer than 4 billion bars")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns<'a>(ts: &'a [i64], price: &'a [f64]) -> Columns<'a> {
        Columns { ts, open: price, high: price, low: price, close: price, volume: price }
    }

    #[test]
    fn series_with_gaps_share_the_union_of_their_times() {
        let one = Member { symbol: "A", columns: columns(&[1, 2, 4], &[1.0; 3]) };
        let two = Member { symbol: "B", columns: columns(&[2, 3], &[1.0; 2]) };
        let alignment = Alignment::of(&[one, two]);
        let market = alignment.market(&[one, two], Resolution::Day1);
        assert_eq!(market.timeline(), [1, 2, 3, 4]);
        assert_eq!(market.instruments()[0].seen, Some(&[1, 2, 2, 3][..]));
        assert_eq!(market.instruments()[1].seen, Some(&[0, 1, 2, 2][..]));
    }

    #[test]
    fn series_with_equal_times_need_no_counts() {
        let one = Member { symbol: "A", columns: columns(&[1, 2], &[1.0; 2]) };
        let two = Member { symbol: "B", columns: columns(&[1, 2], &[2.0; 2]) };
        let alignment = Alignment::of(&[one, two]);
        let market = alignment.market(&[one, two], Resolution::Day1);
        assert_eq!(market.timeline(), [1, 2]);
        assert!(market.instruments().iter().all(|bars| bars.seen.is_none()));
    }
}
