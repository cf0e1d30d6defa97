//! Caches: what can be computed again from the store, kept so that a start is quick. Each is one checksummed file
//! beside sled's data: large values in sled would be copied at every rewrite of the page that holds them.

use super::open::make_private_dir;
use super::{Store, error};
use crate::domain::Failure;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Folder inside the store's directory.
const CACHES: &str = "caches";

impl Store {
    /// Keeps the bytes under that name, replacing what was there. What the store holds is flushed first, so that a
    /// cache is never newer than the store after a crash.
    ///
    /// # Errors
    /// When the disk refuses; the old bytes stay then.
    pub fn put_blob(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.flush()?;
        make_private_dir(&self.0.dir.join(CACHES))?;
        let path = cache_path(&self.0.dir, key);
        let unfinished = path.with_extension("new");
        let written = fs::File::create(&unfinished).and_then(|mut file| {
            file.write_all(&xxh3_64(bytes).to_be_bytes())?;
            file.write_all(bytes)
        });
        written
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(|e| error::from_file(&e, "writing the cache", &path))
    }

    /// The bytes kept under that name; `None` when there are none or they are damaged.
    #[must_use]
    pub fn blob(&self, key: &str) -> Option<Vec<u8>> {
        Self::blob_in(&self.0.dir, key)
    }

    /// The same without opening the store in that directory: what is to be shown before it is open.
    #[must_use]
    pub fn blob_in(dir: &Path, key: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(cache_path(dir, key)).ok()?;
        let (sum, rest) = bytes.split_first_chunk::<8>()?;
        if u64::from_be_bytes(*sum) != xxh3_64(rest) {
            return None;
        }
        bytes.drain(..8);
        Some(bytes)
    }

    pub(super) fn caches_size(&self) -> u64 {
        let Ok(files) = fs::read_dir(self.0.dir.join(CACHES)) else { return 0 };
        files.filter_map(|file| file.ok()?.metadata().ok()).map(|file| file.len()).sum()
    }
}

/// Names of caches hold names from the configuration: the file is named by their hash.
fn cache_path(dir: &Path, key: &str) -> PathBuf {
    dir.join(CACHES).join(format!("{:016x}.cache", xxh3_64(key.as_bytes())))
}
