//! The settings as a person writes them.

use crate::domain::outbox::{CreateRules, FieldPolicy};
use crate::domain::{
    Cardinality, Failure, Flow, FlowId, IntegrationId, MassLimit, NameMode, Schedule, Spread, Stream, SyncRules,
    SyncScope, Ties, UpdatePolicy, WriteField, WriteRules, Zone,
};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;

/// Names of the themes.
pub const THEMES: [&str; 4] = ["dark", "light", "16", "contrast"];

/// Everything in `config.toml`. An empty file is a good one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Name of this home in the window title, for people who have several.
    pub home_name: Option<String>,
    /// Connected accounts, in the order of the file.
    #[serde(deserialize_with = "named")]
    pub integrations: Vec<IntegrationConfig>,
    /// Flows, in the order of the file.
    #[serde(deserialize_with = "named")]
    pub flows: Vec<FlowConfig>,
    /// How every sync is spaced and believed.
    pub sync: SyncConfig,
    /// The terminal interface.
    pub ui: UiConfig,
    /// How the vault is opened.
    pub vault: VaultConfig,
    /// Backups that are made by themselves.
    pub backup: BackupConfig,
}

/// How the vault is opened: `[vault]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct VaultConfig {
    /// Program and arguments that print the passphrase, instead of asking for it on the terminal.
    pub passphrase_command: Vec<String>,
}

/// Backups that are made by themselves: `[backup]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct BackupConfig {
    /// When, as a schedule; `off` makes none.
    pub every: String,
    /// How many are kept; older ones that were made by the schedule are removed.
    pub keep: u32,
    /// Where; the home's own directory when missing.
    pub directory: Option<PathBuf>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self { every: "daily 03:00".into(), keep: 14, directory: None }
    }
}

impl BackupConfig {
    /// When.
    ///
    /// # Errors
    /// When the text is no schedule; [`super::load`] has checked it.
    pub fn schedule(&self) -> Result<Schedule, Failure> {
        Schedule::parse(&self.every)
    }
}

/// One connected account: `[integrations.NAME]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntegrationConfig {
    /// Its name: the key of its table.
    #[serde(skip, default = "unnamed_integration")]
    pub name: IntegrationId,
    /// Name of its mapping (`addigy`, `itglue`, `csv`).
    pub connector: String,
    /// What the screen calls it; the vendor's name when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Another address of the API, for a gateway or the simulator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The vendor's region, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Settings of the account that are no secrets (`company`), by the names that the connector gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Left out of every sync.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// When each stream is synced; see [`Schedule`]. Streams that are missing follow the defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schedule: BTreeMap<Stream, String>,
    /// Fewer requests than the vendor's published limit allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// Rows asked for at once; the mapping's own size when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Exported files, for the csv connector.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<Stream, PathBuf>,
    /// What of it is synced; everything but old tickets when missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sync: SyncScope,
}

fn is_default(scope: &SyncScope) -> bool {
    *scope == SyncScope::default()
}

impl IntegrationConfig {
    /// An integration with nothing but its name and connector.
    pub fn new(name: impl Into<IntegrationId>, connector: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            connector: connector.into(),
            label: None,
            base_url: None,
            region: None,
            options: BTreeMap::new(),
            paused: false,
            schedule: BTreeMap::new(),
            requests_per_second: None,
            page_size: None,
            files: BTreeMap::new(),
            sync: SyncScope::default(),
        }
    }

    /// When a stream is synced: as configured, else every 4 hours for devices and daily at 02:00 for the rest.
    ///
    /// # Errors
    /// When the text is no schedule; [`super::load`] has checked it.
    pub fn schedule_of(&self, stream: Stream) -> Result<Schedule, Failure> {
        match self.schedule.get(&stream) {
            Some(text) => Schedule::parse(text),
            None => Ok(Schedule::default_of(stream)),
        }
    }
}

