//! The text of an exported file: its encoding, its delimiter, its header and its records.

use crate::domain::{Failure, FailureClass};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::Cursor;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Largest file that is read, in bytes.
const FILE_CAP: u64 = 1 << 30;

/// A file with its header read.
pub(super) struct Table {
    /// The file's name, for words.
    pub(super) name: String,
    /// Hash of the contents.
    pub(super) fingerprint: u64,
    /// Headers as written.
    pub(super) headers: Vec<String>,
    /// Records after the header.
    pub(super) rows: u64,
    /// The records.
    pub(super) reader: csv::Reader<Cursor<String>>,
}

impl Table {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let unreadable = |why: String| {
            let remedy = "check the path in the configuration and the file's permissions";
            Failure::new(FailureClass::Usage, format!("{shown} cannot be read: {why}"), remedy)
        };
        let size = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.len();
        if size > FILE_CAP {
            return Err(unreadable(format!("it is larger than {} MB", FILE_CAP >> 20)));
        }
        let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
        let name = path.file_name().map_or_else(|| shown.to_string(), |n| n.to_string_lossy().into_owned());
        Self::parse(name, &bytes)
    }

    /// Reads a file's bytes.
    pub(super) fn parse(name: String, bytes: &[u8]) -> Result<Self, Failure> {
        let mut text = decoded(bytes);
        if let Some((first, rest)) = text.split_once('\n')
            && first.trim().to_ascii_lowercase().trim_matches('"').starts_with("sep=")
        {
            text = String::from(rest);
        }
        let bad = |what: String| Failure::new(FailureClass::BadData, what, "export the file again as CSV");
        let delimiter = delimiter(&text);
        let rows = count(&text, delimiter);
        let mut reader = builder(delimiter).from_reader(Cursor::new(text));
        let headers: Vec<String> = match reader.headers() {
            Ok(headers) => headers.iter().map(|h| h.trim().to_owned()).collect(),
            Err(error) => return Err(bad(format!("{name} has no readable header: {error}"))),
        };
        if headers.iter().all(String::is_empty) {
            return Err(Failure::new(
                FailureClass::Usage,
                format!("{name} is empty"),
                "the first line must name the columns",
            ));
        }
        Ok(Self { name, fingerprint: xxh3_64(bytes), headers, rows, reader })
    }
}

fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true);
    builder
}

fn count(text: &str, delimiter: u8) -> u64 {
    let mut reader = builder(delimiter).from_reader(text.as_bytes());
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        rows += 1;
    }
    rows
}

/// The text: by its mark, else UTF-16 by its zero bytes, else UTF-8, else what Windows writes.
fn decoded(bytes: &[u8]) -> String {
    let encoding = Encoding::for_bom(bytes).map_or_else(|| guessed(bytes), |(encoding, _)| encoding);
    encoding.decode(bytes).0.into_owned()
}

fn guessed(bytes: &[u8]) -> &'static Encoding {
    let start = &bytes[..bytes.len().min(512) & !1];
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let many = start.len() / 4;
    if many > 0 && zeros(1) > many {
        UTF_16LE
    } else if many > 0 && zeros(0) > many {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// The delimiter that the header holds most often outside of quotes.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(d, _)| *d == byte).for_each(|(_, n)| *n += 1),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, n)| *n).map_or(b',', |(d, _)| d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(bytes: &[u8]) -> Vec<String> {
        Table::parse("x.csv".into(), bytes).unwrap().headers
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    #[test]
    fn every_usual_encoding() {
        let want = ["Name", "Größe"];
        assert_eq!(headers("Name,Größe\n".as_bytes()), want);
        assert_eq!(headers(b"\xEF\xBB\xBFName,Gr\xC3\xB6\xC3\x9Fe\n"), want);
        assert_eq!(headers(b"Name,Gr\xF6\xDFe\n"), want);
        assert_eq!(headers(&utf16("\u{FEFF}Name,Größe\r\n", true)), want);
        assert_eq!(headers(&utf16("\u{FEFF}Name,Größe\r\n", false)), want);
        assert_eq!(headers(&utf16("Name,Größe\r\n1,2\r\n", true)), want);
    }

    #[test]
    fn every_usual_delimiter() {
        for text in ["a,b\n1,2", "a;b\n1;2", "a\tb\n1\t2", "a|b\n1|2", "sep=;\r\na;b\n1;2", "\"a\";\"b\"\n1;2"] {
            let table = Table::parse("x".into(), text.as_bytes()).unwrap();
            assert_eq!((table.headers.len(), table.rows), (2, 1), "{text:?}");
        }
        assert_eq!(headers(b"\"Name, long; very\";b"), ["Name, long; very", "b"]);
        assert_eq!(headers(b"Name"), ["Name"]);
    }

    #[test]
    fn an_empty_file_is_a_usage_failure() {
        for bytes in [&b""[..], b"\n", b"\xEF\xBB\xBF", b",,\n"] {
            let failure = Table::parse("x.csv".into(), bytes).err().unwrap();
            assert_eq!(failure.class, FailureClass::Usage, "{bytes:?}");
        }
    }
}
