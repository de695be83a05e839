//! How often a question is put again, after which wait, and when it is given up.

use std::time::Duration;

use super::{
    GatewayError, Settings,
    policy::{Verdict, verdict},
    question::Question,
};

const STALLS: u32 = 3;
const LOSSES: u32 = 5;
const GARBLED: u32 = 3;
/// The first time it may have been the answer to another question on the same connection.
const TOO_LARGE: u32 = 2;
const COMPLAINTS: u32 = 6;
const UNCLEAR: u32 = 2;
const AGAIN: u32 = 5;
const COMPETING: u32 = 3;
const FARMS: u32 = 4;

/// What to do after an error of the broker.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// There is no data: that is the answer.
    NoData,
    /// Ask again after this wait.
    Wait(Duration),
    /// Ask again once our pace is allowed again.
    SlowDown,
    /// Ask again over a new connection.
    Reconnect,
}

/// What has gone wrong with one question so far.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// How often the question was put.
    pub(super) attempts: u32,
    stalls: u32,
    losses: u32,
    garbled: u32,
    too_large: u32,
    complaints: u32,
    unclear: u32,
    again: u32,
    competing: u32,
    farms: u32,
}

/// Counts one more, and says whether that is enough.
fn enough(count: &mut u32, most: u32) -> bool {
    *count += 1;
    *count >= most
}

impl Patience {
    /// After no byte of an answer came.
    pub(super) fn stalled(&mut self, title: String, after: Duration) -> Result<(), GatewayError> {
        if enough(&mut self.stalls, STALLS) {
            let (attempts, waited_s) = (self.stalls, after.as_secs());
            return Err(GatewayError::NoProgress { what: title, waited_s, attempts });
        }
        tracing::warn!("{title}: no answer for {} s; asking again", after.as_secs());
        Ok(())
    }

    /// After the connection was lost, or the broker forgot the question.
    pub(super) fn lost(&mut self, title: &str, address: &str) -> Result<(), GatewayError> {
        if enough(&mut self.losses, LOSSES) {
            return Err(GatewayError::BreaksOff {
                what: title.to_owned(),
                address: address.to_owned(),
                attempts: self.losses,
            });
        }
        tracing::info!("{title}: asking again");
        Ok(())
    }

    /// After an answer that makes no sense.
    pub(super) fn garbled(&mut self, title: String, reason: String) -> Result<(), GatewayError> {
        if enough(&mut self.garbled, GARBLED) {
            return Err(GatewayError::Garbled { what: title, reason });
        }
        tracing::info!("{title}: the answer cannot be read ({reason}); asking again");
        Ok(())
    }

    /// After an answer that is larger than the protocol carries.
    pub(super) fn too_large(&mut self, title: String) -> Result<(), GatewayError> {
        if enough(&mut self.too_large, TOO_LARGE) {
            return Err(GatewayError::TooLarge { what: title });
        }
        tracing::info!("{title}: more came than the protocol carries at once; asking again");
        Ok(())
    }

