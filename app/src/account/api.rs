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
    let caller = server::caller()?;
    let renamed = async { domain::account::rename(&caller.member(&org).await?, &name).await }.await;
    server::answer(&caller, renamed)
}

/// The browsers in which whoever asks is signed in.
#[server(prefix = "/api", endpoint = "account/sessions", input = Json)]
pub async fn list_sessions(org: String) -> Result<Sessions, Problem> {
    let caller = server::caller()?;
    let sessions = async { domain::account::sessions(&caller.member(&org).await?).await }.await;
    server::answer(&caller, sessions)
}

/// Signs one browser out.
#[server(prefix = "/api", endpoint = "account/end_session")]
pub async fn end_session(org: String, session: SessionId) -> Result<(), Problem> {
    let caller = server::caller()?;
    let ended = async { domain::account::end_session(&caller.member(&org).await?, session).await }.await;
    server::answer(&caller, ended)
}

/// Signs every browser out, this one too.
#[server(prefix = "/api", endpoint = "account/sign_out_everywhere")]
pub async fn sign_out_everywhere(org: String) -> Result<(), Problem> {
    let caller = server::caller()?;
    let ended = async { domain::account::sign_out_everywhere(&caller.member(&org).await?).await }.await;
    server::answer(&caller, ended)?;
    server::end_session(&org);
    server::go(&crate::paths::login(&org));
    Ok(())
}

/// Keeps in this browser which colours it shows, and shows them.
#[server(prefix = "/api", endpoint = "account/theme")]
pub async fn choose_theme(org: String, theme: Option<Theme>) -> Result<(), Problem> {
    let caller = server::caller()?;
    let signed_in = async { caller.member(&org).await.map(|_| ()) }.await;
    server::answer(&caller, signed_in)?;
    server::keep_theme(theme);
    server::go(&crate::paths::account(&org));
    Ok(())
}
