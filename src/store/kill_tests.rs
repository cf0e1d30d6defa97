//! Killed with SIGKILL at random instants of a rebuild, a migration and a backup: the store opens, with every value, and
//! a backup file is whole or not there. Rounds: `MATCHBOOK_KILL_ROUNDS` (default 6 of each kind); `.ci/kills` does many,
//! also on a disk that fills up.
//!
//! The child is this test binary itself in a role named by an environment variable.

#[path = "../../tests/common/full_disk.rs"]
mod full_disk;

use super::tests::{migrate_from_zero, of_format_zero};
use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "MATCHBOOK_STORE_KILL_ROLE";
const DIR: &str = "MATCHBOOK_STORE_KILL_DIR";

fn rounds() -> u64 {
    std::env::var("MATCHBOOK_KILL_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(6)
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{word}").and_then(|()| out.flush()).unwrap();
}

/// The process that is killed. Does nothing when the tests run as tests.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(DIR).unwrap());
    let store = (role == "backup").then(|| Store::open(&path).unwrap());
    say("begin");
    match role.as_str() {
        "compact" => drop(Store::compact(&path).unwrap()),
        "migrate" => drop(migrate_from_zero(&path).unwrap()),
        _ => drop(store.unwrap().backup(&path.with_file_name("b.matchbook")).unwrap()),
    }
    say("done");
}

fn spawn(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::kill_tests::child", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(DIR, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs the child to its end and gives the time that its work took, to know which instants there are.
fn undisturbed(role: &str, path: &Path) -> Duration {
    let mut child = spawn(role, path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("begin")));
    let started = Instant::now();
    assert!(lines.any(|line| line.ends_with("done")), "the {role} ends");
    let took = started.elapsed();
    assert!(child.wait().unwrap().success());
    took
}

/// Kills the child that long after it began; true when it had ended before.
fn killed(role: &str, path: &Path, after: Duration) -> bool {
    let mut child = spawn(role, path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // Without any room it may not even begin.
    assert!(lines.any(|line| line.ends_with("begin")) || full_disk::is_wanted());
    let started = Instant::now();
    while started.elapsed() < after {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines.any(|line| line.ends_with("done"))
}

fn values(store: &Store) -> BTreeMap<Vec<u8>, Vec<u8>> {
    store.tree().iter().map(|pair| pair.map(|(k, v)| (k.to_vec(), v.to_vec())).unwrap()).collect()
}

/// What a directory holds beside the store itself.
fn leftovers(path: &Path) -> Vec<String> {
    let names = std::fs::read_dir(path).unwrap().map(|f| f.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("data.")).collect()
}

/// A store that takes a moment to copy.
fn filled(path: &Path) {
    let store = Store::open(path).unwrap();
    for n in 0..4000u32 {
        let key = key::named(key::Table::Paused, &format!("integration {n}"));
        store.tree().insert(key, n.to_string().repeat(60).into_bytes()).unwrap();
    }
    store.flush().unwrap();
}

fn kill_again_and_again(role: &str, make: fn(&Path), check: fn(&Path, &BTreeMap<Vec<u8>, Vec<u8>>)) {
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join("first/store");
    make(&first);
    let took = undisturbed(role, &first);
    let wanted = values(&Store::open(&first).unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let mut cut = 0;
    for round in 0..rounds() {
        let path = dir.path().join(format!("{round}/store"));
        make(&path);
        let ballast = full_disk::Ballast::random(&mut random);
        // Instants after the end are drawn too: an end is an instant like any other.
        cut += u64::from(!killed(role, &path, took.mul_f64(random.random_range(0.0..1.05))));
        drop(ballast);
        check(&path, &wanted);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
    println!("kills: {}", rounds());
    assert!(cut > 0, "no round was cut: the test kills nothing");
}

#[test]
fn a_killed_rebuild_leaves_every_value() {
    kill_again_and_again("compact", filled, |path, wanted| {
        let store = Store::open(path).expect("the store opens");
        assert!(values(&store) == *wanted);
        assert_eq!(leftovers(path), [] as [String; 0]);
    });
}

#[test]
fn a_killed_migration_is_done_again_and_loses_nothing() {
    let make = |path: &Path| {
        filled(path);
        of_format_zero(path);
    };
    kill_again_and_again("migrate", make, |path, wanted| {
        let store = migrate_from_zero(path).expect("the store opens");
        assert!(values(&store) == *wanted);
        assert_eq!(leftovers(path), [] as [String; 0]);
    });
}

#[test]
fn a_killed_backup_is_whole_or_not_there() {
    kill_again_and_again("backup", filled, |path, wanted| {
        let store = Store::open(path).expect("the store opens");
        assert!(values(&store) == *wanted);
        let file = path.with_file_name("b.matchbook");
        if file.exists() {
            let restored = path.with_file_name("restored");
            Store::restore(&file, &restored).expect("a backup that is there is whole");
            assert!(values(&Store::open(&restored).unwrap()) == *wanted);
        }
    });
}
