//! One's own account: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use crate::theme::Theme;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::account::Sessions;
use model::{Problem, SessionId};

/// Changes the name of whoever asks.
#[server(prefix = "/api", endpoint = "account/rename")]
pub async fn rename(org: String, #[server(default)] name: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let renamed = async { domain::account::rename(&request_context.member(&org).await?, &name).await }.await;
    server::answer(&request_context, renamed)
}

/// The browsers in which whoever asks is signed in.
#[server(prefix = "/api", endpoint = "account/sessions", input = Json)]
pub async fn list_sessions(org: String) -> Result<Sessions, Problem> {
    let request_context = server::request_context()?;
    let sessions = async { domain::account::sessions(&request_context.member(&org).await?).await }.await;
    server::answer(&request_context, sessions)
}

/// Signs one browser out.
#[server(prefix = "/api", endpoint = "account/end_session")]
pub async fn end_session(org: String, session: SessionId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let ended =
        async { domain::account::end_session(&request_context.member(&org).await?, session).await }.await;
    server::answer(&request_context, ended)
}

/// Signs every browser out, this one too.
#[server(prefix = "/api", endpoint = "account/sign_out_everywhere")]
pub async fn sign_out_everywhere(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let ended =
        async { domain::account::sign_out_everywhere(&request_context.member(&org).await?).await }.await;
    server::answer(&request_context, ended)?;
    server::end_session(&org);
    server::go(&crate::paths::login(&org));
    Ok(())
}

/// Keeps in this browser which colours it shows, and shows them.
#[server(prefix = "/api", endpoint = "account/theme")]
pub async fn choose_theme(org: String, theme: Option<Theme>) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let signed_in = async { request_context.member(&org).await.map(|_| ()) }.await;
    server::answer(&request_context, signed_in)?;
    server::keep_theme(theme);
    server::go(&crate::paths::account(&org));
    Ok(())
}
