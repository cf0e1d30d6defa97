//! The vault on disk.

use super::*;
use crate::domain::{Failure, IntegrationId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

struct Home {
    vault: PathBuf,
    key: PathBuf,
    dir: TempDir,
}

fn home() -> Home {
    let dir = tempfile::tempdir().unwrap();
    Home { vault: dir.path().join("secrets.age"), key: dir.path().join("vault.key"), dir }
}

impl Home {
    fn open(&self) -> Result<Vault, Failure> {
        Vault::open(&self.vault, &self.key, None)
    }

    fn open_with(&self, passphrase: &'static str) -> Result<Vault, Failure> {
        Vault::open(&self.vault, &self.key, Some(&|| Ok(SecretString::from(passphrase))))
    }

    fn filled(self) -> Self {
        self.open().unwrap().set(&itglue(), credentials()).unwrap();
        self
    }
}

fn itglue() -> IntegrationId {
    IntegrationId::new("itglue")
}

fn credentials() -> Credentials {
    Credentials::from_pairs([("api_key", SecretString::from("ITG.hush-hush"))])
}

fn api_key(vault: &Vault) -> Option<String> {
    vault.get(&itglue())?.get("api_key").map(|secret| secret.expose_secret().to_owned())
}

fn mode(path: &PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn secrets_are_kept_encrypted_and_private() {
    let home = home().filled();
    assert_eq!((mode(&home.vault), mode(&home.key)), (0o600, 0o600));
    for file in [&home.vault, &home.key] {
        assert!(!fs::read(file).unwrap().windows(4).any(|w| w == b"hush"));
    }
    let mut vault = home.open().unwrap();
    assert_eq!(api_key(&vault).as_deref(), Some("ITG.hush-hush"));
    assert_eq!(vault.names(), [itglue()]);
    assert_eq!(vault.redactor().redact("key ITG.hush-hush"), "key «secret»");
    assert!(!format!("{vault:?}").contains("hush"));
    assert!(vault.remove(&itglue()).unwrap() && !vault.remove(&itglue()).unwrap());
    assert_eq!(api_key(&home.open().unwrap()), None);
    assert_eq!(fs::read_dir(home.dir.path()).unwrap().count(), 2, "no unfinished file is left");
}

#[test]
fn another_key_and_a_missing_key_are_refused() {
    let (mine, other) = (home().filled(), home().filled());
    fs::copy(&other.key, &mine.key).unwrap();
    assert!(mine.open().unwrap_err().what.contains("does not open the vault"));
    fs::remove_file(&mine.key).unwrap();
    let failure = mine.open().unwrap_err();
    assert!(failure.what.contains("is missing") && !mine.key.exists(), "{failure}");
    fs::write(&mine.key, "AGE-SECRET-KEY-1NONSENSE").unwrap();
    fs::set_permissions(&mine.key, fs::Permissions::from_mode(0o600)).unwrap();
    let failure = mine.open().unwrap_err().to_string();
    assert!(failure.contains("holds no age key") && !failure.contains("NONSENSE"), "{failure}");
}

#[test]
fn files_that_others_may_read_are_refused() {
    let home = home().filled();
    for file in [&home.vault, &home.key] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
        let failure = home.open().unwrap_err();
        assert!(failure.what.contains("mode 640") && failure.remedy.contains("chmod 600"), "{failure}");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(home.open().is_ok());
}

#[test]
fn a_damaged_vault_is_refused_wherever_it_is_damaged() {
    let home = home().filled();
    let whole = fs::read(&home.vault).unwrap();
    for place in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        fs::write(&home.vault, &bytes).unwrap();
        let failure = home.open().unwrap_err();
        assert!(!failure.remedy.is_empty() && !failure.to_string().contains("hush"), "{failure}");
    }
    fs::write(&home.vault, &whole[..whole.len() / 2]).unwrap();
    assert!(home.open().is_err());
    fs::write(&home.vault, &whole).unwrap();
    assert!(home.open().is_ok());
}

#[test]
fn a_passphrase_vault_opens_with_its_passphrase_only() {
    let home = home();
    home.open_with("correct horse").unwrap().set(&itglue(), credentials()).unwrap();
    assert!(Vault::needs_passphrase(&home.vault) && !home.key.exists());
    assert_eq!(api_key(&home.open_with("correct horse").unwrap()).as_deref(), Some("ITG.hush-hush"));
    let failure = home.open_with("wrong horse").unwrap_err();
    assert!(failure.what.contains("passphrase of the vault is wrong") && !failure.to_string().contains("horse"));
    let keyed = self::home().filled();
    assert!(!Vault::needs_passphrase(&keyed.vault));
    assert!(keyed.open_with("correct horse").unwrap_err().what.contains("not closed with a passphrase"));
}

fn rotated(home: &Home, to: NewLock) -> Vault {
    let mut vault = home.open().unwrap();
    vault.rotate(to).unwrap();
    vault
}

#[test]
fn a_new_key_opens_the_vault_and_the_old_one_no_longer() {
    let home = home().filled();
    let old = fs::read(&home.key).unwrap();
    let vault = rotated(&home, NewLock::Key);
    assert!(!vault.is_passphrase());
    assert_ne!(fs::read(&home.key).unwrap(), old);
    assert_eq!(api_key(&home.open().unwrap()).as_deref(), Some("ITG.hush-hush"));
    assert_eq!((mode(&home.vault), mode(&home.key)), (0o600, 0o600));
    fs::write(&home.key, old).unwrap();
    assert!(home.open().unwrap_err().what.contains("does not open"));
}

#[test]
fn a_vault_goes_from_key_to_passphrase_and_back() {
    let home = home().filled();
    let mut vault = rotated(&home, NewLock::Passphrase("correct horse".into()));
    assert!(Vault::needs_passphrase(&home.vault) && vault.is_passphrase() && !home.key.exists());
    vault.set(&IntegrationId::new("addigy"), credentials()).unwrap();
    let mut again = home.open_with("correct horse").unwrap();
    assert_eq!(again.names().len(), 2);
    again.rotate(NewLock::Passphrase("battery staple".into())).unwrap();
    assert!(home.open_with("correct horse").is_err());
    home.open_with("battery staple").unwrap().rotate(NewLock::Key).unwrap();
    assert_eq!(api_key(&home.open().unwrap()).as_deref(), Some("ITG.hush-hush"));
}

/// A rotation that is cut between its steps: the vault opens with both keys until the new key file is in place.
#[test]
fn a_rotation_that_cannot_write_its_key_leaves_the_old_one_good() {
    let home = home().filled();
    let mut vault = home.open().unwrap();
    // The place where the new key is written is taken by a directory that is not empty.
    fs::create_dir_all(home.key.with_extension("new").join("x")).unwrap();
    assert!(vault.rotate(NewLock::Key).is_err());
    assert_eq!(api_key(&home.open().unwrap()).as_deref(), Some("ITG.hush-hush"), "the old key opens it");
    fs::remove_dir_all(home.key.with_extension("new")).unwrap();
    vault.rotate(NewLock::Key).unwrap();
    assert_eq!(api_key(&home.open().unwrap()).as_deref(), Some("ITG.hush-hush"));
}

#[test]
fn an_import_takes_everything_or_nothing() {
    let home = home().filled();
    let from = || from_lines("addigy.api_key=a1b2\nitglue.api_key=other").unwrap();
    let mut vault = home.open().unwrap();
    let failure = vault.import(from(), false).unwrap_err();
    assert!(failure.what.contains("itglue") && !failure.to_string().contains("other"), "{failure}");
    assert_eq!(home.open().unwrap().names(), [itglue()]);
    assert_eq!(vault.import(from(), true).unwrap().len(), 2);
    assert_eq!(api_key(&home.open().unwrap()).as_deref(), Some("other"));
}
