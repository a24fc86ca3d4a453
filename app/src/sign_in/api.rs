//! Signing in and out: the server functions.

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::sign_in::SignInPage;

/// Asks for a sign-in mail, and goes on to the page for its code.
#[server(prefix = "/api", endpoint = "sign_in/request")]
pub async fn request_sign_in(
    org: String,
    email: String,
    #[server(default)] next: String,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let asked =
        async { domain::sign_in::request(&request_context.organization(&org).await?, &email).await }.await;
    let attempt = server::respond(&request_context, asked)?;
    server::set_pending_sign_in(&org, &attempt, email.trim());
    server::redirect(&crate::paths::login_code(&org, &next));
    Ok(())
}

/// The address that this browser asked a code for, if it did so a short while ago.
#[server(prefix = "/api", endpoint = "sign_in/asked_for", input = Json)]
pub async fn asked_for(org: String) -> Result<Option<String>, Problem> {
    Ok(std::future::ready(server::pending_sign_in(&org)).await.map(|(_, email)| email))
}

/// Signs in by the code from the mail.
#[server(prefix = "/api", endpoint = "sign_in/by_code")]
pub async fn sign_in_by_code(
    org: String,
    code: String,
    #[server(default)] next: String,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let admitted = async {
        let (attempt, _) = server::pending_sign_in(&org).ok_or(Problem::WrongCode)?;
        domain::sign_in::by_code(&request_context.organization(&org).await?, &attempt, &code).await
    };
    let admitted = admitted.await;
    let session = server::respond(&request_context, admitted)?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::after_sign_in(&org, &next));
    Ok(())
}

/// What the sign-in link that was opened in this browser leads to.
#[server(prefix = "/api", endpoint = "sign_in/link", input = Json)]
pub async fn sign_in_link(org: String) -> Result<SignInPage, Problem> {
    let request_context = server::request_context()?;
    let Some(token) = server::link_token(server::EmailLink::SignIn, &org) else {
        return Ok(SignInPage::Unusable);
    };
    let page =
        async { domain::sign_in::link_page(&request_context.organization(&org).await?, &token).await }.await;
    server::respond(&request_context, page)
}

/// Signs in by the link that was opened in this browser.
#[server(prefix = "/api", endpoint = "sign_in/by_link")]
pub async fn sign_in_by_link(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let admitted = async {
        let token = server::link_token(server::EmailLink::SignIn, &org).ok_or(Problem::LinkUnusable)?;
        domain::sign_in::by_link(&request_context.organization(&org).await?, &token).await
    };
    let admitted = admitted.await;
    let session = server::respond(&request_context, admitted)?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::home(&org));
    Ok(())
}

/// Ends the session of this browser, and goes on to `next`, to the page that offers to sign out of the provider as well, or to the login page.
#[server(prefix = "/api", endpoint = "sign_in/sign_out")]
pub async fn sign_out(org: String, #[server(default)] next: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let ended = async { domain::sessions::sign_out(&request_context.member(&org).await?).await }.await;
    let connection = match server::respond(&request_context, ended) {
        Ok(connection) => connection,
        Err(Problem::SignedOut) => None,
        Err(problem) => return Err(problem),
    };
    server::end_session(&org);
    match connection.filter(|_| next.is_empty()) {
        Some(connection) => server::redirect(&crate::paths::signed_out(&org, connection)),
        None => server::redirect(&crate::paths::after_sign_out(&org, &next)),
    }
    Ok(())
}
