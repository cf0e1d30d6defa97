//! A service made of synthetic rows that answers at once: what the interface is tried and measured with.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::needless_pass_by_value,
    clippy::type_complexity,
    reason = "each test file uses a part of it; its numbers are small and made up"
)]

#[path = "fake_settings.rs"]
mod fake_settings;
#[path = "fake_writes.rs"]
mod fake_writes;

use matchbook::domain::{
    Actor, Confidence, DecisionKind, Evidence, EvidenceKind, Failure, FailureClass, FlowId, HistoryEntry, HistoryId,
    IntegrationId, LogEntry, LogLevel, LogPage, MatchState, RecordId, RunCounts, RunState, Schedule, Stream,
    StreamProgress, SyncScope, Timestamp,
};
use matchbook::service::messages::{
    Alike, AlikeGroup, AlikeRows, BadRowView, BudgetView, CandidateView, CardView, Command, Compare, DecideAction,
    DecisionView, Done, EstimateView, Event, FieldPair, FieldPairView, FieldSide, Filter, FlowFields, FlowView, Gate,
    IntegrationState, IntegrationView, InventoryList, LogFilter, Overview, PickRow, Preview, PreviewRow, Query,
    QueueRow, RecordLine, RecordSheet, Relation, Reply, Request, RuleView, ScheduleLine, ScheduleSheet, Selection,
    Sort, SortKey, StateCounts, StreamFieldPairs, TabView, TargetLabel, Targets, View, ViewSpec, WhyRecord, Window,
};
use std::collections::HashMap;

const MAKERS: [&str; 12] = [
    "Harbor Dental Grp",
    "Blue Ridge Realty",
    "Northwind Logistics",
    "Müller & Søn",
    "株式会社テスト",
    "Acme 👩🏽‍💻 Labs",
    "مستشفى النور",
    "Zoë\u{301}\u{301}'s Café",
    "St. Mary's Parish Council of the Lower Valley",
    "K&L",
    "Tailspin Toys",
    "Fabrikam",
];

/// The moment at which everything happens.
pub fn noon() -> Timestamp {
    Timestamp::from_unix_timestamp(1_795_262_670).expect("a time in range")
}

fn flow() -> FlowId {
    FlowId::from("addigy-itglue")
}

/// Rows of one stream.
struct Table {
    rows: Vec<QueueRow>,
    generation: u64,
    order: Option<(ViewSpec, u64, Vec<usize>)>,
}

/// The service.
pub struct FakeService {
    schedules: HashMap<Stream, String>,
    record_off: bool,
    tables: HashMap<Stream, Table>,
    history: Vec<(HistoryEntry, Stream, Vec<(usize, QueueRow)>)>,
    overview: Overview,
    log: Vec<LogEntry>,
    /// Rules that decisions left.
    pub rules: Vec<RuleView>,
    /// Decisions are refused with this reason.
    pub refuse: Option<String>,
    /// Cards that wait.
    pub cards: Vec<CardView>,
    /// What is synced of every integration.
    pub scope: SyncScope,
    /// The vendor knows a choice that nothing stored has.
    pub more_choices: bool,
}

fn company(i: usize) -> String {
    format!("{} {}", MAKERS[i % MAKERS.len()], i / MAKERS.len() + 1)
}

fn row(i: usize, stream: Stream) -> QueueRow {
    let state = match i % 7 {
        0 if i.is_multiple_of(3) => MatchState::Conflict,
        0..=3 => MatchState::Suggested,
        4 => MatchState::Unmatched,
        5 => MatchState::Matched,
        _ => {
            if i.is_multiple_of(2) {
                MatchState::Ignored
            } else {
                MatchState::Deferred
            }
        }
    };
    let companies = stream == Stream::Companies;
    let name =
        if companies { company(i) } else { format!("{}-MAC-{i:05}", ["front", "lab", "会議室", "ops"][i % 4]) };
    let target = (state != MatchState::Unmatched).then(|| TargetLabel {
        id: RecordId::from(format!("t{i}")),
        name: if companies { format!("{} LLC", company(i)) } else { format!("{name}.local") },
        taken_by: u32::from(i % 41 == 3),
    });
    let confidence = target.is_some().then(|| Confidence::new(0.99 - (i % 40) as f32 / 100.0));
    QueueRow {
        id: RecordId::from(format!("s{i}")),
        name,
        company: if companies { String::new() } else { company(i / 20) },
        serial: if companies { String::new() } else { format!("C02{:09}", i * 7919 % 999_999_999) },
        model: if companies { String::new() } else { "MacBook Air".to_owned() },
        detail: String::new(),
        devices: if companies { (i * 37 % 240) as u32 } else { 0 },
        state,
        target,
        confidence,
        why: ["14 of 18 serials", "serial", "name", "initials and 6 serials"][i % 4].to_owned(),
        waits: state == MatchState::Unmatched && !companies,
        orphaned: false,
        left_out: String::new(),
        staged: None,
    }
}

