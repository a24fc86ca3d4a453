//! Who comes in by a provider's word, and as whom.
//!
//! Somebody is known by issuer and subject. Their address counts once, when they come for the first time: then it tells
//! which user, invited or active, they are. Whoever has that address later is another person.

use super::exchange::Person;
use super::login_flow::Attempt;
use crate::admission::{self, Admission};
use crate::audit::{self, Actor, Targets};
use crate::sessions::{self, NewSession};
use crate::{Error, OrganizationContext, Result};
use model::sso::SsoRefusal;
use model::transitions::{Action, MembershipState, Refusal};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, OrganizationRole, Problem, UserId};
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
pub(super) async fn enter(
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    person: &Person,
) -> Result<Entrance> {
    let mut transaction = context.app().pool.begin().await?;
    let found = match linked(&mut transaction, context, attempt, person).await? {
        Some((user, status)) => returning(&mut transaction, context, attempt, person, user, &status).await?,
        None => first_time(&mut transaction, context, attempt, person).await?,
    };
    let user = match found {
        Ok(user) => user,
        Err(refusal) => return Ok(Entrance::Shut(refusal)),
    };
    let session = sessions::start(&mut transaction, context, user.id).await?;
    sqlx::query!(
        "update sessions set connection_id = $3, sso_subject = $4, sso_session = $5
         where organization_id = $1 and token_hash = $2",
        context.organization_id(),
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
    context: &OrganizationContext<'_>,
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
        context.organization_id(),
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
    context: &OrganizationContext<'_>,
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
    if let Err(refusal) = fits_invitation(transaction, context, attempt, &user.email).await? {
        return Ok(Err(refusal));
    }
    sqlx::query!(
        "update sso_identities set last_used_at = $5
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        context.organization_id(),
        attempt.connection.id.0,
        person.issuer,
        person.subject,
        context.now
    )
    .execute(&mut *transaction)
    .await?;
    signed_in(transaction, context, attempt, &user).await?;
    Ok(Ok(user))
}

/// Somebody who comes for the first time: their address says which user they are, or that they are none yet.
async fn first_time(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    person: &Person,
) -> Result<Result<Known, SsoRefusal>> {
    let email = match allowed(attempt, person) {
        Ok(email) => email,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = fits_invitation(transaction, context, attempt, email.as_str()).await? {
        return Ok(Err(refusal));
    }
    let groups = groups(transaction, context, attempt).await?;
    let admission = Admission {
        email,
        name: &person.name,
        role: attempt.connection.default_role.parse::<OrganizationRole>().unwrap_or_default(),
        groups: &groups,
        by: JoinedBy::Sso,
        actor: None,
    };
    let action = if attempt.connection.just_in_time { Action::SsoSignIn } else { Action::SsoSignInInvited };
    let admitted = match admission::admit(transaction, context, &admission, action).await {
        Ok(admitted) => admitted,
        Err(Error::Problem(Problem::Refused { why })) => return Ok(Err(refused(why, email))),
        Err(other) => return Err(other),
    };
    if !link(transaction, context, attempt, person, admitted.user).await? {
        return Ok(Err(SsoRefusal::OtherPerson { email: email.to_string() }));
    }
    let row = sqlx::query!(
        "select name, email from users where organization_id = $1 and id = $2",
        context.organization_id(),
        admitted.user.0
    )
    .fetch_one(&mut *transaction)
    .await?;
    let user = Known { id: admitted.user, name: row.name, email: row.email };
    // Joining has its own row in the log, and is signing in as well.
    if admitted.before == MembershipState::Active {
        signed_in(transaction, context, attempt, &user).await?;
    }
    Ok(Ok(user))
}

/// The verified address, where this connection takes it.
fn allowed<'a>(attempt: &Attempt, person: &'a Person) -> Result<&'a EmailAddress, SsoRefusal> {
    let email = person.email.as_ref().ok_or(SsoRefusal::Unverified)?;
    if model::settings::is_domain_allowed(&attempt.connection.allowed_domains, &email.normalized()) {
        Ok(email)
    } else {
        Err(SsoRefusal::DomainNotAllowed { email: email.to_string() })
    }
}

fn refused(why: Refusal, email: &EmailAddress) -> SsoRefusal {
    let email = email.to_string();
    match why {
        Refusal::Suspended => SsoRefusal::Suspended { email },
        _ => SsoRefusal::Stranger { email },
    }
}

/// Whether it is the invited one who comes, where it began on an invitation's page.
async fn fits_invitation(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    came: &str,
) -> Result<Result<(), SsoRefusal>> {
    let Some(invitation) = attempt.invitation else { return Ok(Ok(())) };
    let invited = sqlx::query_scalar!(
        "select email from invitations where organization_id = $1 and id = $2",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(transaction)
    .await?;
    let key = |email: &str| EmailAddress::parse(email).map(|email| email.normalized()).ok();
    Ok(match invited {
        Some(invited) if key(&invited) != key(came) => {
            Err(SsoRefusal::Mismatch { invited, came: came.to_owned() })
        }
        _ => Ok(()),
    })
}

/// The groups of whoever joins without an invitation.
async fn groups(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
) -> Result<Vec<GroupId>> {
    let groups = sqlx::query_scalar!(
        "select group_id from sso_connection_groups where organization_id = $1 and connection_id = $2",
        context.organization_id(),
        attempt.connection.id.0
    )
    .fetch_all(transaction)
    .await?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// Writes down that this person is this user, unless the user is another person of the provider already. The user's
/// row is locked; the constraints say the same.
async fn link(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    person: &Person,
    user: UserId,
) -> Result<bool> {
    sqlx::query!(
        "insert into sso_identities
            (organization_id, connection_id, issuer, subject, user_id, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $6)
         on conflict do nothing",
        context.organization_id(),
        attempt.connection.id.0,
        person.issuer,
        person.subject,
        user.0,
        context.now
    )
    .execute(&mut *transaction)
    .await?;
    let linked = sqlx::query_scalar!(
        "select user_id from sso_identities
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        context.organization_id(),
        attempt.connection.id.0,
        person.issuer,
        person.subject
    )
    .fetch_optional(transaction)
    .await?;
    Ok(linked == Some(user.0))
}

async fn signed_in(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    user: &Known,
) -> Result<()> {
    sqlx::query!(
        "update users set last_login_at = $3 where organization_id = $1 and id = $2",
        context.organization_id(),
        user.id.0,
        context.now
    )
    .execute(&mut *transaction)
    .await?;
    let name = if user.name.is_empty() { &user.email } else { &user.name };
    let actor = Actor::User { id: user.id, name };
    let details = json!({ "by": "sso", "connection": attempt.connection.name });
    let targets = Targets::one(user.id, &user.email);
    audit::record(transaction, context, &actor, "user.signed_in", &targets, &details).await
}
