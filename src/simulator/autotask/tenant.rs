//! The tenant: its zone, its key, what else uses it at the same time.

use super::{answers::Refusal, writes::Author};
use crate::simulator::{
    server::Usage,
    world::{Dice, derived_below},
};
use axum::http::HeaderMap;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Zones that exist.
const ZONES: [u8; 15] = [1, 2, 3, 4, 5, 6, 11, 12, 14, 15, 16, 17, 18, 19, 24];
/// Concurrent requests of one integration code and entity.
pub const THREADS: usize = 3;
/// The id of the API user's resource.
pub const API_USER: i64 = 29_682_884;

/// How long answers are held up as the hourly threshold comes near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// From half of the threshold.
    pub half: Duration,
    /// From three quarters of it.
    pub three_quarters: Duration,
}

impl Latency {
    /// As published.
    pub const PUBLISHED: Self = Self { half: Duration::from_millis(500), three_quarters: Duration::from_secs(1) };
    /// Not held up.
    pub const NONE: Self = Self { half: Duration::ZERO, three_quarters: Duration::ZERO };

    /// How long an answer is held up at that usage. A limit of seconds is the fault profile's, which has no steps.
    pub fn after(self, usage: Usage) -> Duration {
        let of = usage.limit.requests;
        match usage.used * 4 {
            _ if usage.limit.per < Duration::from_mins(1) => Duration::ZERO,
            quarters if quarters >= of * 3 => self.three_quarters,
            quarters if quarters >= of * 2 => self.half,
            _ => Duration::ZERO,
        }
    }
}

/// Zone, key and limits of the simulated tenant.
pub struct Tenant {
    username: String,
    secret: String,
    code: String,
    revoked: AtomicBool,
    /// Position in [`ZONES`].
    zone: AtomicUsize,
    latency: RwLock<Latency>,
    threads: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Threads that others of the same integration code hold.
    held: Mutex<Vec<OwnedSemaphorePermit>>,
    forbidden: RwLock<HashSet<usize>>,
    shifting: Mutex<Vec<usize>>,
}

impl Tenant {
    /// A tenant made from the seed.
    pub fn new(seed: u64) -> Self {
        const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut dice = Dice::new(seed, 92);
        Self {
            username: format!("api{}@lanternwood.example", dice.text(b"abcdefghijkmnpqrstuvwxyz23456789", 12)),
            secret: dice.text(LETTERS, 25),
            code: dice.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 27),
            revoked: AtomicBool::new(false),
            zone: AtomicUsize::new(usize::try_from(derived_below(seed, 93, 15)).unwrap_or(0)),
            latency: RwLock::new(Latency::PUBLISHED),
            threads: Mutex::default(),
            held: Mutex::default(),
            forbidden: RwLock::default(),
            shifting: Mutex::default(),
        }
    }

    /// User name, secret and integration code.
    pub fn key(&self) -> [&str; 3] {
        [&self.username, &self.secret, &self.code]
    }

    /// The path segment of its zone.
    pub fn zone(&self) -> String {
        format!("zone{}", ZONES[self.zone.load(Ordering::Relaxed) % ZONES.len()])
    }

    /// The vendor moves it to another zone.
    pub fn move_zone(&self) {
        self.zone.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it is this user's tenant.
    pub fn knows(&self, user: &str) -> bool {
        self.username.eq_ignore_ascii_case(user)
    }

    /// Takes the key away or gives it back.
    pub fn revoke(&self, revoked: bool) {
        self.revoked.store(revoked, Ordering::Relaxed);
    }

    /// Who writes with these headers.
    ///
    /// # Errors
    /// The key is wrong: 401 without a body, but for the integration code, of which others report a 500 with words.
    pub fn author(&self, headers: &HeaderMap) -> Result<Author, Refusal> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let known = header("username").is_some_and(|user| self.knows(user)) && header("secret") == Some(&self.secret);
        if !known || self.revoked.load(Ordering::Relaxed) {
            return Err(Refusal::Unauthorized);
        }
        match header("apiintegrationcode") {
            None => return Err(Refusal::Unauthorized),
            Some(code) if code != self.code => return Err(Refusal::new("IntegrationCode is invalid")),
            Some(_) => {}
        }
        let impersonated = match header("impersonationresourceid") {
            None => None,
            Some(id) => Some(id.trim().parse().map_err(|_| Refusal::new("ImpersonationResourceId is invalid"))?),
        };
        Ok(Author { user: API_USER, impersonated })
    }

    /// How answers are held up.
    pub fn latency(&self) -> Latency {
        *self.latency.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how answers are held up.
    pub fn set_latency(&self, latency: Latency) {
        *self.latency.write().unwrap_or_else(PoisonError::into_inner) = latency;
    }

    /// The threads of an integration code at an entity.
    pub fn threads(&self, code: &str, entity: &str) -> Arc<Semaphore> {
        let key = format!("{code} {}", entity.to_ascii_lowercase());
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(threads.entry(key).or_insert_with(|| Arc::new(Semaphore::new(THREADS))))
    }

    /// Another program with the same integration code uses so many threads of an entity, until it is released.
    pub fn occupy(&self, entity: &str, count: usize) {
        let threads = self.threads(&self.code, entity);
        let taken = (0..count).filter_map(|_| Arc::clone(&threads).try_acquire_owned().ok());
        self.held.lock().unwrap_or_else(PoisonError::into_inner).extend(taken);
    }

    /// Lets go what [`Self::occupy`] took.
    pub fn release(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether the key's security level allows an entity.
    pub fn allows(&self, entity: usize) -> bool {
        !self.forbidden.read().unwrap_or_else(PoisonError::into_inner).contains(&entity)
    }

    /// Takes an entity out of the key's security level, or puts it back.
    pub fn allow(&self, entity: usize, allowed: bool) {
        let mut forbidden = self.forbidden.write().unwrap_or_else(PoisonError::into_inner);
        if allowed {
            forbidden.remove(&entity);
        } else {
            forbidden.insert(entity);
        }
    }

    /// The next page of the entity that continues a listing comes after rows were inserted and deleted.
    pub fn shift(&self, entity: usize) {
        self.shifting.lock().unwrap_or_else(PoisonError::into_inner).push(entity);
    }

    /// Whether [`Self::shift`] asked for this page.
    pub fn shifts(&self, entity: usize) -> bool {
        let mut shifting = self.shifting.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = shifting.iter().position(|&of| of == entity);
        asked.map(|at| shifting.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::server::Limit;

    #[test]
    fn answers_are_held_up_from_half_of_the_threshold_on_and_more_from_three_quarters() {
        let after = |used, per| Latency::PUBLISHED.after(Usage { used, limit: Limit { requests: 10_000, per } });
        let hour = Duration::from_hours(1);
        let steps = [4_999, 5_000, 7_499, 7_500].map(|used| after(used, hour).as_millis());
        assert_eq!(steps, [0, 500, 500, 1000]);
        assert_eq!(after(9_999, Duration::from_secs(1)), Duration::ZERO);
    }
}
