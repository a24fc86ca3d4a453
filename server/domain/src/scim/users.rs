//! Users as SCIM clients create and change them. Admission and membership follow the same rules as everywhere else.

mod attributes;
mod resource;

use super::etag::check_precondition;
use super::{ScimUser, sql};
use crate::DatabaseInconsistency;
use crate::admission::{self, Admission};
use crate::audit::{self, Targets};
use crate::column::parse_column;
use crate::retry::{self, Attempts};
use crate::users::apply_in_transaction;
use crate::{ApiClient, Error, InOrganization, Principal, Result, access, membership};
use attributes::{store_attributes, update_attributes};
use chrono::{DateTime, Utc};
use model::actions::UserAction;
use model::audit_log::AuditAction;
use model::permission::GroupName;
use model::transitions::{Action, MembershipState, Refusal};
use model::users::{JoinedBy, UserStatus};
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use scim::{IfMatch, Resource, ResourceType};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// The new state of a user: all attributes that a client can write.
#[derive(Clone, Debug, PartialEq)]
pub struct UserUpdate {
    pub email: EmailAddress,
    /// Empty if the user has no name.
    pub name: String,
    pub active: bool,
    pub external_id: Option<String>,
    /// Attributes to store as sent, normalized to the names and types of the schema.
    pub attributes: Map<String, Value>,
}

/// The outcome of [`update_user`].
#[derive(Clone, Debug)]
pub enum UpdateOutcome {
    Updated(Box<ScimUser>),
    /// The user was only invited; deactivating them revoked the invitation.
    InvitationRevoked,
}

/// The columns of a [`UserRow`].
pub(super) const COLUMNS: &str = "select u.id, u.email, u.name, u.status, u.created_at, u.modified_at,
    d.external_id, d.attributes,
    (select expires_at from invitations i
     where i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open') as expires_at,
    (select jsonb_agg(jsonb_build_array(g.id, g.name) order by lower(g.name), g.id) from group_members m
     join groups g on g.organization_id = m.organization_id and g.id = m.group_id
     where m.organization_id = u.organization_id and m.user_id = u.id) as groups";

#[derive(FromRow)]
pub(super) struct UserRow {
    pub id: Uuid,
    email: String,
    name: String,
    status: String,
    created_at: DateTime<Utc>,
    modified_at: Option<DateTime<Utc>>,
    external_id: Option<String>,
    attributes: Option<Value>,
    expires_at: Option<DateTime<Utc>>,
    groups: Option<Json<Vec<(GroupId, String)>>>,
}

impl UserRow {
    pub fn into_user(self, now: DateTime<Utc>) -> Result<ScimUser> {
        let status = parse_column(&self.status, "users", "status", self.id)?;
        let groups = self.groups.map(|groups| groups.0).unwrap_or_default();
        Ok(ScimUser {
            id: UserId(self.id),
            state: membership::state(Some(status), self.expires_at, now),
            active: status == UserStatus::Active,
            email: self.email,
            name: self.name,
            external_id: self.external_id,
            attributes: match self.attributes {
                None => Map::new(),
                Some(Value::Object(attributes)) => attributes,
                Some(_) => return Err(DatabaseInconsistency::new("scim_users", "attributes", self.id).into()),
            },
            groups: groups.into_iter().map(|(id, name)| GroupName { id, name }).collect(),
            created_at: self.created_at,
            modified_at: self.modified_at.unwrap_or(self.created_at),
        })
    }
}

/// Loads one user, joined or invited.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get_user(api_client: &ApiClient<'_>, user: UserId) -> Result<ScimUser> {
    let mut connection = api_client.app().pool.acquire().await?;
    load_user(&mut connection, api_client, user).await
}

async fn load_user(
    connection: &mut PgConnection,
    api_client: &ApiClient<'_>,
    user: UserId,
) -> Result<ScimUser> {
    let mut statement = sql::Statement::new(ResourceType::User, api_client.organization_id());
    statement.sql.push(COLUMNS).push(
        " from users u
          left join scim_users d on d.organization_id = u.organization_id and d.user_id = u.id
          where u.organization_id = ",
    );
    statement.sql.push_bind(api_client.organization_id()).push(" and u.id = ").push_bind(user.0);
    let row: Option<UserRow> = statement.sql.build_query_as().fetch_optional(connection).await?;
    row.ok_or_else(Error::not_found)?.into_user(api_client.now())
}

