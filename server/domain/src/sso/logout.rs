//! Signing out: at the provider as well, and by the provider's word (`OpenID Connect Back-Channel Logout` 1.0).

use super::provider::{ALGORITHMS, Provider, SKEW_SECONDS};
use super::{addresses, connection};
use crate::audit::{self, Actor, Targets};
use crate::{Error, OrganizationContext, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use model::sso::SignedOutPage;
use model::{ConnectionId, Problem, UserId};
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{ClientId, JsonWebKey, LogoutRequest, PostLogoutRedirectUrl};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What makes a token one that signs out (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;
/// How long ago a token may have been made, in minutes.
const ISSUED_MINUTES: i64 = 10;

/// Where the provider signs somebody out whose session here has ended; nothing, where it has no such place.
pub async fn signed_out(
    context: &OrganizationContext<'_>,
    id: ConnectionId,
) -> Result<Option<SignedOutPage>> {
    let connection = connection(context, id).await?;
    let app = context.app();
    let Ok(provider) = app.sso.get(app, &connection.issuer).await else { return Ok(None) };
    let Some(place) = provider.metadata.additional_metadata().end_session_endpoint.clone() else {
        return Ok(None);
    };
    if !app.sso.web(app).is_some_and(|web| web.allows(place.as_str())) {
        return Ok(None);
    }
    let back = addresses(app, &context.summary.slug).after_sign_out;
    let back = PostLogoutRedirectUrl::new(back).map_err(|why| Error::Internal(why.to_string()))?;
    let request = LogoutRequest::from(place)
        .set_client_id(ClientId::new(connection.client_id))
        .set_post_logout_redirect_uri(back);
    Ok(Some(SignedOutPage { connection: connection.name, url: request.http_get_url().into() }))
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
    One(String),
    Several(Vec<String>),
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

/// A logout token, taken apart. The crate has a type for id tokens only, which have a subject always.
struct LogoutToken<'a> {
    header: Header,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> LogoutToken<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: part(header)?,
            claims: part(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    fn is_for(&self, client: &str) -> bool {
        match &self.claims.aud {
            Audience::One(audience) => audience == client,
            Audience::Several(audiences) => audiences.iter().any(|audience| audience == client),
        }
    }

    /// What can be said without a key (section 2.6).
    fn is_timely(&self, now: DateTime<Utc>) -> bool {
        let claims = &self.claims;
        let skew = TimeDelta::seconds(SKEW_SECONDS);
        let earliest = (now - TimeDelta::minutes(ISSUED_MINUTES) - skew).timestamp();
        let issued = (earliest..=(now + skew).timestamp()).contains(&claims.iat);
        issued && claims.exp.is_none_or(|end| end > (now - skew).timestamp())
    }

    /// Whether it is a logout token, and not an id token that somebody has got hold of.
    fn signs_out(&self) -> bool {
        let claims = &self.claims;
        claims.events.get(EVENT).is_some_and(Value::is_object)
            && claims.nonce.is_none()
            && (claims.sub.is_some() || claims.sid.is_some())
            && self.header.crit.is_none()
    }

    fn is_signed_by(&self, provider: &Provider) -> bool {
        let Header { alg, kid, .. } = &self.header;
        ALGORITHMS.contains(alg)
            && provider
                .metadata
                .jwks()
                .keys()
                .iter()
                .filter(|key| kid.is_none() || key.key_id().map(|id| id.as_str()) == kid.as_deref())
                .any(|key| key.verify_signature(alg, self.signed.as_bytes(), &self.signature).is_ok())
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Ends the sessions that a provider's token names: those of one person, or one session of theirs.
///
/// # Errors
/// When the token is none that can be believed: `Problem::InvalidLink`, and nothing more.
pub async fn back_channel(context: &OrganizationContext<'_>, token: &str) -> Result<usize> {
    let unusable = || Error::from(Problem::InvalidLink);
    if token.len() > MAX_TOKEN {
        return Err(unusable());
    }
    let token = LogoutToken::read(token).ok_or_else(unusable)?;
    if !token.is_timely(context.now) || !token.signs_out() {
        return Err(unusable());
    }
    let candidates = sqlx::query!(
        "select id, name, client_id from sso_connections where organization_id = $1 and issuer = $2",
        context.organization_id(),
        token.claims.iss
    )
    .fetch_all(&context.app().pool)
    .await?;
    let mut ended = None;
    for candidate in candidates.into_iter().filter(|candidate| token.is_for(&candidate.client_id)) {
        if ended.is_none() && !is_genuine(context, &token).await {
            break;
        }
        let count = end(context, candidate.id, &candidate.name, &token.claims).await?;
        ended = Some(ended.unwrap_or_default() + count);
    }
    ended.ok_or_else(unusable)
}

/// Whether the provider has signed it, perhaps with a key that it has since a moment ago.
async fn is_genuine(context: &OrganizationContext<'_>, token: &LogoutToken<'_>) -> bool {
    let app = context.app();
    let issuer = &token.claims.iss;
    match app.sso.get(app, issuer).await {
        Ok(provider) if token.is_signed_by(&provider) => true,
        Ok(_) => app.sso.get_anew(app, issuer).await.is_ok_and(|provider| token.is_signed_by(&provider)),
        Err(_) => false,
    }
}

async fn end(
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
        audit::record(&mut transaction, context, &actor, "user.session_ended", &targets, &details).await?;
        sessions += usize::try_from(user.sessions).unwrap_or_default();
    }
    transaction.commit().await?;
    Ok(sessions)
}
