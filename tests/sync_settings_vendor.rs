//! Sync settings and a vendor that filters by them: what was not asked for is not gone, pages of another question are
//! not continued, and what newer settings take is listed in full, by itself.

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use matchbook::connectors::{Ask, Budget, Choice, ChoiceList, ConnectionReport, Connector, Page, StreamInfo};
use matchbook::domain::{
    Company, Failure, FailureClass, IntegrationId, JunkList, Named, Record, RunState, ScopeRule, Stream,
    StreamProgress, SyncRules, SyncScope, SystemClock, Timestamp, Traits,
};
use matchbook::service::messages::{Command, Query, Reply, Request, View};
use matchbook::service::{Connected, Notices, Options, Service, SettingsFile};
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// What a listing was asked for.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    types: Vec<String>,
    after: Option<String>,
    since: bool,
}

#[derive(Default)]
struct Inner {
    companies: Vec<(u32, &'static str)>,
    asked: Vec<Asked>,
    /// Pages before the vendor fails.
    fail_after: Option<u32>,
    choices_asked: u32,
    choices_fail: bool,
}

/// A vendor that lists only what is asked for, ten a page.
#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Inner>>);

fn company(id: u32, kind: &str) -> Record {
    let mut company = Company::new(id.to_string(), format!("Company {id}"));
    company.types = vec![Named { id: String::new(), name: kind.into() }];
    Record::Company(Box::new(company))
}

impl Connector for Vendor {
    fn vendor(&self) -> &'static str {
        "Vendor"
    }

    fn streams(&self) -> Vec<StreamInfo> {
        vec![StreamInfo {
            stream: Stream::Companies,
            word_one: "Company".into(),
            word_many: "companies".into(),
            incremental: true,
            page_size: 100,
        }]
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        async { Ok(ConnectionReport::default()) }.boxed()
    }

    fn pages(&self, _: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        let mut inner = self.0.lock().unwrap();
        let since = ask.since.is_some();
        inner.asked.push(Asked { types: ask.scope.company_types.clone(), after: ask.after.clone(), since });
        let within =
            |record: &Record| ask.scope.judge(&Traits::of(record), false, Timestamp::UNIX_EPOCH).is_none() && !since;
        let listed: Vec<Record> = inner.companies.iter().map(|(id, kind)| company(*id, kind)).filter(within).collect();
        let total = listed.len();
        let start: u32 = ask.after.map_or(0, |after| after.parse().unwrap());
        let pages = u32::try_from(total.div_ceil(10)).unwrap().max(1);
        let page = |number: u32| Page {
            number,
            of: Some(pages),
            records: listed.iter().skip(10 * (number as usize - 1)).take(10).cloned().collect(),
            bad: Vec::new(),
            cursor: number.to_string(),
            total: Some(total as u64),
            took: Duration::ZERO,
            last: number == pages,
            whole: true,
        };
        let broken = || Failure::new(FailureClass::Vendor, "the vendor is down", "try later");
        let fail_after = inner.fail_after.take();
        let answers: Vec<Result<Page, Failure>> = (start + 1..=pages.max(start + 1))
            .map(|number| if fail_after.is_some_and(|n| number > n) { Err(broken()) } else { Ok(page(number)) })
            .collect();
        futures::stream::iter(answers).boxed()
    }

    fn choices(&self) -> BoxFuture<'_, Result<Vec<ChoiceList>, Failure>> {
        let mut inner = self.0.lock().unwrap();
        inner.choices_asked += 1;
        let answer = if inner.choices_fail {
            Err(Failure::new(FailureClass::Vendor, "the list is down", "try later"))
        } else {
            let choice = |name: &str, active, count| Choice { id: String::new(), name: name.into(), active, count };
            let choices = vec![
                choice("client", true, Some(31)),
                choice("Prospect", true, None),
                choice("Retired", false, Some(0)),
                choice("Old", false, Some(2)),
            ];
            Ok(vec![ChoiceList { rule: ScopeRule::CompanyTypes, choices }])
        };
        async { answer }.boxed()
    }

    fn budget(&self) -> Option<Budget> {
        None
    }
}

