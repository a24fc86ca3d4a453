//! What server functions need from the request and add to the response: the request context, cookies, redirects, statuses.

use axum::http::header::{ACCEPT, COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use domain::sessions::NewSession;
use domain::sign_in::PendingSignIn;
use domain::{RequestContext, Token};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use model::sso::SsoRefusal;
use model::{Problem, SignInId};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// `Max-Age` of a link cookie, in seconds.
const LINK_COOKIE_SECONDS: i64 = 30 * 60;

/// `Max-Age` of the theme cookie, in seconds.
const THEME_COOKIE_SECONDS: i64 = 365 * 24 * 3600;

/// The shortest SSO flow token that is accepted; the ones we issue have exactly this length.
const MIN_SSO_FLOW_TOKEN_BYTES: usize = 43;

const THEME_COOKIE: &str = "theme";

/// A link that is sent by email. When it is opened, its token moves from the address bar to a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailLink {
    Join,
    SignIn,
    ConfirmRequest,
}

impl EmailLink {
    /// Its segment of the path and the prefix of its cookie's name.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::SignIn => "sign-in",
            Self::ConfirmRequest => "confirm-request",
        }
    }
}

/// The context of the current request, which the server's `context` middleware attaches.
pub fn request_context() -> Result<RequestContext, Problem> {
    use_context::<RequestContext>().ok_or_else(|| Problem::Internal { request: String::new() })
}

/// Converts a result of `domain` to what the client gets, and sets the HTTP status. Internal errors are logged, not returned.
pub fn respond<T>(request_context: &RequestContext, result: domain::Result<T>) -> Result<T, Problem> {
    result.map_err(|error| {
        let problem = request_context.report(error);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status(&problem));
        }
        problem
    })
}

/// The HTTP status for a problem (RFC 9110, section 15.5).
pub fn status(problem: &Problem) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match problem {
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::SignedOut | Problem::InvalidApiKey => StatusCode::UNAUTHORIZED,
        Problem::InsufficientScope => StatusCode::FORBIDDEN,
        Problem::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Problem::Invalid { .. } | Problem::WrongCode => StatusCode::UNPROCESSABLE_ENTITY,
        Problem::InvalidLink => StatusCode::GONE,
        Problem::DifferentAccount | Problem::Refused { .. } => StatusCode::CONFLICT,
        Problem::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // On the server it means that the request could not be decoded.
        Problem::Unreachable => StatusCode::BAD_REQUEST,
        Problem::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Redirects to a page of this site. With WebAssembly that is a full page load, since the viewer may have changed.
pub fn redirect(path: &str) {
    let is_local = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    leptos_axum::redirect(if is_local { path } else { "/" });
}

/// Whether the request comes from page navigation or from a form that is posted without WebAssembly.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// Signs this browser in.
pub fn start_session(organization: &str, session: &NewSession) {
    set_cookie(&session_cookie(organization, session, secure()));
}

/// The `Set-Cookie` value that signs a browser in.
pub fn session_cookie(organization: &str, session: &NewSession, secure: bool) -> String {
    cookie(&session_cookie_name(organization), session.token.expose(), session.ttl.num_seconds(), secure)
}

/// Signs this browser out.
pub fn end_session(organization: &str) {
    set_cookie(&cookie(&session_cookie_name(organization), "", 0, secure()));
}

/// The session tokens in a request's cookies, by organization slug.
pub fn session_tokens(cookies: &BTreeMap<String, String>, secure: bool) -> HashMap<String, Token> {
    let prefix = host_prefixed(&session_cookie_name(""), secure);
    cookies
        .iter()
        .filter_map(|(name, value)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), Token::from_client(value.clone())))
        })
        .collect()
}

/// Sets the cookie that binds a pending sign-in to this browser, so that its code works only here.
pub fn set_pending_sign_in(organization: &str, pending: &PendingSignIn, email: &str) {
    let mut value = format!("{}.{}.", pending.id, pending.browser_token.expose());
    for byte in email.bytes() {
        // In hex, since cookie values are limited to ASCII (RFC 6265, section 4.1.1).
        let _ = write!(value, "{byte:02x}");
    }
    let max_age = model::sign_in::SIGN_IN_TTL.num_seconds();
    set_cookie(&cookie(&sign_in_cookie_name(organization), &value, max_age, secure()));
}

/// The pending sign-in of this browser, and the address it was requested for.
pub fn pending_sign_in(organization: &str) -> Option<(PendingSignIn, String)> {
    let value = request_cookie(&sign_in_cookie_name(organization))?;
    let mut parts = value.splitn(3, '.');
    let id: SignInId = parts.next()?.parse().ok()?;
    let browser_token = Token::from_client(parts.next()?);
    let hex = parts.next()?;
    let bytes: Option<Vec<u8>> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    Some((PendingSignIn { id, browser_token }, String::from_utf8(bytes?).ok()?))
}