fn inside(i: usize, stream: Stream) -> QueueRow {
    let first = ["Ann", "Roberto", "Zoë", "J."][i % 4];
    let last = ["Lee", "Miller-Smith", "Quist", "Okoro", "O'Brien"][i % 5];
    let mut row = row(i, stream);
    (row.serial, row.model) = (String::new(), String::new());
    (row.name, row.detail) = match stream {
        Stream::Contacts => (format!("{first} {last}"), format!("{first}.{last}{i}@example.test").to_lowercase()),
        _ => (format!("Office {i}"), format!("{} Main Street, Suite {i}, Austin, 787{:02}", i * 7 + 1, i % 90)),
    };
    if let Some(target) = &mut row.target {
        target.name.clone_from(&row.name);
    }
    let whys = ["first and last name", "email + nickname and last name", "street and number + name"];
    whys[i % 3].clone_into(&mut row.why);
    row
}

impl FakeService {
    /// A home with so many companies and devices.
    pub fn new(companies: usize, devices: usize) -> Self {
        let table =
            |n: usize, stream| Table { rows: (0..n).map(|i| row(i, stream)).collect(), generation: 1, order: None };
        let tables = HashMap::from([
            (Stream::Companies, table(companies, Stream::Companies)),
            (Stream::Devices, table(devices, Stream::Devices)),
        ]);
        let mut service = Self {
            tables,
            history: Vec::new(),
            overview: Overview::default(),
            log: Vec::new(),
            cards: Vec::new(),
            rules: Vec::new(),
            refuse: None,
            scope: SyncScope::default(),
            schedules: HashMap::new(),
            record_off: false,
            more_choices: false,
        };
        service.overview = Overview {
            home: "acme-msp".to_owned(),
            ready: true,
            integrations: integrations(companies as u64, devices as u64),
            flows: vec![FlowView {
                id: flow(),
                import: None,
                label: "Addigy → IT Glue".to_owned(),
                source: "Addigy".to_owned(),
                target: "IT Glue".to_owned(),
                source_id: IntegrationId::from("addigy"),
                target_id: IntegrationId::from("itglue"),
                tabs: service.tabs(),
                paused: false,
            }],
            cards: 0,
        };
        for i in 0..40 {
            service.log_line(i);
        }
        service
    }

    /// The same with contacts and places.
    pub fn with_people(companies: usize, devices: usize, people: usize) -> Self {
        let mut service = Self::new(companies, devices);
        for stream in [Stream::Contacts, Stream::Locations] {
            let rows = (0..people).map(|i| inside(i, stream)).collect();
            service.tables.insert(stream, Table { rows, generation: 1, order: None });
        }
        service.overview.flows[0].tabs = service.tabs();
        service
    }

    /// A home without anything.
    pub fn empty() -> Self {
        let overview = Overview { home: "fresh".to_owned(), ready: true, ..Overview::default() };
        Self {
            tables: HashMap::new(),
            history: Vec::new(),
            overview,
            log: Vec::new(),
            rules: Vec::new(),
            refuse: None,
            cards: Vec::new(),
            scope: SyncScope::default(),
            schedules: HashMap::new(),
            record_off: false,
            more_choices: false,
        }
    }

    fn tabs(&self) -> Vec<TabView> {
        let tab = |stream, label: &str, source: &str, target: &str| TabView {
            stream,
            label: label.to_owned(),
            source_word: source.to_owned(),
            target_word: target.to_owned(),
            counts: self.counts(stream),
            generation: self.tables[&stream].generation,
        };
        let mut tabs = vec![
            tab(Stream::Companies, "Companies", "Policy", "Organization"),
            tab(Stream::Devices, "Devices", "Device", "Configuration"),
        ];
        if self.tables.contains_key(&Stream::Contacts) {
            tabs.push(tab(Stream::Contacts, "Contacts", "Contact", "Contact"));
            tabs.push(tab(Stream::Locations, "Locations", "Site", "Location"));
        }
        tabs
    }

    fn counts(&self, stream: Stream) -> StateCounts {
        let mut counts = StateCounts::default();
        for row in &self.tables[&stream].rows {
            *counts.of_mut(row.state) += 1;
            counts.waiting += u64::from(row.waits);
        }
        counts
    }

