//! Opening: one process at a time, owner only, never a newer format, and a store that cannot be read is set aside with
//! its path said, never deleted.

use super::key::{self, Table};
use super::migrate::{STEPS, Step, migrate};
use super::transaction::{Counters, State};
use super::{FORMAT, Inner, Store, backup, codec, error, marker, rebuild};
use crate::domain::{Failure, FailureClass, FlowId, IntegrationId, Stream, Timestamp};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

/// Memory for pages of the store, as they are on disk; unpacked they take three times as much. The facts that matching
/// needs are in the service's tables, so little is read twice, and the system caches the file besides. sled's own
/// default is 1 GiB.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;

/// How long a page of a sync may be in memory only: what a kill costs is asked of the vendor again. Decisions do not wait
/// for it, they flush at once. Each look of the library costs an idle program 1.4 ms.
const FLUSH_EVERY_MS: u64 = 3_000;

/// Folder inside the store's directory that belongs to sled.
pub(super) const DATA: &str = "data";

impl Store {
    /// Opens the store in that directory, or makes a new one there (mode 0700).
    ///
    /// # Errors
    /// `Local` when another process holds it, when it was written by a newer matchbook, when the disk refuses, and when
    /// it cannot be read: then it was moved beside itself as `store.broken-<time>` and the next open starts empty.
    pub fn open(dir: &Path) -> Result<Store, Failure> {
        Self::open_with(dir, STEPS)
    }

    /// The same with other steps from older formats.
    pub(super) fn open_with(dir: &Path, steps: &[Step]) -> Result<Store, Failure> {
        make_private_dir(dir)?;
        let lock = lock(dir)?;
        rebuild::recover(dir)?;
        let mut opened = open_data(dir);
        if let Err(Refusal::Older(found)) = opened {
            migrate(dir, found, steps)?;
            opened = open_data(dir);
        }
        match opened {
            Ok((db, state)) => {
                let failed = |e| error::from_file(&e, "opening the store in", dir);
                let data_file = File::open(dir.join(DATA).join("db")).map_err(failed)?;
                let marker = marker::Marker::write(dir, state.counters.history).map_err(failed)?;
                let store = Store(Arc::new(Inner {
                    db,
                    data_file,
                    marker,
                    dir: dir.to_owned(),
                    writer: Mutex::new(()),
                    state: RwLock::new(state),
                    _lock: lock,
                    closing: Mutex::default(),
                }));
                store.complete_decisions()?;
                store.complete_mass_changes()?;
                Ok(store)
            }
            Err(Refusal::Failure(failure)) => Err(failure),
            Err(Refusal::Older(found)) => Err(error::ours(format!("the store is still of format {found}"))),
            Err(Refusal::Unreadable(reason)) => Err(set_aside(dir, &reason)),
        }
    }
}

enum Refusal {
    /// The store may be whole: it stays where it is.
    Failure(Failure),
    /// It is of this older format.
    Older(u8),
    /// It is not.
    Unreadable(String),
}

/// Opens sled and reads the small state that is kept in memory.
fn open_data(dir: &Path) -> Result<(sled::Db, State), Refusal> {
    let path = dir.join(DATA);
    let acknowledged =
        marker::read(dir).map_err(|e| Refusal::Failure(error::from_file(&e, "opening the store in", dir)))?;
    in_opening_thread(move || {
        wait_for_release(&path).map_err(|e| Refusal::Failure(error::from_file(&e, "opening the store in", &path)))?;
        let db = open_sled(&path).map_err(|e| refuse_sled(&e))?;
        let state = read_state(&db, acknowledged)?;
        Ok((db, state))
    })
    .map_err(|e| Refusal::Failure(error::from_io(&e, "opening the store")))?
    .unwrap_or_else(|| Err(Refusal::Unreadable("sled stopped while reading it".into())))
}

