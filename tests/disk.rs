//! A disk that is full, files that may not grow, a store that may not be written: said in words, nothing acknowledged is
//! lost, and with room again everything goes on.

#![cfg(unix)]

mod home;

use home::{Home, program, text, vendors};
use matchbook::simulator::Faults;
use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script of the shell with the program as `$MATCHBOOK` and the home as `$MATCHBOOK_HOME`.
fn shell(home: &Path, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .env("MATCHBOOK", program())
        .env("MATCHBOOK_HOME", home)
        .env("USER", "tester")
        .output()
        .unwrap()
}

/// A home with two synced vendors, and the ids of devices that wait for a decision.
fn synced(home: &Home) -> (matchbook::simulator::Simulator, Vec<String>) {
    let simulator = vendors(8, 600, Faults::None);
    home.connect(&simulator);
    home.ok(&["sync"]);
    let ids = [listed(home, "unmatched"), listed(home, "suggested")].concat();
    assert!(ids.len() > 20, "{ids:?}");
    (simulator, ids)
}

/// Source ids of devices with that filter.
fn listed(home: &Home, filter: &str) -> Vec<String> {
    let lines = home.ok(&["queue", "addigy-itglue", "--stream", "devices", "--filter", filter, "--json"]);
    let row = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    lines.lines().map(row).collect()
}

/// Source ids that a person ignored.
fn ignored(home: &Home) -> BTreeSet<String> {
    listed(home, "ignored").into_iter().collect()
}

fn broken_stores(home: &Path) -> usize {
    let names = std::fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("broken")).count()
}