    /// The overview as it is.
    pub fn overview(&mut self) -> Overview {
        if !self.tables.is_empty() {
            self.overview.flows[0].tabs = self.tabs();
        }
        self.overview.cards = self.cards.len() as u64;
        self.overview.clone()
    }

    fn log_line(&mut self, i: u64) -> LogEntry {
        let level = match i % 13 {
            5 => LogLevel::Warn,
            11 => LogLevel::Error,
            _ => LogLevel::Info,
        };
        let entry = LogEntry {
            seq: i + 1,
            at: noon() + time::Duration::seconds(i as i64),
            level,
            integration: Some(IntegrationId::from(if i.is_multiple_of(2) { "itglue" } else { "addigy" })),
            stream: Some(Stream::Devices),
            run: None,
            record: (level == LogLevel::Warn).then(|| RecordId::from(format!("s{i}"))),
            text: match level {
                LogLevel::Warn => "serial 0123456789 is a placeholder: left out".to_owned(),
                LogLevel::Error => "connection reset: trying again in 2 s".to_owned(),
                _ => format!("page {} · 1,000 records · 412 ms", i + 1),
            },
            count: if i % 13 == 11 { 3 } else { 1 },
        };
        self.log.push(entry.clone());
        entry
    }

    /// Moves a running sync on by one page.
    pub fn sync_step(&mut self) -> Vec<Event> {
        let at = self.log.len() as u64;
        let line = self.log_line(at);
        for integration in &mut self.overview.integrations {
            if integration.state == IntegrationState::Syncing {
                for s in integration.streams.iter_mut().filter(|s| s.state == RunState::Running) {
                    s.done = (s.done + 31) % s.total.unwrap_or(5000);
                    s.rate = 31.0;
                }
                if let Some(budget) = &mut integration.budget {
                    budget.used = (budget.used + 1) % budget.limit;
                }
            }
        }
        vec![Event::Overview(Box::new(self.overview.clone())), Event::Log(vec![line])]
    }

    /// Adds a row before all others, as a sync does.
    pub fn add_first(&mut self, stream: Stream, name: &str) -> Vec<Event> {
        let mut new = row(1, stream);
        new.id = RecordId::from(format!("new-{name}"));
        name.clone_into(&mut new.name);
        let table = self.tables.get_mut(&stream).expect("a table");
        table.rows.insert(0, new);
        self.changed(stream)
    }

    fn changed(&mut self, stream: Stream) -> Vec<Event> {
        let table = self.tables.get_mut(&stream).expect("a table");
        table.generation += 1;
        let generation = table.generation;
        vec![Event::Queue { flow: flow(), stream, generation }, Event::Overview(Box::new(self.overview()))]
    }

    /// Answers a request; also what happens because of it.
    pub fn handle(&mut self, request: Request) -> (Reply, Vec<Event>) {
        match request {
            Request::Query(query) => (Reply::View(self.query(query)), Vec::new()),
            Request::Command(command) => self.command(command),
        }
    }

    fn log_lines(&self, filter: &LogFilter, page: LogPage, limit: usize) -> Vec<LogEntry> {
        let fits = |l: &&LogEntry| {
            l.level >= filter.level.unwrap_or(LogLevel::Info)
                && filter.integration.as_ref().is_none_or(|i| l.integration.as_ref() == Some(i))
                && l.text.contains(&filter.text)
                && match page {
                    LogPage::Newest => true,
                    LogPage::Before(seq) => l.seq < seq,
                    LogPage::After(seq) => l.seq > seq,
                }
        };
        let all: Vec<LogEntry> = self.log.iter().filter(fits).cloned().collect();
        let count = limit.min(all.len());
        let from = if matches!(page, LogPage::After(_)) { 0 } else { all.len() - count };
        all[from..from + count].to_vec()
    }