/// A flow: `[flows.NAME]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowConfig {
    /// Its name: the key of its table.
    #[serde(skip, default = "unnamed_flow")]
    pub name: FlowId,
    /// Where records come from: the name of an integration.
    pub source: IntegrationId,
    /// Where their counterparts are: the name of an integration.
    pub target: IntegrationId,
    /// Streams that are matched.
    #[serde(default = "matched_streams")]
    pub streams: Vec<Stream>,
    /// How many sources may have one target.
    #[serde(default)]
    pub cardinality: Cardinality,
    /// How names are compared.
    #[serde(default)]
    pub names: NameMode,
    /// What happens when several targets are equally good.
    #[serde(default)]
    pub ties: Ties,
    /// Deeper companies roll up to their first-level ancestor.
    #[serde(default = "yes")]
    pub roll_up: bool,
    /// A company appears only when it has at least one device.
    #[serde(default = "yes")]
    pub needs_devices: bool,
    /// Matches that the engine is sure of are taken without a person.
    #[serde(default = "yes")]
    pub auto_accept: bool,
    /// What becomes of differences between matched records.
    #[serde(default, skip_serializing_if = "is_off")]
    pub update: UpdatePolicy,
    /// Who is right about a field of matched records.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<WriteField, FieldPolicy>,
    /// How records are made at the target, by stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub create: BTreeMap<Stream, CreateRules>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_off(policy: &UpdatePolicy) -> bool {
    *policy == UpdatePolicy::Off
}

impl FlowConfig {
    /// A flow with the default rules.
    pub fn new(name: impl Into<FlowId>, source: impl Into<IntegrationId>, target: impl Into<IntegrationId>) -> Self {
        Self {
            name: name.into(),
            source: source.into(),
            target: target.into(),
            streams: matched_streams(),
            cardinality: Cardinality::default(),
            names: NameMode::default(),
            ties: Ties::default(),
            roll_up: true,
            needs_devices: true,
            auto_accept: true,
            update: UpdatePolicy::default(),
            fields: BTreeMap::new(),
            create: BTreeMap::new(),
        }
    }

    /// What the flow lets matchbook write.
    #[must_use]
    pub fn write_rules(&self) -> WriteRules {
        WriteRules { update: self.update, fields: self.fields.clone(), create: self.create.clone() }
    }

    /// Into matchbook's own register: device types are mapped too, and companies from a documentation platform are kept
    /// in step with it, by exact names and one to one.
    #[must_use]
    pub fn into_inventory(mut self, from_documents: bool) -> Self {
        if from_documents {
            (self.names, self.cardinality) = (NameMode::Exact, Cardinality::OneToOne);
            self.streams.retain(|stream| *stream == Stream::Companies);
        }
        self
    }

    fn to_flow(&self) -> Flow {
        // Devices are imported by their type.
        let import = self.target.is_inventory() && self.streams.contains(&Stream::Devices);
        let types = import.then_some(Stream::DeviceTypes);
        Flow {
            id: self.name.clone(),
            source: self.source.clone(),
            target: self.target.clone(),
            streams: self.streams.iter().copied().chain(types).collect(),
            cardinality: self.cardinality,
            names: self.names,
            ties: self.ties,
            roll_up: self.roll_up,
            needs_devices: self.needs_devices,
            auto_accept: self.auto_accept,
        }
    }
}

/// How every sync is spaced and believed: `[sync]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SyncConfig {
    /// Where a vendor can list what changed, a listing is full at least so often, in days.
    pub full_every_days: u32,
    /// An incremental sync looks back so much further than the last one, in minutes.
    pub overlap_minutes: u32,
    /// So few changes or vanished records of a stream never make a sync ask.
    pub ask_above: u64,
    /// More than this share of a stream makes it ask, percent.
    pub ask_percent: u64,
    /// More than so many make it ask, however large the stream is.
    pub ask_records: u64,
    /// Time zone of the hours in schedules that name none, by its IANA name.
    pub timezone: String,
    /// A scheduled start is put off by up to so long, in minutes, where the schedule does not say otherwise.
    pub spread_minutes: u32,
}

impl Default for SyncConfig {
    fn default() -> Self {
        let MassLimit { floor, percent, records } = MassLimit::default();
        Self {
            full_every_days: 7,
            overlap_minutes: 10,
            ask_above: floor,
            ask_percent: percent,
            ask_records: records,
            timezone: "UTC".into(),
            spread_minutes: 5,
        }
    }
}

