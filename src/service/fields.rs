//! Both records field by field.

use super::compare::Context;
use super::messages::{FieldPair, Relation};
use super::tables::IntegrationTables;
use super::views;
use crate::domain::{
    Address, Company, Contact, Device, JunkList, Location, Mac, Record, RecordId, Serial, Stream, Ticket, text,
};

/// The fields of two records of one stream; the right one may be missing.
pub fn fields(context: &Context<'_>, left: Option<&Record>, right: Option<&Record>) -> Vec<FieldPair> {
    match (left, right) {
        (Some(Record::Company(l)), r) => {
            let r = match r {
                Some(Record::Company(r)) => Some(r.as_ref()),
                _ => None,
            };
            company_fields(l, r)
        }
        (Some(Record::Device(l)), r) => {
            let r = match r {
                Some(Record::Device(r)) => Some(r.as_ref()),
                _ => None,
            };
            device_fields(context, l, r)
        }
        (Some(Record::Contact(l)), r) => {
            let r = match r {
                Some(Record::Contact(r)) => Some(r.as_ref()),
                _ => None,
            };
            contact_fields(context, l, r)
        }
        (Some(Record::Location(l)), r) => {
            let r = match r {
                Some(Record::Location(r)) => Some(r.as_ref()),
                _ => None,
            };
            location_fields(context, l, r)
        }
        (Some(Record::Ticket(l)), r) => {
            let r = match r {
                Some(Record::Ticket(r)) => Some(r.as_ref()),
                _ => None,
            };
            ticket_fields(context, l, r)
        }
        _ => Vec::new(),
    }
}

/// The companies of both records, as their vendors name them.
fn companies<T>(
    context: &Context<'_>,
    (left, right): (&T, Option<&T>),
    of: impl Fn(&T) -> Option<RecordId>,
) -> FieldPair {
    let sides = context.sides();
    let (ours, below) = match of(left) {
        Some(company) if sides.source.roll_up => {
            let root = sides.source.root_of(&company);
            let below = (root != company).then(|| views::company_name(sides.source, Some(&company)));
            (views::company_name(sides.source, Some(&root)), below)
        }
        company => (views::company_name(sides.source, company.as_ref()), None),
    };
    let theirs = right.map(|record| views::company_name(sides.target, of(record).as_ref())).unwrap_or_default();
    let mut pair = field("company", &ours, &theirs);
    // Companies are compared where they are matched: at the first level. Where the record sits below it is worth seeing.
    if let Some(below) = below.filter(|name| !name.is_empty()) {
        pair.left = format!("{} / {below}", pair.left);
    }
    pair
}

/// The names of two locations.
fn sites<T>(context: &Context<'_>, (left, right): (&T, Option<&T>), of: impl Fn(&T) -> Option<RecordId>) -> FieldPair {
    let sides = context.sides();
    let name = |tables: &IntegrationTables, record: &T| {
        let facts = of(record).and_then(|id| tables.facts(Stream::Locations, &id).map(|f| f.name().to_owned()));
        facts.unwrap_or_default()
    };
    field("location", &name(sides.source, left), &right.map(|r| name(sides.target, r)).unwrap_or_default())
}

fn contact_fields(context: &Context<'_>, left: &Contact, right: Option<&Contact>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let mut push = |label: &str, of: &dyn Fn(&Contact) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    push("first name", &|c| c.first_name.clone());
    push("last name", &|c| c.last_name.clone());
    push("email", &|c| c.emails.join(", "));
    push("phone", &|c| c.phones.join(", "));
    push("title", &|c| c.title.clone().unwrap_or_default());
    push("type", &|c| c.contact_type.as_ref().map(|t| t.name.clone()).unwrap_or_default());
    push("out of use", &|c| if c.archived { "yes".into() } else { String::new() });
    push("changed", &|c| c.updated.map(|t| t.date().to_string()).unwrap_or_default());
    push("id", &|c| c.id.to_string());
    fields.insert(2, companies(context, (left, right), |c| c.company.as_ref().map(Into::into)));
    fields.insert(6, sites(context, (left, right), |c| c.location.as_ref().map(Into::into)));
    for pair in &mut fields {
        if matches!(pair.label.as_str(), "email" | "phone") {
            pair.relation = list_relation(pair);
        }
    }
    finish(fields)
}

