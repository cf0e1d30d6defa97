//! What all listings of one account share: the client, the mapping, where the account lives, the look-ups.

use super::contract::{Connection, Host, Observer};
use super::dialect::{Dialect, Located, dialect, parse};
use super::http::{BodyFault, Call, CallError, CallErrorKind, Http, Pacer, Received, Setup, Tuning, base_address};
use super::mapping::{Limit, Mapping, StreamMap, Values};
use super::tables::Cache;
use crate::domain::{Failure, FailureClass, LogLevel, Stream};
use crate::secrets::Redactor;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How often the vendor is asked how much of the limit is used, where it tells.
const USAGE_EVERY: Duration = Duration::from_mins(5);

/// Share of the vendor's limit above which matchbook waits: the rest is for people and other programs.
const CEILING: f64 = 0.9;

/// How long a place that was looked up again is believed: a missing row looks like a lost account.
const BELIEVED: Duration = Duration::from_mins(10);

/// One account of a vendor.
pub(super) struct Shared {
    pub(super) http: Http,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) mapping: Mapping,
    pub(super) page_size: Option<u32>,
    pub(super) tables: Cache,
    values: Values,
    /// The configured address.
    configured: Url,
    whereabouts: tokio::sync::Mutex<Option<Located>>,
    /// When the account was last looked for again.
    looked_again: Mutex<Option<Instant>>,
    usage_at: tokio::sync::Mutex<Option<Instant>>,
    /// Paths that give no links, so that the order has to be asked for.
    unlinked: Mutex<BTreeSet<String>>,
}

impl Shared {
    /// The account of a connection; nothing is sent yet.
    pub(super) fn new(
        mapping: Mapping,
        from: &Connection,
        observer: Observer,
        tuning: Tuning,
    ) -> Result<Self, Failure> {
        let no_api = || {
            Failure::new(FailureClass::Usage, format!("the mapping of {} lacks dialect or auth", mapping.vendor), "")
        };
        let dialect = dialect(mapping.dialect).ok_or_else(no_api)?;
        let auth = mapping.auth.as_ref().ok_or_else(no_api)?;
        let configured = dialect.address(base_address(&address(&mapping, from)?, &mapping.path_prefix)?);
        let values = Values { credentials: from.credentials.clone(), options: from.options.clone() };
        let headers = auth.headers(&values).map_err(|missing| lacks(&mapping, from, &missing))?;
        let identity: Vec<&str> = headers.iter().map(|(_, value)| value.expose_secret()).collect();
        let pacer = Pacer::shared(
            configured.authority(),
            &identity.join("\n"),
            pacer(mapping.limit, from.requests_per_second).clock(Arc::clone(&tuning.clock)),
        );
        let redactor = Redactor::new(values.credentials.secrets().chain(headers.iter().map(|(_, value)| value)));
        let http = Http::new(Setup {
            vendor: mapping.vendor.clone(),
            base: configured.clone(),
            headers,
            redactor,
            media_type: mapping.media_type.clone(),
            accept: mapping.accept.clone(),
            pacer,
            tuning,
            observer,
            key_help: mapping.key_help.clone(),
            explain: Box::new(move |body| dialect.error(&parse(body).ok()?)),
        })?;
        Ok(Self {
            http,
            dialect,
            tables: Cache::new(mapping.lookups.keys()),
            mapping,
            page_size: from.page_size,
            values,
            configured,
            whereabouts: tokio::sync::Mutex::default(),
            looked_again: Mutex::default(),
            usage_at: tokio::sync::Mutex::default(),
            unlinked: Mutex::default(),
        })
    }

