//! Carries out one run of one stream: page by page, each page one atomic batch with its cursor and log line.

use super::outside::Outside;
use super::plan::{self, Began, Kind, Listing, Start, Unfinished};
use super::{Sink, Task, schedule};
use crate::connectors::{Ask, BadRow, Connector, Page};
use crate::domain::{
    Clock, Failure, FailureClass, LogEntry, LogLevel, MassChange, RecordId, RunId, RunState, StreamProgress, SyncRules,
    SyncScope, Timestamp,
};
use crate::store::{KeptRow, PageBatch, RunFinish, RunFinished, RunRecord, Store};
use futures::StreamExt;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Bad rows that get a log line of their own per page; the rest are only counted.
const BAD_ROWS_NAMED: usize = 5;

/// Everything a run needs.
pub struct Job {
    /// Which stream of which integration.
    pub task: Task,
    /// The vendor's word for the stream (`policies`).
    pub label: String,
    /// Where the pages come from.
    pub connector: Arc<dyn Connector>,
    /// Where they go.
    pub store: Store,
    /// Who is told.
    pub sink: Arc<dyn Sink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Stops the run at the end of a page.
    pub cancel: CancellationToken,
    /// A person waits for it.
    pub urgent: Arc<AtomicBool>,
    /// New listing whatever is stored.
    pub full: bool,
    /// What of the integration is synced, as it was when the run started.
    pub scope: Arc<SyncScope>,
    /// The vendor can list what changed since a moment.
    pub incremental: bool,
    /// Settings of every sync.
    pub rules: Arc<SyncRules>,
}

/// Runs to the end, the cut or the failure, and leaves the state in the store.
pub async fn run(job: Job) {
    let mut progress = starting(&job);
    // Of every level, so that a warning in the log file says to which run it belongs.
    let span = tracing::error_span!("run", id = tracing::field::Empty, of = %job.task);
    let outcome = listing(&job, &mut progress).instrument(span).await;
    if let Err(failure) = &outcome {
        tracing::warn!(run = progress.run.map(|run| run.0), of = %job.task, class = failure.class.name(), %failure, "run failed");
    }
    let level_and_text = match outcome {
        Ok(Ended::Complete) => {
            progress.state = RunState::Ok;
            progress.finished = Some(job.clock.now());
            None
        }
        Ok(Ended::Asks(change)) => {
            let text = format!(
                "{}; see the cards, or `matchbook sync {}/{} --accept-mass-change`",
                change.text(&job.label),
                job.task.integration,
                job.task.stream
            );
            progress.state = RunState::Asks { change };
            progress.finished = Some(job.clock.now());
            Some((LogLevel::Error, text))
        }
        Ok(Ended::Cut) => {
            progress.state = RunState::Cut;
            Some((
                LogLevel::Warn,
                format!("{} cut after {} records; the next sync goes on from there", job.label, progress.done),
            ))
        }
        Err(failure) => {
            let level = if failure.class == FailureClass::Limit { LogLevel::Warn } else { LogLevel::Error };
            let text = format!("{} failed: {failure}", job.label);
            progress.retry_at = schedule::retry(&failure, job.connector.held(), job.clock.now());
            progress.state = RunState::Failed { failure };
            Some((level, text))
        }
    };
    progress.rate = 0.0;
    progress.stored = job.store.live_count(&job.task.integration, job.task.stream);
    let lines = level_and_text.map(|(level, text)| vec![line(&job, progress.run, level, &text)]).unwrap_or_default();
    save_state(&job.store, job.sink.as_ref(), progress, lines).await;
}

/// Marks a stream as failed by a fault of ours.
pub fn report_panic(store: &Store, sink: &dyn Sink, task: &Task, label: &str, now: Timestamp) {
    let failure = Failure::new(
        FailureClass::Ours,
        format!("{label}: the worker stopped on a fault of matchbook"),
        "sync again; if it stays, report it with the log file",
    );
    let states = store.stream_states().unwrap_or_default();
    let known = states.into_iter().find(|s| s.integration == task.integration && s.stream == task.stream);
    let mut progress = known.unwrap_or_else(|| blank(task, label));
    let text = failure.to_string();
    progress.state = RunState::Failed { failure };
    progress.started = Some(now);
    let entry = LogEntry {
        seq: 0,
        at: now,
        level: LogLevel::Error,
        integration: Some(task.integration.clone()),
        stream: Some(task.stream),
        run: progress.run,
        record: None,
        text,
        count: 1,
    };
    // The state is shown even when the store cannot keep it.
    let _ = store.save_stream_state(&progress);
    sink.log(store.append_log(vec![entry]).unwrap_or_default());
    sink.progress(progress);
}

