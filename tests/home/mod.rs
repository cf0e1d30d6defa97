//! A home of its own for the real program, in a clean environment.

#![allow(dead_code, reason = "each test file uses its own part")]

use assert_cmd::Command;
use matchbook::simulator::{self, Faults, Simulator};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Runs the simulated vendors.
pub static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Simulated vendors.
pub fn vendors(companies: usize, devices: usize, faults: Faults) -> Simulator {
    let options = simulator::Options { companies, devices, seed: 3, faults, ..Default::default() };
    RUNTIME.block_on(simulator::start(options)).unwrap()
}

/// The program of this build.
pub fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin("matchbook")
}

/// A directory that is removed at the end.
pub struct Home(pub TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        self.run_with(&[], arguments, stdin)
    }

    pub fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Output {
        Command::new(program())
            .env_clear()
            .env("MATCHBOOK_HOME", self.path())
            .env("USER", "tester")
            .envs(environment.iter().copied())
            .args(arguments)
            .write_stdin(stdin)
            .output()
            .unwrap()
    }

    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(arguments);
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {out}"))
    }

    /// Refused with that status and those words.
    pub fn refused(&self, arguments: &[&str], status: i32, words: &[&str]) -> String {
        self.refused_with(arguments, "", status, words)
    }

    /// The same with an input.
    pub fn refused_with(&self, arguments: &[&str], stdin: &str, status: i32, words: &[&str]) -> String {
        let output = self.run(arguments, stdin);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{arguments:?} says “{word}”: {said}");
        }
        // What is refused leaves stdout to data.
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
        said
    }

    /// Connects the two vendors and their flow.
    pub fn connect(&self, simulator: &Simulator) {
        let ends = simulator.endpoints();
        for (name, base_url, key) in [
            ("addigy", &ends.addigy.base_url, &ends.addigy.api_key),
            ("itglue", &ends.itglue.base_url, &ends.itglue.api_key),
        ] {
            let output = self.run(
                &["connect", name, "--connector", name, "--base-url", base_url, "--secrets-stdin"],
                &format!("api_key={key}\n"),
            );
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        self.ok(&["flow", "add", "addigy", "itglue"]);
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
