//! The HTTP endpoints of single sign-on: start, callback and back-channel logout. They translate between HTTP and
//! [`domain::sso`]; all decisions are made there.

use super::redirect::see_other;
use app::paths;
use app::runtime::cookies::{Cookies, EmailLink};
use app::viewer::HiddenPage;
use axum::Extension;
use axum::body::to_bytes;
use axum::extract::{Path, RawQuery, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::sso::{self, CallbackOutcome, CallbackParams};
use domain::{Error, RequestContext};
use model::{ConnectionId, Problem};

const MAX_FORM_BYTES: usize = 64 * 1024;

/// Starts a login flow and redirects the browser to the provider. Only our own pages can post here: middleware rejects
/// cross-site requests, so no other site can start a sign-in in a visitor's browser (login CSRF).
pub async fn start(
    Path(slug): Path<String>,
    Extension(request_context): Extension<RequestContext>,
    Extension(cookies): Extension<Cookies>,
    hidden: Option<Extension<HiddenPage>>,
    request: Request,
) -> Response {
    if hidden.is_some() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(body) = to_bytes(request.into_body(), MAX_FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let field = |name| form_field(&body, name);
    let Ok(connection) = field("connection").parse::<ConnectionId>() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let invitation = cookies.link_token(EmailLink::Join, &slug).filter(|_| field("join") == "true");
    let browser_token = cookies.sso_flow_token(&slug);
    let redirect = async {
        let context = request_context.organization(&slug).await?;
        sso::start(&context, connection, &field("next"), invitation.as_ref(), browser_token).await
    };
    match redirect.await {
        Ok(redirect) => {
            let url = redirect.url.unwrap_or_else(|| paths::sso_refused(&slug));
            see_other(&url, Some(&cookies.store_sso_flow(&slug, &redirect.browser_token)))
        }
        Err(error) => error_response(&request_context, error),
    }
}

/// The redirect URI. Always answers with another redirect, so that the authorization code leaves the address bar.
pub async fn callback(
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Extension(request_context): Extension<RequestContext>,
    Extension(cookies): Extension<Cookies>,
    hidden: Option<Extension<HiddenPage>>,
) -> Response {
    if hidden.is_some() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = query.unwrap_or_default();
    let param = |name| Some(form_field(query.as_bytes(), name)).filter(|value| !value.is_empty());
    let params = CallbackParams {
        state: param("state").unwrap_or_default(),
        code: param("code"),
        error: param("error"),
        issuer: param("iss"),
    };
    let browser_token = cookies.sso_flow_token(&slug);
    let outcome = async {
        let context = request_context.organization(&slug).await?;
        sso::handle_callback(&context, browser_token.as_ref(), params).await
    };
    match outcome.await {
        Ok(CallbackOutcome::SignedIn { session, next }) => {
            let cookie = cookies.start_session(&slug, &session);
            see_other(&paths::after_sign_in(&slug, &next), Some(&cookie))
        }
        Ok(CallbackOutcome::Refused) => see_other(&paths::sso_refused(&slug), None),
        Err(error) => error_response(&request_context, error),
    }
}

/// Back-channel logout (OpenID Connect Back-Channel Logout 1.0, section 2.5). The provider's server calls it without any
/// cookies; the signed logout token authenticates the request.
pub async fn logout(
    Path(slug): Path<String>,
    Extension(request_context): Extension<RequestContext>,
    request: Request,
) -> Response {
    let Ok(body) = to_bytes(request.into_body(), MAX_FORM_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let token = form_field(&body, "logout_token");
    let ended =
        async { sso::back_channel_logout(&request_context.organization(&slug).await?, &token).await }.await;
    let mut response = match ended.map_err(|error| request_context.report(error)) {
        Ok(_) => StatusCode::OK.into_response(),
        Err(Problem::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(Problem::Internal { .. }) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(_) => {
            let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (StatusCode::BAD_REQUEST, content_type, r#"{"error":"invalid_request"}"#).into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The first field with this name in a URL-encoded form, or an empty string.
fn form_field(form: &[u8], name: &str) -> String {
    let mut fields = form_urlencoded::parse(form);
    fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn error_response(request_context: &RequestContext, error: Error) -> Response {
    app::runtime::server::status(&request_context.report(error)).into_response()
}
