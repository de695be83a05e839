//! The panic guard of the exported functions: no panic ever crosses the boundary.
//!
//! A hook, installed once in the plugin's own copy of std, notes message and place of a panic that
//! happens inside a guarded call and keeps it off the terminal; every other panic goes on to the
//! hook that was there before.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook},
    sync::Once,
};

use super::{
    layout::{STATUS_ERROR, STATUS_OK, STATUS_PANIC},
    raw::Frame,
};
use crate::strategy::StrategyError;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static NOTE: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Runs `body`; an error or a panic becomes a status and a text in the block.
#[inline(always)]
pub(super) fn guard(frame: Frame<'_>, body: impl FnOnce() -> Result<(), StrategyError>) -> i32 {
    install();
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    GUARDED.set(false);
    match outcome {
        Ok(Ok(())) => STATUS_OK,
        Ok(Err(error)) => {
            frame.set_error(error.text());
            STATUS_ERROR
        }
        Err(payload) => {
            // A payload whose destructor panics would escape the guard.
            std::mem::forget(payload);
            let note = NOTE.take();
            frame.set_error(if note.is_empty() { "panicked" } else { &note });
            STATUS_PANIC
        }
    }
}

#[inline(always)]
fn install() {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| if GUARDED.get() { note(info) } else { before(info) }));
    });
}

#[cold]
fn note(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("(the panic's payload is not a text)");
    let place = info
        .location()
        .map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    NOTE.set(format!("panicked{place}: {message}"));
}
