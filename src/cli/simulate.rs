//! `simulate`: only the simulated vendors, until SIGTERM.

use super::args::{SimulateArguments, World};
use super::{Outcome, output, vendors};
use crate::domain::{Failure, FailureClass};
use crate::simulator::{Options, start};
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};

/// The simulator's options for a world.
///
/// # Errors
/// An unknown fault profile.
pub fn options(world: &World, listen: Option<SocketAddr>) -> Result<Options, Failure> {
    let faults = world.faults.parse().map_err(|_| {
        output::usage(format!("there is no fault profile “{}”", world.faults), "profiles: none, limits, flaky")
    })?;
    Ok(Options {
        listen,
        companies: world.companies,
        devices: world.devices,
        contacts: world.contacts,
        seed: world.seed,
        faults,
    })
}

/// Runs the vendors; the first line of stdout is their JSON.
///
/// # Errors
/// When the address cannot be had.
pub async fn run(arguments: SimulateArguments) -> Result<Outcome, Failure> {
    let simulator = match start(options(&arguments.world, Some(arguments.listen))?).await {
        Ok(simulator) => simulator,
        Err(failure) if arguments.attended => return vendors::refuse(failure).await.map(|()| Outcome::Done),
        Err(failure) => return Err(failure),
    };
    if arguments.attended {
        let attended = vendors::attend(&simulator).await;
        simulator.stop().await;
        return attended.map(|()| Outcome::Done);
    }
    output::json(simulator.endpoints())?;
    output::say("simulated vendors run until SIGTERM or Ctrl-C");
    let listen =
        |kind| signal(kind).map_err(|e| Failure::new(FailureClass::Local, format!("cannot wait for signals: {e}"), ""));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    simulator.stop().await;
    Ok(Outcome::Done)
}
