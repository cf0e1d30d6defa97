//! How often a credential may ask: evenly spaced requests under a share of the vendor's published limit, held back
//! when the vendor says so. Two integrations with the same key at the same host share one budget.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Use of the published limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests sent in the window that ends now.
    pub used: u32,
    /// Requests that the vendor allows in it.
    pub limit: u32,
    /// Its length in seconds.
    pub window_s: u32,
}

/// Requests that may go at once before the spacing applies.
const BURST: u32 = 4;

/// Hands out the moments at which a credential may ask.
#[derive(Debug)]
pub(crate) struct Pacer {
    state: Mutex<State>,
    seats: Mutex<Seats>,
}

/// Requests of one kind of record that may run at once, by kind.
#[derive(Debug, Default)]
struct Seats {
    /// 0: as many as there are.
    most: u32,
    kinds: HashMap<String, Arc<Semaphore>>,
}

#[derive(Debug)]
struct State {
    sent: VecDeque<Instant>,
    /// Requests of others in the window, as the vendor last told.
    others: u32,
    limit: u32,
    /// Requests that matchbook itself sends in a window at most.
    quota: Option<usize>,
    window: Duration,
    spacing: Duration,
    /// When the next request would be due if all had been evenly spaced.
    due: Option<Instant>,
    blocked_until: Option<Instant>,
}

static SHARED: LazyLock<Mutex<HashMap<u64, Weak<Pacer>>>> = LazyLock::new(Mutex::default);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pacer {
    /// A pacer of its own: `limit` requests in `window` are published, `per_second` are taken.
    pub(crate) fn new(limit: u32, window: Duration, per_second: f64) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(0.001, 1e6) } else { 1.0 };
        let spacing = Duration::from_secs_f64(1.0 / per_second);
        let state = State {
            sent: VecDeque::new(),
            others: 0,
            limit,
            quota: None,
            window,
            spacing,
            due: None,
            blocked_until: None,
        };
        Self { state: Mutex::new(state), seats: Mutex::default() }
    }

    /// The same, with at most so many requests in a window.
    pub(crate) fn quota(self, most: Option<f64>) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
        let most = most.map(|most| most.clamp(1.0, 1e9) as usize);
        locked(&self.state).quota = most;
        self
    }

    /// The same, with at most so many requests of one kind of record at once; 0: as many as there are.
    pub(crate) fn at_once(self, most: u32) -> Self {
        locked(&self.seats).most = most;
        self
    }

    /// Waits for a place among the requests of that kind; it is free again when the answer is dropped.
    pub(crate) async fn seat(&self, kind: &str) -> Option<OwnedSemaphorePermit> {
        let seats = {
            let mut seats = locked(&self.seats);
            let most = seats.most as usize;
            if most == 0 {
                return None;
            }
            let kind = kind.to_lowercase();
            Arc::clone(seats.kinds.entry(kind).or_insert_with(|| Arc::new(Semaphore::new(most))))
        };
        // The semaphores are never closed.
        seats.acquire_owned().await.ok()
    }

    /// The pacer of that credential at that host; made when nobody uses it yet. The newest rate counts.
    pub(crate) fn shared(host: &str, secret: &str, fresh: Self) -> Arc<Self> {
        let mut hasher = DefaultHasher::new();
        (host, secret).hash(&mut hasher);
        let mut all = locked(&SHARED);
        all.retain(|_, pacer| pacer.strong_count() > 0);
        let key = hasher.finish();
        if let Some(pacer) = all.get(&key).and_then(Weak::upgrade) {
            locked(&pacer.seats).most = locked(&fresh.seats).most;
            let fresh = fresh.state.into_inner().unwrap_or_else(PoisonError::into_inner);
            let mut state = locked(&pacer.state);
            (state.spacing, state.limit, state.window) = (fresh.spacing, fresh.limit, fresh.window);
            state.quota = fresh.quota;
            drop(state);
            return pacer;
        }
        let pacer = Arc::new(fresh);
        all.insert(key, Arc::downgrade(&pacer));
        pacer
    }

    /// Waits until one more request may go, and counts it.
    pub(crate) async fn ready(&self) {
        while let Some(at) = self.reserve(Instant::now()) {
            tokio::time::sleep_until(at).await;
        }
    }

    /// How long nothing goes yet, because the vendor said so; `None` when something may.
    pub(crate) fn held(&self) -> Option<Duration> {
        let now = Instant::now();
        locked(&self.state).blocked_until.and_then(|until| until.checked_duration_since(now)).filter(|w| !w.is_zero())
    }

    /// Counts a request at `now`, or says when to ask again.
    fn reserve(&self, now: Instant) -> Option<Instant> {
        let mut state = locked(&self.state);
        state.forget(now);
        if let Some(until) = state.blocked_until.filter(|until| *until > now) {
            return Some(until);
        }
        state.blocked_until = None;
        if state.quota.is_some_and(|quota| state.sent.len() >= quota)
            && let Some(oldest) = state.sent.front()
        {
            return Some(*oldest + state.window);
        }
        let ahead = state.spacing * (BURST - 1);
        let due = state.due.map_or(now, |due| due.max(now));
        if due > now + ahead {
            return Some(due - ahead);
        }
        state.due = Some(due + state.spacing);
        state.sent.push_back(now);
        None
    }

    /// Nothing goes for that long: the vendor said so.
    pub(crate) fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = locked(&self.state);
        state.blocked_until = Some(state.blocked_until.map_or(until, |old| old.max(until)));
    }

    /// Takes over what the vendor itself counts in the window: others share the limit.
    pub(crate) fn learn(&self, used: u32, limit: u32) {
        let mut state = locked(&self.state);
        state.forget(Instant::now());
        state.others = used.saturating_sub(u32::try_from(state.sent.len()).unwrap_or(u32::MAX));
        state.limit = limit;
    }

    /// Use of the window that ends now, that of others included as far as the vendor told.
    pub(crate) fn budget(&self) -> Budget {
        let mut state = locked(&self.state);
        state.forget(Instant::now());
        Budget {
            used: u32::try_from(state.sent.len()).unwrap_or(u32::MAX).saturating_add(state.others),
            limit: state.limit,
            window_s: u32::try_from(state.window.as_secs()).unwrap_or(u32::MAX),
        }
    }
}

