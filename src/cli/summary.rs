//! The demo's summary: what the queues say, judged by what the simulator knows.

use super::demo::Phases;
use super::vendors::{self, Judgement, Vendors};
use super::{home, output};
use crate::domain::{Failure, RecordId, RunCounts, RunState, Stream};
use crate::service::messages::{Filter, Query, QueueRow, Sort, StateCounts, View, ViewSpec};
use crate::simulator::{RequestCounts, Verdict};
use serde::Serialize;

/// Rows asked for at once.
const WINDOW: u32 = 500;

/// The whole summary.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Companies: policies to organizations.
    pub companies: Judged,
    /// Devices to configurations.
    pub devices: Judged,
    /// Records by stream.
    pub streams: Vec<StreamSummary>,
    /// Streams that did not end well.
    pub failed_streams: u64,
    /// What the vendors were asked, as they counted it.
    pub requests: RequestCounts,
    /// Seconds by phase.
    pub seconds: Seconds,
    /// Peak memory of this process, which is all of matchbook; `None` where the system does not tell.
    pub peak_memory_mb: Option<u64>,
    /// Peak memory of the simulated vendors' own process.
    pub vendors_peak_memory_mb: Option<u64>,
}

/// Seconds by phase.
#[derive(Debug, Serialize)]
pub struct Seconds {
    /// From the first request to the last stored page.
    pub sync: f64,
    /// From there until every automatic match is durable.
    pub matching: f64,
    /// Both.
    pub total: f64,
}

/// One stream.
#[derive(Debug, Serialize)]
pub struct StreamSummary {
    /// Integration.
    pub integration: String,
    /// The vendor's word.
    pub stream: String,
    /// Of its last run.
    pub counts: RunCounts,
    /// Records kept.
    pub stored: u64,
}

/// One queue and how good it is.
#[derive(Debug, Default, Serialize)]
pub struct Judged {
    /// Rows by state.
    pub counts: StateCounts,
    /// Pairs that there are.
    pub true_pairs: u64,
    /// Matched automatically, and right.
    pub right: u64,
    /// Matched to an older record of the same thing.
    pub older_record: u64,
    /// Matched automatically, and wrong.
    pub wrong: u64,
    /// Of the true pairs, matched automatically.
    pub share_automatic: f64,
    /// Proposals for a person whose best candidate is right.
    pub proposed_right: u64,
    /// Proposals for a person whose best candidate is wrong.
    pub proposed_wrong: u64,
    /// The first wrong automatic matches.
    pub wrong_rows: Vec<WrongRow>,
}

/// A wrong automatic match.
#[derive(Debug, Serialize)]
pub struct WrongRow {
    /// Source id.
    pub source: String,
    /// Its name.
    pub name: String,
    /// Id of the target it was matched to.
    pub target: String,
    /// Id of the target that would be right; `None` where there is none.
    pub right: Option<String>,
    /// The evidence it was matched on.
    pub why: String,
}

/// Wrong matches listed.
const WRONG_ROWS: usize = 50;

/// Collects the summary.
///
/// # Errors
/// The service's.
pub async fn collect(home: &home::Home, vendors: &mut Vendors, phases: &Phases) -> Result<Summary, Failure> {
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Err(wrong_answer()) };
    // Before the questions, whose windows cost memory that no phase needed.
    let peak_memory_mb = vendors::peak_memory_mb();
    let mut companies = judge(home, vendors, Stream::Companies).await?;
    let mut devices = judge(home, vendors, Stream::Devices).await?;
    let totals = vendors.totals().await?;
    companies.finish(totals.truth.company_pairs);
    devices.finish(totals.truth.device_pairs);
    let progress = || overview.integrations.iter().flat_map(|i| i.streams.iter());
    Ok(Summary {
        companies,
        devices,
        streams: progress()
            .map(|s| StreamSummary {
                integration: s.integration.to_string(),
                stream: s.label.clone(),
                counts: s.counts,
                stored: s.stored,
            })
            .collect(),
        failed_streams: progress().filter(|s| s.state != RunState::Ok).count() as u64,
        requests: totals.requests,
        seconds: Seconds {
            sync: phases.sync.as_secs_f64(),
            matching: phases.matching.as_secs_f64(),
            total: (phases.sync + phases.matching).as_secs_f64(),
        },
        peak_memory_mb,
        vendors_peak_memory_mb: totals.peak_memory_mb,
    })
}

