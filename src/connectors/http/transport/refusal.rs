//! Answers that are no success, in a person's terms: who has to act, what it means, what to do.

use super::{Attempt, Call, ERROR_CAP, Exchange, Http};
use crate::connectors::http::fault::{CallError, CallErrorKind, ErrorBody, Meaning};
use crate::connectors::http::retry::retry_after;
use crate::domain::{Failure, FailureClass};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use std::time::Duration;
use url::Url;

impl Http {
    /// An answer that is not a success.
    pub(super) async fn refused<T>(
        &self,
        status: StatusCode,
        response: Response,
        call: &Call,
        exchange: Option<Exchange>,
    ) -> Attempt<T> {
        let headers = response.headers().clone();
        let body = self.body::<()>(response, ERROR_CAP).await.unwrap_or_default();
        self.trace(exchange, Ok(&body));
        if status == StatusCode::TOO_MANY_REQUESTS {
            let header = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
            return Attempt::Limited { said: header.and_then(|v| retry_after(v, self.setup.tuning.clock.now())) };
        }
        if status.is_redirection() {
            let to = headers.get(LOCATION).and_then(|v| v.to_str().ok()).and_then(|v| self.base().join(v).ok());
            return Attempt::Failed(CallError::last(self.redirect_failure(to.as_ref())));
        }
        self.by_status(status.as_u16(), (self.setup.explain)(&body).as_ref(), call)
    }

    /// A good status with an error inside.
    pub(super) fn error_in_answer<T>(&self, body: &ErrorBody, call: &Call) -> Attempt<T> {
        match body.status {
            Some(429) => Attempt::Limited { said: None },
            Some(status) if status >= 400 => self.by_status(status, Some(body), call),
            _ => Attempt::Again { what: format!("sent an error: {}", self.told(&body.text)), slow: false },
        }
    }

    pub(super) fn by_status<T>(&self, status: u16, body: Option<&ErrorBody>, call: &Call) -> Attempt<T> {
        let vendor = &self.setup.vendor;
        let said = body.map(|body| format!(": {}", self.told(&body.text))).unwrap_or_default();
        let fail = |class, what: String, remedy: &str, kind| {
            let said = body.map(|body| self.told(&body.text)).unwrap_or_default();
            Attempt::Failed(CallError { failure: Failure::new(class, what, remedy), kind, said })
        };
        let refused_key = |remedy: &str| {
            let what = format!("{vendor} refuses the key ({status}{said})");
            fail(FailureClass::Credentials, what, remedy, CallErrorKind::Unauthorized)
        };
        let forbidden = || {
            let what = format!("{vendor} refuses {} ({status}{said})", call.path);
            fail(FailureClass::Permission, what, "check the key's permissions", CallErrorKind::Forbidden)
        };
        match (body.and_then(|body| body.meaning), status) {
            (Some(Meaning::Credentials(remedy)), _) => refused_key(remedy),
            (Some(Meaning::Limited), _) => Attempt::Limited { said: None },
            (Some(Meaning::Forbidden), _) | (None, 403) => forbidden(),
            (None, 401) => refused_key(&self.setup.key_help),
            (None, 408 | 500..=599) => {
                Attempt::Again { what: format!("answered {status}{said}"), slow: matches!(status, 408 | 504) }
            }
            (None, 404) => fail(
                FailureClass::Vendor,
                format!("{vendor} does not know {} (404{said})", call.path),
                "check base_url and region",
                CallErrorKind::NotFound,
            ),
            (Some(Meaning::Refused) | None, _) => fail(
                FailureClass::Vendor,
                format!("{vendor} refuses the request {} ({status}{said})", call.path),
                "",
                CallErrorKind::Refused,
            ),
        }
    }

    pub(super) fn redirect_failure(&self, to: Option<&Url>) -> Failure {
        let to = to.and_then(Url::host_str).map(|host| format!(" to {host}")).unwrap_or_default();
        let what =
            format!("{} ({}) redirects{to}; matchbook does not follow with a key", self.setup.vendor, self.host());
        Failure::new(FailureClass::Vendor, self.told(&what), "set base_url to the final address")
    }

    pub(super) fn limit_failure(&self, wait: Duration) -> Failure {
        let until = self.setup.tuning.clock.now() + wait;
        let what = format!(
            "{} does not answer until {:02}:{:02} UTC (request limit)",
            self.setup.vendor,
            until.hour(),
            until.minute()
        );
        Failure::new(FailureClass::Limit, what, "the sync goes on after that; lower requests_per_second to avoid it")
    }

    pub(super) fn vendor_failure(&self, what: &str, tries: u32) -> Failure {
        let times = if tries > 1 { format!(" ({tries} attempts)") } else { String::new() };
        let what = format!("{} ({}) {what}{times}", self.setup.vendor, self.host());
        Failure::new(FailureClass::Vendor, self.told(&what), "the sync goes on from here next time")
    }
}