enum Ended {
    Complete,
    Asks(MassChange),
    Cut,
}

fn blank(task: &Task, label: &str) -> StreamProgress {
    StreamProgress::never(task.integration.clone(), task.stream, label.to_owned())
}

fn starting(job: &Job) -> StreamProgress {
    let known = job.store.stream_states().unwrap_or_default();
    let last = known.into_iter().find(|s| s.integration == job.task.integration && s.stream == job.task.stream);
    let mut progress = blank(&job.task, &job.label);
    progress.finished = last.as_ref().and_then(|l| l.finished);
    progress.state = RunState::Running;
    progress.started = Some(job.clock.now());
    progress.stored = job.store.live_count(&job.task.integration, job.task.stream);
    job.sink.progress(progress.clone());
    progress
}

async fn listing(job: &Job, progress: &mut StreamProgress) -> Result<Ended, Failure> {
    let (run, after) = begin(job, progress).await?;
    let outcome = pages(job, &run, after, progress).await;
    if let Err(failure) = &outcome
        && run.since.is_some()
        && run.page == 0
        && failure.class == FailureClass::Vendor
    {
        // Perhaps it is only the question that the vendor does not take: the next run asks for everything.
        let (store, task) = (job.store.clone(), job.task.clone());
        blocking(move || store.doubt_watermark(&task.integration, task.stream)).await?;
    }
    outcome
}

async fn pages(
    job: &Job,
    run: &RunRecord,
    after: Option<String>,
    progress: &mut StreamProgress,
) -> Result<Ended, Failure> {
    let ask =
        Ask { since: run.since, scope: Arc::clone(&job.scope), urgent: Arc::clone(&job.urgent), ..Ask::after(after) };
    let mut pages = job.connector.pages(job.task.stream, ask);
    let mut meter = Meter::new(job.clock.now());
    let mut whole = false;
    loop {
        let next = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Ok(Ended::Cut),
            next = pages.next() => next,
        };
        let Some(page) = next else { break };
        let page = page?;
        let last = page.last;
        whole = last && page.whole;
        store_page(job, run, page, progress, &mut meter).await?;
        if last {
            break;
        }
    }
    Ok(match finish(job, run, whole, progress).await? {
        Some(change) => Ended::Asks(change),
        None => Ended::Complete,
    })
}

async fn begin(job: &Job, progress: &mut StreamProgress) -> Result<(RunRecord, Option<String>), Failure> {
    let (store, task, now, full) = (job.store.clone(), job.task.clone(), job.clock.now(), job.full);
    let (incremental, rules, scope) = (job.incremental, Arc::clone(&job.rules), Arc::clone(&job.scope));
    let (run, start) = blocking(move || {
        let open = store.open_run(&task.integration, task.stream)?;
        let known = store.watermark(&task.integration, task.stream)?;
        // What newer settings take in addition, changes since a moment do not bring.
        let widened = scope.widens(&store.listed_scope(&task.integration, task.stream)?).contains(&task.stream);
        let kind = plan::kind(incremental, full || widened, known.as_ref(), &rules, now);
        let unfinished = open.as_ref().map(|r| Unfinished {
            cursor: r.cursor.clone(),
            age_s: (now - r.updated).whole_seconds(),
            incremental: r.since.is_some(),
            asked_otherwise: r.scope != *scope,
        });
        let start = plan::start(unfinished.as_ref(), kind, full);
        let since = if let Kind::Since(since) = kind { Some(since) } else { None };
        let run = match (&start, open) {
            (Start::Resume { .. }, Some(open)) => store.resume_run(open, now)?,
            (_, open) => {
                if let Some(old) = open {
                    store.abandon_run(&old)?;
                }
                store.begin_run_within(&task.integration, task.stream, since, &scope, now)?
            }
        };
        Ok((run, start))
    })
    .await?;
    progress.run = Some(run.run);
    tracing::Span::current().record("id", run.run.0);
    progress.counts = run.counts;
    progress.done = run.counts.read;
    progress.total = run.total;
    let (after, text) = match start {
        Start::Fresh => {
            let kind = run.since.map(plan::since_text).unwrap_or_default();
            (None, format!("{} sync started{kind}", job.label))
        }
        Start::Resume { after } => {
            let text = format!("{} sync goes on after page {} ({} records)", job.label, run.page, run.counts.read);
            (after, text)
        }
    };
    let entry = line(job, Some(run.run), LogLevel::Info, &text);
    let store = job.store.clone();
    let lines = blocking(move || store.append_log(vec![entry])).await?;
    job.sink.log(lines);
    job.sink.progress(progress.clone());
    Ok((run, after))
}

