//! Makes plans, off the core's thread: from the store's records, what the target takes, and the create guard.

use super::super::messages::NearHit;
use super::super::world::World;
use super::super::{SettingsFile, views};
use super::guard::Guard;
use crate::domain::outbox::plan::{HabitCounts, Habits, Planner, WriteTarget};
use crate::domain::{
    DecisionKind, Failure, FailureClass, Flow, OutboxEntry, PlannedWrite, Record, RecordId, Stream, UpdatePolicy,
    WriteInside, WriteRules, text,
};
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Matched pairs and records that habits are learnt from, at most.
const LEARNT_FROM: usize = 20_000;

/// What is to be planned.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Records to be made of these rows.
    Create {
        /// Of which stream.
        stream: Stream,
        /// The rows.
        rows: Vec<Row>,
        /// Also where the target has something like it.
        anyway: bool,
    },
    /// Differences of matched records.
    Update {
        /// Only when the flow's policy is not off.
        by_policy: bool,
    },
    /// These writes once more, to see whether the world moved.
    Again {
        /// As they were planned, with the rows as they are now.
        writes: Vec<(OutboxEntry, Option<Row>)>,
    },
}

/// A row of which a record is to be made.
#[derive(Clone, Debug)]
pub struct Row {
    /// The source record.
    pub source: RecordId,
    /// Where its record is to be; the error is for the row.
    pub inside: Result<Option<WriteInside>, &'static str>,
    /// The engine's best candidate, and why.
    pub best: Option<(RecordId, String)>,
}

/// What a plan is made with.
pub struct Job {
    /// The flow.
    pub flow: Flow,
    /// What is to be planned.
    pub subject: Subject,
    /// The source vendor's name.
    pub vendor: String,
    /// What the target takes, by stream.
    pub targets: BTreeMap<Stream, WriteTarget>,
    /// The store.
    pub store: Store,
    /// Facts.
    pub world: Arc<World>,
    /// Where the flow's rules stand.
    pub settings: Option<Arc<dyn SettingsFile>>,
    /// Writes on their way.
    pub live: Vec<OutboxEntry>,
}

/// What a plan says of one row.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The source record.
    pub source: RecordId,
    /// Its stream.
    pub stream: Stream,
    /// Its name.
    pub name: String,
    /// What would be written; also where something like it keeps it from being sent.
    pub write: Option<PlannedWrite>,
    /// What was left out of it.
    pub notes: Vec<String>,
    /// What the target has that is like it.
    pub near: Vec<NearHit>,
    /// Why nothing is sent; empty where something is.
    pub left: String,
}

/// A finished plan.
#[derive(Debug, Default)]
pub struct Plan {
    /// Row by row.
    pub rows: Vec<Proposal>,
    /// What a person should know first.
    pub warnings: Vec<String>,
    /// The vendor's name.
    pub vendor: String,
    /// The flow's policy on differences.
    pub policy: UpdatePolicy,
}

/// Makes the plan. The facts are let go of before this returns.
///
/// # Errors
/// The store's; a stream that the target does not take.
#[expect(clippy::needless_pass_by_value, reason = "the facts that it shares are let go of before the answer is sent")]
pub fn plan(job: Job) -> Result<Plan, Failure> {
    let rules = match &job.settings {
        Some(file) => file.write_rules(&job.flow.id)?,
        None => WriteRules::default(),
    };
    let vendor = job.targets.values().next().map(|t| t.vendor.clone()).unwrap_or_default();
    let mut plan = Plan { vendor, policy: rules.update, ..Plan::default() };
    match &job.subject {
        Subject::Create { stream, rows, anyway } => {
            let live: Vec<OutboxEntry> = job.live.clone();
            plan.rows = creates(&job, &rules, *stream, rows, *anyway, &live)?;
            if let Some(target) = job.targets.get(stream) {
                plan.warnings.extend(target.warning.clone());
            }
        }
        Subject::Update { by_policy } => {
            if !(*by_policy && rules.update == UpdatePolicy::Off) {
                plan.rows = updates(&job, &rules)?;
            }
        }
        Subject::Again { writes } => {
            plan.rows = again(&job, &rules, writes)?;
            let made: BTreeSet<Stream> =
                writes.iter().filter(|(e, _)| e.write.is_create()).map(|(e, _)| e.write.stream).collect();
            plan.warnings.extend(made.iter().filter_map(|stream| job.targets.get(stream)?.warning.clone()));
        }
    }
    Ok(plan)
}

fn target(job: &Job, stream: Stream) -> Result<&WriteTarget, Failure> {
    job.targets.get(&stream).ok_or_else(|| {
        let what = format!("matchbook does not write {stream} to {}", job.flow.target);
        Failure::new(
            FailureClass::Usage,
            what,
            "companies and devices can be written to IT Glue, ConnectWise and Autotask",
        )
    })
}