impl SyncConfig {
    /// The same in the domain's terms.
    #[must_use]
    pub fn rules(&self) -> SyncRules {
        SyncRules {
            overlap: Duration::from_secs(u64::from(self.overlap_minutes) * 60),
            full_every: Duration::from_secs(u64::from(self.full_every_days) * 24 * 3600),
            mass: MassLimit { floor: self.ask_above, percent: self.ask_percent, records: self.ask_records },
            spread: Spread {
                // A name that is none was refused when the file was read.
                zone: Zone::parse(&self.timezone).unwrap_or_else(|_| Zone::utc()),
                within: Duration::from_secs(u64::from(self.spread_minutes) * 60),
                seed: 0,
            },
        }
    }
}

/// The terminal interface: `[ui]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct UiConfig {
    /// One of [`THEMES`].
    pub theme: String,
    /// No characters beyond ASCII in frames and marks.
    pub ascii: bool,
    /// The mouse works; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// Fewer repaints, no spinners.
    pub low_bandwidth: bool,
    /// Keys of commands, by the command's name.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Saved views of queues, in the order of the file.
    #[serde(deserialize_with = "named")]
    pub views: Vec<ViewConfig>,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            theme: "dark".into(),
            ascii: false,
            mouse: false,
            low_bandwidth: false,
            keys: BTreeMap::new(),
            views: Vec::new(),
        }
    }
}

/// Filters that a view may have, beside the states of rows.
pub const VIEW_FILTERS: [&str; 10] =
    ["open", "all", "orphaned", "left-out", "conflict", "suggested", "unmatched", "deferred", "matched", "ignored"];
/// Orders that a view may have.
pub const VIEW_SORTS: [&str; 6] = ["work", "name", "confidence", "company", "devices", "state"];

/// A saved view of a queue: `[ui.views.NAME]`. The one named `default` is shown at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewConfig {
    /// Its name: the key of its table.
    #[serde(skip)]
    pub name: String,
    /// Of which stream.
    pub stream: Stream,
    /// Which rows: one of `VIEW_FILTERS`.
    #[serde(default = "open_rows")]
    pub filter: String,
    /// Text that rows must contain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub find: String,
    /// In which order: one of `VIEW_SORTS`.
    #[serde(default = "order_of_work")]
    pub sort: String,
    /// Last first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
    /// Columns from left to right; those that fit when missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// A heading for each company.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grouped: bool,
}

fn open_rows() -> String {
    "open".into()
}

fn order_of_work() -> String {
    "work".into()
}

impl Config {
    /// The integration of that name.
    #[must_use]
    pub fn integration(&self, name: &IntegrationId) -> Option<&IntegrationConfig> {
        self.integrations.iter().find(|integration| integration.name == *name)
    }

    /// The flows in the domain's terms.
    ///
    /// # Errors
    /// When a flow's integrations do not exist, are the same, or its streams make no sense.
    pub fn flows(&self) -> Result<Vec<Flow>, Failure> {
        super::check::flows(self)?;
        Ok(self.flows.iter().map(FlowConfig::to_flow).collect())
    }
}

/// Tables that carry their name as key: read in the order of the file.
fn named<'de, D: Deserializer<'de>, T: Named>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_map(InOrder(PhantomData))
}

trait Named: serde::de::DeserializeOwned {
    fn named(self, name: String) -> Self;
}

impl Named for IntegrationConfig {
    fn named(self, name: String) -> Self {
        Self { name: name.into(), ..self }
    }
}

impl Named for FlowConfig {
    fn named(self, name: String) -> Self {
        Self { name: name.into(), ..self }
    }
}

impl Named for ViewConfig {
    fn named(self, name: String) -> Self {
        Self { name, ..self }
    }
}

struct InOrder<T>(PhantomData<T>);

impl<'de, T: Named> Visitor<'de> for InOrder<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables with a name each")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Vec<T>, M::Error> {
        let mut found = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            found.push(value.named(name));
        }
        Ok(found)
    }
}

fn unnamed_integration() -> IntegrationId {
    IntegrationId::new("")
}

fn unnamed_flow() -> FlowId {
    FlowId::new("")
}

fn matched_streams() -> Vec<Stream> {
    vec![Stream::Companies, Stream::Devices]
}

const fn yes() -> bool {
    true
}