/// The token that binds an SSO login flow to this browser.
pub fn sso_flow_token(organization: &str) -> Option<Token> {
    sso_flow_token_in(&cookies(&use_context::<Parts>()?), organization, secure())
}

/// Like [`sso_flow_token`], from the given cookies.
pub fn sso_flow_token_in(
    cookies: &BTreeMap<String, String>,
    organization: &str,
    secure: bool,
) -> Option<Token> {
    let value = cookies.get(&host_prefixed(&sso_flow_cookie_name(organization), secure))?;
    Some(Token::from_client(value.as_str())).filter(|_| value.len() >= MIN_SSO_FLOW_TOKEN_BYTES)
}

/// The `Set-Cookie` value with an SSO flow token. It outlives the login flow, so that a page that reports its failure can be
/// reloaded.
pub fn sso_flow_cookie(organization: &str, token: &Token, secure: bool) -> String {
    let max_age = 2 * model::sso::LOGIN_FLOW_TTL.num_seconds();
    cookie(&sso_flow_cookie_name(organization), token.expose(), max_age, secure)
}

/// The token of the invitation link that was opened in this browser, from the given cookies.
pub fn join_token_in(cookies: &BTreeMap<String, String>, organization: &str, secure: bool) -> Option<Token> {
    cookies
        .get(&host_prefixed(&link_cookie_name(EmailLink::Join, organization), secure))
        .map(Token::from_client)
}

/// The HTTP status of the page that says why an SSO sign-in failed.
pub fn sso_refusal_status(refusal: &SsoRefusal) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match refusal {
        SsoRefusal::FlowExpired => StatusCode::GONE,
        SsoRefusal::ProviderUnreachable | SsoRefusal::Misconfigured => StatusCode::BAD_GATEWAY,
        SsoRefusal::InvitationMismatch { .. } => StatusCode::CONFLICT,
        _ => StatusCode::FORBIDDEN,
    }
}

/// Sets the theme of this browser; `None` clears it, so that pages follow the system setting.
pub fn set_theme(theme: Option<crate::theme::Theme>) {
    let (code, max_age) = theme.map_or(("", 0), |theme| (theme.code(), THEME_COOKIE_SECONDS));
    set_cookie(&cookie(THEME_COOKIE, code, max_age, secure()));
}

/// The theme that was picked in this browser.
pub fn theme(cookies: &BTreeMap<String, String>, secure: bool) -> Option<crate::theme::Theme> {
    cookies.get(&host_prefixed(THEME_COOKIE, secure)).and_then(|code| crate::theme::Theme::from_code(code))
}

/// The token of the email link that was opened in this browser.
pub fn link_token(link: EmailLink, organization: &str) -> Option<Token> {
    request_cookie(&link_cookie_name(link, organization)).map(Token::from_client)
}

/// The `Set-Cookie` value that stores the token of an opened link.
pub fn link_cookie(link: EmailLink, organization: &str, token: &str, secure: bool) -> String {
    cookie(&link_cookie_name(link, organization), token, LINK_COOKIE_SECONDS, secure)
}

/// The cookies of a request.
pub fn cookies(parts: &Parts) -> BTreeMap<String, String> {
    parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn request_cookie(name: &str) -> Option<String> {
    cookies(&use_context::<Parts>()?).remove(&host_prefixed(name, secure()))
}

fn session_cookie_name(organization: &str) -> String {
    format!("session-{organization}")
}

fn sign_in_cookie_name(organization: &str) -> String {
    format!("code-{organization}")
}

fn sso_flow_cookie_name(organization: &str) -> String {
    format!("sso-flow-{organization}")
}

fn link_cookie_name(link: EmailLink, organization: &str) -> String {
    format!("{}-{organization}", link.slug())
}

/// On HTTPS, the `__Host-` prefix prevents sibling subdomains from setting this cookie (RFC 6265bis, section 4.1.3.2).
fn host_prefixed(name: &str, secure: bool) -> String {
    format!("{}{name}", if secure { "__Host-" } else { "" })
}

/// Server functions are outside the organization's paths, so every cookie has the path `/` and the slug in its name.
fn cookie(name: &str, value: &str, max_age: i64, secure: bool) -> String {
    let name = host_prefixed(name, secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
}

fn secure() -> bool {
    use_context::<RequestContext>()
        .is_some_and(|request_context| request_context.app.base_url.starts_with("https:"))
}

fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(SET_COOKIE, value);
    }
}
