//! The demo's simulated vendors, in a process of their own: what the demo costs is what matchbook costs. The demo asks
//! them on a pipe what is true; when the demo is gone, however it ended, the pipe ends and the vendors with it.

use super::args::World;
use super::simulated::Simulated;
use crate::domain::{Failure, FailureClass, Stream};
use crate::simulator::{Endpoints, RequestCounts, Simulator, Subject, TruthCounts, Vendor, Verdict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::process::Stdio;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The first line of an attended simulator.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Greeting {
    /// It could not start.
    Failed { failure: Failure },
    /// Where the vendors are.
    Ready(Box<Endpoints>),
}

/// What the demo asks; one line each.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    /// Whether these pairs of source and target id belong together.
    Judge { queue: Queue, pairs: Vec<(String, String)> },
    /// How many pairs there are.
    Pairs { queue: Queue },
    /// What there is and what was asked.
    Totals,
}

/// A stream between two vendors.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Queue {
    /// Where its rows come from.
    pub source: Simulated,
    /// Where their counterparts are.
    pub target: Simulated,
    /// The stream.
    pub stream: Stream,
}

/// What is known of one pair.
#[derive(Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether the pair is right.
    pub verdict: Verdict,
    /// The source's true counterpart; `None` where there is none.
    pub right: Option<String>,
}

/// What there is in the simulated world, and what its vendors were asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Totals {
    /// Records and pairs.
    pub truth: TruthCounts,
    /// Requests by vendor.
    pub requests: RequestCounts,
    /// Most memory of the vendors' process so far, in MB; `None` where the system does not tell.
    pub peak_memory_mb: Option<u64>,
}

/// Simulated vendors that run beside this process.
pub struct Vendors {
    endpoints: Endpoints,
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Vendors {
    /// Starts them and waits until they answer.
    ///
    /// # Errors
    /// When the process cannot be started, and what the simulator itself refuses.
    pub async fn start(world: &World) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|e| unstartable(&e))?;
        let mut command = Command::new(program);
        command
            .args(["simulate", "--attended"])
            .args(arguments(world))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The screen belongs to the interface; what goes wrong is told on the pipe.
            .stderr(Stdio::null())
            .kill_on_drop(true);
        // A group of its own: Ctrl-Z and Ctrl-C at the terminal are for the demo alone.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|e| unstartable(&e))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else { return Err(gone()) };
        let mut answers = BufReader::new(answers).lines();
        match receive(&mut answers).await? {
            Greeting::Ready(endpoints) => Ok(Self { endpoints: *endpoints, child, questions, answers }),
            Greeting::Failed { failure } => Err(failure),
        }
    }

    /// Where the vendors are and with which keys.
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Whether these pairs of source and target id belong together, in their order.
    ///
    /// # Errors
    /// When the vendors are gone.
    pub async fn judge(&mut self, queue: Queue, pairs: Vec<(String, String)>) -> Result<Vec<Judgement>, Failure> {
        let wanted = pairs.len();
        let judged: Vec<Judgement> = self.ask(&Question::Judge { queue, pairs }).await?;
        if judged.len() == wanted { Ok(judged) } else { Err(gone()) }
    }

    /// How many true pairs that queue has.
    ///
    /// # Errors
    /// When the vendors are gone.
    pub async fn pairs(&mut self, queue: Queue) -> Result<u64, Failure> {
        self.ask(&Question::Pairs { queue }).await
    }

    /// What there is and what was asked.
    ///
    /// # Errors
    /// When the vendors are gone.
    pub async fn totals(&mut self) -> Result<Totals, Failure> {
        self.ask(&Question::Totals).await
    }

    /// Ends them and waits until they are gone.
    pub async fn stop(mut self) {
        drop(self.questions);
        // What cannot be waited for is killed when it is dropped.
        let _ = self.child.wait().await;
    }

    async fn ask<T: DeserializeOwned>(&mut self, question: &Question) -> Result<T, Failure> {
        send(&mut self.questions, question).await?;
        receive(&mut self.answers).await
    }
}

