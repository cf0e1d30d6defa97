//! A disk that fills up: where `MATCHBOOK_KILL_FULL` is set, the temporary directory is a small file system of its own,
//! and a file takes nearly all of its room away for a while.

use rand::{Rng, RngExt};
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

/// Most room that is left, in KiB: enough for some of the work.
const MOST_LEFT: u64 = 3_000;

/// True where rounds are to meet a full disk.
pub fn is_wanted() -> bool {
    std::env::var_os("MATCHBOOK_KILL_FULL").is_some()
}

/// The room that is taken away; dropped, it is there again.
#[derive(Debug)]
pub struct Ballast(Option<PathBuf>);

impl Ballast {
    /// Leaves a random amount of room, down to none. Does nothing where no full disk is wanted.
    pub fn random(random: &mut impl Rng) -> Self {
        if !is_wanted() {
            return Self(None);
        }
        let place = std::env::temp_dir();
        let room = rustix::fs::statvfs(&place).expect("the file system's room");
        let free = room.f_bavail * room.f_frsize / 1024;
        // Only a file system made for this is filled.
        assert!(free < 1 << 20, "{free} KiB free: set TMPDIR to a small file system of its own");
        // None, a little, some: each as often.
        let most = [0, 64, MOST_LEFT][random.random_range(0..3)];
        let left = random.random_range(0..=most);
        let path = place.join("ballast");
        let mut file = File::create(&path).expect("a file");
        for _ in 0..free.saturating_sub(left) {
            if file.write_all(&[0xa5; 1024]).is_err() {
                break;
            }
        }
        Self(Some(path))
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            fs::remove_file(path).expect("the room is given back");
        }
    }
}
