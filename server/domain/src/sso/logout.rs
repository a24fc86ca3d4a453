//! Single logout: RP-initiated logout at the provider (OpenID Connect RP-Initiated Logout 1.0), and back-channel logout
//! by the provider (OpenID Connect Back-Channel Logout 1.0). Section numbers refer to the latter.

use super::provider::{MAX_CLOCK_SKEW, Provider, SIGNING_ALGORITHMS};
use super::{client_uris, load_connection};
use crate::audit::{self, Actor, Targets};
use crate::{Error, InOrganization, OrganizationContext, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::audit_log::AuditAction;
use model::sso::ProviderLogout;
use model::{ConnectionId, Problem, UserId};
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{ClientId, JsonWebKey, LogoutRequest, PostLogoutRedirectUrl};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The member of `events` that identifies a logout token (section 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The maximum age of a logout token (`iat`).
const MAX_TOKEN_AGE: TimeDelta = TimeDelta::minutes(10);

/// The URL that ends the provider's own session after signing out here. `None` if the provider is unreachable or has no
/// end session endpoint.
///
/// # Errors
/// Not found, when there is no such connection.
pub async fn provider_logout(
    context: &OrganizationContext<'_>,
    id: ConnectionId,
) -> Result<Option<ProviderLogout>> {
    let connection = load_connection(context, id).await?;
    let app = context.app();
    let Ok(provider) = app.sso.get(app, &connection.issuer).await else { return Ok(None) };
    let Some(endpoint) = provider.metadata.additional_metadata().end_session_endpoint.clone() else {
        return Ok(None);
    };
    if !app.sso.http_client(app).is_some_and(|client| client.is_allowed_url(endpoint.as_str())) {
        return Ok(None);
    }
    let redirect_uri = client_uris(app, &context.summary().slug).post_logout_redirect_uri;
    let redirect_uri =
        PostLogoutRedirectUrl::new(redirect_uri).map_err(|error| Error::Internal(error.to_string()))?;
    let request = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(connection.client_id))
        .set_post_logout_redirect_uri(redirect_uri);
    Ok(Some(ProviderLogout { connection: connection.name, url: request.http_get_url().into() }))
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    Single(String),
    Multiple(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    sub: Option<String>,
    sid: Option<String>,
    events: Map<String, Value>,
    nonce: Option<Value>,
}

/// A parsed but not yet verified logout token. The crate's ID token type does not fit: it requires a subject.
struct LogoutToken<'a> {
    header: Header,
    claims: Claims,
    signing_input: &'a str,
    signature: Vec<u8>,
}

impl<'a> LogoutToken<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, claims) = signing_input.split_once('.')?;
        Some(Self {
            header: decode_segment(header)?,
            claims: decode_segment(claims)?,
            signing_input,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn is_for_client(&self, client_id: &str) -> bool {
        match &self.claims.aud {
            Audience::Single(audience) => audience == client_id,
            Audience::Multiple(audiences) => audiences.iter().any(|audience| audience == client_id),
        }
    }

    /// Checks `iat` and `exp`.
    fn is_current(&self, now: DateTime<Utc>) -> bool {
        let claims = &self.claims;
        let earliest = (now - MAX_TOKEN_AGE - MAX_CLOCK_SKEW).timestamp();
        let latest = (now + MAX_CLOCK_SKEW).timestamp();
        (earliest..=latest).contains(&claims.iat)
            && claims.exp.is_none_or(|expires| expires > (now - MAX_CLOCK_SKEW).timestamp())
    }

    /// Checks what distinguishes a logout token from a leaked ID token (section 2.6): the event, and no nonce.
    fn is_logout_token(&self) -> bool {
        let claims = &self.claims;
        claims.events.get(LOGOUT_EVENT).is_some_and(Value::is_object)
            && claims.nonce.is_none()
            && (claims.sub.is_some() || claims.sid.is_some())
            && self.header.crit.is_none()
    }

    fn is_signed_by(&self, provider: &Provider) -> bool {
        let Header { alg, kid, .. } = &self.header;
        SIGNING_ALGORITHMS.contains(alg)
            && provider
                .metadata
                .jwks()
                .keys()
                .iter()
                .filter(|key| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid.as_deref())
                .any(|key| key.verify_signature(alg, self.signing_input.as_bytes(), &self.signature).is_ok())
    }
}

fn decode_segment<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Handles a back-channel logout request: ends the sessions that the logout token names, either all sessions of a
/// subject or one of them. Returns how many ended.
///
/// # Errors
/// `Problem::InvalidLink` for every invalid token. The error does not reveal what was wrong.
pub async fn back_channel_logout(context: &OrganizationContext<'_>, token: &str) -> Result<usize> {
    let invalid = || Error::from(Problem::InvalidLink);
    if token.len() > MAX_TOKEN_BYTES {
        return Err(invalid());
    }
    let token = LogoutToken::parse(token).ok_or_else(invalid)?;
    if !token.is_current(context.now()) || !token.is_logout_token() {
        return Err(invalid());
    }
    let connections = sqlx::query!(
        "select id, name, client_id from sso_connections where organization_id = $1 and issuer = $2",
        context.organization_id(),
        token.claims.iss
    )
    .fetch_all(&context.app().pool)
    .await?;
    let mut ended = None;
    for connection in connections.into_iter().filter(|row| token.is_for_client(&row.client_id)) {
        if ended.is_none() && !has_valid_signature(context, &token).await {
            break;
        }
        let count = end_sessions(context, connection.id, &connection.name, &token.claims).await?;
        ended = Some(ended.unwrap_or_default() + count);
    }
    ended.ok_or_else(invalid)
}

/// Verifies the signature, with refreshed keys if it matches none of the cached ones.
async fn has_valid_signature(context: &OrganizationContext<'_>, token: &LogoutToken<'_>) -> bool {
    let app = context.app();
    let issuer = &token.claims.iss;
    match app.sso.get(app, issuer).await {
        Ok(provider) if token.is_signed_by(&provider) => true,
        Ok(_) => app.sso.refresh(app, issuer).await.is_ok_and(|provider| token.is_signed_by(&provider)),
        Err(_) => false,
    }
}

async fn end_sessions(
    context: &OrganizationContext<'_>,
    connection: Uuid,
    name: &str,
    claims: &Claims,
) -> Result<usize> {
    let mut transaction = context.app().pool.begin().await?;
    let ended = sqlx::query!(
        "with ended as (
            delete from sessions
            where organization_id = $1 and connection_id = $2
                and ($3::text is null or sso_subject = $3) and ($4::text is null or sso_session = $4)
            returning user_id
         )
         select u.id, u.email, count(*) as \"sessions!\"
         from ended join users u on u.organization_id = $1 and u.id = ended.user_id
         group by u.id, u.email",
        context.organization_id(),
        connection,
        claims.sub,
        claims.sid
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut sessions = 0;
    for user in ended {
        let actor = Actor::Connection { id: connection, name };
        let targets = Targets::one(UserId(user.id), &user.email);
        let details = json!({ "by": "provider", "sessions": user.sessions });
        audit::record(&mut transaction, context, &actor, AuditAction::UserSessionEnded, &targets, &details)
            .await?;
        sessions += usize::try_from(user.sessions).unwrap_or_default();
    }
    transaction.commit().await?;
    Ok(sessions)
}
