//! What a value must be beyond its type. Every message starts with the key's full path.

use super::model::{VIEW_FILTERS, VIEW_SORTS};
use super::{Config, FlowConfig, IntegrationConfig, SyncConfig, THEMES, ViewConfig};
use crate::domain::{Failure, FailureClass, IntegrationId, ScopeRule, Stream, SyncScope};
use crate::domain::{Schedule, Zone};
use std::collections::HashSet;
use url::{Host, Url};

/// Least likeness of a known name that is offered for an unknown one.
const ALIKE: f64 = 0.75;

/// Longest name of an integration or flow.
const LONGEST_NAME: usize = 64;

/// Checks everything.
pub(super) fn all(config: &Config) -> Result<(), Failure> {
    if !THEMES.contains(&config.ui.theme.as_str()) {
        let what = format!("ui.theme is `{}`{}", config.ui.theme, meant(&config.ui.theme, &THEMES));
        return Err(wrong(what, format!("themes are {}", THEMES.join(", "))));
    }
    config
        .backup
        .schedule()
        .map_err(|failure| Failure { what: format!("backup.every: {}", failure.what), ..failure })?;
    if config.backup.keep == 0 {
        return Err(wrong("backup.keep must be at least 1", "to make no backups, set every = \"off\""));
    }
    config.ui.views.iter().try_for_each(view)?;
    sync(&config.sync)?;
    config.integrations.iter().try_for_each(integration)?;
    flows(config)
}

fn view(view: &ViewConfig) -> Result<(), Failure> {
    let path = format!("ui.views.{}", view.name);
    for (key, value, known) in
        [("filter", &view.filter, VIEW_FILTERS.as_slice()), ("sort", &view.sort, VIEW_SORTS.as_slice())]
    {
        if !known.contains(&value.as_str()) {
            let what = format!("{path}.{key} is `{value}`{}", meant(value, known));
            return Err(wrong(what, format!("write one of {}", known.join(", "))));
        }
    }
    Ok(())
}

fn sync(sync: &SyncConfig) -> Result<(), Failure> {
    if !(1..=90).contains(&sync.full_every_days) {
        return Err(wrong("sync.full_every_days must be 1 to 90", "only full listings find what is gone"));
    }
    if !(1..=24 * 60).contains(&sync.overlap_minutes) {
        return Err(wrong("sync.overlap_minutes must be 1 to 1440", "10 is enough for every vendor known"));
    }
    if !(1..=100).contains(&sync.ask_percent) {
        return Err(wrong("sync.ask_percent must be 1 to 100", "10 asks when a tenth of a stream would change"));
    }
    if sync.spread_minutes > 12 * 60 {
        return Err(wrong("sync.spread_minutes must be at most 720", "5 keeps streams from starting all at once"));
    }
    let zone = Zone::parse(&sync.timezone);
    zone.map(drop).map_err(|failure| Failure { what: format!("sync.timezone: {}", failure.what), ..failure })
}

fn integration(integration: &IntegrationConfig) -> Result<(), Failure> {
    let path = format!("integrations.{}", integration.name);
    name(&path, integration.name.as_str())?;
    if integration.name.is_inventory() {
        let what = format!("{path} has the name of matchbook's own register");
        return Err(wrong(what, "give the integration another name"));
    }
    if integration.connector.trim().is_empty() {
        return Err(wrong(format!("{path}.connector is empty"), "write the connector's name: addigy, itglue, csv"));
    }
    if let Some(text) = &integration.base_url {
        base_url(text).map_err(|reason| {
            wrong(format!("{path}.base_url {reason}"), "write an https address; http only to this machine")
        })?;
    }
    if integration.requests_per_second.is_some_and(|rate| !(rate > 0.0 && rate <= 1000.0)) {
        return Err(wrong(format!("{path}.requests_per_second must be above 0 and at most 1000"), ""));
    }
    if integration.page_size.is_some_and(|size| !(1..=10_000).contains(&size)) {
        return Err(wrong(format!("{path}.page_size must be 1 to 10000"), ""));
    }
    for (stream, text) in &integration.schedule {
        Schedule::parse(text)
            .map_err(|failure| Failure { what: format!("{path}.schedule.{stream}: {}", failure.what), ..failure })?;
    }
    scope(&format!("{path}.sync"), &integration.sync)
}

