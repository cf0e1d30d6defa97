//! The vault's commands as scripts use them.

#[path = "home/mod.rs"]
mod home;

use home::{Home, program, text};
use std::fs;
use std::process::{Command, Output};

const LINES: &str = "addigy.api_key=adg-hush-hush\nitglue.api_key=ITG.hush-hush\n";

/// Runs a command line of the shell, with `$MATCHBOOK` as the program.
fn shell(home: &Home, line: &str) -> Output {
    Command::new("sh")
        .args(["-c", line])
        .env("MATCHBOOK", program())
        .env("MATCHBOOK_HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap()
}

fn names(home: &Home) -> String {
    home.ok(&["vault", "list"])
}

#[test]
fn names_are_listed_and_secrets_never() {
    let home = Home::new();
    let output = home.run(&["vault", "import", "-"], LINES);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(names(&home), "addigy\tapi_key\nitglue\tapi_key\n");
    let listed = home.json(&["vault", "list", "--json"]);
    assert_eq!((&listed["opened_by"], &listed["integrations"][1]["integration"]), (&"key".into(), &"itglue".into()));
    let again = home.run(&["vault", "import", "-"], "itglue.api_key=new-hush\n");
    assert_eq!(again.status.code(), Some(2));
    let said = text(&again.stderr) + &text(&again.stdout);
    assert!(said.contains("--replace") && !said.contains("hush"), "{said}");
    assert!(home.run(&["vault", "import", "--replace", "-"], "itglue.api_key=new-hush\n").status.success());
}

#[test]
fn another_homes_vault_is_taken_over() {
    let (old, new) = (Home::new(), Home::new());
    assert!(old.run(&["vault", "import", "-"], LINES).status.success());
    let (vault, key) = (old.file("secrets.age"), old.file("vault.key"));
    new.refused(&["vault", "import", vault.to_str().unwrap()], 1, &["cannot read", "--key"]);
    let key = key.to_str().unwrap();
    new.ok(&["vault", "import", vault.to_str().unwrap(), "--key", key]);
    assert_eq!(names(&new), names(&old));
    new.refused(&["vault", "import", "none.age", "--key", key], 1, &["cannot read none.age"]);
}

#[test]
fn a_passphrase_comes_from_a_descriptor_or_a_command_and_from_nowhere_else() {
    let home = Home::new();
    assert!(home.run(&["vault", "import", "-"], LINES).status.success());
    fs::write(home.file("first"), "correct horse\n").unwrap();
    fs::write(home.file("second"), "battery staple\n").unwrap();
    let rotated = shell(&home, "\"$MATCHBOOK\" vault rotate --to passphrase --new-passphrase-fd 3 3<first");
    assert!(rotated.status.success(), "{}", text(&rotated.stderr));
    assert!(!home.file("vault.key").exists());
    home.refused(&["vault", "list"], 2, &["stdin is no terminal", "--passphrase-fd", "passphrase_command"]);
    let listed = shell(&home, "cat first | \"$MATCHBOOK\" --passphrase-fd 0 vault list");
    assert!(text(&listed.stdout).contains("itglue"), "{}", text(&listed.stderr));
    let wrong = shell(&home, "\"$MATCHBOOK\" vault list --passphrase-fd 3 3<second");
    let said = text(&wrong.stderr);
    assert!(said.contains("passphrase of the vault is wrong") && !said.contains("staple"), "{said}");

    fs::write(home.file("config.toml"), "[vault]\npassphrase_command = ['cat', 'first']\n").unwrap();
    let listed = shell(&home, "\"$MATCHBOOK\" vault list");
    assert!(text(&listed.stdout).contains("itglue"), "{}", text(&listed.stderr));
    let rotated =
        shell(&home, "\"$MATCHBOOK\" vault rotate --new-passphrase-fd 4 4<second && \"$MATCHBOOK\" vault list");
    assert!(text(&rotated.stderr).contains("passphrase of the vault is wrong"), "{}", text(&rotated.stderr));
    let keyed =
        shell(&home, "\"$MATCHBOOK\" vault rotate --to key --passphrase-fd 4 4<second && \"$MATCHBOOK\" vault list");
    assert!(text(&keyed.stdout).contains("itglue"), "{}", text(&keyed.stderr));
}

/// The kernel's own word on it: no core file, and nobody looks into the memory.
#[cfg(target_os = "linux")]
#[test]
fn a_running_program_leaves_no_core_dump() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(program())
        .args(["simulate", "--companies", "2", "--devices", "2"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core: Vec<&str> = limits.lines().find(|l| l.starts_with("Max core")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
}
