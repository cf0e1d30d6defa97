//! Listings: filter, sort, page, `meta` and `links`.

use super::{
    ItGlue,
    answers::{Refusal, document},
    records::{Records, Table},
    rows::{Field, Resource, Row},
};
use crate::simulator::world::index32;
use axum::{
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

const PAGE_DEFAULT: usize = 50;
const PAGE_CAP: usize = 1000;

/// What goes wrong with a listing on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disturbance {
    /// The row at that position cannot be read.
    pub spoil: Option<usize>,
    /// Once it is answered, its first row vanishes and comes back under a new id.
    pub shift: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Organizations.
    Organizations,
    /// Configurations.
    Configurations,
    /// A list of choices.
    Choices(Table),
    /// Locations.
    Locations,
    /// Contacts.
    Contacts,
    /// Domains.
    Domains,
}

impl Collection {
    /// Keys that filter; others are ignored.
    fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Organizations => &[
                "id",
                "name",
                "organization_type_id",
                "organization_status_id",
                "created_at",
                "updated_at",
                "primary",
                "psa_id",
                "psa_integration_type",
            ],
            Self::Configurations => &[
                "id",
                "name",
                "organization_id",
                "configuration_type_id",
                "configuration_status_id",
                "contact_id",
                "serial_number",
                "mac_address",
                "asset_tag",
                "archived",
                "psa_id",
                "psa_integration_type",
            ],
            Self::Choices(Table::Models) => &["id"],
            Self::Choices(Table::OperatingSystems | Table::Platforms) => &["id", "name"],
            Self::Choices(Table::Countries) => &["id", "name", "iso"],
            Self::Choices(Table::Regions) => &["id", "name", "iso", "country_id"],
            Self::Choices(_) => &["name"],
            Self::Locations => {
                &["id", "name", "city", "region_id", "country_id", "organization_id", "psa_id", "psa_integration_type"]
            }
            Self::Contacts => &[
                "id",
                "first_name",
                "last_name",
                "title",
                "contact_type_id",
                "important",
                "primary_email",
                "organization_id",
                "psa_id",
                "psa_integration_type",
            ],
            Self::Domains => &["id", "organization_id"],
        }
    }

    /// Keys that sort; others are ignored.
    fn sorts(self) -> &'static [&'static str] {
        match self {
            Self::Organizations => &[
                "name",
                "id",
                "updated_at",
                "created_at",
                "short_name",
                "organization_status_name",
                "organization_type_name",
            ],
            Self::Choices(Table::Models) => &["id", "name", "manufacturer_id", "created_at", "updated_at"],
            Self::Contacts => &["first_name", "last_name", "id", "created_at", "updated_at"],
            Self::Locations => &["name", "id", "primary", "created_at", "updated_at"],
            Self::Domains => &["created_at", "updated_at"],
            Self::Configurations | Self::Choices(_) => &["name", "id", "created_at", "updated_at"],
        }
    }

    /// How many rows it has, in all organizations.
    pub fn len(self, records: &Records) -> usize {
        match self {
            Self::Organizations => records.organizations.len(),
            Self::Configurations => records.configurations.len(),
            Self::Choices(table) => records.table(table).len(),
            Self::Locations => records.locations.len(),
            Self::Contacts => records.contacts.len(),
            Self::Domains => records.domains.len(),
        }
    }

    /// A row by its position.
    pub fn row(self, records: &Records, at: usize) -> Row<'_> {
        match self {
            Self::Organizations => Row::Organization(&records.organizations[at]),
            Self::Configurations => Row::Configuration(&records.configurations[at]),
            Self::Choices(table) => Row::Choice(table, &records.table(table)[at]),
            Self::Locations => Row::Location(&records.locations[at]),
            Self::Contacts => Row::Contact(&records.contacts[at]),
            Self::Domains => Row::Domain(&records.domains[at]),
        }
    }

    /// A row by its id.
    pub fn find(self, records: &Records, id: u32) -> Option<Row<'_>> {
        let (mut low, mut high) = (0, self.len(records));
        while low < high {
            let middle = low.midpoint(high);
            if self.row(records, middle).id() < id { low = middle + 1 } else { high = middle }
        }
        (low < self.len(records)).then(|| self.row(records, low)).filter(|row| row.id() == id)
    }
}

