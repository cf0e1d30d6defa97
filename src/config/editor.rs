//! Edits of `config.toml` that keep a person's comments and order. The file is written whole or not at all, and only
//! when the result is a good configuration.

use super::load::parse;
use super::{FlowConfig, IntegrationConfig, ViewConfig};
use crate::domain::{
    Failure, FailureClass, FieldPolicy, FlowId, IntegrationId, Stream, SyncScope, UpdatePolicy, WriteField,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, TableLike, Value, value};

/// A configuration being edited; nothing is on disk before [`Editor::save`].
#[derive(Clone, Debug)]
pub struct Editor {
    path: PathBuf,
    document: DocumentMut,
}

impl Editor {
    /// Opens the file; one that is missing starts empty.
    ///
    /// # Errors
    /// As [`super::load`].
    pub fn open(path: &Path) -> Result<Self, Failure> {
        super::load(path)?;
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            Err(e) => return Err(failed(&e, "reading", path)),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let document = text.parse().map_err(|e: toml_edit::TomlError| {
            Failure::new(FailureClass::Usage, format!("{}: {}", path.display(), e.message()), "correct the file")
        })?;
        Ok(Self { path: path.to_owned(), document })
    }

    /// Adds an integration, or replaces the settings of the one with that name; keys of it that matchbook does not
    /// know stay.
    ///
    /// # Errors
    /// `Ours` when the settings cannot be written as TOML.
    pub fn set_integration(&mut self, integration: &IntegrationConfig) -> Result<(), Failure> {
        // The scope is written by itself: only what differs from the defaults, with the comments inside its table.
        let rest = IntegrationConfig { sync: SyncScope::default(), ..integration.clone() };
        self.set("integrations", integration.name.as_str(), &rest)?;
        self.set_scope(&integration.name, &integration.sync).map(drop)
    }

    /// Sets what is synced of an integration; false when there is none of that name. Only what differs from the
    /// defaults is written; values that stay are not touched.
    ///
    /// # Errors
    /// `Usage` when the settings cannot be right, or when the file has something else in their place.
    pub fn set_scope(&mut self, name: &IntegrationId, scope: &SyncScope) -> Result<bool, Failure> {
        super::check::scope(&format!("integrations.{name}.sync"), scope)?;
        let table = self.document.get_mut("integrations").and_then(|all| all.get_mut(name.as_str()));
        let Some(table) = table.and_then(Item::as_table_like_mut) else { return Ok(false) };
        let (new, defaults) = (document(scope)?, document(&SyncScope::default())?);
        let fresh = !table.contains_key(SCOPE);
        let inner = table.entry(SCOPE).or_insert_with(|| Item::Table(Table::new()));
        let inner = inner.as_table_like_mut().ok_or_else(|| {
            Failure::new(FailureClass::Usage, format!("integrations.{name}.{SCOPE} is no table"), "correct the file")
        })?;
        for (key, item) in new.iter() {
            if same(item, &defaults[key]) {
                inner.remove(key);
            } else {
                replace(inner, key, item);
            }
        }
        if inner.is_empty() && (fresh || self.is_bare(name)) {
            self.remove_scope(name);
        }
        Ok(true)
    }

    /// True when the scope's table has no comment of the person's.
    fn is_bare(&self, name: &IntegrationId) -> bool {
        let table = self.document.get("integrations").and_then(|all| all.get(name.as_str()));
        let scope = table.and_then(Item::as_table_like).and_then(|table| table.get(SCOPE));
        let comment = |table: &Table| {
            let decor = table.decor();
            [decor.prefix(), decor.suffix()]
                .into_iter()
                .flatten()
                .filter_map(|raw| raw.as_str())
                .any(|t| t.contains('#'))
        };
        scope.and_then(Item::as_table).is_none_or(|table| !comment(table))
    }

    fn remove_scope(&mut self, name: &IntegrationId) {
        let table = self.document.get_mut("integrations").and_then(|all| all.get_mut(name.as_str()));
        if let Some(table) = table.and_then(Item::as_table_like_mut) {
            table.remove(SCOPE);
        }
    }

