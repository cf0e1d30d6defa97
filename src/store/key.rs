//! Keys: one byte for the table, then big-endian numbers, then the vendor's id. Equal prefixes lie together, so a
//! stream, a queue or the newest log lines are one range.

use crate::domain::Stream;

/// The tables. A byte once used is never used for something else.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Table {
    /// Live records by integration and stream.
    LiveCount = b'c',
    /// Decisions counted by kind, by flow and stream.
    DecisionCount = b'C',
    /// One count a day.
    Day = b'D',
    /// Decisions by flow, stream and source id.
    Decision = b'd',
    /// Numbers of flows by name.
    Flow = b'f',
    /// History entries without their changes.
    History = b'h',
    /// Changes of history entries, in chunks.
    HistoryChanges = b'H',
    /// Numbers of integrations by name.
    Integration = b'i',
    /// Changes that a run holds back, by integration, stream, run and id.
    Held = b'k',
    /// Log lines by sequence number.
    Log = b'l',
    /// The last run of each stream that ended.
    LastRun = b'L',
    /// Format and counters.
    Meta = b'm',
    /// Writes to vendors by number.
    Outbox = b'o',
    /// Numbers of the writes that are not closed.
    OutboxOpen = b'O',
    /// Where each stream stands, as last shown.
    Progress = b'p',
    /// Integrations that are paused.
    Paused = b'P',
    /// Flows that are paused.
    PausedFlow = b'F',
    /// What a run asks a person before it is applied, by integration and stream.
    Question = b'q',
    /// Records by integration, stream and id.
    Record = b'r',
    /// What history entries changed of rules, in chunks.
    HistoryRules = b'Q',
    /// What history entries changed of the inventory's records, in chunks.
    HistoryRecords = b'J',
    /// Rules by number.
    Rule = b'R',
    /// What was seen of a record: its last changes, by integration, stream and id.
    RecordEvents = b'e',
    /// Ids that a run has seen, by page.
    Seen = b's',
    /// What was to be synced when the stream's watermark was set.
    ListedScope = b'S',
    /// Runs that have not ended.
    OpenRun = b'u',
    /// From when on the next run of a stream asks for changes.
    Watermark = b'w',
    /// Cards that a person put away, by their keys.
    PutAway = b'x',
}

/// Key of the format version.
pub(super) fn format() -> Vec<u8> {
    named(Table::Meta, "format")
}

/// Key of the counters.
pub(super) fn counters() -> Vec<u8> {
    named(Table::Meta, "counters")
}

/// Key of the number of the history entry whose rows are being written.
pub(super) fn pending() -> Vec<u8> {
    named(Table::Meta, "pending")
}

/// All keys of a table.
pub(super) fn table(table: Table) -> Vec<u8> {
    vec![table as u8]
}

/// The end of all keys of a table.
pub(super) fn table_end(table: Table) -> Vec<u8> {
    vec![table as u8 + 1]
}

/// A key by name.
pub(super) fn named(table: Table, name: &str) -> Vec<u8> {
    let mut key = vec![table as u8];
    key.extend_from_slice(name.as_bytes());
    key
}

/// A key by number.
pub(super) fn numbered(table: Table, number: u64) -> Vec<u8> {
    let mut key = vec![table as u8];
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// A key by number and part.
pub(super) fn part(table: Table, number: u64, part: u32) -> Vec<u8> {
    let mut key = numbered(table, number);
    key.extend_from_slice(&part.to_be_bytes());
    key
}

/// A key by integration or flow, and stream; also the prefix of [`item`] and [`seen`].
pub(super) fn stream(table: Table, owner: u16, stream: Stream) -> Vec<u8> {
    let mut key = Vec::with_capacity(48);
    key.push(table as u8);
    key.extend_from_slice(&owner.to_be_bytes());
    key.push(stream_code(stream));
    key
}

/// A key by integration or flow, stream and record id.
pub(super) fn item(table: Table, owner: u16, stream: Stream, id: &str) -> Vec<u8> {
    let mut key = self::stream(table, owner, stream);
    key.extend_from_slice(id.as_bytes());
    key
}

/// Key of the ids that a page of a run brought.
pub(super) fn seen(owner: u16, stream: Stream, run: u64, page: u32) -> Vec<u8> {
    let mut key = self::stream(Table::Seen, owner, stream);
    key.extend_from_slice(&run.to_be_bytes());
    key.extend_from_slice(&page.to_be_bytes());
    key
}

/// Prefix of what a run holds back.
pub(super) fn held_of(owner: u16, stream: Stream, run: u64) -> Vec<u8> {
    let mut key = self::stream(Table::Held, owner, stream);
    key.extend_from_slice(&run.to_be_bytes());
    key
}

/// Key of a change that a run holds back.
pub(super) fn held(owner: u16, stream: Stream, run: u64, id: &str) -> Vec<u8> {
    let mut key = held_of(owner, stream, run);
    key.extend_from_slice(id.as_bytes());
    key
}

/// Length of the part before the id in [`held`].
pub(super) const HELD_PREFIX: usize = 12;

/// Length of the part before the id in [`item`].
pub(super) const ITEM_PREFIX: usize = 4;

/// The stream's byte in keys. A byte once used is never used for something else.
pub(super) const fn stream_code(stream: Stream) -> u8 {
    match stream {
        Stream::Companies => 1,
        Stream::DeviceTypes => 2,
        Stream::Devices => 3,
        Stream::Locations => 4,
        Stream::Contacts => 5,
        Stream::Tickets => 6,
        Stream::Members => 7,
        Stream::Domains => 8,
        Stream::Manufacturers => 9,
        Stream::Models => 10,
    }
}
