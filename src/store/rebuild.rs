//! Rebuild: the store's values are copied into a new directory, which then takes the old one's place. This is how a
//! store shrinks (sled 0.34 never gives room back) and how it comes from one format to the next.
//!
//! ```text
//! data.new   being filled; removed at the next opening
//! data.old   the store until now, while the new one is put in place; put back unless the new one opened
//! data.gone  an old one that is being removed
//! ```
//!
//! Killed at any instant, the next opening finds the old values or the new ones, whole: [`recover`].

use super::error;
use super::key;
use super::migrate::{Step, change};
use super::open::{DATA, on_a_thread, open_sled, wait_for_release};
use crate::domain::Failure;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Bytes of values copied in one write.
const BATCH: usize = 4 * 1024 * 1024;

/// What a rebuild did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildReport {
    /// Values of the store.
    pub values: u64,
    /// Bytes of keys and values.
    pub live: u64,
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after. As many as before: a new one would not have been smaller, and the old one was kept.
    pub after: u64,
}

/// Values passed, their bytes and their checksum.
#[derive(Clone, Default)]
struct Passed {
    values: u64,
    bytes: u64,
    sum: crc32fast::Hasher,
}

impl Passed {
    fn note(&mut self, key: &[u8], value: &[u8]) {
        self.values += 1;
        self.bytes += (key.len() + value.len()) as u64;
        for part in [key, value] {
            self.sum.update(&(part.len() as u64).to_be_bytes());
            self.sum.update(part);
        }
    }

    fn same(&self, other: &Self) -> bool {
        (self.values, self.bytes, self.sum.clone().finalize())
            == (other.values, other.bytes, other.sum.clone().finalize())
    }
}

/// Rebuilds the store in that directory, whose lock the caller holds, through the steps to `format`.
///
/// # Errors
/// `Local` when there is no room or the disk refuses, or when the copy is not equal: the store is as before then.
pub(super) fn rebuild(dir: &Path, steps: &[Step], format: u8) -> Result<RebuildReport, Failure> {
    recover(dir)?;
    let [old, new] = [DATA, "data.new"].map(|name| dir.join(name));
    let before = size_of(&old);
    room_for(dir, before)?;
    let copied = {
        let (old, new, steps) = (old, new.clone(), steps.to_vec());
        on_a_thread(move || {
            let copied = copy(&old, &new, &steps, format)?;
            if read(&new)?.same(&copied) {
                Ok(copied)
            } else {
                Err(error::local(
                    "the rebuilt store is not equal to the old one",
                    "check the disk; nothing was changed",
                ))
            }
        })
    };
    let copied = copied.inspect_err(|_| drop(fs::remove_dir_all(&new)))?;
    if steps.is_empty() && size_of(&new) >= before {
        // A young store is dense already; sled's files have their own slack.
        fs::remove_dir_all(&new).map_err(|e| error::from_file(&e, "removing", &new))?;
        return Ok(RebuildReport { values: copied.values, live: copied.bytes, before, after: before });
    }
    put_in_place(dir).map_err(|e| error::from_file(&e, "putting the rebuilt store in place in", dir))?;
    let after = size_of(&dir.join(DATA));
    Ok(RebuildReport { values: copied.values, live: copied.bytes, before, after })
}

fn copy(from: &Path, to: &Path, steps: &[Step], format: u8) -> Result<Passed, Failure> {
    let failed = |e: sled::Error| error::from_sled(&e, "rebuilding the store");
    let old = open_sled(from).map_err(failed)?;
    let new = open_sled(to).map_err(failed)?;
    let (mut passed, mut batch, mut size) = (Passed::default(), sled::Batch::default(), 0);
    let mut last: Option<Vec<u8>> = None;
    for pair in &*old {
        let (key, value) = pair.map_err(failed)?;
        let pair = if *key == *key::format() { (key.to_vec(), vec![format]) } else { (key.to_vec(), value.to_vec()) };
        for (key, value) in change(pair, steps)? {
            // The check compares in the order of the keys, and so does the next opening's reader.
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err(error::ours("a step of the store's format changes the order of keys"));
            }
            passed.note(&key, &value);
            size += key.len() + value.len();
            batch.insert(key.clone(), value);
            last = Some(key);
        }
        if size >= BATCH {
            size = 0;
            new.apply_batch(std::mem::take(&mut batch)).map_err(failed)?;
        }
    }
    new.apply_batch(batch).map_err(failed)?;
    new.flush().map_err(failed)?;
    drop((old, new));
    let synced = wait_for_release(from).and_then(|()| wait_for_release(to)).and_then(|()| sync_all(to));
    synced.map_err(|e| error::from_file(&e, "writing", to))?;
    Ok(passed)
}

