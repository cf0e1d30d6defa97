//! A vendor's API as a connector: one mapping, one dialect, one client.

use super::contract::{Ask, Connection, ConnectionReport, Connector, Observer, Page, StreamInfo, stream_infos};
use super::dialect::{Dialect, Listing, dialect, parse, read_listing};
use super::http::{
    BodyFault, Budget, Call, CallError, CallErrorKind, ErrorBody, Http, Pacer, Setup, Tuning, base_address,
};
use super::mapping::{DialectName, Limit, Mapping, Need, Paging, StreamMap, TestCall};
use super::{paging, whole};
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, Stream};
use crate::secrets::Redactor;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// The connector.
pub(super) struct Api {
    shared: Arc<Shared>,
}

/// What a running listing needs of it.
pub(super) struct Shared {
    pub(super) http: Http,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) mapping: Mapping,
    pub(super) page_size: Option<u32>,
}

impl Api {
    /// The connector of a connection.
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
        let base = base_address(&address(&mapping, from)?, &mapping.path_prefix)?;
        let secret = secret(&mapping, from, &auth.secret)?;
        let pacer =
            Pacer::shared(base.authority(), secret.expose_secret(), pacer(mapping.limit, from.requests_per_second));
        let http = Http::new(Setup {
            vendor: mapping.vendor.clone(),
            base,
            header: auth.header.clone(),
            redactor: Redactor::new([&secret]),
            secret,
            media_type: mapping.media_type.clone(),
            pacer,
            tuning,
            observer,
            explain: explain(mapping.dialect),
        })?;
        let page_size = from.page_size;
        Ok(Self { shared: Arc::new(Shared { http, dialect, mapping, page_size }) })
    }
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

fn secret(mapping: &Mapping, from: &Connection, name: &str) -> Result<SecretString, Failure> {
    let known = from.credentials.get(name).filter(|s| !s.expose_secret().trim().is_empty());
    known.cloned().ok_or_else(|| {
        let what = format!("there is no key for {} ({})", from.integration, mapping.vendor);
        Failure::new(FailureClass::Credentials, what, "enter one with connect")
    })
}

/// The configured rate, else the mapping's share of the published limit.
fn pacer(limit: Option<Limit>, per_second: Option<f64>) -> Pacer {
    let limit = limit.unwrap_or(Limit { requests: 60, seconds: 60, share: 1.0 });
    let window = f64::from(limit.seconds.max(1));
    let rate = per_second.filter(|r| *r > 0.0).unwrap_or(f64::from(limit.requests) / window * limit.share);
    Pacer::new(limit.requests, Duration::from_secs_f64(window), rate)
}

/// Reads an error body in that dialect.
fn explain(name: DialectName) -> fn(&[u8]) -> Option<ErrorBody> {
    match name {
        DialectName::AddigyV2 => |body| dialect(DialectName::AddigyV2)?.error(&parse(body).ok()?),
        DialectName::JsonApi => |body| dialect(DialectName::JsonApi)?.error(&parse(body).ok()?),
        DialectName::Csv => |_| None,
    }
}

impl Shared {
    /// Fetches one page of a stream.
    pub(super) async fn page(
        &self,
        map: &Arc<StreamMap>,
        number: u32,
        size: u32,
        impatient: bool,
    ) -> Result<Listing, CallError> {
        let call = Call { impatient, ..self.dialect.call(map, number, size) };
        let (dialect, map) = (self.dialect, Arc::clone(map));
        self.http.ask(&call, move |body: &[u8]| read_listing(dialect, &map, body)).await
    }

