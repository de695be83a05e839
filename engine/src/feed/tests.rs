//! Claims about column files and their folder.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use engine_core::series::Series;
use proptest::prelude::*;
use strategy_api::{Bar, Columns, Resolution};
use tempfile::TempDir;

use super::*;

fn bars(count: usize) -> Series {
    let bars: Vec<Bar> = (0..count)
        .map(|row| {
            let close = 100.0 + (row as f64 * 0.7).sin();
            Bar {
                ts: row as i64 * 60_000_000_000,
                open: close,
                high: close + 1.0,
                low: close - 1.0,
                close,
                volume: row as f64,
            }
        })
        .collect();
    Series::from_bars(&bars).unwrap()
}

fn series(symbol: &str, version: i64, bars: &Series) -> SeriesInfo {
    SeriesInfo {
        id: 7,
        symbol: symbol.to_owned(),
        resolution: "1m".to_owned(),
        source: "csv".to_owned(),
        adjustment: "raw".to_owned(),
        version,
        epoch: 0,
        bars: bars.len() as i64,
        first_ts: bars.columns().ts.first().copied(),
        last_ts: bars.columns().ts.last().copied(),
    }
}

fn keep(cache: &Cache, held: &SeriesInfo, bars: &Series) -> ColumnFile {
    let info = ColumnInfo::of(held, Resolution::Min1, cache.origin(held), bars);
    cache.keep(&info, bars).unwrap()
}

fn find(cache: &Cache, held: &SeriesInfo) -> Option<ColumnFile> {
    cache.find(held, Resolution::Min1, &cache.origin(held))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn bits(columns: &Columns<'_>) -> Vec<u64> {
    let prices = [columns.open, columns.high, columns.low, columns.close, columns.volume];
    let prices = prices.into_iter().flatten().map(|price| price.to_bits());
    columns.ts.iter().map(|ts| *ts as u64).chain(prices).collect()
}

fn folder() -> (TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path().join("cache"), "sqlite://data/a.db");
    (folder, cache)
}

#[test]
fn what_is_kept_is_found_bit_for_bit_and_every_column_is_aligned() {
    let (_folder, cache) = folder();
    for count in [1, 2, 7, 8, 9, 1000] {
        let bars = bars(count);
        let held = series("SPY", count as i64, &bars);
        assert!(find(&cache, &held).is_none());
        let kept = keep(&cache, &held, &bars);
        let found = find(&cache, &held).unwrap();
        for file in [&kept, &found] {
            assert_eq!(bits(&file.columns()), bits(&bars.columns()));
            assert_eq!(file.info().bars, count);
            assert_eq!(file.info().digest, digest(&bars.columns()));
            assert_eq!(file.info().symbol, "SPY");
        }
        let again = ColumnFile::open(found.file().try_clone().unwrap()).unwrap();
        assert_eq!(again.info(), kept.info());
        let info = found.info();
        assert!((0..6).all(|index| info.column(index).start.is_multiple_of(64)));
    }
}

/// Expected value: `hashlib.sha256` and `struct.pack` of Python 3 over the same numbers, as
/// `scripts/fixtures/bars_digest.py` prints it.
#[test]
fn the_digest_is_that_of_an_independent_program() {
    let two = [
        Bar { ts: 1, open: 1.5, high: 2.5, low: 1.25, close: 2.0, volume: 10.0 },
        Bar { ts: 2, open: 2.0, high: 3.0, low: 1.75, close: 2.25, volume: 0.0 },
    ];
    let expected = "eee0e93bcf75c092c1f96f9864b5af9e291f5abc51293f081c6f147e7b80cfd1";
    let series = Series::from_bars(&two).unwrap();
    assert_eq!(digest(&series.columns()).to_string(), expected);
    let mut negative = two;
    negative[1].volume = -0.0;
    let series = Series::from_bars(&negative).unwrap();
    assert_eq!(digest(&series.columns()).to_string(), expected, "a negative zero is a zero");
    let (_folder, cache) = folder();
    let kept = keep(&cache, &self::series("SPY", 1, &series), &series);
    assert!(kept.columns().volume[1].is_sign_positive());
}

