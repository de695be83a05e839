//! Loops over long columns, compiled once for every x86-64 processor and once for those with registers
//! of four numbers (AVX2): which one runs is found out at run time.
//!
//! The numbers are the same to the last bit: each operation on a number is the one that IEEE 754
//! describes, whatever stands beside it in a register, and none is contracted with another.
#![allow(unsafe_code)]

/// Runs `work` as it is compiled for this processor. What is to profit has to be inlined into it.
#[inline]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
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