    /// What a failed call means for the person: a 403 is a missing permission while the key itself works.
    pub(super) async fn explained(&self, error: CallError, map: &StreamMap) -> Failure {
        if error.kind != CallErrorKind::Forbidden {
            return error.failure;
        }
        let works = match &self.mapping.test {
            Some(test) if test.path != map.path => self.prove(test).await.map(|_| ()),
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

    /// Sends the test request: the permissions where the vendor lists them, else nothing.
    async fn prove(&self, test: &TestCall) -> Result<Proof, CallError> {
        let query = test.query.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let call = Call { method: Method::GET, path: test.path.clone(), query, body: None, impatient: false };
        let (dialect, lists) = (self.dialect, test.lists_permissions);
        let read = move |body: &[u8]| {
            let json = parse(body)?;
            if !lists {
                return Ok(Proof { total: dialect.read(json)?.total, ..Proof::default() });
            }
            match &json {
                super::json::Json::List(names) => Ok(Proof {
                    permissions: names.iter().filter_map(|n| n.text().map(|t| clean(&t).into_owned())).collect(),
                    total: None,
                }),
                other => Err(dialect
                    .error(other)
                    .map_or_else(|| BodyFault::Malformed("no list of permissions".into()), BodyFault::Error)),
            }
        };
        self.http.ask(&call, read).await
    }

    /// Whether the key may list that stream: asks for one row.
    async fn may_list(&self, stream: Stream) -> Result<bool, Failure> {
        let Some(map) = self.mapping.streams.get(&stream).cloned().map(Arc::new) else { return Ok(true) };
        match self.page(&map, 1, 1, false).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == CallErrorKind::Forbidden => Ok(false),
            Err(error) => Err(error.failure),
        }
    }

    async fn permission(&self, need: &Need, listed: &[String]) -> Result<(String, bool), Failure> {
        let names = std::iter::once(&need.name).chain(&need.also);
        let granted = names.into_iter().any(|name| listed.iter().any(|l| l.eq_ignore_ascii_case(name)));
        // A wider permission may grant it under a name that is not known here: only the request itself tells.
        Ok((need.name.clone(), granted || self.may_list(need.stream).await?))
    }

    async fn test(&self) -> Result<ConnectionReport, Failure> {
        let Some(test) = &self.mapping.test else { return Ok(ConnectionReport::default()) };
        let (proof, forbidden) = match self.prove(test).await {
            Ok(proof) => (proof, None),
            Err(error) if error.kind == CallErrorKind::Forbidden && !test.needs.is_empty() => {
                (Proof::default(), Some(error))
            }
            Err(error) if error.kind == CallErrorKind::Forbidden => return Err(refused_key(&error.failure)),
            Err(error) => return Err(error.failure),
        };
        let mut report = ConnectionReport::default();
        for need in &test.needs {
            report.permissions.push(self.permission(need, &proof.permissions).await?);
        }
        let missing: Vec<&str> =
            report.permissions.iter().filter(|(_, has)| !has).map(|(name, _)| name.as_str()).collect();
        if let Some(error) = forbidden.filter(|_| missing.len() == test.needs.len()) {
            return Err(refused_key(&error.failure));
        }
        if !missing.is_empty() {
            let list = missing.join("”, “");
            report.notes.push(format!("The key lacks “{list}”. {}", self.mapping.permissions_help));
        }
        if let Some((total, map)) = proof.total.zip(self.mapping.streams.values().find(|m| m.path == test.path)) {
            let word = if total == 1 { map.word_one.to_lowercase() } else { map.word_many.clone() };
            report.notes.push(format!("The key sees {total} {word}."));
        }
        Ok(report)
    }
}

fn refused_key(failure: &Failure) -> Failure {
    Failure::new(FailureClass::Credentials, &failure.what, "enter a new key with connect, or give this one access")
}

/// What the test request told.
#[derive(Debug, Default)]
struct Proof {
    permissions: Vec<String>,
    total: Option<u64>,
}

impl Connector for Api {
    fn vendor(&self) -> &str {
        &self.shared.mapping.vendor
    }

    fn streams(&self) -> Vec<StreamInfo> {
        stream_infos(&self.shared.mapping)
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        Box::pin(self.shared.test())
    }

    fn pages(&self, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        let shared = Arc::clone(&self.shared);
        let Some(map) = shared.mapping.streams.get(&stream).cloned().map(Arc::new) else {
            let what = format!("{} has no {stream}", shared.mapping.vendor);
            return stream::iter([Err(Failure::new(FailureClass::Usage, what, ""))]).boxed();
        };
        match map.paging {
            Paging::Pages => paging::pages(shared, map, ask.after.as_deref()),
            Paging::Whole => whole::pages(shared, map, ask.after.as_deref()),
        }
    }

    fn budget(&self) -> Option<Budget> {
        self.shared.mapping.limit.is_some().then(|| self.shared.http.budget())
    }
}
