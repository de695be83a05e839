//! Which faults happen now.

use std::sync::{Mutex, PoisonError};

use super::{Fault, Kind, Target};
use crate::simulator::market::noise_of;

/// The faults of a simulator, with how often each could have happened and did.
#[derive(Debug)]
pub(crate) struct Plan {
    seed: u64,
    faults: Mutex<Vec<Planned>>,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    met: u64,
    happened: u64,
}

impl Planned {
    fn new(fault: Fault) -> Self {
        Self { fault, met: 0, happened: 0 }
    }
}

impl Plan {
    /// A plan; `seed` decides what happens with a probability.
    pub(crate) fn new(seed: u64, faults: Vec<Fault>) -> Self {
        Self { seed, faults: Mutex::new(faults.into_iter().map(Planned::new).collect()) }
    }

    /// Adds a fault.
    pub(crate) fn add(&self, fault: Fault) {
        self.lock().push(Planned::new(fault));
    }

    /// Forgets all faults.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// How often any fault has happened.
    pub(crate) fn happened(&self) -> u64 {
        self.lock().iter().map(|planned| planned.happened).sum()
    }

    /// What goes wrong with an event, in the order in which the faults were given.
    pub(crate) fn happens(&self, target: Target, symbol: &str) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (index, planned) in (0_i64..).zip(self.lock().iter_mut()) {
            let fault = &planned.fault;
            let any = fault.target == Target::Any && target != Target::Connect;
            let named = fault.symbol.as_deref().is_none_or(|name| name == symbol);
            if !(any || fault.target == target) || !named {
                continue;
            }
            planned.met += 1;
            let left = fault.times.is_none_or(|times| planned.happened < times);
            let number = index * 1_000_003 + planned.met.cast_signed();
            let lucky = fault.probability >= 1.0 || noise_of(self.seed, number) < fault.probability;
            if planned.met >= fault.at && left && lucky {
                planned.happened += 1;
                kinds.push(fault.kind.clone());
            }
        }
        kinds
    }

    /// For how long nobody listens at the start, seconds.
    pub(crate) fn refused_s(&self) -> Option<f64> {
        let mut faults = self.lock();
        let refusing = faults.iter_mut().find_map(|planned| match planned.fault.kind {
            Kind::Refuse(seconds) => Some((seconds, planned)),
            _ => None,
        });
        refusing.map(|(seconds, planned)| {
            planned.happened += 1;
            seconds
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Planned>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
