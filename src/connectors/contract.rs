//! What every connector offers, and how one is made from the configuration.

use super::api::Api;
use super::csv::CsvFiles;
use super::describe::ConnectorFields;
use super::fields::BadRow;
use super::http::{Budget, Tuning};
use super::mapping::{DialectName, Mapping, OptionPrompt, Region, SecretPrompt};
use super::write::Draft;
use crate::domain::outbox::plan::WriteTarget;
use crate::domain::{
    Failure, IntegrationId, LogLevel, Record, RecordId, ScopeRule, Stream, SyncScope, Timestamp, VendorSystem,
    WriteField,
};
use crate::secrets::{Credentials, Redactor};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Everything needed to reach one account of a vendor.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The integration's name.
    pub integration: IntegrationId,
    /// The mapping's name (`addigy`, `itglue`, `csv`).
    pub connector: String,
    /// Address instead of the vendor's own.
    pub base_url: Option<String>,
    /// Region of the vendor.
    pub region: Option<String>,
    /// Settings of the account that are no secrets, by name (`company`).
    pub options: BTreeMap<String, String>,
    /// The key.
    pub credentials: Credentials,
    /// Rate instead of the default share of the published limit.
    pub requests_per_second: Option<f64>,
    /// Rows a page instead of the mapping's.
    pub page_size: Option<u32>,
    /// Files by stream, for the connectors that read files.
    pub files: BTreeMap<Stream, PathBuf>,
    /// Directory with the person's own mappings, which come before those of matchbook.
    pub mapping_override_dir: Option<PathBuf>,
}

/// Told while calls run: retries, waits for limits, odd answers. Never holds a secret; cleaned for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpNotice {
    /// How loud.
    pub level: LogLevel,
    /// The text.
    pub text: String,
    /// When the call goes on, where it waits.
    pub retry_at: Option<Timestamp>,
    /// It waits for the vendor's limit: nothing else of the same key goes meanwhile.
    pub limit: bool,
}

/// Receives notices.
pub type Observer = Arc<dyn Fn(HttpNotice) + Send + Sync>;

/// A stream that a connector delivers, with the vendor's words for its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// The stream.
    pub stream: Stream,
    /// The word for one (`Policy`).
    pub word_one: String,
    /// The word for several (`policies`).
    pub word_many: String,
    /// It can list what changed since a moment.
    pub incremental: bool,
    /// Rows a page unless the configuration says otherwise.
    pub page_size: u32,
}

/// What a connection test found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionReport {
    /// The account's name, where the vendor tells it.
    pub account: Option<String>,
    /// Permissions that the streams need, and whether the key has them.
    pub permissions: Vec<(String, bool)>,
    /// Anything else worth reading.
    pub notes: Vec<String>,
}

/// One page of a listing.
#[derive(Clone, Debug)]
pub struct Page {
    /// Position in this listing, from 1, rising.
    pub number: u32,
    /// How many there will be, as far as known.
    pub of: Option<u32>,
    /// Rows that became records; none comes twice in one listing.
    pub records: Vec<Record>,
    /// Rows that did not.
    pub bad: Vec<BadRow>,
    /// Opaque: a listing that starts after it goes on with the next page.
    pub cursor: String,
    /// Rows of the listing as the vendor counts them.
    pub total: Option<u64>,
    /// Time that the page took, waits included.
    pub took: Duration,
    /// No page follows.
    pub last: bool,
    /// On the last page: everything that was asked for came. Of a listing of everything, what was not in it is gone at the
    /// vendor. False when the rows do not add up to the vendor's own count, when a row was so bad that its id is unknown,
    /// or when names are missing because a look-up failed.
    pub whole: bool,
}

impl Page {
    /// The same, without secrets in what is shown of rows that could not be read.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        Self { bad: self.bad.into_iter().map(|row| row.redacted(redactor)).collect(), ..self }
    }
}

/// What can be chosen for one setting of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceList {
    /// The setting.
    pub rule: ScopeRule,
    /// The choices, by name.
    pub choices: Vec<Choice>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The vendor's id; empty where the vendor has only a name.
    pub id: String,
    /// Name as the vendor shows it; not cleaned for display.
    pub name: String,
    /// False for one that the vendor's users have retired; records may still have it.
    pub active: bool,
    /// Records that have it, where the vendor counts.
    pub count: Option<u64>,
}

impl Choice {
    /// A choice that is not counted yet.
    pub(super) fn new(id: &str, name: &str, active: bool) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), active, count: None }
    }
}

/// What is wanted of a listing.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Cursor of the last page that is stored; the listing goes on behind it.
    pub after: Option<String>,
    /// Only records that changed since then, overlap included; only where [`StreamInfo::incremental`].
    pub since: Option<Timestamp>,
    /// What the person chose to sync. A connector leaves out what the vendor can filter cheaply; the sync judges every
    /// record again.
    pub scope: Arc<SyncScope>,
    /// Only the record of that id. A connector that cannot ask so lists as ever: whoever asks looks for it.
    pub only: Option<RecordId>,
    /// A person waits for it: its requests go before those that a schedule started. May change while it runs.
    pub urgent: Arc<AtomicBool>,
}

