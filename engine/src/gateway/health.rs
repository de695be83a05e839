//! What the gateway says of its own connection to the broker.
//!
//! Pure but for the log: each notice changes the state and is said once, loud only when the user's
//! work is held up by it.

use std::collections::BTreeMap;

use serde::Serialize;

/// State of one of the broker's data services, which it calls farms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Farm {
    /// Connected.
    Ok,
    /// Not in use, connected when it is needed.
    Inactive,
    /// Being connected.
    Connecting,
    /// Broken off.
    Broken,
}

/// What a notice asks of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Nothing,
    /// The broker is away: send nothing new.
    Down,
    /// The broker is back and has kept what was asked.
    Resumed,
    /// The broker is back and has forgotten what was asked: ask again.
    Forgotten,
    /// Too many messages.
    TooFast,
    /// This connection is about to end; the port to come back to, when it is said.
    Closing(Option<u16>),
}

/// The gateway's own connection to the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    down: bool,
    farms: BTreeMap<String, Farm>,
}

impl Health {
    /// The farms by name.
    pub(super) fn farms(&self) -> &BTreeMap<String, Farm> {
        &self.farms
    }

    /// Whether the broker is away.
    pub(super) fn is_down(&self) -> bool {
        self.down
    }

    /// The farms that are broken off or not connected yet.
    pub(super) fn missing_farms(&self) -> Vec<String> {
        let missing =
            self.farms.iter().filter(|(_, state)| matches!(state, Farm::Broken | Farm::Connecting));
        missing.map(|(name, _)| name.clone()).collect()
    }

    /// Takes a notice that belongs to no request.
    pub(super) fn note(&mut self, code: i32, text: &str) -> Change {
        match code {
            1100 => {
                if !std::mem::replace(&mut self.down, true) {
                    tracing::warn!(code, "the gateway has lost the broker; waiting for it: {text}");
                }
                Change::Down
            }
            1101 | 1102 => {
                if std::mem::replace(&mut self.down, false) {
                    tracing::warn!(code, "the broker is back: {text}");
                }
                if code == 1101 { Change::Forgotten } else { Change::Resumed }
            }
            1300 => {
                tracing::warn!(code, "the gateway ends this connection: {text}");
                Change::Closing(port_in(text))
            }
            100 => Change::TooFast,
            2103 | 2105 | 2157 => {
                self.farm(code, text, Farm::Broken);
                Change::Nothing
            }
            2104 | 2106 | 2158 => {
                self.farm(code, text, Farm::Ok);
                Change::Nothing
            }
            2107 | 2108 => {
                self.farm(code, text, Farm::Inactive);
                Change::Nothing
            }
            2119 => {
                self.farm(code, text, Farm::Connecting);
                Change::Nothing
            }
            code if code < 0 || (2100..2200).contains(&code) => {
                tracing::debug!(code, "{text}");
                Change::Nothing
            }
            _ => {
                tracing::info!(code, "{text}");
                Change::Nothing
            }
        }
    }

    fn farm(&mut self, code: i32, text: &str, state: Farm) {
        let name = farm_name(text);
        let before = self.farms.insert(name.clone(), state);
        match (before, state) {
            (Some(before), state) if before == state => tracing::debug!(code, "{text}"),
            (_, Farm::Broken) => tracing::warn!(code, farm = name, "{text}"),
            (Some(Farm::Broken), Farm::Ok) => tracing::warn!(code, farm = name, "{text}"),
            _ => tracing::debug!(code, "{text}"),
        }
    }
}

/// "Market data farm connection is OK:usfarm" is about usfarm.
fn farm_name(text: &str) -> String {
    text.rsplit(':').next().unwrap_or(text).trim().chars().take(40).collect()
}

/// "... Please reconnect on the new port - 7497" names a port at its end.
fn port_in(text: &str) -> Option<u16> {
    let digits = |c: char| c.is_ascii_digit();
    let last = text.trim_end_matches(|c| !digits(c)).rsplit(|c| !digits(c)).next()?;
    last.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_farm_is_missing_until_it_is_ok_again() {
        let mut health = Health::default();
        health.note(2104, "Market data farm connection is OK:usfarm");
        health.note(2105, "HMDS data farm connection is broken:ushmds");
        health.note(
            2107,
            "HMDS data farm connection is inactive but should be available upon demand.:cashhmds",
        );
        assert_eq!(health.missing_farms(), ["ushmds"]);
        health.note(2106, "HMDS data farm connection is OK:ushmds");
        assert!(health.missing_farms().is_empty());
        assert_eq!(health.farms()["cashhmds"], Farm::Inactive);
    }

    #[test]
    fn the_broker_goes_and_comes_back_with_or_without_what_was_asked() {
        let mut health = Health::default();
        assert_eq!(health.note(1100, "Connectivity lost"), Change::Down);
        assert!(health.is_down());
        assert_eq!(health.note(1102, "restored - data maintained"), Change::Resumed);
        assert!(!health.is_down());
        health.note(1100, "Connectivity lost");
        assert_eq!(health.note(1101, "restored - data lost"), Change::Forgotten);
        assert!(!health.is_down());
    }

    #[test]
    fn a_new_port_is_read_from_the_text() {
        let mut health = Health::default();
        let text = "TWS socket port has been reset and this connection is being dropped. \
                    Please reconnect on the new port - 7497";
        assert_eq!(health.note(1300, text), Change::Closing(Some(7497)));
        assert_eq!(health.note(1300, "reset"), Change::Closing(None));
    }
}
