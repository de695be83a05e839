//! The indicators against TA-Lib (`scripts/fixtures/indicators.py`), against their own streams, and
//! against what they promise for every series.

use proptest::prelude::*;

use super::*;
use crate::Columns;

/// A named column of the fixture; empty cells are NaN.
struct Fixture {
    names: Vec<&'static str>,
    columns: Vec<Vec<f64>>,
    ts: Vec<i64>,
}

impl Fixture {
    fn read(text: &'static str) -> Self {
        let mut lines = text.lines();
        let names: Vec<_> = lines.next().unwrap().split(',').collect();
        let mut columns = vec![Vec::new(); names.len()];
        for line in lines {
            for (column, cell) in columns.iter_mut().zip(line.split(',')) {
                column.push(if cell.is_empty() { f64::NAN } else { cell.parse().unwrap() });
            }
        }
        let ts = (0..).take(columns[0].len()).collect();
        Self { names, columns, ts }
    }

    fn get(&self, name: &str) -> &[f64] {
        let index = self.names.iter().position(|known| *known == name);
        &self.columns[index.unwrap_or_else(|| panic!("no column {name}"))]
    }

    fn bars(&self) -> Columns<'_> {
        Columns {
            ts: &self.ts,
            open: self.get("open"),
            high: self.get("high"),
            low: self.get("low"),
            close: self.get("close"),
            volume: self.get("volume"),
        }
    }
}

/// The specs whose columns the fixtures hold, by the name of the column.
fn known_columns() -> Result<Vec<(&'static str, ColumnSpec)>, IndicatorError> {
    use {ColumnSpec as C, Input::Close};
    let bb = |band| C::bollinger(Close, 20, 2.0, band);
    let macd = |output| C::macd(Close, 12, 26, 9, output);
    let quick = |output| C::macd(Close, 3, 10, 4, output);
    Ok(vec![
        ("sma_1", C::sma(Close, 1)?),
        ("sma_2", C::sma(Close, 2)?),
        ("sma_20", C::sma(Close, 20)?),
        ("sma_50", C::sma(Close, 50)?),
        ("sma_20_volume", C::sma(Input::Volume, 20)?),
        ("ema_3", C::ema(Close, 3)?),
        ("ema_20", C::ema(Close, 20)?),
        ("wma_5", C::wma(Close, 5)?),
        ("wma_20", C::wma(Close, 20)?),
        ("rsi_2", C::rsi(Close, 2)?),
        ("rsi_14", C::rsi(Close, 14)?),
        ("atr_2", C::atr(2)?),
        ("atr_14", C::atr(14)?),
        ("stddev_5", C::stddev(Close, 5)?),
        ("stddev_20", C::stddev(Close, 20)?),
        ("bb_20_upper", bb(Band::Upper)?),
        ("bb_20_middle", bb(Band::Middle)?),
        ("bb_20_lower", bb(Band::Lower)?),
        ("macd_12_26_9_line", macd(MacdOutput::Line)?),
        ("macd_12_26_9_signal", macd(MacdOutput::Signal)?),
        ("macd_12_26_9_histogram", macd(MacdOutput::Histogram)?),
        ("macd_3_10_4_line", quick(MacdOutput::Line)?),
        ("macd_3_10_4_signal", quick(MacdOutput::Signal)?),
        ("macd_3_10_4_histogram", quick(MacdOutput::Histogram)?),
        ("highest_20", C::highest(Input::High, 20)?),
        ("lowest_10", C::lowest(Input::Low, 10)?),
        ("zscore_20", C::zscore(Close, 20)?),
        ("roc_1", C::roc(Close, 1)?),
        ("roc_12", C::roc(Close, 12)?),
    ])
}

fn assert_close(name: &str, ours: &[f64], expected: &[f64]) {
    assert_eq!(ours.len(), expected.len());
    for (row, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let near = (ours - expected).abs() <= 1e-9 * expected.abs().max(1.0);
        assert!(near || ours.is_nan() && expected.is_nan(), "{name} {row}: {ours} {expected}");
    }
}

fn fixtures() -> [Fixture; 2] {
    [
        Fixture::read(include_str!("../../tests/fixtures/indicators_spy.csv")),
        Fixture::read(include_str!("../../tests/fixtures/indicators_random.csv")),
    ]
}

#[test]
fn values_and_warm_up_are_those_of_ta_lib() {
    for fixture in fixtures() {
        let bars = fixture.bars();
        for (name, spec) in known_columns().unwrap() {
            let ours = spec.compute(&bars);
            assert_close(name, &ours, fixture.get(name));
            let first = ours.iter().position(|value| !value.is_nan());
            assert_eq!(first, Some(spec.warm_up()), "{name}");
        }
        assert_close("mom_10", &momentum(bars.close, 10).unwrap(), fixture.get("mom_10"));
        // 5 bars and their indicators, and one momentum: no column of the fixture is left out.
        assert_eq!(fixture.names.len(), 5 + known_columns().unwrap().len() + 1);
    }
}

