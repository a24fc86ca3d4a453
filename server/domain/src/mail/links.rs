//! The links that leave the house. They begin with the configured public URL, and never with a request's Host.

use crate::{AppContext, Result, Token};
use model::{InvitationId, OrganizationId, RequestId};

/// The link that opens an invitation. It can be made again at any time, and is kept nowhere.
///
/// # Errors
/// When the token can't be made, which no key of ours leads to.
pub fn join(
    app: &AppContext,
    slug: &str,
    organization: OrganizationId,
    invitation: InvitationId,
) -> Result<String> {
    let token = app.keys.invitation_token(organization, invitation)?;
    Ok(format!("{}/o/{slug}/join/{}", app.base_url, token.expose()))
}

/// The link that confirms a request. Like an invitation's, it is made when it is needed.
///
/// # Errors
/// When the token can't be made, which no key of ours leads to.
pub fn confirm_request(
    app: &AppContext,
    slug: &str,
    organization: OrganizationId,
    request: RequestId,
) -> Result<String> {
    let token = app.keys.request_token(organization, request)?;
    Ok(format!("{}/o/{slug}/confirm-request/{}", app.base_url, token.expose()))
}

/// Where admins see what waits for them.
pub fn requests(app: &AppContext, slug: &str) -> String {
    format!("{}/o/{slug}/settings/requests", app.base_url)
}

/// The link that signs somebody in, by the token of their try.
pub fn sign_in(app: &AppContext, slug: &str, token: &Token) -> String {
    format!("{}/o/{slug}/sign-in/{}", app.base_url, token.expose())
}
