//! Carries the outbox of one integration to its vendor: looked for, written down as being sent, sent once, read back.
//!
//! Each round of a wave begins with a search. What is found with our mark is ours, whoever sent it: it is confirmed, and
//! never sent again. What nobody has is sent, and the next round's search says what became of it, also when the answer
//! was lost. So two programs that make the same thing both look after they sent, both see both records, and both keep
//! the one with the lower id.

mod look;
mod resolve;
#[cfg(test)]
mod tests;
mod update;

use crate::connectors::{Connector, Draft, WriteFault, WriteLimits};
use crate::domain::{
    Clock, DecisionKind, Failure, FailureClass, IntegrationId, LogLevel, OutboxEntry, Record, RecordId, Stream,
    WriteId, WriteInside, WriteState,
};
use crate::store::Store;
use futures::future::BoxFuture;
use resolve::{Found, resolve};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Companies in one wave: so many are looked for by one search or two, also after a kill.
const COMPANIES: usize = 50;

/// Devices in one wave; the rest of the last company's goes with it, so that its requests are full.
const DEVICES: usize = 400;

/// Devices in one wave at most.
const MOST_DEVICES: usize = 800;

/// Rounds of a wave: one to send, one to see, and those that halve a bulk request that was refused.
const ROUNDS: u32 = 16;

/// How often a write is sent whose end nobody told.
const TRIES: u32 = 5;

/// What became of writes.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// The writes with their new states.
    pub entries: Vec<OutboxEntry>,
    /// The records that were read back.
    pub records: Vec<Record>,
}

/// Hears what becomes of writes.
pub trait WriteSink: Send + Sync {
    /// Writes were confirmed or refused. Resolves when that is kept; false when it could not be.
    fn closed(&self, integration: &IntegrationId, closed: Closed) -> BoxFuture<'static, bool>;

    /// Something worth a line of the log.
    fn told(&self, integration: &IntegrationId, level: LogLevel, text: String);
}

/// How a round trip ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Nothing is left that could be sent now.
    All,
    /// The rest waits: why, and whether trying again by itself makes sense.
    Stopped(Failure, bool),
}

/// What a wave has learnt from the vendor so far.
#[derive(Default)]
struct Learnt {
    /// Ids that the vendor gave to what was sent.
    made: BTreeSet<RecordId>,
    /// Rows of a request at most, of writes whose larger request was refused.
    most: HashMap<WriteId, usize>,
    /// Why a write was refused, and the vendor's words.
    refused: HashMap<WriteId, (String, String)>,
}

/// Why a wave ends early.
enum Stop {
    /// The outbox changed under it: it is read anew.
    Reload,
    /// Nothing more can be sent now.
    Failure(Failure, bool),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure.class {
            FailureClass::Usage => Self::Reload,
            // Until somebody does something about it.
            FailureClass::Credentials | FailureClass::Permission => Self::Failure(failure, false),
            _ => Self::Failure(failure, true),
        }
    }
}

/// Sends what an integration's outbox holds.
pub struct Courier {
    /// Where to.
    pub integration: IntegrationId,
    /// What talks to it.
    pub connector: Arc<dyn Connector>,
    /// Where writes are kept.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Hears what becomes of them.
    pub sink: Arc<dyn WriteSink>,
}

impl Courier {
    /// Sends until nothing is left that may be sent now.
    pub async fn run(self) -> Delivered {
        // The outbox changes under it only by a person's hand: more often is a fault.
        let mut reloads = 0;
        loop {
            match self.wave().await {
                Ok(true) => {}
                Ok(false) => return Delivered::All,
                Err(Stop::Reload) if reloads < 100 => reloads += 1,
                Err(Stop::Reload) => {
                    let failure = Failure::new(FailureClass::Ours, "the outbox does not stand still", "report it");
                    return Delivered::Stopped(failure, false);
                }
                Err(Stop::Failure(failure, again)) => return Delivered::Stopped(failure, again),
            }
        }
    }

