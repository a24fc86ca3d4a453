//! Login flows: one authorization request and its callback. A flow is started in a browser and completed once, in the
//! same browser, within [`LOGIN_FLOW_TTL`].

use super::exchange::{self, FlowSecrets};
use super::failures::{self, SignInError};
use super::{Connection, account_linking, connections, load_connection};
use crate::secret::SealPurpose;
use crate::sessions::NewSession;
use crate::{InOrganization, OrganizationContext, Result, Token};
use model::sso::{LOGIN_FLOW_TTL, SsoRefusal};
use model::{ConnectionId, InvitationId};

/// How many expired flows are deleted when a new one starts.
const PURGE_BATCH: i64 = 10;
/// Longer return paths are dropped.
const MAX_NEXT_BYTES: usize = 2_000;

/// A started login flow: where to send the browser.
pub struct AuthorizationRedirect {
    /// The provider's authorization endpoint with the request's parameters. `None` when the provider is unreachable;
    /// [`super::last_refusal`] then reports why.
    pub url: Option<String>,
    /// Binds the flow to this browser; goes into a cookie.
    pub browser_token: Token,
}

/// Starts a login flow. `next` is the page to open after signing in. `invitation` is the token of the open invitation
/// link if the flow starts on its page. `browser_token` comes from an earlier flow of this browser: flows in two tabs
/// share it.
///
/// # Errors
/// Not found, when there is no such connection.
pub async fn start(
    context: &OrganizationContext<'_>,
    id: ConnectionId,
    next: &str,
    invitation: Option<&Token>,
    browser_token: Option<Token>,
) -> Result<AuthorizationRedirect> {
    let app = context.app();
    let connection = load_connection(context, id).await?;
    let browser_token = browser_token.unwrap_or_else(Token::random);
    let invitation = invitation.and_then(|token| app.keys.verify_invitation_token(context.id(), token));
    let flow_id = context.new_id();
    let state = Token::random();
    let secrets = FlowSecrets {
        nonce: Token::random().expose().to_owned(),
        pkce_verifier: Token::random().expose().to_owned(),
    };
    let sealed = app.keys.seal(SealPurpose::LoginFlow, context.id(), flow_id, &secrets.serialize())?;
    let url = match app.sso.get(app, &connection.issuer).await {
        Ok(provider) => {
            let state = state.expose().to_owned();
            Some(exchange::authorization_url(context, &provider, &connection, state, &secrets)?)
        }
        Err(_) => None,
    };
    purge_expired(context).await?;
    sqlx::query!(
        "insert into sso_login_flows (organization_id, id, connection_id, state_hash, browser_hash, sealed_secrets,
            invitation_id, next, created_at, expires_at, used_at, refusal)
         values ($1, $2, $3, $4, $5, $6,
            (select id from invitations where organization_id = $1 and id = $7 and status = 'open'),
            $8, $9, $10, $11, $12)",
        context.organization_id(),
        flow_id,
        id.0,
        state.hash(),
        browser_token.hash(),
        sealed,
        invitation.map(|invitation| invitation.0),
        if next.len() > MAX_NEXT_BYTES { "" } else { next },
        context.now(),
        context.now() + LOGIN_FLOW_TTL,
        url.is_none().then_some(context.now()),
        url.is_none().then(|| failures::refusal_json(&SsoRefusal::ProviderUnreachable))
    )
    .execute(&app.pool)
    .await?;
    Ok(AuthorizationRedirect { url, browser_token })
}

/// Deletes a few flows whose error page can no longer be shown.
async fn purge_expired(context: &OrganizationContext<'_>) -> Result<()> {
    sqlx::query!(
        "delete from sso_login_flows where ctid = any (array(
            select ctid from sso_login_flows where organization_id = $1 and expires_at <= $2
            order by expires_at limit $3 for update skip locked
         ))",
        context.organization_id(),
        context.now() - LOGIN_FLOW_TTL,
        PURGE_BATCH
    )
    .execute(&context.app().pool)
    .await?;
    Ok(())
}

