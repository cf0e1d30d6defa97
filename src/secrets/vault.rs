//! The vault: one age file with the credentials of every integration. It is opened with a key file that lies beside it
//! (made on first use), or with a passphrase, by choice.

use super::{Credentials, Redactor, files};
use crate::domain::{Failure, FailureClass, IntegrationId};
use age::{DecryptError, scrypt, x25519};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Hardest passphrase file that is opened: 2^20 is about a second; a hostile file could ask for hours.
const HIGHEST_WORK_FACTOR: u8 = 20;

/// Asks for the passphrase.
pub type Passphrase<'a> = &'a dyn Fn() -> Result<SecretString, Failure>;

/// The credentials of every integration, decrypted in memory, encrypted on disk.
pub struct Vault {
    path: PathBuf,
    lock: Lock,
    credentials: BTreeMap<IntegrationId, Credentials>,
}

/// What closes the vault.
enum Lock {
    Key(Box<x25519::Identity>),
    Passphrase(SecretString),
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.path)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault, or prepares a new one: its file is written with the first secret. With `passphrase` it is a
    /// passphrase vault (asked once; opening takes about a second, so do it off the event loop), else a key file of
    /// mode 0600 is read, and made when neither it nor a vault exists.
    ///
    /// # Errors
    /// When key and vault do not fit, the passphrase is wrong, a file is damaged or others may read it.
    pub fn open(vault: &Path, key: &Path, passphrase: Option<Passphrase<'_>>) -> Result<Vault, Failure> {
        let sealed = files::read(vault)?;
        let lock = match passphrase {
            Some(ask) => Lock::Passphrase(ask()?),
            None => Lock::Key(Box::new(read_key(key, sealed.is_some(), vault)?)),
        };
        let credentials = match sealed {
            Some(sealed) => parse(&lock.open(&sealed).map_err(|e| refused(&e, &lock, vault, key))?, vault)?,
            None => BTreeMap::new(),
        };
        Ok(Self { path: vault.to_owned(), lock, credentials })
    }

    /// The credentials of an integration.
    #[must_use]
    pub fn get(&self, integration: &IntegrationId) -> Option<Credentials> {
        self.credentials.get(integration).cloned()
    }

    /// Keeps the credentials; on disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be written; vault and file are as before then.
    pub fn set(&mut self, integration: &IntegrationId, credentials: Credentials) -> Result<(), Failure> {
        let mut after = self.credentials.clone();
        after.insert(integration.clone(), credentials);
        self.save(after)
    }

    /// Forgets the credentials of an integration; true when there were some.
    ///
    /// # Errors
    /// When the file cannot be written; vault and file are as before then.
    pub fn remove(&mut self, integration: &IntegrationId) -> Result<bool, Failure> {
        let mut after = self.credentials.clone();
        if after.remove(integration).is_none() {
            return Ok(false);
        }
        self.save(after).map(|()| true)
    }

    /// The integrations that have credentials.
    #[must_use]
    pub fn names(&self) -> Vec<IntegrationId> {
        self.credentials.keys().cloned().collect()
    }

    /// A redactor of every secret in the vault.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        Redactor::of(self.credentials.values())
    }

    /// True when the file is a vault that a passphrase opens; a caller asks this before [`Vault::open`].
    #[must_use]
    pub fn needs_passphrase(vault: &Path) -> bool {
        let Ok(Some(sealed)) = files::read(vault) else { return false };
        age::Decryptor::new(&sealed[..]).is_ok_and(|d| d.is_scrypt())
    }

    fn save(&mut self, after: BTreeMap<IntegrationId, Credentials>) -> Result<(), Failure> {
        let sealed = self.lock.seal(&write(&after)?)?;
        files::write(&self.path, &sealed)?;
        self.credentials = after;
        Ok(())
    }
}

impl Lock {
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let opened = match self {
            Lock::Key(key) => age::decrypt(key.as_ref(), sealed),
            Lock::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(HIGHEST_WORK_FACTOR);
                age::decrypt(&identity, sealed)
            }
        };
        opened.map(Zeroizing::new)
    }

    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Failure> {
        let sealed = match self {
            Lock::Key(key) => age::encrypt(&key.to_public(), plain),
            Lock::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK_FACTOR);
                age::encrypt(&recipient, plain)
            }
        };
        sealed.map_err(|e| Failure::new(FailureClass::Ours, format!("the vault could not be encrypted: {e}"), ""))
    }
}