fn location_fields(context: &Context<'_>, left: &Location, right: Option<&Location>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let mut push = |label: &str, of: &dyn Fn(&Location) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    let line = |of: fn(&Address) -> &String| move |l: &Location| of(&l.address).clone();
    push("name", &|l| l.name.clone());
    push("address 1", &line(|a| &a.street));
    push("address 2", &line(|a| &a.street2));
    push("city", &line(|a| &a.city));
    push("state", &line(|a| &a.state));
    push("postal code", &line(|a| &a.zip));
    push("country", &line(|a| &a.country));
    push("phone", &|l| l.phone.clone().unwrap_or_default());
    push("fax", &|l| l.fax.clone().unwrap_or_default());
    push("main", &|l| if l.primary { "yes".into() } else { String::new() });
    push("out of use", &|l| if l.archived { "yes".into() } else { String::new() });
    push("changed", &|l| l.updated.map(|t| t.date().to_string()).unwrap_or_default());
    push("id", &|l| l.id.to_string());
    fields.insert(1, companies(context, (left, right), |l| l.company.as_ref().map(Into::into)));
    finish(fields)
}

fn ticket_fields(context: &Context<'_>, left: &Ticket, right: Option<&Ticket>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let mut push = |label: &str, of: &dyn Fn(&Ticket) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    let named = |value: &Option<crate::domain::Named>| value.as_ref().map(|n| n.name.clone()).unwrap_or_default();
    push("number", &|t| t.number.clone());
    push("title", &|t| t.title.clone());
    push("queue", &|t| named(&t.queue));
    push("status", &|t| named(&t.status));
    push("priority", &|t| named(&t.priority));
    push("type", &|t| named(&t.ticket_type));
    push("opened", &|t| t.created.map(|at| at.date().to_string()).unwrap_or_default());
    push("changed", &|t| t.updated.map(|at| at.date().to_string()).unwrap_or_default());
    push("id", &|t| t.id.to_string());
    fields.insert(2, companies(context, (left, right), |t| t.company.as_ref().map(Into::into)));
    fields.insert(3, sites(context, (left, right), |t| t.location.as_ref().map(Into::into)));
    finish(fields)
}

/// Lists are the same when one of their values is on both sides.
fn list_relation(pair: &FieldPair) -> Relation {
    if pair.left.is_empty() || pair.right.is_empty() {
        return Relation::Unknown;
    }
    let phones = pair.label == "phone";
    let comparable = |text: &str| -> String {
        let digits = |c: &char| c.is_ascii_digit();
        if phones { text.chars().filter(digits).collect() } else { text.to_lowercase() }
    };
    let values = |text: &str| -> Vec<String> { text.split(", ").map(comparable).filter(|v| !v.is_empty()).collect() };
    let (left, right) = (values(&pair.left), values(&pair.right));
    if left.iter().any(|value| right.contains(value)) { Relation::Same } else { Relation::Differs }
}

fn company_fields(left: &Company, right: Option<&Company>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let mut push = |label: &str, of: &dyn Fn(&Company) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    push("name", &|c| c.name.clone());
    push("short name", &|c| c.short_name.clone().unwrap_or_default());
    push("type", &|c| c.types.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", "));
    push("status", &|c| c.status.as_ref().map(|s| s.name.clone()).unwrap_or_default());
    push("domain", &|c| c.domain.clone().unwrap_or_default());
    push("phone", &|c| c.phone.clone().unwrap_or_default());
    push("address", &|c| {
        c.address
            .as_ref()
            .map(|a| [&a.street, &a.zip, &a.city].map(String::as_str).join(" ").trim().to_owned())
            .unwrap_or_default()
    });
    push("id", &|c| c.id.to_string());
    finish(fields)
}

