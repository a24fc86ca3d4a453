//! Server functions of the account page.

use crate::runtime::prelude::*;
use crate::theme::Theme;
use model::account::Sessions;
use model::{Problem, SessionId};

/// Changes the caller's own name.
#[server(prefix = "/api", endpoint = "account/rename")]
pub async fn rename(org: String, #[server(default)] name: String) -> Result<(), Problem> {
    as_member(&org, async |member| domain::account::rename(&member, &name).await).await
}

/// Lists the caller's own sessions.
#[server(prefix = "/api", endpoint = "account/sessions", input = Json)]
pub async fn list_sessions(org: String) -> Result<Sessions, Problem> {
    as_member(&org, async |member| domain::account::sessions(&member).await).await
}

/// Ends one of the caller's sessions.
#[server(prefix = "/api", endpoint = "account/end_session")]
pub async fn end_session(org: String, session: SessionId) -> Result<(), Problem> {
    as_member(&org, async |member| domain::account::end_session(&member, session).await).await
}

/// Ends all of the caller's sessions, including the current one.
#[server(prefix = "/api", endpoint = "account/sign_out_everywhere")]
pub async fn sign_out_everywhere(org: String) -> Result<(), Problem> {
    as_member(&org, async |member| domain::account::sign_out_everywhere(&member).await).await?;
    server::end_session(&org);
    server::redirect(&crate::paths::login(&org));
    Ok(())
}

/// Sets the theme of this browser, and reloads the page with it.
#[server(prefix = "/api", endpoint = "account/theme")]
pub async fn set_theme(org: String, theme: Option<Theme>) -> Result<(), Problem> {
    as_member(&org, async |_| Ok(())).await?;
    server::set_theme(theme);
    server::redirect(&crate::paths::account(&org));
    Ok(())
}
