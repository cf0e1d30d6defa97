//! What a client wrote into a row, checked member by member. Unknown members are ignored.

use super::{
    answers::Refusal,
    records::Records,
    schema::{Entity, Field, Kind},
    values::normalised,
};
use serde_json::{Map, Value, json};

/// What is wrong with a member.
pub struct Wrong {
    code: &'static str,
    field: String,
    message: String,
}

impl Wrong {
    fn new(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, field: field.into(), message: message.into() }
    }

    /// A member that must be there.
    pub fn missing(field: &str) -> Self {
        Self::new("MissingRequiredField", field, format!("{field} is required"))
    }

    /// A member that names what there is not.
    pub fn not_found(field: &str) -> Self {
        Self::new("NotFound", format!("{field}/id"), format!("{field} was not found"))
    }
}

/// The refusal of everything that is wrong; none when nothing is.
pub fn refusal(records: &Records, entity: Entity, wrong: Vec<Wrong>) -> Result<(), Refusal> {
    let resource = &records.schema.spec(entity).resource;
    let mut wrong = wrong.into_iter();
    let Some(first) = wrong.next() else { return Ok(()) };
    let mut refusal = Refusal::invalid(resource, first.code, &first.field, first.message);
    for more in wrong {
        refusal.and(resource, more.code, &more.field, more.message);
    }
    Err(refusal)
}

/// A member's value as it is kept.
pub fn checked(records: &Records, entity: Entity, own: u32, field: &Field, value: &Value) -> Result<Value, Wrong> {
    let name = &*field.name;
    let invalid = || Wrong::new("InvalidValue", name, format!("{name} is not valid"));
    let value = match (field.kind, value) {
        (_, Value::Null) => Value::Null,
        // An empty text clears, whatever the member holds.
        (_, Value::String(text)) if text.is_empty() => Value::Null,
        (Kind::Text(longest), Value::String(text)) => {
            if text.chars().count() > longest {
                return Err(Wrong::new("MaxLengthField", name, format!("{name} must not exceed {longest} characters")));
            }
            text.as_str().into()
        }
        (Kind::Text(_), Value::Number(number)) => number.to_string().into(),
        (Kind::Int, Value::Number(number)) if number.is_i64() || number.is_u64() => value.clone(),
        (Kind::Float, Value::Number(_)) | (Kind::Flag, Value::Bool(_)) | (Kind::Object, Value::Object(_)) => {
            value.clone()
        }
        (Kind::Moment, Value::String(text)) => normalised(text).ok_or_else(invalid)?.into(),
        (Kind::Ref(target), Value::Object(reference)) => resolved(records, target, reference, name)?,
        (Kind::List, Value::Array(rows)) if name == "communicationItems" => items(records, rows)?,
        (Kind::List, Value::Array(_)) => value.clone(),
        _ => return Err(invalid()),
    };
    if field.unique
        && let Some(text) = value.as_str()
        && records.named(entity, name, text).is_some_and(|id| id != own)
    {
        return Err(Wrong::new("ObjectExists", name, format!("{name} {text} is already in use")));
    }
    if field.required && value.is_null() {
        return Err(Wrong::missing(name));
    }
    Ok(value)
}

/// A reference by id, or by what people call the row.
fn resolved(records: &Records, target: Entity, reference: &Map<String, Value>, name: &str) -> Result<Value, Wrong> {
    let id = match reference.get("id") {
        Some(Value::Number(number)) => number.as_u64().and_then(|id| u32::try_from(id).ok()),
        Some(Value::String(text)) => text.parse().ok(),
        _ => ["identifier", "name"].into_iter().find_map(|member| {
            let text = reference.get(member)?.as_str()?;
            records.named(target, member, text)
        }),
    };
    let id = id.filter(|&id| records.exists(target, id)).ok_or_else(|| Wrong::not_found(name))?;
    Ok(json!({"id": id}))
}

/// Addresses and numbers of a contact.
fn items(records: &Records, rows: &[Value]) -> Result<Value, Wrong> {
    let all = (1..).zip(rows).map(|(at, row)| item(records, row, at));
    all.collect::<Result<Vec<_>, _>>().map(Value::from)
}

/// One of them, with the number that it gets when it has none.
pub fn item(records: &Records, row: &Value, at: u32) -> Result<Value, Wrong> {
    let name = "communicationItems";
    let reference = row.get("type").and_then(Value::as_object).ok_or_else(|| Wrong::missing("type"))?;
    let kind = resolved(records, Entity::CommunicationTypes, reference, "type")?["id"].as_u64().unwrap_or(0);
    let kind = u32::try_from(kind).unwrap_or(0);
    let Some(value) = row.get("value").and_then(Value::as_str).filter(|value| !value.is_empty()) else {
        return Err(Wrong::missing("value"));
    };
    if value.chars().count() > 250 {
        return Err(Wrong::new("MaxLengthField", name, "value must not exceed 250 characters"));
    }
    let flag = |flag: &str| records.member(Entity::CommunicationTypes, kind, flag) == true;
    let word = if flag("emailFlag") {
        "Email"
    } else if flag("faxFlag") {
        "Fax"
    } else {
        "Phone"
    };
    if word == "Email" && !value.contains('@') {
        return Err(Wrong::new("InvalidValue", name, format!("{value} is no email address")));
    }
    let id = row.get("id").and_then(Value::as_u64).unwrap_or_else(|| 900_000 + records.revision * 100 + u64::from(at));
    let kind = json!({"id": kind, "name": records.name(Entity::CommunicationTypes, kind)});
    let default = row.get("defaultFlag").and_then(Value::as_bool).unwrap_or(false);
    let mut item = json!({"id": id, "type": kind, "value": value, "defaultFlag": default, "communicationType": word});
    if let Some((_, host)) = value.split_once('@').filter(|_| word == "Email") {
        item["domain"] = format!("@{host}").into();
    }
    if let Some(extension) = row.get("extension").and_then(Value::as_str) {
        item["extension"] = extension.into();
    }
    Ok(item)
}
