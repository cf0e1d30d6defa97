//! The demo's summary: what the queues say, judged by what the simulator knows.

use super::demo::Phases;
use super::judged::Judged;
use super::simulated::{FLOWS, Simulated};
use super::vendors::{self, Queue, Vendors};
use super::{home, output};
use crate::connectors;
use crate::domain::{Failure, RunCounts, RunState, Stream};
use crate::service::messages::{Overview, Query, View};
use crate::simulator::RequestCounts;
use serde::Serialize;

/// The whole summary.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Companies of Addigy: policies to organizations. Empty when Addigy takes no part.
    pub companies: Judged,
    /// Its devices to configurations.
    pub devices: Judged,
    /// Every flow with all of its streams, the above among them.
    pub flows: Vec<FlowSummary>,
    /// What each vendor was asked, beside the least that would do.
    pub vendors: Vec<VendorSummary>,
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

/// One flow.
#[derive(Debug, Serialize)]
pub struct FlowSummary {
    /// Its name.
    pub flow: String,
    /// Its streams in the order of the tabs.
    pub streams: Vec<StreamJudged>,
}

/// One stream of a flow.
#[derive(Debug, Serialize)]
pub struct StreamJudged {
    /// Which.
    pub stream: Stream,
    /// How good its queue is.
    #[serde(flatten)]
    pub judged: Judged,
}

/// What a vendor was asked.
#[derive(Debug, Serialize)]
pub struct VendorSummary {
    /// The integration.
    pub integration: String,
    /// Requests, as the vendor counted them.
    pub requests: u64,
    /// The fewest in which these rows can be listed: full pages, and one for each company where a list exists only so.
    pub least: u64,
    /// Requests that the vendor refused over a published limit.
    pub over_limit: u64,
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

/// Collects the summary.
///
/// # Errors
/// The service's; when the vendors are gone.
pub async fn collect(home: &home::Home, vendors: &mut Vendors, phases: &Phases) -> Result<Summary, Failure> {
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Err(wrong_answer()) };
    // Before the questions, whose windows cost memory that no phase needed.
    let peak_memory_mb = vendors::peak_memory_mb();
    let totals = vendors.totals().await?;
    let flows = flows(home, vendors, &overview).await?;
    let of_addigy = |stream: Stream| {
        let flow = flows.iter().find(|flow| flow.flow == FLOWS[0].0);
        let found = flow.and_then(|flow| flow.streams.iter().find(|s| s.stream == stream));
        found.map(|s| s.judged.clone()).unwrap_or_default()
    };
    let progress = || overview.integrations.iter().flat_map(|i| i.streams.iter());
    let asked = Simulated::ALL.into_iter().filter_map(|v| asked(v, &overview, &totals.requests).transpose());
    Ok(Summary {
        companies: of_addigy(Stream::Companies),
        devices: of_addigy(Stream::Devices),
        vendors: asked.collect::<Result<_, _>>()?,
        flows,
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

/// Every queue, judged.
async fn flows(home: &home::Home, vendors: &mut Vendors, overview: &Overview) -> Result<Vec<FlowSummary>, Failure> {
    let mut flows = Vec::new();
    for view in &overview.flows {
        let Some((_, source, target, _)) = FLOWS.iter().find(|flow| flow.0 == view.id.as_str()) else { continue };
        let mut streams = Vec::new();
        for tab in &view.tabs {
            let queue = Queue { source: *source, target: *target, stream: tab.stream };
            let judged = Judged::of(home, vendors, view.id.clone(), queue).await?;
            streams.push(StreamJudged { stream: tab.stream, judged });
        }
        flows.push(FlowSummary { flow: view.id.to_string(), streams });
    }
    Ok(flows)
}

/// What a vendor was asked; `None` when it takes no part.
fn asked(vendor: Simulated, overview: &Overview, requests: &RequestCounts) -> Result<Option<VendorSummary>, Failure> {
    let Some(view) = overview.integrations.iter().find(|i| i.id.as_str() == vendor.name()) else { return Ok(None) };
    let ran = view.streams.iter().filter(|s| s.state != RunState::Never);
    let rows = ran.map(|s| (s.stream, s.counts.read)).collect();
    let counts = vendor.counts(requests);
    Ok(Some(VendorSummary {
        integration: vendor.name().to_owned(),
        requests: counts.requests,
        least: connectors::least_requests(vendor.name(), None, &rows)?,
        over_limit: counts.over_limit,
    }))
}

/// The service said something that does not fit the question.
pub fn wrong_answer() -> Failure {
    Failure::new(crate::domain::FailureClass::Ours, "the service answered something else", "report it")
}

/// Prints the summary for a person.
///
/// # Errors
/// When stdout is gone.
pub fn print(summary: &Summary) -> Result<(), Failure> {
    for stream in &summary.streams {
        let c = &stream.counts;
        output::line(&format!(
            "{:<11} {:<22} {:>7} read  {:>7} added  {:>4} changed  {:>4} orphaned  {:>3} bad",
            stream.integration, stream.stream, c.read, c.added, c.changed, c.orphaned, c.bad
        ))?;
    }
    for vendor in &summary.vendors {
        let limit = match vendor.over_limit {
            0 => "no published limit exceeded".to_owned(),
            n => format!("a published limit exceeded {n} times"),
        };
        output::line(&format!(
            "{:<11} {} requests; {} is the least for these rows; {limit}",
            vendor.integration, vendor.requests, vendor.least
        ))?;
    }
    for flow in &summary.flows {
        output::line(&flow.flow)?;
        for StreamJudged { stream, judged } in &flow.streams {
            print_judged(*stream, judged)?;
        }
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

fn print_judged(stream: Stream, judged: &Judged) -> Result<(), Failure> {
    let c = &judged.counts;
    output::line(&format!(
        "  {:<9} matched {} ({:.1} % of {} true pairs; {} to an older record, {} wrong)",
        stream.name(),
        c.matched,
        100.0 * judged.share_automatic,
        judged.true_pairs,
        judged.older_record,
        judged.wrong
    ))?;
    output::line(&format!(
        "            for a person: {} suggested, {} conflicts, {} unmatched ({} wait for their company); best candidate right {} times, wrong {}",
        c.suggested, c.conflict, c.unmatched, c.waiting, judged.proposed_right, judged.proposed_wrong
    ))
}
