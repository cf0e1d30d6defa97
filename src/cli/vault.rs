//! `vault`: list, rotate, import. A secret is never printed, and never taken from an argument or the environment.

use super::args::{ImportArguments, LockKind, RotateArguments, VaultCommand};
use super::{Outcome, home, output, passphrase};
use crate::config::Paths;
use crate::domain::{Failure, FailureClass, IntegrationId};
use crate::secrets::{self, Credentials, NewLock, Vault};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, stdin};
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file of secrets that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Runs it.
///
/// # Errors
/// The vault's, a file that cannot be read.
pub fn run(command: VaultCommand) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    paths.create()?;
    match command {
        VaultCommand::List { json } => list(&home::vault(&paths)?, json),
        VaultCommand::Rotate(arguments) => rotate(&paths, &arguments),
        VaultCommand::Import(arguments) => import(&paths, &arguments),
    }
}

fn list(vault: &Vault, json: bool) -> Result<Outcome, Failure> {
    let fields = |name: &IntegrationId| -> Vec<String> {
        vault.get(name).map(|c| c.names().map(str::to_owned).collect()).unwrap_or_default()
    };
    let named: Vec<(IntegrationId, Vec<String>)> = vault.names().into_iter().map(|n| (n.clone(), fields(&n))).collect();
    let opened_by = if vault.is_passphrase() { "passphrase" } else { "key" };
    if json {
        let integrations: Vec<_> = named.iter().map(|(n, f)| json!({ "integration": n, "fields": f })).collect();
        output::json(&json!({ "opened_by": opened_by, "integrations": integrations }))?;
        return Ok(Outcome::Done);
    }
    if named.is_empty() {
        output::say("the vault is empty; `matchbook connect` fills it");
    }
    for (name, fields) in named {
        output::line(&format!("{name}\t{}", fields.join(", ")))?;
    }
    Ok(Outcome::Done)
}

fn rotate(paths: &Paths, arguments: &RotateArguments) -> Result<Outcome, Failure> {
    let mut vault = home::vault(paths)?;
    let kind = arguments.to.unwrap_or(if vault.is_passphrase() { LockKind::Passphrase } else { LockKind::Key });
    match kind {
        LockKind::Key => {
            vault.rotate(NewLock::Key)?;
            output::say(&format!("the vault opens with a new key: {}", paths.vault_key.display()));
            output::say("copies of the old vault still open with copies of the old key; destroy both");
        }
        LockKind::Passphrase => {
            vault.rotate(NewLock::Passphrase(passphrase::new(arguments.new_passphrase_fd)?))?;
            output::say("the vault opens with the new passphrase; it is nowhere on this machine, so keep it safe");
            output::say("for cron: `--passphrase-fd N`, or `passphrase_command` under [vault] in config.toml");
        }
    }
    Ok(Outcome::Done)
}

fn import(paths: &Paths, arguments: &ImportArguments) -> Result<Outcome, Failure> {
    let from = match &arguments.key {
        Some(key) => other_vault(&arguments.file, key)?,
        None if Vault::needs_passphrase(&arguments.file) => {
            let ask = || passphrase::ask("Passphrase of the vault to import");
            Vault::open(&arguments.file, &arguments.file, Some(&ask))?.into_credentials()
        }
        None => secrets::from_lines(&lines(&arguments.file)?)?,
    };
    if from.is_empty() {
        return Err(output::usage("there are no secrets in it", "write INTEGRATION.FIELD=value lines"));
    }
    let taken = home::vault(paths)?.import(from, arguments.replace)?;
    let names: Vec<&str> = taken.iter().map(IntegrationId::as_str).collect();
    output::say(&format!("took over the secrets of {}", names.join(", ")));
    output::say("destroy the file they came from; `matchbook doctor` tries them");
    Ok(Outcome::Done)
}

/// A missing vault must not be made, as opening one's own does.
fn other_vault(file: &Path, key: &Path) -> Result<BTreeMap<IntegrationId, Credentials>, Failure> {
    for path in [file, key] {
        std::fs::metadata(path).map_err(|e| cannot_read(path, &e))?;
    }
    Vault::open(file, key, None).map(Vault::into_credentials)
}

fn lines(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(64 << 10));
    let read = if file == Path::new("-") {
        stdin().lock().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|e| cannot_read(file, &e))?;
    Ok(text)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    let remedy = match error.kind() {
        ErrorKind::InvalidData => {
            "a file of INTEGRATION.FIELD=value lines is text; for a vault name its key with --key"
        }
        _ => "check the name",
    };
    Failure::new(FailureClass::Local, format!("cannot read {}: {error}", path.display()), remedy)
}