async fn store_page(
    job: &Job,
    run: &RunRecord,
    page: Page,
    progress: &mut StreamProgress,
    meter: &mut Meter,
) -> Result<(), Failure> {
    let rows = page.records.len() as u64 + page.bad.len() as u64;
    let log = page_lines(job, run.run, &page);
    let batch = PageBatch {
        integration: job.task.integration.clone(),
        stream: job.task.stream,
        run: run.run,
        page: page.number,
        seen: page.bad.iter().filter_map(|b| b.id.as_deref().map(RecordId::from)).collect(),
        records: page.records,
        cursor: page.cursor,
        total: page.total,
        bad: u32::try_from(page.bad.len()).unwrap_or(u32::MAX),
        bad_rows: page.bad.into_iter().map(|bad| kept(run.run, page.number, bad, job.clock.now())).collect(),
        log,
        at: job.clock.now(),
    };
    let store = job.store.clone();
    let stored = blocking(move || store.commit_page(batch)).await?;
    job.sink.stored(&job.task.integration, job.task.stream, stored.changed);
    job.sink.log(stored.log);
    progress.counts = stored.run_counts;
    progress.done = stored.run_counts.read;
    progress.total = page.total.or(progress.total);
    progress.stored = stored.live;
    progress.rate = meter.rate(rows, job.clock.now());
    job.sink.progress(progress.clone());
    Ok(())
}

fn kept(run: RunId, page: u32, bad: BadRow, at: Timestamp) -> KeptRow {
    let BadRow { id, reason, raw } = bad;
    KeptRow { at, run, page, id, reason, raw }
}

fn page_lines(job: &Job, run: RunId, page: &Page) -> Vec<LogEntry> {
    let of = page.of.map_or_else(String::new, |of| format!("/{of}"));
    let text = format!(
        "{} page {}{of} · {} records · {} ms",
        job.label,
        page.number,
        page.records.len(),
        page.took.as_millis()
    );
    let mut lines = vec![line(job, Some(run), LogLevel::Info, &text)];
    for bad in page.bad.iter().take(BAD_ROWS_NAMED) {
        lines.push(bad_line(job, run, page.number, bad));
    }
    if page.bad.len() > BAD_ROWS_NAMED {
        let more = page.bad.len() - BAD_ROWS_NAMED;
        let text = format!("{more} more bad rows on page {}", page.number);
        lines.push(line(job, Some(run), LogLevel::Warn, &text));
    }
    lines
}

fn bad_line(job: &Job, run: RunId, page: u32, bad: &BadRow) -> LogEntry {
    let id = bad.id.as_deref().unwrap_or("without id");
    let text = format!("{} page {page}: row {id} left out: {}", job.label, bad.reason);
    let mut entry = line(job, Some(run), LogLevel::Warn, &text);
    entry.record = bad.id.as_deref().map(Into::into);
    entry
}