    /// Removes an integration; true when there was one. Flows that name it must be removed too before saving.
    pub fn remove_integration(&mut self, name: &IntegrationId) -> bool {
        self.remove("integrations", name.as_str())
    }

    /// Pauses or resumes an integration; false when there is none of that name.
    pub fn set_paused(&mut self, name: &IntegrationId, paused: bool) -> bool {
        let table = self.document.get_mut("integrations").and_then(|all| all.get_mut(name.as_str()));
        let Some(table) = table.and_then(Item::as_table_like_mut) else { return false };
        if paused {
            table.insert("paused", value(true));
        } else {
            table.remove("paused");
        }
        true
    }

    /// Sets when a stream of an integration is synced; `None` for the default. False when there is no integration of
    /// that name.
    ///
    /// # Errors
    /// `Usage` when the file has something else in its place.
    pub fn set_schedule(&mut self, name: &IntegrationId, stream: Stream, text: Option<&str>) -> Result<bool, Failure> {
        let table = self.document.get_mut("integrations").and_then(|all| all.get_mut(name.as_str()));
        let Some(table) = table.and_then(Item::as_table_like_mut) else { return Ok(false) };
        let fresh = !table.contains_key(SCHEDULE);
        let inner = table.entry(SCHEDULE).or_insert_with(|| Item::Table(Table::new()));
        let inner = inner.as_table_like_mut().ok_or_else(|| {
            Failure::new(FailureClass::Usage, format!("integrations.{name}.{SCHEDULE} is no table"), "correct the file")
        })?;
        match text {
            Some(text) => replace(inner, stream.name(), &value(text)),
            None => drop(inner.remove(stream.name())),
        }
        if fresh && inner.is_empty() {
            table.remove(SCHEDULE);
        }
        Ok(true)
    }

    /// Adds a flow, or replaces the one with that name.
    ///
    /// # Errors
    /// `Ours` when the settings cannot be written as TOML.
    pub fn set_flow(&mut self, flow: &FlowConfig) -> Result<(), Failure> {
        self.set("flows", flow.name.as_str(), flow)
    }

    /// Sets what becomes of differences between a flow's matched records; fields that are not named stay as they are.
    /// False when there is no flow of that name.
    ///
    /// # Errors
    /// `Usage` when the file has something else in its place.
    pub fn set_policies(
        &mut self,
        name: &FlowId,
        update: UpdatePolicy,
        fields: &BTreeMap<WriteField, FieldPolicy>,
    ) -> Result<bool, Failure> {
        let table = self.document.get_mut("flows").and_then(|all| all.get_mut(name.as_str()));
        let Some(table) = table.and_then(Item::as_table_like_mut) else { return Ok(false) };
        let word = match update {
            UpdatePolicy::Off => "off",
            UpdatePolicy::Ask => "ask",
            UpdatePolicy::Automatic => "automatic",
        };
        replace(table, "update", &value(word));
        if fields.is_empty() {
            return Ok(true);
        }
        let inner = table.entry(FIELDS).or_insert_with(|| Item::Table(Table::new()));
        let inner = inner.as_table_like_mut().ok_or_else(|| {
            Failure::new(FailureClass::Usage, format!("flows.{name}.{FIELDS} is no table"), "correct the file")
        })?;
        for (field, policy) in fields {
            let word = match policy {
                FieldPolicy::Source => "source",
                FieldPolicy::Target => "target",
            };
            replace(inner, field.key(), &value(word));
        }
        Ok(true)
    }

    /// Adds a view of the interface, or replaces the one with that name.
    ///
    /// # Errors
    /// `Ours` when the settings cannot be written as TOML, `Usage` when the file has something else in their place.
    pub fn set_view(&mut self, view: &ViewConfig) -> Result<(), Failure> {
        let new = document(view)?;
        let views = self.views()?;
        let mut table = Table::new();
        for (key, item) in new.iter() {
            table.insert(key, item.clone());
        }
        views.insert(&view.name, Item::Table(table));
        Ok(())
    }

    /// Removes a view of the interface; true when there was one.
    ///
    /// # Errors
    /// `Usage` when the file has something else in its place.
    pub fn remove_view(&mut self, name: &str) -> Result<bool, Failure> {
        Ok(self.views()?.remove(name).is_some())
    }

