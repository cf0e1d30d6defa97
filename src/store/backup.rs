//! Backup to one file and restore from it. The file is streamed, versioned and checksummed; it is written beside its
//! place and renamed, and nothing of a store is touched before a whole file was read and found good.
//!
//! Layout: [`MAGIC`], a format byte, then for each value `u32` key length, `u32` value length, key, value; a key length
//! of zero ends the list and is followed by the number of values (`u64`) and the CRC-32 of everything before it.

use super::open::{beside, lock, make_private_dir, newer, stamp};
use super::{FORMAT, Pair, Store, error, key};
use crate::domain::{Failure, FailureClass, Timestamp};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const MAGIC: &[u8; 16] = b"matchbook backup";

/// Ending of the names of backups.
pub(super) const EXTENSION: &str = "matchbook";

/// Bytes of values restored in one write.
const RESTORE_BATCH: usize = 4 * 1024 * 1024;

/// Longest key and value that are read back; both are far longer than what is ever written.
const LONGEST: (u32, u32) = (64 * 1024, 64 * 1024 * 1024);

/// What a backup or a restore moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// Values of the store.
    pub values: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Where the store that a restore replaced was moved to.
    pub replaced: Option<PathBuf>,
}

/// The newest backup of a directory, by the files' own times; `None` when there is none.
#[must_use]
pub fn newest_backup(dir: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(dir).ok()?.filter_map(Result::ok).map(|file| file.path());
    let backups = files.filter(|path| path.extension().is_some_and(|e| e == EXTENSION));
    backups.max_by_key(|path| {
        let time = fs::metadata(path).and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        (time, path.clone())
    })
}

/// What a backup that the schedule made is called.
const SCHEDULED: &str = "auto-";

/// When the newest backup that the schedule made was made, by the file's own time.
#[must_use]
pub fn last_scheduled(dir: &Path) -> Option<Timestamp> {
    let newest = scheduled(dir).pop()?;
    fs::metadata(newest).and_then(|meta| meta.modified()).ok().map(Timestamp::from)
}

/// The backups that the schedule made, oldest first: their names are their times.
fn scheduled(dir: &Path) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.starts_with(SCHEDULED) && path.extension().is_some_and(|e| e == EXTENSION)
    };
    let files = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok).map(|file| file.path());
    let mut found: Vec<PathBuf> = files.filter(named).collect();
    found.sort_unstable();
    found
}

impl Store {
    /// Writes a backup named by the time into that directory and removes the oldest of those that were made like this,
    /// so that `keep` are left. Nothing is removed unless the new one is written.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn scheduled_backup(
        &self,
        dir: &Path,
        keep: usize,
        now: Timestamp,
    ) -> Result<(PathBuf, BackupReport), Failure> {
        make_private_dir(dir)?;
        let file = dir.join(format!("{SCHEDULED}{}.{EXTENSION}", stamp(now)));
        let report = self.backup(&file)?;
        let made = scheduled(dir);
        for old in &made[..made.len().saturating_sub(keep.max(1))] {
            fs::remove_file(old).map_err(|e| error::from_file(&e, "removing the old backup", old))?;
        }
        Ok((file, report))
    }

    /// Writes everything but the caches to a file (mode 0600, replaced if it exists). Writes to the store wait until
    /// it is done, so that the file is of one moment.
    ///
    /// # Errors
    /// When the disk refuses; no file is left then.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, Failure> {
        let writer = self.writer();
        let written = write_file(self.tree(), FORMAT, to);
        drop(writer);
        if let Ok(report) = &written {
            self.note_live(report.bytes);
        }
        written
    }

    /// Makes the store in `dir` from a backup. The store that was there is moved beside itself, not deleted.
    ///
    /// # Errors
    /// `BadData` when the file is no backup or is damaged, `Local` when it is of a newer matchbook, when a process uses
    /// the store or the disk refuses: the store that was there is as before.
    pub fn restore(from: &Path, dir: &Path) -> Result<BackupReport, Failure> {
        let checked = read_backup(from, &mut |_, _| Ok(()))?;
        if let Some(parent) = dir.parent() {
            make_private_dir(parent)?;
        }
        let held = if dir.exists() { Some(lock(dir)?) } else { None };
        let unfinished = beside(dir, "restoring");
        let filled = fill(from, &unfinished);
        if let Err(failure) = filled {
            // What could not be filled is of no use; the failure says why.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(failure);
        }
        let replaced = held.is_some().then(|| beside(dir, "replaced"));
        let moved = match &replaced {
            Some(aside) => fs::rename(dir, aside)
                .and_then(|()| fs::rename(&unfinished, dir).inspect_err(|_| drop(fs::rename(aside, dir)))),
            None => fs::rename(&unfinished, dir),
        };
        moved.map_err(|e| error::from_file(&e, "putting the restored store in place at", dir))?;
        Ok(BackupReport { replaced, ..checked })
    }
}

