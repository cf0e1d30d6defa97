//! Reading `config.toml`: mistakes with line and column, unknown keys with their path and what was probably meant.

use super::{Config, check};
use crate::domain::{Failure, FailureClass};
use std::io::ErrorKind;
use std::path::Path;

/// Least likeness of a known key that is offered for an unknown one (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;

/// The same for a key of another table: there it has to be nearly the same word.
const ALIKE_ELSEWHERE: f64 = 0.93;

/// Tables of settings beside integrations and flows.
const TABLES: [&str; 4] = ["ui", "sync", "vault", "backup"];

/// Keys that a person may try to write into the configuration, and that belong into the vault.
const SECRET_WORDS: [&str; 5] = ["key", "token", "secret", "password", "passphrase"];

/// A configuration that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What was left out, one line each.
    pub warnings: Vec<String>,
}

/// Reads the file; one that is missing is an empty one.
///
/// # Errors
/// `Usage` for mistakes, with the place; `Local` when the file cannot be read.
pub fn load(path: &Path) -> Result<Loaded, Failure> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Loaded::default()),
        Err(e) => {
            let what = format!("reading {} failed: {e}", path.display());
            return Err(Failure::new(FailureClass::Local, what, "make the file readable for you"));
        }
    };
    let name = path.display().to_string();
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(FailureClass::Usage, format!("{name} is not UTF-8 text"), "save it as UTF-8"))?;
    parse(&text, &name)
}

/// Reads a configuration from its text; `name` is what messages call it.
///
/// # Errors
/// `Usage`, with the line and column where the parser knows them.
pub fn parse(text: &str, name: &str) -> Result<Loaded, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mistake = |e: toml_edit::de::Error| {
        let place = e.span().map(|span| place(text, span.start)).unwrap_or_default();
        let reason = e.message().lines().collect::<Vec<_>>().join(", ");
        Failure::new(FailureClass::Usage, format!("{name}{place}: {reason}"), "correct the file; nothing was changed")
    };
    let document = toml_edit::de::Deserializer::parse(text).map_err(mistake)?;
    let mut unknown = Vec::new();
    let read: Result<Config, _> = serde_ignored::deserialize(document, |path| unknown.push(path.to_string()));
    // A key that is missing may only be misspelt.
    let config = read.map_err(mistake).map_err(|failure| match unknown.first().map(|path| slip(path)) {
        Some(slip) => Failure { what: format!("{} ({slip})", failure.what), ..failure },
        None => failure,
    })?;
    check::all(&config).map_err(|failure| Failure { what: format!("{name}: {}", failure.what), ..failure })?;
    Ok(Loaded { config, warnings: unknown.iter().map(|path| warning(path, name)).collect() })
}

/// `, line 3, column 7` of a byte position.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(", line {line}, column {column}")
}

fn warning(path: &str, name: &str) -> String {
    let (_, key) = path.rsplit_once('.').unwrap_or(("", path));
    if meant(path).is_none() && SECRET_WORDS.iter().any(|word| key.to_lowercase().contains(word)) {
        return format!(
            "{name}: `{path}` was left out: secrets belong into the vault — remove it here and run `matchbook connect`"
        );
    }
    format!("{name}: {}", slip(path).replacen(&format!("`{path}`"), &format!("`{path}` was left out"), 1))
}

/// An unknown key, and the known one that is like it.
fn slip(path: &str) -> String {
    let meant = meant(path).map(|meant| format!(" — did you mean `{meant}`?")).unwrap_or_default();
    format!("unknown key `{path}`{meant}")
}

/// The key of the same table that is like it, or the one of another table with that table's name.
fn meant(path: &str) -> Option<String> {
    let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
    let key = key.to_lowercase();
    if let Some(here) = check::closest(&key, known_keys(table), ALIKE) {
        return Some(here.to_owned());
    }
    let mut elsewhere = TABLES.into_iter().filter(|other| *other != table);
    elsewhere.find_map(|t| Some(format!("{t}.{}", check::closest(&key, known_keys(t), ALIKE_ELSEWHERE)?)))
}

/// The keys that a table may have. A test holds the lists against the types.
pub(super) fn known_keys(table: &str) -> &'static [&'static str] {
    match table.split('.').collect::<Vec<_>>()[..] {
        [""] => &["home_name", "integrations", "flows", "ui", "vault", "backup", "sync"],
        ["vault"] => &["passphrase_command"],
        ["backup"] => &["every", "keep", "directory"],
        ["sync"] => &[
            "full_every_days",
            "overlap_minutes",
            "ask_above",
            "ask_percent",
            "ask_records",
            "timezone",
            "spread_minutes",
        ],
        ["ui"] => &["theme", "ascii", "mouse", "low_bandwidth", "keys", "views"],
        ["ui", "views", _] => &["stream", "filter", "find", "sort", "descending", "columns", "grouped"],
        ["integrations", _] => &[
            "connector",
            "label",
            "base_url",
            "region",
            "paused",
            "schedule",
            "requests_per_second",
            "page_size",
            "files",
            "sync",
        ],
        ["integrations", _, "sync"] => &[
            "company_types",
            "company_types_mode",
            "company_statuses",
            "classifications",
            "unclassified",
            "device_types",
            "untyped",
            "device_statuses",
            "contacts",
            "locations",
            "tickets",
            "ticket_queues",
            "ticket_months",
        ],
        ["flows", _] => {
            &["source", "target", "streams", "cardinality", "names", "ties", "roll_up", "needs_devices", "auto_accept"]
        }
        _ => &[],
    }
}
