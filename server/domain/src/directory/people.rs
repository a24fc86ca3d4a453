//! Users, made and changed by a directory. What it says of somebody is written; who they are here, and whether they may
//! come in, goes by the same rules as for everybody.

mod kept;

use super::{Expected, Person, sql};
use crate::audit::{self, Targets};
use crate::entry::{self, Newcomer};
use crate::invitations::state;
use crate::users::{ATTEMPTS_MOST, apply};
use crate::{Error, Program, Result, Steward, access};
use chrono::{DateTime, Utc};
use kept::{change_kept, write_kept};
use model::actions::UserAction;
use model::permission::GroupName;
use model::rules::{Action, AddressState, Refusal};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// The most letters of a directory's own id: an index has no room for more.
pub const EXTERNAL_ID_MOST: usize = 500;

/// What a directory wants a user to be.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonForm {
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
    Person(Box<Person>),
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
    pub fn into_person(self, now: DateTime<Utc>) -> Person {
        let groups = self.groups.map(|groups| groups.0).unwrap_or_default();
        Person {
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
pub async fn person(program: &Program<'_>, user: UserId) -> Result<Person> {
    let mut connection = program.domain().pool.acquire().await?;
    read(&mut connection, program, user).await
}

async fn read(connection: &mut PgConnection, program: &Program<'_>, user: UserId) -> Result<Person> {
    let mut statement = sql::Statement::new(program.organization());
    statement.sql.push(COLUMNS).push(
        " from users u
          left join directory_users d on d.organization_id = u.organization_id and d.user_id = u.id
          where u.organization_id = ",
    );
    statement.sql.push_bind(program.organization()).push(" and u.id = ").push_bind(user.0);
    let row: Option<PersonRow> = statement.sql.build_query_as().fetch_optional(connection).await?;
    row.map(|row| row.into_person(program.now)).ok_or_else(Error::not_found)
}

/// Makes a user, or takes the invitation of one who is invited, with all that it offered.
///
/// # Errors
/// The table's refusal: somebody has the address already.
pub async fn create(program: &Program<'_>, form: &PersonForm) -> Result<Person> {
    again!(create_once(program, form))
}

async fn create_once(program: &Program<'_>, form: &PersonForm) -> Result<Person> {
    let steward = &Steward::from(program);
    let mut transaction = program.domain().pool.begin().await?;
    if !form.active {
        access::lock_organization(&mut transaction, program).await?;
    }
    let newcomer = Newcomer {
        email: &form.email,
        name: &form.name,
        role: OrganizationRole::Member,
        groups: &[],
        by: JoinedBy::Scim,
        actor: Some(steward.actor),
    };
    let entered = entry::enter(&mut transaction, program, &newcomer, Action::ScimCreate).await?;
    write_core(&mut transaction, program, entered.user, form).await?;
    write_kept(&mut transaction, program, entered.user, form).await?;
    if !form.active {
        done(apply(&mut transaction, steward, UserAction::Deactivate, &[entered.user.0]).await?)?;
    }
    let person = read(&mut transaction, program, entered.user).await?;
    transaction.commit().await?;
    Ok(person)
}

/// Changes a user to what `change` makes of them. It looks at them while nobody else can change them.
///
/// # Errors
/// Not found; another version than was expected; what `change` says; an address that somebody else has; the last active
/// admin who would be none.
pub async fn edit<E: From<Error> + Send>(
    program: &Program<'_>,
    user: UserId,
    expected: &Expected,
    change: impl Fn(&Person) -> Result<PersonForm, E> + Sync,
) -> Result<Edited, E> {
    let mut locked = false;
    for _ in 0..2 * ATTEMPTS_MOST {
        match attempt(program, user, expected, &change, locked).await {
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
    program: &Program<'_>,
    user: UserId,
    expected: &Expected,
    change: &(impl Fn(&Person) -> Result<PersonForm, E> + Sync),
    locked: bool,
) -> Result<Option<Edited>, Failed<E>> {
    let steward = &Steward::from(program);
    let mut transaction = program.domain().pool.begin().await?;
    if locked {
        access::lock_organization(&mut transaction, program).await?;
    }
    lock(&mut transaction, program, user).await?;
    let before = read(&mut transaction, program, user).await?;
    expected.check(&before.version())?;
    let form = change(&before).map_err(Failed::Said)?;
    let joined = matches!(before.state, AddressState::Active | AddressState::Suspended);
    let ends = !form.active && (before.active || !joined);
    if ends && !locked {
        return Ok(None);
    }
    // Whoever has not joined can be taken out and no more: what the invitation offers is the admins' to say.
    if joined {
        change_core(&mut transaction, program, &before, &form).await?;
        change_kept(&mut transaction, program, &before, &form).await?;
    }
    if ends {
        done(apply(&mut transaction, steward, UserAction::Deactivate, &[user.0]).await?)?;
    } else if form.active && !before.active {
        done(apply(&mut transaction, steward, UserAction::Activate, &[user.0]).await?)?;
    }
    let edited = if ends && !joined {
        Edited::Gone
    } else {
        Edited::Person(Box::new(read(&mut transaction, program, user).await?))
    };
    transaction.commit().await?;
    Ok(Some(edited))
}

async fn lock(transaction: &mut PgConnection, program: &Program<'_>, user: UserId) -> Result<()> {
    sqlx::query!(
        "select id from users where organization_id = $1 and id = $2 for update",
        program.organization(),
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
pub async fn delete(program: &Program<'_>, user: UserId, expected: &Expected) -> Result<()> {
    again!(delete_once(program, user, expected))
}

async fn delete_once(program: &Program<'_>, user: UserId, expected: &Expected) -> Result<()> {
    let steward = &Steward::from(program);
    let mut transaction = program.domain().pool.begin().await?;
    access::lock_organization(&mut transaction, program).await?;
    lock(&mut transaction, program, user).await?;
    if *expected != Expected::Any {
        expected.check(&read(&mut transaction, program, user).await?.version())?;
    }
    done(apply(&mut transaction, steward, UserAction::RevokeMembership, &[user.0]).await?)?;
    transaction.commit().await?;
    Ok(())
}

/// What was refused to one is refused.
fn done(answer: model::actions::ActionAnswer) -> Result<()> {
    match answer.refused.into_iter().next() {
        Some(refused) => Err(Problem::Refused { why: refused.why }.into()),
        None if answer.gone > 0 => Err(Error::not_found()),
        None => Ok(()),
    }
}

/// The address and the name, as a directory that makes somebody writes them.
async fn write_core(
    transaction: &mut PgConnection,
    program: &Program<'_>,
    user: UserId,
    form: &PersonForm,
) -> Result<()> {
    sqlx::query!(
        "update users set email = $3, name = coalesce(nullif($4, ''), name)
         where organization_id = $1 and id = $2
            and (email, name) is distinct from ($3, coalesce(nullif($4, ''), name))",
        program.organization(),
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
    program: &Program<'_>,
    before: &Person,
    form: &PersonForm,
) -> Result<()> {
    let steward = Steward::from(program);
    let address = form.email.as_str();
    if before.email == address && before.name == form.name {
        return Ok(());
    }
    sqlx::query!(
        "update users set email = $3, email_key = $4, name = $5 where organization_id = $1 and id = $2",
        program.organization(),
        before.id.0,
        address,
        form.email.key(),
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
            program.organization(),
            before.id.0
        )
        .execute(&mut *transaction)
        .await?;
        let details = json!({ "from": before.email, "to": address });
        let targets = Targets::one(before.id, address);
        let word = "user.address_changed";
        audit::record(&mut *transaction, program, &steward.actor, word, &targets, &details).await?;
    }
    if before.name != form.name {
        let details = json!({ "from": before.name, "to": form.name });
        let targets = Targets::one(before.id, address);
        audit::record(transaction, program, &steward.actor, "user.renamed", &targets, &details).await?;
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