impl Ask {
    /// A full listing behind that cursor.
    #[must_use]
    pub fn after(cursor: Option<String>) -> Self {
        Self { after: cursor, ..Self::default() }
    }
}

/// What is looked for at a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Find {
    /// Devices with one of these serial numbers, as written.
    Serials(Vec<String>),
    /// Records of one of these names.
    Names(Vec<String>),
    /// Companies with one of these short names.
    ShortNames(Vec<String>),
    /// Everything inside these companies.
    Inside(Vec<RecordId>),
    /// These records.
    Ids(Vec<RecordId>),
}

/// How many records the calls of a stream may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteLimits {
    /// Records made by one call.
    pub create: usize,
    /// Records changed by one call.
    pub update: usize,
    /// Records can be taken away.
    pub removes: bool,
    /// Records can be looked for by serial number.
    pub finds_serials: bool,
    /// Values of one search at most, in bytes as they stand in an address.
    pub search_length: usize,
}

/// How a write ended that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// The vendor refused it: nothing was done, and the same would be refused again.
    Refused {
        /// In matchbook's words.
        reason: String,
        /// In the vendor's; empty where it was not asked.
        said: String,
    },
    /// Nobody knows whether it was done.
    Unknown(Failure),
    /// It was not sent, and nothing else can be now: the key, the limit, the configuration.
    Stopped(Failure),
}

impl WriteFault {
    fn nothing() -> Self {
        Self::Refused { reason: "nothing can be written there".into(), said: String::new() }
    }
}

/// One account of a vendor.
pub trait Connector: Send + Sync {
    /// The vendor's name.
    fn vendor(&self) -> &str;

    /// What it delivers, in the order in which a sync takes it.
    fn streams(&self) -> Vec<StreamInfo>;

    /// The name under which other systems carry ids of its records; `None` where no system does.
    fn system(&self) -> Option<VendorSystem> {
        None
    }

    /// Proves the key (or the files) and names missing permissions.
    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>>;

    /// The pages of a stream in order, from the first or after the page with the cursor; a few may be fetched ahead.
    /// Ends after the page with `last`, or after the first failure. After the last page's cursor one empty last page
    /// comes.
    fn pages(&self, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>>;

    /// What can be chosen of the vendor for each setting, with counts where it counts cheaply. Empty where the vendor
    /// has no such lists.
    fn choices(&self) -> BoxFuture<'_, Result<Vec<ChoiceList>, Failure>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Where each field of its records comes from, the person's own file included. Empty where no mapping stands behind.
    fn fields(&self) -> ConnectorFields {
        ConnectorFields::default()
    }

    /// What can be written of a stream, with the names that its fields may have; `None` where nothing can.
    fn write_target(&self, _stream: Stream) -> BoxFuture<'_, Result<Option<WriteTarget>, Failure>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// How many records a call of that stream may hold; `None` where nothing can be written.
    fn write_limits(&self, _stream: Stream) -> Option<WriteLimits> {
        None
    }

    /// The records that a search finds. The vendor's filter may let others through: the caller compares.
    fn find(&self, _stream: Stream, _find: Find) -> BoxFuture<'_, Result<Vec<Record>, Failure>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Makes records, several in one company at once where [`WriteLimits::create`] says so. Sent once, whatever
    /// becomes of it. The ids are those of the answer, which may be fewer.
    fn create(
        &self,
        _stream: Stream,
        _company: Option<RecordId>,
        _drafts: Vec<Draft>,
    ) -> BoxFuture<'_, Result<Vec<RecordId>, WriteFault>> {
        Box::pin(std::future::ready(Err(WriteFault::nothing())))
    }

    /// Changes fields of records; the others stay. Sent once.
    fn update(
        &self,
        _stream: Stream,
        _changes: Vec<(RecordId, Vec<(WriteField, String)>)>,
    ) -> BoxFuture<'_, Result<(), WriteFault>> {
        Box::pin(std::future::ready(Err(WriteFault::nothing())))
    }

    /// Takes records away for good. Sent once.
    fn remove(&self, _stream: Stream, _ids: Vec<RecordId>) -> BoxFuture<'_, Result<(), WriteFault>> {
        Box::pin(std::future::ready(Err(WriteFault::nothing())))
    }

    /// Use of the vendor's published limit; `None` where there is none.
    fn budget(&self) -> Option<Budget>;

    /// Requests a second that it sends at most in the long run; `None` where nothing limits it.
    fn pace(&self) -> Option<f64> {
        None
    }

    /// How long the vendor takes no request yet, because it said so; `None` when it takes them.
    fn held(&self) -> Option<Duration> {
        None
    }

    /// Requests sent since the connector was made, repeated ones and look-ups included.
    fn requests(&self) -> u64 {
        0
    }

    /// How far the vendor's clock is ahead of this machine's, as its last answer said; `None` where it does not say.
    fn clock_skew(&self) -> Option<time::Duration> {
        None
    }
}