#[test]
fn a_description_survives_the_abi_and_a_bad_one_is_refused() {
    for (name, spec) in known_columns().unwrap() {
        assert_eq!(ColumnSpec::from_wire(&spec.to_wire()), Ok(spec), "{name}");
    }
    let good = ColumnSpec::sma(Input::Close, 20).unwrap().to_wire();
    let refused = |raw| ColumnSpec::from_wire(&raw).unwrap_err().to_string();
    type Raw = crate::abi::layout::RawColumn;
    let window = |value| refused(Raw { params: [value, 0.0, 0.0, 0.0], ..good });
    assert_eq!(window(2.5), "window is 2.5; an indicator window is 1 to 1000000 bars");
    assert_eq!(window(0.0), "window is 0; an indicator window is 1 to 1000000 bars");
    assert_eq!(window(f64::NAN), "window is NaN; an indicator window is 1 to 1000000 bars");
    assert_eq!(window(1e300).split(';').nth(1), Some(" an indicator window is 1 to 1000000 bars"));
    assert_eq!(refused(Raw { kind: 0, ..good }), "no indicator kind has the code 0");
    assert_eq!(refused(Raw { kind: 13, ..good }), "no indicator kind has the code 13");
    assert_eq!(refused(Raw { input: 5, ..good }), "no indicator input has the code 5");
    let bands = Raw { kind: 7, output: 3, params: [20.0, 2.0, 0.0, 0.0], ..good };
    assert_eq!(refused(bands), "no indicator output has the code 3");
    let bands = Raw { output: 2, params: [20.0, f64::INFINITY, 0.0, 0.0], ..bands };
    assert_eq!(refused(bands), "width is inf; it must be a finite number above 0");
    let macd = Raw { kind: 8, output: 0, params: [26.0, 12.0, 9.0, 0.0], ..good };
    assert_eq!(refused(macd), "fast is 26 and slow is 12; fast must be below slow");
}

#[test]
fn wire_codes_stay_what_they_are() {
    let codes = |spec: Result<ColumnSpec, IndicatorError>| {
        let raw = spec.unwrap().to_wire();
        (raw.kind, raw.input, raw.output, raw.params)
    };
    use {ColumnSpec as C, Input as I};
    assert_eq!(codes(C::sma(I::Open, 3)), (1, 0, 0, [3.0, 0.0, 0.0, 0.0]));
    assert_eq!(codes(C::ema(I::High, 3)), (2, 1, 0, [3.0, 0.0, 0.0, 0.0]));
    assert_eq!(codes(C::wma(I::Low, 3)), (3, 2, 0, [3.0, 0.0, 0.0, 0.0]));
    assert_eq!(codes(C::rsi(I::Close, 3)), (4, 3, 0, [3.0, 0.0, 0.0, 0.0]));
    assert_eq!(codes(C::atr(3)), (5, 3, 0, [3.0, 0.0, 0.0, 0.0]));
    assert_eq!(codes(C::stddev(I::Volume, 3)), (6, 4, 0, [3.0, 0.0, 0.0, 0.0]));
    for (code, band) in (0..).zip([Band::Upper, Band::Middle, Band::Lower]) {
        let bands = codes(C::bollinger(I::Close, 3, 1.5, band));
        assert_eq!(bands, (7, 3, code, [3.0, 1.5, 0.0, 0.0]));
    }
    for (code, output) in (0..).zip([MacdOutput::Line, MacdOutput::Signal, MacdOutput::Histogram]) {
        let macd = codes(C::macd(I::Close, 2, 3, 4, output));
        assert_eq!(macd, (8, 3, code, [2.0, 3.0, 4.0, 0.0]));
    }
    assert_eq!(codes(C::highest(I::High, 3)).0, 9);
    assert_eq!(codes(C::lowest(I::Low, 3)).0, 10);
    assert_eq!(codes(C::zscore(I::Close, 3)).0, 11);
    assert_eq!(codes(C::roc(I::Close, 3)).0, 12);
}

#[test]
fn labels_and_scales_suit_a_plot() {
    use {ColumnSpec as C, Input as I};
    let cases = [
        (C::sma(I::Close, 20), "SMA(20)", true),
        (C::sma(I::Volume, 20), "SMA(20) of volume", false),
        (C::bollinger(I::Close, 20, 2.0, Band::Upper), "BB(20,2) upper", true),
        (C::bollinger(I::Close, 20, 2.5, Band::Lower), "BB(20,2.5) lower", true),
        (C::macd(I::Close, 12, 26, 9, MacdOutput::Signal), "MACD(12,26,9) signal", false),
        (C::highest(I::High, 20), "Highest(20)", true),
        (C::highest(I::Close, 20), "Highest(20) of close", true),
        (C::lowest(I::Low, 10), "Lowest(10)", true),
        (C::rsi(I::Close, 14), "RSI(14)", false),
        (C::atr(14), "ATR(14)", false),
        (C::roc(I::Open, 5), "ROC(5) of open", false),
    ];
    for (spec, label, on_price_scale) in cases {
        let spec = spec.unwrap();
        assert_eq!((spec.label().as_str(), spec.on_price_scale()), (label, on_price_scale));
    }
}

