//! Settings > Authentication: the connections of an organization.

use super::provider::{ALGORITHMS, Provider, Unusable};
use super::{Connection, addresses, connection};
use crate::audit::{self, Actor, Targets};
use crate::secret::SealPurpose;
use crate::{Admin, AppContext, Error, OrganizationContext, Result, grants};
use chrono::TimeDelta;
use model::field::FieldError;
use model::sso::{
    Authentication, Connection as Shown, ConnectionForm, ConnectionName, ConnectionRow, ConnectionTestResult,
    Tested, Ways,
};
use model::{ConnectionId, GroupId};
use openidconnect::{JsonWebKey, JsonWebKeyUse};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many connections the login page offers.
const MAX_CONNECTIONS: i64 = 50;

/// The ways to sign in, for anybody.
pub async fn ways(context: &OrganizationContext<'_>) -> Result<Ways> {
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
    Ok(Ways { connections, email_links_disabled })
}

/// What the page shows. The secrets are not among it.
pub async fn list(admin: &Admin<'_>) -> Result<Authentication> {
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
        .map(|row| ConnectionRow {
            id: ConnectionId(row.id),
            connection: Shown {
                name: row.name,
                issuer: row.issuer,
                client_id: row.client_id,
                just_in_time: row.just_in_time,
                default_role: row.default_role.parse().unwrap_or_default(),
                groups: row.groups.into_iter().map(GroupId).collect(),
                allowed_domains: row.allowed_domains,
                max_age_minutes: row.max_age_minutes,
            },
            users: row.users,
        })
        .collect();
    let others = sqlx::query!(
        "select email_links_disabled,
            (select count(*) from users u where u.organization_id = $1 and u.status = 'active' and u.role = 'member'
                and not exists (select from sso_identities i
                    where i.organization_id = $1 and i.user_id = u.id)) as \"never!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(pool)
    .await?;
    Ok(Authentication {
        connections,
        groups: grants::options(admin).await?.groups,
        addresses: addresses(admin.app(), &admin.summary.slug),
        email_links_disabled: others.email_links_disabled,
        never_by_sso: others.never,
    })
}

/// Makes a connection, or changes the one of this id.
///
/// # Errors
/// Every field that can't be so; not found, when there is no such connection. A secret is bound to its issuer: where
/// that changes, it is typed again, so that nobody has it sent to a provider of their own.
pub async fn save(
    admin: &Admin<'_>,
    id: Option<ConnectionId>,
    form: &ConnectionForm,
) -> Result<ConnectionId> {
    let mut transaction = admin.app().pool.begin().await?;
    let before = match id {
        Some(id) => Some(lock(&mut transaction, admin, id).await?),
        None => None,
    };
    let same_issuer = before.as_ref().is_some_and(|before| before.issuer == form.issuer.trim());
    let (after, secret) = form.check(same_issuer)?;
    let allowed = admin.app().sso.web(admin.app()).is_some_and(|web| web.allows(&after.issuer));
    if !allowed {
        return Err(Error::field("issuer", FieldError::NotHttps));
    }
    let connection = id.unwrap_or_else(|| ConnectionId(admin.new_id()));
    let sealed = match &secret {
        Some(secret) => {
            Some(admin.app().keys.seal(SealPurpose::ClientSecret, admin.id, connection.0, secret)?)
        }
        None => None,
    };
    write(&mut transaction, admin, connection, &after, sealed.as_deref()).await?;
    set_groups(&mut transaction, admin, connection, &after.groups).await?;
    let mut details = differences(before.as_ref(), &after);
    if before.is_some() && secret.is_some() {
        details.insert("client_secret".to_owned(), json!("changed"));
    }
    details.insert("connection".to_owned(), json!(after.name));
    let word = if before.is_some() { "connection.updated" } else { "connection.created" };
    let (actor, targets) = (Actor::user(&admin.user), Targets::resource(connection.0));
    audit::record(&mut transaction, admin, &actor, word, &targets, &details.into()).await?;
    transaction.commit().await?;
    Ok(connection)
}

/// # Errors
/// Not found, when there is no such connection.
async fn lock(transaction: &mut PgConnection, admin: &Admin<'_>, id: ConnectionId) -> Result<Shown> {
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
    Ok(Shown {
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        just_in_time: row.just_in_time,
        default_role: row.default_role.parse().unwrap_or_default(),
        groups: groups.into_iter().map(GroupId).collect(),
        allowed_domains: row.allowed_domains,
        max_age_minutes: row.max_age_minutes,
    })
}

/// A new row has a secret, which the form makes sure of.
async fn write(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    id: ConnectionId,
    after: &Shown,
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
        admin.now
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn set_groups(
    transaction: &mut PgConnection,
    admin: &Admin<'_>,
    id: ConnectionId,
    groups: &[GroupId],
) -> Result<()> {
    let groups: Vec<Uuid> = groups.iter().map(|group| group.0).collect();
    sqlx::query!(
        "delete from sso_connection_groups
         where organization_id = $1 and connection_id = $2 and group_id <> all($3)",
        admin.organization_id(),
        id.0,
        &groups
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "insert into sso_connection_groups (organization_id, connection_id, group_id)
         select $1, $2, g from unnest($3::uuid[]) as g on conflict do nothing",
        admin.organization_id(),
        id.0,
        &groups
    )
    .execute(transaction)
    .await
    .map_err(|error| grants::foreign_key_error(error, "sso_connection_groups_group", "groups"))?;
    Ok(())
}

/// What is otherwise now; of a new connection, all of it.
fn differences(before: Option<&Shown>, after: &Shown) -> Map<String, Value> {
    let as_map = |connection: &Shown| match serde_json::to_value(connection) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let Some(before) = before else { return as_map(after) };
    let mut was = as_map(before);
    as_map(after)
        .into_iter()
        .filter_map(|(name, now)| {
            let before = was.remove(&name)?;
            (before != now).then(|| (name, json!({ "from": before, "to": now })))
        })
        .collect()
}

/// Deletes a connection, and with it who is who there. Sessions that began by it go on to their end.
///
/// # Errors
/// Not found, when there is no such connection; the last one stays while members sign in by it alone.
pub async fn delete(admin: &Admin<'_>, id: ConnectionId) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    crate::access::lock_organization(&mut transaction, admin).await?;
    let name = lock(&mut transaction, admin, id).await?.name;
    let last = sqlx::query_scalar!(
        "select email_links_disabled and (select count(*) from sso_connections where organization_id = $1) = 1 as \"last!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if last {
        return Err(Error::field("id", FieldError::LastConnection));
    }
    sqlx::query!(
        "delete from sso_connections where organization_id = $1 and id = $2",
        admin.organization_id(),
        id.0
    )
    .execute(&mut *transaction)
    .await?;
    let (actor, targets) = (Actor::user(&admin.user), Targets::resource(id.0));
    let details = json!({ "connection": name });
    audit::record(&mut transaction, admin, &actor, "connection.deleted", &targets, &details).await?;
    transaction.commit().await?;
    Ok(())
}

/// The secret of a connection; nothing, when its key is gone. What an older key has sealed is sealed anew by the way,
/// so that the older one can be taken away some day.
pub(super) async fn secret(
    context: &OrganizationContext<'_>,
    connection: &Connection,
) -> Result<Option<String>> {
    let keys = &context.app().keys;
    let (what, id) = (SealPurpose::ClientSecret, connection.id.0);
    let Some((secret, newest)) = keys.unseal(what, context.id, id, &connection.sealed_secret) else {
        return Ok(None);
    };
    if !newest {
        sqlx::query!(
            "update sso_connections set client_secret = $4
             where organization_id = $1 and id = $2 and client_secret = $3",
            context.organization_id(),
            id,
            connection.sealed_secret,
            keys.seal(what, context.id, id, &secret)?
        )
        .execute(&context.app().pool)
        .await?;
    }
    Ok(Some(secret))
}

/// Asks the provider, and says whether people could sign in by it as far as that can be told without one.
///
/// # Errors
/// Not found, when there is no such connection.
pub async fn test(admin: &Admin<'_>, id: ConnectionId) -> Result<Tested> {
    let connection = connection(admin, id).await?;
    let answer = if secret(admin, &connection).await?.is_some() {
        ask(admin.app(), &connection.issuer).await
    } else {
        ConnectionTestResult::SecretUnreadable
    };
    Ok(Tested { connection: connection.name, answer })
}

async fn ask(app: &AppContext, issuer: &str) -> ConnectionTestResult {
    match app.sso.read(app, issuer, TimeDelta::zero()).await {
        Ok(provider) => examine(&provider),
        Err(Unusable::OtherIssuer(issuer)) => ConnectionTestResult::OtherIssuer {
            issuer: issuer.chars().filter(char::is_ascii_graphic).take(200).collect(),
        },
        Err(Unusable::Away) => ConnectionTestResult::Away,
    }
}

fn examine(provider: &Provider) -> ConnectionTestResult {
    let checks_signatures = |key: &openidconnect::core::CoreJsonWebKey| {
        key.key_use().is_none_or(JsonWebKeyUse::allows_signature)
            && ALGORITHMS.iter().any(|algorithm| {
                openidconnect::JwsSigningAlgorithm::key_type(algorithm).as_ref() == Some(key.key_type())
            })
    };
    if !provider.metadata.jwks().keys().iter().any(checks_signatures) {
        ConnectionTestResult::NoKeys
    } else if provider.metadata.token_endpoint().is_none() {
        ConnectionTestResult::NoCodeFlow
    } else {
        let signs_out = provider.metadata.additional_metadata().end_session_endpoint.is_some();
        ConnectionTestResult::Works { signs_out }
    }
}
