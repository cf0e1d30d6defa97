//! Sends a call until it is answered, refused or given up.

mod refusal;

use super::super::{HttpNotice, Observer};
use super::address::is_loopback;
use super::budget::{Budget, Pacer};
use super::chain::look;
use super::fault::{BodyFault, CallError, CallErrorKind, ErrorBody};
use super::header::{left, secret_value};
use super::retry::{Tuning, moment};
use super::tls::{issuer_is_unknown, transport_fault};
use super::trace::Exchange;
use super::turns::Lane;
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, LogLevel};
use crate::secrets::Redactor;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LINK};
use reqwest::{Client, Method, Response};
use secrecy::SecretString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, RwLock};
use std::time::{Duration, Instant};
use url::Url;

/// One request as a dialect writes it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Method.
    pub(crate) method: Method,
    /// Path below the base address.
    pub(crate) path: String,
    /// Query parameters.
    pub(crate) query: Vec<(String, String)>,
    /// JSON body.
    pub(crate) body: Option<serde_json::Value>,
    /// A header of this request alone.
    pub(crate) header: Option<(&'static str, &'static str)>,
    /// A whole address instead, to which no key is sent.
    pub(crate) open: Option<Url>,
    /// Being slow twice is told instead of tried again: the caller asks for less.
    pub(crate) impatient: bool,
    /// Whose request it is among those of the same key.
    pub(crate) lane: Lane,
    /// It changes something: when nobody knows how it ended, that is told instead of tried again.
    pub(crate) once: bool,
}

impl Call {
    /// Reads a path.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            header: None,
            open: None,
            impatient: false,
            lane: Lane::default(),
            once: false,
        }
    }

    /// Asks with a body.
    pub(crate) fn post(path: impl Into<String>, body: serde_json::Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    /// Reads a whole address without a key.
    pub(crate) fn open(url: Url) -> Self {
        Self { path: url.path().to_owned(), open: Some(url), ..Self::get("") }
    }

    /// Adds query parameters.
    pub(crate) fn with<'q>(mut self, query: impl IntoIterator<Item = (&'q String, &'q String)>) -> Self {
        self.query.extend(query.into_iter().map(|(key, value)| (key.clone(), value.clone())));
        self
    }

    /// The kind of record that it asks for, as the vendor's limits count it.
    fn kind(&self) -> &str {
        self.path.trim_start_matches('/').split('/').next().unwrap_or_default()
    }
}

/// A good answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'b> {
    /// Its body.
    pub(crate) body: &'b [u8],
    /// Its `Link` header; `None` when it has none, which is not the same as an empty one.
    pub(crate) link: Option<&'b str>,
}

/// Reads the message out of an error body.
pub(crate) type Explain = Box<dyn Fn(&[u8]) -> Option<ErrorBody> + Send + Sync>;

/// What a client is made of.
pub(crate) struct Setup {
    pub(crate) vendor: String,
    pub(crate) base: Url,
    /// Headers that carry the key.
    pub(crate) headers: Vec<(String, SecretString)>,
    pub(crate) media_type: String,
    pub(crate) accept: String,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) tuning: Tuning,
    pub(crate) observer: Observer,
    pub(crate) redactor: Redactor,
    /// What to do about a refused key.
    pub(crate) key_help: String,
    /// Reads the message out of an error body.
    pub(crate) explain: Explain,
}

/// A vendor's HTTP client.
pub(crate) struct Http {
    client: Client,
    setup: Setup,
    key: HeaderMap,
    /// Where the account lives, as far as known.
    base: RwLock<Url>,
    sent: AtomicU64,
    skew: Mutex<Option<time::Duration>>,
}

/// Largest error body that is read, in bytes.
const ERROR_CAP: usize = 64 << 10;

/// Slow answers after which less is asked for: one may be chance.
const SLOW_TRIES: u32 = 2;

/// What one attempt came to.
enum Attempt<T> {
    Done(T),
    Again { what: String, slow: bool },
    Limited { said: Option<Duration> },
    Failed(CallError),
}

