//! IT Glue's answers: JSON:API documents and the error shapes that were seen live.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

/// The JSON:API media type.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// A document with a status.
pub fn document(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            response
        }
        Err(error) => Refusal::new(500, "Internal Server Error", error.to_string()).into_response(),
    }
}

/// One error of an answer. `status` is a number, as the real service writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(Box<Reason>);

#[derive(Clone, Debug, PartialEq)]
struct Reason {
    status: u16,
    title: &'static str,
    detail: Value,
    pointer: Option<String>,
}

impl Refusal {
    /// An error.
    pub fn new(status: u16, title: &'static str, detail: impl Into<Value>) -> Self {
        Self(Box::new(Reason { status, title, detail: detail.into(), pointer: None }))
    }

    /// An error of one attribute.
    pub fn of_attribute(name: &str, detail: impl Into<Value>) -> Self {
        let mut refusal = Self::new(422, "Unprocessable Entity", detail);
        refusal.0.pointer = Some(format!("/data/attributes/{}", name.replace('_', "-")));
        refusal
    }

    /// No such row.
    pub fn not_found() -> Self {
        Self::new(404, "Not Found", "Record not found")
    }

    /// A body or parameter that cannot be read.
    pub fn bad_request(detail: impl Into<Value>) -> Self {
        Self::new(400, "Bad Request", detail)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let reason = *self.0;
        let mut error = json!({"status": reason.status, "title": reason.title, "detail": reason.detail});
        if let Some(pointer) = reason.pointer {
            error["source"] = json!({"pointer": pointer});
        }
        let status = StatusCode::from_u16(reason.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = json!({"errors": [error]}).to_string();
        (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
    }
}

/// Unknown routes get a page, not a document.
pub fn page(status: StatusCode) -> Response {
    let text =
        format!("<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}
