//! Progress bars: on standard error, once a command has taken a second, in the width and the characters
//! that the terminal has. Where there is no terminal, or nothing is to be said, they stay invisible.

use std::{
    fmt,
    io::{IsTerminal, stderr},
    thread,
    time::Duration,
};

use indicatif::{
    HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

use super::output::{Out, columns_of, is_unicode};
use crate::report::number::grouped;

/// What takes less than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a bar is drawn while nothing happens.
const TICK: Duration = Duration::from_millis(500);
/// Columns below which a bar is as wide as the other parts leave room for.
const WHOLE: usize = 80;
/// Columns below which there is room for the percentage alone.
const NARROW: usize = 60;

/// A bar behind a label, with figures after it; `{pace}` and `{left}` are known to both.
pub(crate) fn bar(out: &Out, length: Option<u64>, label: &str, figures: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden())
        .with_style(style(label, figures));
    if is_shown(out) {
        let later = bar.downgrade();
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            if let Some(bar) = later.upgrade().filter(|bar| !bar.is_finished()) {
                bar.set_draw_target(target());
                bar.enable_steady_tick(TICK);
            }
        });
    }
    bar
}

/// A place for several bars.
pub(crate) fn board(out: &Out) -> MultiProgress {
    let board = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    if is_shown(out) {
        let later = board.clone();
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            later.set_draw_target(target());
        });
    }
    board
}

/// One more bar of a board.
pub(crate) fn bar_on(board: &MultiProgress, label: &str, figures: &str) -> ProgressBar {
    // Its style comes first: a bar is drawn as soon as it is on the board.
    let bar = board.add(ProgressBar::no_length().with_style(style(label, figures)));
    bar.enable_steady_tick(TICK);
    bar
}

/// Whether anybody will see a bar.
pub(crate) fn is_shown(out: &Out) -> bool {
    stderr().is_terminal() && !out.quiet()
}

fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(10)
}

fn style(label: &str, figures: &str) -> ProgressStyle {
    let template = template(columns_of(stderr()).unwrap_or(WHOLE), label, figures);
    let style = ProgressStyle::with_template(&template)
        .expect("the templates are constants")
        .with_key("pace", pace)
        .with_key("left", left);
    if is_unicode() { style } else { style.progress_chars("#-") }
}

fn template(columns: usize, label: &str, figures: &str) -> String {
    match columns {
        WHOLE.. => format!("{label}{{bar:30}} {{percent:>3}} %  {figures}"),
        NARROW..WHOLE => format!("{label}{{wide_bar}} {{percent:>3}} %  {figures}"),
        _ => "{percent:>3} %".to_owned(),
    }
}

/// How many a second; below ten with one decimal.
fn pace(state: &ProgressState, text: &mut dyn fmt::Write) {
    let pace = state.per_sec();
    let decimals = usize::from(pace < 10.0 && state.pos() > 0);
    // A bar that cannot be written is not drawn.
    let _ = write!(text, "{}/s", grouped(pace, decimals));
}

/// How long it will take, which nobody knows before something is done.
fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    let _ = match state.pos() {
        0 => text.write_str("?"),
        _ => write!(text, "{:#}", HumanDuration(state.eta())),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_gets_what_it_has_room_for() {
        assert!(template(100, "{msg}", "{pos}").contains("{bar:30}"));
        assert!(template(70, "{msg}", "{pos}").contains("{wide_bar}"));
        assert_eq!(template(10, "{msg}", "{pos}"), "{percent:>3} %");
    }
}
