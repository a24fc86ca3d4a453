//! What server functions need of their request: who calls, cookies, and where to go on. The server's half alone.

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

/// How long an opened link stays in the browser, in seconds.
const LINK_SECONDS: i64 = 30 * 60;

/// Shorter values are not tokens of ours, which have 43 characters.
const MIN_SSO_FLOW_TOKEN_BYTES: usize = 43;

/// The cookie that keeps which colours a browser shows.
const THEME: &str = "theme";

/// The links that arrive by mail. Their tokens leave the address bar at once, for a cookie of the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Join,
    SignIn,
    ConfirmRequest,
}

impl Link {
    /// The word in its path and in its cookie.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::SignIn => "sign-in",
            Self::ConfirmRequest => "confirm-request",
        }
    }
}

/// Who calls.
pub fn request_context() -> Result<RequestContext, Problem> {
    use_context::<RequestContext>().ok_or_else(|| Problem::Internal { request: String::new() })
}

/// A rule's answer as the other side gets it, with its HTTP status. What is ours alone goes to the log.
pub fn answer<T>(request_context: &RequestContext, result: domain::Result<T>) -> Result<T, Problem> {
    result.map_err(|error| {
        let problem = request_context.report(error);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status(&problem));
        }
        problem
    })
}

/// The HTTP status that goes with a problem (RFC 9110, section 15.5).
pub fn status(problem: &Problem) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match problem {
        Problem::NotFound => StatusCode::NOT_FOUND,
        Problem::SignedOut | Problem::KeyRefused => StatusCode::UNAUTHORIZED,
        Problem::OutOfScope => StatusCode::FORBIDDEN,
        Problem::ChangedMeanwhile => StatusCode::PRECONDITION_FAILED,
        Problem::Invalid { .. } | Problem::WrongCode => StatusCode::UNPROCESSABLE_ENTITY,
        Problem::LinkUnusable => StatusCode::GONE,
        Problem::OtherAccountOpen | Problem::Refused { .. } => StatusCode::CONFLICT,
        Problem::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        // Seen from here, it is the browser that did not speak in words that we know.
        Problem::Unreachable => StatusCode::BAD_REQUEST,
        Problem::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Goes on to a page of ours. With WebAssembly the whole page is loaded anew, since another may look at it now.
pub fn go(path: &str) {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    leptos_axum::redirect(if ours { path } else { "/" });
}

/// Whether a request is for a page, or a form's that is posted without WebAssembly.
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// Signs this browser in.
pub fn start_session(organization: &str, session: &NewSession) {
    set(&session_cookie(organization, session, secure()));
}

/// The cookie that does it.
pub fn session_cookie(organization: &str, session: &NewSession, secure: bool) -> String {
    cookie(&session_name(organization), session.token.expose(), session.ttl.num_seconds(), secure)
}

/// Signs this browser out.
pub fn end_session(organization: &str) {
    set(&cookie(&session_name(organization), "", 0, secure()));
}

/// The sessions in a request's cookies, by organization.
pub fn sessions(cookies: &BTreeMap<String, String>, secure: bool) -> HashMap<String, Token> {
    let prefix = bound(&session_name(""), secure);
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
        // A cookie takes no letter beyond ASCII (RFC 6265, section 4.1.1).
        let _ = write!(value, "{byte:02x}");
    }
    let ttl = model::sign_in::SIGN_IN_TTL.num_seconds();
    set(&cookie(&code_name(organization), &value, ttl, secure()));
}

/// The pending sign-in of this browser, and the address it was requested for.
pub fn pending_sign_in(organization: &str) -> Option<(PendingSignIn, String)> {
    let value = request_cookie(&code_name(organization))?;
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

/// The same, from a request's cookies.
pub fn sso_flow_token_in(
    cookies: &BTreeMap<String, String>,
    organization: &str,
    secure: bool,
) -> Option<Token> {
    let value = cookies.get(&bound(&sso_flow_cookie_name(organization), secure))?;
    Some(Token::from_client(value.as_str())).filter(|_| value.len() >= MIN_SSO_FLOW_TOKEN_BYTES)
}

/// The cookie for it. It outlives the flow, so that the error page of an expired flow can be shown.
pub fn sso_flow_cookie(organization: &str, browser_token: &Token, secure: bool) -> String {
    let ttl = 2 * model::sso::LOGIN_FLOW_TTL.num_seconds();
    cookie(&sso_flow_cookie_name(organization), browser_token.expose(), ttl, secure)
}

/// The token of the invitation link that was opened in the browser of these cookies.
pub fn join_token_in(cookies: &BTreeMap<String, String>, organization: &str, secure: bool) -> Option<Token> {
    cookies.get(&bound(&link_name(Link::Join, organization), secure)).map(Token::from_client)
}

/// The HTTP status of the error page of a refused SSO sign-in.
pub fn sso_refusal_status(refusal: &SsoRefusal) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match refusal {
        SsoRefusal::FlowExpired => StatusCode::GONE,
        SsoRefusal::ProviderUnreachable | SsoRefusal::Misconfigured => StatusCode::BAD_GATEWAY,
        SsoRefusal::InvitationMismatch { .. } => StatusCode::CONFLICT,
        _ => StatusCode::FORBIDDEN,
    }
}

/// Keeps in this browser which colours it shows; nothing: as the system has it.
pub fn keep_theme(theme: Option<crate::theme::Theme>) {
    let (code, lasts) = theme.map_or(("", 0), |theme| (theme.code(), 365 * 24 * 3600));
    set(&cookie(THEME, code, lasts, secure()));
}

/// The colours that this browser shows, where somebody chose.
pub fn theme(cookies: &BTreeMap<String, String>, secure: bool) -> Option<crate::theme::Theme> {
    cookies.get(&bound(THEME, secure)).and_then(|code| crate::theme::Theme::read(code))
}

/// The token of the link that was opened in this browser.
pub fn link_token(link: Link, organization: &str) -> Option<Token> {
    request_cookie(&link_name(link, organization)).map(Token::from_client)
}

/// The cookie that keeps an opened link's token.
pub fn link_cookie(link: Link, organization: &str, token: &str, secure: bool) -> String {
    cookie(&link_name(link, organization), token, LINK_SECONDS, secure)
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
    cookies(&use_context::<Parts>()?).remove(&bound(name, secure()))
}

fn session_name(organization: &str) -> String {
    format!("session-{organization}")
}

fn code_name(organization: &str) -> String {
    format!("code-{organization}")
}

fn sso_flow_cookie_name(organization: &str) -> String {
    format!("sso-flow-{organization}")
}

fn link_name(link: Link, organization: &str) -> String {
    format!("{}-{organization}", link.word())
}

/// On https the browser itself keeps the name from being set by a neighbour (RFC 6265bis, section 4.1.3.2).
fn bound(name: &str, secure: bool) -> String {
    format!("{}{name}", if secure { "__Host-" } else { "" })
}

/// Server functions stand outside the organization's paths, so every cookie goes to all of them; its name tells whose it is.
fn cookie(name: &str, value: &str, seconds: i64, secure: bool) -> String {
    let name = bound(name, secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

fn secure() -> bool {
    use_context::<RequestContext>()
        .is_some_and(|request_context| request_context.app.base_url.starts_with("https:"))
}

fn set(cookie: &str) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(SET_COOKIE, value);
    }
}
