//! The vault: one age file with the credentials of every integration. It is opened with a key file that lies beside it
//! (made on first use), or with a passphrase, by choice.

use super::{Credentials, Redactor, files};
use crate::domain::{Failure, FailureClass, IntegrationId};
use age::{DecryptError, scrypt, x25519};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Hardest passphrase file that is opened: 2^20 is about a second; a hostile file could ask for hours.
const HIGHEST_WORK_FACTOR: u8 = 20;

/// Asks for the passphrase.
pub type Passphrase<'a> = &'a dyn Fn() -> Result<SecretString, Failure>;

/// The credentials of every integration, decrypted in memory, encrypted on disk.
pub struct Vault {
    path: PathBuf,
    key: PathBuf,
    lock: Lock,
    credentials: BTreeMap<IntegrationId, Credentials>,
}

/// What a vault is closed with from now on.
pub enum NewLock {
    /// A new key file.
    Key,
    /// A passphrase.
    Passphrase(SecretString),
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
        Ok(Self { path: vault.to_owned(), key: key.to_owned(), lock, credentials })
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

    /// True when a passphrase opens it.
    #[must_use]
    pub fn is_passphrase(&self) -> bool {
        matches!(self.lock, Lock::Passphrase(_))
    }

    /// Closes the vault with something new. What is written is read back and opened before it takes the old one's
    /// place, and at every instant the files on disk open the vault: killed in between, the old key or the new one
    /// does, and the rotation can be done again.
    ///
    /// # Errors
    /// When a file cannot be written, or what was written does not open; the old lock still opens the vault then.
    pub fn rotate(&mut self, to: NewLock) -> Result<(), Failure> {
        match to {
            NewLock::Passphrase(passphrase) => {
                self.close_with(&[&Lock::Passphrase(passphrase.clone())])?;
                self.lock = Lock::Passphrase(passphrase);
                // The old key opens nothing any more; copies of the old vault are its only use.
                files::remove(&self.key)
            }
            NewLock::Key => {
                let identity = x25519::Identity::generate();
                let new = Lock::Key(Box::new(identity.clone()));
                // While the key file is replaced, both keys open the vault. A passphrase needs no such bridge: until
                // the vault is written anew, it opens it, whatever key lies there.
                if !self.is_passphrase() {
                    self.close_with(&[&self.lock, &new])?;
                }
                write_identity(&self.key, &identity)?;
                self.close_with(&[&new])?;
                self.lock = new;
                Ok(())
            }
        }
    }

    /// Takes over credentials, all of them in one write; returns the names taken.
    ///
    /// # Errors
    /// When one is there already and `replace` is not set, or the file cannot be written: nothing is taken then.
    pub fn import(
        &mut self,
        from: BTreeMap<IntegrationId, Credentials>,
        replace: bool,
    ) -> Result<Vec<IntegrationId>, Failure> {
        let there = |name: &&IntegrationId| self.credentials.contains_key(*name);
        if let Some(name) = from.keys().find(there).filter(|_| !replace) {
            return Err(Failure::new(
                FailureClass::Usage,
                format!("the vault holds credentials of {name} already"),
                "add --replace to overwrite them; nothing was taken",
            ));
        }
        let names = from.keys().cloned().collect();
        let mut after = self.credentials.clone();
        after.extend(from);
        self.save(after)?;
        Ok(names)
    }

    /// Everything in it, to be taken over by another vault.
    #[must_use]
    pub fn into_credentials(self) -> BTreeMap<IntegrationId, Credentials> {
        self.credentials
    }

    /// Writes the vault so that each of the locks opens it, and makes sure that each does.
    fn close_with(&self, locks: &[&Lock]) -> Result<(), Failure> {
        let plain = write(&self.credentials)?;
        files::write_checked(&self.path, &seal(locks, &plain)?, |back| {
            let same = |lock: &&Lock| lock.open(back).is_ok_and(|opened| *opened == *plain);
            if locks.iter().all(same) {
                return Ok(());
            }
            let what = "the new vault does not open with its new lock";
            Err(Failure::new(FailureClass::Ours, what, "the old one is still in place; report this"))
        })
    }

    fn save(&mut self, after: BTreeMap<IntegrationId, Credentials>) -> Result<(), Failure> {
        let sealed = seal(&[&self.lock], &write(&after)?)?;
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

    fn recipient(&self) -> Box<dyn age::Recipient> {
        match self {
            Lock::Key(key) => Box::new(key.to_public()),
            Lock::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK_FACTOR);
                Box::new(recipient)
            }
        }
    }
}

/// Encrypts for several locks; a passphrase stands alone (age's rule).
fn seal(locks: &[&Lock], plain: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(FailureClass::Ours, format!("the vault could not be encrypted: {e}"), "")
    };
    let recipients: Vec<Box<dyn age::Recipient>> = locks.iter().map(|lock| lock.recipient()).collect();
    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(|r| &**r)).map_err(|e| failed(&e))?;
    let mut sealed = Vec::with_capacity(plain.len() + 1024);
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut out| {
        out.write_all(plain)?;
        out.finish()
    });
    written.map_err(|e| failed(&e))?;
    Ok(sealed)
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
        write_identity(key, &identity)?;
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

fn write_identity(path: &Path, identity: &x25519::Identity) -> Result<(), Failure> {
    let text = Zeroizing::new(format!("{}\n", identity.to_string().expose_secret()));
    files::write(path, text.as_bytes())
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
