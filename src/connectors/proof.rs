//! Proves a key and names what it lacks.

use super::contract::ConnectionReport;
use super::dialect::{At, Part, Want, parse, read_ids};
use super::http::{BodyFault, Call, CallError, CallErrorKind, Received};
use super::json::Json;
use super::mapping::{Need, Paging, TestCall};
use super::shared::{Shared, refused_key};
use crate::domain::text::clean;
use crate::domain::{Failure, Stream};

/// What the test request told.
#[derive(Debug, Default)]
pub(super) struct Proof {
    permissions: Vec<String>,
    total: Option<u64>,
}

impl Shared {
    /// Sends the test request: the permissions where the vendor lists them, else nothing.
    pub(super) async fn prove(&self, test: &TestCall) -> Result<Proof, CallError> {
        let call = Call::get(test.path.as_str()).with(&test.query);
        let (dialect, lists, listed) = (self.dialect, test.lists_permissions, self.tested_stream(test).is_some());
        let read = move |received: Received<'_>| {
            let json = parse(received.body)?;
            if let (false, Some(error)) = (lists, dialect.error(&json)) {
                return Err(BodyFault::Error(error));
            }
            if !lists {
                let total = if listed { dialect.read(json, received.link)?.total } else { None };
                return Ok(Proof { total, ..Proof::default() });
            }
            match &json {
                Json::List(names) => Ok(Proof {
                    permissions: names.iter().filter_map(|n| n.text().map(|t| clean(&t).into_owned())).collect(),
                    total: None,
                }),
                other => Err(dialect
                    .error(other)
                    .map_or_else(|| BodyFault::Malformed("no list of permissions".into()), BodyFault::Error)),
            }
        };
        self.ask(&call, read).await
    }

    /// The stream whose listing is the test request.
    fn tested_stream(&self, test: &TestCall) -> Option<&super::mapping::StreamMap> {
        self.mapping.streams.values().find(|map| map.route.path == test.path)
    }

    /// Whether the key may list that stream: asks for one row. Of a listing below other records, those are asked.
    async fn may_list(&self, stream: Stream) -> Result<bool, Failure> {
        let Some(map) = self.stream(stream) else { return Ok(true) };
        let want = Want::default();
        let by_number = matches!(map.route.paging, Paging::Pages | Paging::Whole);
        let at = if by_number { At::Number(1) } else { At::Behind(None) };
        let part = Part { path: None, at, size: 1, only_ids: false, ordered: false, want: &want };
        if let Paging::Each(parent) = map.route.paging {
            return self.may_list_below(parent, &map, part).await;
        }
        let call = self.dialect.call(&map.route, &part);
        let dialect = self.dialect;
        let listed = self.ask(&call, move |received| read_ids(dialect, &map, received).map(drop)).await;
        allowed(listed)
    }

    async fn may_list_below(
        &self,
        parent: Stream,
        map: &super::mapping::StreamMap,
        part: Part<'_>,
    ) -> Result<bool, Failure> {
        let Some(parents) = self.stream(parent) else { return Ok(true) };
        let (dialect, call) = (self.dialect, self.dialect.call(&parents.route, &Part { only_ids: true, ..part }));
        let ids = self.ask(&call, move |received| read_ids(dialect, &parents, received)).await;
        let Ok((ids, _)) = ids else { return allowed(ids) };
        let Some(id) = ids.first() else { return Ok(true) };
        let path = map.route.path.replace("{parent}", id);
        let call = self.dialect.call(&map.route, &Part { path: Some(&path), ..part });
        allowed(self.ask(&call, move |received| parse(received.body).map(drop)).await)
    }

    async fn permission(&self, need: &Need, listed: &[String]) -> Result<(String, bool), Failure> {
        let names = std::iter::once(&need.name).chain(&need.also);
        let granted = names.into_iter().any(|name| listed.iter().any(|l| l.eq_ignore_ascii_case(name)));
        // A wider permission may grant it under a name that is not known here: only the request itself tells.
        Ok((need.name.clone(), granted || self.may_list(need.stream).await?))
    }

    /// Tests the key.
    pub(super) async fn test(&self) -> Result<ConnectionReport, Failure> {
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
        self.tell_whereabouts(&mut report).await;
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
        if let Some((total, map)) = proof.total.zip(self.tested_stream(test)) {
            let word = if total == 1 { map.word_one.to_lowercase() } else { map.word_many.clone() };
            report.notes.push(format!("The key sees {total} {word}."));
        }
        Ok(report)
    }

    /// Where the account lives and how much of a limit is used that others share.
    async fn tell_whereabouts(&self, report: &mut ConnectionReport) {
        if let Some(located) = self.located().await {
            report.account = located.account.map(|name| clean(&name).into_owned());
            report.notes.extend(Some(clean(&located.note).into_owned()).filter(|note| !note.is_empty()));
        }
        let Some(call) = self.dialect.usage_call() else { return };
        let dialect = self.dialect;
        let usage = self.ask(&call, move |received| Ok(dialect.usage(&parse(received.body)?))).await;
        if let Ok(Some(usage)) = usage {
            self.http.pacer().learn(usage.used, usage.limit);
            report.notes.push(format!(
                "{} of the {} requests that all programs together may send are used.",
                usage.used, usage.limit
            ));
        }
    }
}

/// What an answer says about a permission.
fn allowed<T>(answer: Result<T, CallError>) -> Result<bool, Failure> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.kind == CallErrorKind::Forbidden => Ok(false),
        Err(error) => Err(error.failure),
    }
}
