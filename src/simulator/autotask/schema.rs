//! What the entities consist of: `assets/simulator/autotask.toml` as types.

use serde::Deserialize;
use std::collections::BTreeMap;

/// All entities. Positions in here are their numbers.
pub struct Schema(Vec<Entity>);

/// An entity.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the vendor's entity information is a list of yes and no")]
pub struct Entity {
    /// Its path segment (`Companies`).
    pub path: Box<str>,
    /// Its name (`Company`).
    pub name: Box<str>,
    /// Rows can be created.
    pub create: bool,
    /// Rows can be changed.
    pub update: bool,
    /// Rows can be deleted.
    pub delete: bool,
    /// Where it is written, when not at its own path.
    pub under: Option<Under>,
    /// Its moments end in `Z`; others have no zone. Both mean UTC, and both were seen.
    pub zoned: bool,
    /// Its fields, `id` first, then user-defined ones.
    pub fields: Vec<Field>,
    /// The position of the first user-defined field.
    pub first_udf: usize,
}

/// The parent of a child entity.
#[derive(Debug)]
pub struct Under {
    /// The parent.
    pub parent: usize,
    /// The path segment below a row of the parent.
    pub segment: Box<str>,
    /// The field that holds the parent's id.
    pub field: usize,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 64 bits.
    Long,
    /// 32 bits.
    Integer,
    /// 16 bits.
    Short,
    /// Kept in ten-thousandths.
    Decimal,
    /// True or false.
    Boolean,
    /// Milliseconds since 1970.
    Datetime,
    /// At most so many characters.
    Text(usize),
}

impl Kind {
    /// Its name in the field information.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Integer => "integer",
            Self::Short => "short",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Text(_) => "string",
        }
    }
}

/// A field.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the vendor's field information is a list of yes and no")]
pub struct Field {
    /// As on the wire.
    pub name: Box<str>,
    /// Its type.
    pub kind: Kind,
    /// Must have a value.
    pub required: bool,
    /// Ignored when written.
    pub read_only: bool,
    /// May be filtered by.
    pub queryable: bool,
    /// Ignored in an update.
    pub fixed: bool,
    /// The value stays hidden.
    pub protected: bool,
    /// Holds ids of this entity's rows.
    pub reference: Option<usize>,
    /// Only some values are possible.
    pub pick: Option<Pick>,
    /// The field that its choices depend on.
    pub parent: Option<usize>,
    /// Written by the server on creation.
    pub created: bool,
    /// Written by the server with every change.
    pub touched: bool,
    /// Who did it, when the server writes it.
    pub by: Option<By>,
    /// What it is where nothing was given.
    pub default: Option<i64>,
}

/// Whose id the server writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The resource who is shown as the author.
    Author,
    /// The API user, where it wrote in another's name.
    Impersonator,
}

/// Where the choices of a field come from.
#[derive(Debug)]
pub enum Pick {
    /// A fixed list.
    Choices(Vec<Choice>),
    /// The rows of an entity.
    Rows(usize),
}

/// One choice.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What records carry.
    pub value: i64,
    /// As shown.
    pub label: Box<str>,
    /// May be chosen anew.
    pub active: bool,
    /// Made by the vendor.
    pub system: bool,
    /// Chosen where nothing was.
    pub default: bool,
    /// The choice of the parent field that it belongs to.
    pub parent: Option<i64>,
}

impl Schema {
    /// The embedded list.
    ///
    /// # Panics
    /// Never: a unit test parses it.
    #[must_use]
    pub fn built_in() -> Self {
        let file: File =
            toml::from_str(include_str!("../../../assets/simulator/autotask.toml")).expect("embedded list parses");
        let paths: Vec<String> = file.entities.iter().map(|e| e.path.clone()).collect();
        let number = |path: &str| paths.iter().position(|p| p == path).expect("embedded list names its entities");
        Self(file.entities.into_iter().map(|lines| entity(lines, &number)).collect())
    }

    /// An entity by its number.
    pub fn at(&self, entity: usize) -> &Entity {
        &self.0[entity]
    }

    /// The number of an entity, by its path segment in any case.
    pub fn number(&self, path: &str) -> Option<usize> {
        self.0.iter().position(|e| e.path.eq_ignore_ascii_case(path))
    }

