//! Server functions of the account page.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use crate::theme::Theme;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::account::Sessions;
use model::{Problem, SessionId};

/// Changes the caller's own name.
#[server(prefix = "/api", endpoint = "account/rename")]
pub async fn rename(org: String, #[server(default)] name: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result = async { domain::account::rename(&request_context.member(&org).await?, &name).await }.await;
    server::respond(&request_context, result)
}

/// Lists the caller's own sessions.
#[server(prefix = "/api", endpoint = "account/sessions", input = Json)]
pub async fn list_sessions(org: String) -> Result<Sessions, Problem> {
    let request_context = server::request_context()?;
    let sessions = async { domain::account::sessions(&request_context.member(&org).await?).await }.await;
    server::respond(&request_context, sessions)
}

/// Ends one of the caller's sessions.
#[server(prefix = "/api", endpoint = "account/end_session")]
pub async fn end_session(org: String, session: SessionId) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result =
        async { domain::account::end_session(&request_context.member(&org).await?, session).await }.await;
    server::respond(&request_context, result)
}

/// Ends all of the caller's sessions, including the current one.
#[server(prefix = "/api", endpoint = "account/sign_out_everywhere")]
pub async fn sign_out_everywhere(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result =
        async { domain::account::sign_out_everywhere(&request_context.member(&org).await?).await }.await;
    server::respond(&request_context, result)?;
    server::end_session(&org);
    server::redirect(&crate::paths::login(&org));
    Ok(())
}

/// Sets the theme of this browser, and reloads the page with it.
#[server(prefix = "/api", endpoint = "account/theme")]
pub async fn set_theme(org: String, theme: Option<Theme>) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let result = async { request_context.member(&org).await.map(|_| ()) }.await;
    server::respond(&request_context, result)?;
    server::set_theme(theme);
    server::redirect(&crate::paths::account(&org));
    Ok(())
}