impl Connection {
    /// The person's own file that changes the mapping, there or not.
    pub(super) fn own_file(&self) -> Option<PathBuf> {
        Some(self.mapping_override_dir.as_ref()?.join(format!("{}.toml", self.connector)))
    }
}

/// Makes the connector of a connection; nothing is sent or read yet.
///
/// # Errors
/// Usage (unknown connector, bad address, missing file), Credentials (no key).
pub fn connect(connection: Connection, observer: Observer) -> Result<Arc<dyn Connector>, Failure> {
    connect_with(connection, observer, Tuning::default())
}

/// Where a connection talks to first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address.
    pub name: String,
    /// Port.
    pub port: u16,
    /// Over TLS; otherwise it is this machine.
    pub encrypted: bool,
}

/// The host that a connection talks to first; `None` for files. Nothing is sent.
///
/// # Errors
/// Usage: unknown connector, bad address.
pub fn host_of(connection: &Connection) -> Result<Option<Host>, Failure> {
    let mapping = Mapping::load(&connection.connector, connection.mapping_override_dir.as_deref())?;
    if mapping.dialect == DialectName::Csv {
        return Ok(None);
    }
    super::shared::host(&mapping, connection)
}

/// [`connect`] with other patience and limits.
///
/// # Errors
/// As [`connect`].
#[expect(clippy::needless_pass_by_value, reason = "the key belongs to the connector from here on")]
pub fn connect_with(connection: Connection, observer: Observer, tuning: Tuning) -> Result<Arc<dyn Connector>, Failure> {
    let mapping = Mapping::load(&connection.connector, connection.mapping_override_dir.as_deref())?;
    if mapping.dialect == DialectName::Csv {
        return Ok(Arc::new(CsvFiles::new(mapping, &connection)?));
    }
    Ok(Arc::new(Api::new(mapping, &connection, observer, tuning)?))
}

/// A kind of connector, for the guided connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorInfo {
    /// Name in the configuration (`addigy`).
    pub name: String,
    /// The vendor's name.
    pub vendor: String,
    /// What a person has to enter and nobody else may see.
    pub secrets: Vec<SecretPrompt>,
    /// What a person has to enter beside that; it stands in the configuration.
    pub options: Vec<OptionPrompt>,
    /// Regions to choose from; the first is the default. Empty where there is no choice.
    pub regions: Vec<Region>,
    /// Its companies are groups of devices, with groups below them, as an RMM has them: in a flow from it they roll up
    /// to the first level and need a device. Companies of other systems stand for themselves.
    pub company_groups: bool,
    /// It reads files instead of an API.
    pub reads_files: bool,
    /// What it delivers.
    pub streams: Vec<StreamInfo>,
    /// Which permissions the key needs, in words.
    pub permissions_help: String,
}

/// The connectors that come with matchbook.
#[must_use]
pub fn available() -> Vec<ConnectorInfo> {
    available_with(None)
}

/// Those and the person's own; a mapping that cannot be read is left out here and named by [`connect`].
#[must_use]
pub fn available_with(mapping_override_dir: Option<&Path>) -> Vec<ConnectorInfo> {
    let info = |name: String| {
        let mapping = Mapping::load(&name, mapping_override_dir).ok()?;
        Some(ConnectorInfo {
            name,
            company_groups: mapping.company_groups,
            streams: stream_infos(&mapping),
            reads_files: mapping.dialect == DialectName::Csv,
            vendor: mapping.vendor,
            secrets: mapping.secrets,
            options: mapping.options,
            regions: mapping.regions,
            permissions_help: mapping.permissions_help,
        })
    };
    Mapping::names(mapping_override_dir).into_iter().filter_map(info).collect()
}

/// The streams of a mapping in the order of a sync.
pub(super) fn stream_infos(mapping: &Mapping) -> Vec<StreamInfo> {
    let info = |stream: Stream| {
        let map = mapping.streams.get(&stream)?;
        Some(StreamInfo {
            stream,
            word_one: map.word_one.clone(),
            word_many: map.word_many.clone(),
            incremental: map.incremental,
            page_size: map.route.page_size,
        })
    };
    Stream::ALL.into_iter().filter_map(info).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wizard_sees_every_connector() {
        let all = available();
        let names: Vec<&str> = all.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["addigy", "itglue", "connectwise", "autotask", "csv"]);
        assert_eq!(all[1].regions.len(), 3);
        assert_eq!(all[1].streams.len(), 8);
        assert_eq!(all[0].secrets[0].name, "api_key");
        assert_eq!((all[2].secrets.len(), all[2].options[0].name.as_str()), (3, "company"));
        assert!(all[4].reads_files);
    }
}
