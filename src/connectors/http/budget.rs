//! How often a credential may ask: evenly spaced requests under a share of the vendor's published limit, held back
//! when the vendor says so. Two integrations with the same key at the same host share one budget.

use super::turns::{Lane, Turns};
use crate::domain::{Clock, SystemClock, Timestamp};
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
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
pub(crate) struct Pacer {
    state: Mutex<State>,
    seats: Mutex<Seats>,
    /// Somebody went or gave up: another one may be next.
    moved: Notify,
}

/// Requests of one kind of record that may run at once, by kind.
#[derive(Debug, Default)]
struct Seats {
    /// 0: as many as there are.
    most: u32,
    kinds: HashMap<String, Arc<Semaphore>>,
}

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
    /// Nothing goes before, by the running time and by the clock on the wall: whichever comes first, since a machine
    /// that slept has waited too.
    blocked_until: Option<(Instant, Timestamp)>,
    clock: Arc<dyn Clock>,
    /// Until then requests are further apart: the vendor said how little is left of its window.
    stretched: Option<(Instant, Duration)>,
    turns: Turns,
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
            clock: Arc::new(SystemClock),
            stretched: None,
            turns: Turns::default(),
        };
        Self { state: Mutex::new(state), seats: Mutex::default(), moved: Notify::new() }
    }

    /// The same, by that clock.
    pub(crate) fn clock(self, clock: Arc<dyn Clock>) -> Self {
        locked(&self.state).clock = clock;
        self
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
            (state.quota, state.clock) = (fresh.quota, fresh.clock);
            drop(state);
            return pacer;
        }
        let pacer = Arc::new(fresh);
        all.insert(key, Arc::downgrade(&pacer));
        pacer
    }

    /// Waits until it is that lane's turn and one more request may go, and counts it.
    pub(crate) async fn ready(&self, lane: Lane) {
        let place = Place { pacer: self, lane, number: locked(&self.state).turns.draw(lane) };
        loop {
            let moved = self.moved.notified();
            match place.reserve(Instant::now()) {
                Turn::Goes => return,
                Turn::At(at) => tokio::time::sleep_until(at).await,
                Turn::After => moved.await,
            }
        }
    }

    /// How long nothing goes yet, because the vendor said so; `None` when something may.
    pub(crate) fn held(&self) -> Option<Duration> {
        locked(&self.state).blocked(Instant::now())
    }

    /// Counts a request at `now`, or says when to ask again.
    fn reserve(state: &mut State, now: Instant) -> Option<Instant> {
        state.forget(now);
        if let Some(wait) = state.blocked(now) {
            return Some(now + wait);
        }
        state.blocked_until = None;
        if state.quota.is_some_and(|quota| state.sent.len() >= quota)
            && let Some(oldest) = state.sent.front()
        {
            return Some(*oldest + state.window);
        }
        let stretched = state.stretched.filter(|(until, _)| *until > now).map(|(_, spacing)| spacing);
        let spacing = state.spacing.max(stretched.unwrap_or_default());
        // Where little is left there is no burst.
        let ahead = if stretched.is_some() { Duration::ZERO } else { spacing * (BURST - 1) };
        let due = state.due.map_or(now, |due| due.max(now));
        if due > now + ahead {
            return Some(due - ahead);
        }
        state.due = Some(due + spacing);
        state.sent.push_back(now);
        None
    }

    /// Nothing goes for that long: the vendor said so.
    pub(crate) fn hold(&self, wait: Duration) {
        let mut state = locked(&self.state);
        let now = Instant::now();
        if state.blocked(now).is_none_or(|left| left < wait) {
            state.blocked_until = Some((now + wait, state.clock.now() + wait));
        }
    }

    /// The vendor said how many requests are left until its window ends: they are spread over it, some of them left to
    /// others. Where none is left nothing goes until then: for how long, when this is news.
    pub(crate) fn left(&self, left: Left) -> Option<Duration> {
        // A limit of another window than the published one says nothing about what is used of that.
        if let Some(limit) = left.limit.filter(|limit| *limit == locked(&self.state).limit) {
            self.learn(limit.saturating_sub(left.requests), limit);
        }
        let ends = left.ends_in?;
        let usable = (f64::from(left.requests) * USABLE).floor();
        if usable < 1.0 {
            let news = self.held().is_none();
            self.hold(ends);
            return news.then_some(ends);
        }
        let now = Instant::now();
        locked(&self.state).stretched = Some((now + ends, ends.div_f64(usable)));
        None
    }

    /// Requests a second that are sent at most in the long run.
    pub(crate) fn pace(&self) -> f64 {
        let state = locked(&self.state);
        let even = 1.0 / state.spacing.as_secs_f64();
        let quota = state.quota.and_then(|quota| u32::try_from(quota).ok());
        quota.map_or(even, |quota| even.min(f64::from(quota) / state.window.as_secs_f64()))
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

/// What an answer's headers say of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Requests that are left.
    pub(crate) requests: u32,
    /// Requests of the whole window, where it says so.
    pub(crate) limit: Option<u32>,
    /// When the window ends, where it says so.
    pub(crate) ends_in: Option<Duration>,
}

