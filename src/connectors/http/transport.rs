//! Sends a call until it is answered, refused or given up.

use super::super::{HttpNotice, Observer};
use super::address::is_loopback;
use super::budget::{Budget, Pacer};
use super::chain::look;
use super::fault::{BodyFault, CallError, CallErrorKind, ErrorBody};
use super::header::secret_value;
use super::retry::{Tuning, retry_after};
use super::tls::{issuer_is_unknown, transport_fault};
use crate::domain::text::clean;
use crate::domain::{Failure, FailureClass, LogLevel};
use crate::secrets::Redactor;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode};
use secrecy::SecretString;
use std::sync::{Arc, Once};
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
    /// Being slow twice is told instead of tried again: the caller asks for less.
    pub(crate) impatient: bool,
}

/// What a client is made of.
pub(crate) struct Setup {
    pub(crate) vendor: String,
    pub(crate) base: Url,
    pub(crate) header: String,
    pub(crate) secret: SecretString,
    pub(crate) media_type: String,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) tuning: Tuning,
    pub(crate) observer: Observer,
    pub(crate) redactor: Redactor,
    /// Reads the message out of an error body.
    pub(crate) explain: fn(&[u8]) -> Option<ErrorBody>,
}

/// A vendor's HTTP client.
pub(crate) struct Http {
    client: Client,
    setup: Setup,
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
        let media = HeaderValue::from_str(&setup.media_type).map_err(|_| ours("media_type"))?;
        headers.insert(ACCEPT, media.clone());
        headers.insert(CONTENT_TYPE, media);
        let name = HeaderName::from_bytes(setup.header.as_bytes()).map_err(|_| ours("auth.header"))?;
        let key = secret_value(&setup.secret).ok_or_else(|| {
            let what = format!("the {} key holds characters that cannot be sent", setup.vendor);
            Failure::new(FailureClass::Credentials, what, "copy it again, without line ends")
        })?;
        headers.insert(name, key);
        let mut builder = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("matchbook/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(setup.tuning.connect_timeout)
            .read_timeout(setup.tuning.read_timeout)
            .timeout(setup.tuning.total_timeout);
        if is_loopback(&setup.base) {
            builder = builder.no_proxy();
        } else {
            builder = builder.https_only(true);
        }
        let client = builder.build().map_err(|e| {
            let what = format!("the HTTP client cannot be built: {}", setup.redactor.redact(&e.to_string()));
            Failure::new(FailureClass::Local, what, "check this machine's certificate store")
        })?;
        Ok(Self { client, setup })
    }

    /// Use of the vendor's limit.
    pub(crate) fn budget(&self) -> Budget {
        self.setup.pacer.budget()
    }

    /// Sends a call and reads its answer with `decode`, off the runtime's threads; faults are tried again.
    pub(crate) async fn ask<T, D>(&self, call: &Call, decode: D) -> Result<T, CallError>
    where
        T: Send + 'static,
        D: Fn(&[u8]) -> Result<T, BodyFault> + Clone + Send + 'static,
    {
        let tuning = &self.setup.tuning;
        let (mut faults, mut limits, mut slows) = (0, 0, 0);
        loop {
            self.setup.pacer.ready().await;
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
                    self.notice("asks to wait (request limit)", wait, "");
                }
                Attempt::Again { what, slow } => {
                    faults += 1;
                    slows += u32::from(slow);
                    if slows >= SLOW_TRIES && call.impatient {
                        return Err(CallError {
                            failure: self.vendor_failure(&what, faults),
                            kind: CallErrorKind::Slow,
                        });
                    }
                    if faults >= tuning.tries {
                        return Err(CallError::last(self.vendor_failure(&what, faults)));
                    }
                    let wait = tuning.fault_wait(faults);
                    self.notice(&what, wait, &format!(" (attempt {} of {})", faults + 1, tuning.tries));
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn attempt<T, D>(&self, call: &Call, decode: D) -> Attempt<T>
    where
        T: Send + 'static,
        D: Fn(&[u8]) -> Result<T, BodyFault> + Send + 'static,
    {
        let started = Instant::now();
        let response = match self.request(call).send().await {
            Ok(response) => response,
            Err(error) => return self.unreached(&error).await,
        };
        let status = response.status();
        let elapsed = started.elapsed();
        tracing::debug!(vendor = %self.setup.vendor, method = %call.method, path = %call.path, status = status.as_u16(), ?elapsed, "request");
        if !status.is_success() {
            return self.refused(status, response, call).await;
        }
        let body = match self.body(response, self.setup.tuning.body_cap).await {
            Ok(body) => body,
            Err(attempt) => return attempt,
        };
        match tokio::task::spawn_blocking(move || decode(&body)).await {
            Ok(Ok(value)) => Attempt::Done(value),
            Ok(Err(BodyFault::Malformed(why))) => {
                Attempt::Again { what: format!("sent an unreadable answer: {why}"), slow: false }
            }
            Ok(Err(BodyFault::Error(body))) => self.error_in_answer(&body, call),
            Err(_) => Attempt::Failed(CallError::last(ours("reading an answer"))),
        }
    }

    fn request(&self, call: &Call) -> reqwest::RequestBuilder {
        let mut url = self.setup.base.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), call.path);
        url.set_path(&path);
        let mut request = self.client.request(call.method.clone(), url);
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
            Attempt::Failed(CallError { failure, kind: CallErrorKind::Slow })
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
        let (host, port) = (self.host().to_owned(), self.setup.base.port_or_known_default().unwrap_or(443));
        let patience = self.setup.tuning.connect_timeout;
        match tokio::task::spawn_blocking(move || look(&host, port, patience)).await {
            Ok(Some(fault)) => self.untrusted(fault.words()),
            _ => self.broken(error),
        }
    }

