//! A CSV file as people have it: with a byte-order mark, in UTF-16, with rows that do not fit their header.

use crate::domain::{Failure, FailureClass};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::HashMap;
use std::path::Path;

/// A file's rows, by column name.
pub struct Table {
    /// The file, for messages.
    pub file: String,
    columns: HashMap<String, usize>,
    /// Rows with as many fields as the header, with their line.
    pub rows: Vec<(u64, csv::StringRecord)>,
    /// What is wrong with the rows that were left out.
    pub bad: Vec<String>,
}

/// How the bytes are written: by their mark, else by the zero bytes of UTF-16, else UTF-8, else Western European.
fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let head = &bytes[..bytes.len().min(512)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    if head.len() >= 4 && zeros(1) * 4 > head.len() {
        UTF_16LE
    } else if head.len() >= 4 && zeros(0) * 4 > head.len() {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

fn column_name(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// When the file cannot be read ([`FailureClass::Local`]), or lacks a header or one of the `needed` columns
    /// ([`FailureClass::Usage`]).
    pub fn read(path: &Path, needed: &[&str]) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|e| Failure::new(FailureClass::Usage, format!("{file} cannot be read: {e}"), "check the path"))?;
        let (text, ..) = encoding_of(&bytes).decode(&bytes);
        Self::parse(file, &text, needed)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// As [`read`](Self::read), without those of the file itself.
    pub fn parse(file: String, text: &str, needed: &[&str]) -> Result<Self, Failure> {
        let head = text.lines().next().unwrap_or("");
        let count = |c: char| head.matches(c).count();
        let delimiter = [';', '\t'].into_iter().find(|c| count(*c) > count(',')).unwrap_or(',');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(delimiter).unwrap_or(b','))
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let Some(Ok(header)) = records.next() else {
            return Err(Failure::new(FailureClass::Usage, format!("{file} is empty"), "give a CSV file with a header"));
        };
        let mut columns: HashMap<String, usize> = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            columns.entry(column_name(name)).or_insert(i);
        }
        let missing: Vec<&str> = needed.iter().copied().filter(|c| !columns.contains_key(*c)).collect();
        if !missing.is_empty() {
            let has: Vec<&str> = header.iter().collect();
            return Err(Failure::new(
                FailureClass::Usage,
                format!("{file} has no column {}", missing.join(" and no column ")),
                format!("its columns are: {}", crate::domain::text::clean(&has.join(", "))),
            ));
        }
        let mut table = Self { file, columns, rows: Vec::new(), bad: Vec::new() };
        for record in records {
            table.take(record, header.len());
        }
        Ok(table)
    }

    fn take(&mut self, record: Result<csv::StringRecord, csv::Error>, width: usize) {
        match record {
            Err(e) => self.bad.push(format!("{}: {e}", self.file)),
            Ok(row) => {
                let line = row.position().map_or(0, csv::Position::line);
                if row.len() != width {
                    self.bad.push(format!("{} line {line}: {} fields instead of {width}", self.file, row.len()));
                } else if self.get(&row, "id").is_none() {
                    self.bad.push(format!("{} line {line}: no id", self.file));
                } else {
                    self.rows.push((line, row));
                }
            }
        }
    }

    /// True when the file has such a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// A field, unless it is blank.
    #[must_use]
    pub fn get<'a>(&self, row: &'a csv::StringRecord, column: &str) -> Option<&'a str> {
        row.get(*self.columns.get(column)?).map(str::trim).filter(|v| !v.is_empty())
    }

    /// The first of several columns that is filled.
    #[must_use]
    pub fn first<'a>(&self, row: &'a csv::StringRecord, columns: &[&str]) -> Option<&'a str> {
        columns.iter().find_map(|c| self.get(row, c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn every_usual_encoding_is_read() {
        let text = "id,name\n1,Müller\n";
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let mark = if mark { "\u{feff}" } else { "" };
            let units = format!("{mark}{text}").encode_utf16().collect::<Vec<_>>();
            units.iter().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        let western = b"id,name\n1,M\xFCller\n".to_vec();
        for bytes in [marked, western, utf16(true, true), utf16(false, true), utf16(false, false), utf16(true, false)] {
            let table = Table::read(write(&bytes).path(), &["id", "name"]).unwrap();
            assert_eq!(table.get(&table.rows[0].1, "name"), Some("Müller"));
        }
    }

    #[test]
    fn a_missing_column_is_named() {
        let failure = Table::parse("x.csv".into(), "id,title\n", &["id", "name"]).err().unwrap();
        assert_eq!(failure.class, FailureClass::Usage);
        assert!(failure.to_string().contains("no column name") && failure.to_string().contains("title"));
        assert!(Table::parse("x.csv".into(), "", &["id"]).is_err());
    }

    #[test]
    fn a_bad_row_is_left_out_and_told() {
        let table = Table::parse("x.csv".into(), "id,name\n1,a\n2,b,c\n,d\n3,e\n", &["id"]).unwrap();
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.bad.len(), 2);
        assert!(table.bad[0].contains("line 3"));
    }

    #[test]
    fn semicolons_of_a_spreadsheet_are_read() {
        let table = Table::parse("x.csv".into(), "ID;Name;Company ID\n1;a;7\n", &["id"]).unwrap();
        assert_eq!(table.get(&table.rows[0].1, "company_id"), Some("7"));
    }
}