    fn query(&mut self, query: Query) -> View {
        match query {
            Query::SyncSettings { integration, ask } => {
                let view = self.overview.integrations.iter().find(|i| i.id == integration);
                let vendor = view.map(|i| i.vendor.clone()).unwrap_or_default();
                View::SyncSettings(Box::new(fake_settings::settings(
                    integration,
                    &vendor,
                    &self.scope,
                    ask && self.more_choices,
                )))
            }
            Query::PreviewSyncSettings { scope, .. } => View::ScopePreview(fake_settings::preview(&self.scope, &scope)),
            Query::Overview => View::Overview(self.overview()),
            Query::Window { view, offset, limit, anchor } => {
                View::Window(self.window(&view, offset, limit, anchor.as_ref()))
            }
            Query::Compare { stream, source, target, .. } => {
                View::Compare(Box::new(self.compare(stream, &source, target)))
            }
            Query::PickTarget { stream, pattern, limit, .. } => View::Targets(self.pick(stream, pattern, limit)),
            Query::Preview { stream, action, rows, .. } => {
                let at = self.selected(stream, &rows);
                View::Preview(self.preview(stream, &at, &format!("{action:?}")))
            }
            Query::PreviewQuickMatch { stream, threshold, .. } => {
                let at = self.sure(stream, threshold);
                View::Preview(self.preview(stream, &at, "accepts"))
            }
            Query::Fields { flow } => View::Fields(Box::new(fields(flow))),
            Query::Inventory(_) => View::Inventory(InventoryList::default()),
            Query::Rules { .. } => View::Rules(self.rules.clone()),
            Query::PreviewUndo { .. } => View::Preview(Preview::default()),
            Query::Log { filter, page, limit } => View::Log(self.log_lines(&filter, page, limit as usize)),
            Query::Writes(query) => fake_writes::view(&query, flow(), noon()),
            Query::Alike { stream, source, .. } => View::Alike(self.alike(stream, &source)),
            Query::Data { .. } => View::Data(fake_settings::data()),
            Query::Coverage { spec, offset, limit } => {
                View::Coverage(Box::new(fake_settings::coverage(&spec, offset, limit)))
            }
            Query::Cards => View::Cards(self.cards.clone()),
            Query::Record { integration, stream, record } => {
                let line = |minutes: i64, by: &str, text: &str| RecordLine {
                    at: noon() - time::Duration::minutes(minutes),
                    by: by.to_owned(),
                    text: text.to_owned(),
                };
                View::Record(Box::new(RecordSheet {
                    integration,
                    stream,
                    name: format!("record {record}"),
                    id: record,
                    synced: !self.record_off,
                    first_seen: noon() - time::Duration::days(40),
                    changed: noon() - time::Duration::minutes(5),
                    orphaned: None,
                    left_out: String::new(),
                    history: vec![
                        line(5, "run 812", "name Reception → Front desk, serial – → C02XK0001JG5J"),
                        line(90, "tester", "matched 1 company"),
                    ],
                }))
            }
            Query::BadRows { .. } => View::BadRows(vec![BadRowView {
                integration: "itglue".into(),
                stream: Stream::Devices,
                at: noon(),
                run: 812,
                page: 3,
                id: Some("4711".to_owned()),
                reason: "the row has no name".to_owned(),
                raw: r#"{"id":"4711","attributes":{"name":null,"serial-number":"C02"}}"#.to_owned(),
            }]),
            Query::Schedules { integration, .. } => self.schedules(&integration),
            Query::History { .. } => View::History(self.history.iter().rev().map(|h| h.0.clone()).collect()),
            Query::Why { text } => View::Why(vec![WhyRecord {
                integration: IntegrationId::from("addigy"),
                stream: Stream::Devices,
                id: RecordId::from(text),
                name: "front-MAC".to_owned(),
                gates: vec![
                    Gate { name: "synced?".to_owned(), passed: true, text: "12:00 UTC, run 7".to_owned() },
                    Gate {
                        name: "company matched?".to_owned(),
                        passed: false,
                        text: "Harbor Dental Grp has no match yet".to_owned(),
                    },
                ],
            }]),
        }
    }

    fn order(&mut self, view: &ViewSpec) -> &[usize] {
        let Some(table) = self.tables.get_mut(&view.stream) else { return &[] };
        let known = table.order.as_ref().is_some_and(|(v, g, _)| v == view && *g == table.generation);
        if !known {
            let needle = view.find.to_lowercase();
            let fits = |r: &QueueRow| {
                (match view.filter {
                    Filter::Open => {
                        matches!(r.state, MatchState::Conflict | MatchState::Suggested | MatchState::Unmatched)
                    }
                    Filter::All => true,
                    Filter::State(state) => r.state == state,
                    Filter::Orphaned => r.orphaned,
                    Filter::LeftOut => !r.left_out.is_empty(),
                    Filter::Unimported => r.state != MatchState::Matched,
                }) && (needle.is_empty()
                    || [&r.name, &r.serial, &r.company, &r.id.to_string()]
                        .iter()
                        .any(|t| t.to_lowercase().contains(&needle)))
            };
            let mut order: Vec<usize> = (0..table.rows.len()).filter(|i| fits(&table.rows[*i])).collect();
            let rows = &table.rows;
            match view.sort.key {
                SortKey::Name => order.sort_by(|a, b| rows[*a].name.cmp(&rows[*b].name)),
                SortKey::Devices => order.sort_by_key(|i| rows[*i].devices),
                SortKey::Confidence => {
                    order.sort_by(|a, b| rows[*a].confidence.partial_cmp(&rows[*b].confidence).expect("numbers"));
                }
                SortKey::State => order.sort_by_key(|i| rows[*i].state),
                SortKey::Company => order.sort_by(|a, b| rows[*a].company.cmp(&rows[*b].company)),
                SortKey::Work => {}
            }
            if view.sort.descending {
                order.reverse();
            }
            table.order = Some((view.clone(), table.generation, order));
        }
        table.order.as_ref().map_or(&[], |(_, _, order)| order)
    }

