//! Settings > Authentication: an organization's connections to identity providers.

use super::provider::{DiscoveryError, Provider, SIGNING_ALGORITHMS};
use super::{Connection, client_uris, load_connection};
use crate::audit::{self, Targets};
use crate::column::parse_column;
use crate::links::{self, Links};
use crate::secret::SealPurpose;
use crate::{Admin, AppContext, Error, InOrganization, OrganizationContext, Result, grants};
use chrono::TimeDelta;
use model::audit_log::AuditAction;
use model::field::FieldError;
use model::sso::{
    AuthenticationSettings, Connection as ConnectionSettings, ConnectionForm, ConnectionName, ConnectionRow,
    ConnectionTest, ConnectionTestResult, SignInOptions,
};
use model::{ConnectionId, GroupId};
use openidconnect::{ClientSecret, JsonWebKey, JsonWebKeyUse};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

/// The maximum number of connections shown, on the login page and in the settings.
const MAX_CONNECTIONS: i64 = 50;

/// The sign-in options of the login page. Public.
pub async fn sign_in_options(context: &OrganizationContext<'_>) -> Result<SignInOptions> {
    let rows = sqlx::query!(
        "select id, name from sso_connections where organization_id = $1 order by lower(name), id limit $2",
        context.organization_id(),
        MAX_CONNECTIONS
    )
    .fetch_all(&context.app().pool)
    .await?;
    let connections =
        rows.into_iter().map(|row| ConnectionName { id: ConnectionId(row.id), name: row.name }).collect();
    let email_links_disabled = sqlx::query_scalar!(
        "select email_links_disabled from organizations where id = $1",
        context.organization_id()
    )
    .fetch_one(&context.app().pool)
    .await?;
    Ok(SignInOptions { connections, email_links_disabled })
}