fn arguments(world: &World) -> Vec<String> {
    let World { companies, devices, contacts, seed, faults } = world;
    let pairs = [
        ("--companies", Some(companies.to_string())),
        ("--devices", Some(devices.to_string())),
        ("--contacts", contacts.map(|count| count.to_string())),
        ("--seed", Some(seed.to_string())),
        ("--faults", Some(faults.clone())),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten().collect()
}

/// Tells the demo where the vendors are and answers it until it is gone.
///
/// # Errors
/// When it cannot be told any more.
pub async fn attend(simulator: &Simulator) -> Result<(), Failure> {
    let mut out = tokio::io::stdout();
    send(&mut out, &Greeting::Ready(Box::new(simulator.endpoints().clone()))).await?;
    let mut questions = BufReader::new(tokio::io::stdin()).lines();
    // An end of the pipe is the end of the demo.
    while let Ok(Some(line)) = questions.next_line().await {
        match serde_json::from_str(&line).map_err(|e| unreadable(&e))? {
            Question::Judge { queue, pairs } => send(&mut out, &judge(simulator, queue, &pairs)).await?,
            Question::Pairs { queue } => send(&mut out, &pairs(simulator, queue)).await?,
            Question::Totals => {
                let (truth, requests) = (simulator.truth().counts(), simulator.requests());
                send(&mut out, &Totals { truth, requests, peak_memory_mb: peak_memory_mb() }).await?;
            }
        }
    }
    Ok(())
}

/// Tells the demo why there are no vendors.
///
/// # Errors
/// When it cannot be told any more.
pub async fn refuse(failure: Failure) -> Result<(), Failure> {
    send(&mut tokio::io::stdout(), &Greeting::Failed { failure }).await
}

fn judge(simulator: &Simulator, queue: Queue, pairs: &[(String, String)]) -> Vec<Judgement> {
    let truth = simulator.truth();
    let (subject, left, right) = (subject(queue.stream), queue.source.vendor(), queue.target.vendor());
    let one = |(source, target): &(String, String)| match (left, right, subject) {
        // Of Addigy a truth of its own knows what stands in its queues: only policies and agents with a counterpart.
        (Vendor::Addigy, Vendor::ItGlue, Subject::Companies) => {
            Judgement { verdict: truth.judge_company(source, target), right: truth.company(source).map(str::to_owned) }
        }
        (Vendor::Addigy, Vendor::ItGlue, Subject::Devices) => {
            Judgement { verdict: truth.judge_device(source, target), right: truth.device(source).map(str::to_owned) }
        }
        _ => Judgement {
            verdict: truth.judge(subject, (left, source), (right, target)),
            right: truth.counterpart(subject, (left, source), right),
        },
    };
    pairs.iter().map(one).collect()
}

fn pairs(simulator: &Simulator, queue: Queue) -> usize {
    let truth = simulator.truth();
    let subject = subject(queue.stream);
    match (queue.source.vendor(), queue.target.vendor(), subject) {
        (Vendor::Addigy, Vendor::ItGlue, Subject::Companies) => truth.counts().company_pairs,
        (Vendor::Addigy, Vendor::ItGlue, Subject::Devices) => truth.counts().device_pairs,
        (source, target, _) => truth.pairs(subject, source, target).count(),
    }
}

fn subject(stream: Stream) -> Subject {
    match stream {
        Stream::Contacts => Subject::Contacts,
        Stream::Locations => Subject::Locations,
        Stream::Tickets => Subject::Tickets,
        Stream::Devices => Subject::Devices,
        _ => Subject::Companies,
    }
}

/// Peak resident memory of this process in MB, from the kernel's own account.
pub fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024)
}

async fn send(to: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value).map_err(|e| unreadable(&e))?;
    line.push(b'\n');
    to.write_all(&line).await.map_err(|_| gone())?;
    to.flush().await.map_err(|_| gone())
}

async fn receive<T: DeserializeOwned>(from: &mut Lines<impl AsyncBufRead + Unpin>) -> Result<T, Failure> {
    let line = from.next_line().await.ok().flatten().ok_or_else(gone)?;
    serde_json::from_str(&line).map_err(|e| unreadable(&e))
}

fn unstartable(error: &std::io::Error) -> Failure {
    let what = format!("the simulated vendors cannot be started: {error}");
    Failure::new(FailureClass::Local, what, "check the limits of this account (ulimit -u, ulimit -n)")
}

fn gone() -> Failure {
    Failure::new(FailureClass::Local, "the simulated vendors have ended", "run the demo again")
}

fn unreadable(error: &serde_json::Error) -> Failure {
    let what = format!("the demo and its simulated vendors do not understand each other: {error}");
    Failure::new(FailureClass::Ours, what, "run the demo again; if it stays, report it")
}
