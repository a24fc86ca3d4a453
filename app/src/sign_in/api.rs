//! The server functions for signing in.

use crate::runtime::prelude::*;
use model::Problem;
use model::sign_in::SignInLinkStatus;

/// Requests a sign-in email, and redirects to the page that takes its code.
#[server(prefix = "/api", endpoint = "sign_in/request")]
pub async fn request_sign_in(
    org: String,
    email: String,
    #[server(default)] next: String,
) -> Result<(), Problem> {
    let pending =
        in_organization(&org, async |organization| domain::sign_in::request(&organization, &email).await)
            .await?;
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
    let session = in_organization(&org, async |organization| {
        let (pending, _) = server::pending_sign_in(&org).ok_or(Problem::WrongCode)?;
        domain::sign_in::redeem_code(&organization, &pending, &code).await
    })
    .await?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::after_sign_in(&org, &next));
    Ok(())
}

/// The status of the sign-in link that was opened in this browser.
#[server(prefix = "/api", endpoint = "sign_in/link", input = Json)]
pub async fn get_sign_in_link(org: String) -> Result<SignInLinkStatus, Problem> {
    let Some(token) = server::link_token(server::EmailLink::SignIn, &org) else {
        return Ok(SignInLinkStatus::Invalid);
    };
    in_organization(&org, async |organization| domain::sign_in::link_status(&organization, &token).await)
        .await
}

/// Signs in with the link that was opened in this browser.
#[server(prefix = "/api", endpoint = "sign_in/by_link")]
pub async fn sign_in_by_link(org: String) -> Result<(), Problem> {
    let session = in_organization(&org, async |organization| {
        let token = server::link_token(server::EmailLink::SignIn, &org).ok_or(Problem::InvalidLink)?;
        domain::sign_in::redeem_link(&organization, &token).await
    })
    .await?;
    server::start_session(&org, &session);
    server::redirect(&crate::paths::home(&org));
    Ok(())
}