/// Keeps nothing: the service itself goes by what it was told.
struct Nowhere;

impl SettingsFile for Nowhere {
    fn save_scope(&self, _: &IntegrationId, _: &SyncScope) -> Result<(), Failure> {
        Ok(())
    }
}

struct Home {
    service: Service,
    store: Store,
    vendor: Vendor,
    _dir: TempDir,
}

const ID: &str = "psa";

impl Home {
    async fn new(companies: impl IntoIterator<Item = (u32, &'static str)>) -> Self {
        let vendor = Vendor::default();
        vendor.0.lock().unwrap().companies = companies.into_iter().collect();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let service = Service::start(Options {
            home: "settings".into(),
            actor: "tester".into(),
            store: store.clone(),
            clock: Arc::new(SystemClock),
            integrations: vec![Connected {
                id: ID.into(),
                connector: Arc::new(vendor.clone()),
                system: None,
                schedules: BTreeMap::new(),
                scope: SyncScope::default(),
            }],
            flows: Vec::new(),
            junk: JunkList::built_in(),
            rules: SyncRules::default(),
            scheduled: false,
            notices: Notices::default(),
            settings: Some(Arc::new(Nowhere)),
        })
        .unwrap();
        let home = Self { service, store, vendor, _dir: dir };
        home.sync().await;
        home
    }

    async fn command(&self, command: Command) {
        self.service.ask(Request::Command(command)).await.unwrap();
        self.service.settled().await.unwrap();
    }

    async fn sync(&self) {
        self.command(Command::Sync { integration: None, stream: None, full: false }).await;
    }

    async fn set(&self, types: &[&str], sync: bool) {
        let company_types = types.iter().map(|name| (*name).to_owned()).collect();
        let scope = SyncScope { company_types, ..SyncScope::default() };
        self.command(Command::SetSyncSettings { integration: ID.into(), scope, sync }).await;
    }

    async fn progress(&self) -> StreamProgress {
        match self.service.ask(Request::Query(Query::Overview)).await.unwrap() {
            Reply::View(View::Overview(overview)) => overview.integrations[0].streams[0].clone(),
            other => panic!("{other:?}"),
        }
    }

    async fn types(&self, ask: bool) -> Vec<String> {
        let query = Query::SyncSettings { integration: ID.into(), ask };
        match self.service.ask(Request::Query(query)).await.unwrap() {
            Reply::View(View::SyncSettings(settings)) => {
                let choices = settings.lists[0].choices.iter();
                choices.map(|c| format!("{} {} {:?}", c.name, c.records, c.at_vendor)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn orphans(&self) -> usize {
        let mut orphans = 0;
        let count = &mut |stored: matchbook::store::StoredRecord| {
            orphans += usize::from(stored.orphaned.is_some());
            std::ops::ControlFlow::Continue(())
        };
        self.store.each_record(&ID.into(), Stream::Companies, count).unwrap();
        orphans
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.vendor.0.lock().unwrap().asked)
    }
}

fn asked(types: &[&str], after: Option<&str>, since: bool) -> Asked {
    Asked { types: types.iter().map(|t| (*t).to_owned()).collect(), after: after.map(str::to_owned), since }
}

fn mixed() -> impl Iterator<Item = (u32, &'static str)> {
    (0..60).map(|n| (n, if n % 2 == 0 { "Client" } else { "Vendor" }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_asked_for_is_not_gone() {
    let home = Home::new(mixed()).await;
    home.set(&["Client"], true).await;
    assert_eq!(home.asked(), [asked(&[], None, false)], "narrowing needs nothing of the vendor");
    // A full listing without the vendors, and one client less: only that one is gone, and nobody is asked.
    home.vendor.0.lock().unwrap().companies.retain(|(id, _)| *id != 0);
    home.command(Command::Sync { integration: None, stream: None, full: true }).await;
    assert_eq!(home.asked(), [asked(&["Client"], None, false)]);
    let progress = home.progress().await;
    assert_eq!((progress.state, progress.stored, progress.left_out), (RunState::Ok, 59, 30));
    assert_eq!((progress.counts.read, progress.counts.left_out, home.orphans()), (29, 30, 1));
    // A vendor that becomes a client, and a client that becomes a vendor at the vendor: one comes, one goes.
    let retyped = |(id, kind): (u32, &'static str)| {
        (
            id,
            if id == 1 {
                "Client"
            } else if id == 2 {
                "Vendor"
            } else {
                kind
            },
        )
    };
    let companies: Vec<_> = mixed().skip(1).map(retyped).collect();
    home.vendor.0.lock().unwrap().companies = companies;
    home.command(Command::Sync { integration: None, stream: None, full: true }).await;
    let progress = home.progress().await;
    assert_eq!((progress.stored, progress.left_out, home.orphans()), (58, 29, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_newer_settings_take_is_listed_in_full() {
    let home = Home::new(mixed()).await;
    home.asked();
    home.set(&["client"], true).await;
    home.sync().await;
    home.vendor.0.lock().unwrap().companies.push((99, "Vendor"));
    home.sync().await;
    let since = asked(&["client"], None, true);
    assert_eq!(home.asked(), [since.clone(), since], "changes since the last run are enough");
    assert_eq!(home.progress().await.stored, 60, "the new one was not asked for");
    home.set(&["client", "vendor"], true).await;
    assert_eq!(home.asked(), [asked(&["client", "vendor"], None, false)], "started by itself");
    let progress = home.progress().await;
    assert_eq!((progress.stored, progress.left_out), (61, 0));
    // Without a sync at once, the next one knows what it has to ask for, also in another session.
    home.set(&["client"], true).await;
    home.sync().await;
    home.set(&[], false).await;
    assert_eq!(home.asked(), [asked(&["client"], None, true)]);
    home.sync().await;
    assert_eq!(home.asked(), [asked(&[], None, false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_another_question_are_not_continued() {
    let home = Home::new(mixed()).await;
    home.asked();
    let full = || Command::Sync { integration: None, stream: None, full: true };
    home.vendor.0.lock().unwrap().fail_after = Some(2);
    home.command(full()).await;
    home.sync().await;
    assert_eq!(home.asked(), [asked(&[], None, false), asked(&[], Some("2"), false)], "the same question goes on");
    home.vendor.0.lock().unwrap().fail_after = Some(2);
    home.command(full()).await;
    home.set(&["Vendor"], true).await;
    home.sync().await;
    let begins = home.asked();
    assert_eq!(begins[1].after, None, "{begins:?}");
    assert_eq!((home.orphans(), home.progress().await.left_out), (0, 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_own_choices_are_offered_and_a_failure_leaves_those_of_the_records() {
    let home = Home::new(mixed()).await;
    home.vendor.0.lock().unwrap().choices_fail = true;
    assert_eq!(home.types(true).await, ["Client 30 None", "Vendor 30 None"]);
    home.service.settled().await.unwrap();
    home.vendor.0.lock().unwrap().choices_fail = false;
    assert_eq!(home.types(false).await, ["Client 30 None", "Vendor 30 None"], "not asked");
    let all = ["Client 30 Some(31)", "Vendor 30 None", "Old 0 Some(2)", "Prospect 0 None"];
    assert_eq!(home.types(true).await, all, "a retired one only where something has it");
    assert_eq!(home.types(false).await, all, "what was told is kept");
    assert_eq!(home.types(true).await, all);
    assert_eq!(home.vendor.0.lock().unwrap().choices_asked, 2, "and not asked again at once");
}