    /// One wave; false when there is nothing to send.
    async fn wave(&self) -> Result<bool, Stop> {
        let all = self.with_store(Store::open_writes).await?;
        // A company that is still to be made is waited for, also while it waits for a yes.
        let coming: BTreeSet<_> = all
            .iter()
            .filter(|entry| entry.write.stream == Stream::Companies && entry.write.is_create())
            .map(|entry| (entry.write.flow.clone(), entry.write.source.clone()))
            .collect();
        let ours = |entry: &OutboxEntry| entry.write.target == self.integration && entry.state != WriteState::Planned;
        let open: Vec<OutboxEntry> = all.into_iter().filter(ours).collect();
        let (creates, updates): (Vec<OutboxEntry>, Vec<OutboxEntry>) =
            open.iter().cloned().partition(|entry| entry.write.is_create());
        let companies: Vec<OutboxEntry> =
            creates.iter().filter(|e| e.write.stream == Stream::Companies).take(COMPANIES).cloned().collect();
        if !companies.is_empty() {
            self.create(Stream::Companies, companies.into_iter().map(|entry| (entry, None)).collect()).await?;
            return Ok(true);
        }
        let mut devices = Vec::new();
        let mut orphaned = Vec::new();
        let mut inside: Vec<OutboxEntry> = creates.into_iter().filter(|e| e.write.stream == Stream::Devices).collect();
        // Those of one company go together: each company of a wave is a request.
        inside.sort_by_cached_key(company_key);
        let (mut known, mut last) = (HashMap::new(), None);
        for entry in inside {
            let group = company_key(&entry);
            if devices.len() >= MOST_DEVICES || devices.len() >= DEVICES && last != group {
                break;
            }
            if let Some(WriteInside::Made { source }) = &entry.write.inside
                && coming.contains(&(entry.write.flow.clone(), source.clone()))
            {
                continue;
            }
            let company = match known.get(&(entry.write.flow.clone(), group.clone())) {
                Some(company) => Result::clone(company),
                None => self.company_of(&entry).await?,
            };
            known.insert((entry.write.flow.clone(), group.clone()), company.clone());
            match company {
                Ok(company) => {
                    devices.push((entry, Some(company)));
                    last = group;
                }
                Err(reason) => orphaned.push(refused(entry, reason, "")),
            }
        }
        if !orphaned.is_empty() {
            self.close(orphaned, Vec::new()).await?;
            return Ok(true);
        }
        if !devices.is_empty() {
            self.create(Stream::Devices, devices).await?;
            return Ok(true);
        }
        self.update(updates).await
    }

    /// The company that a device is made in; the error is for its row.
    async fn company_of(&self, entry: &OutboxEntry) -> Result<Result<RecordId, String>, Stop> {
        let source = match &entry.write.inside {
            Some(WriteInside::There { target }) => return Ok(Ok(target.clone())),
            Some(WriteInside::Made { source }) => source.clone(),
            None => return Ok(Err("it belongs to no company".into())),
        };
        let flow = entry.write.flow.clone();
        let decision = self.with_store(move |store| store.decision(&flow, Stream::Companies, &source)).await?;
        Ok(match decision.map(|decision| decision.kind) {
            Some(DecisionKind::Matched { target }) => Ok(target),
            _ => Err("its company was not made; see the company's row".into()),
        })
    }

    /// Makes records, each once.
    async fn create(&self, stream: Stream, wanted: Vec<(OutboxEntry, Option<RecordId>)>) -> Result<(), Stop> {
        let Some(limits) = self.connector.write_limits(stream) else {
            let reason = format!("matchbook does not write {stream} there");
            let entries = wanted.into_iter().map(|(entry, _)| refused(entry, reason.clone(), "")).collect();
            return self.close(entries, Vec::new()).await;
        };
        let company: HashMap<WriteId, Option<RecordId>> = wanted.iter().map(|(e, c)| (e.id, c.clone())).collect();
        let mut open: Vec<OutboxEntry> = wanted.into_iter().map(|(entry, _)| entry).collect();
        let mut learnt = Learnt::default();
        for _ in 0..ROUNDS {
            let found = self.look(stream, &open, &company, &limits).await?;
            let missing = self.settle(stream, open, &found, &learnt, &limits).await?;
            if missing.is_empty() {
                return Ok(());
            }
            open = self.send(stream, missing, &company, &limits, &mut learnt).await?;
            if open.is_empty() {
                return Ok(());
            }
        }
        let reason = "it was sent and is not found at the vendor";
        self.close(open.into_iter().map(|entry| refused(entry, reason, "")).collect(), Vec::new()).await
    }