    fn window(&mut self, view: &ViewSpec, offset: u64, limit: u32, anchor: Option<&RecordId>) -> Window {
        let order = self.order(view).to_vec();
        let Some(table) = self.tables.get(&view.stream) else { return Window::default() };
        let anchor = anchor.and_then(|id| order.iter().position(|i| table.rows[*i].id == *id)).map(|p| p as u64);
        let rows = order.iter().skip(offset as usize).take(limit as usize).map(|i| table.rows[*i].clone()).collect();
        Window {
            generation: table.generation,
            total: order.len() as u64,
            offset,
            anchor,
            rows,
            counts: self.counts(view.stream),
        }
    }

    fn position(&self, stream: Stream, id: &RecordId) -> Option<usize> {
        self.tables.get(&stream)?.rows.iter().position(|r| r.id == *id)
    }

    fn compare(&self, stream: Stream, source: &RecordId, _target: Option<RecordId>) -> Compare {
        let table = &self.tables[&stream];
        let row = table.rows[self.position(stream, source).expect("a row of ours")].clone();
        let pair = |label: &str, left: &str, right: &str, relation| FieldPair {
            label: label.to_owned(),
            left: left.to_owned(),
            right: right.to_owned(),
            relation,
        };
        let name = row.target.as_ref().map(|t| t.name.clone()).unwrap_or_default();
        let fields = vec![
            pair("name", &row.name, &name, Relation::Similar),
            pair("serial", &row.serial, &row.serial, Relation::Same),
            pair("MAC", "14:7d:da:00:00:01", "14:7d:da:00:00:02", Relation::Differs),
            pair("model", &row.model, "MacBook Air (M2, 2022)", Relation::Similar),
            pair("asset tag", "0000000", "0000000", Relation::Junk),
            pair("user", "jdoe", "", Relation::Unknown),
            pair("city", "Portland", "Portland", Relation::Same),
        ];
        let evidence = |kind, bits, rarity, note: &str| Evidence { kind, bits, rarity, note: note.to_owned() };
        Compare {
            generation: table.generation,
            pages: [String::new(), "https://vendor.test/a/1".to_owned()],
            source: "Addigy".to_owned(),
            target: "IT Glue".to_owned(),
            against: row.target.clone(),
            fields,
            evidence: vec![
                evidence(EvidenceKind::Serial, 12.3, Some((1, 4990)), "serial on both"),
                evidence(EvidenceKind::Name, 4.1, Some((3, 250)), "name alike: dental"),
                evidence(EvidenceKind::Mac, -3.2, None, "MAC differs"),
            ],
            note: if row.state == MatchState::Conflict {
                "serial says one, MAC another".to_owned()
            } else {
                String::new()
            },
            candidates: (0..3)
                .map(|k| CandidateView {
                    target: TargetLabel {
                        id: RecordId::from(format!("t{source}-{k}")),
                        name: format!("{name} #{k}"),
                        taken_by: k,
                    },
                    confidence: Confidence::new(0.9 - k as f32 * 0.2),
                    why: "name".to_owned(),
                    detail: "Customer · Portland · 18 devices".to_owned(),
                })
                .collect(),
            decided: (row.state == MatchState::Matched).then(|| DecisionView {
                kind: DecisionKind::Matched { target: RecordId::from("t1") },
                who: "kim".to_owned(),
                at: noon(),
                why: "accepted".to_owned(),
            }),
            warnings: Vec::new(),
            row,
        }
    }

    fn pick(&self, stream: Stream, pattern: String, limit: u32) -> Targets {
        let rows = &self.tables[&stream].rows;
        let needle = pattern.to_lowercase();
        let fits: Vec<PickRow> = rows
            .iter()
            .filter_map(|r| r.target.as_ref())
            .filter(|t| t.name.to_lowercase().contains(&needle))
            .map(|t| PickRow {
                target: t.clone(),
                detail: "Customer · Portland".to_owned(),
                hits: vec![0, 1],
                elsewhere: false,
            })
            .collect();
        let found = fits.len() as u64;
        Targets {
            pattern,
            rows: fits.into_iter().take(limit as usize).collect(),
            found,
            searched: rows.len() as u64,
            taken: 0,
        }
    }

