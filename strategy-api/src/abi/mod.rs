//! The stable boundary between the host and a plugin.
//!
//! [`layout`] is the wire, [`raw`] the only unsafe code, [`host`] drives an instance, and this file
//! is the door: the root module that abi_stable checks, the list of a library's strategies, and the
//! macro that exports them. What a plugin author needs is in [`prelude`](crate::prelude) alone.

mod block;
mod coarser;
mod codes;
mod describe;
mod guard;
pub mod host;
pub mod layout;
mod market;
pub mod raw;
mod view;
mod watch;

use std::sync::OnceLock;

use abi_stable::{
    StableAbi,
    library::{LibHeader, RootModule, RootModuleResult},
    sabi_types::VersionStrings,
};

pub use describe::{DescribeError, Described, DescribedParam, ParamKind, describe};
use layout::{Str, StrategyDef};

use crate::{params::Params, strategy::Strategy};

/// Version of the ABI as text; the host loads every plugin of its major whose minor is not above its own.
pub const ABI_VERSION: &str = "1.3.0";

/// The root module of a plugin that is written in Rust. Frozen.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRef, prefix_fields = PluginPrefix)))]
#[sabi(missing_field(panic))]
pub struct Plugin {
    /// The strategy of an index, null beyond the last.
    #[sabi(last_prefix_field)]
    pub strategy: extern "C" fn(index: u32) -> *const StrategyDef,
}

impl RootModule for PluginRef {
    abi_stable::declare_root_module_statics! {PluginRef}
    const BASE_NAME: &'static str = "strategy_plugin";
    const NAME: &'static str = "strategy_plugin";
    const VERSION_STRINGS: VersionStrings = VersionStrings::new(ABI_VERSION);
}

/// One strategy that this library (or program) contains; submitted by [`export_strategies!`](crate::export_strategies!).
pub struct Submission(pub &'static StrategyDef);

inventory::collect!(Submission);

/// The strategies that were compiled into this library or program, by name.
#[must_use]
pub fn submitted() -> &'static [&'static StrategyDef] {
    static SORTED: OnceLock<Vec<&'static StrategyDef>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut defs: Vec<_> = inventory::iter::<Submission>().map(|entry| entry.0).collect();
        // The linker decides the order of submission; people and digests want one of their own.
        defs.sort_by_key(|def| raw::checked_text(&def.name));
        defs
    })
}

/// The definition of a strategy; called by [`export_strategies!`](crate::export_strategies!).
#[doc(hidden)]
#[must_use]
pub const fn define<S: Strategy>(version: &'static str, author: &'static str) -> StrategyDef {
    assert!(valid_name(S::NAME), "a strategy's name is [a-z0-9_]{{1,64}}");
    StrategyDef {
        name: Str::new(S::NAME),
        about: Str::new(S::ABOUT),
        version: Str::new(version),
        author: Str::new(author),
        params: S::Params::SPECS.as_ptr(),
        n_params: S::Params::SPECS.len(),
        start: raw::start_shim::<S>,
        run: raw::run_shim::<S>,
        finish: raw::finish_shim::<S>,
        drop_state: raw::drop_shim::<S>,
        extension: raw::no_extension,
    }
}

const fn valid_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if !matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty() && bytes.len() <= 64
}

/// Submits strategies to the registry of the program they are compiled into, without exporting them.
#[macro_export]
macro_rules! submit_strategies {
    ($($strategy:ty),+ $(,)?) => { $(
        $crate::__private::submit! {{
            static DEF: $crate::abi::layout::StrategyDef = $crate::abi::define::<$strategy>(
                env!("CARGO_PKG_VERSION"),
                env!("CARGO_PKG_AUTHORS"),
            );
            $crate::abi::Submission(&DEF)
        }}
    )+ };
}

/// Exports the strategies of a plugin. Write it once in a `cdylib` crate:
/// `export_strategies!(Fast, Slow);`. Version and author are those of the crate.
#[macro_export]
macro_rules! export_strategies {
    ($($strategy:ty),+ $(,)?) => {
        #[cfg(not(panic = "unwind"))]
        compile_error!("a strategy plugin must be built with panic = \"unwind\": the host relies on it to report a panic");

        $crate::submit_strategies!($($strategy),+);
        $crate::__export_root!();
    };
}

pub use raw::exported_header;

/// The root module of this library.
pub(crate) extern "C" fn root_module() -> RootModuleResult {
    abi_stable::library::__call_root_module_loader(raw::leak_root)
}

/// The header type of the exported symbol.
#[doc(hidden)]
pub type Header = LibHeader;
