//! A simulated gateway over TCP, on threads of its own, for the real program.

use std::process::Command;

use algo_trader::simulator::{Running, Settings, Simulator};
use tokio::runtime::Runtime;

use crate::program::{Program, Said};

/// A gateway that answers until it is dropped.
pub(crate) struct OverTcp {
    runtime: Runtime,
    running: Option<Running>,
    address: String,
}

impl OverTcp {
    pub(crate) fn start(settings: Settings) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let running = runtime.block_on(Simulator::start(settings)).unwrap();
        let address = running.address().to_string();
        Self { runtime, running: Some(running), address }
    }

    pub(crate) fn gateway(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// From now on nobody listens.
    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// The program with this gateway, without limits of the rate.
    pub(crate) fn command(&self, program: &Program, args: &[&str]) -> Command {
        let mut command = program.command(args);
        command.env("ALGO_TRADER_GATEWAY", &self.address);
        command.args(["--pacing", "off"]);
        command
    }

    pub(crate) fn run(&self, program: &Program, args: &[&str]) -> Said {
        self.command(program, args).output().unwrap().into()
    }

    /// Misbehaves from now on.
    pub(crate) fn inject(&self, fault: &str) {
        self.gateway().inject(fault.parse().unwrap());
    }
}
