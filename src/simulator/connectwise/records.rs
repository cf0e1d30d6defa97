//! The tenant's records: what was written since the start lies over what is derived from the world.

use super::{
    derived,
    ids::Ids,
    schema::{Entity, Field, Kind, Schema},
    values::moment,
};
use crate::simulator::world::{NOW, Psa, psa::SITES};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The host that links in records name. Clients must not follow them.
const HOST: &str = "https://cw.example.test/v4_6_release/apis/3.0";

/// Rows of one entity that are not as in the world.
#[derive(Default)]
struct Table {
    /// Created or changed rows, whole.
    own: BTreeMap<u32, Map<String, Value>>,
    gone: BTreeSet<u32>,
    unreadable: BTreeSet<u32>,
    /// The last id that was given out since the start; 0 for none.
    last: u32,
}

/// All records.
pub struct Records {
    /// What they are derived from.
    pub psa: Arc<Psa>,
    /// What they consist of.
    pub schema: Schema,
    tables: Vec<Table>,
    /// Goes up with every change.
    pub revision: u64,
}

impl Records {
    /// The records of that world.
    pub fn new(psa: Arc<Psa>) -> Self {
        let tables = Entity::ALL.iter().map(|_| Table::default()).collect();
        Self { psa, schema: Schema::built_in(), tables, revision: 0 }
    }

    /// The moment of the next change: the time of day, and never before the last change.
    pub fn now(&self) -> i64 {
        let wall = time::OffsetDateTime::now_utc().unix_timestamp();
        wall.max(NOW + i64::try_from(self.revision).unwrap_or(0))
    }

    fn table(&self, entity: Entity) -> &Table {
        &self.tables[entity as usize]
    }

    fn table_mut(&mut self, entity: Entity) -> &mut Table {
        &mut self.tables[entity as usize]
    }

    /// Every id, ascending.
    pub fn ids(&self, entity: Entity) -> Vec<u32> {
        let (ids, count) = derived::numbers(&self.psa, entity);
        let table = self.table(entity);
        let first =
            (0..count).filter(|&number| derived::exists(&self.psa, entity, number)).map(|number| ids.of(number));
        let after = ids.of(count);
        first.filter(|id| !table.gone.contains(id)).chain(table.own.range(after..).map(|(&id, _)| id)).collect()
    }

    /// Whether there is such a row.
    pub fn exists(&self, entity: Entity, id: u32) -> bool {
        let table = self.table(entity);
        table.own.contains_key(&id) || !table.gone.contains(&id) && self.number(entity, id).is_some()
    }

    /// The number in the world of a row that came from there.
    fn number(&self, entity: Entity, id: u32) -> Option<u32> {
        let (ids, count): (Ids, u32) = derived::numbers(&self.psa, entity);
        let number = ids.number(id).filter(|&number| number < count)?;
        derived::exists(&self.psa, entity, number).then_some(number)
    }

    /// A member of a row; null where there is none.
    pub fn member(&self, entity: Entity, id: u32, name: &str) -> Value {
        match name {
            "_info" => self.info(entity, id),
            // Types follow from the associations, wherever those come from.
            "types" if entity == Entity::Companies => self.types(id),
            _ => match (self.table(entity).own.get(&id), self.number(entity, id)) {
                (Some(row), _) => self.refreshed(entity, name, row.get(name).cloned().unwrap_or(Value::Null)),
                (None, Some(number)) => derived::member(self, entity, number, name),
                (None, None) => Value::Null,
            },
        }
    }

    /// A reference with the name that its target has now.
    fn refreshed(&self, entity: Entity, name: &str, value: Value) -> Value {
        match self.schema.spec(entity).field(name).map(|field| field.kind) {
            Some(Kind::Ref(target)) => value["id"]
                .as_u64()
                .and_then(|id| u32::try_from(id).ok())
                .map_or(Value::Null, |id| self.reference(target, id)),
            _ => value,
        }
    }

    /// A reference to a row; null where there is no such row.
    pub fn reference(&self, target: Entity, id: u32) -> Value {
        if !self.exists(target, id) {
            return Value::Null;
        }
        let mut reference = json!({"id": id});
        let spec = self.schema.spec(target);
        if spec.field("identifier").is_some() {
            reference["identifier"] = self.member(target, id, "identifier");
        }
        reference["name"] = self.name(target, id);
        let href = format!("{HOST}/{}/{id}", derived::path(target));
        reference["_info"] = json!({format!("{}_href", spec.resource): href});
        reference
    }

