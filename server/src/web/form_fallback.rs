//! The form fallback: forms that are posted without WebAssembly. A form posts to the URL of its page; the server function it
//! names is called, and the page is rendered again with the result and with the posted values.

use super::pages::{call_server_function, is_server_function, render};
use super::{MAX_BODY_BYTES, page_access};
use crate::state::AppState;
use app::runtime::form::{ACTION_FIELD, FormSubmission};
use app::runtime::server::status;
use app::runtime::server_fn_client::RawResponse;
use app::viewer::HiddenPage;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::RequestContext;
use model::{Problem, Viewer};

/// The header by which `leptos_axum::redirect` marks a redirect of a server function.
const REDIRECT_HEADER: &str = "serverfnredirect";

/// The limit for the number of fields. Our forms have far fewer, but a body within the limit could hold millions of empty
/// ones.
const MAX_FIELDS: usize = 1_000;

/// The limit for the body when the user is not signed in, in bytes, because everything posted is rendered again.
const MAX_ANONYMOUS_BODY: usize = 64 * 1024;

/// Handles a form that was posted to its page.
pub async fn submit(state: State<AppState>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.extensions.get::<HiddenPage>().is_some() {
        return rerender_page(state, parts).await;
    }
    let is_signed_in = parts.extensions.get::<Viewer>().is_some_and(|viewer| viewer.user.is_some());
    let max_bytes = if is_signed_in { MAX_BODY_BYTES } else { MAX_ANONYMOUS_BODY };
    let Ok(body) = to_bytes(body, max_bytes).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(&body).into_owned().take(MAX_FIELDS + 1).collect();
    if fields.len() > MAX_FIELDS {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let action = fields.iter().position(|(name, _)| name == ACTION_FIELD).map(|index| fields.remove(index).1);
    let Some(action) = action.filter(|action| is_server_function(action, &Method::POST)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (answer, cookies) = match invoke(&parts, &action, body).await {
        Ok(result) => result,
        Err(redirect) => return redirect,
    };
    let error_status = answer.as_ref().err().map(status);
    let mut response = if answer == Err(Problem::SignedOut) {
        page_access::redirect_to_login(&parts)
    } else if let Err(denied) = page_access::authorize(&mut parts).await {
        // The function may have changed who is signed in, or what they may see.
        denied
    } else {
        parts.extensions.insert(FormSubmission { action, fields, response: answer });
        rerender_page(state, parts).await
    };
    if let Some(status) = error_status.filter(|_| response.status() == StatusCode::OK) {
        *response.status_mut() = status;
    }
    add_cookies(&mut response, cookies);
    response
}

/// Renders the form's page in response to the POST.
async fn rerender_page(state: State<AppState>, mut parts: Parts) -> Response {
    parts.method = Method::GET;
    // The posted body has been read; the page gets an empty one.
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    render(state, Request::from_parts(parts, Body::empty())).await
}

fn add_cookies(response: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Calls the server function, and returns its result and the cookies that it set. If it redirects, returns the redirect as
/// the error.
async fn invoke(
    parts: &Parts,
    action: &str,
    body: Bytes,
) -> Result<(RawResponse, Vec<HeaderValue>), Response> {
    let mut request = Request::from_parts(parts.clone(), Body::from(body));
    if let Some(context) = parts.extensions.get::<RequestContext>() {
        request.extensions_mut().insert(context.without_preloaded());
    }
    *request.uri_mut() = action.parse::<Uri>().map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
    let (head, body) = call_server_function(request).await.into_parts();
    let cookies: Vec<_> = head.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if let (Some(location), true) =
        (head.headers.get(header::LOCATION), head.headers.contains_key(REDIRECT_HEADER))
    {
        let mut redirect = StatusCode::SEE_OTHER.into_response();
        redirect.headers_mut().insert(header::LOCATION, location.clone());
        add_cookies(&mut redirect, cookies);
        return Err(redirect);
    }
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = if head.status.is_success() {
        String::from_utf8(body.into()).map_err(|_| Problem::Unreachable)
    } else {
        Err(serde_json::from_slice(&body).unwrap_or(Problem::Unreachable))
    };
    Ok((answer, cookies))
}
