//! Pictures of data that stretch every panel, read back from the files they became.

use super::*;
use std::fs;

/// Bars of a deterministic walk, one a `step` of nanoseconds.
#[derive(Clone)]
struct Walk {
    ts: Vec<i64>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

const DAY: i64 = 86_400_000_000_000;

impl Walk {
    fn new(bars: usize, step: i64) -> Self {
        let mut price = 100.0;
        let mut state = 1u64;
        let mut walk = Self::flat(0, 1.0, step);
        for row in 0..bars {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let open = price;
            price *= 1.0 + ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 0.01;
            walk.ts.push(row as i64 * step);
            walk.open.push(open);
            walk.high.push(open.max(price) * 1.001);
            walk.low.push(open.min(price) * 0.999);
            walk.close.push(price);
            walk.volume.push(1_000.0 + (state >> 50) as f64);
        }
        walk
    }

    fn flat(bars: usize, price: f64, step: i64) -> Self {
        let column = vec![price; bars];
        Self {
            ts: (0..bars as i64).map(|row| row * step).collect(),
            open: column.clone(),
            high: column.clone(),
            low: column.clone(),
            close: column,
            volume: vec![0.0; bars],
        }
    }

    fn data(&self) -> PlotData<'_> {
        PlotData {
            title: "ma_cross fast=20 slow=50".to_owned(),
            headline: "Return 12.00 %".to_owned(),
            symbol: "SPY".to_owned(),
            resolution: Resolution::Day1,
            time_zone: TimeZone::UTC,
            bars: Columns {
                ts: &self.ts,
                open: &self.open,
                high: &self.high,
                low: &self.low,
                close: &self.close,
                volume: &self.volume,
            },
            overlays: Vec::new(),
            trades: Vec::new(),
            initial: 100.0,
            equity: Curve { name: "ma_cross".to_owned(), ts: &self.ts, values: &self.close },
            benchmark: None,
        }
    }
}

fn svg_of(data: &PlotData<'_>) -> String {
    String::from_utf8(render(Format::Svg, data).unwrap()).unwrap()
}

/// Width, height and pixels of a PNG.
fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

