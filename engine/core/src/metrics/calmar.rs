//! Calmar ratio: `CAGR / |maximum drawdown|`.
//!
//! Source: Young (1991), "Calmar Ratio: A Smoother Tool", Futures 20(1); over the whole run rather
//! than the last 36 months. Unit: per year. Undefined when CAGR is, or when there is no drawdown.

/// Calmar ratio of a growth rate and a depth at or below zero.
#[must_use]
pub fn calmar(cagr: Option<f64>, max_drawdown: f64) -> Option<f64> {
    cagr.filter(|_| max_drawdown < -1e-12).map(|rate| rate / max_drawdown.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calmar_is_growth_over_depth() {
        assert_eq!(calmar(Some(0.125), -0.25), Some(0.5));
        assert_eq!(calmar(Some(0.125), 0.0), None);
        assert_eq!(calmar(None, -0.25), None);
    }
}