    /// What references call a row.
    pub fn name(&self, entity: Entity, id: u32) -> Value {
        match entity {
            Entity::Contacts => {
                let [first, last] = ["firstName", "lastName"].map(|name| self.member(entity, id, name));
                let names = [first.as_str(), last.as_str()].into_iter().flatten().collect::<Vec<_>>();
                Value::from(names.join(" "))
            }
            Entity::Members => {
                let [first, last] = ["firstName", "lastName"].map(|name| self.member(entity, id, name));
                Value::from(format!("{} {}", first.as_str().unwrap_or_default(), last.as_str().unwrap_or_default()))
            }
            Entity::ConfigurationStatuses | Entity::ContactTypes | Entity::CommunicationTypes => {
                self.member(entity, id, "description")
            }
            Entity::Tickets => self.member(entity, id, "summary"),
            _ => self.member(entity, id, "name"),
        }
    }

    fn info(&self, entity: Entity, id: u32) -> Value {
        if let Some(info) = self.table(entity).own.get(&id).and_then(|row| row.get("_info")) {
            return info.clone();
        }
        let Some(number) = self.number(entity, id) else { return Value::Null };
        let (made, changed) = derived::moments(&self.psa, entity, number);
        json!({"lastUpdated": moment(changed), "updatedBy": "jdoe", "dateEntered": moment(made), "enteredBy": "jdoe"})
    }

    fn types(&self, company: u32) -> Value {
        let associations = self.associations(company);
        let types = associations.iter().map(|&id| self.member(Entity::TypeAssociations, id, "type"));
        Value::from(types.filter(|kind| !kind.is_null()).collect::<Vec<_>>())
    }

    /// The type associations of a company.
    pub fn associations(&self, company: u32) -> Vec<u32> {
        let table = self.table(Entity::TypeAssociations);
        let (ids, count) = derived::numbers(&self.psa, Entity::TypeAssociations);
        let account =
            super::ids::COMPANIES.number(company).filter(|_| self.number(Entity::Companies, company).is_some());
        let derived = account.into_iter().flat_map(derived::associations_of).map(|number| ids.of(number));
        let mine = |id: &u32| self.member(Entity::TypeAssociations, *id, "company")["id"] == company;
        let written = table.own.range(ids.of(count)..).map(|(&id, _)| id);
        derived.filter(|&id| self.exists(Entity::TypeAssociations, id)).chain(written).filter(mine).collect()
    }

    /// The sites of a company.
    pub fn sites(&self, company: u32) -> Vec<u32> {
        let (ids, count) = derived::numbers(&self.psa, Entity::Sites);
        let account =
            super::ids::COMPANIES.number(company).filter(|_| self.number(Entity::Companies, company).is_some());
        let derived =
            account.into_iter().flat_map(|account| account * SITES..(account + 1) * SITES).map(|at| ids.of(at));
        let written = self.table(Entity::Sites).own.range(ids.of(count)..).map(|(&id, _)| id);
        let mine = |id: &u32| self.member(Entity::Sites, *id, "company")["id"] == company;
        derived.filter(|&id| self.exists(Entity::Sites, id)).chain(written).filter(mine).collect()
    }

    /// The devices of a ticket.
    pub fn attached(&self, ticket: u32) -> Vec<u32> {
        let ids: Vec<u32> = match self.table(Entity::Tickets).own.get(&ticket).and_then(|row| row.get("configurations"))
        {
            Some(Value::Array(ids)) => {
                ids.iter().filter_map(Value::as_u64).filter_map(|id| u32::try_from(id).ok()).collect()
            }
            _ => {
                let first = self.member(Entity::Tickets, ticket, "configuration")["id"].as_u64();
                first.and_then(|id| u32::try_from(id).ok()).into_iter().collect()
            }
        };
        ids.into_iter().filter(|&id| self.exists(Entity::Configurations, id)).collect()
    }

    /// The row whose member is that text, in any case.
    pub fn named(&self, entity: Entity, member: &str, text: &str) -> Option<u32> {
        let wanted = text.to_lowercase();
        let same = |value: &Value| value.as_str().is_some_and(|value| value.to_lowercase() == wanted);
        let value = |id| if member == "name" { self.name(entity, id) } else { self.member(entity, id, member) };
        self.ids(entity).into_iter().find(|&id| same(&value(id)))
    }

