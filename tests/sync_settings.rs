//! Sync settings at work: what narrowing leaves out keeps its match, what widening takes comes back with it, and the
//! preview says exactly that beforehand. Exported files on both sides, so that every record is known.

use matchbook::config::{self, Editor, IntegrationConfig};
use matchbook::connectors::{self, Connection};
use matchbook::domain::{
    Failure, Flow, IntegrationId, JunkList, MatchState, Stream, SyncRules, SyncScope, SystemClock, TypesMode,
};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{
    Command, DecideAction, Filter, Query, QueueRow, Reply, Request, ScopePreview, Selection, Sort, StateCounts,
    SyncSettings, View, ViewSpec, WhyRecord,
};
use matchbook::service::{Connected, Notices, Options, Service, SettingsFile};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const COMPANIES: &str = "\
Company ID,Company Name,Company Type,Company Status
c1,Harbor Dental,Client,Active
c2,Blue Ridge Realty,Client,Active
c3,Northwind Supplies,Vendor,Active
c4,Fabrikam,Prospect,Inactive
";

const DEVICES: &str = "\
Device ID,Device Name,Company ID,Serial Number,Device Type,Status
d1,harbor-1,c1,C02XK0AAJG5J,Laptop,Active
d2,harbor-2,c1,C02XK0AAJG5K,Printer,Active
d3,ridge-1,c2,C02XK0AAJG5L,Laptop,Retired
d4,north-1,c3,C02XK0AAJG5M,Laptop,Active
d5,north-2,c3,C02XK0AAJG5N,,Active
d6,nobody,,C02XK0AAJG5P,Laptop,Active
";

/// A configuration that the service writes to, as the program's does.
struct InConfig(PathBuf);

impl SettingsFile for InConfig {
    fn save_scope(&self, integration: &IntegrationId, scope: &SyncScope) -> Result<(), Failure> {
        let mut editor = Editor::open(&self.0)?;
        assert!(editor.set_scope(integration, scope)?);
        editor.save()
    }
}

struct Home {
    service: Service,
    store: Store,
    dir: TempDir,
}

fn flow() -> Flow {
    Flow { roll_up: false, needs_devices: false, auto_accept: false, ..Flow::new("psa-docs", "psa", "docs") }
}

/// Opens the store once the threads of a service that was stopped have let go of it.
async fn store_of(dir: &Path) -> Store {
    loop {
        match Store::open(&dir.join("store")) {
            Ok(store) => return store,
            Err(failure) if failure.what.contains("in use") => tokio::task::yield_now().await,
            Err(failure) => panic!("{failure}"),
        }
    }
}

