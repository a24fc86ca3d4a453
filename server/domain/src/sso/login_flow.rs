//! A try to sign in by a provider: begun in a browser, finished once, in the same browser, within ten minutes.

use super::account_linking::{self, Entrance};
use super::exchange::{self, Secrets};
use super::{Connection, connection, connections, failures};
use crate::secret::SealPurpose;
use crate::sessions::NewSession;
use crate::{OrganizationContext, Result, Token};
use chrono::TimeDelta;
use model::sso::{ATTEMPT_MINUTES, SsoRefusal};
use model::{ConnectionId, InvitationId};
use uuid::Uuid;

/// How many tries that are over one new try takes along.
const MAX_SWEPT: i64 = 10;
/// The longest way back that is kept, in bytes.
const MAX_NEXT: usize = 2_000;

/// A try that has begun.
pub struct Begun {
    /// Where the provider signs people in; nothing, when it is away, which the page of refusals tells.
    pub url: Option<String>,
    /// What shows later that it is the same browser.
    pub browser: Token,
}

/// Begins a try. `browser` is what an earlier try left in this browser, so that two of them, in two tabs, don't
/// disturb each other; `invitation` the link that is open, when it began on its page.
///
/// # Errors
/// Not found, when there is no such connection.
pub async fn begin(
    context: &OrganizationContext<'_>,
    id: ConnectionId,
    next: &str,
    invitation: Option<&Token>,
    browser: Option<Token>,
) -> Result<Begun> {
    let app = context.app();
    let connection = connection(context, id).await?;
    let browser = browser.unwrap_or_else(Token::random);
    let invitation = invitation.and_then(|token| app.keys.verify_invitation_token(context.id, token));
    let attempt = context.new_id();
    let state = Token::random();
    let secrets =
        Secrets { nonce: Token::random().expose().to_owned(), verifier: Token::random().expose().to_owned() };
    let sealed = app.keys.seal(SealPurpose::Attempt, context.id, attempt, &secrets.as_text())?;
    let url = match app.sso.get(app, &connection.issuer).await {
        Ok(provider) => {
            let state = state.expose().to_owned();
            Some(exchange::authorization_url(context, &provider, &connection, state, &secrets)?)
        }
        Err(_) => None,
    };
    sweep(context).await?;
    sqlx::query!(
        "insert into sso_login_flows (organization_id, id, connection_id, state_hash, browser_hash, sealed_secrets,
            invitation_id, next, created_at, expires_at, used_at, refusal)
         values ($1, $2, $3, $4, $5, $6,
            (select id from invitations where organization_id = $1 and id = $7 and status = 'open'),
            $8, $9, $10, $11, $12)",
        context.organization_id(),
        attempt,
        id.0,
        state.hash(),
        browser.hash(),
        sealed,
        invitation.map(|invitation| invitation.0),
        if next.len() > MAX_NEXT { "" } else { next },
        context.now,
        context.now + TimeDelta::minutes(ATTEMPT_MINUTES),
        url.is_none().then_some(context.now),
        url.is_none().then(|| failures::as_json(&SsoRefusal::ProviderAway))
    )
    .execute(&app.pool)
    .await?;
    Ok(Begun { url, browser })
}

/// Forgets a few tries that are over.
async fn sweep(context: &OrganizationContext<'_>) -> Result<()> {
    sqlx::query!(
        "delete from sso_login_flows where ctid = any (array(
            select ctid from sso_login_flows where organization_id = $1 and expires_at <= $2
            order by expires_at limit $3 for update skip locked
         ))",
        context.organization_id(),
        context.now - TimeDelta::minutes(ATTEMPT_MINUTES),
        MAX_SWEPT
    )
    .execute(&context.app().pool)
    .await?;
    Ok(())
}

/// What the provider sends a browser back with.
#[derive(Clone, Debug, Default)]
pub struct ProviderSays {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    /// Who says it (RFC 9207).
    pub issuer: Option<String>,
}

/// What came of a try.
pub enum Finished {
    SignedIn {
        session: NewSession,
        /// The page that was asked for before; it came from outside.
        next: String,
    },
    /// Its page says why.
    Refused,
}

/// A try that was used up just now.
pub(super) struct Attempt {
    pub id: Uuid,
    pub connection: Connection,
    pub invitation: Option<InvitationId>,
}

/// Finishes a try, in the browser that began it. It is used up first: whatever comes of it, it can't be tried again.
///
/// # Errors
/// None of its own: what is refused has a page.
pub async fn finish(
    context: &OrganizationContext<'_>,
    browser: Option<&Token>,
    says: ProviderSays,
) -> Result<Finished> {
    let Some(browser) = browser else { return Ok(Finished::Refused) };
    let used = sqlx::query!(
        "update sso_login_flows set used_at = $4
         where organization_id = $1 and state_hash = $2 and browser_hash = $3
            and used_at is null and expires_at > $4
         returning id, connection_id, sealed_secrets, invitation_id, next",
        context.organization_id(),
        Token::from_client(says.state.as_str()).hash(),
        browser.hash(),
        context.now
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(used) = used else { return Ok(Finished::Refused) };
    let attempt = Attempt {
        id: used.id,
        connection: connection(context, ConnectionId(used.connection_id)).await?,
        invitation: used.invitation_id.map(InvitationId),
    };
    let opened = context.app().keys.unseal(SealPurpose::Attempt, context.id, used.id, &used.sealed_secrets);
    let secrets = opened.and_then(|(text, _)| Secrets::read(&text));
    match came(context, &attempt, says, secrets).await? {
        Entrance::Open(session) => Ok(Finished::SignedIn { session, next: used.next }),
        Entrance::Shut(refusal) => {
            failures::keep(context, &attempt, &refusal).await?;
            Ok(Finished::Refused)
        }
    }
}

/// Who came, and whether they come in.
async fn came(
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    says: ProviderSays,
    secrets: Option<Secrets>,
) -> Result<Entrance> {
    let connection = &attempt.connection;
    if let Err(refusal) = heard(context, connection, &says).await {
        return Ok(Entrance::Shut(refusal));
    }
    let Some((code, secrets)) = says.code.zip(secrets) else {
        return Ok(Entrance::Shut(SsoRefusal::ProviderRefused));
    };
    let Some(secret) = connections::secret(context, connection).await? else {
        tracing::error!(connection = %connection.id, "the client secret can't be read: its key is gone");
        return Ok(Entrance::Shut(SsoRefusal::Misconfigured));
    };
    match exchange::exchange(context, connection, secret, code, secrets).await {
        Ok(person) => account_linking::enter(context, attempt, &person).await,
        Err(refusal) => Ok(Entrance::Shut(refusal)),
    }
}

/// Whether it is this provider that answers (RFC 9207: another might have been talked into answering in its place),
/// and whether it says yes.
async fn heard(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    says: &ProviderSays,
) -> Result<(), SsoRefusal> {
    let app = context.app();
    let provider = app.sso.get(app, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderAway)?;
    let told = provider.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &says.issuer {
        Some(issuer) if *issuer != connection.issuer => Err(SsoRefusal::NotGenuine),
        None if told => Err(SsoRefusal::NotGenuine),
        _ => match says.error.as_deref() {
            None => Ok(()),
            Some("access_denied") => Err(SsoRefusal::Cancelled),
            Some(error) => {
                let error: String = error.chars().filter(char::is_ascii_graphic).take(100).collect();
                tracing::warn!(connection = %connection.id, error, "the provider refused");
                Err(SsoRefusal::ProviderRefused)
            }
        },
    }
}