/// sled on that directory, with matchbook's settings.
pub(super) fn open_sled(data: &Path) -> Result<sled::Db, sled::Error> {
    remove_unfinished_snapshots(data)?;
    sled::Config::new().path(data).cache_capacity(CACHE_BYTES).flush_every_ms(Some(FLUSH_EVERY_MS)).open()
}

/// sled writes a snapshot under a name of its own and renames it when it is whole. What a full disk or a kill left of one
/// it takes for the newest at the next opening, and refuses the store for it (sled 0.34.7, `get_snapshot_files`).
fn remove_unfinished_snapshots(data: &Path) -> Result<(), std::io::Error> {
    let files = match fs::read_dir(data) {
        Ok(files) => files,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    for file in files {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Works on sled's files on a thread of its own, because sled panics on some damaged files: a panic ends that thread
/// only.
pub(super) fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    in_opening_thread(work).map_err(|e| error::from_io(&e, "reading the store"))?.unwrap_or_else(|| {
        let remedy = "restore the newest backup; the store was not changed";
        Err(error::local("the store is damaged: sled stopped while reading it", remedy))
    })
}

/// The result of the work; `None` when it panicked.
fn in_opening_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, std::io::Error> {
    let thread = std::thread::Builder::new().name(OPENING_THREAD.into()).spawn(work)?;
    Ok(thread.join().ok())
}

/// Waits until sled's own lock is free. Our lock keeps other processes out, so sled's can only be held by threads that
/// sled has not yet ended after this process closed the store; sled itself would refuse at once.
pub(super) fn wait_for_release(data: &Path) -> Result<(), std::io::Error> {
    match File::open(data.join("db")) {
        Ok(file) => file.lock(),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Name of the thread on which a damaged store may panic; a panic there is caught and becomes a [`Failure`].
const OPENING_THREAD: &str = "store-open";

fn refuse_sled(error: &sled::Error) -> Refusal {
    match error {
        sled::Error::Io(io) if !matches!(io.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) => {
            if io.to_string().contains("could not acquire lock") {
                Refusal::Failure(held_by(None))
            } else {
                Refusal::Failure(error::from_io(io, "opening the store"))
            }
        }
        // sled's own text names places in its file that say nothing to a person.
        sled::Error::Corruption { .. } => Refusal::Unreadable("its file is damaged".into()),
        other => Refusal::Unreadable(other.to_string()),
    }
}

fn read_state(db: &sled::Db, acknowledged: Option<u64>) -> Result<State, Refusal> {
    check_format(db, acknowledged.is_some())?;
    let mut state = State::default();
    if let Some(bytes) = get(db, &key::counters())? {
        state.counters = decode::<Counters>(&bytes)?;
    }
    let lost = acknowledged.unwrap_or(0).saturating_sub(state.counters.history);
    if lost > 0 {
        return Err(Refusal::Unreadable(format!("its last {lost} decisions are missing")));
    }
    for (name, bytes) in names(db, Table::Integration)? {
        state.integrations.insert(IntegrationId::new(name), decode(&bytes)?);
    }
    for (name, bytes) in names(db, Table::Flow)? {
        state.flows.insert(FlowId::new(name), decode(&bytes)?);
    }
    for number in state.integrations.values() {
        for stream in Stream::ALL {
            if let Some(bytes) = get(db, &key::stream(Table::LiveCount, *number, stream))? {
                state.live.insert((*number, stream), decode(&bytes)?);
            }
        }
    }
    Ok(state)
}

fn check_format(db: &sled::Db, made_before: bool) -> Result<(), Refusal> {
    let Some(found) = get(db, &key::format())? else {
        if made_before {
            return Err(Refusal::Unreadable("all of its contents are missing".into()));
        }
        let written = db.insert(key::format(), &[FORMAT]).and_then(|_| db.flush());
        return written.map(|_| ()).map_err(|e| Refusal::Failure(error::from_sled(&e, "making the store")));
    };
    match found.first() {
        Some(&FORMAT) => Ok(()),
        Some(&version) if version < FORMAT => Err(Refusal::Older(version)),
        Some(&version) => Err(Refusal::Failure(newer(version))),
        None => Err(Refusal::Unreadable("it has no format version".into())),
    }
}

/// Refusal of a store or backup of a later matchbook.
pub(super) fn newer(version: u8) -> Failure {
    error::local(
        format!("the store was written by a newer matchbook (format {version}, this one knows {FORMAT})"),
        "use the newer matchbook; nothing was changed",
    )
}

fn get(db: &sled::Db, key: &[u8]) -> Result<Option<sled::IVec>, Refusal> {
    db.get(key).map_err(|e| refuse_sled(&e))
}

fn names(db: &sled::Db, table: Table) -> Result<Vec<(String, sled::IVec)>, Refusal> {
    let mut found = Vec::new();
    for pair in db.scan_prefix(key::table(table)) {
        let (key, value) = pair.map_err(|e| refuse_sled(&e))?;
        found.push((String::from_utf8_lossy(&key[1..]).into_owned(), value));
    }
    Ok(found)
}

fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    codec::decode(bytes).map_err(|failure| Refusal::Unreadable(failure.what))
}

/// Makes a directory that only its owner can enter; closes an existing one to others.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), Failure> {
    let failed = |e| error::from_file(&e, "making the directory", dir);
    fs::create_dir_all(dir).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(dir).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        }
    }
    Ok(())
}

