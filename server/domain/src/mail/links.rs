//! Links in emails. They start with the configured public URL, never with the Host of a request.

use crate::{AppContext, Result, Token};
use model::{InvitationId, OrganizationId, RequestId};

/// The link of an invitation. Its token is derived from the invitation's id, so it is never stored.
///
/// # Errors
/// Never with a key accepted by `Keyring::parse`.
pub fn join(
    app: &AppContext,
    slug: &str,
    organization: OrganizationId,
    invitation: InvitationId,
) -> Result<String> {
    let token = app.keys.invitation_token(organization, invitation)?;
    Ok(format!("{}/o/{slug}/join/{}", app.base_url, token.expose()))
}

/// The link that confirms an invitation request. Its token is derived, too.
///
/// # Errors
/// Never with a key accepted by `Keyring::parse`.
pub fn confirm_request(
    app: &AppContext,
    slug: &str,
    organization: OrganizationId,
    request: RequestId,
) -> Result<String> {
    let token = app.keys.request_token(organization, request)?;
    Ok(format!("{}/o/{slug}/confirm-request/{}", app.base_url, token.expose()))
}

/// The page on which admins review invitation requests.
pub fn requests(app: &AppContext, slug: &str) -> String {
    format!("{}/o/{slug}/settings/requests", app.base_url)
}

/// The link that signs a user in.
pub fn sign_in(app: &AppContext, slug: &str, token: &Token) -> String {
    format!("{}/o/{slug}/sign-in/{}", app.base_url, token.expose())
}