    /// After an error of the broker; `farms` are its services that are away.
    pub(super) fn told<Q: Question>(
        &mut self,
        question: &Q,
        (code, text): (i32, String),
        farms: &[String],
        settings: &Settings,
    ) -> Result<Next, GatewayError> {
        let limits = &settings.limits;
        let verdict = verdict(code, &text);
        tracing::debug!(code, ?verdict, "{}: {text}", question.title());
        let what = question.title();
        let symbol = question.symbol().to_owned();
        match verdict {
            Verdict::NoData => Ok(Next::NoData),
            Verdict::UnknownSymbol if farms.is_empty() => {
                Err(GatewayError::UnknownSymbol { symbol, text })
            }
            Verdict::UnknownSymbol if enough(&mut self.farms, FARMS) => {
                Err(GatewayError::FarmAway { symbol, farms: farms.join(", "), text })
            }
            Verdict::UnknownSymbol => Ok(Next::Wait(limits.backoff_most / 3)),
            Verdict::TooFast if enough(&mut self.complaints, COMPLAINTS) => {
                Err(GatewayError::Pacing { what, code, text, attempts: self.complaints })
            }
            Verdict::TooFast => Ok(Next::SlowDown),
            Verdict::NoPermission => Err(GatewayError::NoPermission { what, code, text }),
            Verdict::CompetingSession if enough(&mut self.competing, COMPETING) => {
                Err(GatewayError::CompetingSession { what, code, text })
            }
            Verdict::CompetingSession => Ok(Next::Wait(limits.pacing_pause)),
            Verdict::Again if !enough(&mut self.again, AGAIN) => {
                Ok(Next::Wait(limits.backoff_first * (1 << self.again)))
            }
            Verdict::Unclear if !enough(&mut self.unclear, UNCLEAR) => {
                Ok(Next::Wait(limits.pacing_pause))
            }
            Verdict::Refused | Verdict::Again | Verdict::Unclear => {
                Err(GatewayError::Refused { what, code, text })
            }
            Verdict::Reconnect => Ok(Next::Reconnect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Contract, question::Details},
        *,
    };

    fn told(patience: &mut Patience, code: i32, farms: &[String]) -> Result<Next, GatewayError> {
        let contract = Contract::us_stock("AAPL");
        let settings = Settings::default();
        patience.told(&Details(&contract), (code, "x".to_owned()), farms, &settings)
    }

    #[test]
    fn an_unknown_text_is_asked_once_more_and_then_shown() {
        let mut patience = Patience::default();
        assert_eq!(told(&mut patience, 162, &[]), Ok(Next::Wait(Duration::from_secs(16))));
        let shown = told(&mut patience, 162, &[]).unwrap_err();
        assert!(matches!(shown, GatewayError::Refused { code: 162, .. }), "{shown}");
    }

    #[test]
    fn a_symbol_is_unknown_only_while_every_farm_is_there() {
        let mut patience = Patience::default();
        let away = ["secdefil".to_owned()];
        for _ in 0..3 {
            assert_eq!(told(&mut patience, 200, &away), Ok(Next::Wait(Duration::from_secs(5))));
        }
        let given_up = told(&mut patience, 200, &away).unwrap_err();
        assert!(matches!(given_up, GatewayError::FarmAway { .. }), "{given_up}");
        let known = told(&mut Patience::default(), 200, &[]).unwrap_err();
        assert!(matches!(known, GatewayError::UnknownSymbol { .. }), "{known}");
    }

    #[test]
    fn permissions_and_wrong_requests_are_final_at_once() {
        for (code, permission) in
            [(354, true), (420, true), (10187, true), (321, false), (10314, false)]
        {
            let error = told(&mut Patience::default(), code, &[]).unwrap_err();
            assert_eq!(matches!(error, GatewayError::NoPermission { .. }), permission, "{code}");
            assert_eq!(matches!(error, GatewayError::Refused { .. }), !permission, "{code}");
        }
    }

    #[test]
    fn each_trouble_is_given_up_in_the_end() {
        let mut patience = Patience::default();
        let complaints: Vec<_> = (0..6).map(|_| told(&mut patience, 100, &[]).is_ok()).collect();
        assert_eq!(complaints, [true, true, true, true, true, false]);
        let competing: Vec<_> = (0..3).map(|_| told(&mut patience, 10197, &[]).is_ok()).collect();
        assert_eq!(competing, [true, true, false]);
        let stalls: Vec<_> =
            (0..3).map(|_| patience.stalled(String::new(), Duration::ZERO).is_ok()).collect();
        assert_eq!(stalls, [true, true, false]);
        let losses: Vec<_> = (0..5).map(|_| patience.lost("x", "h:1").is_ok()).collect();
        assert_eq!(losses, [true, true, true, true, false]);
    }
}
