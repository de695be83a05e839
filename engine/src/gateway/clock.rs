//! The broker's clock: its last word on the time, moved on by our own steady clock.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ibapi_time::OffsetDateTime;
use tokio::{sync::Notify, time::Instant};

use super::convert::nanoseconds;

/// The broker's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    set: Mutex<Option<(i64, Instant)>>,
    was_set: Notify,
}

impl Clock {
    /// Takes the broker's word on the time.
    pub(super) fn set(&self, time: OffsetDateTime) {
        // A time outside of the years that 64 bits of nanoseconds hold is no time.
        let Some(ns) = nanoseconds(time) else { return };
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = Some((ns, Instant::now()));
        self.was_set.notify_waiters();
    }

    /// Nanoseconds UTC now, once the broker has said the time.
    pub(super) fn now(&self) -> Option<i64> {
        let (ns, since) = (*self.set.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(ns.saturating_add(i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX)))
    }

    /// Nanoseconds UTC, waiting for the broker's word for at most `patience`.
    pub(super) async fn told(&self, patience: Duration) -> Option<i64> {
        let told = async {
            loop {
                let set = self.was_set.notified();
                if let Some(now) = self.now() {
                    return now;
                }
                set.await;
            }
        };
        tokio::time::timeout(patience, told).await.ok()
    }
}
