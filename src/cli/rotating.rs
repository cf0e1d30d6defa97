//! Files of diagnostics that stay small: a new one each day and whenever one is full, old ones go. `tracing-appender`
//! does the days and the number of files; it knows no size.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use tracing_appender::rolling::{Builder, InitError, RollingFileAppender, Rotation};

const PREFIX: &str = "matchbook";
const SUFFIX: &str = "log";

/// How large and how many files may become.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// A file that reached so many bytes is set aside.
    pub bytes: u64,
    /// Files kept; with a file a day at least, also the days that are kept.
    pub files: usize,
}

/// The writer. Several processes may write at once: each line is one write at the end of the file.
#[derive(Debug)]
pub struct Rotating {
    directory: PathBuf,
    bounds: Bounds,
    appender: RollingFileAppender,
    /// Bytes in the file, as far as this process knows.
    written: u64,
}

impl Rotating {
    /// Goes on with today's file; makes the directory where it is missing.
    ///
    /// # Errors
    /// The directory or the file cannot be made.
    pub fn open(directory: &Path, bounds: Bounds) -> Result<Self, InitError> {
        let appender = appender(directory, bounds)?;
        let written = length(&today(directory));
        Ok(Self { directory: directory.to_path_buf(), bounds, appender, written })
    }

    /// Sets a full file aside and goes on with a new one.
    fn rotate(&mut self) -> io::Result<()> {
        let full = today(&self.directory);
        // Otherwise the day changed, or another process was here first: its file is gone on with.
        if length(&full) >= self.bounds.bytes {
            set_aside(&full)?;
        }
        self.appender = appender(&self.directory, self.bounds).map_err(io::Error::other)?;
        self.written = length(&full);
        Ok(())
    }
}

/// `….log` as `….1.log`, or the next number that is free.
fn set_aside(full: &Path) -> io::Result<()> {
    for number in 1_u32.. {
        // Unlike a rename, a link never takes the place of a file that another process has just set aside.
        match fs::hard_link(full, full.with_extension(format!("{number}.{SUFFIX}"))) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    fs::remove_file(full)
}

fn appender(directory: &Path, bounds: Bounds) -> Result<RollingFileAppender, InitError> {
    Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .max_log_files(bounds.files)
        .build(directory)
}

/// The file that `tracing-appender` writes to today.
fn today(directory: &Path) -> PathBuf {
    directory.join(format!("{PREFIX}.{}.{SUFFIX}", OffsetDateTime::now_utc().date()))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

impl Write for Rotating {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.written >= self.bounds.bytes {
            // A file that cannot be set aside is written on: a line is worth more than the bound.
            let _ = self.rotate();
        }
        let written = self.appender.write(line)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<(PathBuf, String)> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
    }

    #[test]
    fn full_files_are_set_aside_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = Bounds { bytes: 1_000, files: 4 };
        let line = |n: u32| format!("line {n:04} {}\n", "x".repeat(89));
        for n in 0..200 {
            // Opened anew each time, as by two hundred commands: it goes on where the last one stopped.
            Rotating::open(dir.path(), bounds).unwrap().write_all(line(n).as_bytes()).unwrap();
        }
        let found = files(dir.path());
        assert!(found.len() == bounds.files, "{}", found.len());
        assert!(found.iter().all(|(_, text)| text.len() as u64 <= bounds.bytes + 100), "none is larger");
        let mut lines: Vec<&str> = found.iter().flat_map(|(_, text)| text.lines()).collect();
        lines.sort_unstable();
        assert!(lines.len() >= 30, "{}", lines.len());
        assert_eq!(*lines.last().unwrap(), line(199).trim_end(), "the newest is there");
        let newest: Vec<String> = (200 - u32::try_from(lines.len()).unwrap()..200).map(line).collect();
        assert!(lines.iter().zip(&newest).all(|(a, b)| *a == b.trim_end()), "the newest lines, none missing");
    }

    #[test]
    fn two_writers_lose_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let bounds = Bounds { bytes: 500, files: 1_000 };
        let mut writers = [Rotating::open(dir.path(), bounds).unwrap(), Rotating::open(dir.path(), bounds).unwrap()];
        for n in 0..300 {
            writers[n % 2].write_all(format!("line {n:04} {}\n", "y".repeat(40)).as_bytes()).unwrap();
        }
        let lines: usize = files(dir.path()).iter().map(|(_, text)| text.lines().count()).sum();
        assert_eq!(lines, 300);
    }
}