fn wrong_answer() -> Failure {
    Failure::new(crate::domain::FailureClass::Ours, "the service answered something else", "report it")
}

async fn judge(home: &home::Home, vendors: &mut Vendors, stream: Stream) -> Result<Judged, Failure> {
    let mut judged = Judged::default();
    let view = ViewSpec {
        flow: "addigy-itglue".into(),
        stream,
        filter: Filter::All,
        find: String::new(),
        sort: Sort::default(),
        company: None,
        alike: None,
    };
    let mut offset = 0;
    loop {
        let query = Query::Window { view: view.clone(), offset, limit: WINDOW, anchor: None };
        let View::Window(window) = home.query(query).await? else { return Err(wrong_answer()) };
        let proposed: Vec<_> = window.rows.iter().filter_map(|row| Some((row, row.target.as_ref()?))).collect();
        let pairs = proposed.iter().map(|(row, target)| (row.id.to_string(), target.id.to_string())).collect();
        let judgements = vendors.judge(stream, pairs).await?;
        for ((row, target), judgement) in proposed.into_iter().zip(judgements) {
            judged.row(row, &target.id, judgement);
        }
        judged.counts = window.counts;
        offset += window.rows.len() as u64;
        if window.rows.is_empty() || offset >= window.total {
            return Ok(judged);
        }
    }
}

impl Judged {
    fn row(&mut self, row: &QueueRow, target: &RecordId, judgement: Judgement) {
        let Judgement { verdict, right } = judgement;
        let slot = match (row.state.is_open(), verdict) {
            (false, Verdict::Right) => &mut self.right,
            (false, Verdict::Neutral) => &mut self.older_record,
            (false, _) => &mut self.wrong,
            (true, Verdict::Right | Verdict::Neutral) => &mut self.proposed_right,
            (true, _) => &mut self.proposed_wrong,
        };
        *slot += 1;
        if !row.state.is_open() && verdict == Verdict::Wrong && self.wrong_rows.len() < WRONG_ROWS {
            self.wrong_rows.push(WrongRow {
                source: row.id.to_string(),
                name: row.name.clone(),
                target: target.to_string(),
                right,
                why: row.why.clone(),
            });
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share for display")]
    fn finish(&mut self, pairs: usize) {
        self.true_pairs = pairs as u64;
        self.share_automatic = if pairs == 0 { 1.0 } else { self.right as f64 / pairs as f64 };
    }
}

/// Prints the summary for a person.
///
/// # Errors
/// When stdout is gone.
pub fn print(summary: &Summary) -> Result<(), Failure> {
    for stream in &summary.streams {
        let c = &stream.counts;
        output::line(&format!(
            "{:<8} {:<22} {:>7} read  {:>7} added  {:>4} changed  {:>4} orphaned  {:>3} bad",
            stream.integration, stream.stream, c.read, c.added, c.changed, c.orphaned, c.bad
        ))?;
    }
    for (name, judged) in [("companies", &summary.companies), ("devices", &summary.devices)] {
        let c = &judged.counts;
        output::line(&format!(
            "{name:<9} matched {} ({:.1} % of {} true pairs; {} to an older record, {} wrong)",
            c.matched,
            100.0 * judged.share_automatic,
            judged.true_pairs,
            judged.older_record,
            judged.wrong
        ))?;
        output::line(&format!(
            "          for a person: {} suggested, {} conflicts, {} unmatched ({} wait for their company); best candidate right {} times, wrong {}",
            c.suggested, c.conflict, c.unmatched, c.waiting, judged.proposed_right, judged.proposed_wrong
        ))?;
    }
    let memory = match (summary.peak_memory_mb, summary.vendors_peak_memory_mb) {
        (Some(own), Some(theirs)) => {
            format!(", peak memory {own} MB (and {theirs} MB the simulated vendors, in a process of their own)")
        }
        _ => String::new(),
    };
    let s = &summary.seconds;
    output::line(&format!("sync {:.1} s, matching {:.1} s, together {:.1} s{memory}", s.sync, s.matching, s.total))
}
