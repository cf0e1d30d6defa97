//! A home with a large fleet to measure on: made once, copied for each run, so that no run sees another's decisions.

use crate::pty::Failed;
use matchbook::domain::{LogEntry, LogLevel, Stream};
use matchbook::store::Store;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Written into a home when it is complete; one without it was cut while it was made.
const COMPLETE: &str = ".complete";

/// As many lines as a store keeps, written so many at once.
const LOG_LINES: u64 = 100_000;
const CHUNK: u64 = 1_000;

/// A store that has written nothing for so long has tidied up.
const RESTED: Duration = Duration::from_secs(10);
/// Written into a home that is ready for an import.
const READY: &str = ".ready";

/// Where the home of that size is kept.
pub fn place(companies: usize, devices: usize) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-home-{companies}-{devices}"))
}

/// Makes the home unless it is there: a headless demo syncs and matches it over loopback.
///
/// # Errors
/// When the demo fails or the disk refuses.
pub fn prepare(program: &Path, companies: usize, devices: usize) -> Result<PathBuf, Failed> {
    let home = place(companies, devices);
    if home.join(COMPLETE).exists() {
        return Ok(home);
    }
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    eprintln!("making a home with {companies} companies and {devices} devices in {}", home.display());
    let status = Command::new(program)
        .args(["demo", "--headless", "--vendors", "addigy,itglue"])
        .args(["--companies", &companies.to_string(), "--devices", &devices.to_string()])
        .arg("--home")
        .arg(&home)
        .status()?;
    // 3 is "done, and a person is needed": conflicts are left for one, as they should be.
    if !matches!(status.code(), Some(0 | 3)) {
        return Err(format!("the demo ended with {status}").into());
    }
    rest(&home)?;
    fs::write(home.join(COMPLETE), "")?;
    Ok(home)
}

/// Waits until the store has tidied up after the first sync: for some minutes sled moves what is left in half-empty
/// segments, which is no cost of a home in daily use.
fn rest(home: &Path) -> Result<(), Failed> {
    let _store = Store::open(&home.join("store"))?;
    let file = home.join("store").join("data").join("db");
    let changed = || Ok::<_, Failed>(fs::metadata(&file)?.modified()?);
    let (begun, mut seen, mut since) = (Instant::now(), changed()?, Instant::now());
    while since.elapsed() < RESTED && begun.elapsed() < RESTED * 30 {
        std::thread::sleep(RESTED / 20);
        let now = changed()?;
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    Ok(())
}

/// A home like that one in which every device can be imported: a flow into the inventory with companies and types of it.
/// Made once, kept beside it.
///
/// # Errors
/// When a command fails or the disk refuses.
pub fn for_import(program: &Path, home: &Path) -> Result<PathBuf, Failed> {
    let name = home.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let place = home.with_file_name(format!("{name}-import"));
    if place.join(READY).exists() {
        return Ok(place);
    }
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    eprintln!("making a home for an import in {}", place.display());
    fs::create_dir_all(&place)?;
    copy_folder(home, &place)?;
    let import = ["import", "addigy-inventory", "--all", "--stream"];
    for (words, stream) in
        [(&["flow", "add", "addigy", "inventory"], None), (&import, Some("companies")), (&import, Some("device-types"))]
    {
        let status = Command::new(program).args(words).args(stream).env("MATCHBOOK_HOME", &place).status()?;
        // Companies of one name are left to a person.
        if !matches!(status.code(), Some(0 | 3)) {
            return Err(format!("{words:?} ended with {status}").into());
        }
    }
    fs::write(place.join(READY), "")?;
    Ok(place)
}

/// Opens the home with its simulated vendors, which are asked for everything again at once: a running sync.
pub fn demo(command: &mut portable_pty::CommandBuilder, home: &Path, companies: usize, devices: usize) {
    command.args([
        "demo",
        "--vendors",
        "addigy,itglue",
        "--companies",
        &companies.to_string(),
        "--devices",
        &devices.to_string(),
        "--home",
    ]);
    command.arg(home);
}

/// Fills the home's sync log to its brim, as months of syncs do.
///
/// # Errors
/// When the store cannot be written.
pub fn fill_log(home: &Path) -> Result<(), Failed> {
    let store = Store::open(&home.join("store"))?;
    let mut at = OffsetDateTime::now_utc() - time::Duration::days(30);
    for chunk in 0..LOG_LINES / CHUNK {
        let line = |i: u64| {
            let number = chunk * CHUNK + i;
            LogEntry {
                seq: 0,
                at,
                level: LogLevel::Info,
                integration: Some(if number.is_multiple_of(2) { "addigy" } else { "itglue" }.into()),
                stream: Some(Stream::Devices),
                run: None,
                record: None,
                // One in ten thousand is what somebody looks for.
                text: match number % 10_000 {
                    7_777 => format!("devices: the page at {number} was asked for again after a timeout"),
                    _ => format!("devices: {number} read, {} changed, page of {}", number % 97, number % 13),
                },
                count: 1,
            }
        };
        store.append_log((0..CHUNK).map(line).collect())?;
        at += time::Duration::minutes(4);
    }
    Ok(())
}

/// A copy that one run may change; gone when dropped.
pub struct Copy(tempfile::TempDir);

impl Copy {
    /// Copies a home.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn of(home: &Path) -> Result<Self, Failed> {
        let copy = tempfile::Builder::new().prefix("bench-run-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        copy_folder(home, copy.path())?;
        Ok(Self(copy))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            fs::set_permissions(&target, entry.metadata()?.permissions())?;
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
            // Else the program's first flush would wait until all of the copy is on the disk.
            fs::File::open(target)?.sync_all()?;
        }
    }
    Ok(())
}
