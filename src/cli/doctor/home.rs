//! Checks of this machine: configuration, vault, permissions, store, disk.

use super::Findings;
use crate::cli::{care::size, home};
use crate::config::{Config, Loaded, Paths};
use crate::domain::{Failure, IntegrationId, Timestamp};
use crate::secrets::Vault;
use crate::store::{Store, free_space, last_scheduled, newest_backup};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Stores up to this size on disk are read whole, in bytes: about ten seconds' work.
const READ_UP_TO: u64 = 512 << 20;

/// Less free room than this is too little for a day of syncs, in bytes.
const LOW: u64 = 1 << 30;

/// With less than this, writes may fail at any moment, in bytes.
const CRITICAL: u64 = 64 << 20;

/// A newest backup older than this speaks for a schedule that does not run.
const OLD_BACKUP: time::Duration = time::Duration::days(8);

pub fn configuration(findings: &mut Findings, paths: &Paths, loaded: Result<Loaded, Failure>) -> Config {
    let Loaded { config, warnings } = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => {
            findings.failure("config", failure);
            return Config::default();
        }
    };
    for warning in &warnings {
        findings.warn("config", warning, "correct or remove it");
    }
    let path = paths.config.display();
    match config.flows() {
        Err(failure) => findings.failure("config", failure),
        Ok(_) if config.integrations.is_empty() => {
            let text = format!("{path}: no integration is connected");
            findings.warn("config", text, "`matchbook connect addigy --connector addigy` connects one");
        }
        Ok(flows) => {
            let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
            let (connected, flows) = (counted(config.integrations.len(), "integration"), counted(flows.len(), "flow"));
            let text = format!("{path}: {connected}, {flows}");
            findings.ok("config", text);
        }
    }
    config
}

pub fn vault(findings: &mut Findings, paths: &Paths, config: &Config) -> Option<Vault> {
    if !paths.vault.exists() {
        findings.ok("vault", "none yet; the first secret makes it");
        return None;
    }
    let vault = match home::vault(paths) {
        Ok(vault) => vault,
        Err(failure) => {
            findings.failure("vault", failure);
            return None;
        }
    };
    let by = if vault.is_passphrase() { "its passphrase" } else { "its key" };
    findings.ok("vault", format!("opens with {by}; secrets of {} integrations", vault.names().len()));
    for name in vault.names().iter().filter(|name| config.integration(name).is_none()) {
        let text = format!("holds secrets of {name}, which the configuration does not name");
        findings.warn("vault", text, "connect it again, or withdraw the key at the vendor");
    }
    Some(vault)
}

/// Files that only their owner may read, and directories that only their owner may enter; all of them this user's.
#[cfg(unix)]
pub fn permissions(findings: &mut Findings, paths: &Paths, config: &Config) {
    use std::os::unix::fs::MetadataExt;
    let backups = backup_directory(paths, config);
    let files = [&paths.config, &paths.vault, &paths.vault_key];
    let directories = [&paths.store, &paths.logs, &backups];
    let homes = [&paths.config, &paths.vault, &paths.logs].map(|file| file.parent().unwrap_or(Path::new(".")));
    let mut all: Vec<&Path> = files.into_iter().chain(directories).map(PathBuf::as_path).chain(homes).collect();
    all.sort_unstable();
    all.dedup();
    let me = rustix::process::geteuid().as_raw();
    let (mut looked, mut faults) = (0, 0);
    for path in all {
        let Ok(meta) = std::fs::metadata(path) else { continue };
        looked += 1;
        if meta.uid() != me {
            let text = format!("{} belongs to the user {}, and you are {me}", path.display(), meta.uid());
            let remedy = format!("run matchbook as that user, or `chown -R {me} {}`", path.display());
            findings.fail("owner", text, remedy);
            faults += 1;
        }
        let mode = meta.mode() & 0o777;
        // The configuration holds no secret, and what is in a home is closed itself: others may look, but not change.
        let is_home = homes.contains(&path);
        let forbidden = if path == paths.config || is_home { 0o022 } else { 0o077 };
        if mode & forbidden != 0 {
            let text = format!("others may get at {} (mode {mode:03o})", path.display());
            let wanted = if meta.is_dir() { "700" } else { "600" };
            findings.fail("permissions", text, format!("chmod {wanted} {}", path.display()));
            faults += 1;
        }
    }
    if faults == 0 {
        findings.ok("permissions", format!("{looked} files and directories are yours and only for you"));
    }
}