    fn broken<T>(&self, error: &reqwest::Error) -> Attempt<T> {
        let fault = transport_fault(error);
        tracing::debug!(vendor = %self.setup.vendor, what = %fault.what, "request failed");
        if fault.passing {
            return Attempt::Again { what: fault.what, slow: fault.slow };
        }
        self.untrusted(&fault.what)
    }

    /// A certificate that is not accepted.
    fn untrusted<T>(&self, words: &str) -> Attempt<T> {
        let what = format!("{} ({}) {words}", self.setup.vendor, self.host());
        let remedy = "nothing was sent; check base_url, a proxy in between and this machine's clock";
        Attempt::Failed(CallError::last(Failure::new(FailureClass::Vendor, what, remedy)))
    }

    /// An answer that is not a success.
    async fn refused<T>(&self, status: StatusCode, response: Response, call: &Call) -> Attempt<T> {
        if status == StatusCode::TOO_MANY_REQUESTS {
            let header = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            return Attempt::Limited { said: header.and_then(|v| retry_after(v, self.setup.tuning.clock.now())) };
        }
        if status.is_redirection() {
            let to = response
                .headers()
                .get(LOCATION)
                .and_then(|v| v.to_str().ok())
                .and_then(|v| self.setup.base.join(v).ok());
            return Attempt::Failed(CallError::last(self.redirect_failure(to.as_ref())));
        }
        let body = self.body::<()>(response, ERROR_CAP).await.unwrap_or_default();
        let said = (self.setup.explain)(&body).map(|e| e.text);
        self.by_status(status.as_u16(), said.as_deref(), call)
    }

    /// A good status with an error inside.
    fn error_in_answer<T>(&self, body: &ErrorBody, call: &Call) -> Attempt<T> {
        match body.status {
            Some(429) => Attempt::Limited { said: None },
            Some(status) if status >= 400 => self.by_status(status, Some(&body.text), call),
            _ => Attempt::Again { what: format!("sent an error: {}", self.told(&body.text)), slow: false },
        }
    }

    fn by_status<T>(&self, status: u16, said: Option<&str>, call: &Call) -> Attempt<T> {
        let vendor = &self.setup.vendor;
        let said = said.map(|text| format!(": {}", self.told(text))).unwrap_or_default();
        let fail = |class, what: String, remedy: &str, kind| {
            Attempt::Failed(CallError { failure: Failure::new(class, what, remedy), kind })
        };
        match status {
            401 => fail(
                FailureClass::Credentials,
                format!("{vendor} refuses the key (401{said})"),
                "enter a new key with connect",
                CallErrorKind::Final,
            ),
            403 => fail(
                FailureClass::Permission,
                format!("{vendor} refuses {} (403{said})", call.path),
                "check the key's permissions",
                CallErrorKind::Forbidden,
            ),
            408 | 500..=599 => {
                Attempt::Again { what: format!("answered {status}{said}"), slow: matches!(status, 408 | 504) }
            }
            404 => fail(
                FailureClass::Vendor,
                format!("{vendor} does not know {} (404{said})", call.path),
                "check base_url and region",
                CallErrorKind::Final,
            ),
            _ => fail(
                FailureClass::Vendor,
                format!("{vendor} refuses the request {} ({status}{said})", call.path),
                "",
                CallErrorKind::Final,
            ),
        }
    }

    fn redirect_failure(&self, to: Option<&Url>) -> Failure {
        let to = to.and_then(Url::host_str).map(|host| format!(" to {host}")).unwrap_or_default();
        let what =
            format!("{} ({}) redirects{to}; matchbook does not follow with a key", self.setup.vendor, self.host());
        Failure::new(FailureClass::Vendor, self.told(&what), "set base_url to the final address")
    }

    fn limit_failure(&self, wait: Duration) -> Failure {
        let until = self.setup.tuning.clock.now() + wait;
        let what = format!(
            "{} does not answer until {:02}:{:02} UTC (request limit)",
            self.setup.vendor,
            until.hour(),
            until.minute()
        );
        Failure::new(FailureClass::Limit, what, "the sync goes on after that; lower requests_per_second to avoid it")
    }

    fn vendor_failure(&self, what: &str, tries: u32) -> Failure {
        let times = if tries > 1 { format!(" ({tries} attempts)") } else { String::new() };
        let what = format!("{} ({}) {what}{times}", self.setup.vendor, self.host());
        Failure::new(FailureClass::Vendor, self.told(&what), "the sync goes on from here next time")
    }

    fn notice(&self, what: &str, wait: Duration, suffix: &str) {
        let seconds = wait.as_secs_f64();
        let when = if seconds < 0.05 { "at once".to_owned() } else { format!("in {seconds:.1} s") };
        let text = self.told(&format!("{} {what}; trying again {when}{suffix}", self.setup.vendor));
        let retry_at = Some(self.setup.tuning.clock.now() + wait);
        (self.setup.observer)(HttpNotice { level: LogLevel::Warn, text, retry_at });
    }

    /// Tells the observer something that needs no waiting.
    pub(crate) fn remark(&self, level: LogLevel, text: &str) {
        (self.setup.observer)(HttpNotice { level, text: self.told(text), retry_at: None });
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

    fn host(&self) -> &str {
        self.setup.base.host_str().unwrap_or("")
    }
}

fn ours(what: &str) -> Failure {
    Failure::new(FailureClass::Ours, format!("{what} failed"), "")
}
