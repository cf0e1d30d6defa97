//! What records consist of: `assets/simulator/connectwise.toml` as types.

use serde::Deserialize;
use std::collections::HashMap;

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entity {
    Companies,
    CompanyTypes,
    CompanyStatuses,
    TypeAssociations,
    Configurations,
    ConfigurationTypes,
    ConfigurationStatuses,
    Contacts,
    ContactTypes,
    CommunicationTypes,
    Sites,
    Boards,
    BoardStatuses,
    BoardTypes,
    Priorities,
    Tickets,
    Members,
    Manufacturers,
    Catalog,
    Countries,
    States,
}

impl Entity {
    /// All of them; the position is the number.
    pub const ALL: [Self; 21] = [
        Self::Companies,
        Self::CompanyTypes,
        Self::CompanyStatuses,
        Self::TypeAssociations,
        Self::Configurations,
        Self::ConfigurationTypes,
        Self::ConfigurationStatuses,
        Self::Contacts,
        Self::ContactTypes,
        Self::CommunicationTypes,
        Self::Sites,
        Self::Boards,
        Self::BoardStatuses,
        Self::BoardTypes,
        Self::Priorities,
        Self::Tickets,
        Self::Members,
        Self::Manufacturers,
        Self::Catalog,
        Self::Countries,
        Self::States,
    ];

    /// The part of a security role that reads it, as the vendor's role screen calls it.
    pub const fn right(self) -> &'static str {
        match self {
            Self::Companies | Self::TypeAssociations | Self::Sites => "Company Maintenance",
            Self::Configurations => "Configurations",
            Self::Contacts => "Contacts",
            Self::Tickets => "Service Tickets",
            Self::Members => "Member Maintenance",
            Self::Catalog => "Product Catalog",
            _ => "Table Setup",
        }
    }
}

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Yes or no.
    Flag,
    /// A text of at most so many characters.
    Text(usize),
    /// A moment, UTC.
    Moment,
    /// Another record.
    Ref(Entity),
    /// Several objects.
    List,
    /// An object that is not looked into.
    Object,
}

/// A member.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// What it holds.
    pub kind: Kind,
    /// Must be there on creation.
    pub required: bool,
    /// The vendor fills it.
    pub readonly: bool,
    /// No two rows share it.
    pub unique: bool,
    /// Only taken on creation.
    pub once: bool,
    /// Never comes back.
    pub hidden: bool,
}

/// An entity.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What errors call it.
    pub resource: Box<str>,
    /// `lastUpdated` filters.
    pub updated: bool,
    /// Can be read forward only.
    pub forward: bool,
    /// Its members in their order.
    pub fields: Vec<Field>,
}

impl Spec {
    /// A member. Names are compared exactly: the vendor does where it writes.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| *field.name == *name)
    }

    /// A member for filters, where case does not matter.
    pub fn filter(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

/// All entities.
pub struct Schema(Vec<Spec>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    resource: String,
    #[serde(default)]
    updated: bool,
    #[serde(default)]
    forward: bool,
    fields: String,
}

impl Schema {
    /// The embedded description.
    ///
    /// # Panics
    /// Never: a unit test reads it.
    pub fn built_in() -> Self {
        let text = include_str!("../../../assets/simulator/connectwise.toml");
        let mut written: HashMap<Entity, Written> = toml::from_str(text).expect("embedded description parses");
        Self(
            Entity::ALL
                .into_iter()
                .map(|entity| {
                    let spec = written.remove(&entity).expect("every entity is described");
                    let fields = spec.fields.lines().filter(|line| !line.is_empty()).map(field).collect();
                    Spec { resource: spec.resource.into(), updated: spec.updated, forward: spec.forward, fields }
                })
                .collect(),
        )
    }

    /// One entity.
    pub fn spec(&self, entity: Entity) -> &Spec {
        &self.0[entity as usize]
    }
}

fn field(line: &str) -> Field {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default().into();
    let kind = kind(words.next().unwrap_or_default());
    let marks: Vec<&str> = words.collect();
    let has = |mark: &str| marks.contains(&mark);
    Field {
        name,
        kind,
        required: has("required"),
        readonly: has("readonly"),
        unique: has("unique"),
        once: has("once"),
        hidden: has("hidden"),
    }
}

fn kind(word: &str) -> Kind {
    match word.split_once(':') {
        Some(("text", longest)) => Kind::Text(longest.parse().expect("a length")),
        Some(("ref", entity)) => {
            let value = toml::Value::String(entity.to_owned());
            Kind::Ref(value.try_into().expect("a known entity"))
        }
        _ => match word {
            "int" => Kind::Int,
            "float" => Kind::Float,
            "flag" => Kind::Flag,
            "moment" => Kind::Moment,
            "list" => Kind::List,
            "object" => Kind::Object,
            other => panic!("{other} is no kind"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_description_is_read_and_every_entity_has_an_id() {
        let schema = Schema::built_in();
        for (at, entity) in Entity::ALL.into_iter().enumerate() {
            assert_eq!(entity as usize, at);
            assert_eq!(schema.spec(entity).field("id").map(|f| f.kind), Some(Kind::Int), "{entity:?}");
        }
        assert_eq!(schema.spec(Entity::Sites).field("stateReference").map(|f| f.kind), Some(Kind::Ref(Entity::States)));
    }
}
