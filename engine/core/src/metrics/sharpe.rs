//! Sharpe ratio: `mean(r - rf) / std(r - rf, ddof 1) x sqrt(A)`.
//!
//! `r` are simple returns per session day, `rf` the risk-free return of one session, `A` the sessions
//! in a year. Source: Sharpe (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1).
//! Unit: per square root of a year. Undefined for fewer than two returns, and when they do not
//! spread (std <= 1e-12 max(1, |mean|)).

use super::moments::{is_negligible, mean_and_std};

/// The risk-free return of one session, from a rate per year.
#[must_use]
pub fn session_rate(annual: f64, sessions_per_year: f64) -> f64 {
    libm::pow(1.0 + annual, 1.0 / sessions_per_year) - 1.0
}

/// Sharpe ratio of one session: not annualised.
#[must_use]
pub fn session_sharpe(excess: &[f64]) -> Option<f64> {
    let (mean, std) = mean_and_std(excess)?;
    (!is_negligible(std, mean)).then_some(mean / std)
}

/// Annualised Sharpe ratio of excess returns.
#[must_use]
pub fn sharpe(excess: &[f64], sessions_per_year: f64) -> Option<f64> {
    session_sharpe(excess).map(|ratio| ratio * sessions_per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharpe_is_mean_over_deviation() {
        // mean 2 %, std sqrt(2) %.
        let ratio = session_sharpe(&[0.01, 0.03]).unwrap();
        assert!((ratio - 2.0_f64.sqrt()).abs() < 1e-14);
        assert!((sharpe(&[0.01, 0.03], 252.0).unwrap() - 504.0_f64.sqrt()).abs() < 1e-13);
    }

    #[test]
    fn returns_that_do_not_spread_have_no_sharpe_ratio() {
        assert_eq!(sharpe(&[], 252.0), None);
        assert_eq!(sharpe(&[0.01], 252.0), None);
        assert_eq!(sharpe(&[0.0; 9], 252.0), None);
        assert_eq!(sharpe(&[0.1, 0.1 + 1e-15, 0.1], 252.0), None);
    }
}