/// Writes a store of that format to a file, whole or not at all.
pub(super) fn write_file(tree: &sled::Tree, format: u8, to: &Path) -> Result<BackupReport, Failure> {
    let unfinished = to.with_extension(format!("{EXTENSION}.new"));
    let failed = |e| error::from_file(&e, "writing the backup", to);
    let written = match write_values(tree, format, &unfinished) {
        Ok(Ok(report)) => fs::rename(&unfinished, to).map(|()| report).map_err(failed),
        Ok(Err(e)) => Err(failed(e)),
        Err(e) => Err(error::from_sled(&e, "reading the store")),
    };
    if written.is_err() {
        // The failure itself is what the person needs; a file that was never made cannot be removed.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// The outer error is the store's, the inner one the file's.
fn write_values(tree: &sled::Tree, format: u8, path: &Path) -> Result<Result<BackupReport, Error>, sled::Error> {
    let mut out = match create_private(path) {
        Ok(file) => Summing::new(BufWriter::new(file)),
        Err(e) => return Ok(Err(e)),
    };
    let mut values = 0;
    let mut result = out.put(MAGIC).and_then(|()| out.put(&[format]));
    for pair in tree {
        let (key, value) = pair?;
        values += 1;
        result = result.and_then(|()| out.put_pair(&key, &value));
        if result.is_err() {
            break;
        }
    }
    Ok(result.and_then(|()| out.finish(values)))
}

/// Makes a store in a new directory from a file that was checked.
fn fill(from: &Path, dir: &Path) -> Result<(), Failure> {
    let store = Store::open(dir)?;
    let mut batch = sled::Batch::default();
    let mut size = 0;
    let apply = |batch: &mut sled::Batch| {
        store.tree().apply_batch(std::mem::take(batch)).map_err(|e| error::from_sled(&e, "restoring the store"))
    };
    read_backup(from, &mut |key, value| {
        size += key.len() + value.len();
        batch.insert(key, value);
        if size >= RESTORE_BATCH {
            size = 0;
            apply(&mut batch)?;
        }
        Ok(())
    })?;
    apply(&mut batch)?;
    store.flush()
}

/// Reads a whole backup and checks it; `each` gets every value before the checksum is known.
fn read_backup(
    from: &Path,
    each: &mut dyn FnMut(Vec<u8>, Vec<u8>) -> Result<(), Failure>,
) -> Result<BackupReport, Failure> {
    let damaged = |reason: &str| {
        Failure::new(
            FailureClass::BadData,
            format!("the backup {} is damaged: {reason}", from.display()),
            "use another backup; the store was not changed",
        )
    };
    let failed = |e: Error| match e.kind() {
        ErrorKind::UnexpectedEof => damaged("it ends too early"),
        _ => error::from_file(&e, "reading the backup", from),
    };
    let mut input = Summing::new(BufReader::new(File::open(from).map_err(failed)?));
    let mut magic = [0; MAGIC.len() + 1];
    input.take(&mut magic).map_err(failed)?;
    match magic.split_last() {
        Some((&version, name)) if name == MAGIC && version > FORMAT => return Err(newer(version)),
        Some((_, name)) if name == MAGIC => {}
        _ => return Err(damaged("it is no backup of matchbook")),
    }
    let mut values = 0;
    while let Some((key, value)) = input.take_pair().map_err(failed)? {
        if key == key::format() && value.first().is_some_and(|version| *version > FORMAT) {
            return Err(newer(value[0]));
        }
        values += 1;
        each(key, value)?;
    }
    let mut count = [0; 8];
    input.take(&mut count).map_err(failed)?;
    let sum = input.sum.clone().finalize();
    let mut stored = [0; 4];
    input.take(&mut stored).map_err(failed)?;
    if u64::from_be_bytes(count) != values || u32::from_be_bytes(stored) != sum {
        return Err(damaged("its checksum does not fit"));
    }
    Ok(BackupReport { values, bytes: input.bytes, replaced: None })
}

fn create_private(path: &Path) -> Result<File, Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A stream that sums what passes it.
struct Summing<S> {
    stream: S,
    sum: crc32fast::Hasher,
    bytes: u64,
}

impl<S> Summing<S> {
    fn new(stream: S) -> Self {
        Self { stream, sum: crc32fast::Hasher::new(), bytes: 0 }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl Summing<BufWriter<File>> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.count(bytes);
        self.stream.write_all(bytes)
    }

    fn put_pair(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| Error::from(ErrorKind::FileTooLarge));
        self.put(&length(key)?.to_be_bytes())?;
        self.put(&length(value)?.to_be_bytes())?;
        self.put(key)?;
        self.put(value)
    }

    fn finish(mut self, values: u64) -> Result<BackupReport, Error> {
        self.put(&0u32.to_be_bytes())?;
        self.put(&values.to_be_bytes())?;
        let sum = self.sum.clone().finalize();
        self.put(&sum.to_be_bytes())?;
        self.stream.flush()?;
        self.stream.get_ref().sync_all()?;
        Ok(BackupReport { values, bytes: self.bytes, replaced: None })
    }
}

impl<R: Read> Summing<R> {
    fn take(&mut self, into: &mut [u8]) -> Result<(), Error> {
        self.stream.read_exact(into)?;
        self.count(into);
        Ok(())
    }

    fn take_number(&mut self) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        self.take(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// `None` at the end of the list. A length beyond [`LONGEST`] is damage: no memory is taken for it.
    fn take_pair(&mut self) -> Result<Option<Pair>, Error> {
        let key_length = self.take_number()?;
        if key_length == 0 {
            return Ok(None);
        }
        let value_length = self.take_number()?;
        if key_length > LONGEST.0 || value_length > LONGEST.1 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        let mut key = vec![0; key_length as usize];
        let mut value = vec![0; value_length as usize];
        self.take(&mut key)?;
        self.take(&mut value)?;
        Ok(Some((key, value)))
    }
}