/// The settings page. Never includes client secrets.
pub async fn settings(admin: &Admin<'_>) -> Result<AuthenticationSettings> {
    let pool = &admin.app().pool;
    let rows = sqlx::query!(
        "select c.id, c.name, c.issuer, c.client_id, c.just_in_time, c.default_role, c.allowed_domains, c.max_age_minutes,
            coalesce((select array_agg(g.group_id order by g.group_id) from sso_connection_groups g
                where g.organization_id = c.organization_id and g.connection_id = c.id), '{}') as \"groups!\",
            (select count(*) from sso_identities i
                where i.organization_id = c.organization_id and i.connection_id = c.id) as \"users!\"
         from sso_connections c where c.organization_id = $1 order by lower(c.name), c.id limit $2",
        admin.organization_id(),
        MAX_CONNECTIONS
    )
    .fetch_all(pool)
    .await?;
    let connections = rows
        .into_iter()
        .map(|row| {
            Ok(ConnectionRow {
                id: ConnectionId(row.id),
                connection: ConnectionSettings {
                    name: row.name,
                    issuer: row.issuer,
                    client_id: row.client_id,
                    just_in_time: row.just_in_time,
                    default_role: parse_column(&row.default_role, "sso_connections", "default_role", row.id)?,
                    groups: row.groups.into_iter().map(GroupId).collect(),
                    allowed_domains: row.allowed_domains,
                    max_age_minutes: row.max_age_minutes,
                },
                users: row.users,
            })
        })
        .collect::<Result<_>>()?;
    let organization = sqlx::query!(
        "select email_links_disabled,
            (select count(*) from users u where u.organization_id = $1 and u.status = 'active' and u.role = 'member'
                and not exists (select from sso_identities i
                    where i.organization_id = $1 and i.user_id = u.id)) as \"members_without_sso!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(pool)
    .await?;
    Ok(AuthenticationSettings {
        connections,
        groups: grants::options(admin).await?.groups,
        client_uris: client_uris(admin.app(), &admin.context().summary().slug),
        email_links_disabled: organization.email_links_disabled,
        members_without_sso: organization.members_without_sso,
    })
}

/// Creates a connection, or updates the one with this id.
///
/// # Errors
/// All invalid fields; not found, when there is no such connection. The client secret is required again when the issuer
/// changes: otherwise an admin could have the stored secret sent to a server of their own.
pub async fn save_connection(
    admin: &Admin<'_>,
    id: Option<ConnectionId>,
    form: &ConnectionForm,
) -> Result<ConnectionId> {
    let mut transaction = admin.app().pool.begin().await?;
    let before = match id {
        Some(id) => Some(lock_connection(&mut transaction, admin, id).await?),
        None => None,
    };
    let same_issuer = before.as_ref().is_some_and(|before| before.issuer == form.issuer.trim());
    let (after, secret) = form.validate(same_issuer)?;
    let allowed =
        admin.app().sso.http_client(admin.app()).is_some_and(|client| client.is_allowed_url(&after.issuer));
    if !allowed {
        return Err(Error::field("issuer", FieldError::NotHttps));
    }
    let connection = id.unwrap_or_else(|| ConnectionId(admin.new_id()));
    let sealed = match &secret {
        Some(secret) => Some(admin.app().keys.seal(
            SealPurpose::ClientSecret,
            admin.context().id(),
            connection.0,
            secret,
        )?),
        None => None,
    };
    upsert(&mut transaction, admin, connection, &after, sealed.as_deref()).await?;
    let groups: Vec<Uuid> = after.groups.iter().map(|group| group.0).collect();
    links::replace(&mut transaction, admin.context(), Links::ConnectionGroups, &[connection.0], &groups)
        .await?;
    let mut details = audit::diff(before.as_ref(), &after);
    if before.is_some() && secret.is_some() {
        details.insert("client_secret".to_owned(), json!("changed"));
    }
    details.insert("connection".to_owned(), json!(after.name));
    let action =
        if before.is_some() { AuditAction::ConnectionUpdated } else { AuditAction::ConnectionCreated };
    let (actor, targets) = (admin.actor(), Targets::resource(connection.0));
    audit::record(&mut transaction, admin.context(), &actor, action, &targets, &details.into()).await?;
    transaction.commit().await?;
    Ok(connection)
}

/// # Errors
/// Not found, when there is no such connection.
async fn lock_connection(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    id: ConnectionId,
) -> Result<ConnectionSettings> {
    let row = sqlx::query!(
        "select name, issuer, client_id, just_in_time, default_role, allowed_domains, max_age_minutes
         from sso_connections where organization_id = $1 and id = $2 for update",
        admin.organization_id(),
        id.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let groups = sqlx::query_scalar!(
        "select group_id from sso_connection_groups where organization_id = $1 and connection_id = $2
         order by group_id",
        admin.organization_id(),
        id.0
    )
    .fetch_all(transaction)
    .await?;
    Ok(ConnectionSettings {
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        just_in_time: row.just_in_time,
        default_role: parse_column(&row.default_role, "sso_connections", "default_role", id)?,
        groups: groups.into_iter().map(GroupId).collect(),
        allowed_domains: row.allowed_domains,
        max_age_minutes: row.max_age_minutes,
    })
}

/// `sealed` is `None` to keep the stored secret. [`ConnectionForm::validate`] requires one for a new connection.
async fn upsert(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    id: ConnectionId,
    after: &ConnectionSettings,
    sealed: Option<&[u8]>,
) -> Result<()> {
    sqlx::query!(
        "insert into sso_connections (organization_id, id, name, issuer, client_id, client_secret, just_in_time,
            default_role, allowed_domains, max_age_minutes, created_at)
         values ($1, $2, $3, $4, $5, coalesce($6, ''::bytea), $7, $8, $9, $10, $11)
         on conflict (organization_id, id) do update
         set name = $3, issuer = $4, client_id = $5, client_secret = coalesce($6, sso_connections.client_secret),
            just_in_time = $7, default_role = $8, allowed_domains = $9, max_age_minutes = $10",
        admin.organization_id(),
        id.0,
        after.name,
        after.issuer,
        after.client_id,
        sealed,
        after.just_in_time,
        after.default_role.code(),
        &after.allowed_domains,
        after.max_age_minutes,
        admin.now()
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes a connection and its linked identities. Sessions started through it continue until they expire.
///
/// # Errors
/// Not found, when there is no such connection; a field error for the last connection while email links are disabled,
/// because members could no longer sign in.
pub async fn delete_connection(admin: &Admin<'_>, id: ConnectionId) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    crate::access::lock_organization(&mut transaction, admin.context()).await?;
    let name = lock_connection(&mut transaction, admin, id).await?.name;
    let is_last = sqlx::query_scalar!(
        "select email_links_disabled and (select count(*) from sso_connections where organization_id = $1) = 1 as \"is_last!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if is_last {
        return Err(Error::field("id", FieldError::LastConnection));
    }
    sqlx::query!(
        "delete from sso_connections where organization_id = $1 and id = $2",
        admin.organization_id(),
        id.0
    )
    .execute(&mut *transaction)
    .await?;
    let (actor, targets) = (admin.actor(), Targets::resource(id.0));
    let details = json!({ "connection": name });
    audit::record(
        &mut transaction,
        admin.context(),
        &actor,
        AuditAction::ConnectionDeleted,
        &targets,
        &details,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Unseals the client secret. `None` when its key is no longer in the keyring. A secret sealed with an older key is
/// sealed again with the current one, so that the older key can be retired.
pub(super) async fn client_secret(
    context: &OrganizationContext<'_>,
    connection: &Connection,
) -> Result<Option<ClientSecret>> {
    let keys = &context.app().keys;
    let (purpose, id) = (SealPurpose::ClientSecret, connection.id.0);
    let Some((secret, is_current_key)) = keys.unseal(purpose, context.id(), id, &connection.sealed_secret)
    else {
        return Ok(None);
    };
    if !is_current_key {
        sqlx::query!(
            "update sso_connections set client_secret = $4
             where organization_id = $1 and id = $2 and client_secret = $3",
            context.organization_id(),
            id,
            connection.sealed_secret,
            keys.seal(purpose, context.id(), id, &secret)?
        )
        .execute(&context.app().pool)
        .await?;
    }
    Ok(Some(ClientSecret::new(secret)))
}

/// "Test connection": checks what can be checked without an actual sign-in.
///
/// # Errors
/// Not found, when there is no such connection.
pub async fn test_connection(admin: &Admin<'_>, id: ConnectionId) -> Result<ConnectionTest> {
    let connection = load_connection(admin.context(), id).await?;
    let result = if client_secret(admin.context(), &connection).await?.is_some() {
        fetch_metadata(admin.app(), &connection.issuer).await
    } else {
        ConnectionTestResult::SecretNotDecryptable
    };
    Ok(ConnectionTest { connection: connection.name, result })
}

/// Fetches the provider's metadata, bypassing the cache, and validates it.
async fn fetch_metadata(app: &AppContext, issuer: &str) -> ConnectionTestResult {
    match app.sso.get_with_max_age(app, issuer, TimeDelta::zero()).await {
        Ok(provider) => validate(&provider),
        Err(DiscoveryError::IssuerMismatch(issuer)) => ConnectionTestResult::IssuerMismatch {
            issuer: issuer.chars().filter(char::is_ascii_graphic).take(200).collect(),
        },
        Err(DiscoveryError::Unreachable) => ConnectionTestResult::Unreachable,
    }
}

fn validate(provider: &Provider) -> ConnectionTestResult {
    let is_supported = |key: &openidconnect::core::CoreJsonWebKey| {
        key.key_use().is_none_or(JsonWebKeyUse::allows_signature)
            && SIGNING_ALGORITHMS.iter().any(|algorithm| {
                openidconnect::JwsSigningAlgorithm::key_type(algorithm).as_ref() == Some(key.key_type())
            })
    };
    if !provider.metadata.jwks().keys().iter().any(is_supported) {
        ConnectionTestResult::NoSupportedKey
    } else if provider.metadata.token_endpoint().is_none() {
        ConnectionTestResult::NoTokenEndpoint
    } else {
        let supports_logout = provider.metadata.additional_metadata().end_session_endpoint.is_some();
        ConnectionTestResult::Passed { supports_logout }
    }
}