async fn finish(
    job: &Job,
    run: &RunRecord,
    whole: bool,
    progress: &mut StreamProgress,
) -> Result<Option<MassChange>, Failure> {
    let started = progress.started.unwrap_or_else(|| job.clock.now());
    // The earlier of both clocks: a vendor's header may be ahead of the times in its rows, and what is asked for twice
    // is only unchanged.
    let behind = job.connector.clock_skew().unwrap_or_default().min(time::Duration::ZERO);
    let began = Began { here: run.started, there: run.started + behind };
    let finish = RunFinish {
        integration: job.task.integration.clone(),
        stream: job.task.stream,
        run: run.run,
        at: job.clock.now(),
        left_out: 0,
    };
    let entry = line(job, Some(run.run), LogLevel::Info, "");
    let (store, label, clock) = (job.store.clone(), job.label.clone(), Arc::clone(&job.clock));
    let (since, rules) = (run.since, Arc::clone(&job.rules));
    let outside = Outside::new(job.store.clone(), job.task.integration.clone(), Arc::clone(&job.scope), finish.at);
    let warning = LogEntry { level: LogLevel::Warn, ..entry.clone() };
    let done = blocking(move || {
        let known = store.watermark(&finish.integration, finish.stream)?;
        let left_out = if since.is_none() { outside.count(finish.stream)? } else { 0 };
        let mut listing = None;
        let mut done = store.finish_run_within(
            RunFinish { left_out, ..finish },
            &|record| outside.holds(record),
            |facts| {
                let of = Listing { facts, whole };
                listing = Some(of);
                plan::judge(of, &rules.mass, known, began)
            },
            |counts, _| {
                let seconds = (clock.now() - started).as_seconds_f64();
                LogEntry { text: plan::closing_text(&label, since, counts, seconds), ..entry }
            },
        )?;
        if let Some(text) = listing.and_then(|l| plan::withheld_text(&label, l, done.asks.is_some())) {
            done.log.extend(store.append_log(vec![LogEntry { text, ..warning }])?);
        }
        Ok(done)
    })
    .await?;
    let RunFinished { counts, changed, orphaned, asks, log, .. } = done;
    progress.counts = counts;
    progress.total = Some(progress.done);
    job.sink.stored(&job.task.integration, job.task.stream, changed);
    if !orphaned.is_empty() {
        job.sink.orphaned(&job.task.integration, job.task.stream, orphaned);
    }
    job.sink.log(log);
    Ok(asks)
}

async fn save_state(store: &Store, sink: &dyn Sink, progress: StreamProgress, lines: Vec<LogEntry>) {
    let (store, kept) = (store.clone(), progress.clone());
    let saved = blocking(move || {
        store.save_stream_state(&kept)?;
        let lines = if lines.is_empty() { lines } else { store.append_log(lines)? };
        store.flush()?;
        Ok(lines)
    })
    .await;
    // A full disk shows as the run's failure already; what can be shown is shown.
    if let Ok(lines) = saved
        && !lines.is_empty()
    {
        sink.log(lines);
    }
    sink.progress(progress);
}

fn line(job: &Job, run: Option<RunId>, level: LogLevel, text: &str) -> LogEntry {
    LogEntry {
        seq: 0,
        at: job.clock.now(),
        level,
        integration: Some(job.task.integration.clone()),
        stream: Some(job.task.stream),
        run,
        record: None,
        text: crate::domain::text::clean(text).into_owned(),
        count: 1,
    }
}

/// Runs store work where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(FailureClass::Ours, "store work stopped on a fault", "start matchbook again")),
    }
}

/// Rows a second over the last five seconds.
struct Meter {
    marks: VecDeque<(Timestamp, u64)>,
    total: u64,
}

/// Length of the window over which a rate is taken.
const RATE_WINDOW: time::Duration = time::Duration::seconds(5);

impl Meter {
    fn new(now: Timestamp) -> Self {
        Self { marks: VecDeque::from([(now, 0)]), total: 0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    fn rate(&mut self, rows: u64, now: Timestamp) -> f64 {
        self.total += rows;
        self.marks.push_back((now, self.total));
        while self.marks.len() > 2 && now - self.marks[0].0 > RATE_WINDOW {
            self.marks.pop_front();
        }
        let (from, base) = self.marks[0];
        let seconds = (now - from).as_seconds_f64();
        if seconds > 0.0 { (self.total - base) as f64 / seconds } else { 0.0 }
    }
}
