//! The server functions for signing in and out.

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::sign_in::SignInLinkStatus;

/// Requests a sign-in email, and redirects to the page that takes its code.
#[server(prefix = "/api", endpoint = "sign_in/request")]
pub async fn request_sign_in(
    org: String,
    email: String,
    #[server(default)] next: String,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let pending =
        async { domain::sign_in::request(&request_context.organization(&org).await?, &email).await }.await;
    let pending = server::respond(&request_context, pending)?;
    server::set_pending_sign_in(&org, &pending, email.trim());
    server::redirect(&crate::paths::login_code(&org, &next));
    Ok(())
}

/// The address of this browser's pending sign-in.
#[server(prefix = "/api", endpoint = "sign_in/pending", input = Json)]
pub async fn get_pending_email(org: String) -> Result<Option<String>, Problem> {
    Ok(std::future::ready(server::pending_sign_in(&org)).await.map(|(_, email)| email))
}

/// Signs in with the code from the email.
#[server(prefix = "/api", endpoint = "sign_in/by_code")]
pub async fn sign_in_by_code(
    org: String,
    code: String,
    #[server(default)] next: String,
) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let session = async {
        let (pending, _) = server::pending_sign_in(&org).ok_or(Problem::WrongCode)?;
        domain::sign_in::redeem_code(&request_context.organization(&org).await?, &pending, &code).await
    };
    let session = server::respond(&request_context, session.await)?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::after_sign_in(&org, &next));
    Ok(())
}

/// The status of the sign-in link that was opened in this browser.
#[server(prefix = "/api", endpoint = "sign_in/link", input = Json)]
pub async fn get_sign_in_link(org: String) -> Result<SignInLinkStatus, Problem> {
    let request_context = server::request_context()?;
    let Some(token) = server::link_token(server::EmailLink::SignIn, &org) else {
        return Ok(SignInLinkStatus::Invalid);
    };
    let status =
        async { domain::sign_in::link_status(&request_context.organization(&org).await?, &token).await }
            .await;
    server::respond(&request_context, status)
}

/// Signs in with the link that was opened in this browser.
#[server(prefix = "/api", endpoint = "sign_in/by_link")]
pub async fn sign_in_by_link(org: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let session = async {
        let token = server::link_token(server::EmailLink::SignIn, &org).ok_or(Problem::InvalidLink)?;
        domain::sign_in::redeem_link(&request_context.organization(&org).await?, &token).await
    };
    let session = server::respond(&request_context, session.await)?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::home(&org));
    Ok(())
}

/// Signs out this browser. Redirects to `next`, to the page that offers to sign out at the provider as well, or to the
/// login page.
#[server(prefix = "/api", endpoint = "sign_in/sign_out")]
pub async fn sign_out(org: String, #[server(default)] next: String) -> Result<(), Problem> {
    let request_context = server::request_context()?;
    let connection = async { domain::sessions::sign_out(&request_context.member(&org).await?).await }.await;
    let connection = match server::respond(&request_context, connection) {
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
