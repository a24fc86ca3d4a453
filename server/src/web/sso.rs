//! Single sign-on over HTTP: the way to a provider, the way back, and its word that somebody has signed out. It
//! translates, and decides nothing.

use crate::state::AppState;
use app::paths;
use app::server::{cookies, join_token_in, session_cookie, sso_flow_cookie, sso_flow_token_in};
use app::viewer::HiddenPage;
use axum::body::to_bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::sso::{self, Finished, ProviderSays};
use domain::{Error, RequestContext};
use model::{ConnectionId, Problem};

/// The longest form that is read, in bytes.
const MAX_FORM: usize = 64 * 1024;

/// Sends a browser to a provider. It is a form of ours that asks for it: the layer around refuses those of others, so
/// nobody's page begins a sign-in in somebody else's browser.
pub async fn start(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (None, Some(request_context)) =
        (parts.extensions.get::<HiddenPage>(), parts.extensions.get::<RequestContext>())
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = to_bytes(body, MAX_FORM).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let field = |wanted| field(&body, wanted);
    let Ok(connection) = field("connection").parse::<ConnectionId>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (cookies, secure) = (cookies(&parts), state.is_https());
    let invitation = join_token_in(&cookies, &slug, secure).filter(|_| field("join") == "true");
    let browser = sso_flow_token_in(&cookies, &slug, secure);
    let begun = async {
        let context = request_context.organization(&slug).await?;
        sso::begin(&context, connection, &field("next"), invitation.as_ref(), browser).await
    };
    match begun.await {
        Ok(begun) => {
            let url = begun.url.unwrap_or_else(|| paths::sso_refused(&slug));
            see_other(&url, Some(&sso_flow_cookie(&slug, &begun.browser, secure)))
        }
        Err(error) => refused(request_context, error),
    }
}

/// Where a provider sends a browser back to. What was brought is used up, and leaves the address bar at once.
pub async fn callback(
    State(state): State<AppState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let (None, Some(request_context)) =
        (parts.extensions.get::<HiddenPage>(), parts.extensions.get::<RequestContext>())
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let query = query.unwrap_or_default();
    let given = |wanted| Some(field(query.as_bytes(), wanted)).filter(|value| !value.is_empty());
    let says = ProviderSays {
        state: given("state").unwrap_or_default(),
        code: given("code"),
        error: given("error"),
        issuer: given("iss"),
    };
    let browser = sso_flow_token_in(&cookies(&parts), &slug, state.is_https());
    let finished =
        async { sso::finish(&request_context.organization(&slug).await?, browser.as_ref(), says).await }
            .await;
    match finished {
        Ok(Finished::SignedIn { session, next }) => {
            let cookie = session_cookie(&slug, &session, state.is_https());
            see_other(&paths::after_sign_in(&slug, &next), Some(&cookie))
        }
        Ok(Finished::Refused) => see_other(&paths::sso_refused(&slug), None),
        Err(error) => refused(request_context, error),
    }
}

/// A provider's word that somebody has signed out there (`OpenID Connect Back-Channel Logout` 1.0, section 2.5). It
/// comes from a server, which has no cookies of ours and needs none: the token is signed.
pub async fn logout(Path(slug): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(request_context) = parts.extensions.get::<RequestContext>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(body) = to_bytes(body, MAX_FORM).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let token = field(&body, "logout_token");
    let ended = async { sso::back_channel(&request_context.organization(&slug).await?, &token).await }.await;
    let mut response = match ended.map_err(|error| request_context.report(error)) {
        Ok(_) => StatusCode::OK.into_response(),
        Err(Problem::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(Problem::Internal { .. }) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(_) => {
            let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (StatusCode::BAD_REQUEST, kind, r#"{"error":"invalid_request"}"#).into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The first field of this name; empty, when there is none.
fn field(form: &[u8], wanted: &str) -> String {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn refused(request_context: &RequestContext, error: Error) -> Response {
    app::server::status(&request_context.report(error)).into_response()
}

fn see_other(location: &str, cookie: Option<&str>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    match HeaderValue::from_str(location) {
        Ok(location) => drop(headers.insert(LOCATION, location)),
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    }
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.append(SET_COOKIE, cookie);
    }
    response
}
