//! The command line: every subcommand as thin calls of the service. Data goes to stdout, words for a person to stderr.

mod args;
mod cards;
mod care;
mod connect;
mod connecting;
mod decisions;
mod demo;
mod doctor;
mod export;
mod files;
mod home;
mod import;
mod interface;
mod inventory;
mod judged;
mod keeper;
pub mod link;
mod logging;
mod mapping;
mod outbox;
mod output;
mod passphrase;
mod plans;
mod queue;
mod record;
mod records;
mod rotating;
mod settings;
mod setup;
mod simulate;
mod simulated;
mod status;
mod summary;
mod sync;
mod vault;
mod vendors;

use crate::domain::{Failure, FailureClass};
use args::{Arguments, Command};
use clap::{CommandFactory, Parser};
use std::io::Write as _;
use std::process::ExitCode;

/// Threads for solving, Compare, unpacking of bodies and writes of a sync. Each keeps some memory for what it does
/// next; more of them than this are not faster.
const BLOCKING_THREADS: usize = 6;

/// How a command ended when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Done in part, or a person is needed.
    Partly,
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    private_process();
    if arguments.trace_http {
        logging::trace_http();
    }
    if let Some(number) = arguments.passphrase_fd {
        passphrase::from_descriptor(number);
    }
    let manner = interface::Manner { read_only: arguments.read_only, plain: arguments.plain };
    let beside_a_person = match &arguments.command {
        None => true,
        Some(Command::Demo(demo)) => !demo.headless,
        // The vendors of a demo stand for other machines.
        Some(Command::Simulate(simulated)) => simulated.attended,
        Some(_) => false,
    };
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).max_blocking_threads(BLOCKING_THREADS).enable_all();
    if beside_a_person {
        // Syncing steps back behind the keys.
        runtime.on_thread_start(crate::service::give_way);
    }
    let runtime = runtime.build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(dispatch(arguments.command, manner));
            // Workers that wait for a vendor must not hold the shell.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::new(
            FailureClass::Local,
            format!("cannot start: {error}"),
            "check the limits of this account (ulimit -u, ulimit -n)",
        )),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Partly) => ExitCode::from(3),
        Err(_) if output::is_reader_gone() => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            ExitCode::from(status_of(failure.class))
        }
    }
}

/// What this process makes is only for its user, and its memory, which holds keys, is for nobody: no core dump is
/// written, and no other process of the user may look into it. Where the system refuses, it goes on without.
fn private_process() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Exit status of a failure: 2 usage or config, 3 a person is needed, 1 all else.
const fn status_of(class: FailureClass) -> u8 {
    match class {
        FailureClass::Usage => 2,
        FailureClass::Credentials | FailureClass::Permission => 3,
        _ => 1,
    }
}

async fn dispatch(command: Option<Command>, manner: interface::Manner) -> Result<Outcome, Failure> {
    match command {
        None => interface::run(manner).await,
        Some(Command::Demo(arguments)) => demo::run(arguments, manner).await,
        Some(Command::Simulate(arguments)) => simulate::run(arguments).await,
        Some(Command::Init) => setup::init(),
        Some(Command::Connect(arguments)) => connect::run(arguments).await,
        Some(Command::Flow(command)) => setup::flow(command).await,
        Some(Command::Status { json }) => status::run(json).await,
        Some(Command::Sync(arguments)) => sync::run(arguments).await,
        Some(Command::Cards { command, json }) => cards::run(command, json).await,
        Some(Command::Schedule(arguments)) => plans::schedule(arguments).await,
        Some(Command::Pause(arguments)) => plans::pause(arguments, true).await,
        Some(Command::Resume(arguments)) => plans::pause(arguments, false).await,
        Some(Command::Record(command)) => record::run(command).await,
        Some(Command::BadRows { what, json }) => record::bad_rows(what.as_deref(), json).await,
        Some(Command::Settings(arguments)) => settings::run(arguments).await,
        Some(Command::Mapping { connector, stream, json }) => mapping::run(&connector, stream.as_deref(), json),
        Some(Command::Queue(arguments)) => queue::run(arguments).await,
        Some(Command::Import(arguments)) => import::import(arguments).await,
        Some(Command::AutoSync(arguments)) => import::auto_sync(arguments).await,
        Some(Command::Follow(arguments)) => import::follow(arguments).await,
        Some(Command::Inventory(command)) => inventory::run(command).await,
        Some(Command::Decide(arguments)) => decisions::decide(arguments).await,
        Some(Command::QuickMatch(arguments)) => decisions::quick_match(arguments).await,
        Some(Command::Plan(arguments)) => outbox::plan(arguments).await,
        Some(Command::Apply(arguments)) => outbox::apply(arguments).await,
        Some(Command::Outbox(arguments)) => outbox::list(arguments).await,
        Some(Command::History { json, limit }) => decisions::history(json, limit).await,
        Some(Command::Undo { entry, dry_run, json }) => decisions::undo(entry, dry_run, json).await,
        Some(Command::Alias(command)) => decisions::alias(command).await,
        Some(Command::Why { text, against, json }) => records::why(text, against, json).await,
        Some(Command::Log(arguments)) => records::log(arguments).await,
        Some(Command::Link(arguments)) => files::link(&arguments),
        Some(Command::Backup { file }) => files::backup(&file),
        Some(Command::Restore { file }) => files::restore(&file),
        Some(Command::Export { directory }) => export::run(&directory),
        Some(Command::Store(command)) => care::run(command),
        Some(Command::Doctor { json }) => doctor::run(json).await,
        Some(Command::Vault(command)) => vault::run(command),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "matchbook", &mut script);
            std::io::stdout().write_all(&script).map_err(|e| output::broken(&e))?;
            Ok(Outcome::Done)
        }
        Some(Command::Man) => man(),
    }
}

fn man() -> Result<Outcome, Failure> {
    clap_mangen::Man::new(Arguments::command()).render(&mut std::io::stdout()).map_err(|e| output::broken(&e))?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