/// What a command says when the disk does not take more.
fn says_so(output: &Output, words: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(words.iter().any(|word| said.contains(word)) && said.contains("→"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn files_that_may_not_grow_lose_nothing_that_was_acknowledged() {
    let home = Home::new();
    let (simulator, ids) = synced(&home);
    let (mut acknowledged, mut refused) = (BTreeSet::new(), 0);
    // In blocks of 512 bytes: the store's file may be filled and not grow. SIGXFSZ would kill; ignored, the write fails as
    // on a full disk.
    let blocks = std::fs::metadata(home.file("store/data/db")).unwrap().len() / 512 + 1;
    let limited = |turn: usize, command: &str| {
        // Less with each turn, so that the end of the file is met in each of its parts.
        let blocks = blocks.saturating_sub(turn as u64 * 96);
        shell(home.path(), &format!("trap '' XFSZ; ulimit -f {blocks}; \"$MATCHBOOK\" {command}"))
    };
    for (turn, id) in ids.iter().enumerate() {
        let output = limited(turn, &format!("decide ignore addigy-itglue devices {id}"));
        if output.status.success() {
            acknowledged.insert(id.clone());
        } else {
            says_so(&output, &["File too large"]);
            refused += 1;
        }
        if turn % 4 == 3 {
            let sync = limited(turn, "sync --full");
            let said = text(&sync.stderr);
            assert!(matches!(sync.status.code(), Some(0 | 1 | 3)) && !said.contains("panicked"), "{said}");
            assert!(sync.status.success() || said.contains("File too large"), "{said}");
        }
        if refused == 6 {
            break;
        }
    }
    assert!(ignored(&home).is_superset(&acknowledged));
    assert!(refused > 0 && !acknowledged.is_empty(), "the limit was felt: {refused} of {}", ids.len());
    assert_eq!(broken_stores(home.path()), 0, "no store was set aside");
    home.ok(&["sync", "--full"]);
    assert!(ignored(&home).is_superset(&acknowledged));
    home.ok(&["store", "verify"]);
    drop(simulator);
}

/// Whether this machine lets a test have a file system of its own.
fn has_file_systems(dir: &Path) -> bool {
    let script = format!("mount -t tmpfs -o size=1m tmpfs '{}'", dir.display());
    Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().is_ok_and(|output| output.status.success())
}

/// The same with a file system that is really full, where the machine allows one (`unshare -rm`, `tmpfs`).
#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let home = Home::new();
    let (simulator, ids) = synced(&home);
    let dir = tempfile::tempdir().unwrap();
    if !has_file_systems(dir.path()) {
        eprintln!("left out: no file system of one's own here");
        return;
    }
    let (disk, told) = (dir.path().join("disk"), dir.path().join("told"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::create_dir(&told).unwrap();
    // For each amount of room that is left: a decision and a sync, then room again and a look.
    let script = format!(
        r#"
        mount -t tmpfs -o size=24m tmpfs "$DISK" && cp -rp "$MATCHBOOK_HOME/." "$DISK/" || exit 9
        export MATCHBOOK_HOME="$DISK"
        from=1
        for left in 0 16 64 200 400 700 1100 2000; do
            for id in $(echo {ids} | cut -d" " -f$from,$((from + 1))); do
                free=$(df -k "$DISK" | tail -1 | awk '{{print $4}}')
                [ "$free" -gt "$left" ] && dd if=/dev/zero of="$DISK/fill" bs=1k count=$((free - left)) 2>/dev/null
                "$MATCHBOOK" decide ignore addigy-itglue devices "$id" >/dev/null 2>>"$TOLD/said" && echo "$id" >>"$TOLD/acknowledged"
                rm -f "$DISK/fill"
            done
            free=$(df -k "$DISK" | tail -1 | awk '{{print $4}}')
            [ "$free" -gt "$left" ] && dd if=/dev/zero of="$DISK/fill" bs=1k count=$((free - left)) 2>/dev/null
            from=$((from + 2))
            "$MATCHBOOK" sync --full >/dev/null 2>>"$TOLD/said"; echo $? >>"$TOLD/statuses"
            "$MATCHBOOK" status >/dev/null 2>>"$TOLD/said"
            rm -f "$DISK/fill"
            "$MATCHBOOK" queue addigy-itglue --stream devices --filter ignored --json >"$TOLD/ignored-$left" 2>>"$TOLD/said" || exit 8
        done
        "$MATCHBOOK" sync --full 2>>"$TOLD/said" || exit 7
        "$MATCHBOOK" store verify >/dev/null 2>>"$TOLD/said" || exit 6
        ls "$DISK" >"$TOLD/files"
        "#,
        ids = ids.iter().take(16).cloned().collect::<Vec<_>>().join(" ")
    );
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .env("MATCHBOOK", program())
        .env("MATCHBOOK_HOME", home.path())
        .env("DISK", &disk)
        .env("TOLD", &told)
        .env("USER", "tester")
        .output()
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(told.join(name)).unwrap_or_default();
    assert!(output.status.success(), "{}: {}\n{}", output.status, text(&output.stderr), read("said"));
    assert!(read("said").contains("the disk is full") && !read("said").contains("panicked"), "{}", read("said"));
    assert!(read("statuses").lines().any(|status| status != "0"), "the full disk was felt: {}", read("statuses"));
    assert!(!read("files").contains("broken"), "{}\n{}", read("files"), read("said"));
    let last = read("ignored-2000");
    for id in read("acknowledged").lines() {
        assert!(last.contains(id), "{id} was acknowledged and is lost: {last}");
    }
    drop(simulator);
}

/// Permissions do not hold the superuser back, so the files are given to nobody.
#[test]
fn a_store_that_may_not_be_written_is_said_and_stays_as_it_is() {
    let home = Home::new();
    let (_simulator, _) = synced(&home);
    let root = rustix::process::getuid().is_root();
    let list = shell(home.path(), "cd \"$MATCHBOOK_HOME\" && find . -type f -exec cksum {} + | sort");
    let mode = |bits: u32| {
        let find = if bits == 0 { "chmod -R a-w" } else { "chmod -R u+w" };
        assert!(shell(home.path(), &format!("{find} \"$MATCHBOOK_HOME\"")).status.success());
    };
    if root {
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        assert!(shell(home.path(), "chown -R 65534 \"$MATCHBOOK_HOME\"").status.success());
    }
    mode(0);
    let user = if root { "setpriv --reuid=65534 --clear-groups " } else { "" };
    for arguments in ["status", "sync", "decide ignore addigy-itglue devices x"] {
        let output = shell(home.path(), &format!("{user}\"$MATCHBOOK\" {arguments}"));
        says_so(&output, &["permission denied", "Permission denied"]);
        assert!(text(&output.stderr).contains("right to write"), "{}", text(&output.stderr));
    }
    mode(1);
    let after = shell(home.path(), "cd \"$MATCHBOOK_HOME\" && find . -type f -exec cksum {} + | sort");
    assert_eq!(text(&list.stdout), text(&after.stdout), "nothing was changed");
    if root {
        assert!(shell(home.path(), "chown -R 0 \"$MATCHBOOK_HOME\"").status.success());
    }
    home.ok(&["status"]);
}
