//! Whether there are strategies to run, and which plugin files are refused.

use super::{super::app::App, Check};
use crate::{
    error::{Code, Failure},
    registry::{Retry, State},
};

/// How many refused files are named.
const NAMED: usize = 3;

/// One check for the strategies that can be run, one for the files that cannot be used.
pub(super) fn checks(app: &App) -> Vec<Check> {
    // A wrong strategies.toml has a check of its own.
    let Ok(registry) = app.registry(Retry::Yes) else { return Vec::new() };
    let list = registry.list();
    let ready = list.iter().filter(|listed| listed.state == State::Ready).count();
    let from_files = list.iter().filter(|l| l.state == State::Ready && l.file.is_some()).count();
    let found = format!("{ready} strategies can be run, {from_files} of them from plugin files");
    let mut checks = vec![match (ready, from_files) {
        (0, _) => Check::failed(
            "strategies",
            Failure::new(Code::PluginRefused, "there is no strategy to run")
                .help("algo-trader strategies new my_idea"),
        ),
        (_, 0) => Check::warning(
            "strategies",
            format!("{found}; searched: {}", folders(&registry)),
            "algo-trader strategies new my_idea",
        ),
        _ => Check::ok("strategies", found),
    }];
    let refused: Vec<String> = list
        .iter()
        .filter_map(|listed| match (&listed.state, &listed.file) {
            (State::Refused { reason }, Some(file)) => {
                Some(format!("{}: {reason}", file.display()))
            }
            _ => None,
        })
        .collect();
    if !refused.is_empty() {
        let shown = refused.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let more = if refused.len() > NAMED { "; ..." } else { "" };
        let detail = format!("{} refused: {shown}{more}", refused.len());
        checks.push(Check::warning("plugin files", detail, "algo-trader strategies list"));
    }
    checks
}

fn folders(registry: &crate::registry::Registry) -> String {
    let shown = registry.folders().iter().map(|folder| folder.display().to_string());
    shown.collect::<Vec<_>>().join(", ")
}
