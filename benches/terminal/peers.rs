//! Other programs on the same rows: fzf, lnav, visidata and csvlens over a CSV of the home's devices, where they are
//! installed. What they do is not what matchbook does; moving, paging, searching and waiting is comparable.

use crate::pty::Failed;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One program and its script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Program and arguments; `{csv}` stands for the rows' file.
    pub command: Vec<String>,
    /// Steps, in which `{first}` stands for the first row's name and `{count}` for the number of lines.
    pub steps: serde_json::Value,
}

/// The rows' file, made once for each home.
pub struct Rows {
    pub file: PathBuf,
    first: String,
    lines: usize,
}

/// Writes the home's devices as CSV, unless that was done before.
///
/// # Errors
/// When the home cannot be read or the disk refuses.
pub fn rows(program: &Path, home: &Path) -> Result<Rows, Failed> {
    let file = home.with_extension("csv");
    if !file.exists() {
        let output = Command::new(program)
            .args(["queue", "addigy-itglue", "--stream", "devices", "--filter", "all", "--csv"])
            .env("MATCHBOOK_HOME", home)
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        fs::write(&file, output.stdout)?;
    }
    let text = fs::read_to_string(&file)?;
    let heads: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let name = heads.iter().position(|head| *head == "name").ok_or("the rows have no name")?;
    let first = text.lines().nth(1).and_then(|line| line.split(',').nth(name)).unwrap_or_default().to_owned();
    Ok(Rows { file, first, lines: text.lines().count() })
}

impl Peer {
    /// Reads a peer's script.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(path: &Path, rows: &Rows) -> Result<Self, Failed> {
        let text = fs::read_to_string(path)?;
        let text = text
            .replace("{csv}", &rows.file.display().to_string())
            .replace("{first}", &rows.first)
            .replace("{count}", &rows.lines.to_string());
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Is the program there?
    pub fn is_installed(&self) -> bool {
        let Some(program) = self.command.first() else { return false };
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
    }
}

/// The peers' scripts.
///
/// # Errors
/// When the folder cannot be read.
pub fn scripts() -> Result<Vec<PathBuf>, Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/terminal/peers");
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    scripts.sort();
    Ok(scripts)
}
