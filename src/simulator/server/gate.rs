//! What a request passes before and after a vendor's own handlers: counting, freezing, limits, faults, credentials.

use super::{Cut, Limit, Window};
use crate::simulator::faults::{Failing, Faults};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Uri, header},
    middleware::Next,
    response::Response,
};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

/// How a vendor words what happens before its handlers.
pub trait Front: Send + Sync {
    /// The answer over the limit.
    fn limited(&self, retry_after: u64) -> Response;
    /// The refusal of these credentials; `None` when they are good.
    fn refusal(&self, headers: &HeaderMap) -> Option<Response>;
    /// A server error with that status.
    fn server_error(&self, status: u16) -> Response;
    /// Whether a request to that address counts against the limit.
    fn counts(&self, _: &Uri) -> bool {
        true
    }
    /// What a request needs a permit of at once, where the vendor limits how many run at the same time.
    fn threads(&self, _: &Uri, _: &HeaderMap) -> Option<Arc<Semaphore>> {
        None
    }
    /// The answer where there was no such permit.
    fn crowded(&self) -> Response {
        self.limited(1)
    }
}

/// How far the limit is used up, for a handler.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Requests that count at this moment, this one included.
    pub used: usize,
    /// The limit.
    pub limit: Limit,
}

/// Asks a handler to make the row at that position, modulo the page's length, unreadable.
#[derive(Clone, Copy, Debug)]
pub struct Spoil(pub usize);

/// Asks a handler to change what it lists once it has answered: the page's first row vanishes and comes back under a
/// new id, as when people work while somebody reads.
#[derive(Clone, Copy, Debug)]
pub struct Shift;

/// What a vendor has been asked since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorCounts {
    /// Requests, whatever became of them.
    pub requests: u64,
    /// Refused for their credentials or permissions.
    pub refused: u64,
    /// Refused over a limit.
    pub over_limit: u64,
    /// Failed on purpose.
    pub faults: u64,
}

/// One vendor's gate.
pub struct Gate {
    front: Arc<dyn Front>,
    seed: u64,
    faults: Faults,
    window: Mutex<Window>,
    planned: Mutex<VecDeque<Failing>>,
    frozen: watch::Sender<bool>,
    held: watch::Sender<usize>,
    requests: AtomicU64,
    refused: AtomicU64,
    over_limit: AtomicU64,
    failed: AtomicU64,
}

impl Gate {
    /// The gate before that vendor.
    pub fn new(front: Arc<dyn Front>, seed: u64, faults: Faults, published: Limit) -> Self {
        Self {
            front,
            seed,
            faults,
            window: Mutex::new(Window::new(faults.limit(published))),
            planned: Mutex::default(),
            frozen: watch::Sender::new(false),
            held: watch::Sender::new(0),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            over_limit: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// What it has been asked so far.
    pub fn counts(&self) -> VendorCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        VendorCounts {
            requests: read(&self.requests),
            refused: read(&self.refused),
            over_limit: read(&self.over_limit),
            faults: read(&self.failed),
        }
    }

    /// Makes the next requests fail that way.
    pub fn fail_next(&self, count: usize, failing: Failing) {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        planned.extend(std::iter::repeat_n(failing, count));
    }

    /// Replaces the limit, and forgets which requests counted.
    pub fn set_limit(&self, limit: Limit) {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = Window::new(limit);
    }

    /// As if others had made so many requests just now, and nobody any before.
    pub fn use_up(&self, requests: usize) {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).fill(requests, Instant::now());
    }

    /// Holds every request from now on, or lets the held ones go.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Waits until that many requests are held.
    pub async fn wait_for_held(&self, count: usize) {
        // The sender lives as long as the gate: the wait can only end with the condition.
        let _ = self.held.subscribe().wait_for(|&held| held >= count).await;
    }

    async fn thaw(&self, cut: &Cut) {
        let mut frozen = self.frozen.subscribe();
        if !*frozen.borrow_and_update() {
            return;
        }
        let _held = Held::new(&self.held);
        tokio::select! {
            _ = frozen.wait_for(|&frozen| !frozen) => {}
            () = cut.0.cancelled() => {}
        }
    }