impl State {
    fn forget(&mut self, now: Instant) {
        while self.sent.front().is_some_and(|sent| now.duration_since(*sent) >= self.window) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_after_the_burst() {
        let pacer = Pacer::new(1_000, Duration::from_secs(10), 2.0);
        let start = Instant::now();
        for _ in 0..BURST + 4 {
            pacer.ready().await;
        }
        assert_eq!(start.elapsed().as_millis(), 2_000);
        assert_eq!(pacer.budget(), Budget { used: BURST + 4, limit: 1_000, window_s: 10 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_keeps_everybody_back() {
        let pacer = Pacer::new(10, Duration::from_secs(10), 100.0);
        let start = Instant::now();
        pacer.hold(Duration::from_secs(30));
        pacer.hold(Duration::from_secs(5));
        pacer.ready().await;
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_kept_over_the_whole_window() {
        let pacer = Pacer::new(10, Duration::from_mins(1), 1_000.0).quota(Some(5.0));
        let start = Instant::now();
        for _ in 0..6 {
            pacer.ready().await;
        }
        assert_eq!(start.elapsed().as_secs(), 60, "the sixth waits until the first is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_forgets() {
        let pacer = Pacer::new(10, Duration::from_secs(10), 100.0);
        pacer.ready().await;
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(pacer.budget().used, 0);
    }

    #[tokio::test]
    async fn at_most_so_many_of_a_kind_at_once() {
        let pacer = Pacer::new(10, Duration::from_secs(10), 100.0).at_once(2);
        let (a, b) = (pacer.seat("Tickets").await, pacer.seat("tickets").await);
        assert!(a.is_some() && b.is_some());
        let mut third = Box::pin(pacer.seat("TICKETS"));
        assert!(futures::poll!(&mut third).is_pending());
        assert!(pacer.seat("Companies").await.is_some(), "another kind has places of its own");
        drop(a);
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn the_vendors_own_count_includes_others() {
        let pacer = Pacer::new(10_000, Duration::from_hours(1), 100.0);
        pacer.ready().await;
        pacer.learn(124, 10_000);
        assert_eq!(pacer.budget().used, 124);
        pacer.ready().await;
        assert_eq!(pacer.budget().used, 125);
    }

    #[test]
    fn one_key_at_one_host_is_one_budget() {
        let pacer = |host, key| Pacer::shared(host, key, Pacer::new(1, Duration::from_secs(1), 1.0));
        let (a, b, c) = (pacer("h", "k"), pacer("h", "k"), pacer("h", "other"));
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &c));
    }
}