    fn selected(&mut self, stream: Stream, rows: &Selection) -> Vec<usize> {
        match rows {
            Selection::Rows(ids) => ids.iter().filter_map(|id| self.position(stream, id)).collect(),
            Selection::Shown { view, except } => {
                let order = self.order(view).to_vec();
                order.into_iter().filter(|i| !except.contains(&self.tables[&stream].rows[*i].id)).collect()
            }
        }
    }

    fn alike(&mut self, stream: Stream, source: &RecordId) -> AlikeRows {
        let at = self.position(stream, source).expect("a row of ours");
        let row = self.tables[&stream].rows[at].clone();
        let end = row.name.find(['-', ' ']).map_or(row.name.len(), |at| at + 1);
        let prefix = row.name[..end].to_owned();
        let view = ViewSpec {
            flow: flow(),
            stream,
            filter: Filter::Open,
            find: prefix.clone(),
            sort: Sort::default(),
            company: None,
            alike: Some(Alike::Prefix(prefix.clone())),
        };
        let rows = self.order(&view).len() as u64;
        let action = match row.state {
            MatchState::Ignored => DecideAction::Ignore,
            MatchState::Deferred => DecideAction::Defer,
            _ => DecideAction::Accept,
        };
        let label = format!("names that begin with “{prefix}”");
        AlikeRows {
            source: row.id,
            name: row.name,
            action,
            target: None,
            groups: vec![AlikeGroup { label, view, rows }],
        }
    }

    fn sure(&self, stream: Stream, threshold: Confidence) -> Vec<usize> {
        let rows = &self.tables[&stream].rows;
        (0..rows.len())
            .filter(|i| rows[*i].state == MatchState::Suggested && rows[*i].confidence >= Some(threshold))
            .collect()
    }

    fn preview(&self, stream: Stream, at: &[usize], what: &str) -> Preview {
        let rows = &self.tables[&stream].rows;
        let sample = at.iter().take(8).map(|i| PreviewRow {
            source: rows[*i].name.clone(),
            target: rows[*i].target.as_ref().map(|t| t.name.clone()).unwrap_or_default(),
            confidence: rows[*i].confidence,
            why: rows[*i].why.clone(),
        });
        Preview {
            what: format!("{what} {} rows", at.len()),
            rows: at.len() as u64,
            counts: vec![("suggested".to_owned(), at.len() as u64)],
            warnings: vec!["2 of them share a target".to_owned()],
            learns: String::new(),
            sample: sample.collect(),
        }
    }

    fn command(&mut self, command: Command) -> (Reply, Vec<Event>) {
        let done = |text: &str| (Reply::Done(Done { text: text.to_owned(), ..Done::default() }), Vec::new());
        match command {
            Command::Decide { stream, action, rows, .. } => {
                if let Some(reason) = &self.refuse {
                    let failure = Failure::new(FailureClass::Local, reason, "free some space");
                    return (Reply::Failed(failure), Vec::new());
                }
                let at = self.selected(stream, &rows);
                self.decide(stream, &at, &action)
            }
            Command::DecideAlike { stream, action, rows, .. } => {
                let at = self.selected(stream, &rows);
                self.decide(stream, &at, &action)
            }
            Command::QuickMatch { stream, threshold, .. } => {
                let at = self.sure(stream, threshold);
                self.decide(stream, &at, &DecideAction::Accept)
            }
            Command::Undo { .. } => self.undo(),
            Command::Redo => done("nothing to do again"),
            Command::AnswerCard { key, yes } => {
                self.cards.retain(|c| c.key != key);
                let events = vec![Event::Overview(Box::new(self.overview()))];
                let text = format!("{key} {}", if yes { "applied" } else { "refused" });
                (Reply::Done(Done { text, ..Done::default() }), events)
            }
            Command::RemoveRule { rule } => {
                self.rules.retain(|r| r.id != rule);
                done("removed the rule")
            }
            Command::ScopeRule { rule, everywhere } => {
                self.rules.iter_mut().filter(|r| r.id == rule).for_each(|r| r.everywhere = everywhere);
                done("applied the rule")
            }
            Command::Sync { .. } => done("sync queued"),
            Command::SetSyncSettings { integration, scope, .. } => {
                if let Some(reason) = &self.refuse {
                    let failure = Failure::new(FailureClass::Local, reason, "free some space");
                    return (Reply::Failed(failure), Vec::new());
                }
                self.scope = scope;
                done(&format!("sync settings of {integration} are saved"))
            }
            Command::Writes(command) => done(&format!("{command:?}")),
            Command::CancelSync { .. } => done("syncs stopped"),
            Command::Pause { integration } => self.set_state(&integration, IntegrationState::Paused),
            Command::Inventory(_) => (Reply::Done(Done::default()), Vec::new()),
            Command::Resume { integration } => self.set_state(&integration, IntegrationState::Ok),
            Command::SyncRecord { record, .. } => {
                let text = format!("{record}: synced, nothing changed");
                (Reply::Done(Done { rows: 1, text, ..Done::default() }), Vec::new())
            }
            Command::SwitchRecord { on, .. } => {
                self.record_off = !on;
                (Reply::Done(Done { text: "kept".to_owned(), ..Done::default() }), Vec::new())
            }
            Command::Reconnect { .. } => {
                (Reply::Done(Done { text: "synced again".to_owned(), ..Done::default() }), Vec::new())
            }
            Command::PauseFlow { pause, .. } => {
                self.overview.flows[0].paused = pause;
                let done = Done { text: "flow paused".to_owned(), ..Done::default() };
                (Reply::Done(done), vec![Event::Overview(Box::new(self.overview()))])
            }
            Command::SetSchedule { stream, schedule, .. } => match schedule.as_deref().map(Schedule::parse).transpose()
            {
                Ok(schedule) => {
                    self.schedules.remove(&stream);
                    self.schedules.extend(schedule.map(|s| (stream, s.to_string())));
                    (Reply::Done(Done { text: "kept".to_owned(), ..Done::default() }), Vec::new())
                }
                Err(failure) => (Reply::Failed(failure), Vec::new()),
            },
        }
    }