/// The number of an attribute, in an SVG element.
fn number(element: &str, attribute: &str) -> f64 {
    let (_, rest) = element.split_once(&format!(" {attribute}=\"")).unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

#[test]
fn a_picture_is_1200_by_900_the_same_every_time_and_not_empty() {
    let walk = Walk::new(1_258, DAY);
    let png = render(Format::Png, &walk.data()).unwrap();
    assert_eq!(png, render(Format::Png, &walk.data()).unwrap());
    let (width, height, pixels) = decoded(&png);
    assert_eq!((width, height), (1_200, 900));
    let inked = pixels.chunks(3).filter(|pixel| pixel != &[255, 255, 255]).count();
    assert!(inked > 50_000, "{inked}");
}

/// The axis labels say which y a price has; the lowest and highest drawn y must be those of the
/// lowest and highest close, each of which is one bar in a million.
#[test]
fn extremes_of_a_million_bars_are_drawn_where_they_are() {
    let mut walk = Walk::flat(1_000_000, 100.0, DAY / 1_440);
    for (row, price) in [(123_456, 250.0_f64), (654_321, 20.0)] {
        (walk.high[row], walk.low[row]) = (price.max(100.0), price.min(100.0));
        walk.close[row] = price;
    }
    let svg = svg_of(&PlotData { resolution: Resolution::Min1, ..walk.data() });
    let lines: Vec<&str> = svg.lines().collect();
    let label = |text: &str| {
        let place = lines.iter().position(|line| *line == text).unwrap();
        number(lines[place - 1], "y")
    };
    let (at_50, at_200) = (label("50"), label("200"));
    let expected = |price: f64| at_50 + (at_200 - at_50) * (price - 50.0) / 150.0;
    let close = lines.iter().find(|line| line.contains("#374151") && line.len() > 5_000).unwrap();
    let points = close.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
    let ys: Vec<f64> = points
        .split_whitespace()
        .map(|point| point.split_once(',').unwrap().1.parse().unwrap())
        .collect();
    let low = ys.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let high = ys.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((low - expected(20.0)).abs() < 2.0, "{low} {}", expected(20.0));
    assert!((high - expected(250.0)).abs() < 2.0, "{high} {}", expected(250.0));
    assert!(ys.len() < 4 * 1_200, "{} points", ys.len());
}

#[test]
fn odd_data_has_a_picture() {
    let one = Walk::new(1, DAY);
    let sixty = Walk::new(60, DAY);
    let flat = Walk::flat(300, 5.0, DAY);
    let many = Walk::new(5_000, 60_000_000_000);
    let undefined = vec![f64::NAN; 5_000];
    let wild: Vec<f64> = (0..5_000).map(|row| [f64::INFINITY, -1e300, 1e300][row % 3]).collect();
    let overlay = |values, panel| Overlay { name: "x".repeat(300), values, panel };
    let marker = |row: usize| Marker {
        ts: many.ts[row] + 1,
        price: many.close[row],
        side: if row.is_multiple_of(2) { Side::Buy } else { Side::Sell },
    };
    let cases = [
        one.data(),
        sixty.data(),
        flat.data(),
        PlotData { equity: Curve::default(), ..one.data() },
        PlotData { initial: 0.0, ..sixty.data() },
        PlotData {
            overlays: vec![
                overlay(Cow::Borrowed(&undefined[..]), Panel::Price),
                overlay(Cow::Borrowed(&undefined[..]), Panel::Own("RSI".to_owned())),
                overlay(Cow::Borrowed(&wild[..]), Panel::Own("wild".to_owned())),
                overlay(Cow::Borrowed(&wild[..]), Panel::Own("more".to_owned())),
                overlay(Cow::Borrowed(&wild[..]), Panel::Own("most".to_owned())),
            ],
            trades: (0..5_000).map(marker).collect(),
            benchmark: Some(Curve { name: "y".repeat(300), ts: &sixty.ts, values: &wild[..60] }),
            resolution: Resolution::Min1,
            ..many.data()
        },
    ];
    for data in &cases {
        assert_eq!(decoded(&render(Format::Png, data).unwrap()).0, 1_200);
        assert!(svg_of(data).ends_with("</svg>\n"));
    }
}

#[test]
fn a_users_text_stays_text_in_an_svg() {
    let walk = Walk::new(60, DAY);
    let evil = "<script>alert('x')</script>\"&\0\u{1b}[31m\n東京🚀\u{202e}".to_owned();
    let svg = svg_of(&PlotData {
        title: evil.clone(),
        headline: evil.clone(),
        symbol: evil.clone(),
        overlays: vec![Overlay {
            name: evil.clone(),
            values: Cow::Borrowed(&walk.close),
            panel: Panel::Own(evil.clone()),
        }],
        equity: Curve { name: evil, ts: &walk.ts, values: &walk.close },
        ..walk.data()
    });
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"));
    assert!(svg.chars().all(|letter| letter == '\n' || !letter.is_control()));
    assert!(!svg.contains('\u{202e}'));
}

#[test]
fn buys_and_sells_differ_in_shape() {
    let walk = Walk::new(60, DAY);
    let corners = |side| {
        let trades = vec![Marker { ts: walk.ts[30], price: walk.close[30], side }];
        let svg = svg_of(&PlotData { trades, ..walk.data() });
        let ink = if side == Side::Buy { "#047857" } else { "#C2410C" };
        let triangle = svg.lines().find(|line| line.starts_with("<polygon") && line.contains(ink));
        let points = triangle.unwrap().split_once("points=\"").unwrap().1;
        let ys = points.split('"').next().unwrap().split_whitespace();
        ys.map(|point| point.split_once(',').unwrap().1.parse::<i32>().unwrap()).collect::<Vec<_>>()
    };
    let (buy, sell) = (corners(Side::Buy), corners(Side::Sell));
    assert!(buy[0] < buy[1] && buy[1] == buy[2], "{buy:?} points up");
    assert!(sell[0] > sell[1] && sell[1] == sell[2], "{sell:?} points down");
}

/// Rectangles of an ink: left, top, height.
fn rects(svg: &str, ink: &str) -> Vec<(f64, f64, f64)> {
    let lines = svg.lines().filter(|line| line.starts_with("<rect") && line.contains(ink));
    lines.map(|line| (number(line, "x"), number(line, "y"), number(line, "height"))).collect()
}

#[test]
fn where_triangles_would_hide_the_price_a_strip_counts_the_fills() {
    let walk = Walk::new(20_000, DAY);
    let marker = |row: usize| Marker {
        ts: walk.ts[row],
        price: walk.close[row],
        side: if row.is_multiple_of(2) { Side::Buy } else { Side::Sell },
    };
    let many = PlotData { trades: (0..20_000).map(marker).collect(), ..walk.data() };
    let svg = svg_of(&many);
    let (buys, sells) = (rects(&svg, "#047857"), rects(&svg, "#C2410C"));
    assert!(buys.len() > 900 && sells.len() > 900, "{} {}", buys.len(), sells.len());
    let end = buys.iter().map(|(_, top, height)| top + height).fold(0.0, f64::max);
    assert!(sells.iter().all(|(_, top, _)| *top >= end), "sells stand below buys");
    let triangles = |svg: &str| svg.lines().filter(|line| line.starts_with("<polygon")).count();
    // Those of the legend.
    assert_eq!(triangles(&svg) - triangles(&svg_of(&walk.data())), 2);
}

#[test]
fn an_rsi_has_its_levels_and_the_histogram_of_a_macd_is_columns_from_zero() {
    let walk = Walk::new(300, DAY);
    let wave: Vec<f64> = (0..300).map(|row| (f64::from(row) / 9.0).sin()).collect();
    let drawn = |name: &str, caption: &str, values: Vec<f64>| {
        let panel = Panel::Own(caption.to_owned());
        let overlays = vec![Overlay { name: name.to_owned(), values: values.into(), panel }];
        svg_of(&PlotData { overlays, ..walk.data() })
    };
    let dashes = |svg: &str| svg.lines().filter(|line| line.contains("#9CA3AF")).count();
    let rsi: Vec<f64> = wave.iter().map(|value| 50.0 + value * 10.0).collect();
    let other = drawn("ATR(14)", "ATR(14)", rsi.clone());
    assert_eq!(dashes(&drawn("RSI(14)", "RSI(14)", rsi)), dashes(&other) + 2);
    let svg = drawn("MACD(12,26,9) histogram", "MACD(12,26,9)", wave);
    let columns = rects(&svg, "#0072B2");
    assert_eq!(columns.len(), 300);
    assert!(columns.iter().all(|(_, _, height)| *height >= 0.0));
}

#[test]
fn no_bars_and_uneven_columns_are_errors() {
    let none = Walk::new(0, DAY);
    let error = render(Format::Png, &none.data()).unwrap_err();
    assert!(matches!(error, PlotError::Empty { .. }));
    assert_eq!(Failure::from(error).code, Code::Data);
    let walk = Walk::new(10, DAY);
    let short = PlotData {
        overlays: vec![Overlay {
            name: "SMA".to_owned(),
            values: Cow::Borrowed(&walk.close[..9]),
            panel: Panel::Price,
        }],
        ..walk.data()
    };
    assert!(matches!(render(Format::Png, &short), Err(PlotError::Ragged { found: 9, .. })));
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let walk = Walk::new(60, DAY);
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("plots/SPY_1d.png");
    write(&picture, &walk.data()).unwrap();
    assert_eq!(decoded(&fs::read(&picture).unwrap()).0, 1_200);
    write(&folder.path().join("run.SVG"), &walk.data()).unwrap();

    let error = write(&folder.path().join("run.gif"), &walk.data()).unwrap_err();
    assert_eq!(Failure::from(error).code, Code::Usage);
    let taken = folder.path().join("taken.png");
    fs::create_dir(&taken).unwrap();
    let error = write(&taken, &walk.data()).unwrap_err();
    assert_eq!(Failure::from(error).code, Code::Output);
    let error = write(&picture.join("below.png"), &walk.data()).unwrap_err();
    assert_eq!(Failure::from(error).code, Code::Output);

    let none = Walk::new(0, DAY);
    write(&picture, &none.data()).unwrap_err();
    assert_eq!(decoded(&fs::read(&picture).unwrap()).0, 1_200, "the older picture is untouched");
    assert_eq!(fs::read_dir(folder.path().join("plots")).unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_folder_that_takes_nothing_are_output_failures() {
    let walk = Walk::new(60, DAY);
    let folder = tempfile::tempdir().unwrap();
    let full = folder.path().join("full.png");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let error = write(&full, &walk.data()).unwrap_err();
    assert!(error.to_string().contains("full.png"), "{error}");
    assert_eq!(Failure::from(error).code, Code::Output);
    let error = write(Path::new("/proc/nowhere/run.png"), &walk.data()).unwrap_err();
    assert_eq!(Failure::from(error).code, Code::Output);
}