    fn failing(&self, number: u64) -> Option<Failing> {
        let planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        planned.or_else(|| self.faults.of_request(self.seed, number))
    }

    /// Lets a request in and says how far the limit is used up; or after how many seconds it may come again.
    fn admit(&self, counts: bool) -> Result<Usage, u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if counts {
            window.admit(Instant::now())?;
        }
        Ok(window.usage())
    }

    fn over_limit(&self, answer: Response) -> Response {
        self.over_limit.fetch_add(1, Ordering::Relaxed);
        answer
    }
}

/// Counts a held request for as long as it is held, also when its connection ends.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|held| *held += 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

/// The middleware.
pub async fn pass(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    mut request: Request,
    next: Next,
) -> Response {
    let number = gate.requests.fetch_add(1, Ordering::Relaxed);
    let threads = gate.front.threads(request.uri(), request.headers());
    let permit = threads.map(Semaphore::try_acquire_owned).transpose();
    // Held until the answer is there, also while the request is held itself.
    let Ok(_permit) = permit else { return gate.over_limit(gate.front.crowded()) };
    gate.thaw(&cut).await;
    match gate.admit(gate.front.counts(request.uri())) {
        Ok(usage) => {
            request.extensions_mut().insert(usage);
        }
        Err(retry_after) => return gate.over_limit(gate.front.limited(retry_after)),
    }
    let failing = gate.failing(number);
    if failing.is_some() {
        gate.failed.fetch_add(1, Ordering::Relaxed);
    }
    match failing {
        Some(Failing::Status(status)) => return gate.front.server_error(status),
        Some(Failing::Limited { retry_after }) => return gate.over_limit(gate.front.limited(retry_after)),
        Some(Failing::Reset) => return reset(&cut),
        Some(Failing::Slow(duration)) => late(duration, &cut).await,
        Some(Failing::BadRow) => {
            request.extensions_mut().insert(Spoil(usize::try_from(number).unwrap_or(0)));
        }
        Some(Failing::Shifted) => {
            request.extensions_mut().insert(Shift);
        }
        Some(
            Failing::LostAnswer | Failing::Truncated | Failing::Malformed | Failing::Done(_) | Failing::DoneLate(_),
        )
        | None => {}
    }
    let response = match gate.front.refusal(request.headers()) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    if matches!(response.status().as_u16(), 401 | 403) {
        gate.refused.fetch_add(1, Ordering::Relaxed);
    }
    match failing {
        Some(Failing::LostAnswer) => reset(&cut),
        Some(Failing::Done(status)) => gate.front.server_error(status),
        Some(Failing::DoneLate(duration)) => {
            late(duration, &cut).await;
            response
        }
        Some(Failing::Truncated) => truncated(response).await,
        Some(Failing::Malformed) => malformed(response).await,
        _ => response,
    }
}

/// The response is never seen: writing it fails.
fn reset(cut: &Cut) -> Response {
    cut.0.cancel();
    Response::new(Body::empty())
}

async fn late(duration: Duration, cut: &Cut) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        () = cut.0.cancelled() => {}
    }
}

async fn whole(body: Body) -> Bytes {
    // Our own handlers' bodies are in memory already and cannot fail.
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

/// Announces the whole length and breaks off after half. The pause makes the server send what it has before.
async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().max(1).into());
    let half = bytes.slice(..bytes.len() / 2);
    let sent = stream::once(async { Ok(half) });
    let broken = stream::once(async {
        tokio::task::yield_now().await;
        Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))
    });
    Response::from_parts(parts, Body::from_stream(sent.chain(broken)))
}

async fn malformed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = whole(body).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    let half = &bytes[..bytes.len() / 2];
    Response::from_parts(parts, Body::from([half, b"\x00}{\"", &bytes[bytes.len() / 2..]].concat()))
}