/// Share of what is left that matchbook uses: the rest is for people and other programs with the same key.
const USABLE: f64 = 0.9;

enum Turn {
    /// It was counted.
    Goes,
    /// Nobody may before.
    At(Instant),
    /// Others go first.
    After,
}

/// A place among those who wait; it is given up when it is dropped.
struct Place<'p> {
    pacer: &'p Pacer,
    lane: Lane,
    number: u64,
}

impl Place<'_> {
    fn reserve(&self, now: Instant) -> Turn {
        let mut state = locked(&self.pacer.state);
        if !state.turns.is_next(self.lane, self.number) {
            return Turn::After;
        }
        match Pacer::reserve(&mut state, now) {
            Some(at) => Turn::At(at),
            None => {
                state.turns.served(self.lane, self.number);
                Turn::Goes
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        locked(&self.pacer.state).turns.leave(self.lane, self.number);
        self.pacer.moved.notify_waiters();
    }
}

impl State {
    /// How long nothing goes yet.
    fn blocked(&self, now: Instant) -> Option<Duration> {
        let (running, wall) = self.blocked_until?;
        let left = running.checked_duration_since(now)?;
        let left = left.min(Duration::try_from(wall - self.clock.now()).unwrap_or_default());
        Some(left).filter(|left| !left.is_zero())
    }

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
            pacer.ready(Lane::default()).await;
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
        pacer.ready(Lane::default()).await;
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_kept_over_the_whole_window() {
        let pacer = Pacer::new(10, Duration::from_mins(1), 1_000.0).quota(Some(5.0));
        let start = Instant::now();
        for _ in 0..6 {
            pacer.ready(Lane::default()).await;
        }
        assert_eq!(start.elapsed().as_secs(), 60, "the sixth waits until the first is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_forgets() {
        let pacer = Pacer::new(10, Duration::from_secs(10), 100.0);
        pacer.ready(Lane::default()).await;
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
        pacer.ready(Lane::default()).await;
        pacer.learn(124, 10_000);
        assert_eq!(pacer.budget().used, 124);
        pacer.ready(Lane::default()).await;
        assert_eq!(pacer.budget().used, 125);
    }

    #[test]
    fn one_key_at_one_host_is_one_budget() {
        let pacer = |host, key| Pacer::shared(host, key, Pacer::new(1, Duration::from_secs(1), 1.0));
        let (a, b, c) = (pacer("h", "k"), pacer("h", "k"), pacer("h", "other"));
        assert!(Arc::ptr_eq(&a, &b));
        assert!(!Arc::ptr_eq(&a, &c));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_listing_does_not_starve_a_short_one() {
        let pacer = Arc::new(Pacer::new(1_000, Duration::from_secs(100), 1.0));
        let start = Instant::now();
        let many = |stream, count| {
            let pacer = Arc::clone(&pacer);
            tokio::spawn(async move {
                let asks = (0..count).map(|_| pacer.ready(Lane { scheduled: true, stream: Some(stream) }));
                futures::future::join_all(asks).await;
                start.elapsed().as_secs()
            })
        };
        let (long, short) = (many(crate::domain::Stream::Devices, 40), many(crate::domain::Stream::Companies, 4));
        let (long, short) = (long.await.unwrap(), short.await.unwrap());
        assert!(short <= 8 && long >= 39, "{short} s and {long} s");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_vendor_says_is_left_is_spread_over_its_window() {
        let pacer = Pacer::new(1_000, Duration::from_secs(100), 100.0);
        let start = Instant::now();
        pacer.left(Left { requests: 10, limit: Some(1_000), ends_in: Some(Duration::from_secs(90)) });
        for _ in 0..10 {
            pacer.ready(Lane::default()).await;
        }
        assert!(start.elapsed().as_secs() >= 90, "nine in its window, the tenth in the next: {:?}", start.elapsed());
        pacer.left(Left { requests: 0, limit: None, ends_in: Some(Duration::from_secs(30)) });
        let start = Instant::now();
        pacer.ready(Lane::default()).await;
        assert_eq!(start.elapsed().as_secs(), 30);
    }
}