fn creates(
    job: &Job,
    rules: &WriteRules,
    stream: Stream,
    rows: &[Row],
    anyway: bool,
    live: &[OutboxEntry],
) -> Result<Vec<Proposal>, Failure> {
    let target = target(job, stream)?;
    let habits = habits(job, stream)?;
    let junk = &job.world.junk;
    let planner = Planner { flow: &job.flow, vendor: &job.vendor, rules, target, habits: &habits, junk };
    let mut guard = Guard::new(job.world.tables_of(&job.flow.target), &job.flow.target, stream, junk, live);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(record) = record(job, stream, &row.source)? else { continue };
        let mut proposal = Proposal {
            source: row.source.clone(),
            stream,
            name: record.name().to_owned(),
            write: None,
            notes: Vec::new(),
            near: Vec::new(),
            left: String::new(),
        };
        match row.inside.clone().map_err(str::to_owned).and_then(|inside| planner.create(&record, inside)) {
            Ok(planned) => {
                proposal.near = guard.near(&planned.write);
                add_best(job, stream, row, &mut proposal.near);
                if !proposal.near.is_empty() && !anyway {
                    proposal.left = format!("{} has something like it; look at it first", target.vendor);
                } else {
                    guard.add(&planned.write);
                }
                (proposal.write, proposal.notes) = (Some(planned.write), planned.notes);
            }
            Err(why) => proposal.left = why,
        }
        found.push(proposal);
    }
    Ok(found)
}

/// The engine's own candidate counts as like it too.
fn add_best(job: &Job, stream: Stream, row: &Row, near: &mut Vec<NearHit>) {
    let Some((best, why)) = row.best.as_ref().filter(|(best, _)| near.iter().all(|hit| hit.id != *best)) else {
        return;
    };
    let tables = job.world.tables_of(&job.flow.target);
    let Some(facts) = tables.facts(stream, best) else { return };
    near.insert(
        0,
        NearHit {
            id: best.clone(),
            name: text::clean(facts.name()).into_owned(),
            company: views::company_name(tables, facts.company()),
            why: why.clone(),
            away: false,
        },
    );
}

fn updates(job: &Job, rules: &WriteRules) -> Result<Vec<Proposal>, Failure> {
    let mut found = Vec::new();
    let streams = [Stream::Companies, Stream::Devices];
    for stream in streams.into_iter().filter(|stream| job.flow.streams.contains(stream)) {
        let Some(target) = job.targets.get(&stream) else { continue };
        let habits = Habits::default();
        let junk = &job.world.junk;
        let planner = Planner { flow: &job.flow, vendor: &job.vendor, rules, target, habits: &habits, junk };
        let mut pairs = Vec::new();
        job.store.each_decision(&job.flow.id, stream, &mut |source, decision| {
            if let DecisionKind::Matched { target } = decision.kind {
                pairs.push((source, target));
            }
        })?;
        for (source, counterpart) in pairs {
            if let Some(proposal) = difference(job, &planner, stream, &source, &counterpart)? {
                found.push(proposal);
            }
        }
    }
    Ok(found)
}

fn difference(
    job: &Job,
    planner: &Planner<'_>,
    stream: Stream,
    source: &RecordId,
    counterpart: &RecordId,
) -> Result<Option<Proposal>, Failure> {
    let Some(own) = record(job, stream, source)? else { return Ok(None) };
    let Some(other) = job.store.record(&job.flow.target, stream, counterpart)?.filter(|r| r.orphaned.is_none()) else {
        return Ok(None);
    };
    Ok(planner.update(&own, &other.record).map(|planned| Proposal {
        source: source.clone(),
        stream,
        name: own.name().to_owned(),
        write: Some(planned.write),
        notes: planned.notes,
        near: Vec::new(),
        left: String::new(),
    }))
}

/// What would be planned now, for each of the writes in their order.
fn again(job: &Job, rules: &WriteRules, writes: &[(OutboxEntry, Option<Row>)]) -> Result<Vec<Proposal>, Failure> {
    let mut by_stream: BTreeMap<Stream, Vec<Row>> = BTreeMap::new();
    let mut anyway = BTreeSet::new();
    for (entry, row) in writes.iter().filter(|(entry, _)| entry.write.is_create()) {
        by_stream.entry(entry.write.stream).or_default().extend(row.clone());
        anyway.extend(entry.anyway.then(|| entry.write.source.clone()));
    }
    let own: BTreeSet<_> = writes.iter().map(|(entry, _)| entry.id).collect();
    let others: Vec<OutboxEntry> = job.live.iter().filter(|entry| !own.contains(&entry.id)).cloned().collect();
    let mut found = Vec::new();
    for (stream, rows) in by_stream {
        let mut proposals = creates(job, rules, stream, &rows, false, &others)?;
        for proposal in &mut proposals {
            if proposal.write.is_some() && anyway.contains(&proposal.source) {
                proposal.left = String::new();
            }
        }
        found.append(&mut proposals);
    }
    found.append(&mut updates(job, rules)?);
    Ok(found)
}

fn record(job: &Job, stream: Stream, id: &RecordId) -> Result<Option<Record>, Failure> {
    Ok(job.store.record(&job.flow.source, stream, id)?.filter(|r| r.orphaned.is_none()).map(|r| r.record))
}

/// What matched pairs and the target's records say of new ones. The same records say the same.
fn habits(job: &Job, stream: Stream) -> Result<Habits, Failure> {
    let mut counts = HabitCounts::default();
    let mut left = LEARNT_FROM;
    job.store.each_record(&job.flow.target, stream, &mut |stored| {
        if stored.orphaned.is_none() {
            counts.record(&stored.record);
        }
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let mut pairs = Vec::new();
    job.store.each_decision(&job.flow.id, stream, &mut |source, decision| {
        if let DecisionKind::Matched { target } = decision.kind
            && pairs.len() < LEARNT_FROM
        {
            pairs.push((source, target));
        }
    })?;
    for (source, target) in pairs {
        let source = job.store.record(&job.flow.source, stream, &source)?;
        let target = job.store.record(&job.flow.target, stream, &target)?;
        if let (Some(source), Some(target)) = (source, target) {
            counts.pair(&source.record, &target.record);
        }
    }
    Ok(counts.habits())
}