    /// Sends a call to where the account lives. When that turns out to be elsewhere, it is looked up once more.
    pub(super) async fn ask<T, D>(&self, call: &Call, decode: D) -> Result<T, CallError>
    where
        T: Send + 'static,
        D: Fn(Received<'_>) -> Result<T, BodyFault> + Clone + Send + 'static,
    {
        self.locate(false).await?;
        self.keep_below_ceiling(call).await?;
        let asked = self.http.base();
        match self.http.ask(call, decode.clone()).await {
            Err(error) if matches!(error.kind, CallErrorKind::Unauthorized | CallErrorKind::NotFound) => {
                // Several requests may notice it at once: the first one looks, the others go where it went.
                let moved = self.http.base() != asked || self.locate(true).await.unwrap_or(false);
                if moved { self.http.ask(call, decode).await } else { Err(error) }
            }
            answer => answer,
        }
    }

    /// Finds out where the account lives, once, or once more when that is lost; true when it lives elsewhere now.
    async fn locate(&self, lost: bool) -> Result<bool, CallError> {
        let mut known = self.whereabouts.lock().await;
        if known.is_some() && !lost {
            return Ok(false);
        }
        let Some(url) = self.dialect.whereabouts(&self.configured, &self.values, lost) else { return Ok(false) };
        if lost && !self.may_look_again() {
            return Ok(false);
        }
        let (dialect, configured, values) = (self.dialect, self.configured.clone(), self.values.clone());
        let read = move |received: Received<'_>| {
            let body = parse(received.body)?;
            match dialect.error(&body) {
                Some(error) => Err(BodyFault::Error(error)),
                None => Ok(dialect.located(&configured, &values, &body)),
            }
        };
        let located = match self.http.ask(&Call::open(url), read).await {
            Ok(Ok(located)) => located,
            Ok(Err(what)) => {
                return Err(CallError::last(Failure::new(FailureClass::Credentials, what, &*self.mapping.key_help)));
            }
            Err(error) => match self.dialect.presumed(&self.configured).filter(|_| !lost) {
                Some(base) => {
                    let text = format!("{}; going on with {}", error.failure.what, base.path());
                    self.http.remark(LogLevel::Warn, &text);
                    Located { base, account: None, note: String::new() }
                }
                None => return Err(error),
            },
        };
        let moved = self.http.move_to(located.base.clone());
        if moved && lost {
            let place = located.base.host_str().unwrap_or_default().to_owned() + located.base.path();
            self.http.remark(LogLevel::Info, &format!("{} has moved the account to {place}", self.mapping.vendor));
        }
        *known = Some(located);
        Ok(moved)
    }

    fn may_look_again(&self) -> bool {
        let mut last = self.looked_again.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|at| at.elapsed() >= BELIEVED);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    /// Where the account lives, once a call went out.
    pub(super) async fn located(&self) -> Option<Located> {
        self.whereabouts.lock().await.clone()
    }

    /// Where the vendor counts all programs together: waits while little of the limit is left.
    async fn keep_below_ceiling(&self, next: &Call) -> Result<(), CallError> {
        let Some(call) = self.dialect.usage_call().filter(|call| call.path != next.path) else { return Ok(()) };
        let mut asked = self.usage_at.lock().await;
        if asked.is_some_and(|at| at.elapsed() < USAGE_EVERY) {
            return Ok(());
        }
        let dialect = self.dialect;
        let read = move |received: Received<'_>| Ok(dialect.usage(&parse(received.body)?));
        let mut waits = 0;
        loop {
            // A vendor that does not tell does not keep the listing from going on.
            let Ok(Some(usage)) = self.http.ask(&call, read).await else { break };
            self.http.pacer().learn(usage.used, usage.limit);
            if f64::from(usage.used) < f64::from(usage.limit) * CEILING {
                break;
            }
            waits += 1;
            let what = format!(
                "{}: {} of the {} requests that all programs together may send are used",
                self.mapping.vendor, usage.used, usage.limit
            );
            if waits > 15 {
                let remedy = "the sync goes on later; find out which other program asks so much";
                return Err(CallError::last(Failure::new(FailureClass::Limit, what, remedy)));
            }
            self.http.wait_for_limit(&what, self.http.tuning().usage_wait).await;
        }
        *asked = Some(Instant::now());
        Ok(())
    }

