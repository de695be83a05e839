//! Takes every file through the doors, several at a time.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::{
    Entry, Locations, Retry, Status,
    cache::{Cache, Verdict},
    elf,
    image::{Image, Sha256Sum},
    locate::{self, Found},
    vet::{Stamp, Vetted, vet},
};
use crate::{config::Config, worker};

/// Workers that look into files at the same time. They mostly wait, also for one that hangs.
const AT_ONCE: usize = 48;
/// After this time no further file is looked into.
const PATIENCE: Duration = Duration::from_millis(2500);

/// What becomes of every file of the folders.
pub(super) fn scan(
    locations: &Locations,
    folders: &[PathBuf],
    config: &Config,
    retry: Retry,
) -> Vec<Entry> {
    let cache_path = locations.home.cache().join("plugins.json");
    let mut cache = Cache::load(&cache_path);
    let before = cache.clone();
    let mut entries = Vec::new();
    let mut unknown = VecDeque::new();
    for found in locate::find(folders) {
        let status = first_look(&found, config, &cache, retry);
        let status = status.unwrap_or_else(|vetted| {
            unknown.push_back((entries.len(), vetted));
            Status::Refused { reason: "not looked into".to_owned() }
        });
        entries.push(Entry { path: found.path, file: found.file, status });
    }
    for (index, seen) in look_into(locations, config, &entries, unknown, &cache, retry) {
        let entry: &mut Entry = &mut entries[index];
        if let Some((stamp, sha256)) = seen.sum {
            cache.remember_sum(&entry.path, stamp, sha256);
            if let Some(verdict) = seen.verdict {
                cache.remember_verdict(sha256, verdict);
            }
        }
        entry.status = seen.status;
    }
    if cache != before {
        cache.save(&cache_path);
    }
    entries
}

/// What can be said of a file without reading it; the open file when it must be read.
fn first_look(
    found: &Found,
    config: &Config,
    cache: &Cache,
    retry: Retry,
) -> Result<Status, Vetted> {
    if let Some(by) = &found.shadowed_by {
        return Ok(Status::ShadowedBy(by.clone()));
    }
    if config.plugins.get(&found.file).is_some_and(|plugin| !plugin.enabled) {
        return Ok(Status::Disabled);
    }
    let vetted = match vet(&found.path) {
        Ok(vetted) => vetted,
        Err(reason) => return Ok(Status::Refused { reason }),
    };
    let Some(sha256) = cache.sum(&found.path, &vetted.stamp) else { return Err(vetted) };
    if let Err(reason) = check_pin(config, &found.file, sha256) {
        return Ok(Status::Refused { reason });
    }
    match cache.verdict(&sha256) {
        None => Err(vetted),
        Some(Verdict::Broke(_)) if retry == Retry::Yes => Err(vetted),
        Some(verdict) => Ok(status(sha256, verdict)),
    }
}

fn status(sha256: Sha256Sum, verdict: &Verdict) -> Status {
    match verdict {
        Verdict::Accepted(strategies) => Status::Holds { sha256, strategies: strategies.clone() },
        Verdict::Refused(reason) | Verdict::Broke(reason) => {
            Status::Refused { reason: reason.clone() }
        }
    }
}

fn check_pin(config: &Config, file: &str, sha256: Sha256Sum) -> Result<(), String> {
    match config.plugins.get(file).and_then(|plugin| plugin.sha256.as_deref()) {
        Some(pin) if *pin != sha256.to_string() => {
            Err(format!("its sha256 is {sha256}, but strategies.toml pins {pin}"))
        }
        _ => Ok(()),
    }
}

/// What a file turned out to be.
struct Seen {
    sum: Option<(Stamp, Sha256Sum)>,
    verdict: Option<Verdict>,
    status: Status,
}

fn look_into(
    locations: &Locations,
    config: &Config,
    entries: &[Entry],
    unknown: VecDeque<(usize, Vetted)>,
    cache: &Cache,
    retry: Retry,
) -> Vec<(usize, Seen)> {
    let (began, threads) = (Instant::now(), unknown.len().min(AT_ONCE));
    let (queue, seen) = (Mutex::new(unknown), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no holder panics").pop_front();
    let work = || {
        while let Some((index, vetted)) = next() {
            if began.elapsed() > PATIENCE {
                continue;
            }
            let known = |sum: &Sha256Sum| {
                let verdict = cache.verdict(sum)?;
                let again = retry == Retry::Yes && matches!(verdict, Verdict::Broke(_));
                (!again).then(|| verdict.clone())
            };
            let one = look_into_one(locations, config, &entries[index].file, vetted, known);
            seen.lock().expect("no holder panics").push((index, one));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    seen.into_inner().expect("no holder panics")
}

fn look_into_one(
    locations: &Locations,
    config: &Config,
    file: &str,
    vetted: Vetted,
    known: impl Fn(&Sha256Sum) -> Option<Verdict>,
) -> Seen {
    let refused = |sum, reason| Seen { sum, verdict: None, status: Status::Refused { reason } };
    let image = match Image::read(&vetted.file) {
        Ok(image) => image,
        Err(error) => return refused(None, format!("cannot be read: {error}")),
    };
    let sum = Some((vetted.stamp, image.sha256()));
    if let Err(reason) = check_pin(config, file, image.sha256()) {
        return refused(sum, reason);
    }
    let verdict = known(&image.sha256()).unwrap_or_else(|| judge(locations, &image));
    Seen { sum, status: status(image.sha256(), &verdict), verdict: Some(verdict) }
}

/// Looks into sealed bytes: here into their header, in a worker into their strategies.
pub(super) fn judge(locations: &Locations, image: &Image) -> Verdict {
    if let Err(error) = elf::check(image.bytes()) {
        return Verdict::Refused(error.to_string());
    }
    match worker::probe(&locations.program, image) {
        Ok(Ok(strategies)) => Verdict::Accepted(strategies),
        Ok(Err(refusal)) => {
            tracing::debug!(detail = refusal.detail, "a plugin is refused: {}", refusal.reason);
            match refusal.lasting {
                true => Verdict::Refused(refusal.reason),
                false => Verdict::Broke(refusal.reason),
            }
        }
        Err(error) => Verdict::Broke(error.to_string()),
    }
}