/// Longest age of tickets, in months: fifty years.
const LONGEST_AGE: u32 = 600;

/// What can be checked without knowing the vendor's names.
pub(super) fn scope(path: &str, scope: &SyncScope) -> Result<(), Failure> {
    for rule in ScopeRule::LISTS {
        let names = scope.chosen(rule);
        if names.iter().any(|name| name.trim().is_empty()) {
            let remedy = "take it out; an empty list takes everything";
            return Err(wrong(format!("{path}.{rule} holds an empty name"), remedy));
        }
    }
    if scope.ticket_months > LONGEST_AGE {
        let what = format!("{path}.ticket_months is {}", scope.ticket_months);
        return Err(wrong(what, format!("write 1 to {LONGEST_AGE}, or 0 for tickets of any age")));
    }
    Ok(())
}

/// Only valid TLS, and plain http only to loopback (the simulator).
fn base_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|e| format!("is no address: {e}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or password; secrets belong into the vault".into());
    }
    let loopback = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("names no host".into()),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback => Ok(()),
        "http" => Err("is plain http to another machine: keys would travel in the open".into()),
        other => Err(format!("has the scheme {other}")),
    }
}

/// Checks the flows against the integrations.
pub(super) fn flows(config: &Config) -> Result<(), Failure> {
    config.flows.iter().try_for_each(|flow| self::flow(flow, config))
}

fn flow(flow: &FlowConfig, config: &Config) -> Result<(), Failure> {
    let path = format!("flows.{}", flow.name);
    name(&path, flow.name.as_str())?;
    for (key, end) in [("source", &flow.source), ("target", &flow.target)] {
        if config.integration(end).is_none() && !end.is_inventory() {
            return Err(no_integration(&format!("{path}.{key}"), end, config));
        }
    }
    if flow.source == flow.target {
        return Err(wrong(format!("{path} goes from {} to itself", flow.source), "name two integrations"));
    }
    let mut streams = HashSet::new();
    if flow.streams.is_empty() || !flow.streams.iter().all(|stream| streams.insert(*stream)) {
        return Err(wrong(format!("{path}.streams must name at least one stream, each once"), all_streams()));
    }
    if let Some(stream) = flow.streams.iter().find(|stream| !Stream::MATCHED.contains(stream)) {
        return Err(wrong(format!("{path}.streams has {stream}, which have no counterparts to match"), all_streams()));
    }
    if let (Some(stream), false) = (flow.streams.first(), streams.contains(&Stream::Companies)) {
        return Err(wrong(
            format!("{path}.streams has {stream} without companies"),
            format!("add companies: {stream} are matched inside their company"),
        ));
    }
    Ok(())
}

fn all_streams() -> String {
    format!("streams are {}", Stream::MATCHED.map(Stream::name).join(", "))
}

fn no_integration(path: &str, name: &IntegrationId, config: &Config) -> Failure {
    let known: Vec<&str> = config.integrations.iter().map(|integration| integration.name.as_str()).collect();
    let remedy = if known.is_empty() {
        "add the integration with `matchbook connect`".to_owned()
    } else {
        format!("integrations are {}", known.join(", "))
    };
    wrong(format!("{path} is `{name}`, and there is no such integration{}", meant(name.as_str(), &known)), remedy)
}

fn name(path: &str, name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
        return Err(wrong(
            format!("{path}: names have 1 to {LONGEST_NAME} letters, digits, `-`, `_` or `.`"),
            "rename it",
        ));
    }
    Ok(())
}

/// The known word that is most like the given one, if any is alike enough.
pub(super) fn closest<'a>(word: &str, known: &[&'a str], alike: f64) -> Option<&'a str> {
    let scored = known.iter().map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate));
    scored.filter(|(score, _)| *score >= alike).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}

fn meant(word: &str, known: &[&str]) -> String {
    closest(word, known, ALIKE).map(|candidate| format!(" — did you mean `{candidate}`?")).unwrap_or_default()
}

fn wrong(what: impl AsRef<str>, remedy: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Usage, what, remedy)
}