/// What a request asks of a listing.
pub struct Request {
    path: String,
    host: String,
    pairs: Vec<(String, String)>,
    page: usize,
    size: usize,
    include: bool,
}

impl Request {
    /// Reads the query.
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let number = |key: &str, default: usize| match pairs.iter().find(|(k, _)| k == key) {
            None => Ok(default),
            Some((_, text)) => text.parse::<usize>().map_err(|_| Refusal::bad_request(format!("{key} is invalid"))),
        };
        let page = number("page[number]", 1)?.max(1);
        let size = number("page[size]", PAGE_DEFAULT)?.clamp(1, PAGE_CAP);
        let included = pairs.iter().filter(|(k, _)| k == "include").any(|(_, v)| {
            v.split(',').any(|part| matches!(part.trim(), "configuration_interfaces" | "configuration-interfaces"))
        });
        let host = headers.get("host").and_then(|h| h.to_str().ok()).unwrap_or("localhost").to_owned();
        Ok(Self { path: uri.path().to_owned(), host, pairs, page, size, include: included })
    }

    /// Whether `include` names the interfaces.
    pub const fn includes_interfaces(&self) -> bool {
        self.include
    }

    /// An id of a PSA says nothing without the PSA. Which status the vendor answers is not documented.
    fn half_a_psa_id(&self) -> Option<Refusal> {
        let has = |name: &str| self.pairs.iter().any(|(key, _)| key.replace('-', "_") == format!("filter[{name}]"));
        let half = has("psa_id") && !has("psa_integration_type");
        half.then(|| Refusal::bad_request("filter[psa_id] needs filter[psa_integration_type]"))
    }

    fn filters(&self, collection: Collection) -> Vec<(&'static str, Vec<String>)> {
        let given = self.pairs.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix("filter[")?.strip_suffix(']')?.replace('-', "_");
            let known = collection.filters().iter().find(|known| **known == name)?;
            Some((*known, alternatives(value)))
        });
        given.collect()
    }

    fn sorts(&self, collection: Collection) -> Vec<(&'static str, bool)> {
        let given = self.pairs.iter().filter(|(key, _)| key == "sort").flat_map(|(_, value)| value.split(','));
        let known = given.filter_map(|part| {
            let (down, name) = part.strip_prefix('-').map_or((false, part), |name| (true, name));
            let name = name.trim().replace('-', "_");
            collection.sorts().iter().find(|known| **known == name).map(|known| (*known, down))
        });
        known.collect()
    }

    fn link(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.pairs.iter().filter(|(key, _)| !key.starts_with("page[")) {
            query.append_pair(key, value);
        }
        query.append_pair("page[number]", &page.to_string()).append_pair("page[size]", &self.size.to_string());
        format!("http://{}{}?{}", self.host, self.path, query.finish())
    }
}

/// The alternatives of a filter: separated by commas, of which `\,` is none.
fn alternatives(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&',') => {
                chars.next();
                parts.last_mut().expect("never empty").push(',');
            }
            ',' => parts.push(String::new()),
            c => parts.last_mut().expect("never empty").push(c),
        }
    }
    parts
}

/// Answers a listing. A listing inside a row cannot be filtered.
pub fn list(
    itglue: &ItGlue,
    collection: Collection,
    within: Option<(&str, u32)>,
    request: &Request,
    disturbance: Disturbance,
) -> Response {
    let records = itglue.read();
    if let Some(refusal) = request.half_a_psa_id() {
        return refusal.into_response();
    }
    let filters = if within.is_some() { Vec::new() } else { request.filters(collection) };
    let sorts = request.sorts(collection);
    let key = format!("{collection:?}|{within:?}|{filters:?}|{sorts:?}");
    let order = itglue.orders.get(records.revision, key, || select(&records, collection, within, &filters, &sorts));
    let from = (request.page - 1).saturating_mul(request.size).min(order.len());
    let rows = &order[from..(from + request.size).min(order.len())];
    let interfaces = request.include && collection == Collection::Configurations;
    let page = Page { collection, rows, records: &records, interfaces, spoil: disturbance.spoil };
    let mut given = Map::new();
    for (name, values) in &filters {
        given.insert((*name).to_owned(), json!(values));
    }
    let response = document(
        StatusCode::OK,
        &Listing {
            data: Data(&page),
            included: interfaces.then_some(Included(&page)),
            meta: meta(request, order.len(), &given),
            links: links(request, order.len()),
        },
    );
    let first = rows.first().map(|&at| collection.row(&records, at as usize).id());
    drop(records);
    if let Some(first) = first.filter(|_| disturbance.shift) {
        itglue.write().shift(collection, first);
    }
    response
}