    fn schedules(&self, integration: &IntegrationId) -> View {
        let view = self.overview.integrations.iter().find(|i| i.id == *integration).expect("an integration");
        let line = |s: &StreamProgress| ScheduleLine {
            stream: s.stream,
            word: s.label.clone(),
            schedule: self
                .schedules
                .get(&s.stream)
                .cloned()
                .unwrap_or_else(|| Schedule::default_of(s.stream).to_string()),
            default: !self.schedules.contains_key(&s.stream),
            wanted: true,
            idle: if s.state == RunState::Running { "runs now".to_owned() } else { String::new() },
            next: (s.state != RunState::Running).then(|| noon() + time::Duration::hours(4)),
            last: Some(noon() - time::Duration::minutes(3)),
            estimate: EstimateView { requests: Some(s.stored / 100), seconds: Some(s.stored / 50), since: None },
        };
        View::Schedules(ScheduleSheet {
            integration: integration.clone(),
            vendor: view.vendor.clone(),
            zone: "UTC".to_owned(),
            paused: view.state == IntegrationState::Paused,
            lines: view.streams.iter().map(line).collect(),
        })
    }

    fn set_state(&mut self, id: &IntegrationId, state: IntegrationState) -> (Reply, Vec<Event>) {
        for i in self.overview.integrations.iter_mut().filter(|i| i.id == *id) {
            i.state = state.clone();
        }
        let events = vec![Event::Overview(Box::new(self.overview()))];
        (Reply::Done(Done { text: format!("{id} changed"), ..Done::default() }), events)
    }

    fn decide(&mut self, stream: Stream, at: &[usize], action: &DecideAction) -> (Reply, Vec<Event>) {
        let table = self.tables.get_mut(&stream).expect("a table");
        let mut before = Vec::new();
        for i in at {
            let row = &mut table.rows[*i];
            let old = row.clone();
            match action {
                DecideAction::Accept if row.target.is_some() && row.state.is_open() => row.state = MatchState::Matched,
                DecideAction::Accept => continue,
                DecideAction::Match { target } => {
                    row.state = MatchState::Matched;
                    row.target =
                        Some(TargetLabel { id: target.clone(), name: format!("{target} by hand"), taken_by: 0 });
                }
                DecideAction::Ignore => row.state = MatchState::Ignored,
                DecideAction::Defer => row.state = MatchState::Deferred,
                DecideAction::Unmatch => row.state = MatchState::Unmatched,
            }
            before.push((*i, old));
        }
        let (rows, skipped) = (before.len() as u64, (at.len() - before.len()) as u64);
        let id = HistoryId(self.history.len() as u64 + 1);
        let what = format!("{action:?} on {rows} rows");
        let entry = HistoryEntry {
            id,
            at: noon(),
            actor: Actor::Person("kim".to_owned()),
            flow: flow(),
            stream,
            what: what.clone(),
            changes: Vec::new(),
            rows,
            rules: Vec::new(),
            records: Vec::new(),
            undoes: None,
            undone_by: None,
        };
        self.history.push((entry, stream, before));
        let skipped = if skipped > 0 { vec![("no candidate to accept".to_owned(), skipped)] } else { Vec::new() };
        let done = Done { history: Some(id), rows, skipped, text: what, warnings: Vec::new() };
        (Reply::Done(done), self.changed(stream))
    }

