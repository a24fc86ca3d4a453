//! Forms that are posted without WebAssembly: the page's server function is called, and the page rendered again with
//! its answer and with what was typed.

use super::pages::{call, is_server_function, page};
use crate::router::BODY_MOST;
use crate::state::AppState;
use app::forms::{ACTION_FIELD, Submitted};
use app::server::status;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use model::Problem;
use serde_json::Value;

/// Leptos' word that a server function leads elsewhere.
const LEADS_ELSEWHERE: &str = "serverfnredirect";

pub async fn submit(state: State<AppState>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MOST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, Problem::TooLarge.to_string()).into_response();
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let action = fields.iter().find(|(name, _)| name == ACTION_FIELD).map(|(_, action)| action.clone());
    let Some(action) = action.filter(|action| is_server_function(action)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answered = match run(&parts, &action, body).await {
        Ok(answered) => answered,
        Err(response) => return response,
    };
    let (answer, cookies) = answered;
    if answer == Err(Problem::SignedOut) {
        return super::gate::to_login(&parts);
    }
    let code = answer.as_ref().err().map(status);
    parts.method = Method::GET;
    // The page takes no notice of what else was posted.
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let fields = fields.into_iter().filter(|(name, _)| name != ACTION_FIELD).collect();
    parts.extensions.insert(Submitted { action, fields, answer });
    let mut response = page(state, Request::from_parts(parts, Body::empty())).await;
    if let Some(code) = code.filter(|_| response.status() == StatusCode::OK) {
        *response.status_mut() = code;
    }
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

type Answered = (Result<Value, Problem>, Vec<header::HeaderValue>);

/// Calls the server function; where it leads elsewhere, the way there is the response.
async fn run(parts: &Parts, action: &str, body: Bytes) -> Result<Answered, Response> {
    let mut request = Request::from_parts(parts.clone(), Body::from(body));
    *request.uri_mut() = action.parse::<Uri>().map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
    let (head, body) = call(request).await.into_parts();
    let cookies: Vec<_> = head.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if let (Some(location), true) =
        (head.headers.get(header::LOCATION), head.headers.contains_key(LEADS_ELSEWHERE))
    {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location.clone());
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return Err(response);
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let unknown = || Problem::Unreachable;
    let answer = if head.status.is_success() {
        serde_json::from_slice(&body).map_err(|_| unknown())
    } else {
        Err(serde_json::from_slice(&body).unwrap_or_else(|_| unknown()))
    };
    Ok((answer, cookies))
}