#[test]
fn a_newer_version_replaces_the_older_ones_and_nothing_else() {
    let (_folder, cache) = folder();
    let bars = bars(50);
    let other = keep(&cache, &series("SPY2", 1, &bars), &bars);
    let old = keep(&cache, &series("SPY", 1, &bars), &bars);
    keep(&cache, &series("SPY", 2, &bars), &bars);
    assert!(find(&cache, &series("SPY", 1, &bars)).is_none());
    assert!(find(&cache, &series("SPY", 2, &bars)).is_some());
    assert!(find(&cache, &series("SPY2", 1, &bars)).is_some());
    assert_eq!(old.columns().len(), other.columns().len(), "an open file stays readable");
}

#[test]
fn a_series_that_differs_in_anything_is_not_found() {
    let (folder, cache) = folder();
    let bars = bars(50);
    let held = series("SPY", 3, &bars);
    keep(&cache, &held, &bars);
    let others = [
        SeriesInfo { id: 8, ..held.clone() },
        SeriesInfo { version: 4, ..held.clone() },
        SeriesInfo { epoch: 1, ..held.clone() },
        SeriesInfo { symbol: "SPX".to_owned(), ..held.clone() },
        SeriesInfo { source: "sample".to_owned(), ..held.clone() },
        SeriesInfo { adjustment: "adjusted".to_owned(), ..held.clone() },
        SeriesInfo { bars: 51, ..held.clone() },
        SeriesInfo { last_ts: Some(5), ..held.clone() },
    ];
    for other in others {
        assert!(find(&cache, &other).is_none(), "{other:?}");
    }
    let elsewhere = Cache::new(folder.path().join("cache"), "sqlite://data/b.db");
    assert!(find(&elsewhere, &held).is_none());
    assert!(find(&cache, &held).is_some());
}

#[test]
fn names_stay_in_the_folder_whatever_the_symbol_is() {
    let (folder, cache) = folder();
    let bars = bars(3);
    let long = "x".repeat(300);
    let symbols = ["../../etc/passwd", "BRK B", "BRK_B", "RDS/A", "\u{1F4C8}", "", "a\0b", &long];
    for symbol in symbols {
        keep(&cache, &series(symbol, 1, &bars), &bars);
    }
    assert_eq!(files(folder.path()), [folder.path().join("cache")]);
    assert_eq!(files(&folder.path().join("cache")).len(), symbols.len());
    for symbol in symbols {
        assert_eq!(find(&cache, &series(symbol, 1, &bars)).unwrap().info().symbol, symbol);
    }
}

#[test]
fn a_damaged_file_is_an_error_and_is_made_again() {
    let (folder, cache) = folder();
    let bars = bars(40);
    let held = series("SPY", 1, &bars);
    let whole = keep(&cache, &held, &bars);
    let place = files(&folder.path().join("cache")).remove(0);
    let good = fs::read(&place).unwrap();
    let offset = whole.info().column(0).start;
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&place, bytes).unwrap();
        assert!(ColumnFile::open(File::open(&place).unwrap()).is_err(), "{what}");
        assert!(find(&cache, &held).is_none(), "{what}");
    };
    for length in (0..good.len()).step_by(7).chain([offset, good.len() - 1]) {
        refused(&good[..length], &format!("cut to {length}"));
    }
    for byte in 0..offset {
        let mut bad = good.clone();
        bad[byte] ^= 0x40;
        refused(&bad, &format!("byte {byte} flipped"));
    }
    refused(&[good.as_slice(), b"x"].concat(), "too long");
    refused(b"SQLite format 3\0", "foreign");
    refused(&[0xff; 4096], "all ones");
    keep(&cache, &held, &bars);
    assert_eq!(bits(&find(&cache, &held).unwrap().columns()), bits(&bars.columns()));
}

#[test]
fn what_is_no_regular_file_is_neither_followed_nor_waited_for() {
    let (folder, cache) = folder();
    let bars = bars(40);
    let held = series("SPY", 1, &bars);
    keep(&cache, &held, &bars);
    let place = files(&folder.path().join("cache")).remove(0);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&place, &elsewhere).unwrap();
    symlink(&elsewhere, &place).unwrap();
    assert!(find(&cache, &held).is_none(), "a link");
    fs::remove_file(&place).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &place,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert!(find(&cache, &held).is_none(), "a pipe");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert!(find(&cache, &held).is_none(), "a folder");
    // A folder cannot be replaced by a file: the columns live in memory then.
    let kept = keep(&cache, &held, &bars);
    assert_eq!(bits(&kept.columns()), bits(&bars.columns()));
}