    /// A row with everything that never comes back, to write on; null where there is none.
    pub fn whole(&self, entity: Entity, id: u32) -> Value {
        if let Some(row) = self.table(entity).own.get(&id) {
            return Value::Object(row.clone());
        }
        if self.number(entity, id).is_none() || self.table(entity).gone.contains(&id) {
            return Value::Null;
        }
        let names = self.schema.spec(entity).fields.iter().map(|field| field.name.to_string());
        let members = names.map(|name| (name.clone(), self.member(entity, id, &name)));
        Value::Object(members.filter(|(_, value)| !value.is_null()).collect())
    }

    /// A row with these members, or with all of them. Members without a value are left out: the vendor does so too,
    /// depending on the version.
    pub fn row(&self, entity: Entity, id: u32, wanted: Option<&[String]>) -> Map<String, Value> {
        let mut row = Map::new();
        let unreadable = self.table(entity).unreadable.contains(&id);
        for field in self.schema.spec(entity).fields.iter().filter(|field| !field.hidden) {
            if wanted.is_some_and(|wanted| !wanted.iter().any(|name| *name == *field.name)) {
                continue;
            }
            let value = if unreadable { broken(field, id) } else { self.member(entity, id, &field.name) };
            if !value.is_null() {
                row.insert(field.name.to_string(), value);
            }
        }
        if wanted.is_none_or(|wanted| wanted.iter().any(|name| name == "_info")) {
            row.insert("_info".to_owned(), self.info(entity, id));
        }
        row
    }

    /// The row as a client cannot read it.
    pub fn unreadable_row(&self, entity: Entity, id: u32) -> Map<String, Value> {
        let fields = self.schema.spec(entity).fields.iter().filter(|field| !field.hidden);
        fields.map(|field| (field.name.to_string(), broken(field, id))).collect()
    }

    /// A new id.
    pub fn next_id(&mut self, entity: Entity) -> u32 {
        let (ids, count) = derived::numbers(&self.psa, entity);
        let table = self.table_mut(entity);
        table.last = table.last.max(ids.of(count).saturating_sub(1)) + 1;
        table.last
    }

    /// Keeps a row as it was written, with the moment and the one who did it.
    pub fn keep(&mut self, entity: Entity, id: u32, mut row: Map<String, Value>) {
        let now = moment(self.now());
        let (made, by) = match self.info(entity, id) {
            Value::Object(info) => (info["dateEntered"].clone(), info["enteredBy"].clone()),
            _ => (Value::from(now.clone()), Value::from("api")),
        };
        let info = json!({"lastUpdated": now, "updatedBy": "api", "dateEntered": made, "enteredBy": by});
        row.insert("_info".to_owned(), info);
        self.table_mut(entity).own.insert(id, row);
    }

    /// Takes a row away, as if it had never been there.
    pub fn remove(&mut self, entity: Entity, id: u32) {
        let from_world = self.number(entity, id).is_some();
        let table = self.table_mut(entity);
        table.own.remove(&id);
        if from_world {
            table.gone.insert(id);
        }
    }

    /// Makes a row unreadable, or readable again.
    pub fn spoil(&mut self, entity: Entity, id: u32, spoiled: bool) {
        let unreadable = &mut self.table_mut(entity).unreadable;
        if spoiled {
            unreadable.insert(id);
        } else {
            unreadable.remove(&id);
        }
    }

    /// What happens in the middle of somebody's listing: the row of that id vanishes and its copy gets a new one.
    pub fn shift(&mut self, entity: Entity, id: u32) {
        let Value::Object(mut row) = self.whole(entity, id) else { return };
        let new = self.next_id(entity);
        row.insert("id".to_owned(), new.into());
        row.remove("_info");
        self.remove(entity, id);
        self.keep(entity, new, row);
    }
}

/// The id is there, everything else is of another kind than it should be.
fn broken(field: &Field, id: u32) -> Value {
    match field.kind {
        _ if *field.name == *"id" => Value::from(id),
        Kind::Text(_) | Kind::Moment => json!({"value": ["?"]}),
        Kind::Ref(_) | Kind::Object => json!(["?"]),
        _ => json!("?"),
    }
}
