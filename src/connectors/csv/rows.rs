//! Rows of a file as records: columns found by header, ids where the file has none, companies by name.

use super::super::fields::{BadRow, Fields};
use super::super::json::Json;
use super::super::mapping::Mapping;
use super::super::source::{Path, Row, Source};
use super::file::Table;
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, Record, RecordId, Stream};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// A reader of a file's rows.
pub(super) struct Reader {
    table: Table,
    fields: Fields,
    /// For each column the paths that read it.
    columns: Vec<Vec<String>>,
    /// How a row gets its id where no column has it.
    made_id: bool,
    /// Only the companies that the rows name are wanted.
    companies_only: bool,
    companies: Option<Companies>,
    seen: FxHashSet<RecordId>,
    read: u64,
    done: bool,
}

/// Companies of the companies' file by name; a name that several have leads to none of them.
pub(super) struct Companies(FxHashMap<String, Option<String>>);

impl Companies {
    /// Reads them all.
    pub(super) fn of(mut reader: Reader) -> Self {
        let mut by_name: FxHashMap<String, Option<String>> = FxHashMap::default();
        while !reader.is_done() {
            for record in reader.next_rows(1_000).0 {
                let id = Some(record.id().as_str().to_owned());
                by_name.entry(name_key(record.name())).and_modify(|known| *known = None).or_insert(id);
            }
        }
        Self(by_name)
    }
}

fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What of a header counts.
fn header_key(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The name of a path of a file's mapping: headers have no parts.
fn path_name(path: &Path) -> String {
    path.parts().join(".")
}

impl Reader {
    /// Rows of that stream; the needed columns are there or named in the failure.
    pub(super) fn new(
        table: Table,
        mapping: &Mapping,
        stream: Stream,
        companies: Option<Companies>,
    ) -> Result<Self, Failure> {
        let ours =
            || Failure::new(FailureClass::Ours, format!("the mapping of {} has no {stream}", mapping.vendor), "");
        let fields = mapping.streams.get(&stream).map(|map| map.fields.clone()).ok_or_else(ours)?;
        let columns = columns(&table.headers, &fields.sources());
        let mut reader = Self {
            made_id: false,
            companies_only: false,
            table,
            fields,
            columns,
            companies,
            seen: FxHashSet::default(),
            read: 0,
            done: false,
        };
        let (id, name) = reader.needed();
        let (id, name) = (reader.has(id), reader.has(name));
        reader.made_id = !id;
        if name { Ok(reader) } else { Err(reader.lacks(reader.needed().1, "a name")) }
    }

    /// The companies that a devices' file names.
    pub(super) fn companies_of_devices(table: Table, mapping: &Mapping) -> Result<Self, Failure> {
        let mut reader = Self::new(table, mapping, Stream::Devices, None)?;
        reader.companies_only = true;
        let Fields::Device(fields) = &reader.fields else { return Ok(reader) };
        let found = reader.has(&fields.company) || reader.has(&fields.company_name);
        if found { Ok(reader) } else { Err(reader.lacks(&fields.company_name, "the company")) }
    }

    fn needed(&self) -> (&Source, &Source) {
        self.fields.needed()
    }

    fn has(&self, source: &Source) -> bool {
        source.paths().any(|path| self.columns.iter().flatten().any(|name| *name == path_name(path)))
    }

    fn lacks(&self, source: &Source, what: &str) -> Failure {
        let found = self.table.headers.join(", ");
        let wanted: Vec<String> = source.paths().map(path_name).collect();
        let text = format!("{} has no column for {what}; its columns are: {found}", self.table.name);
        Failure::new(FailureClass::Usage, text, format!("name one of them: {}", wanted.join(", ")))
    }

    /// Hash of the file's contents.
    pub(super) fn fingerprint(&self) -> u64 {
        self.table.fingerprint
    }

    /// Rows of the file.
    pub(super) fn rows(&self) -> u64 {
        self.table.rows
    }

    /// Every row was read.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Which columns are used, in words.
    pub(super) fn summary(&self, stream: Stream) -> String {
        let named = |used: bool| {
            let columns = self.table.headers.iter().zip(&self.columns);
            let names: Vec<&str> =
                columns.filter(|(_, paths)| paths.is_empty() != used).map(|(h, _)| h.as_str()).collect();
            names.join(", ")
        };
        let unused = Some(named(false)).filter(|text| !text.is_empty());
        let unused = unused.map(|text| format!("; not used: {text}")).unwrap_or_default();
        let text = format!(
            "{stream} from {}: {} rows; columns used: {}{unused}",
            self.table.name,
            self.table.rows,
            named(true)
        );
        clean(&text).into_owned()
    }

    /// The next rows, at most so many. The end is known without another call.
    pub(super) fn next_rows(&mut self, most: usize) -> (Vec<Record>, Vec<BadRow>) {
        let (mut records, mut bad) = (Vec::new(), Vec::new());
        let mut line = csv::StringRecord::new();
        for _ in 0..most {
            self.read += 1;
            match self.table.reader.read_record(&mut line) {
                Ok(true) => match self.record(&line) {
                    Ok(record) => records.extend(record),
                    Err(row) => bad.push(row.with_raw(&line.iter().collect::<Vec<_>>().join(","))),
                },
                Ok(false) => {
                    self.done = true;
                    break;
                }
                Err(error) => bad.push(BadRow::new(None, clean(&error.to_string()))),
            }
        }
        self.done |= self.read >= self.table.rows;
        (records, bad)
    }

    fn record(&mut self, line: &csv::StringRecord) -> Result<Option<Record>, BadRow> {
        let number = line.position().map_or(0, csv::Position::line);
        let bad = |id: Option<String>, reason: String| BadRow::new(id, clean(&reason));
        let wanted = self.table.headers.len();
        if line.len() < wanted || line.iter().skip(wanted).any(|cell| !cell.trim().is_empty()) {
            return Err(bad(None, format!("line {number} has {} fields, the header has {wanted}", line.len())));
        }
        let mut node = self.node(line);
        if self.companies_only {
            return Ok(self.company_of(&node).filter(|record| self.seen.insert(record.id())));
        }
        self.complete(&mut node);
        let row = Row::plain(&node);
        let record = self.fields.record(row).map_err(|e| bad(e.id, format!("line {number}: {}", e.reason)))?;
        if self.seen.insert(record.id()) {
            Ok(Some(record))
        } else {
            let id = record.id().as_str().to_owned();
            let reason = format!("line {number} repeats the id {id}");
            Err(bad(Some(id), reason))
        }
    }

    /// The row as an object: every path that a column serves, with the column's text.
    fn node<'l>(&self, line: &'l csv::StringRecord) -> Json<'l> {
        let mut members = Vec::with_capacity(self.columns.len() + 2);
        for (paths, cell) in self.columns.iter().zip(line) {
            if cell.trim().is_empty() {
                continue;
            }
            members.extend(paths.iter().map(|path| (Cow::Owned(path.clone()), Json::Text(Cow::Borrowed(cell)))));
        }
        Json::Object(members)
    }

    /// Adds the id that the file does not have, and the company by its name.
    fn complete(&self, node: &mut Json<'_>) {
        let row = Row::plain(node);
        let id = self.made_id.then(|| self.id_of(row)).flatten();
        let company = self.company_id(row);
        let (id_path, company_path) = match &self.fields {
            Fields::Device(f) => (f.id.paths().next(), f.company.paths().next()),
            _ => (self.needed().0.paths().next(), None),
        };
        let Json::Object(members) = node else { return };
        let mut add = |path: Option<&Path>, text: Option<String>| {
            if let Some((path, text)) = path.zip(text) {
                members.push((Cow::Owned(path_name(path)), Json::Text(Cow::Owned(text))));
            }
        };
        add(id_path, id);
        add(company_path, company);
    }

    /// A stable id of the row's own values: a device's serial, else its company and name.
    fn id_of(&self, row: Row<'_, '_>) -> Option<String> {
        let name = self.needed().1.text(row);
        let Fields::Device(f) = &self.fields else { return name };
        f.serial.text(row).or_else(|| {
            let company = f.company.text(row).or_else(|| f.company_name.text(row)).unwrap_or_default();
            name.map(|name| if company.is_empty() { name } else { format!("{company}/{name}") })
        })
    }

    /// The id of a device's company where the row only names it.
    fn company_id(&self, row: Row<'_, '_>) -> Option<String> {
        let Fields::Device(f) = &self.fields else { return None };
        if f.company.text(row).is_some() {
            return None;
        }
        let name = f.company_name.text(row)?;
        match &self.companies {
            Some(companies) => companies.0.get(&name_key(&name)).cloned().flatten(),
            None => Some(name),
        }
    }

    /// The company that a device's row names.
    fn company_of(&self, node: &Json<'_>) -> Option<Record> {
        let Fields::Device(f) = &self.fields else { return None };
        let row = Row::plain(node);
        let (id, name) = (f.company.text(row), f.company_name.text(row));
        let name_or_id = name.clone().or_else(|| id.clone())?;
        let company = crate::domain::Company::new(id.or(name)?, name_or_id);
        Some(Record::Company(Box::new(company)))
    }
}

/// For each column the paths that read it. Of several columns with the same header the first counts.
fn columns(headers: &[String], sources: &[&Source]) -> Vec<Vec<String>> {
    let mut taken: FxHashSet<String> = FxHashSet::default();
    let mut paths: Vec<String> = sources.iter().flat_map(|s| s.all_paths()).map(path_name).collect();
    paths.sort();
    paths.dedup();
    let column = |header: &String| {
        let key = header_key(header);
        if key.is_empty() || !taken.insert(key.clone()) {
            return Vec::new();
        }
        paths.iter().filter(|path| header_key(path) == key).cloned().collect()
    };
    headers.iter().map(column).collect()
}
