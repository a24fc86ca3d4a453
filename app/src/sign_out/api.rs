//! The server function for signing out.

use crate::runtime::prelude::*;
use model::Problem;

/// Signs out this browser. Redirects to `next`, to the page that offers to sign out at the provider as well, or to the
/// login page.
#[server(prefix = "/api", endpoint = "sign_in/sign_out")]
pub async fn sign_out(org: String, #[server(default)] next: String) -> Result<(), Problem> {
    let connection = match as_member(&org, async |member| domain::sessions::sign_out(&member).await).await {
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
