//! The tenant: its company id, its keys and what they may do.

use super::answers::Refusal;
use crate::simulator::world::Dice;
use axum::http::HeaderMap;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// The current code base, as paths name it.
pub const CODEBASE: &str = "v2025_8";

/// The tenant.
pub struct Tenant {
    /// The id with which people sign in.
    pub company: String,
    /// Public key of the API member.
    pub public_key: String,
    /// Private key of the API member.
    pub private_key: String,
    /// The id of a registered client.
    pub client_id: String,
    revoked: AtomicBool,
    denied: RwLock<BTreeSet<String>>,
}

impl Tenant {
    /// The tenant of that seed.
    pub fn new(seed: u64) -> Self {
        const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut dice = Dice::new(seed, 93);
        let hex = |dice: &mut Dice, length| dice.text(b"0123456789abcdef", length);
        Self {
            company: "lanternwood".to_owned(),
            public_key: dice.text(LETTERS, 16),
            private_key: dice.text(LETTERS, 16),
            client_id: [8, 4, 4, 4, 12].map(|length| hex(&mut dice, length)).join("-"),
            revoked: AtomicBool::new(false),
            denied: RwLock::default(),
        }
    }

    /// Takes the keys away or gives them back.
    pub fn revoke(&self, revoked: bool) {
        self.revoked.store(revoked, Ordering::Relaxed);
    }

    /// Takes a right away from the key's role, or gives it back.
    pub fn deny(&self, right: &str, denied: bool) {
        let mut all = self.denied.write().unwrap_or_else(PoisonError::into_inner);
        if denied {
            all.insert(right.to_owned());
        } else {
            all.remove(right);
        }
    }

    /// Refuses a role without that right.
    ///
    /// # Errors
    /// It was taken away.
    pub fn allows(&self, right: &str) -> Result<(), Refusal> {
        let all = self.denied.read().unwrap_or_else(PoisonError::into_inner);
        if all.contains(right) { Err(Refusal::lacks(right)) } else { Ok(()) }
    }

    /// Refuses a request without client id or with other keys.
    ///
    /// # Errors
    /// Which of the two.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let client = headers.get("clientid").and_then(|id| id.to_str().ok());
        if client != Some(self.client_id.as_str()) {
            return Err(Refusal::no_client_id());
        }
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        let given =
            given.and_then(|value| value.strip_prefix("Basic ")).and_then(|code| BASE64_STANDARD.decode(code).ok());
        let own = format!("{}+{}:{}", self.company, self.public_key, self.private_key);
        if self.revoked.load(Ordering::Relaxed) || given.as_deref() != Some(own.as_bytes()) {
            return Err(Refusal::unauthorized());
        }
        Ok(())
    }

    /// What anybody may know of a company: `null` for every other one.
    pub fn company_info(&self, company: &str) -> Value {
        if !company.eq_ignore_ascii_case(&self.company) {
            return Value::Null;
        }
        json!({"CompanyName": "Lanternwood Managed IT", "Codebase": format!("{CODEBASE}/"), "VersionCode": "v2025.8",
            "VersionNumber": "v2025.8.104120", "CompanyID": self.company, "IsCloud": true, "SiteUrl": "cw.example.test"})
    }
}