    fn undo(&mut self) -> (Reply, Vec<Event>) {
        let Some((entry, stream, before)) = self.history.pop() else {
            return (Reply::Failed(Failure::new(FailureClass::Usage, "nothing to take back", "")), Vec::new());
        };
        let table = self.tables.get_mut(&stream).expect("a table");
        for (i, row) in before {
            table.rows[i] = row;
        }
        let done = Done {
            history: None,
            rows: entry.rows,
            skipped: Vec::new(),
            text: format!("took back: {}", entry.what),
            warnings: Vec::new(),
        };
        (Reply::Done(done), self.changed(stream))
    }
}

fn integrations(companies: u64, devices: u64) -> Vec<IntegrationView> {
    let stream = |id: &str, stream, label: &str, state: RunState, stored: u64| StreamProgress {
        integration: IntegrationId::from(id),
        stream,
        label: label.to_owned(),
        done: if state == RunState::Running { stored * 43 / 100 } else { stored },
        total: Some(stored),
        rate: if state == RunState::Running { 31.0 } else { 0.0 },
        state,
        run: None,
        counts: RunCounts::default(),
        stored,
        left_out: 0,
        started: None,
        finished: None,
        retry_at: None,
        next: None,
    };
    let view = |id: &str, vendor: &str, state, streams| IntegrationView {
        id: IntegrationId::from(id),
        vendor: vendor.to_owned(),
        name: vendor.to_owned(),
        state,
        last: Some(noon() - time::Duration::minutes(3)),
        next: None,
        streams,
        budget: None,
    };
    let mut addigy = view(
        "addigy",
        "Addigy",
        IntegrationState::Ok,
        vec![
            stream("addigy", Stream::Companies, "policies", RunState::Ok, companies),
            stream("addigy", Stream::Devices, "devices", RunState::Ok, devices),
        ],
    );
    addigy.next = Some(noon() + time::Duration::hours(4));
    let mut itglue = view(
        "itglue",
        "IT Glue",
        IntegrationState::Syncing,
        vec![
            stream("itglue", Stream::Companies, "organizations", RunState::Ok, companies),
            stream("itglue", Stream::Devices, "configs", RunState::Running, 4990),
        ],
    );
    itglue.budget = Some(BudgetView { used: 412, limit: 3000, window_s: 300 });
    let failure =
        Failure::new(FailureClass::Credentials, "Autotask refused the key", "save a new one: matchbook connect");
    let mut autotask = view("autotask", "Autotask", IntegrationState::Refused { failure }, Vec::new());
    autotask.last = None;
    let paused = view("cw", "ConnectWise", IntegrationState::Paused, Vec::new());
    vec![addigy, itglue, autotask, paused]
}

/// The field mapping of a flow, with one field from the person's own file.
fn fields(flow: FlowId) -> FlowFields {
    let side = |label: &str, from: &str, own: bool| {
        Some(FieldSide { label: label.into(), from: from.into(), note: String::new(), own })
    };
    let row = |field: &str, source, target| FieldPairView { field: field.into(), source, target };
    let name = Some(FieldSide {
        label: "Device Name".into(),
        from: "facts.device_name, else facts.host_name".into(),
        note: "the name that its user gave it".into(),
        own: false,
    });
    let mut devices = vec![
        row("name", name, side("Name", "attributes.name, else attributes.hostname", false)),
        row(
            "serial",
            side("Serial Number", "facts.serial_number", false),
            side("Serial Number", "attributes.serial-number", false),
        ),
        row("asset_tag", side("Nickname", "facts.nickname", true), side("Asset Tag", "attributes.asset-tag", false)),
        row("hardware_uuid", side("Hardware UUID", "facts.mac_uuid", false), None),
    ];
    devices.extend((1..=20).map(|i| row(&format!("details.fact_{i}"), side("Fact", "facts.fact", false), None)));
    let companies = vec![row("name", side("Policy", "name", false), side("Name", "attributes.name", false))];
    let stream = |stream, source: &str, target: &str, rows| StreamFieldPairs {
        stream,
        source_word: source.into(),
        target_word: target.into(),
        rows,
    };
    FlowFields {
        flow,
        source: "Addigy".into(),
        target: "IT Glue".into(),
        files: ["/home/kim/.config/matchbook/connectors/addigy.toml".into(), String::new()],
        streams: vec![
            stream(Stream::Companies, "Policy", "Organization", companies),
            stream(Stream::Devices, "Device", "Configuration", devices),
        ],
    }
}