/// Creates a user. An open invitation of the address is accepted, with the role and groups that it grants.
///
/// # Errors
/// [`Refusal::UserExists`].
pub async fn create_user(api_client: &ApiClient<'_>, update: &UserUpdate) -> Result<ScimUser> {
    retry::on_deadlock("creating a user", || try_create(api_client, update)).await
}

async fn try_create(api_client: &ApiClient<'_>, update: &UserUpdate) -> Result<ScimUser> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    if !update.active {
        access::lock_organization(&mut transaction, api_client.context()).await?;
    }
    let admission = Admission {
        email: &update.email,
        name: &update.name,
        role: OrganizationRole::Member,
        groups: &[],
        by: JoinedBy::Scim,
        actor: Some(principal.actor()),
    };
    let admitted =
        admission::admit(&mut transaction, api_client.context(), &admission, Action::ScimCreate).await?;
    store_profile(&mut transaction, api_client, admitted.id, update).await?;
    store_attributes(&mut transaction, api_client, admitted.id, update).await?;
    if !update.active {
        single_result(
            apply_in_transaction(&mut transaction, principal, UserAction::Deactivate, &[admitted.id.0])
                .await?,
        )?;
    }
    let user = load_user(&mut transaction, api_client, admitted.id).await?;
    transaction.commit().await?;
    Ok(user)
}

/// Updates a user to what `change` returns. The user is locked while `change` runs; it can run several times.
///
/// # Errors
/// Not found; a failed `If-Match` precondition; the error of `change`; an address that another user has; deactivating
/// the last active admin.
pub async fn update_user<E: From<Error> + Send>(
    api_client: &ApiClient<'_>,
    user: UserId,
    if_match: &IfMatch,
    change: impl Fn(&ScimUser) -> Result<UserUpdate, E> + Sync,
) -> Result<UpdateOutcome, E> {
    let mut locked = false;
    let mut attempts = Attempts::new("updating a user");
    loop {
        attempts.start()?;
        match try_update(api_client, user, if_match, &change, locked).await {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => locked = true,
            Err(AttemptError::Deadlock) => {}
            Err(AttemptError::Other(error)) => return Err(error),
        }
    }
}

/// Why an attempt failed.
enum AttemptError<E> {
    /// The database aborted the transaction to resolve a deadlock; it can be retried.
    Deadlock,
    Other(E),
}

impl<E: From<Error>> From<Error> for AttemptError<E> {
    fn from(error: Error) -> Self {
        if error.is_deadlock() { Self::Deadlock } else { Self::Other(error.into()) }
    }
}

impl<E: From<Error>> From<sqlx::Error> for AttemptError<E> {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

/// Returns `None` if the update needs the organization's lock but `locked` is false. Deactivating a user might remove
/// the last admin, and that lock must be taken before the user's.
async fn try_update<E: From<Error> + Send>(
    api_client: &ApiClient<'_>,
    user: UserId,
    if_match: &IfMatch,
    change: &(impl Fn(&ScimUser) -> Result<UserUpdate, E> + Sync),
    locked: bool,
) -> Result<Option<UpdateOutcome>, AttemptError<E>> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    if locked {
        access::lock_organization(&mut transaction, api_client.context()).await?;
    }
    membership::lock_user(&mut transaction, api_client.context(), user).await?;
    let before = load_user(&mut transaction, api_client, user).await?;
    check_precondition(if_match, &before.version())?;
    let update = change(&before).map_err(AttemptError::Other)?;
    let has_joined = matches!(before.state, MembershipState::Active | MembershipState::Suspended);
    let deactivates = !update.active && (before.active || !has_joined);
    if deactivates && !locked {
        return Ok(None);
    }
    // An invited user can only be deactivated: what an invitation grants is the admins' decision.
    if has_joined {
        update_profile(&mut transaction, api_client, &before, &update).await?;
        update_attributes(&mut transaction, api_client, &before, &update).await?;
    }
    if deactivates {
        single_result(
            apply_in_transaction(&mut transaction, principal, UserAction::Deactivate, &[user.0]).await?,
        )?;
    } else if update.active && !before.active {
        single_result(
            apply_in_transaction(&mut transaction, principal, UserAction::Activate, &[user.0]).await?,
        )?;
    }
    let outcome = if deactivates && !has_joined {
        UpdateOutcome::InvitationRevoked
    } else {
        UpdateOutcome::Updated(Box::new(load_user(&mut transaction, api_client, user).await?))
    };
    transaction.commit().await?;
    Ok(Some(outcome))
}

