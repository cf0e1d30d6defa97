//! Addigy's answers: JSON bodies, and the documented error shape.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

/// JSON with a status.
pub fn body(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string(), None),
    }
}

/// 200.
pub fn ok(value: &impl Serialize) -> Response {
    body(StatusCode::OK, value)
}

/// `{"code", "message", "error_chain"}`; the cause nests the same shape.
pub fn failure(status: StatusCode, message: &str, cause: Option<(u32, &str)>) -> Response {
    let chain =
        cause.map_or(Value::Null, |(code, message)| json!({"code": code, "message": message, "error_chain": null}));
    let text = json!({"code": status.as_u16(), "message": message, "error_chain": chain}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
