//! Forms that are posted without WebAssembly: the page's server function is called, and the page rendered again with
//! its answer and with what was typed.

use super::page_access;
use super::pages::{call, is_server_function, page};
use crate::router::MAX_BODY;
use crate::state::AppState;
use app::form::{ACTION_FIELD, FormSubmission};
use app::server::status;
use app::server_fn_client::RawResponse;
use app::viewer::HiddenPage;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use model::{Problem, Viewer};

/// Leptos' word that a server function leads elsewhere.
const LEADS_ELSEWHERE: &str = "serverfnredirect";

/// How many fields a form may have. Ours have far fewer; millions of empty ones would fit into a body that we take.
const MAX_FIELDS: usize = 1_000;

/// How much somebody who is not signed in may post, in bytes: it is all shown again.
const MAX_STRANGERS: usize = 64 * 1024;

pub async fn submit(state: State<AppState>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.extensions.get::<HiddenPage>().is_some() {
        return shown_again(state, parts).await;
    }
    let signed_in = parts.extensions.get::<Viewer>().is_some_and(|viewer| viewer.user.is_some());
    let Ok(body) = to_bytes(body, if signed_in { MAX_BODY } else { MAX_STRANGERS }).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(&body).into_owned().take(MAX_FIELDS + 1).collect();
    if fields.len() > MAX_FIELDS {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let action = fields.iter().position(|(name, _)| name == ACTION_FIELD).map(|at| fields.remove(at).1);
    let Some(action) = action.filter(|action| is_server_function(action, &Method::POST)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (answer, cookies) = match run(&parts, &action, body).await {
        Ok(answered) => answered,
        Err(leads_elsewhere) => return leads_elsewhere,
    };
    let refused = answer.as_ref().err().map(status);
    let mut response = if answer == Err(Problem::SignedOut) {
        page_access::to_login(&parts)
    } else if let Err(elsewhere) = page_access::look(&mut parts).await {
        // What was done may have changed who looks, or what they may see.
        elsewhere
    } else {
        parts.extensions.insert(FormSubmission { action, fields, response: answer });
        shown_again(state, parts).await
    };
    if let Some(code) = refused.filter(|_| response.status() == StatusCode::OK) {
        *response.status_mut() = code;
    }
    add_cookies(&mut response, cookies);
    response
}

/// The page that the form stands on.
async fn shown_again(state: State<AppState>, mut parts: Parts) -> Response {
    parts.method = Method::GET;
    // The page takes no notice of what else was posted.
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    page(state, Request::from_parts(parts, Body::empty())).await
}

fn add_cookies(response: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

type Answered = (RawResponse, Vec<HeaderValue>);

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
        add_cookies(&mut response, cookies);
        return Err(response);
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let unknown = || Problem::Unreachable;
    let answer = if head.status.is_success() {
        String::from_utf8(body.into()).map_err(|_| unknown())
    } else {
        Err(serde_json::from_slice(&body).unwrap_or_else(|_| unknown()))
    };
    Ok((answer, cookies))
}
