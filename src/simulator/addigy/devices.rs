//! `POST /devices`: filter, sort, page, and the facts asked for.

use super::{
    Addigy, answers,
    facts::{DEFAULT_FACTS, Fact, Value, View, moment},
    records::{Agent, Records, uuid},
};
use crate::simulator::{
    server::Spoil,
    world::{Lists, index32},
};
use axum::{
    Extension,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use std::{cmp::Ordering, sync::Arc};

/// More rows than this are never given on one page; asking for more is not an error.
const PAGE_CAP: usize = 100;
const PAGE_DEFAULT: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Search {
    page: Option<i64>,
    per_page: Option<i64>,
    sort_field: Option<String>,
    sort_direction: Option<String>,
    desired_fact_identifiers: Option<Vec<String>>,
    query: Query,
}

/// `policy_id` is not here: the real server was seen to ignore every scoping by policy.
#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Query {
    search_any: Option<String>,
    filters: Vec<Filter>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Filter {
    audit_field: String,
    operation: String,
    value: serde_json::Value,
    range_value: serde_json::Value,
}

/// The handler.
pub async fn search(
    State(addigy): State<Arc<Addigy>>,
    headers: HeaderMap,
    spoil: Option<Extension<Spoil>>,
    body: Bytes,
) -> Response {
    if let Some(refusal) = addigy.lacks(&headers, "View Devices") {
        return refusal;
    }
    let search = if body.is_empty() { Ok(Search::default()) } else { serde_json::from_slice::<Search>(&body) };
    let search = match search {
        Ok(search) => search,
        Err(error) => return invalid(4000, &error.to_string()),
    };
    let Some(page) = usize::try_from(search.page.unwrap_or(1)).ok().filter(|&page| page > 0) else {
        return invalid(4002, "page must be >= 1");
    };
    let per_page = match search.per_page.unwrap_or(0) {
        ..=0 => PAGE_DEFAULT,
        given => usize::try_from(given).unwrap_or(PAGE_CAP).min(PAGE_CAP),
    };
    let records = addigy.read();
    let order = addigy.orders.get(records.revision, search.key(), || search.order(&records, &addigy.lists));
    let rows = page_of(&order, page, per_page);
    let wanted = search.facts();
    let view = Page {
        rows: Rows {
            order: rows,
            records: &records,
            facts: &wanted,
            lists: &addigy.lists,
            spoil: spoil.map(|s| s.0.0),
        },
        metadata: Metadata {
            page,
            per_page,
            page_count: order.len().div_ceil(per_page),
            result_count: rows.len(),
            total: order.len(),
        },
    };
    answers::ok(&view)
}

fn invalid(code: u32, cause: &str) -> Response {
    answers::failure(StatusCode::BAD_REQUEST, "invalid request", Some((code, cause)))
}

fn page_of(order: &[u32], page: usize, per_page: usize) -> &[u32] {
    let from = (page - 1).saturating_mul(per_page).min(order.len());
    &order[from..(from + per_page).min(order.len())]
}

impl Search {
    fn key(&self) -> String {
        let query = serde_json::to_string(&self.query).unwrap_or_default();
        format!("{:?}|{:?}|{query}", self.sort_field, self.sort_direction)
    }

    fn facts(&self) -> Vec<&'static Fact> {
        match &self.desired_fact_identifiers {
            Some(wanted) if !wanted.is_empty() => wanted.iter().filter_map(|id| Fact::find(id)).collect(),
            _ => DEFAULT_FACTS.iter().filter_map(|id| Fact::find(id)).collect(),
        }
    }

    fn order(&self, records: &Records, lists: &Lists) -> Vec<u32> {
        let fits = |agent: &Agent| {
            self.query.filters.iter().all(|filter| filter.fits(agent, lists))
                && self.query.search_any.as_deref().is_none_or(|text| mentions(agent, lists, text))
        };
        let kept = (0..index32(records.agents.len())).zip(&records.agents).filter(|(_, agent)| fits(agent));
        let Some(fact) = self.sort_field.as_deref().and_then(Fact::find) else {
            return kept.map(|(at, _)| at).collect();
        };
        let mut keyed: Vec<(Value<'_>, u32)> = kept.map(|(at, agent)| (fact.value(agent, lists), at)).collect();
        keyed.sort_by(|a, b| compare(&a.0, &b.0).then(a.1.cmp(&b.1)));
        if self.sort_direction.as_deref() == Some("desc") {
            keyed.reverse();
        }
        keyed.into_iter().map(|(_, at)| at).collect()
    }
}

fn mentions(agent: &Agent, lists: &Lists, text: &str) -> bool {
    let text = text.to_lowercase();
    ["device_name", "serial_number", "device_model_name", "current_user"]
        .iter()
        .filter_map(|id| Fact::find(id))
        .any(|fact| matches!(fact.value(agent, lists), Value::Text(value) if value.to_lowercase().contains(&text)))
}

/// Null first, then by kind and value.
fn compare(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a.cmp(b),
        _ => rank(a).cmp(&rank(b)).then_with(|| match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => Ordering::Equal,
        }),
    }
}

const fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Integer(_) | Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::List(_) => 4,
    }
}

#[expect(clippy::cast_precision_loss, reason = "fact numbers are far below 2^52")]
fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

impl Filter {
    /// Whether the agent passes. Scoping by policy is ignored, as the real server was seen to do; so are unknown
    /// facts and operations.
    fn fits(&self, agent: &Agent, lists: &Lists) -> bool {
        let Some(fact) = Fact::find(&self.audit_field) else { return true };
        if matches!(fact.id, "policy_id" | "policy_ids") {
            return true;
        }
        let value = fact.value(agent, lists);
        match self.operation.as_str() {
            "=" => equal(&value, &self.value),
            "!=" => !equal(&value, &self.value),
            "contains" => contains(&value, &self.value),
            "does not contain" => !contains(&value, &self.value),
            ">" => order_to(&value, &self.value) == Some(Ordering::Greater),
            ">=" => order_to(&value, &self.value).is_some_and(Ordering::is_ge),
            "<" => order_to(&value, &self.value) == Some(Ordering::Less),
            "between" => {
                order_to(&value, &self.value).is_some_and(Ordering::is_ge)
                    && order_to(&value, &self.range_value).is_some_and(Ordering::is_le)
            }
            _ => true,
        }
    }
}

fn equal(value: &Value<'_>, wanted: &serde_json::Value) -> bool {
    match value {
        Value::Null => wanted.is_null(),
        Value::Text(text) => wanted.as_str() == Some(text),
        Value::Bool(value) => wanted.as_bool() == Some(*value),
        Value::List(values) => wanted.as_str().is_some_and(|w| values.iter().any(|v| v == w)),
        Value::Integer(_) | Value::Number(_) => order_to(value, wanted) == Some(Ordering::Equal),
    }
}

fn contains(value: &Value<'_>, wanted: &serde_json::Value) -> bool {
    let Some(wanted) = wanted.as_str() else { return false };
    match value {
        Value::Text(text) => text.to_lowercase().contains(&wanted.to_lowercase()),
        Value::List(values) => values.iter().any(|v| v == wanted),
        _ => false,
    }
}

/// Dates are texts that sort as dates do: `2026-11-20` against `2026-11-20T08:00:00Z`.
fn order_to(value: &Value<'_>, wanted: &serde_json::Value) -> Option<Ordering> {
    match value {
        Value::Text(text) => wanted.as_str().map(|wanted| (**text).cmp(wanted)),
        _ => Some(number(value)?.total_cmp(&wanted.as_f64()?)),
    }
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(rename = "items", serialize_with = "items")]
    rows: Rows<'a>,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    page: usize,
    per_page: usize,
    page_count: usize,
    result_count: usize,
    total: usize,
}

struct Rows<'a> {
    order: &'a [u32],
    records: &'a Records,
    facts: &'a [&'static Fact],
    lists: &'a Lists,
    spoil: Option<usize>,
}

/// An empty page has null for items.
fn items<S: Serializer>(rows: &Rows<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    if rows.order.is_empty() {
        return serializer.serialize_none();
    }
    let spoiled = rows.spoil.map(|at| at % rows.order.len());
    let views = rows.order.iter().enumerate().map(|(row, &at)| Row {
        agent: &rows.records.agents[at as usize],
        rows,
        spoiled: spoiled == Some(row),
    });
    serializer.collect_seq(views)
}

struct Row<'a> {
    agent: &'a Agent,
    rows: &'a Rows<'a>,
    spoiled: bool,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(5))?;
        let heard = i64::from(self.agent.silent) * 60;
        object.serialize_entry("agentid", &uuid(self.agent.id))?;
        object.serialize_entry("orgid", &uuid(self.rows.records.organization))?;
        object.serialize_entry("audit_date", &moment(heard, self.agent.key))?;
        object.serialize_entry("agent_audit_date", &moment(heard + 1, 0))?;
        if self.spoiled {
            object.serialize_entry("facts", "unavailable")?;
        } else {
            object.serialize_entry("facts", &Facts(self))?;
        }
        object.end()
    }
}

struct Facts<'a>(&'a Row<'a>);

impl Serialize for Facts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Row { agent, rows, .. } = self.0;
        serializer.collect_map(rows.facts.iter().map(|fact| (fact.id, View(fact, fact.value(agent, rows.lists)))))
    }
}