impl Http {
    /// A client; nothing is sent yet.
    pub(crate) fn new(setup: Setup) -> Result<Self, Failure> {
        static PROVIDER: Once = Once::new();
        // Fails only when another part of the program installed one before, which serves as well.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_str(&setup.accept).map_err(|_| ours("accept"))?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(&setup.media_type).map_err(|_| ours("media_type"))?);
        let key = key(&setup)?;
        let mut builder = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("matchbook/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(setup.tuning.connect_timeout)
            .read_timeout(setup.tuning.read_timeout)
            .timeout(setup.tuning.total_timeout);
        for der in &setup.tuning.authorities {
            let authority = reqwest::Certificate::from_der(der).map_err(|_| ours("reading a certificate"))?;
            builder = builder.tls_certs_merge([authority]);
        }
        if is_loopback(&setup.base) {
            builder = builder.no_proxy();
        } else {
            builder = builder.https_only(true);
        }
        let client = builder.build().map_err(|e| {
            let what = format!("the HTTP client cannot be built: {}", setup.redactor.redact(&e.to_string()));
            Failure::new(FailureClass::Local, what, "check this machine's certificate store")
        })?;
        let base = RwLock::new(setup.base.clone());
        Ok(Self { client, setup, key, base, sent: AtomicU64::new(0), skew: Mutex::default() })
    }

    /// Where requests go.
    pub(crate) fn base(&self) -> Url {
        self.base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends requests there from now on; false when they went there already. Whoever calls it has made sure that the
    /// address belongs to the vendor.
    pub(crate) fn move_to(&self, base: Url) -> bool {
        let mut now = self.base.write().unwrap_or_else(PoisonError::into_inner);
        let moved = *now != base;
        *now = base;
        moved
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How far the vendor's clock is ahead of this machine's, as its last answer said.
    pub(crate) fn clock_skew(&self) -> Option<time::Duration> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_clock(&self, headers: &HeaderMap) {
        let Some(date) = headers.get(DATE).and_then(|value| moment(value.to_str().ok()?)) else { return };
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(date - self.now());
    }

    /// Patience.
    pub(crate) fn tuning(&self) -> &Tuning {
        &self.setup.tuning
    }

    /// The pace that is kept.
    pub(crate) fn pacer(&self) -> &Pacer {
        &self.setup.pacer
    }

    /// What takes secrets out of texts.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.setup.redactor
    }

    /// The time.
    pub(crate) fn now(&self) -> crate::domain::Timestamp {
        self.setup.tuning.clock.now()
    }

    /// Use of the vendor's limit.
    pub(crate) fn budget(&self) -> Budget {
        self.setup.pacer.budget()
    }

    /// Sends a call and reads its answer with `decode`, off the runtime's threads; faults are tried again.
    pub(crate) async fn ask<T, D>(&self, call: &Call, decode: D) -> Result<T, CallError>
    where
        T: Send + 'static,
        D: Fn(Received<'_>) -> Result<T, BodyFault> + Clone + Send + 'static,
    {
        let tuning = &self.setup.tuning;
        let _seat = self.setup.pacer.seat(call.kind()).await;
        let (mut faults, mut limits, mut slows) = (0, 0, 0);
        loop {
            // A block that was told to an earlier call is not sat out by the next one either.
            if let Some(wait) = self.setup.pacer.held().filter(|wait| *wait > tuning.longest_wait) {
                return Err(CallError::last(self.limit_failure(wait)));
            }
            self.setup.pacer.ready(call.lane).await;
            match self.attempt(call, decode.clone()).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Failed(error) => return Err(error),
                Attempt::Limited { said } => {
                    limits += 1;
                    let wait = tuning.limit_wait(said, limits);
                    self.setup.pacer.hold(wait);
                    if limits > tuning.limit_tries || wait > tuning.longest_wait {
                        return Err(CallError::last(self.limit_failure(wait)));
                    }
                    self.notice("asks to wait (request limit)", wait, "", true);
                }
                Attempt::Again { what, .. } if call.once => {
                    return Err(CallError {
                        failure: self.vendor_failure(&what, 1),
                        kind: CallErrorKind::Unknown,
                        said: String::new(),
                    });
                }
                Attempt::Again { what, slow } => {
                    faults += 1;
                    slows += u32::from(slow);
                    if slows >= SLOW_TRIES && call.impatient {
                        return Err(CallError {
                            failure: self.vendor_failure(&what, faults),
                            kind: CallErrorKind::Slow,
                            said: String::new(),
                        });
                    }
                    if faults >= tuning.tries {
                        return Err(CallError::last(self.vendor_failure(&what, faults)));
                    }
                    let wait = tuning.fault_wait(faults);
                    self.notice(&what, wait, &format!(" (attempt {} of {})", faults + 1, tuning.tries), false);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attempt<T, D>(&self, call: &Call, decode: D) -> Attempt<T>
    where
        T: Send + 'static,
        D: Fn(Received<'_>) -> Result<T, BodyFault> + Send + 'static,
    {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let request = match self.request(call).build() {
            Ok(request) => request,
            Err(error) => return self.unreached(&error).await,
        };
        let mut exchange =
            self.setup.tuning.trace.is_some().then(|| {
                Exchange::of(&request, &self.setup.vendor, self.setup.tuning.clock.now(), &self.setup.redactor)
            });
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                self.trace(exchange, Err(&transport_fault(&error).what));
                return self.unreached(&error).await;
            }
        };
        let status = response.status();
        let elapsed = started.elapsed();
        self.note_clock(response.headers());
        if let Some(left) = left(response.headers(), self.now())
            && let Some(wait) = self.setup.pacer.left(left)
        {
            self.notice("leaves no more requests (request limit)", wait, "", true);
        }
        if let Some(exchange) = &mut exchange {
            exchange.answered(status.as_u16(), response.headers());
        }
        tracing::debug!(vendor = %self.setup.vendor, method = %call.method, path = %call.path, status = status.as_u16(), ?elapsed, "request");
        if !status.is_success() {
            return self.refused(status, response, call, exchange).await;
        }
        let link = link(response.headers()).map(|link| self.setup.redactor.redact(&link).into_owned());
        let body = match self.body(response, self.setup.tuning.body_cap).await {
            Ok(body) => body,
            Err(attempt) => {
                self.trace(exchange, Err("the body did not come whole"));
                return attempt;
            }
        };
        self.trace(exchange, Ok(&body));
        let redactor = self.setup.redactor.clone();
        let work = move || decode(Received { body: &redactor.redact_body(body), link: link.as_deref() });
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(value)) => Attempt::Done(value),
            Ok(Err(BodyFault::Malformed(why))) => {
                Attempt::Again { what: format!("sent an unreadable answer: {why}"), slow: false }
            }
            Ok(Err(BodyFault::Error(body))) => self.error_in_answer(&body, call),
            Err(_) => Attempt::Failed(CallError::last(ours("reading an answer"))),
        }
    }

    /// Hands a finished exchange to who asked for a trace.
    fn trace(&self, exchange: Option<Exchange>, body: Result<&[u8], &str>) {
        if let (Some(trace), Some(exchange)) = (&self.setup.tuning.trace, exchange)
            && let Some(line) = exchange.line(body, &self.setup.redactor)
        {
            trace(&line);
        }
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let mut request = match &call.open {
            Some(url) => self.client.request(call.method.clone(), url.clone()),
            None => {
                let mut url = self.base();
                let path = format!("{}{}", url.path().trim_end_matches('/'), call.path);
                url.set_path(&path);
                self.client.request(call.method.clone(), url).headers(self.key.clone())
            }
        };
        if let Some((name, value)) = call.header {
            request = request.header(name, value);
        }
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        match &call.body {
            Some(body) => request.body(body.to_string()),
            None => request,
        }
    }

    async fn body<T>(&self, mut response: Response, cap: usize) -> Result<Vec<u8>, Attempt<T>> {
        let too_large = || {
            let what = format!("{} sent an answer larger than {} MB", self.setup.vendor, cap >> 20);
            let failure = Failure::new(FailureClass::Vendor, what, "set a smaller page_size for this integration");
            Attempt::Failed(CallError { failure, kind: CallErrorKind::Slow, said: String::new() })
        };
        let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if announced > cap {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) if body.len() + chunk.len() > cap => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Err(error) => return Err(self.broken(&error)),
            }
        }
    }

    /// No answer at all. Of an unknown issuer the chain says more than the error does.
    async fn unreached<T>(&self, error: &reqwest::Error) -> Attempt<T> {
        if !issuer_is_unknown(error) {
            return self.broken(error);
        }
        let base = self.base();
        let (host, port) = (host_of(&base), base.port_or_known_default().unwrap_or(443));
        let patience = self.setup.tuning.connect_timeout;
        match tokio::task::spawn_blocking(move || look(&host, port, patience)).await {
            Ok(Some(fault)) => self.untrusted(fault.words(), fault.remedy()),
            _ => self.broken(error),
        }
    }

    fn broken<T>(&self, error: &reqwest::Error) -> Attempt<T> {
        let fault = transport_fault(error);
        tracing::debug!(vendor = %self.setup.vendor, what = %fault.what, "request failed");
        match fault.lasting {
            None => Attempt::Again { what: fault.what, slow: fault.slow },
            Some(remedy) => self.untrusted(&fault.what, remedy),
        }
    }

    /// A certificate that is not accepted.
    fn untrusted<T>(&self, words: &str, remedy: &str) -> Attempt<T> {
        let what = format!("{} ({}) {words}", self.setup.vendor, self.host());
        Attempt::Failed(CallError::last(Failure::new(FailureClass::Vendor, self.told(&what), remedy)))
    }

    fn notice(&self, what: &str, wait: Duration, suffix: &str, limit: bool) {
        let seconds = wait.as_secs_f64();
        let when = if seconds < 0.05 { "at once".to_owned() } else { format!("in {seconds:.1} s") };
        let text = self.told(&format!("{} {what}; trying again {when}{suffix}", self.setup.vendor));
        let retry_at = Some(self.setup.tuning.clock.now() + wait);
        (self.setup.observer)(HttpNotice { level: LogLevel::Warn, text, retry_at, limit });
    }

    /// Holds every request back for a while and says why.
    pub(crate) async fn wait_for_limit(&self, what: &str, wait: Duration) {
        self.setup.pacer.hold(wait);
        let text = self.told(&format!("{what}; going on in {:.0} s", wait.as_secs_f64()));
        let retry_at = Some(self.setup.tuning.clock.now() + wait);
        (self.setup.observer)(HttpNotice { level: LogLevel::Warn, text, retry_at, limit: true });
        tokio::time::sleep(wait).await;
    }

    /// Tells the observer something that needs no waiting.
    pub(crate) fn remark(&self, level: LogLevel, text: &str) {
        (self.setup.observer)(HttpNotice { level, text: self.told(text), retry_at: None, limit: false });
    }

    /// Text for people: without secrets, without what a terminal would obey.
    pub(crate) fn told(&self, text: &str) -> String {
        let redacted = self.setup.redactor.redact(text);
        let clean = clean(&redacted);
        match clean.char_indices().nth(300) {
            Some((end, _)) => format!("{}…", &clean[..end]),
            None => clean.into_owned(),
        }
    }

    fn host(&self) -> String {
        host_of(&self.base())
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// The headers that carry the key, marked so that no trace shows them.
fn key(setup: &Setup) -> Result<HeaderMap, Failure> {
    let mut key = HeaderMap::new();
    for (name, secret) in &setup.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ours("auth.headers"))?;
        let value = secret_value(secret).ok_or_else(|| {
            let what = format!("the {} key holds characters that cannot be sent", setup.vendor);
            Failure::new(FailureClass::Credentials, what, "copy it again, without line ends")
        })?;
        key.insert(name, value);
    }
    Ok(key)
}

/// The `Link` headers of an answer as one.
fn link(headers: &HeaderMap) -> Option<String> {
    let all: Vec<&str> = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).collect();
    headers.contains_key(LINK).then(|| all.join(", "))
}

fn ours(what: &str) -> Failure {
    Failure::new(FailureClass::Ours, format!("{what} failed"), "")
}