    /// The child entity below a row of that entity, by its path segment in any case.
    pub fn child(&self, parent: usize, segment: &str) -> Option<usize> {
        self.0.iter().position(|e| {
            e.under.as_ref().is_some_and(|u| u.parent == parent && u.segment.eq_ignore_ascii_case(segment))
        })
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Entity {
    /// The position of a field that is not user-defined, by its name in any case.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields[..self.first_udf].iter().position(|f| f.name.eq_ignore_ascii_case(name))
    }

    /// The position of a user-defined field.
    pub fn udf(&self, name: &str) -> Option<usize> {
        self.fields[self.first_udf..]
            .iter()
            .position(|f| f.name.eq_ignore_ascii_case(name))
            .map(|at| at + self.first_udf)
    }

    /// The fields that are not user-defined.
    pub fn own(&self) -> &[Field] {
        &self.fields[..self.first_udf]
    }

    /// The user-defined fields.
    pub fn udfs(&self) -> &[Field] {
        &self.fields[self.first_udf..]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entities: Vec<Lines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    path: String,
    name: String,
    can: Vec<String>,
    under: Option<UnderLine>,
    #[serde(default)]
    zoned: bool,
    fields: Vec<String>,
    #[serde(default)]
    udfs: Vec<String>,
    #[serde(default)]
    choices: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnderLine {
    parent: String,
    segment: String,
    field: String,
}

fn entity(mut lines: Lines, number: &impl Fn(&str) -> usize) -> Entity {
    let first_udf = lines.fields.len();
    let name_of = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let names: Vec<String> = lines.fields.iter().map(|line| name_of(line)).collect();
    let at = |name: &str| names.iter().position(|n| n == name).expect("embedded list names its fields");
    let mut fields: Vec<Field> =
        lines.fields.iter().map(|line| field(line, name_of(line), &mut lines.choices, number, &at)).collect();
    for line in &lines.udfs {
        // Their names have spaces: the type is the word with the colon.
        let kind = line.find(" string:").expect("user-defined fields are texts");
        let name = line[..kind].to_owned();
        fields.push(field(&format!("udf{}", &line[kind..]), name, &mut lines.choices, number, &at));
    }
    assert!(lines.choices.is_empty(), "choices without a field: {:?}", lines.choices);
    let can = |what: &str| lines.can.iter().any(|c| c == what);
    Entity {
        create: can("create"),
        update: can("update"),
        delete: can("delete"),
        under: lines.under.map(|u| Under { parent: number(&u.parent), segment: u.segment.into(), field: at(&u.field) }),
        zoned: lines.zoned,
        path: lines.path.into(),
        name: lines.name.into(),
        fields,
        first_udf,
    }
}

fn field(
    line: &str,
    name: String,
    choices: &mut BTreeMap<String, Vec<String>>,
    number: &impl Fn(&str) -> usize,
    at: &impl Fn(&str) -> usize,
) -> Field {
    let mut words = line.split(' ').skip(1);
    let mut field = Field { name: name.into(), kind: kind(words.next().unwrap_or_default()), ..Field::plain() };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("required", _) => field.required = true,
            ("readonly", _) => field.read_only = true,
            ("noquery", _) => field.queryable = false,
            ("fixed", _) => field.fixed = true,
            ("protected", _) => field.protected = true,
            ("created", _) => field.created = true,
            ("touched", _) => field.touched = true,
            ("creator", _) => field.by = Some(By::Author),
            ("impersonator", _) => field.by = Some(By::Impersonator),
            ("ref", entity) => field.reference = Some(number(entity)),
            ("parent", name) => field.parent = Some(at(name)),
            ("default", value) => field.default = Some(value.parse().expect("defaults are numbers")),
            ("pick", "") => {
                let listed = choices.remove(&*field.name).unwrap_or_default();
                field.pick = Some(Pick::Choices(listed.iter().map(|line| choice(line)).collect()));
            }
            ("pick", entity) => field.pick = Some(Pick::Rows(number(entity))),
            _ => panic!("unknown word “{word}” of {}", field.name),
        }
    }
    field
}

impl Field {
    fn plain() -> Self {
        Self {
            name: "".into(),
            kind: Kind::Long,
            required: false,
            read_only: false,
            queryable: true,
            fixed: false,
            protected: false,
            reference: None,
            pick: None,
            parent: None,
            created: false,
            touched: false,
            by: None,
            default: None,
        }
    }
}

fn kind(word: &str) -> Kind {
    match word {
        "long" => Kind::Long,
        "integer" => Kind::Integer,
        "short" => Kind::Short,
        "decimal" => Kind::Decimal,
        "boolean" => Kind::Boolean,
        "datetime" => Kind::Datetime,
        _ => Kind::Text(word.strip_prefix("string:").and_then(|n| n.parse().ok()).expect("a known type")),
    }
}

fn choice(line: &str) -> Choice {
    let mut parts = line.split('|');
    let value = parts.next().and_then(|v| v.parse().ok()).expect("choices begin with their value");
    let label = parts.next().expect("choices have a label").into();
    let mut choice = Choice { value, label, active: true, system: false, default: false, parent: None };
    for word in parts.flat_map(|rest| rest.split(',')) {
        match word.split_once('=').unwrap_or((word, "")) {
            ("inactive", _) => choice.active = false,
            ("system", _) => choice.system = true,
            ("default", _) => choice.default = true,
            ("parent", value) => choice.parent = value.parse().ok(),
            _ => panic!("unknown word “{word}” of choice “{label}”", label = choice.label),
        }
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_parses_and_every_entity_begins_with_its_id() {
        let schema = Schema::built_in();
        for number in 0..schema.len() {
            let entity = schema.at(number);
            assert_eq!(&*entity.fields[0].name, "id", "{}", entity.path);
            assert!(entity.fields.len() <= 128, "{} has more fields than a row can hold", entity.path);
        }
        let companies = schema.at(schema.number("companies").unwrap());
        assert_eq!(companies.own()[companies.field("COMPANYTYPE").unwrap()].kind, Kind::Short);
        assert_eq!(companies.udfs()[0].kind, Kind::Text(255));
    }
}
