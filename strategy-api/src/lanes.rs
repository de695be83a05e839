//! Loops over long columns, compiled once for every processor and once for those x86-64 ones with registers
//! of four numbers (AVX2): which one runs is found out at run time.
//!
//! The numbers are the same to the last bit: each operation on a number is the one that IEEE 754
//! describes, whatever stands beside it in a register, and none is contracted with another.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64 as arch;

/// Runs `work` as it is compiled for this processor. What is to profit has to be inlined into it.
#[inline]
pub(crate) fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has what the function is compiled for.
        return unsafe { with_avx2(work) };
    }
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Rows that are compared together: as many as a mask has bits.
pub(crate) const ROWS: usize = 64;

/// The rows, a bit each, in which a value is above `factor` times its bound, or for `BELOW` below it. A
/// comparison with NaN is false.
#[inline]
pub(crate) fn beyond<const BELOW: bool>(
    values: &[f64; ROWS],
    bounds: &[f64; ROWS],
    factor: f64,
) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this processor has what the function is compiled for.
        return unsafe { beyond_avx2::<BELOW>(values, bounds, factor) };
    }
    beyond_plain::<BELOW>(values, bounds, factor)
}

/// The same, one row after the other.
fn beyond_plain<const BELOW: bool>(values: &[f64; ROWS], bounds: &[f64; ROWS], factor: f64) -> u64 {
    let pairs = values.iter().zip(bounds).enumerate();
    pairs.fold(0, |rows, (row, (value, bound))| {
        let bound = bound * factor;
        rows | u64::from(if BELOW { *value < bound } else { *value > bound }) << row
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn beyond_avx2<const BELOW: bool>(values: &[f64; ROWS], bounds: &[f64; ROWS], factor: f64) -> u64 {
    let factor = arch::_mm256_set1_pd(factor);
    let (values, bounds) = (values.as_chunks::<4>().0, bounds.as_chunks::<4>().0);
    values.iter().zip(bounds).enumerate().fold(0, |rows, (place, (value, bound))| {
        let four = |four: &[f64; 4]| arch::_mm256_set_pd(four[3], four[2], four[1], four[0]);
        let (value, bound) = (four(value), arch::_mm256_mul_pd(four(bound), factor));
        let is_beyond = if BELOW {
            arch::_mm256_cmp_pd::<{ arch::_CMP_LT_OQ }>(value, bound)
        } else {
            arch::_mm256_cmp_pd::<{ arch::_CMP_GT_OQ }>(value, bound)
        };
        rows | u64::from(arch::_mm256_movemask_pd(is_beyond).cast_unsigned()) << (4 * place)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![
            6 => (-3_i8..4).prop_map(f64::from),
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(-0.0),
        ];
        prop::collection::vec(value, ROWS)
    }

    proptest! {
        #[test]
        fn a_mask_is_that_of_one_row_after_the_other(
            values in values(),
            bounds in values(),
            factor in prop::sample::select(vec![-1.0, 0.5, 1.0, 2.0]),
        ) {
            let whole = |values: &[f64]| <[f64; ROWS]>::try_from(values).unwrap();
            let (values, bounds) = (&whole(&values), &whole(&bounds));
            prop_assert_eq!(
                beyond::<true>(values, bounds, factor),
                beyond_plain::<true>(values, bounds, factor)
            );
            prop_assert_eq!(
                beyond::<false>(values, bounds, factor),
                beyond_plain::<false>(values, bounds, factor)
            );
        }
    }
}
