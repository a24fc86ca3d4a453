//! API keys: admins create and revoke them, API clients such as SCIM clients authenticate with them.

use crate::audit::{self, Targets};
use crate::{Admin, Error, InOrganization, Result, Token, access};
use chrono::TimeDelta;
use model::ApiKeyId;
use model::api_keys::{self, ApiKey, KEY_PREFIX, Lifetime, MAX_KEYS, NewApiKey, Provisioning, Scope};
use model::audit_log::AuditAction;
use model::field::FieldError;
use serde_json::json;

/// How many characters of a key are stored in plain text to identify it by. Too few to guess the rest.
const PREFIX_CHARS: usize = KEY_PREFIX.len() + 4;

/// The SCIM base URL and the API keys of an organization.
pub async fn provisioning(admin: &Admin<'_>) -> Result<Provisioning> {
    let rows = sqlx::query!(
        "select id, name, prefix, scopes, created_by_name, created_at, expires_at, last_used_at
         from api_keys where organization_id = $1 order by id desc",
        admin.organization_id()
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let keys = rows.into_iter().map(|row| ApiKey {
        id: ApiKeyId(row.id),
        name: row.name,
        prefix: row.prefix,
        scopes: access::parse_scopes(&row.scopes),
        created_by: row.created_by_name,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    });
    let base_url = format!("{}/o/{}/scim/v2", admin.app().base_url, admin.context().summary().slug);
    Ok(Provisioning { base_url, keys: keys.collect(), now: admin.now() })
}

/// Creates a key. Only its hash is stored, so the returned token can't be shown again.
///
/// # Errors
/// An invalid name, no scopes, or more than [`MAX_KEYS`] keys.
pub async fn create(
    admin: &Admin<'_>,
    name: &str,
    scopes: &[Scope],
    lifetime: Lifetime,
) -> Result<NewApiKey> {
    let name = api_keys::validate_new_key(name, scopes)?;
    let (id, token) = (ApiKeyId(admin.new_id()), Token::api_key());
    let scopes: Vec<String> = Scope::ALL
        .iter()
        .filter(|scope| scopes.contains(scope))
        .map(|scope| scope.code().to_owned())
        .collect();
    let prefix: String = token.expose().chars().take(PREFIX_CHARS).collect();
    let expires_at = lifetime.days().map(|days| admin.now() + TimeDelta::days(days));
    let mut transaction = admin.app().pool.begin().await?;
    access::lock_organization(&mut transaction, admin.context()).await?;
    let count = sqlx::query_scalar!(
        "select count(*) as \"count!\" from api_keys where organization_id = $1",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if usize::try_from(count).unwrap_or(usize::MAX) >= MAX_KEYS {
        return Err(Error::field("name", FieldError::TooMany { max: MAX_KEYS }));
    }
    sqlx::query!(
        "insert into api_keys
            (organization_id, id, name, token_hash, prefix, scopes, created_by_name, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        admin.organization_id(),
        id.0,
        name,
        token.hash(),
        prefix,
        &scopes,
        admin.user().display_name(),
        admin.now(),
        expires_at
    )
    .execute(&mut *transaction)
    .await?;
    let details = json!({ "key": name, "scopes": scopes, "expires": expires_at });
    let (actor, targets) = (admin.actor(), Targets::resource(id.0));
    audit::record(&mut transaction, admin.context(), &actor, AuditAction::ApiKeyCreated, &targets, &details)
        .await?;
    transaction.commit().await?;
    Ok(NewApiKey { id, name, token: token.expose().to_owned() })
}

/// Revokes a key, effective immediately.
///
/// # Errors
/// [`Problem::NotFound`](model::Problem::NotFound).
pub async fn revoke(admin: &Admin<'_>, key: ApiKeyId) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    let name = sqlx::query_scalar!(
        "delete from api_keys where organization_id = $1 and id = $2 returning name",
        admin.organization_id(),
        key.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let (actor, targets) = (admin.actor(), Targets::resource(key.0));
    audit::record(
        &mut transaction,
        admin.context(),
        &actor,
        AuditAction::ApiKeyRevoked,
        &targets,
        &json!({ "key": name }),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}