    /// Whether that path is known to give no links.
    pub(super) fn is_unlinked(&self, path: &str) -> bool {
        self.unlinked.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    /// Remembers it.
    pub(super) fn set_unlinked(&self, path: &str) {
        self.unlinked.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    }

    /// The stream's map.
    pub(super) fn stream(&self, stream: Stream) -> Option<Arc<StreamMap>> {
        self.mapping.streams.get(&stream).cloned().map(Arc::new)
    }

    /// What a failed call means for the person: a 403 is a missing permission while the key itself works.
    pub(super) async fn explained(&self, error: CallError, map: &StreamMap) -> Failure {
        if error.kind != CallErrorKind::Forbidden {
            return error.failure;
        }
        let works = match &self.mapping.test {
            Some(test) if test.path != map.route.path => self.prove(test).await.map(drop),
            _ => Err(error),
        };
        match works {
            Err(e) if e.kind == CallErrorKind::Forbidden || e.failure.class == FailureClass::Credentials => {
                refused_key(&e.failure)
            }
            _ => self.lacks(&map.permission, &map.word_many),
        }
    }

    fn lacks(&self, permission: &str, words: &str) -> Failure {
        let what = format!("{}: the key lacks the permission “{permission}”, needed for {words}", self.mapping.vendor);
        Failure::new(FailureClass::Permission, what, self.mapping.permissions_help.clone())
    }

    /// Rows a page of a listing.
    pub(super) fn size(&self, map: &StreamMap) -> u32 {
        self.page_size.unwrap_or(map.route.page_size).clamp(1, map.route.max_page_size)
    }
}

/// A key that is refused everywhere.
pub(super) fn refused_key(failure: &Failure) -> Failure {
    Failure::new(FailureClass::Credentials, &failure.what, "enter a new key with connect, or give this one access")
}

/// The configured address, else the region's, else the vendor's.
fn address(mapping: &Mapping, from: &Connection) -> Result<String, Failure> {
    if let Some(url) = &from.base_url {
        return Ok(url.clone());
    }
    let wanted = from.region.as_deref().unwrap_or_default();
    if !wanted.is_empty() || mapping.base_url.is_none() {
        let region = mapping.regions.iter().find(|r| wanted.is_empty() || r.name.eq_ignore_ascii_case(wanted));
        let known: Vec<&str> = mapping.regions.iter().map(|r| r.name.as_str()).collect();
        return region.map(|r| r.base_url.clone()).ok_or_else(|| {
            let what = format!("{} has no region “{wanted}”", mapping.vendor);
            Failure::new(FailureClass::Usage, what, format!("use one of: {}", known.join(", ")))
        });
    }
    Ok(mapping.base_url.clone().unwrap_or_default())
}

/// The host of a connection's address.
pub(super) fn host(mapping: &Mapping, from: &Connection) -> Result<Option<Host>, Failure> {
    let url = base_address(&address(mapping, from)?, "")?;
    let encrypted = url.scheme() == "https";
    let place = url.host_str().map(str::to_owned).zip(url.port_or_known_default());
    Ok(place.map(|(name, port)| Host { name, port, encrypted }))
}

/// What is missing of the account, in words.
fn lacks(mapping: &Mapping, from: &Connection, missing: &str) -> Failure {
    if let Some(option) = mapping.options.iter().find(|option| option.name == missing) {
        let what = format!("{} ({}) has no {}", from.integration, mapping.vendor, option.prompt);
        return Failure::new(FailureClass::Usage, what, format!("add options.{missing} to the configuration"));
    }
    let several = mapping.secrets.len() > 1;
    let named = mapping.secrets.iter().find(|secret| secret.name == missing).filter(|_| several);
    let word = named.map_or("key", |secret| secret.prompt.as_str());
    let what = format!("there is no {word} for {} ({})", from.integration, mapping.vendor);
    Failure::new(FailureClass::Credentials, what, "enter one with connect")
}

/// The configured rate, else the mapping's share of the published limit. Where a share may be used up faster, it is
/// kept to over the whole time of the limit.
fn pacer(limit: Option<Limit>, per_second: Option<f64>) -> Pacer {
    let limit = limit.unwrap_or(Limit { requests: 60, seconds: 60, share: 1.0, per_second: None, at_once: 0 });
    let window = f64::from(limit.seconds.max(1));
    let even = f64::from(limit.requests) / window * limit.share;
    let rate = per_second.filter(|rate| *rate > 0.0).or(limit.per_second).unwrap_or(even);
    // Whoever asks for more than the mapping takes gets it, as long as the published limit keeps its margin.
    let asked = per_second.filter(|rate| limit.per_second.is_some_and(|usual| *rate > usual));
    let asked = asked.map_or(0.0, |rate| (rate * window).min(f64::from(limit.requests) * CEILING));
    let quota = limit.per_second.map(|_| (f64::from(limit.requests) * limit.share).max(asked));
    Pacer::new(limit.requests, Duration::from_secs_f64(window), rate).quota(quota).at_once(limit.at_once)
}