/// Takes the lock of the directory. It is free again when the file is closed, also by a killed process.
pub(super) fn lock(dir: &Path) -> Result<File, Failure> {
    let path = dir.join("lock");
    let failed = |e| error::from_file(&e, "opening the lock", &path);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.read_to_string(&mut holder);
            return Err(held_by(read.ok().and_then(|_| holder.trim().parse().ok())));
        }
        Err(TryLockError::Error(e)) => return Err(failed(e)),
    }
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(failed)?;
    Ok(file)
}

fn held_by(process: Option<u32>) -> Failure {
    let who = process.map_or_else(|| "another matchbook".into(), |id| format!("another matchbook (process {id})"));
    Failure::new(
        FailureClass::Local,
        format!("the store is in use by {who}"),
        "use that one, or close it and try again",
    )
}

/// Moves the store beside itself and says so.
fn set_aside(dir: &Path, reason: &str) -> Failure {
    let aside = beside(dir, "broken");
    if let Err(e) = fs::rename(dir, &aside) {
        return error::from_file(&e, &format!("the store cannot be read ({reason}), and moving it away from"), dir);
    }
    let remedy = match backup::newest_backup(&dir.with_file_name("backups")) {
        Some(file) => {
            format!("restore the newest backup with `matchbook restore {}`, or start again and sync", file.display())
        }
        None => "there is no backup; start matchbook again and sync".into(),
    };
    error::local(format!("the store cannot be read ({reason}); it was moved to {}", aside.display()), remedy)
}

/// A path beside the directory that does not exist yet: `store.<word>-20261121T220155`.
pub(super) fn beside(dir: &Path, word: &str) -> PathBuf {
    let name = dir.file_name().map_or_else(|| "store".into(), |n| n.to_string_lossy().into_owned());
    let stamp = stamp(Timestamp::now_utc());
    let first = dir.with_file_name(format!("{name}.{word}-{stamp}"));
    let others = (1..1000u32).map(|n| dir.with_file_name(format!("{name}.{word}-{stamp}-{n}")));
    std::iter::once(first.clone()).chain(others).find(|path| !path.exists()).unwrap_or(first)
}

/// `20261121T220155`.
pub(super) fn stamp(at: Timestamp) -> String {
    let (hour, minute, second) = at.to_hms();
    format!("{}{:02}{:02}T{hour:02}{minute:02}{second:02}", at.year(), u8::from(at.month()), at.day())
}