    fn views(&mut self) -> Result<&mut dyn TableLike, Failure> {
        let wrong = |path: &str| Failure::new(FailureClass::Usage, format!("{path} is no table"), "correct the file");
        let implicit = || {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        let ui = self.document.entry("ui").or_insert_with(implicit);
        let ui = ui.as_table_like_mut().ok_or_else(|| wrong("ui"))?;
        ui.entry("views").or_insert_with(implicit).as_table_like_mut().ok_or_else(|| wrong("ui.views"))
    }

    /// Removes a flow; true when there was one.
    pub fn remove_flow(&mut self, name: &FlowId) -> bool {
        self.remove("flows", name.as_str())
    }

    /// The text as it would be written.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Checks the result and writes it (mode 0600).
    ///
    /// # Errors
    /// `Usage` when the result is no good configuration, `Local` when it cannot be written: the file is as before.
    pub fn save(&self) -> Result<(), Failure> {
        let text = self.text();
        parse(&text, &self.path.display().to_string())?;
        // A configuration may be a link into a directory under version control: the link stays.
        let target = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let unfinished = target.with_extension("toml.new");
        write_private(&unfinished, text.as_bytes())
            .and_then(|()| std::fs::rename(&unfinished, &target))
            .map_err(|e| failed(&e, "writing", &self.path))
    }

    fn set<T: Serialize>(&mut self, group: &str, name: &str, settings: &T) -> Result<(), Failure> {
        let new = document(settings)?;
        let tables = self.document.entry(group).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let tables = tables
            .as_table_like_mut()
            .ok_or_else(|| Failure::new(FailureClass::Usage, format!("{group} is no table"), "correct the file"))?;
        let table = tables.entry(name).or_insert_with(|| Item::Table(Table::new()));
        let table = table.as_table_like_mut().ok_or_else(|| {
            Failure::new(FailureClass::Usage, format!("{group}.{name} is no table"), "correct the file")
        })?;
        for known in super::load::known_keys(&format!("{group}.{name}")) {
            if !new.contains_key(known) && *known != SCOPE {
                table.remove(known);
            }
        }
        for (key, item) in new.iter() {
            replace(table, key, item);
        }
        Ok(())
    }

    fn remove(&mut self, group: &str, name: &str) -> bool {
        let tables = self.document.get_mut(group).and_then(Item::as_table_like_mut);
        tables.is_some_and(|tables| tables.remove(name).is_some())
    }
}

/// Key of an integration's scope.
const SCOPE: &str = "sync";

/// Key of a flow's field policies.
const FIELDS: &str = "fields";

/// Key of an integration's schedules.
const SCHEDULE: &str = "schedule";

fn document(settings: &impl Serialize) -> Result<DocumentMut, Failure> {
    toml_edit::ser::to_document(settings)
        .map_err(|e| Failure::new(FailureClass::Ours, format!("writing the configuration failed: {e}"), "report it"))
}

/// The same value, however it is written.
fn same(a: &Item, b: &Item) -> bool {
    a.as_value().zip(b.as_value()).is_some_and(|(a, b)| same_value(a, b))
}

fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.value() == b.value(),
        (Value::Integer(a), Value::Integer(b)) => a.value() == b.value(),
        (Value::Boolean(a), Value::Boolean(b)) => a.value() == b.value(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b)),
        _ => false,
    }
}

/// Puts a value in place of another and keeps the comments around it; one that is the same stays as it is written.
fn replace(table: &mut dyn TableLike, key: &str, item: &Item) {
    if table.get(key).is_some_and(|old| same(old, item)) {
        return;
    }
    let mut item = item.clone();
    if let (Some(new), Some(old)) = (item.as_value_mut(), table.get(key).and_then(Item::as_value)) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(old) => *old = item,
        None => {
            table.insert(key, item);
        }
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), std::io::Error> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(error: &std::io::Error, doing: &str, path: &Path) -> Failure {
    Failure::new(
        FailureClass::Local,
        format!("{doing} {} failed: {error}", path.display()),
        "check that the directory belongs to you and has room",
    )
}