type Update = Box<dyn FnMut(f64) -> Option<f64>>;

/// A stream of each indicator of one input, with a window.
fn streams(window: usize) -> Vec<(ColumnSpec, Update)> {
    use {ColumnSpec as C, Input::Close};
    fn boxed(update: impl FnMut(f64) -> Option<f64> + 'static) -> Update {
        Box::new(update)
    }
    macro_rules! plain {
        ($($make:ident, $stream:ident;)*) => { vec![$(
            (C::$make(Close, window).unwrap(), {
                let mut stream = $stream::new(window).unwrap();
                boxed(move |x| stream.update(x))
            })
        ),*] };
    }
    let mut all = plain! {
        sma, Sma; ema, Ema; wma, Wma; rsi, Rsi; stddev, StdDev; zscore, ZScore; roc, Roc;
        highest, Highest; lowest, Lowest;
    };
    for band in [Band::Upper, Band::Middle, Band::Lower] {
        let mut stream = Bollinger::new(window, 2.0).unwrap();
        let update = boxed(move |x| {
            stream.update(x).map(|bands| match band {
                Band::Upper => bands.upper,
                Band::Middle => bands.middle,
                Band::Lower => bands.lower,
            })
        });
        all.push((C::bollinger(Close, window, 2.0, band).unwrap(), update));
    }
    for output in [MacdOutput::Line, MacdOutput::Signal, MacdOutput::Histogram] {
        let mut stream = Macd::new(window, window + 3, 4).unwrap();
        let update = boxed(move |x| {
            stream.update(x).and_then(|value| match output {
                MacdOutput::Line => Some(value.line),
                MacdOutput::Signal => value.signal,
                MacdOutput::Histogram => value.histogram,
            })
        });
        all.push((C::macd(Close, window, window + 3, 4, output).unwrap(), update));
    }
    let mut atr = Atr::new(window).unwrap();
    all.push((C::atr(window).unwrap(), boxed(move |x| atr.update(x, x, x))));
    all
}

/// The bars of a column of closes: every price is the close.
fn of_closes<'a>(ts: &'a [i64], xs: &'a [f64]) -> Columns<'a> {
    Columns { ts, open: xs, high: xs, low: xs, close: xs, volume: xs }
}

fn compute(spec: &ColumnSpec, xs: &[f64]) -> Vec<f64> {
    let ts: Vec<i64> = (0..).take(xs.len()).collect();
    spec.compute(&of_closes(&ts, xs))
}

fn bits(xs: &[f64]) -> Vec<u64> {
    xs.iter().map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
}

fn is_recursive(spec: &ColumnSpec) -> bool {
    matches!(spec.to_wire().kind, 2 | 4 | 5 | 8)
}