fn device_fields(context: &Context<'_>, left: &Device, right: Option<&Device>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let junk = &context.world.junk;
    let mut push = |label: &str, of: &dyn Fn(&Device) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    push("name", &|d| d.name.clone());
    push("host name", &|d| d.host_name.clone().unwrap_or_default());
    push("serial", &|d| d.serial.clone().unwrap_or_default());
    push("MAC", &|d| d.interfaces.iter().filter_map(|i| i.mac.clone()).collect::<Vec<_>>().join(" "));
    push("hardware UUID", &|d| d.hardware_uuid.clone().unwrap_or_default());
    push("maker", &|d| d.manufacturer.clone().unwrap_or_default());
    push("model", &|d| d.model.clone().unwrap_or_default());
    push("type", &|d| d.device_type.as_ref().map(|t| t.name.clone()).unwrap_or_default());
    push("user", &|d| d.user.clone().unwrap_or_default());
    push("system", &|d| d.details.system.os.clone().unwrap_or_default());
    push("seen or changed", &|d| d.last_seen.or(d.updated).map(|t| t.date().to_string()).unwrap_or_default());
    push("id", &|d| d.id.to_string());
    fields.insert(1, companies(context, (left, right), |d| d.company.as_ref().map(Into::into)));
    for pair in &mut fields {
        if matches!(pair.label.as_str(), "serial" | "MAC") {
            pair.relation = identifier_relation(junk, pair);
        }
    }
    finish(fields)
}

fn field(label: &str, left: &str, right: &str) -> FieldPair {
    let left = text::clean(left).into_owned();
    let right = text::clean(right).into_owned();
    let relation = relation(&left, &right);
    FieldPair { label: label.into(), left, right, relation }
}

/// Empty pairs say nothing; ids are never compared.
fn finish(mut fields: Vec<FieldPair>) -> Vec<FieldPair> {
    fields.retain(|f| !(f.left.is_empty() && f.right.is_empty()));
    for pair in &mut fields {
        if pair.label == "id" {
            pair.relation = Relation::Unknown;
        }
    }
    fields
}

/// Alike enough to be called similar: half of the letters in common (Jaro–Winkler 0.85).
const SIMILAR: f64 = 0.85;

fn relation(left: &str, right: &str) -> Relation {
    if left.is_empty() || right.is_empty() {
        return Relation::Unknown;
    }
    let plain = |t: &str| -> String { any_ascii::any_ascii(t).chars().filter(char::is_ascii_alphanumeric).collect() };
    let (l, r) = (plain(left).to_lowercase(), plain(right).to_lowercase());
    if l == r {
        Relation::Same
    } else if l.contains(&r) || r.contains(&l) || strsim::jaro_winkler(&l, &r) >= SIMILAR {
        Relation::Similar
    } else {
        Relation::Differs
    }
}

fn identifier_relation(junk: &JunkList, pair: &FieldPair) -> Relation {
    let is_junk = |value: &str| {
        if pair.label == "serial" {
            return Serial::parse(value).is_some_and(|s| junk.serial_reason(&s).is_some());
        }
        let macs = Mac::parse_all(value);
        !macs.is_empty() && macs.iter().all(|m| junk.mac_reason(*m).is_some())
    };
    if (!pair.left.is_empty() && is_junk(&pair.left)) || (!pair.right.is_empty() && is_junk(&pair.right)) {
        return Relation::Junk;
    }
    if pair.label == "serial" {
        return relation(&pair.left, &pair.right);
    }
    let (left, right) = (Mac::parse_all(&pair.left), Mac::parse_all(&pair.right));
    if left.is_empty() || right.is_empty() {
        Relation::Unknown
    } else if left.iter().any(|m| right.contains(m)) {
        Relation::Same
    } else {
        Relation::Differs
    }
}
