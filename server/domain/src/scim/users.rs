//! Users, made and changed by a directory. What it says of somebody is written; who they are here, and whether they may
//! come in, goes by the same rules as for everybody.

mod attributes;

use super::{IfMatch, ScimUser, sql};
use crate::admission::{self, Admission};
use crate::audit::{self, Targets};
use crate::invitations::state;
use crate::users::{MAX_ATTEMPTS, apply};
use crate::{ApiClient, Error, Principal, Result, access};
use attributes::{change_kept, write_kept};
use chrono::{DateTime, Utc};
use model::actions::UserAction;
use model::permission::GroupName;
use model::transitions::{Action, MembershipState, Refusal};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// The most letters of a directory's own id: an index has no room for more.
pub const MAX_EXTERNAL_ID: usize = 500;

/// What a directory wants a user to be.
#[derive(Clone, Debug, PartialEq)]
pub struct UserUpdate {
    pub email: EmailAddress,
    /// Empty, where there is none.
    pub name: String,
    pub active: bool,
    pub external_id: Option<String>,
    /// What is kept as it came, by the names of the schema, and of its kinds.
    pub attributes: Map<String, Value>,
}

/// What became of a user.
#[derive(Clone, Debug)]
pub enum Edited {
    ScimUser(Box<ScimUser>),
    /// Whoever had not joined is out again.
    Gone,
}