/// The query parameters of the redirect URI: an authorization response (RFC 6749, section 4.1.2).
#[derive(Clone, Debug, Default)]
pub struct CallbackParams {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    /// The issuer of the response (`iss`, RFC 9207).
    pub issuer: Option<String>,
}

/// The result of a callback.
pub enum CallbackOutcome {
    SignedIn {
        session: NewSession,
        /// The page requested before signing in. Untrusted.
        next: String,
    },
    /// [`super::last_refusal`] returns the reason.
    Refused,
}

/// Completes a login flow, only in the browser that started it. The flow is marked as used first, so that it can't be
/// replayed whatever the outcome.
pub async fn handle_callback(
    context: &OrganizationContext<'_>,
    browser_token: Option<&Token>,
    params: CallbackParams,
) -> Result<CallbackOutcome> {
    let Some(browser_token) = browser_token else { return Ok(CallbackOutcome::Refused) };
    let row = sqlx::query!(
        "update sso_login_flows set used_at = $4
         where organization_id = $1 and state_hash = $2 and browser_hash = $3
            and used_at is null and expires_at > $4
         returning id, connection_id, sealed_secrets, invitation_id, next",
        context.organization_id(),
        Token::from_client(params.state.as_str()).hash(),
        browser_token.hash(),
        context.now()
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(CallbackOutcome::Refused) };
    let connection = load_connection(context, ConnectionId(row.connection_id)).await?;
    let unsealed =
        context.app().keys.unseal(SealPurpose::LoginFlow, context.id(), row.id, &row.sealed_secrets);
    let secrets = unsealed.and_then(|(text, _)| FlowSecrets::parse(&text));
    let invitation = row.invitation_id.map(InvitationId);
    match authenticate(context, &connection, invitation, params, secrets).await {
        Ok(session) => Ok(CallbackOutcome::SignedIn { session, next: row.next }),
        Err(SignInError::Refused(refusal)) => {
            failures::record_failure(context, row.id, &connection, &refusal).await?;
            Ok(CallbackOutcome::Refused)
        }
        Err(SignInError::Other(error)) => Err(error),
    }
}

/// Validates the authorization response, exchanges its code for claims, and signs in the user they belong to.
async fn authenticate(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    invitation: Option<InvitationId>,
    params: CallbackParams,
    secrets: Option<FlowSecrets>,
) -> Result<NewSession, SignInError> {
    validate_response(context, connection, &params).await?;
    let (code, secrets) = params.code.zip(secrets).ok_or(SsoRefusal::ProviderError)?;
    let Some(client_secret) = connections::client_secret(context, connection).await? else {
        tracing::error!(connection = %connection.id, "SSO client secret cannot be unsealed with any current key");
        return Err(SsoRefusal::Misconfigured.into());
    };
    let claims = exchange::exchange_code(context, connection, client_secret, code, secrets).await?;
    account_linking::sign_in(context, connection, invitation, &claims).await
}

/// Checks that the response comes from this connection's provider (`iss`, RFC 9207, against mix-up attacks) and is not
/// an error response.
async fn validate_response(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    params: &CallbackParams,
) -> Result<(), SsoRefusal> {
    let app = context.app();
    let provider = app.sso.get(app, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderUnreachable)?;
    let iss_required = provider.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &params.issuer {
        Some(issuer) if *issuer != connection.issuer => Err(SsoRefusal::VerificationFailed),
        None if iss_required => Err(SsoRefusal::VerificationFailed),
        _ => match params.error.as_deref() {
            None => Ok(()),
            Some("access_denied") => Err(SsoRefusal::Canceled),
            Some(error) => {
                let error: String = error.chars().filter(char::is_ascii_graphic).take(100).collect();
                tracing::warn!(connection = %connection.id, error, "SSO provider returned an error response");
                Err(SsoRefusal::ProviderError)
            }
        },
    }
}
