//! Typed parameters: one statement gives name, type, default, range and description.
//!
//! [`params!`](crate::params!) writes a plain struct and teaches the host everything about it: what
//! `strategies show` prints, what `--param` accepts, what a sweep may try.

use crate::abi::layout::{PARAM_CHOICE, ParamSpec, Str};

/// A struct of parameters. Write it with [`params!`](crate::params!).
pub trait Params: Sized {
    /// What the host is told, in the order of the values.
    const SPECS: &'static [ParamSpec];
    /// Builds the struct from values that the host has checked against [`Params::SPECS`].
    fn from_values(values: &[f64]) -> Self;
}

impl Params for () {
    const SPECS: &'static [ParamSpec] = &[];
    fn from_values(_: &[f64]) -> Self {}
}

/// Declares the parameters of a strategy.
///
/// Types: `i64`, `usize`, `f64` (each `= default, low ..= high`), `bool` (`= default`) and
/// `choice` (`= "default", ["one", "two"]`, a `&'static str`). The doc comment of a field is its description.
///
/// ```
/// use strategy_api::prelude::*;
/// params! {
///     pub struct MaParams {
///         /// fast window, bars
///         fast: usize = 20, 2 ..= 500;
///         /// trade only above this volume
///         min_volume: f64 = 0.0, 0.0 ..= 1e12;
///         /// act on the reverse signal
///         invert: bool = false;
///         /// which side to trade
///         side: choice = "long", ["long", "flat"];
///     }
/// }
/// let defaults: Vec<f64> = MaParams::SPECS.iter().map(|spec| spec.default_value).collect();
/// let params = MaParams::from_values(&defaults);
/// assert_eq!((params.fast, params.invert, params.side), (20, false, "long"));
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $about:literal])+
                $field:ident : $kind:ident = $default:expr
                    $(, $low:literal ..= $high:literal)?
                    $(, [$($choice:literal),+ $(,)?])?
            );* $(;)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( $(#[doc = $about])+ pub $field: $crate::__param_type!($kind), )*
        }
        impl $crate::params::Params for $name {
            const SPECS: &'static [$crate::abi::layout::ParamSpec] = &[
                $( $crate::__param_spec!(
                    $kind, stringify!($field), concat!($($about),+), $default,
                    $($low ..= $high)? $([$($choice),+])?
                ), )*
            ];
            fn from_values(values: &[f64]) -> Self {
                let mut values = values.iter().copied();
                $(
                    let value = values.next().unwrap_or(f64::NAN);
                    let $field = $crate::__param_value!($kind, value, $([$($choice),+])?);
                )*
                Self { $($field),* }
            }
        }
    };
}

/// The field type of a parameter kind.
#[doc(hidden)]
#[macro_export]
macro_rules! __param_type {
    (choice) => { &'static str };
    ($kind:ident) => { $kind };
}

/// The wire description of one parameter.
#[doc(hidden)]
#[macro_export]
macro_rules! __param_spec {
    (bool, $name:expr, $about:expr, $default:expr, ) => {
        $crate::params::spec($name, $about, $crate::abi::layout::PARAM_BOOL, $default as u8 as f64, 0.0, 1.0)
    };
    (f64, $name:expr, $about:expr, $default:expr, $low:literal ..= $high:literal) => {
        $crate::params::spec($name, $about, $crate::abi::layout::PARAM_FLOAT, $default, $low as f64, $high as f64)
    };
    (choice, $name:expr, $about:expr, $default:expr, [$($choice:literal),+ $(,)?]) => {
        $crate::params::choice_spec($name, $about, $default, &[$($choice),+], const {
            &[$($crate::abi::layout::Str::new($choice)),+]
        })
    };
    ($int:ident, $name:expr, $about:expr, $default:expr, $low:literal ..= $high:literal) => {
        $crate::params::spec($name, $about, $crate::abi::layout::PARAM_INTEGER,
            { let value: $int = $default; value as f64 }, $low as f64, $high as f64)
    };
}

/// A field's value from the wire.
#[doc(hidden)]
#[macro_export]
macro_rules! __param_value {
    (bool, $value:expr, ) => { $value != 0.0 };
    (f64, $value:expr, ) => { $value };
    (choice, $value:expr, [$($choice:literal),+ $(,)?]) => { [$($choice),+][$value as usize] };
    ($int:ident, $value:expr, ) => { $value as $int };
}

/// Describes a number; written by [`params!`](crate::params!).
#[doc(hidden)]
#[must_use]
pub const fn spec(
    name: &'static str,
    about: &'static str,
    kind: u32,
    default_value: f64,
    min: f64,
    max: f64,
) -> ParamSpec {
    assert!(min <= default_value && default_value <= max, "the default is outside its range");
    ParamSpec {
        name: Str::new(name),
        about: Str::new(about.trim_ascii()),
        kind,
        reserved: 0,
        default_value,
        min,
        max,
        choices: std::ptr::null(),
        n_choices: 0,
    }
}

/// Describes a choice; written by [`params!`](crate::params!).
#[doc(hidden)]
#[must_use]
pub const fn choice_spec(
    name: &'static str,
    about: &'static str,
    default: &'static str,
    choices: &'static [&'static str],
    texts: &'static [Str],
) -> ParamSpec {
    let mut index = 0;
    while index < choices.len() && !same(choices[index].as_bytes(), default.as_bytes()) {
        index += 1;
    }
    assert!(index < choices.len(), "the default is none of the choices");
    ParamSpec {
        choices: texts.as_ptr(),
        n_choices: texts.len(),
        ..spec(name, about, PARAM_CHOICE, index as f64, 0.0, (choices.len() - 1) as f64)
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}