/// The columns that a person is made of.
pub(super) const COLUMNS: &str = "select u.id, u.email, u.name, u.status, u.created_at, u.modified_at,
    d.external_id, d.attributes,
    (select expires_at from invitations i
     where i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open') as expires_at,
    (select jsonb_agg(jsonb_build_array(g.id, g.name) order by lower(g.name), g.id) from group_members m
     join groups g on g.organization_id = m.organization_id and g.id = m.group_id
     where m.organization_id = u.organization_id and m.user_id = u.id) as groups";

#[derive(FromRow)]
pub(super) struct PersonRow {
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

impl PersonRow {
    pub fn into_user(self, now: DateTime<Utc>) -> ScimUser {
        let groups = self.groups.map(|groups| groups.0).unwrap_or_default();
        ScimUser {
            id: UserId(self.id),
            state: state(&self.status, self.expires_at, now),
            active: self.status == "active",
            email: self.email,
            name: self.name,
            external_id: self.external_id,
            attributes: match self.attributes {
                Some(Value::Object(attributes)) => attributes,
                _ => Map::new(),
            },
            groups: groups.into_iter().map(|(id, name)| GroupName { id, name }).collect(),
            created_at: self.created_at,
            modified_at: self.modified_at.unwrap_or(self.created_at),
        }
    }
}

/// One user, whether they have joined or not.
///
/// # Errors
/// Not found, when there is no such user.
pub async fn person(api_client: &ApiClient<'_>, user: UserId) -> Result<ScimUser> {
    let mut connection = api_client.app().pool.acquire().await?;
    read(&mut connection, api_client, user).await
}

async fn read(connection: &mut PgConnection, api_client: &ApiClient<'_>, user: UserId) -> Result<ScimUser> {
    let mut statement = sql::Statement::new(api_client.organization_id());
    statement.sql.push(COLUMNS).push(
        " from users u
          left join scim_users d on d.organization_id = u.organization_id and d.user_id = u.id
          where u.organization_id = ",
    );
    statement.sql.push_bind(api_client.organization_id()).push(" and u.id = ").push_bind(user.0);
    let row: Option<PersonRow> = statement.sql.build_query_as().fetch_optional(connection).await?;
    row.map(|row| row.into_user(api_client.now)).ok_or_else(Error::not_found)
}

/// Makes a user, or takes the invitation of one who is invited, with all that it offered.
///
/// # Errors
/// The table's refusal: somebody has the address already.
pub async fn create(api_client: &ApiClient<'_>, form: &UserUpdate) -> Result<ScimUser> {
    again!(create_once(api_client, form))
}

async fn create_once(api_client: &ApiClient<'_>, form: &UserUpdate) -> Result<ScimUser> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    if !form.active {
        access::lock_organization(&mut transaction, api_client).await?;
    }
    let admission = Admission {
        email: &form.email,
        name: &form.name,
        role: OrganizationRole::Member,
        groups: &[],
        by: JoinedBy::Scim,
        actor: Some(principal.actor),
    };
    let admitted = admission::admit(&mut transaction, api_client, &admission, Action::ScimCreate).await?;
    write_core(&mut transaction, api_client, admitted.user, form).await?;
    write_kept(&mut transaction, api_client, admitted.user, form).await?;
    if !form.active {
        done(apply(&mut transaction, principal, UserAction::Deactivate, &[admitted.user.0]).await?)?;
    }
    let person = read(&mut transaction, api_client, admitted.user).await?;
    transaction.commit().await?;
    Ok(person)
}

/// Changes a user to what `change` makes of them. It looks at them while nobody else can change them.
///
/// # Errors
/// Not found; another version than was expected; what `change` says; an address that somebody else has; the last active
/// admin who would be none.
pub async fn edit<E: From<Error> + Send>(
    api_client: &ApiClient<'_>,
    user: UserId,
    expected: &IfMatch,
    change: impl Fn(&ScimUser) -> Result<UserUpdate, E> + Sync,
) -> Result<Edited, E> {
    let mut locked = false;
    for _ in 0..2 * MAX_ATTEMPTS {
        match attempt(api_client, user, expected, &change, locked).await {
            Ok(Some(edited)) => return Ok(edited),
            Ok(None) => locked = true,
            Err(Failed::Again) => {}
            Err(Failed::Said(error)) => return Err(error),
        }
    }
    Err(Error::Internal("a user was changed by others again and again".to_owned()).into())
}

/// Why an attempt did not come to its end.
enum Failed<E> {
    /// The database ended it to free others.
    Again,
    Said(E),
}

impl<E: From<Error>> From<Error> for Failed<E> {
    fn from(error: Error) -> Self {
        if error.is_deadlock() { Self::Again } else { Self::Said(error.into()) }
    }
}

impl<E: From<Error>> From<sqlx::Error> for Failed<E> {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

/// Nothing, when it needs the organization's lock and has it not: whoever ends an active user takes it before the
/// user's, since that may be the last admin.
async fn attempt<E: From<Error> + Send>(
    api_client: &ApiClient<'_>,
    user: UserId,
    expected: &IfMatch,
    change: &(impl Fn(&ScimUser) -> Result<UserUpdate, E> + Sync),
    locked: bool,
) -> Result<Option<Edited>, Failed<E>> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    if locked {
        access::lock_organization(&mut transaction, api_client).await?;
    }
    lock(&mut transaction, api_client, user).await?;
    let before = read(&mut transaction, api_client, user).await?;
    expected.check(&before.version())?;
    let form = change(&before).map_err(Failed::Said)?;
    let joined = matches!(before.state, MembershipState::Active | MembershipState::Suspended);
    let ends = !form.active && (before.active || !joined);
    if ends && !locked {
        return Ok(None);
    }
    // Whoever has not joined can be taken out and no more: what the invitation offers is the admins' to say.
    if joined {
        change_core(&mut transaction, api_client, &before, &form).await?;
        change_kept(&mut transaction, api_client, &before, &form).await?;
    }
    if ends {
        done(apply(&mut transaction, principal, UserAction::Deactivate, &[user.0]).await?)?;
    } else if form.active && !before.active {
        done(apply(&mut transaction, principal, UserAction::Activate, &[user.0]).await?)?;
    }
    let edited = if ends && !joined {
        Edited::Gone
    } else {
        Edited::ScimUser(Box::new(read(&mut transaction, api_client, user).await?))
    };
    transaction.commit().await?;
    Ok(Some(edited))
}

async fn lock(transaction: &mut PgConnection, api_client: &ApiClient<'_>, user: UserId) -> Result<()> {
    sqlx::query!(
        "select id from users where organization_id = $1 and id = $2 for update",
        api_client.organization_id(),
        user.0
    )
    .fetch_optional(transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(())
}

/// Takes a user out, whether they have joined or not.
///
/// # Errors
/// Not found; another version than was expected; the last active admin.
pub async fn delete(api_client: &ApiClient<'_>, user: UserId, expected: &IfMatch) -> Result<()> {
    again!(delete_once(api_client, user, expected))
}

async fn delete_once(api_client: &ApiClient<'_>, user: UserId, expected: &IfMatch) -> Result<()> {
    let principal = &Principal::from(api_client);
    let mut transaction = api_client.app().pool.begin().await?;
    access::lock_organization(&mut transaction, api_client).await?;
    lock(&mut transaction, api_client, user).await?;
    if *expected != IfMatch::Any {
        expected.check(&read(&mut transaction, api_client, user).await?.version())?;
    }
    done(apply(&mut transaction, principal, UserAction::RevokeMembership, &[user.0]).await?)?;
    transaction.commit().await?;
    Ok(())
}

/// What was refused to one is refused.
fn done(answer: model::actions::ActionResult) -> Result<()> {
    match answer.refused.into_iter().next() {
        Some(refused) => Err(Problem::Refused { why: refused.why }.into()),
        None if answer.not_found > 0 => Err(Error::not_found()),
        None => Ok(()),
    }
}

/// The address and the name, as a directory that makes somebody writes them.
async fn write_core(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    user: UserId,
    form: &UserUpdate,
) -> Result<()> {
    sqlx::query!(
        "update users set email = $3, name = coalesce(nullif($4, ''), name)
         where organization_id = $1 and id = $2
            and (email, name) is distinct from ($3, coalesce(nullif($4, ''), name))",
        api_client.organization_id(),
        user.0,
        form.email.as_str(),
        form.name
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn change_core(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    before: &ScimUser,
    form: &UserUpdate,
) -> Result<()> {
    let principal = Principal::from(api_client);
    let address = form.email.as_str();
    if before.email == address && before.name == form.name {
        return Ok(());
    }
    sqlx::query!(
        "update users set email = $3, email_normalized = $4, name = $5 where organization_id = $1 and id = $2",
        api_client.organization_id(),
        before.id.0,
        address,
        form.email.normalized(),
        form.name
    )
    .execute(&mut *transaction)
    .await
    .map_err(taken)?;
    if before.email != address {
        // What went to the mailbox of before signs nobody in any more. Whoever is signed in stays so.
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
        let word = "user.email_changed";
        audit::record(&mut *transaction, api_client, &principal.actor, word, &targets, &details).await?;
    }
    if before.name != form.name {
        let details = json!({ "from": before.name, "to": form.name });
        let targets = Targets::one(before.id, address);
        audit::record(transaction, api_client, &principal.actor, "user.renamed", &targets, &details).await?;
    }
    Ok(())
}

fn taken(error: sqlx::Error) -> Error {
    let constraint = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint);
    if constraint == Some("users_email_key") {
        Problem::Refused { why: Refusal::UserExists }.into()
    } else {
        error.into()
    }
}
