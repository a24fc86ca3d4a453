//! Who comes in by a provider's word, and as whom.
//!
//! Somebody is known by issuer and subject. Their address counts once, when they come for the first time: then it tells
//! which user, invited or active, they are. Whoever has that address later is another person.

use super::attempts::Attempt;
use super::provider::Person;
use crate::audit::{self, Actor, Targets};
use crate::entry::{self, Newcomer};
use crate::sessions::{self, NewSession};
use crate::{Error, Result, Visitor};
use model::rules::{Action, Refusal};
use model::sso::SsoRefusal;
use model::{EmailAddress, GroupId, InvitationId, OrganizationRole, Problem, UserId};
use serde_json::json;
use sqlx::PgConnection;

/// Whether somebody comes in.
pub(super) enum Entrance {
    Open(NewSession),
    Shut(SsoRefusal),
}

/// A user who comes in.
struct Known {
    id: UserId,
    name: String,
    email: String,
}

/// Lets a person in, or says why not; then nothing has changed.
pub(super) async fn enter(visitor: &Visitor<'_>, attempt: &Attempt, person: &Person) -> Result<Entrance> {
    let mut transaction = visitor.domain().pool.begin().await?;
    let found = match linked(&mut transaction, visitor, attempt, person).await? {
        Some((user, status)) => returning(&mut transaction, visitor, attempt, person, user, &status).await?,
        None => first_time(&mut transaction, visitor, attempt, person).await?,
    };
    let user = match found {
        Ok(user) => user,
        Err(refusal) => return Ok(Entrance::Shut(refusal)),
    };
    let session = sessions::start(&mut transaction, visitor, user.id).await?;
    sqlx::query!(
        "update sessions set connection_id = $3, sso_subject = $4, sso_session = $5
         where organization_id = $1 and token_hash = $2",
        visitor.organization(),
        session.token.hash(),
        attempt.connection.id.0,
        person.subject,
        person.session
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Entrance::Open(session))
}

/// The user that this person is, locked, and their status; nothing, when they come for the first time.
async fn linked(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    attempt: &Attempt,
    person: &Person,
) -> Result<Option<(Known, String)>> {
    let row = sqlx::query!(
        "select id, name, email, status from users
         where organization_id = $1 and id = (
            select user_id from sso_identities
            where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4
         )
         for update",
        visitor.organization(),
        attempt.connection.id.0,
        person.issuer,
        person.subject
    )
    .fetch_optional(transaction)
    .await?;
    Ok(row.map(|row| (Known { id: UserId(row.id), name: row.name, email: row.email }, row.status)))
}

/// Somebody who was here before, whatever their address is by now.
async fn returning(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    attempt: &Attempt,
    person: &Person,
    user: Known,
    status: &str,
) -> Result<Result<Known, SsoRefusal>> {
    if status != "active" {
        return Ok(Err(SsoRefusal::Suspended { email: user.email }));
    }
    if !attempt.connection.allowed_domains.is_empty()
        && let Err(refusal) = allowed(attempt, person)
    {
        return Ok(Err(refusal));
    }
    if let Err(refusal) = fits_invitation(transaction, visitor, attempt, &user.email).await? {
        return Ok(Err(refusal));
    }
    sqlx::query!(
        "update sso_identities set last_used_at = $5
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        visitor.organization(),
        attempt.connection.id.0,
        person.issuer,
        person.subject,
        visitor.now
    )
    .execute(&mut *transaction)
    .await?;
    signed_in(transaction, visitor, attempt, &user).await?;
    Ok(Ok(user))
}

/// Somebody who comes for the first time: their address says which user they are, or that they are none yet.
async fn first_time(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    attempt: &Attempt,
    person: &Person,
) -> Result<Result<Known, SsoRefusal>> {
    let email = match allowed(attempt, person) {
        Ok(email) => email,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = fits_invitation(transaction, visitor, attempt, email.as_str()).await? {
        return Ok(Err(refusal));
    }
    let groups = groups(transaction, visitor, attempt).await?;
    let newcomer = Newcomer {
        email,
        name: &person.name,
        role: attempt.connection.default_role.parse::<OrganizationRole>().unwrap_or_default(),
        groups: &groups,
        by: JoinedBy::Sso,
    };
    let action = if attempt.connection.just_in_time { Action::SsoJustInTime } else { Action::Sso };
    let entered = match entry::enter(transaction, visitor, &newcomer, action).await {
        Ok(entered) => entered,
        Err(Error::Problem(Problem::Refused { why })) => return Ok(Err(refused(why, email))),
        Err(other) => return Err(other),
    };
    todo!()
}
