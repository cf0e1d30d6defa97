//! Autotask's answers and error shapes, as far as they were seen live.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;

/// A JSON body.
pub fn ok(value: &impl Serialize) -> Response {
    with_status(StatusCode::OK, value)
}

fn with_status(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            let kind = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => Refusal::new(error.to_string()).into_response(),
    }
}

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Validation, business rules, permissions: 500 with the list of texts.
    Said(Vec<String>),
    /// Bad credentials or another zone's: 401 without a body.
    Unauthorized,
    /// No such address.
    NotFound(String),
    /// The address exists, not with this method.
    Method(String),
    /// Too many at once.
    Crowded,
    /// Too many in an hour.
    Limited(u64),
}

impl Refusal {
    /// One text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Said(vec![text.into()])
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Said(errors) => with_status(StatusCode::INTERNAL_SERVER_ERROR, &json!({"errors": errors})),
            Self::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
            Self::NotFound(path) => {
                let text = format!("No HTTP resource was found that matches the request URI '{path}'.");
                with_status(StatusCode::NOT_FOUND, &json!({"Message": text}))
            }
            Self::Method(method) => {
                let text = format!("The requested resource does not support http method '{method}'.");
                with_status(StatusCode::METHOD_NOT_ALLOWED, &json!({"Message": text}))
            }
            // The status of both was never published; clients expect 429, often without a time to wait.
            Self::Crowded => {
                let text = "Itgenatr005: Thread Threshold Exceeded. At most 3 concurrent requests are allowed.";
                with_status(StatusCode::TOO_MANY_REQUESTS, &json!({"errors": [text]}))
            }
            Self::Limited(seconds) => {
                let text = "The request threshold of this database has been exceeded.";
                let mut response = with_status(StatusCode::TOO_MANY_REQUESTS, &json!({"errors": [text]}));
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                response
            }
        }
    }
}