fn select(
    records: &Records,
    collection: Collection,
    within: Option<(&str, u32)>,
    filters: &[(&'static str, Vec<String>)],
    sorts: &[(&'static str, bool)],
) -> Vec<u32> {
    let fits = |row: Row<'_>| {
        within.is_none_or(|(field, id)| row.field(field, records) == Some(Field::Number(id.into())))
            && filters.iter().all(|(name, wanted)| passes(row, name, wanted, records))
    };
    let mut kept: Vec<u32> =
        (0..index32(collection.len(records))).filter(|&at| fits(collection.row(records, at as usize))).collect();
    for (name, down) in sorts.iter().rev() {
        let mut keyed: Vec<_> =
            kept.iter().map(|&at| (collection.row(records, at as usize).field(name, records), at)).collect();
        keyed.sort_by(|a, b| if *down { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        kept = keyed.into_iter().map(|(_, at)| at).collect();
    }
    kept
}

fn passes(row: Row<'_>, name: &str, wanted: &[String], records: &Records) -> bool {
    let field = row.field(name, records);
    if matches!(name, "created_at" | "updated_at") {
        let Some(Field::Number(at)) = field else { return false };
        let side = |text: Option<&String>| text.and_then(|text| seconds(text));
        return side(wanted.first()).is_none_or(|start| at >= start) && side(wanted.get(1)).is_none_or(|end| at <= end);
    }
    match field {
        Some(Field::Number(value)) => wanted.iter().any(|w| w.trim().parse() == Ok(value)),
        Some(Field::Text(value)) => wanted.iter().any(|w| *w == value),
        None => false,
    }
}

/// A moment of a range; `*` and what cannot be read leave the side open.
fn seconds(text: &str) -> Option<i64> {
    use time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::parse(text.trim(), &Rfc3339).ok().map(time::OffsetDateTime::unix_timestamp)
}

fn pages(request: &Request, total: usize) -> usize {
    total.div_ceil(request.size).max(1)
}

fn meta(request: &Request, total: usize, filters: &Map<String, Value>) -> Value {
    let pages = pages(request, total);
    json!({
        "current-page": request.page,
        "next-page": (request.page < pages).then(|| request.page + 1),
        "prev-page": (request.page > 1).then(|| request.page - 1),
        "total-pages": pages,
        "total-count": total,
        "filters": filters,
    })
}

fn links(request: &Request, total: usize) -> Value {
    let pages = pages(request, total);
    json!({
        "self": request.link(request.page),
        "first": request.link(1),
        "prev": (request.page > 1).then(|| request.link(request.page - 1)),
        "next": (request.page < pages).then(|| request.link(request.page + 1)),
        "last": request.link(pages),
    })
}

struct Page<'a> {
    collection: Collection,
    rows: &'a [u32],
    records: &'a Records,
    interfaces: bool,
    spoil: Option<usize>,
}

#[derive(Serialize)]
struct Listing<'a> {
    data: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    included: Option<Included<'a>>,
    meta: Value,
    links: Value,
}

struct Data<'a>(&'a Page<'a>);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.0;
        let spoiled = page.spoil.map(|at| at % page.rows.len().max(1));
        serializer.collect_seq(page.rows.iter().enumerate().map(|(number, &at)| Resource {
            row: page.collection.row(page.records, at as usize),
            records: page.records,
            listed: true,
            interfaces: page.interfaces,
            spoiled: spoiled == Some(number),
        }))
    }
}

struct Included<'a>(&'a Page<'a>);

impl Serialize for Included<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.0;
        let interfaces = page.rows.iter().flat_map(|&at| page.records.configurations[at as usize].interfaces.iter());
        serializer.collect_seq(interfaces.map(|interface| Resource {
            row: Row::Interface(interface),
            records: page.records,
            listed: true,
            interfaces: false,
            spoiled: false,
        }))
    }
}