    /// Confirms what was found and returns what nobody has.
    async fn settle(
        &self,
        stream: Stream,
        open: Vec<OutboxEntry>,
        found: &[Record],
        learnt: &Learnt,
        limits: &WriteLimits,
    ) -> Result<Vec<OutboxEntry>, Stop> {
        let (mut missing, mut closed, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for mut entry in open {
            match resolve(&entry, found, &learnt.made) {
                Found::Nothing if learnt.refused.contains_key(&entry.id) => {
                    let (reason, said) = &learnt.refused[&entry.id];
                    closed.push(refused(entry, reason.clone(), said));
                }
                Found::Nothing if entry.sent >= TRIES => {
                    let why =
                        if let WriteState::Unconfirmed { why } = &entry.state { why.clone() } else { String::new() };
                    closed.push(refused(entry, format!("sent {TRIES} times and not found at the vendor"), &why));
                }
                Found::Nothing => missing.push(entry),
                Found::Others(record) => {
                    let reason = format!(
                        "it is there already: {} ({}); match it instead, or plan it anew",
                        crate::domain::text::clean(record.name()),
                        record.id()
                    );
                    closed.push(refused(entry, reason, ""));
                }
                Found::Ours { keep, doubles, doubtful } => {
                    if !doubles.is_empty() {
                        self.remove_doubles(stream, &entry, doubles, limits).await;
                    }
                    if !doubtful.is_empty() {
                        let ids: Vec<&str> = doubtful.iter().map(RecordId::as_str).collect();
                        let text = format!(
                            "{} is there more than once: {} is kept, look at {}",
                            crate::domain::text::clean(&entry.write.name),
                            keep.id(),
                            ids.join(", ")
                        );
                        self.sink.told(&self.integration, LogLevel::Warn, text);
                    }
                    entry.state = WriteState::Confirmed { target: keep.id() };
                    closed.push(entry);
                    records.push(*keep);
                }
            }
        }
        self.close(closed, records).await?;
        Ok(missing)
    }

    /// Takes away what another program made of the same source at the same moment: both keep the lower id, so that
    /// whoever comes first does it and the other finds it done.
    async fn remove_doubles(&self, stream: Stream, entry: &OutboxEntry, ids: Vec<RecordId>, limits: &WriteLimits) {
        let named = |ids: &[RecordId]| ids.iter().map(RecordId::as_str).collect::<Vec<_>>().join(", ");
        let name = crate::domain::text::clean(&entry.write.name).into_owned();
        let mut left = ids;
        for _ in 0..TRIES {
            if !limits.removes {
                break;
            }
            let text = match self.connector.remove(stream, left.clone()).await {
                Ok(()) => format!("{name} was made twice at the same moment: {} is taken away again", named(&left)),
                Err(_) => String::new(),
            };
            match self.connector.find(stream, crate::connectors::Find::Ids(left.clone())).await {
                Ok(found) => {
                    // A record that does not bear the mark any more is another one.
                    let ours = |record: &&Record| resolve::is_marked(&entry.write, record) != Some(false);
                    let there: BTreeSet<RecordId> = found.iter().filter(ours).map(Record::id).collect();
                    left.retain(|id| there.contains(id));
                }
                Err(_) => continue,
            }
            if left.is_empty() {
                if !text.is_empty() {
                    self.sink.told(&self.integration, LogLevel::Info, text);
                }
                return;
            }
        }
        let text = format!("{name} is there twice: take {} away by hand", named(&left));
        self.sink.told(&self.integration, LogLevel::Warn, text);
    }

    /// Sends what is missing, and returns what is to be looked for.
    async fn send(
        &self,
        stream: Stream,
        missing: Vec<OutboxEntry>,
        company: &HashMap<WriteId, Option<RecordId>>,
        limits: &WriteLimits,
        learnt: &mut Learnt,
    ) -> Result<Vec<OutboxEntry>, Stop> {
        // Written down before it goes: from here on nobody but the vendor knows.
        let mut sending = missing;
        for entry in &mut sending {
            entry.state = WriteState::Sending;
            entry.sent += 1;
            entry.changed = self.clock.now();
        }
        self.keep(sending.clone()).await?;
        let mut groups: BTreeMap<Option<RecordId>, Vec<OutboxEntry>> = BTreeMap::new();
        for entry in sending {
            groups.entry(company.get(&entry.id).cloned().flatten()).or_default().push(entry);
        }
        let (mut open, mut stopped) = (Vec::new(), None);
        for (company, group) in groups {
            let mut rest = group.into_iter().peekable();
            while let Some(first) = rest.peek() {
                let size = learnt.most.get(&first.id).copied().unwrap_or(limits.create).clamp(1, limits.create);
                let mut part: Vec<OutboxEntry> = rest.by_ref().take(size).collect();
                if stopped.is_some() {
                    part.iter_mut().for_each(unsent);
                    open.extend(part);
                    continue;
                }
                let drafts = part.iter().map(draft).collect();
                match self.connector.create(stream, company.clone(), drafts).await {
                    Ok(ids) => {
                        learnt.made.extend(ids);
                        open.extend(part);
                    }
                    Err(WriteFault::Refused { .. }) if part.len() > 1 => {
                        // One of them is not accepted: halves find out which. Nothing was done, but that is looked at.
                        let half = part.len() / 2;
                        for mut entry in part {
                            learnt.most.insert(entry.id, half);
                            entry.sent = entry.sent.saturating_sub(1);
                            open.push(entry);
                        }
                    }
                    Err(WriteFault::Refused { reason, said }) => {
                        // Because somebody made it just now, or for good: the next search tells.
                        learnt.refused.extend(part.iter().map(|entry| (entry.id, (reason.clone(), said.clone()))));
                        open.extend(part);
                    }
                    Err(WriteFault::Unknown(failure)) => {
                        for entry in &mut part {
                            entry.state = WriteState::Unconfirmed { why: failure.what.clone() };
                        }
                        open.extend(part);
                    }
                    Err(WriteFault::Stopped(failure)) => {
                        stopped = Some(failure);
                        part.iter_mut().for_each(unsent);
                        open.extend(part);
                    }
                }
            }
        }
        if let Some(failure) = stopped {
            self.keep(open).await?;
            let again = failure.class == FailureClass::Limit;
            return Err(Stop::Failure(failure, again));
        }
        Ok(open)
    }

    /// Keeps the states of writes; durable when this returns.
    async fn keep(&self, entries: Vec<OutboxEntry>) -> Result<(), Stop> {
        if entries.is_empty() {
            return Ok(());
        }
        Ok(self.with_store(move |store| store.update_writes(&entries)).await?)
    }

    /// Hands over what became of writes and waits until it is kept.
    async fn close(&self, mut entries: Vec<OutboxEntry>, records: Vec<Record>) -> Result<(), Stop> {
        if entries.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        for entry in &mut entries {
            entry.changed = now;
        }
        if self.sink.closed(&self.integration, Closed { entries, records }).await {
            return Ok(());
        }
        let failure = Failure::new(FailureClass::Local, "what became of writes could not be kept", "see the log");
        Err(Stop::Failure(failure, true))
    }

    async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let store = self.store.clone();
        let gone = |_| Failure::new(FailureClass::Ours, "reading the outbox broke off", "start matchbook again");
        tokio::task::spawn_blocking(move || work(&store)).await.map_err(gone)?
    }
}

/// The company that a device is made in, as far as it is known; whether it was there when the device was planned.
fn company_key(entry: &OutboxEntry) -> Option<(bool, RecordId)> {
    match entry.write.inside.as_ref()? {
        WriteInside::There { target } => Some((true, target.clone())),
        WriteInside::Made { source } => Some((false, source.clone())),
    }
}

fn unsent(entry: &mut OutboxEntry) {
    entry.state = WriteState::Approved;
    entry.sent = entry.sent.saturating_sub(1);
}

fn refused(mut entry: OutboxEntry, reason: impl Into<String>, said: &str) -> OutboxEntry {
    entry.state = WriteState::Refused { reason: reason.into(), said: said.to_owned() };
    entry
}

fn draft(entry: &OutboxEntry) -> Draft {
    let values = entry.write.fields.iter().map(|field| (field.field, field.new.clone())).collect();
    Draft { values, interfaces: entry.write.interfaces.clone() }
}
