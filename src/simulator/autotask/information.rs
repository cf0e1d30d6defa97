//! What the vendor tells of an entity, its fields and its user-defined fields.

use super::{
    records::Records,
    schema::{Choice, Entity, Field, Kind, Pick},
};
use serde_json::{Value, json};
use std::borrow::Cow;

/// `entityInformation`. `allowed` is false where the key may do nothing with the entity.
pub fn entity(of: &Entity, allowed: bool) -> Value {
    let access = |can: bool| u8::from(can && allowed);
    json!({"info": {
        "name": of.name,
        "canCreate": of.create,
        "canDelete": of.delete,
        "canQuery": true,
        "canUpdate": of.update,
        "userAccessForCreate": access(of.create),
        "userAccessForDelete": access(of.delete),
        "userAccessForQuery": access(true),
        "userAccessForUpdate": access(of.update),
        "hasUserDefinedFields": !of.udfs().is_empty(),
        "supportsWebhookCallouts": matches!(&*of.path, "Companies" | "Contacts" | "ConfigurationItems" | "Tickets"),
    }})
}

/// `entityInformation/fields`.
pub fn fields(records: &Records, of: &Entity) -> Value {
    let fields = of.own().iter().map(|field| {
        json!({
            "name": field.name,
            "dataType": field.kind.name(),
            "length": length(field),
            "isRequired": field.required,
            "isReadOnly": field.read_only,
            "isQueryable": field.queryable,
            "isReference": field.reference.is_some(),
            "referenceEntityType": field.reference.map_or("", |to| &records.schema.at(to).name),
            "isPickList": field.pick.is_some(),
            "picklistValues": picklist(records, field),
            "picklistParentValueField": field.parent.map_or("", |at| &of.fields[at].name),
            "isSupportedWebhookField": false,
        })
    });
    json!({"fields": fields.collect::<Vec<_>>()})
}

/// `entityInformation/userDefinedFields`.
pub fn user_defined(of: &Entity) -> Value {
    let fields = of.udfs().iter().zip(1..).map(|(field, order)| {
        json!({
            "name": field.name,
            "label": field.name,
            "type": field.kind.name(),
            "length": length(field),
            "description": "",
            "isRequired": false,
            "isReadOnly": false,
            "isQueryable": true,
            "isReference": false,
            "isPickList": false,
            "picklistValues": null,
            "isProtected": field.protected,
            "sortOrder": order,
        })
    });
    json!({"fields": fields.collect::<Vec<_>>()})
}

const fn length(field: &Field) -> usize {
    match field.kind {
        Kind::Text(longest) => longest,
        _ => 0,
    }
}

/// The choices of a field; `None` where every value is possible.
pub fn choices<'a>(records: &'a Records, field: &'a Field) -> Option<Cow<'a, [Choice]>> {
    match field.pick.as_ref()? {
        Pick::Choices(listed) => Some(Cow::Borrowed(listed)),
        Pick::Rows(entity) => {
            let of = records.schema.at(*entity);
            let (name, active) = (of.field("name").unwrap_or(0), of.field("isActive").unwrap_or(0));
            let rows = records.rows(*entity).iter().map(|row| Choice {
                value: row.id,
                label: row.text(name).unwrap_or_default().into(),
                active: row.int(active) == Some(1),
                system: false,
                default: false,
                parent: None,
            });
            Some(Cow::Owned(rows.collect()))
        }
    }
}

/// Values are texts here and numbers in records.
fn picklist(records: &Records, field: &Field) -> Value {
    let Some(choices) = choices(records, field) else { return Value::Null };
    let values = choices.iter().zip(1..).map(|(choice, order)| {
        json!({
            "value": choice.value.to_string(),
            "label": choice.label,
            "isDefaultValue": choice.default,
            "sortOrder": order,
            "parentValue": choice.parent.map_or(String::new(), |parent| parent.to_string()),
            "isActive": choice.active,
            "isSystem": choice.system,
        })
    });
    Value::Array(values.collect())
}