fn read(data: &Path) -> Result<Passed, Failure> {
    let failed = |e: sled::Error| error::from_sled(&e, "reading the rebuilt store");
    let db = open_sled(data).map_err(failed)?;
    let mut passed = Passed::default();
    for pair in &*db {
        let (key, value) = pair.map_err(failed)?;
        passed.note(&key, &value);
    }
    drop(db);
    wait_for_release(data).map_err(|e| error::from_file(&e, "reading", data))?;
    Ok(passed)
}

fn put_in_place(dir: &Path) -> Result<(), std::io::Error> {
    let [data, new, old] = [DATA, "data.new", "data.old"].map(|name| dir.join(name));
    fs::rename(&data, &old)?;
    sync_directory(dir)?;
    fs::rename(&new, &data)?;
    sync_directory(dir)?;
    remove(dir, &old)
}

/// Brings the directory, whose lock the caller holds, from wherever a killed rebuild left it to one whole store.
pub(super) fn recover(dir: &Path) -> Result<(), Failure> {
    let [data, new, old, gone] = [DATA, "data.new", "data.old", "data.gone"].map(|name| dir.join(name));
    let tidied = (|| {
        if old.exists() {
            if data.exists() {
                // The new one was checked before it was put in place, and nothing is written before this is tidied.
                remove(dir, &old)?;
            } else {
                fs::rename(&old, &data)?;
                sync_directory(dir)?;
            }
        }
        for leftover in [&new, &gone] {
            if leftover.exists() {
                fs::remove_dir_all(leftover)?;
            }
        }
        Ok(())
    })();
    tidied.map_err(|e| error::from_file(&e, "tidying", dir))
}

/// Removes a whole store: one half removed must never look like a store.
fn remove(dir: &Path, old: &Path) -> Result<(), std::io::Error> {
    let gone = dir.join("data.gone");
    if gone.exists() {
        fs::remove_dir_all(&gone)?;
    }
    fs::rename(old, &gone)?;
    sync_directory(dir)?;
    fs::remove_dir_all(gone)
}

fn sync_directory(dir: &Path) -> Result<(), std::io::Error> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// sled's own flush does not sync on Linux.
fn sync_all(dir: &Path) -> Result<(), std::io::Error> {
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        if path.is_dir() { sync_all(&path)? } else { File::open(&path)?.sync_all()? }
    }
    sync_directory(dir)
}

/// Bytes of every file below a directory.
pub(super) fn size_of(dir: &Path) -> u64 {
    let mut folders: Vec<PathBuf> = vec![dir.to_owned()];
    let mut size = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            match entry.metadata() {
                Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                Ok(meta) => size += meta.len(),
                Err(_) => {}
            }
        }
    }
    size
}

/// Bytes free on the disk of that directory; `None` where the system does not say.
#[must_use]
pub fn free_space(dir: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(dir).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

/// The copy is never larger than what is there.
fn room_for(dir: &Path, bytes: u64) -> Result<(), Failure> {
    match free_space(dir) {
        Some(free) if free < bytes => {
            let mb = |bytes: u64| bytes.div_ceil(1 << 20);
            let what =
                format!("there is no room to rebuild the store: {} MB are free, {} MB needed", mb(free), mb(bytes));
            Err(error::local(what, "free some disk space; the store was not changed"))
        }
        _ => Ok(()),
    }
}