#[test]
fn without_a_folder_the_columns_are_sealed_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, "not a folder").unwrap();
    let bars = bars(40);
    let held = series("SPY", 1, &bars);
    let caches = [
        Cache::new(blocked.join("cache"), "sqlite://a.db"),
        Cache::new(folder.path(), "sqlite::memory:"),
        Cache::none(),
    ];
    for cache in caches {
        let kept = keep(&cache, &held, &bars);
        assert_eq!(bits(&kept.columns()), bits(&bars.columns()));
        assert!(find(&cache, &held).is_none());
        assert!(kept.file().set_len(10).is_err());
        assert!(kept.file().write_at(b"x", 0).is_err());
    }
    assert_eq!(files(folder.path()), [blocked]);
}

#[test]
fn writers_at_once_leave_one_whole_file() {
    let (folder, cache) = folder();
    let bars = bars(5000);
    let held = series("SPY", 1, &bars);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..10 {
                    keep(&cache, &held, &bars);
                    let found = find(&cache, &held).unwrap();
                    assert_eq!(found.info().digest, digest(&found.columns()));
                }
            });
        }
    });
    assert_eq!(files(&folder.path().join("cache")).len(), 1);
}

#[test]
fn what_killed_writers_left_is_removed_once_it_is_old() {
    let (folder, cache) = folder();
    let bars = bars(5);
    keep(&cache, &series("SPY", 1, &bars), &bars);
    let place = files(&folder.path().join("cache")).remove(0);
    let old = place.with_extension("col.1.0.tmp");
    let young = place.with_extension("col.2.0.tmp");
    for path in [&old, &young] {
        fs::write(path, "half").unwrap();
    }
    let two_hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    OpenOptions::new().write(true).open(&old).unwrap().set_modified(two_hours_ago).unwrap();
    keep(&cache, &series("SPY", 2, &bars), &bars);
    assert!(!old.exists() && !place.exists() && young.exists());
}

#[test]
fn a_folder_without_permission_costs_nothing_but_the_cache() {
    let (folder, cache) = folder();
    let place = folder.path().join("cache");
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o500)).unwrap();
    let bars = bars(5);
    let kept = keep(&cache, &series("SPY", 1, &bars), &bars);
    assert_eq!(bits(&kept.columns()), bits(&bars.columns()));
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn the_error_of_missing_bars_can_be_pasted() {
    let error = FeedError::NoBars {
        symbol: "BRK B".to_owned(),
        resolution: Resolution::Hour1,
        others: vec!["1d".to_owned()],
    };
    let failure = crate::error::Failure::from(error);
    assert_eq!(failure.code as u8, 4);
    assert_eq!(failure.message, "no bars for BRK B 1h (held: 1d)");
    let help = failure.help.unwrap();
    assert!(help.contains("algo-trader ingest -s 'BRK B' -r 1h -d \"5 Y\""), "{help}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_series_comes_back_as_it_was(
        steps in prop::collection::vec((1_i64..1_000_000_000_000, 0.001_f64..1e9, 1.0_f64..2.0, 0.0_f64..1e12), 1..300),
        start in -4_000_000_000_000_000_000_i64..4_000_000_000_000_000_000,
        symbol in ".{1,40}",
    ) {
        let mut ts = start;
        let rows: Vec<Bar> = steps.iter().map(|(step, open, ratio, volume)| {
            ts += step;
            Bar { ts, open: *open, high: open * ratio, low: open / ratio, close: *open, volume: *volume }
        }).collect();
        let bars = Series::from_bars(&rows).unwrap();
        let (_folder, cache) = folder();
        let held = series(&symbol, 1, &bars);
        keep(&cache, &held, &bars);
        let found = find(&cache, &held).unwrap();
        prop_assert_eq!(bits(&found.columns()), bits(&bars.columns()));
        prop_assert_eq!(found.info().digest, digest(&bars.columns()));
    }

    #[test]
    fn no_bytes_are_taken_for_a_column_file(bytes in prop::collection::vec(any::<u8>(), 0..600), magic in any::<bool>()) {
        let mut bytes = bytes;
        if magic && bytes.len() > 12 {
            bytes[..12].copy_from_slice(b"algo.col\x01\0\0\0");
        }
        prop_assert!(ColumnInfo::read(&bytes).is_err());
    }
}
