//! Listings in both ways of paging, and counts.

use super::{
    ConnectWise,
    answers::{Refusal, ok},
    query::{Query, Selection},
    records::Records,
    schema::Entity,
};
use crate::simulator::server::{Shift, Spoil};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A listing: of everything, or of what belongs to one row.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// What is listed.
    pub entity: Entity,
    /// Member that holds the row to which they belong, and its id.
    pub within: Option<(&'static str, u32)>,
}

/// How a request came.
pub struct Around<'a> {
    /// The address that the client used, without query.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Make a row of the answer unreadable.
    pub spoil: Option<Spoil>,
    /// Change the records once it is answered.
    pub shift: Option<Shift>,
}

/// The rows of a page.
pub fn list(cw: &ConnectWise, listed: Listed, query: &Query, around: &Around<'_>) -> Result<Response, Refusal> {
    let records = cw.read();
    let spec = records.schema.spec(listed.entity);
    let fields = query.fields(listed.entity, &records.schema)?;
    let ids = select(cw, &records, listed, query)?;
    // Where forward-only is not supported the listing is the usual one, without the header that would say so.
    let forward = query.after.filter(|_| spec.forward);
    let from = match forward {
        Some(after) => ids.partition_point(|&id| id <= after),
        None => (query.page - 1).saturating_mul(query.size).min(ids.len()),
    };
    let page = &ids[from..(from + query.size).min(ids.len())];
    let spoiled = around.spoil.map(|spoil| spoil.0 % page.len().max(1));
    let rows = page.iter().enumerate().map(|(at, &id)| {
        Value::Object(match spoiled {
            Some(spoiled) if spoiled == at => records.unreadable_row(listed.entity, id),
            _ => records.row(listed.entity, id, fields.as_deref()),
        })
    });
    let mut response = ok(StatusCode::OK, &Value::from(rows.collect::<Vec<_>>()));
    let link = match (forward, query.after) {
        (Some(_), _) => Some(forward_link(query, around, page, from + page.len() < ids.len())),
        (None, Some(_)) => None,
        (None, None) => page_links(query, around, ids.len()),
    };
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    let first = page.first().copied();
    drop(records);
    if let (Some(_), Some(first)) = (around.shift, first) {
        cw.write().shift(listed.entity, first);
    }
    Ok(response)
}

/// How many rows the filters leave.
pub fn count(cw: &ConnectWise, listed: Listed, query: &Query) -> Result<Response, Refusal> {
    let ids = select(cw, &cw.read(), listed, query)?;
    Ok(ok(StatusCode::OK, &json!({"count": ids.len()})))
}

fn select(cw: &ConnectWise, records: &Records, listed: Listed, query: &Query) -> Result<Arc<[u32]>, Refusal> {
    let selection = query.selection(listed.entity, &records.schema)?;
    let key = format!("{listed:?}|{}", query.key());
    Ok(cw.orders.get(records.revision, key, || ordered(records, listed, &selection)))
}

fn ordered(records: &Records, listed: Listed, selection: &Selection) -> Vec<u32> {
    let mut ids = match listed.within {
        // A company's sites and types are found without looking at everybody's.
        Some(("company", company)) if listed.entity == Entity::Sites => records.sites(company),
        Some(("company", company)) if listed.entity == Entity::TypeAssociations => records.associations(company),
        Some((member, parent)) => {
            let mut ids = records.ids(listed.entity);
            ids.retain(|&id| records.member(listed.entity, id, member)["id"] == parent);
            ids
        }
        None => records.ids(listed.entity),
    };
    if !selection.is_everything() {
        ids.retain(|&id| selection.fits(&|name: &str| records.member(listed.entity, id, name)));
    }
    for (path, down) in selection.order.iter().rev() {
        let mut keyed: Vec<(SortKey, u32)> =
            ids.iter().map(|&id| (sort_key(records, listed.entity, id, path), id)).collect();
        keyed.sort_by(|a, b| if *down { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        ids = keyed.into_iter().map(|(_, id)| id).collect();
    }
    ids
}

/// A value for sorting: nothing, numbers in thousandths, texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Nothing,
    Number(i64),
    Text(String),
}

fn sort_key(records: &Records, entity: Entity, id: u32, path: &[String]) -> SortKey {
    let value = records.member(entity, id, &path[0]);
    let value = path[1..].iter().fold(&value, |value, part| &value[part.as_str()]);
    match value {
        Value::Bool(flag) => SortKey::Number((*flag).into()),
        Value::Number(number) => SortKey::Number(number.as_i64().unwrap_or(0)),
        Value::String(text) => SortKey::Text(text.to_lowercase()),
        _ => SortKey::Nothing,
    }
}

fn address(around: &Around<'_>, query: &str) -> String {
    let host = around.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("<http://{host}{}?{query}>", around.path)
}

/// `next` until the last page, then an empty header.
fn forward_link(query: &Query, around: &Around<'_>, page: &[u32], more: bool) -> String {
    match page.last() {
        Some(&last) if more => format!("{}; rel=\"next\"", address(around, &query.elsewhere("pageId", last as usize))),
        _ => String::new(),
    }
}

/// Nothing where everything is on one page.
fn page_links(query: &Query, around: &Around<'_>, total: usize) -> Option<String> {
    let last = total.div_ceil(query.size).max(1);
    let mut links = Vec::new();
    let mut link = |rel: &str, page: usize| {
        links.push(format!("{}; rel=\"{rel}\"", address(around, &query.elsewhere("page", page))));
    };
    if query.page < last {
        link("next", query.page + 1);
        link("last", last);
    }
    if query.page > 1 && last > 1 {
        link("first", 1);
        link("prev", query.page.min(last + 1) - 1);
    }
    (!links.is_empty()).then(|| links.join(", "))
}

/// Members as the smaller list shows them, or how many there are.
pub fn staff(cw: &ConnectWise, query: &Query, counted: bool) -> Result<Response, Refusal> {
    cw.tenant.allows(Entity::Members.right())?;
    let records = cw.read();
    let ids = select(cw, &records, Listed { entity: Entity::Members, within: None }, query)?;
    if counted {
        return Ok(ok(StatusCode::OK, &json!({"count": ids.len()})));
    }
    let wanted = ["id", "identifier", "firstName", "lastName", "defaultEmail", "licenseClass", "inactiveFlag", "_info"];
    let wanted = wanted.map(str::to_owned);
    let from = (query.page - 1).saturating_mul(query.size).min(ids.len());
    let rows = ids[from..].iter().take(query.size).map(|&id| {
        let mut row = records.row(Entity::Members, id, Some(&wanted));
        row.insert("fullName".to_owned(), records.name(Entity::Members, id));
        Value::Object(row)
    });
    Ok(ok(StatusCode::OK, &rows.collect::<Vec<_>>().into()))
}