/// Prices with runs of equal ones and, here and there, one that is missing or infinite.
fn series() -> impl Strategy<Value = Vec<f64>> {
    let price = prop_oneof![
        8 => 1.0..1000.0_f64,
        4 => (1..8).prop_map(|step| 10.0 + 0.1 * f64::from(step)),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ];
    let run = (price, prop_oneof![6 => Just(1), 1 => 1..60_usize]);
    prop::collection::vec(run, 0..120)
        .prop_map(|runs| runs.into_iter().flat_map(|(x, n)| std::iter::repeat_n(x, n)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn streams_and_columns_agree_bit_for_bit(xs in series(), window in 1..70_usize) {
        for (spec, mut update) in streams(window) {
            let stream: Vec<f64> = xs.iter().map(|x| update(*x).unwrap_or(f64::NAN)).collect();
            prop_assert_eq!(bits(&stream), bits(&compute(&spec, &xs)), "{}", spec);
        }
    }

    #[test]
    fn a_windowed_indicator_depends_on_its_window_alone(
        xs in series(), window in 1..70_usize, cut in 0.0..1.0_f64,
    ) {
        let start = (cut * xs.len() as f64) as usize;
        for (spec, _) in streams(window).into_iter().filter(|(spec, _)| !is_recursive(spec)) {
            let (whole, part) = (compute(&spec, &xs), compute(&spec, &xs[start..]));
            let warm = spec.warm_up().min(part.len());
            prop_assert!(part[..warm].iter().all(|x| x.is_nan()));
            prop_assert_eq!(bits(&part[warm..]), bits(&whole[start + warm..]), "{}", spec);
        }
    }

    #[test]
    fn later_bars_never_change_earlier_values(xs in series(), window in 1..70_usize, cut in 0.0..1.0_f64) {
        let end = (cut * xs.len() as f64) as usize;
        for (spec, _) in streams(window) {
            let (whole, part) = (compute(&spec, &xs), compute(&spec, &xs[..end]));
            prop_assert_eq!(bits(&part), bits(&whole[..end]), "{}", spec);
        }
    }

    #[test]
    fn doubling_the_prices_doubles_the_values_exactly(xs in series(), window in 1..70_usize) {
        let doubled: Vec<f64> = xs.iter().map(|x| x * 2.0).collect();
        for (spec, _) in streams(window) {
            // RSI, z-score and rate of change have no unit.
            let factor = if matches!(spec.to_wire().kind, 4 | 11 | 12) { 1.0 } else { 2.0 };
            let expected: Vec<f64> = compute(&spec, &xs).iter().map(|x| x * factor).collect();
            prop_assert_eq!(bits(&compute(&spec, &doubled)), bits(&expected), "{}", spec);
        }
    }

    #[test]
    fn averages_of_equal_prices_are_that_price(x in 1e-3..1e6_f64, window in 1..300_usize) {
        let xs = vec![x; 700];
        for (spec, _) in streams(window) {
            let expected = match spec.to_wire().kind {
                1 | 2 | 3 | 7 | 9 | 10 => Some(x),
                4 => Some(50.0),
                11 => None,
                _ => Some(0.0),
            };
            for value in &compute(&spec, &xs)[spec.warm_up()..] {
                prop_assert_eq!(Some(*value).filter(|value| !value.is_nan()), expected, "{}", spec);
            }
        }
    }

    #[test]
    fn averages_and_deviations_are_those_of_the_definition(xs in series(), window in 1..70_usize) {
        let n = window as f64;
        let ours = [sma(&xs, window), stddev(&xs, window), wma(&xs, window)].map(Result::unwrap);
        for end in window..=xs.len() {
            let part = &xs[end - window..end];
            let mean = part.iter().sum::<f64>() / n;
            let squares = part.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
            let weighted = part.iter().zip(1..).map(|(x, weight)| x * f64::from(weight)).sum::<f64>();
            let expected = [mean, (squares / n).sqrt(), weighted / (n * (n + 1.0) / 2.0)];
            for (ours, expected) in ours.iter().zip(expected.map(rolling::finite_or_nan)) {
                let ours = ours[end - 1];
                prop_assert!((ours - expected).abs() <= 1e-11 * mean.abs()
                    || ours.is_nan() && expected.is_nan(), "{} {}", ours, expected);
            }
        }
    }
}

#[test]
fn a_million_bars_do_not_drift() {
    let xs: Vec<f64> = (0..1_000_000_u32)
        .map(|row| 1e6 + f64::from(row.wrapping_mul(2_654_435_761) >> 8) / 1e4)
        .collect();
    let tail = &xs[xs.len() - 500..];
    let (whole, part) = (sma(&xs, 200).unwrap(), sma(tail, 200).unwrap());
    assert_eq!(bits(&whole[xs.len() - 300..]), bits(&part[200..]));
}

#[test]
fn a_small_deviation_survives_beside_a_large_mean() {
    let xs: Vec<f64> = [1.0, 2.0, 3.0, 4.0].map(|x| 1e9 + x).into();
    let deviation = stddev(&xs, 4).unwrap()[3];
    assert!((deviation - 1.25_f64.sqrt()).abs() < 1e-12, "{deviation}");
}

#[test]
fn an_indicator_of_an_indicator_warms_up_after_it() {
    let xs: Vec<f64> = (0..10).map(f64::from).collect();
    let inner = sma(&xs, 3).unwrap();
    for outer in [sma(&inner, 2), ema(&inner, 2), wma(&inner, 2)] {
        let outer = outer.unwrap();
        assert!(outer[..3].iter().all(|value| value.is_nan()));
        assert!(outer[3..].iter().all(|value| !value.is_nan()));
    }
}

#[test]
fn a_series_shorter_than_the_window_has_no_values() {
    for (spec, _) in streams(50) {
        for rows in [0, 1, 49] {
            let out = compute(&spec, &vec![1.0; rows]);
            assert_eq!(out.len(), rows);
            assert!(out.iter().all(|value| value.is_nan()), "{spec}");
        }
    }
}

#[test]
fn a_flat_market_has_a_neutral_strength_index() {
    // TA-Lib writes 0 here, which reads as oversold.
    assert_eq!(rsi(&[5.0; 4], 2).unwrap()[2..], [50.0, 50.0]);
}
