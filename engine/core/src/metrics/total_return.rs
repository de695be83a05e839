//! Total return: `E_T / E_0 - 1`.
//!
//! Unit: fraction (0.1 is 10 %). Undefined without a final equity or when the initial capital is not
//! above zero.

/// Total return from the initial capital to the final equity.
#[must_use]
pub fn total_return(initial: f64, last: f64) -> Option<f64> {
    (initial > 0.0).then_some(last / initial - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_return_is_relative_to_the_initial_capital() {
        assert_eq!(total_return(200.0, 250.0), Some(0.25));
        assert_eq!(total_return(200.0, 0.0), Some(-1.0));
        assert_eq!(total_return(200.0, -100.0), Some(-1.5));
        assert_eq!(total_return(0.0, 10.0), None);
    }
}
