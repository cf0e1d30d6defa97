//! The marker: a file beside sled's data that says that a store was made here and which history entry was acknowledged
//! last. sled opens a file whose segments are all damaged as an empty database, and one whose end is damaged as it was
//! some time before: without the marker, lost decisions would go unnoticed.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const NAME: &str = "marker";

const MAGIC: &[u8; 8] = b"mbstore\n";

/// The marker of an open store.
pub(super) struct Marker(Mutex<File>);

/// The history entry acknowledged last; `None` when no store was made here.
pub(super) fn read(dir: &Path) -> Result<Option<u64>, Error> {
    let mut bytes = Vec::new();
    match File::open(dir.join(NAME)) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    // A marker that was cut while it was first written says nothing; the store's own format key is newer then.
    let history = bytes.strip_prefix(MAGIC).and_then(|rest| rest.try_into().ok()).map(u64::from_be_bytes);
    Ok(history)
}

impl Marker {
    /// Writes the marker of a store that was opened.
    pub fn write(dir: &Path, history: u64) -> Result<Self, Error> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(dir.join(NAME))?;
        file.write_all(&[MAGIC.as_slice(), &history.to_be_bytes()].concat())?;
        file.sync_all()?;
        Ok(Self(Mutex::new(file)))
    }

    /// Notes an entry that is durable. Not synced: the marker may lag behind the store, never the other way.
    pub fn acknowledge(&self, history: u64) -> Result<(), Error> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        file.write_all(&history.to_be_bytes())
    }
}
