//! Who calls and what the document needs, found out once for each request.

use super::request_log::RequestId;
use crate::state::AppState;
use app::form::FormSubmission;
use app::server::{cookies, session_tokens, theme};
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

/// How much of what a browser calls itself is kept, in characters.
const MAX_USER_AGENT: usize = 200;

/// Attaches the request_context, the nonce and the theme to the request.
pub async fn attach(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let cookies = cookies(&parts);
    let id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    let source = Source { address: source(&state, &parts), user_agent: user_agent(&parts) };
    let sessions = session_tokens(&cookies, state.secure());
    parts.extensions.insert(RequestContext::new(state.app.clone(), sessions, source, id));
    let nonce: String = Token::random().expose().chars().take(22).collect();
    parts.extensions.insert(Nonce::from_value(nonce.clone()));
    if let Some(theme) = theme(&cookies, state.secure()) {
        parts.extensions.insert(theme);
    }
    if let Some(split) = &state.split {
        parts.extensions.insert(split.clone());
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    super::headers::with_nonce(&mut response, &nonce, state.reload_port);
    response
}

/// Gives pages and server functions what was attached. The same for both, or a server function would see less when a
/// page calls it.
pub fn provide() {
    let Some(parts) = use_context::<Parts>() else { return };
    let extensions = parts.extensions;
    hand_on::<RequestContext>(&extensions);
    hand_on::<Nonce>(&extensions);
    hand_on::<Theme>(&extensions);
    hand_on::<Viewer>(&extensions);
    hand_on::<HiddenPage>(&extensions);
    hand_on::<FormSubmission>(&extensions);
    // Whoever is signed in gets a page's WebAssembly beside the page; for others nothing stands before the first paint.
    if extensions.get::<Viewer>().is_some_and(|viewer| viewer.user.is_some()) {
        hand_on::<WasmSplitManifest>(&extensions);
    }
}

fn hand_on<T: Clone + Send + Sync + 'static>(extensions: &axum::http::Extensions) {
    if let Some(value) = extensions.get::<T>() {
        provide_context(value.clone());
    }
}

/// The address of the one who asks. What a proxy says counts only from a proxy that we trust: the last address that no
/// trusted proxy has.
pub fn source(state: &AppState, parts: &Parts) -> String {
    let peer =
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let Some(peer) = peer else { return "unknown".to_owned() };
    let trusted = |address: &IpAddr| state.trusted_proxies.iter().any(|network| network.contains(address));
    let mut address = peer;
    let said: Vec<&str> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .collect();
    for before in said.into_iter().rev() {
        if !trusted(&address) {
            break;
        }
        match forwarded(before.trim()) {
            Some(before) => address = before,
            None => break,
        }
    }
    address.to_string()
}

/// Some proxies name the port as well.
fn forwarded(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

pub fn user_agent(parts: &Parts) -> String {
    let said = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}
