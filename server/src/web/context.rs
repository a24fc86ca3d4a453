//! The request context: cookies, client IP, user agent, CSP nonce and theme, determined once per request.

use super::request_log::RequestId;
use crate::state::AppState;
use app::runtime::cookies::Cookies;
use app::runtime::form::FormSubmission;
use app::theme::Theme;
use app::viewer::HiddenPage;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use domain::{RequestContext, Source, Token};
use leptos::WasmSplitManifest;
use leptos::nonce::Nonce;
use leptos::prelude::{provide_context, use_context};
use model::Viewer;
use std::net::{IpAddr, SocketAddr};

/// How much of the User-Agent header is stored, in characters.
const MAX_USER_AGENT: usize = 200;

/// The length of the CSP nonce: 22 base64url characters are 132 bits.
const NONCE_LENGTH: usize = 22;

/// Attaches the request context, the nonce and the theme to the request.
pub async fn attach_request_context(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let cookies = Cookies::new(&parts.headers, state.is_https());
    let id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let source = Source { address: client_ip(&state, &parts), user_agent: user_agent(&parts) };
    parts.extensions.insert(RequestContext::new(state.app.clone(), cookies.session_tokens(), source, id));
    let nonce: String = Token::random().expose().chars().take(NONCE_LENGTH).collect();
    parts.extensions.insert(Nonce::from_value(nonce.clone()));
    if let Some(theme) = cookies.theme() {
        parts.extensions.insert(theme);
    }
    parts.extensions.insert(cookies);
    if let Some(wasm_split) = &state.wasm_split {
        parts.extensions.insert(wasm_split.clone());
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    super::headers::add_content_security_policy(&mut response, &nonce, state.reload_port);
    response
}

/// Provides the request's extensions as Leptos contexts. Pages and server functions both use this, because a server
/// function must see the same contexts when a page calls it while rendering.
pub fn provide() {
    let Some(parts) = use_context::<Parts>() else { return };
    let extensions = parts.extensions;
    provide_extension::<RequestContext>(&extensions);
    provide_extension::<Cookies>(&extensions);
    provide_extension::<Nonce>(&extensions);
    provide_extension::<Theme>(&extensions);
    provide_extension::<Viewer>(&extensions);
    provide_extension::<HiddenPage>(&extensions);
    provide_extension::<FormSubmission>(&extensions);
    // Signed-in users preload the WebAssembly chunk of their page. On public pages it would delay the first paint.
    if extensions.get::<Viewer>().is_some_and(|viewer| viewer.user.is_some()) {
        provide_extension::<WasmSplitManifest>(&extensions);
    }
}

fn provide_extension<T: Clone + Send + Sync + 'static>(extensions: &axum::http::Extensions) {
    if let Some(value) = extensions.get::<T>() {
        provide_context(value.clone());
    }
}

/// The IP address of the client: the peer, or, when the peer is a trusted proxy, the last address in `X-Forwarded-For` that
/// is not a trusted proxy. Addresses further left can be forged.
pub fn client_ip(state: &AppState, parts: &Parts) -> String {
    let peer =
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let Some(peer) = peer else { return "unknown".to_owned() };
    let is_trusted = |address: &IpAddr| state.trusted_proxies.iter().any(|network| network.contains(address));
    let mut address = peer;
    let forwarded_for: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .collect();
    for hop in forwarded_for.into_iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        match parse_hop(hop.trim()) {
            Some(previous) => address = previous,
            None => break,
        }
    }
    address.to_string()
}

/// An address in `X-Forwarded-For`; some proxies append the port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

pub fn user_agent(parts: &Parts) -> String {
    let header = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}