async fn open(dir: &Path) -> (Service, Store) {
    let config = config::load(&dir.join("config.toml")).unwrap().config;
    let store = store_of(dir).await;
    let notices = Notices::default();
    let connect = |integration: &IntegrationConfig| {
        let connection = Connection {
            integration: integration.name.clone(),
            connector: "csv".into(),
            base_url: None,
            region: None,
            options: BTreeMap::default(),
            credentials: Credentials::none(),
            requests_per_second: None,
            page_size: None,
            files: BTreeMap::from([
                (Stream::Companies, dir.join(format!("{}-companies.csv", integration.name))),
                (Stream::Devices, dir.join(format!("{}-devices.csv", integration.name))),
            ]),
            mapping_override_dir: None,
        };
        Connected {
            id: integration.name.clone(),
            connector: connectors::connect(connection, notices.observer(&integration.name)).unwrap(),
            system: None,
            schedules: BTreeMap::new(),
            scope: integration.sync.clone(),
        }
    };
    let service = Service::start(Options {
        home: "settings".into(),
        actor: "tester".into(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        integrations: config.integrations.iter().map(connect).collect(),
        flows: vec![flow()],
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices,
        settings: Some(Arc::new(InConfig(dir.join("config.toml")))),
    })
    .unwrap();
    (service, store)
}

impl Home {
    /// Both sides read, companies and devices of Harbor, Ridge and Northwind matched by hand.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut editor = Editor::open(&dir.path().join("config.toml")).unwrap();
        for name in ["psa", "docs"] {
            editor.set_integration(&IntegrationConfig::new(name, "csv")).unwrap();
            let ours = |text: &str| {
                if name == "docs" {
                    text.replace("\nc", "\nt-c").replace("\nd", "\nt-d").replace(",c", ",t-c")
                } else {
                    text.to_owned()
                }
            };
            fs::write(dir.path().join(format!("{name}-companies.csv")), ours(COMPANIES)).unwrap();
            fs::write(dir.path().join(format!("{name}-devices.csv")), ours(DEVICES)).unwrap();
        }
        editor.save().unwrap();
        let (service, store) = open(dir.path()).await;
        let home = Self { service, store, dir };
        home.sync().await;
        for (stream, ids) in [(Stream::Companies, ["c1", "c2", "c3"]), (Stream::Devices, ["d1", "d3", "d4"])] {
            for id in ids {
                let action = DecideAction::Match { target: format!("t-{id}").into() };
                let rows = Selection::Rows(vec![id.into()]);
                home.command(Command::Decide { flow: flow().id, stream, action, rows }).await;
            }
        }
        home.service.settled().await.unwrap();
        home
    }

    async fn sync(&self) {
        self.command(Command::Sync { integration: None, stream: None, full: false }).await;
        self.service.settled().await.unwrap();
    }

    async fn reopen(self) -> Self {
        let Self { service, store, dir } = self;
        service.stop().await;
        drop((service, store));
        let (service, store) = open(dir.path()).await;
        service.settled().await.unwrap();
        Self { service, store, dir }
    }

    async fn command(&self, command: Command) {
        self.service.ask(Request::Command(command)).await.unwrap();
    }

    async fn query(&self, query: Query) -> View {
        match self.service.ask(Request::Query(query)).await.unwrap() {
            Reply::View(view) => view,
            other => panic!("{other:?}"),
        }
    }

    async fn rows(&self, stream: Stream, filter: Filter) -> Vec<QueueRow> {
        let view = ViewSpec {
            flow: flow().id,
            stream,
            filter,
            find: String::new(),
            sort: Sort::default(),
            company: None,
            alike: None,
        };
        let View::Window(window) = self.query(Query::Window { view, offset: 0, limit: 100, anchor: None }).await else {
            panic!("a window")
        };
        let mut rows = window.rows;
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        // What the engine would say of a decided row is not part of its decision.
        rows.iter_mut().filter(|row| !row.state.is_open()).for_each(|row| row.confidence = None);
        rows
    }

    async fn ids(&self, stream: Stream, filter: Filter) -> Vec<String> {
        self.rows(stream, filter).await.into_iter().map(|row| row.id.to_string()).collect()
    }

    async fn counts(&self, stream: Stream) -> StateCounts {
        let View::Overview(overview) = self.query(Query::Overview).await else { panic!("an overview") };
        overview.flows[0].tabs.iter().find(|tab| tab.stream == stream).unwrap().counts
    }

    async fn settings(&self, integration: &str) -> SyncSettings {
        let query = Query::SyncSettings { integration: integration.into(), ask: false };
        let View::SyncSettings(settings) = self.query(query).await else { panic!("settings") };
        *settings
    }

    async fn preview(&self, integration: &str, scope: &SyncScope) -> ScopePreview {
        let query = Query::PreviewSyncSettings { integration: integration.into(), scope: scope.clone() };
        let View::ScopePreview(preview) = self.query(query).await else { panic!("a preview") };
        preview
    }

    async fn set(&self, integration: &str, scope: &SyncScope) {
        let integration = integration.into();
        self.command(Command::SetSyncSettings { integration, scope: scope.clone(), sync: false }).await;
        self.service.settled().await.unwrap();
    }

    async fn why(&self, text: &str) -> Vec<WhyRecord> {
        let View::Why(records) = self.query(Query::Why { text: text.into() }).await else { panic!("why") };
        records
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn clients() -> SyncScope {
    SyncScope { company_types: names(&["client"]), ..SyncScope::default() }
}

/// `2 companies, 1 matched` by stream.
fn told(moves: &[matchbook::service::messages::StreamMove]) -> Vec<String> {
    moves.iter().map(|m| format!("{} {}, {} matched", m.records, m.word, m.matched)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn narrowing_keeps_matches_and_widening_brings_them_back() {
    let home = Home::new().await;
    let before = (home.rows(Stream::Companies, Filter::All).await, home.rows(Stream::Devices, Filter::All).await);
    assert_eq!((before.0.len(), before.1.len()), (4, 6));
    let preview = home.preview("psa", &clients()).await;
    assert_eq!(told(&preview.leaves), ["2 companies, 1 matched", "2 devices, 1 matched"]);
    assert!(preview.enters.is_empty() && preview.asks.is_empty(), "{preview:?}");
    let first: Vec<(&str, &str, bool)> =
        preview.first.iter().map(|m| (m.name.as_str(), m.why.as_str(), m.matched)).collect();
    assert_eq!(
        first,
        [
            ("Northwind Supplies", "type Vendor is not chosen", true),
            ("Fabrikam", "type Prospect is not chosen", false),
            ("north-1", "its company is left out", true),
            ("north-2", "its company is left out", false),
        ]
    );

    home.set("psa", &clients()).await;
    assert_eq!(home.ids(Stream::Companies, Filter::LeftOut).await, ["c3"], "what was decided stays to be seen");
    assert_eq!(home.ids(Stream::Devices, Filter::LeftOut).await, ["d4"]);
    assert_eq!(home.ids(Stream::Companies, Filter::Open).await, [""; 0], "Fabrikam is no work any more");
    assert_eq!(home.ids(Stream::Devices, Filter::All).await, ["d1", "d2", "d3", "d4", "d6"]);
    let (companies, devices) = (home.counts(Stream::Companies).await, home.counts(Stream::Devices).await);
    assert_eq!((companies.open(), companies.matched, companies.left_out), (0, 3, 1));
    assert_eq!((devices.open(), devices.matched, devices.left_out), (2, 3, 1));
    let row = &home.rows(Stream::Devices, Filter::LeftOut).await[0];
    assert_eq!((row.state, row.target.as_ref().unwrap().name.as_str()), (MatchState::Matched, "north-1"));
    assert_eq!(row.left_out, "its company is left out: type Vendor is not chosen");
    let decision = home.store.decision(&flow().id, Stream::Companies, &"c3".into()).unwrap();
    assert!(decision.is_some(), "the match is in the store");
    let gates = &home.why("north-1").await[0].gates;
    let gate = gates.iter().find(|gate| !gate.passed).unwrap();
    assert_eq!(gate.text, "no, left out: its company is left out: type Vendor is not chosen");

    let preview = home.preview("psa", &SyncScope::default()).await;
    assert_eq!(told(&preview.enters), ["2 companies, 1 matched", "2 devices, 1 matched"]);
    assert_eq!((preview.leaves.len(), preview.asks.join(" ")), (0, "companies devices".to_owned()));
    home.set("psa", &SyncScope::default()).await;
    let after = (home.rows(Stream::Companies, Filter::All).await, home.rows(Stream::Devices, Filter::All).await);
    assert_eq!(before, after, "as if nothing had happened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_hold_over_a_restart_and_for_what_a_sync_brings() {
    let home = Home::new().await;
    let scope = SyncScope { device_statuses: names(&["Active"]), ..clients() };
    home.set("psa", &scope).await;
    let before = (home.rows(Stream::Companies, Filter::All).await, home.rows(Stream::Devices, Filter::All).await);
    assert_eq!(home.ids(Stream::Devices, Filter::LeftOut).await, ["d3", "d4"]);
    let home = home.reopen().await;
    assert_eq!(home.settings("psa").await.scope, scope, "it stands in the configuration");
    let after = (home.rows(Stream::Companies, Filter::All).await, home.rows(Stream::Devices, Filter::All).await);
    let plain =
        |rows: &[QueueRow]| -> Vec<_> { rows.iter().map(|r| (r.id.clone(), r.state, r.left_out.clone())).collect() };
    assert_eq!((plain(&before.0), plain(&before.1)), (plain(&after.0), plain(&after.1)));
    // Northwind becomes a client at the vendor, Harbor a former one, and a new vendor comes with a device.
    let companies = COMPANIES.replace("Supplies,Vendor", "Supplies,Client").replace("Dental,Client", "Dental,Former");
    fs::write(home.dir.path().join("psa-companies.csv"), companies + "c5,Tailspin,Vendor,Active\n").unwrap();
    let devices = DEVICES.to_owned() + "d7,tail-1,c5,C02XK0AAJG5Q,Laptop,Active\n";
    fs::write(home.dir.path().join("psa-devices.csv"), devices).unwrap();
    home.sync().await;
    assert_eq!(home.ids(Stream::Companies, Filter::LeftOut).await, ["c1"]);
    assert_eq!(home.ids(Stream::Companies, Filter::State(MatchState::Matched)).await, ["c1", "c2", "c3"]);
    assert_eq!(home.ids(Stream::Devices, Filter::LeftOut).await, ["d1", "d3"]);
    assert!(!home.ids(Stream::Devices, Filter::All).await.contains(&"d7".to_owned()));
    let View::Overview(overview) = home.query(Query::Overview).await else { panic!("an overview") };
    let streams = &overview.integrations[0].streams;
    assert_eq!(streams.iter().map(|s| (s.stored, s.left_out)).collect::<Vec<_>>(), [(5, 3), (7, 4)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narrowed_target_is_not_proposed_but_keeps_its_matches() {
    let home = Home::new().await;
    assert_eq!(home.ids(Stream::Devices, Filter::State(MatchState::Suggested)).await, ["d2", "d5", "d6"]);
    let laptops = SyncScope { device_types: names(&["LAPTOP"]), untyped: false, ..SyncScope::default() };
    let preview = home.preview("docs", &laptops).await;
    assert_eq!(told(&preview.leaves), ["2 devices, 0 matched"]);
    home.set("docs", &laptops).await;
    assert_eq!(home.ids(Stream::Devices, Filter::State(MatchState::Suggested)).await, ["d6"]);
    assert_eq!(home.ids(Stream::Devices, Filter::State(MatchState::Matched)).await, ["d1", "d3", "d4"]);
    let retired = SyncScope { device_statuses: names(&["Active"]), ..SyncScope::default() };
    home.set("docs", &retired).await;
    assert_eq!(home.ids(Stream::Devices, Filter::State(MatchState::Matched)).await, ["d1", "d3", "d4"]);
    let query = Query::Compare { flow: flow().id, stream: Stream::Devices, source: "d3".into(), target: None };
    let View::Compare(compare) = home.query(query).await else { panic!("a comparison") };
    let warning = "the target is left out by the sync settings: status Retired is not chosen";
    assert!(compare.warnings.iter().any(|w| w == warning), "{:?}", compare.warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_are_counted_and_names_that_nothing_has_are_named() {
    let home = Home::new().await;
    let scope =
        SyncScope { company_types: names(&["Cleint"]), company_types_mode: TypesMode::Any, ..SyncScope::default() };
    home.set("psa", &scope).await;
    let settings = home.settings("psa").await;
    let shown: Vec<String> = settings
        .lists
        .iter()
        .map(|list| {
            let choices = list.choices.iter().map(|c| format!("{} {}/{}/{}", c.name, c.records, c.matched, c.open));
            format!("{}: {} (none {})", list.title, choices.collect::<Vec<_>>().join(", "), list.none.records)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Company types: Client 2/2/0, Prospect 1/0/1, Vendor 1/1/0, Cleint 0/0/0 (none 0)",
            "Company statuses: Active 3/3/0, Inactive 1/0/1 (none 0)",
            "Device types: Laptop 4/3/1, Printer 1/0/1 (none 1)",
            "Device statuses: Active 5/2/3, Retired 1/1/0 (none 0)",
        ]
    );
    let streams: Vec<_> =
        settings.streams.iter().map(|s| (s.word.as_str(), s.records, s.left_out, s.matched)).collect();
    assert_eq!(streams, [("companies", 4, 4, 3), ("devices", 6, 5, 3)]);
    assert_eq!(settings.warnings, ["company_types: nothing has “Cleint” — did you mean “Client”?"]);
    let refused = SyncScope { company_types: names(&[""]), ..SyncScope::default() };
    let command = Command::SetSyncSettings { integration: "psa".into(), scope: refused, sync: false };
    let failure = home.service.ask(Request::Command(command)).await.unwrap_err();
    assert!(failure.what.contains("integrations.psa.sync.company_types"), "{failure}");
    assert_eq!(home.settings("psa").await.scope, scope, "nothing was changed");
}
