//! A try to sign in by a provider: begun in a browser, finished once, in the same browser, within ten minutes.

use super::entering::{self, Entrance};
use super::exchange::{self, Secrets};
use super::{Connection, connection, connections, refusals};
use crate::secret::Sealed;
use crate::sessions::NewSession;
use crate::{Result, Token, Visitor};
use chrono::TimeDelta;
use model::sso::{ATTEMPT_MINUTES, SsoRefusal};
use model::{ConnectionId, InvitationId};
use uuid::Uuid;

/// How many tries that are over one new try takes along.
const SWEPT_MOST: i64 = 10;
/// The longest way back that is kept, in bytes.
const NEXT_MOST: usize = 2_000;

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
    visitor: &Visitor<'_>,
    id: ConnectionId,
    next: &str,
    invitation: Option<&Token>,
    browser: Option<Token>,
) -> Result<Begun> {
    let domain = visitor.domain();
    let connection = connection(visitor, id).await?;
    let browser = browser.unwrap_or_else(Token::random);
    let invitation = invitation.and_then(|token| domain.keys.open_invitation(visitor.id, token));
    let attempt = visitor.new_id();
    let state = Token::random();
    let secrets =
        Secrets { nonce: Token::random().reveal().to_owned(), verifier: Token::random().reveal().to_owned() };
    let sealed = domain.keys.seal(Sealed::Attempt, visitor.id, attempt, &secrets.as_text())?;
    let url = match domain.sso.get(domain, &connection.issuer).await {
        Ok(provider) => {
            let state = state.reveal().to_owned();
            Some(exchange::authorization_url(visitor, &provider, &connection, state, &secrets)?)
        }
        Err(_) => None,
    };
    sweep(visitor).await?;
    sqlx::query!(
        "insert into sso_attempts (organization_id, id, connection_id, state_hash, browser_hash, secrets,
            invitation_id, next, created_at, expires_at, used_at, refusal)
         values ($1, $2, $3, $4, $5, $6,
            (select id from invitations where organization_id = $1 and id = $7 and status = 'open'),
            $8, $9, $10, $11, $12)",
        visitor.organization(),
        attempt,
        id.0,
        state.hash(),
        browser.hash(),
        sealed,
        invitation.map(|invitation| invitation.0),
        if next.len() > NEXT_MOST { "" } else { next },
        visitor.now,
        visitor.now + TimeDelta::minutes(ATTEMPT_MINUTES),
        url.is_none().then_some(visitor.now),
        url.is_none().then(|| refusals::as_json(&SsoRefusal::ProviderAway))
    )
    .execute(&domain.pool)
    .await?;
    Ok(Begun { url, browser })
}

/// Forgets a few tries that are over.
async fn sweep(visitor: &Visitor<'_>) -> Result<()> {
    sqlx::query!(
        "delete from sso_attempts where ctid = any (array(
            select ctid from sso_attempts where organization_id = $1 and expires_at <= $2
            order by expires_at limit $3 for update skip locked
         ))",
        visitor.organization(),
        visitor.now - TimeDelta::minutes(ATTEMPT_MINUTES),
        SWEPT_MOST
    )
    .execute(&visitor.domain().pool)
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
pub async fn finish(visitor: &Visitor<'_>, browser: Option<&Token>, says: ProviderSays) -> Result<Finished> {
    let Some(browser) = browser else { return Ok(Finished::Refused) };
    let used = sqlx::query!(
        "update sso_attempts set used_at = $4
         where organization_id = $1 and state_hash = $2 and browser_hash = $3
            and used_at is null and expires_at > $4
         returning id, connection_id, secrets, invitation_id, next",
        visitor.organization(),
        Token::presented(says.state.as_str()).hash(),
        browser.hash(),
        visitor.now
    )
    .fetch_optional(&visitor.domain().pool)
    .await?;
    let Some(used) = used else { return Ok(Finished::Refused) };
    let attempt = Attempt {
        id: used.id,
        connection: connection(visitor, ConnectionId(used.connection_id)).await?,
        invitation: used.invitation_id.map(InvitationId),
    };
    let opened = visitor.domain().keys.unseal(Sealed::Attempt, visitor.id, used.id, &used.secrets);
    let secrets = opened.and_then(|(text, _)| Secrets::read(&text));
    match came(visitor, &attempt, says, secrets).await? {
        Entrance::Open(session) => Ok(Finished::SignedIn { session, next: used.next }),
        Entrance::Shut(refusal) => {
            refusals::keep(visitor, &attempt, &refusal).await?;
            Ok(Finished::Refused)
        }
    }
}

/// Who came, and whether they come in.
async fn came(
    visitor: &Visitor<'_>,
    attempt: &Attempt,
    says: ProviderSays,
    secrets: Option<Secrets>,
) -> Result<Entrance> {
    let connection = &attempt.connection;
    if let Err(refusal) = heard(visitor, connection, &says).await {
        return Ok(Entrance::Shut(refusal));
    }
    let Some((code, secrets)) = says.code.zip(secrets) else {
        return Ok(Entrance::Shut(SsoRefusal::ProviderRefused));
    };
    let Some(secret) = connections::secret(visitor, connection).await? else {
        tracing::error!(connection = %connection.id, "the client secret can't be read: its key is gone");
        return Ok(Entrance::Shut(SsoRefusal::Misconfigured));
    };
    match exchange::exchange(visitor, connection, secret, code, secrets).await {
        Ok(person) => entering::enter(visitor, attempt, &person).await,
        Err(refusal) => Ok(Entrance::Shut(refusal)),
    }
}

/// Whether it is this provider that answers (RFC 9207: another might have been talked into answering in its place),
/// and whether it says yes.
async fn heard(
    visitor: &Visitor<'_>,
    connection: &Connection,
    says: &ProviderSays,
) -> Result<(), SsoRefusal> {
    let domain = visitor.domain();
    let provider = domain.sso.get(domain, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderAway)?;
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
