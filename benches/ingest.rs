//! How fast a home takes devices in, beside what reading the same pages without any work takes.
//!
//! `cargo bench --bench ingest` runs the simulated vendors, a plain reader of IT Glue's configurations and homes, each in
//! a process of its own, and prints records a second and peak memory; `benches/INGEST.md` has figures. `-- --devices N`
//! (default 100,000), `--page-size N` (default 1,000), `--ahead N`: pages that the plain reader asks for at once (default
//! 4; a sync asks for the next while it stores the one before).

use futures::StreamExt;
use matchbook::connectors::{self, Connection};
use matchbook::domain::{Flow, IntegrationId, JunkList, Stream, SyncRules, SyncScope, SystemClock};
use matchbook::secrets::Credentials;
use matchbook::service::messages::{Command, Query, Reply, Request, View};
use matchbook::service::{Connected, Notices, Options, Service};
use matchbook::simulator;
use matchbook::store::Store;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// As the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Any failure ends the measurement.
type Failed = Box<dyn std::error::Error>;

/// What was asked for.
struct Wanted {
    devices: usize,
    page: u32,
    ahead: usize,
}

fn main() -> Result<(), Failed> {
    // Cargo adds its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |name: &str, default: usize| {
        let at = arguments.iter().position(|a| a == name);
        at.and_then(|at| arguments.get(at + 1)).and_then(|n| n.parse().ok()).unwrap_or(default)
    };
    let wanted = Wanted {
        devices: number("--devices", 100_000),
        page: u32::try_from(number("--page-size", 1_000))?,
        ahead: number("--ahead", 4),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let role = arguments.first().map(String::as_str).filter(|role| !role.starts_with("--"));
    match role {
        Some("vendors") => runtime.block_on(vendors(&wanted)),
        Some("plain") => runtime.block_on(plain(&wanted, &arguments[1], &arguments[2])),
        Some("home") => runtime.block_on(home(&wanted, &arguments[1], &arguments[2], false)),
        Some("queue") => runtime.block_on(home(&wanted, &arguments[1], &arguments[2], true)),
        _ => measure(&wanted),
    }
}

fn start(role: &[&str], wanted: &Wanted) -> Result<Child, Failed> {
    let (devices, page, ahead) = (wanted.devices.to_string(), wanted.page.to_string(), wanted.ahead.to_string());
    let child = std::process::Command::new(std::env::current_exe()?)
        .args(role)
        .env("MIMALLOC_PURGE_DELAY", OsStr::new("10"))
        .args(["--devices", &devices, "--page-size", &page, "--ahead", &ahead])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

fn first_line(child: &mut Child) -> Result<String, Failed> {
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn measure(wanted: &Wanted) -> Result<(), Failed> {
    let mut world = start(&["vendors"], wanted)?;
    let ends = first_line(&mut world)?;
    let (url, key) = ends.split_once(' ').ok_or("the vendors did not start")?;
    println!("{} devices, {} rows a page", wanted.devices, wanted.page);
    for (role, words) in [
        ("plain", "plain paging, bodies dropped"),
        ("home", "a home: read, checked, stored with its log"),
        ("queue", "a home with a flow: also compared and in its queue"),
    ] {
        let mut child = start(&[role, url, key], wanted)?;
        let said = first_line(&mut child)?;
        child.wait()?;
        println!("{words}: {said}");
    }
    world.kill()?;
    world.wait()?;
    Ok(())
}

async fn vendors(wanted: &Wanted) -> Result<(), Failed> {
    let options = simulator::Options { companies: wanted.devices / 100, devices: wanted.devices, ..Default::default() };
    let simulator = simulator::start(options).await?;
    let end = &simulator.endpoints().itglue;
    println!("{} {}", end.base_url, end.api_key);
    std::future::pending::<()>().await;
    Ok(())
}

/// Peak of this process's memory, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn tell(rows: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{rows} rows in {seconds:.1} s, {:.0} a second, peak {} MB", rows as f64 / seconds, peak());
}

/// Reads every page and drops its body.
async fn plain(wanted: &Wanted, url: &str, key: &str) -> Result<(), Failed> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let page = |number: u32| {
        let request = client.get(format!("{url}/configurations")).header("x-api-key", key).query(&[
            ("page[size]", wanted.page.to_string()),
            ("page[number]", number.to_string()),
            ("sort", "id".to_owned()),
        ]);
        async move { request.send().await?.error_for_status()?.bytes().await }
    };
    let began = Instant::now();
    let first: serde_json::Value = serde_json::from_slice(&page(1).await?)?;
    let total = first["meta"]["total-count"].as_u64().ok_or("no total")?;
    let pages = u32::try_from(total.div_ceil(u64::from(wanted.page)))?;
    let mut rest = futures::stream::iter(2..=pages).map(page).buffered(wanted.ahead);
    while let Some(body) = rest.next().await {
        body?;
    }
    tell(total, began);
    Ok(())
}

/// Syncs the same rows into a home; `queue`: one with a flow, whose queue they come to stand in.
async fn home(wanted: &Wanted, url: &str, key: &str, queue: bool) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let notices = Notices::default();
    let id: IntegrationId = "itglue".into();
    let connection = Connection {
        integration: id.clone(),
        connector: "itglue".into(),
        base_url: Some(url.to_owned()),
        region: None,
        options: BTreeMap::new(),
        credentials: Credentials::from_pairs([("api_key", key.to_owned().into())]),
        requests_per_second: Some(1_000.0),
        page_size: Some(wanted.page),
        files: BTreeMap::new(),
        mapping_override_dir: None,
    };
    let connector = connectors::connect(connection, notices.observer(&id))?;
    let scope = SyncScope::default();
    let integrations = vec![Connected { id: id.clone(), connector, system: None, schedules: BTreeMap::new(), scope }];
    let service = Service::start(Options {
        home: "ingest".into(),
        actor: "ingest".into(),
        store: Store::open(&dir.path().join("store"))?,
        clock: Arc::new(SystemClock),
        integrations,
        flows: if queue { vec![Flow::new("itglue-inventory", "itglue", "inventory")] } else { Vec::new() },
        junk: JunkList::built_in(),
        rules: SyncRules::default(),
        scheduled: false,
        notices,
        settings: None,
    })?;
    service.settled().await?;
    let began = Instant::now();
    let command = Command::Sync { integration: Some(id.clone()), stream: Some(Stream::Devices), full: false };
    service.ask(Request::Command(command)).await?;
    service.settled().await?;
    let Reply::View(View::Overview(overview)) = service.ask(Request::Query(Query::Overview)).await? else {
        return Err("no overview".into());
    };
    let stream = overview.integrations[0].streams.iter().find(|s| s.stream == Stream::Devices);
    tell(stream.map_or(0, |s| s.stored), began);
    service.stop().await;
    Ok(())
}
