//! The field tables of a mapping file: one source per field of the domain's records, and the rows read by them.
//!
//! A field that a table does not name stays unknown. A field that the domain does not have is refused when the
//! mapping is read.

mod beside;
mod company;
mod device;
mod interfaces;
mod parts;
mod people;
mod ticket;

use super::json::Json;
use super::source::{NamedSource, Row, Source};
use crate::domain::Record;
use crate::secrets::Redactor;
use beside::{DeviceTypeFields, DomainFields, ManufacturerFields, ModelFields};
pub(crate) use company::CompanyFields;
pub(crate) use device::DeviceFields;
use people::{ContactFields, LocationFields, MemberFields};
use ticket::TicketFields;

/// A row that cannot become a record, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The id of the record that the row speaks of, where it can be read: that record is still there.
    pub id: Option<String>,
    /// Why, in words, cleaned for display; for files with the line's number.
    pub reason: String,
    /// The row as it came, cleaned and cut to `RAW_ROW` characters; empty until the page is read.
    pub raw: String,
}

/// Characters of a bad row that are kept.
pub const RAW_ROW: usize = 2_000;

impl BadRow {
    /// A row that is bad for that reason.
    pub(crate) fn new(id: Option<String>, reason: impl Into<String>) -> Self {
        Self { id, reason: reason.into(), raw: String::new() }
    }

    /// The same with the row itself, whole.
    pub(crate) fn with_raw(self, raw: &str) -> Self {
        Self { raw: crate::domain::text::clean(raw).into_owned(), ..self }
    }

    /// As it is handed on: without secrets, then cut, so that none is left by half. The id stays: by it the record is
    /// known to be there.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: &str| redactor.redact(text).into_owned();
        Self { id: self.id, reason: clean(&self.reason), raw: clean(&self.raw).chars().take(RAW_ROW).collect() }
    }
}

/// The sources of a part of a table, with the fields' names (`address.city`).
pub(crate) trait Sources {
    /// Adds them; `at` is the name of the part.
    fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s Source)>);
}

impl Sources for Source {
    fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s Source)>) {
        found.push((at.to_owned(), self));
    }
}

impl Sources for NamedSource {
    fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s Source)>) {
        found.push((format!("{at}.id"), &self.id));
        found.push((format!("{at}.name"), &self.name));
    }
}

/// A struct of sources that a mapping file writes as a table; every field may be missing.
macro_rules! field_table {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $vis struct $name { $($(#[$about])* pub(in crate::connectors) $field: $type,)* }

        impl $crate::connectors::fields::Sources for $name {
            fn sources<'s>(&'s self, at: &str, found: &mut Vec<(String, &'s $crate::connectors::source::Source)>) {
                $(
                    let name = $crate::connectors::fields::below(at, stringify!($field));
                    $crate::connectors::fields::Sources::sources(&self.$field, &name, found);
                )*
            }
        }
    };
}
pub(super) use field_table;

/// The name of a field of a part.
fn below(at: &str, field: &str) -> String {
    let field = field.trim_start_matches("r#");
    if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") }
}

/// A table whose rows become records.
trait RecordFields: Sources {
    fn id(&self) -> &Source;
    fn name(&self) -> &Source;
    fn record(&self, id: String, row: Row<'_, '_>) -> Result<Record, BadRow>;
}

/// What [`RecordFields`] asks of a table with an id and a name.
macro_rules! record_fields {
    ($table:ty, $make:expr) => {
        impl $crate::connectors::fields::RecordFields for $table {
            fn id(&self) -> &$crate::connectors::source::Source {
                &self.id
            }

            fn name(&self) -> &$crate::connectors::source::Source {
                &self.name
            }

            fn record(
                &self,
                id: String,
                row: $crate::connectors::source::Row<'_, '_>,
            ) -> Result<$crate::domain::Record, $crate::connectors::fields::BadRow> {
                let name = self.name.text(row).ok_or_else(|| nameless(&id))?;
                Ok($make(self, id, name, row))
            }
        }
    };
}
use record_fields;

fn nameless(id: &str) -> BadRow {
    BadRow::new(Some(id.to_owned()), "the row has no name")
}

/// The table of one stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fields {
    Company(Box<CompanyFields>),
    Device(Box<DeviceFields>),
    DeviceType(Box<DeviceTypeFields>),
    Location(Box<LocationFields>),
    Contact(Box<ContactFields>),
    Ticket(Box<TicketFields>),
    Member(Box<MemberFields>),
    Domain(Box<DomainFields>),
    Manufacturer(Box<ManufacturerFields>),
    Model(Box<ModelFields>),
}

impl Fields {
    fn table(&self) -> &dyn RecordFields {
        match self {
            Self::Company(f) => f.as_ref(),
            Self::Device(f) => f.as_ref(),
            Self::DeviceType(f) => f.as_ref(),
            Self::Location(f) => f.as_ref(),
            Self::Contact(f) => f.as_ref(),
            Self::Ticket(f) => f.as_ref(),
            Self::Member(f) => f.as_ref(),
            Self::Domain(f) => f.as_ref(),
            Self::Manufacturer(f) => f.as_ref(),
            Self::Model(f) => f.as_ref(),
        }
    }

    /// The record of a row.
    pub(crate) fn record(&self, row: Row<'_, '_>) -> Result<Record, BadRow> {
        if !matches!(row.node, Json::Object(_)) {
            return Err(BadRow::new(None, "the row is not an object"));
        }
        let id = self.id(row).ok_or_else(|| BadRow::new(None, "the row has no id"))?;
        self.table().record(id, row)
    }

    /// The id of a row, also of one that cannot become a record.
    pub(crate) fn id(&self, row: Row<'_, '_>) -> Option<String> {
        self.table().id().text(row)
    }

    /// Where id and name come from.
    pub(crate) fn needed(&self) -> (&Source, &Source) {
        (self.table().id(), self.table().name())
    }

    /// Every field that comes from somewhere, with its source, in the order of the domain.
    pub(crate) fn named_sources(&self) -> Vec<(String, &Source)> {
        let mut found = Vec::new();
        self.table().sources("", &mut found);
        found.retain(|(_, source)| !source.is_empty());
        found
    }

    /// Every source.
    pub(crate) fn sources(&self) -> Vec<&Source> {
        self.named_sources().into_iter().map(|(_, source)| source).collect()
    }
}

/// The first parts of every path below `top`: what a query has to name so that the vendor sends it.
pub(crate) fn names_below<'f>(fields: &'f Fields, top: &str) -> Vec<&'f str> {
    let mut names: Vec<&str> = Vec::new();
    for parts in fields.sources().into_iter().flat_map(Source::all_paths).map(super::source::Path::parts) {
        if let [first, name, ..] = parts
            && &**first == top
            && !names.contains(&&**name)
        {
            names.push(name);
        }
    }
    names
}
