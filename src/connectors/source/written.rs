//! How a source is written in a mapping file, and how it is told in words.

use super::{ListRead, LookupName, Path, Read, Source};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// Keys of a source that is written as a table. A table with other keys holds sources (`address`, `details`).
pub(crate) const KEYS: [&str; 14] = [
    "path",
    "first_of",
    "join",
    "with",
    "list",
    "value",
    "where",
    "first",
    "lookup",
    "values",
    "constant",
    "drop",
    "classify",
    "when_present",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a source: a path, a list of sources, or a table such as { path = \"…\" }")]
struct WrittenTable {
    path: Option<Path>,
    #[serde(default)]
    first_of: Vec<Source>,
    #[serde(default)]
    join: Vec<Source>,
    with: Option<String>,
    list: Option<Path>,
    value: Option<Path>,
    #[serde(default, rename = "where")]
    filter: BTreeMap<String, OneOrMore>,
    first: Option<Path>,
    #[serde(default)]
    lookup: OneOrMore,
    #[serde(default)]
    values: BTreeMap<String, String>,
    constant: Option<String>,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default)]
    classify: Vec<(String, String)>,
    when_present: Option<(Path, String)>,
}

#[derive(Default, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum OneOrMore {
    #[default]
    None,
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Vec<String> {
    fn from(written: OneOrMore) -> Self {
        match written {
            OneOrMore::None => Vec::new(),
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

impl WrittenTable {
    fn source(self) -> Result<Source, &'static str> {
        let mut reads: Vec<Read> = self.path.into_iter().map(Read::Path).collect();
        reads.extend(self.first_of.into_iter().map(Read::of));
        if !self.join.is_empty() {
            reads.push(Read::Join { parts: self.join, with: self.with.unwrap_or_else(|| " ".into()) });
        } else if self.with.is_some() {
            return Err("`with` belongs to `join`");
        }
        match (self.list, self.value) {
            (Some(list), Some(value)) => {
                let filter = self.filter.into_iter().map(|(path, wanted)| (Path::from(path), wanted.into())).collect();
                reads.push(Read::List(Box::new(ListRead { list, value, filter, first: self.first })));
            }
            (None, None) if self.filter.is_empty() && self.first.is_none() => {}
            _ => return Err("`list` and `value` belong together, `where` and `first` to them"),
        }
        let lookup: Result<Vec<LookupName>, _> =
            Vec::from(self.lookup).into_iter().map(|name| LookupName::parse(&name)).collect();
        Ok(Source {
            reads,
            constant: self.constant,
            drop: self.drop,
            classify: self.classify.into_iter().map(|(word, name)| (word.to_lowercase(), name)).collect(),
            when_present: self.when_present,
            values: self.values.into_iter().map(|(value, name)| (value.to_lowercase(), name)).collect(),
            lookup: lookup?,
        })
    }
}

impl Read {
    /// An alternative: a plain path stays one, so that files find their columns.
    fn of(source: Source) -> Self {
        let plain = Source { reads: Vec::new(), ..source.clone() } == Source::default();
        match <[Read; 1]>::try_from(source.reads.clone()) {
            Ok([read @ Read::Path(_)]) if plain => read,
            _ => Read::Other(Box::new(source)),
        }
    }
}

impl LookupName {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (table, column) = text.split_once('.').unwrap_or((text, "name"));
        if table.is_empty() || column.is_empty() {
            return Err("a look-up is written “table” or “table.column”");
        }
        Ok(Self { table: table.to_lowercase(), column: column.to_lowercase() })
    }
}

impl<'de> Deserialize<'de> for LookupName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, a list of sources, or a table such as { path = \"…\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Source, E> {
        if text.split('.').any(|part| part.trim().is_empty()) {
            return Err(E::custom("a path is names with a dot between them"));
        }
        Ok(Source { reads: vec![Read::Path(Path::from(text.to_owned()))], ..Source::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Source, A::Error> {
        let sources = Vec::<Source>::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Source { reads: sources.into_iter().map(Read::of).collect(), ..Source::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
        WrittenTable::deserialize(MapAccessDeserializer::new(map))?.source().map_err(A::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.parts().iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// The source in words, with the vendor's own names: `referenceTitle, else name of products by productID`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let also = if self.classify.is_empty() { ", else " } else { ", " };
        for (i, read) in self.reads.iter().enumerate() {
            write!(text, "{}{read}", if i == 0 { "" } else { also })?;
        }
        for (i, lookup) in self.lookup.iter().enumerate() {
            let LookupName { table, column } = lookup;
            text = if i == 0 { format!("{column} of {table} by {text}") } else { format!("{text}, else of {table}") };
        }
        if !self.values.is_empty() {
            let pairs: Vec<String> = self.values.iter().map(|(from, to)| format!("{from} → {to}")).collect();
            write!(text, " ({})", pairs.join(", "))?;
        }
        if !self.classify.is_empty() {
            text = format!("by the words in {text}");
        }
        if let Some((path, name)) = &self.when_present {
            write!(text, ", else {name} where {path} is present")?;
        }
        if let Some(constant) = &self.constant {
            write!(text, "{}“{constant}”", if text.is_empty() { "always " } else { ", else " })?;
        }
        f.write_str(&text)
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Read::Path(path) => path.fmt(f),
            Read::Other(source) => source.fmt(f),
            Read::Join { parts, .. } => {
                for (i, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if i == 0 { "" } else { " and " })?;
                }
                Ok(())
            }
            Read::List(read) => {
                write!(f, "{} of {}", read.value, read.list)?;
                for (i, (path, wanted)) in read.filter.iter().enumerate() {
                    write!(f, "{}{path} is {}", if i == 0 { " where " } else { " and " }, wanted.join(" or "))?;
                }
                read.first.as_ref().map_or(Ok(()), |first| write!(f, ", {first} first"))
            }
        }
    }
}