/// Work of a new passphrase vault: age's own command line uses 2^18, about half a second on a small server.
/// Tests that open a vault many times take less.
const WORK_FACTOR: u8 = if cfg!(test) { 10 } else { 18 };

/// Reads the key file. It is made only when there is no vault that another key must have closed.
fn read_key(key: &Path, vault_exists: bool, vault: &Path) -> Result<x25519::Identity, Failure> {
    let Some(bytes) = files::read(key)?.map(Zeroizing::new) else {
        if vault_exists {
            return Err(Failure::new(
                FailureClass::Local,
                format!("the key {} that opens the vault is missing", key.display()),
                format!("put the key file back, or remove {} and connect again", vault.display()),
            ));
        }
        let identity = x25519::Identity::generate();
        let text = Zeroizing::new(format!("{}\n", identity.to_string().expose_secret()));
        files::write(key, text.as_bytes())?;
        return Ok(identity);
    };
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    line.parse().map_err(|_| {
        Failure::new(
            FailureClass::Local,
            format!("{} holds no age key", key.display()),
            format!("put the right key file back, or remove it and {} and connect again", vault.display()),
        )
    })
}

fn refused(error: &DecryptError, lock: &Lock, vault: &Path, key: &Path) -> Failure {
    let again = format!("or remove {} and connect again", vault.display());
    let (what, remedy) = match (error, lock) {
        (DecryptError::NoMatchingKeys, Lock::Key(_)) => (
            format!("the key {} does not open the vault {}", key.display(), vault.display()),
            format!("put the right key file back, {again}; a vault with a passphrase is opened with it"),
        ),
        (DecryptError::NoMatchingKeys, Lock::Passphrase(_)) => (
            format!("the vault {} is not closed with a passphrase", vault.display()),
            "open it with its key file".into(),
        ),
        (DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed, Lock::Passphrase(_)) => {
            ("the passphrase of the vault is wrong".into(), format!("type it again, {again}"))
        }
        (DecryptError::ExcessiveWork { required, .. }, _) => (
            format!("the vault {} asks for too much work (2^{required})", vault.display()),
            "it was not written by matchbook; put the right one back".into(),
        ),
        (error, _) => {
            (format!("the vault {} is damaged: {error}", vault.display()), format!("put a copy of it back, {again}"))
        }
    };
    Failure::new(FailureClass::Local, what, remedy)
}

type Plain = BTreeMap<String, BTreeMap<String, String>>;

fn parse(plain: &[u8], vault: &Path) -> Result<BTreeMap<IntegrationId, Credentials>, Failure> {
    let plain: Plain = serde_json::from_slice(plain).map_err(|e| {
        // Only the place: serde's own words may quote what stands there.
        let place = format!("line {}, column {}", e.line(), e.column());
        Failure::new(
            FailureClass::Local,
            format!("the vault {} does not hold what matchbook writes ({place})", vault.display()),
            "put a copy of it back, or remove it and connect again",
        )
    })?;
    let credentials = |fields: BTreeMap<String, String>| {
        Credentials::from_pairs(fields.into_iter().map(|(name, secret)| (name, SecretString::from(secret))))
    };
    Ok(plain.into_iter().map(|(name, fields)| (IntegrationId::new(name), credentials(fields))).collect())
}

fn write(credentials: &BTreeMap<IntegrationId, Credentials>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let fields = |c: &Credentials| -> BTreeMap<String, String> {
        c.fields().map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned())).collect()
    };
    let mut plain: Plain = credentials.iter().map(|(id, c)| (id.as_str().to_owned(), fields(c))).collect();
    let written = serde_json::to_vec(&plain).map(Zeroizing::new);
    plain.values_mut().flat_map(BTreeMap::values_mut).for_each(zeroize::Zeroize::zeroize);
    written.map_err(|_| Failure::new(FailureClass::Ours, "the vault could not be written down", ""))
}
