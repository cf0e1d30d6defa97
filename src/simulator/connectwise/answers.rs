//! Answers and refusals as the vendor words them.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An answer with a body.
pub fn ok(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert("api-current-version", HeaderValue::from_static("2025.8"));
    response
}

/// An answer without a body.
pub fn empty() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(Box<Reason>);

#[derive(Clone, Debug, PartialEq)]
struct Reason {
    status: u16,
    code: &'static str,
    message: String,
    errors: Vec<Value>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Reason { status, code, message: message.into(), errors: Vec::new() }))
    }

    /// Wrong keys.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "The company, public key or private key is not valid.")
    }

    /// No client id. Sources do not agree on the status; one of them saw 403.
    pub fn no_client_id() -> Self {
        Self::new(
            403,
            "Forbidden",
            "Cannot route. The clientId header is missing or not valid; register one at developer.connectwise.com.",
        )
    }

    /// The role lacks a right.
    pub fn lacks(right: &str) -> Self {
        Self::new(403, "Security", format!("Your security role does not allow this: {right}."))
    }

    /// No such row or address.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "NotFound", format!("{what} not found"))
    }

    /// Not with this method.
    pub fn method() -> Self {
        Self::new(405, "MethodNotAllowed", "The requested resource does not support this http method.")
    }

    /// A filter, order or list of members that cannot be carried out.
    pub fn condition(message: impl Into<String>) -> Self {
        Self::new(400, "ApiFindCondition", message)
    }

    /// A body that cannot be taken as a whole.
    pub fn body(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidObject", message)
    }

    /// A body with one thing wrong.
    pub fn invalid(resource: &str, code: &'static str, field: &str, message: impl Into<String>) -> Self {
        let mut refusal = Self::new(400, "InvalidObject", format!("{resource} object is invalid"));
        refusal.and(resource, code, field, message);
        refusal
    }

    /// One thing more.
    pub fn and(&mut self, resource: &str, code: &'static str, field: &str, message: impl Into<String>) {
        let message: String = message.into();
        self.0.errors.push(json!({"code": code, "message": message, "resource": resource, "field": field}));
    }

    /// Over the limit. The vendor publishes no wording.
    pub fn limited() -> Self {
        Self::new(429, "TooManyRequests", "Too many requests, try again later.")
    }

    /// A failure on the vendor's side.
    pub fn failed(status: u16) -> Self {
        Self::new(status, "ConnectWiseApi", "The request failed: connection timeout.")
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Its body.
    pub fn value(&self) -> Value {
        let errors = if self.0.errors.is_empty() { Value::Null } else { Value::from(self.0.errors.clone()) };
        json!({"code": self.0.code, "message": self.0.message, "errors": errors})
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        ok(status, &self.value())
    }
}
