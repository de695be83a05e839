//! The layout of everything that crosses the ABI, held as text: a change shows as a difference in
//! `fixtures/layout.txt`, and reviewers decide whether it is one that old plugins survive.

use std::{fmt::Write, fs, mem::offset_of};

use strategy_api::abi::{
    Plugin,
    layout::{
        ABI_MAJOR, ABI_MINOR, ParamSpec, PluginEntry, Progress, RawColumn, RawEvent, RawFill,
        RawOrder, RawReport, RawSeries, RunBlock, Str, StrategyDef,
    },
};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/layout.txt");

/// The size of a field of a structure.
fn size_of_field<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! layouts {
    ($out:ident: $($structure:ident { $($field:ident),+ $(,)? })+) => { $({
        // Does not compile when a field is missing in the list.
        let _ = |$structure { $($field: _),+ }: $structure| ();
        let (size, align) = (size_of::<$structure>(), align_of::<$structure>());
        writeln!($out, "\n{} size {size} align {align}", stringify!($structure)).unwrap();
        $(
            let size = size_of_field(|whole: &$structure| &whole.$field);
            let offset = offset_of!($structure, $field);
            writeln!($out, "  {offset:>4} {size:>3}  {}", stringify!($field)).unwrap();
        )+
    })+ };
}

fn snapshot() -> String {
    let mut out = format!(
        "ABI {ABI_MAJOR}.{ABI_MINOR}, 64-bit. Under each structure: offset, size and name of its fields.\n\
         Frozen for ever: Plugin, PluginEntry, StrategyDef, ParamSpec, Str. RunBlock may grow at its end with\n\
         a new minor version; what it points to keeps its size.\n"
    );
    layouts! { out:
        Plugin { strategy }
        PluginEntry { magic, major, minor, size, strategy }
        StrategyDef {
            name, about, version, author, params, n_params, start, run, finish, drop_state, extension,
        }
        ParamSpec {
            name, about, kind, reserved, default_value, min, max, choices, n_choices,
        }
        Str { ptr, len }
        RawSeries { symbol, ts, open, high, low, close, volume, seen, reserved }
        RawColumn { kind, input, output, reserved, params, more }
        RawOrder {
            id, instrument, action, kind, size_kind, size, limit_price, stop_price, trail,
            time_in_force, flags, expires_at, parent, oca_group, reserved,
        }
        RawFill { order, instrument, flags, ts, quantity, price, commission, reserved }
        Progress { at, callback, beat }
        RunBlock {
            size, minor, at, to, timeline, n_timeline, series, n_series, resolution, columns,
            n_columns, cap_columns, declared, warm_up, position, entry_price, cash, orders,
            n_orders, cap_orders, n_orders_dropped, next_order_id, fills, n_fills, error,
            error_len, error_cap, log, log_len, log_cap, n_log_dropped, progress, seed, reports,
            n_reports, events, n_events, events_seen, asked, n_asked, cap_asked, coarse,
            flags, changes,
        }
        RawReport { order, instrument, state, ts, filled, reason, reserved }
        RawEvent { instrument, kind, ts, known_at, value, name, reserved }
    }
    out
}

#[cfg(target_pointer_width = "64")]
#[test]
fn the_layout_is_the_one_that_was_agreed() {
    let now = snapshot();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(SNAPSHOT, &now).unwrap();
    }
    let agreed = fs::read_to_string(SNAPSHOT).unwrap_or_default();
    let changed: Vec<String> = agreed
        .lines()
        .filter(|line| !now.lines().any(|other| other == *line))
        .map(|line| format!("- {line}"))
        .chain(
            now.lines()
                .filter(|line| !agreed.lines().any(|other| other == *line))
                .map(|line| format!("+ {line}")),
        )
        .collect();
    assert!(
        agreed == now,
        "the layout of the ABI is another than in tests/fixtures/layout.txt:\n{}\n\
         If plugins that are already built survive it, run this test with UPDATE_SNAPSHOTS=1.",
        changed.join("\n")
    );
}