/// Deletes a user: revokes their membership or their invitation.
///
/// # Errors
/// Not found; a failed `If-Match` precondition; [`Refusal::LastAdmin`].
pub async fn delete_user(api_client: &ApiClient<'_>, user: UserId, if_match: &IfMatch) -> Result<()> {
    retry::on_deadlock("deleting a user", || try_delete(api_client, user, if_match)).await
}

async fn try_delete(api_client: &ApiClient<'_>, user: UserId, if_match: &IfMatch) -> Result<()> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    access::lock_organization(&mut transaction, api_client.context()).await?;
    membership::lock_user(&mut transaction, api_client.context(), user).await?;
    if *if_match != IfMatch::Any {
        let before = load_user(&mut transaction, api_client, user).await?;
        check_precondition(if_match, &before.version())?;
    }
    single_result(
        apply_in_transaction(&mut transaction, principal, UserAction::RevokeMembership, &[user.0]).await?,
    )?;
    transaction.commit().await?;
    Ok(())
}

/// The result of an action on a single user.
fn single_result(result: model::actions::ActionResult) -> Result<()> {
    match result.refused.into_iter().next() {
        Some(refused) => Err(Problem::Refused { why: refused.why }.into()),
        None if result.not_found > 0 => Err(Error::not_found()),
        None => Ok(()),
    }
}

/// Stores the address as the client wrote it, and the name if there is one. Neither is audited, since the user is new.
async fn store_profile(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    user: UserId,
    update: &UserUpdate,
) -> Result<()> {
    sqlx::query!(
        "update users set email = $3, name = coalesce(nullif($4, ''), name)
         where organization_id = $1 and id = $2
            and (email, name) is distinct from ($3, coalesce(nullif($4, ''), name))",
        api_client.organization_id(),
        user.0,
        update.email.as_str(),
        update.name
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Updates the address and the name.
async fn update_profile(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    before: &ScimUser,
    update: &UserUpdate,
) -> Result<()> {
    let principal = Principal::from(api_client);
    let address = update.email.as_str();
    if before.email == address && before.name == update.name {
        return Ok(());
    }
    sqlx::query!(
        "update users set email = $3, email_normalized = $4, name = $5 where organization_id = $1 and id = $2",
        api_client.organization_id(),
        before.id.0,
        address,
        update.email.normalized(),
        update.name
    )
    .execute(&mut *transaction)
    .await
    .map_err(email_conflict)?;
    if before.email != address {
        // Sign-in links sent to the old mailbox must no longer work. Sessions continue.
        sqlx::query!(
            "update sign_ins set expires_at = created_at
             where organization_id = $1 and user_id = $2 and used_at is null",
            api_client.organization_id(),
            before.id.0
        )
        .execute(&mut *transaction)
        .await?;
        let details = json!({ "from": before.email, "to": address });
        let targets = Targets::one(before.id, address);
        let action = AuditAction::UserEmailChanged;
        audit::record(
            &mut *transaction,
            api_client.context(),
            &principal.actor(),
            action,
            &targets,
            &details,
        )
        .await?;
    }
    if before.name != update.name {
        let details = json!({ "from": before.name, "to": update.name });
        let targets = Targets::one(before.id, address);
        audit::record(
            transaction,
            api_client.context(),
            &principal.actor(),
            AuditAction::UserRenamed,
            &targets,
            &details,
        )
        .await?;
    }
    Ok(())
}

/// Maps a violation of the unique index on the address.
fn email_conflict(error: sqlx::Error) -> Error {
    let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    if constraint == Some("users_email_key") {
        Problem::Refused { why: Refusal::UserExists }.into()
    } else {
        error.into()
    }
}
