//! One's own account: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use crate::theme::Theme;
use leptos::prelude::*;
use model::Problem;

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