#[cfg(not(unix))]
pub fn permissions(_findings: &mut Findings, _paths: &Paths, _config: &Config) {}

/// Looks at the store; returns when each integration last synced well.
pub fn store(findings: &mut Findings, paths: &Paths, config: &Config) -> BTreeMap<IntegrationId, Timestamp> {
    let mut last = BTreeMap::new();
    if !paths.store.join("data").exists() {
        findings.ok("store", "none yet; the first sync makes it");
        return last;
    }
    let (disk, live) = Store::room(&paths.store);
    match Store::open(&paths.store) {
        Err(failure) if failure.what.contains("in use") => {
            let remedy = "its contents were not looked at; close that one to have them checked";
            findings.warn("store", failure.what, remedy);
        }
        Err(failure) => findings.failure("store", failure),
        Ok(store) => {
            contents(findings, &store, disk, live);
            for state in store.stream_states().unwrap_or_default() {
                if let Some(at) = state.finished {
                    let newest = last.entry(state.integration).or_insert(at);
                    *newest = at.max(*newest);
                }
            }
        }
    }
    if Store::wants_compaction(&paths.store) {
        let text = format!("takes {} on disk for {} of values", size(disk), size(live.unwrap_or(0)));
        findings.warn("store size", text, "`matchbook store compact` gives the rest back");
    } else {
        findings.ok("store size", format!("{} on disk", size(disk)));
    }
    leftovers(findings, &paths.store);
    backups(findings, paths, config);
    last
}

fn contents(findings: &mut Findings, store: &Store, disk: u64, live: Option<u64>) {
    if disk > READ_UP_TO {
        let values = live.map_or_else(String::new, |bytes| format!(" ({} of values)", size(bytes)));
        findings.ok("store", format!("opens{values}; `matchbook store verify` reads every value"));
        return;
    }
    match store.verify() {
        Ok(report) if report.faults == 0 => findings.ok("store", format!("{} values, all readable", report.values)),
        Ok(report) => {
            let text = format!("{} of {} values are not as they should be", report.faults, report.values);
            findings.fail("store", text, "`matchbook store verify` names them; restore a backup");
        }
        Err(failure) => findings.failure("store", failure),
    }
}

/// Stores that were moved aside and never looked at again.
fn leftovers(findings: &mut Findings, store: &Path) {
    let Some(parent) = store.parent() else { return };
    for entry in std::fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("store.broken-") || name.starts_with("store.replaced-") {
            let remedy = "remove it when you are sure that nothing in it is missed";
            findings.warn("store", format!("a store was set aside as {}", entry.path().display()), remedy);
        }
    }
}

/// Where scheduled backups are.
fn backup_directory(paths: &Paths, config: &Config) -> PathBuf {
    match &config.backup.directory {
        Some(own) => paths.config.parent().unwrap_or(Path::new(".")).join(own),
        None => paths.backups.clone(),
    }
}

fn backups(findings: &mut Findings, paths: &Paths, config: &Config) {
    let directory = backup_directory(paths, config);
    let at = last_scheduled(&directory).or_else(|| {
        let newest = newest_backup(&directory)?;
        std::fs::metadata(newest).and_then(|meta| meta.modified()).ok().map(Timestamp::from)
    });
    let remedy =
        "one is made while the interface runs or after `matchbook sync`; `matchbook backup FILE` makes one now";
    match at {
        None => findings.warn("backups", format!("none in {}", directory.display()), remedy),
        Some(at) if Timestamp::now_utc() - at > OLD_BACKUP => {
            findings.warn("backups", format!("the newest is of {}", at.date()), remedy);
        }
        Some(at) => findings.ok("backups", format!("the newest is of {}", at.date())),
    }
}

pub fn disk(findings: &mut Findings, paths: &Paths) {
    let mut place = paths.store.as_path();
    while !place.exists() {
        let Some(parent) = place.parent() else { break };
        place = parent;
    }
    let Some(free) = free_space(place) else {
        findings.warn("disk", "the system does not say how much room is free", "");
        return;
    };
    let (disk, _) = Store::room(&paths.store);
    let text = format!("{} free at {}", size(free), place.display());
    if free < CRITICAL {
        findings.fail("disk", text, "free some room now: decisions and pages cannot be written without");
    } else if free < LOW.max(2 * disk) {
        findings.warn("disk", text, "free some room: backups and rebuilds need as much as the store");
    } else {
        findings.ok("disk", text);
    }
}
