//! The demo organization: people in every state, to look at and to play with.

use crate::{Error, OrganizationContext, RequestContext, Result, organizations};
use chrono::TimeDelta;
use model::Problem;
use model::field::FieldError;
use uuid::Uuid;

pub const SLUG: &str = "blobsrus";
pub const ADMIN: &str = "admin@blobsrus.com";

/// Name, address, status, role, and how many hours ago they signed in last.
const PEOPLE: [(&str, &str, &str, &str, Option<i64>); 14] = [
    ("Bloberta Round", "bloberta.round", "active", "admin", Some(3)),
    ("Globby Waters", "globby.waters", "active", "member", Some(1)),
    ("Ellie Psoid", "ellie.psoid", "active", "member", Some(26)),
    ("Amorph Us", "amorph.us", "active", "member", Some(50)),
    ("Sven Smear", "sven.smear", "active", "member", Some(200)),
    ("Jelena Jelly", "jelena.jelly", "active", "member", Some(9)),
    ("Puddle O’Mara", "puddle.omara", "active", "member", Some(720)),
    ("Dolores Drop", "dolores.drop", "active", "member", Some(5)),
    ("Tau Pioka", "tau.pioka", "active", "member", Some(100)),
    ("Ooze Özdemir", "ooze.oezdemir", "active", "member", Some(14)),
    ("Flub Berman", "flub.berman", "suspended", "member", Some(2_000)),
    ("", "gel.atin", "invited", "member", None),
    ("", "plasma.bell", "invited", "admin", None),
    ("", "goo.lash", "expired", "member", None),
];

/// Makes the demo organization, unless it is there.
pub async fn seed(request_context: &RequestContext) -> Result<()> {
    match organizations::create(request_context, SLUG, "Blobs R Us", ADMIN).await {
        Ok(_) => people(request_context).await,
        Err(Error::Problem(problem)) if problem == Problem::field("slug", FieldError::Taken) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Writes the people as they would be after some weeks. Their invitations were mailed then, so none is mailed now.
async fn people(request_context: &RequestContext) -> Result<()> {
    let organization = request_context.organization(SLUG).await?;
    let admin = sqlx::query_scalar!(
        "update users set name = 'Ada Blob' where organization_id = $1 returning id",
        organization.organization_id()
    )
    .fetch_one(&request_context.app.pool)
    .await?;
    for (name, mailbox, status, role, hours) in PEOPLE {
        let (user, invitation) = (organization.new_id(), organization.new_id());
        let email = format!("{mailbox}@blobsrus.com");
        let joined = hours.map(|_| organization.now - TimeDelta::days(60));
        let seen = hours.map(|hours| organization.now - TimeDelta::hours(hours));
        let invited_at = match status {
            "invited" => organization.now - TimeDelta::days(1),
            "expired" => organization.now - TimeDelta::days(9),
            _ => organization.now - TimeDelta::days(61),
        };
        let stored = if status == "expired" { "invited" } else { status };
        sqlx::query!(
            "insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by,
                last_login_at, created_at)
             values ($1, $2, $3, $3, $4, $5, $6, $7, case when $7::timestamptz is null then null else 'invitation' end,
                $8, $9)",
            organization.organization_id(),
            user,
            email,
            name,
            stored,
            role,
            joined,
            seen,
            invited_at
        )
        .execute(&request_context.app.pool)
        .await?;
        sqlx::query!(
            "insert into invitations (organization_id, id, user_id, email, status, invited_by, inviter_name,
                created_at, expires_at, ended_at)
             values ($1, $2, $3, $4, case when $5::timestamptz is null then 'open' else 'accepted' end, $6, 'Ada Blob',
                $7, $8, $5)",
            organization.organization_id(),
            invitation,
            user,
            email,
            joined,
            admin,
            invited_at,
            invited_at + TimeDelta::days(7)
        )
        .execute(&request_context.app.pool)
        .await?;
        deliver(
            request_context,
            organization.organization_id(),
            organization.new_id(),
            invitation,
            &email,
            invited_at,
        )
        .await?;
    }
    access(request_context, &organization).await
}

/// Two roles, a group that has one of them, and some people in it.
async fn access(request_context: &RequestContext, organization: &OrganizationContext<'_>) -> Result<()> {
    let (reader, payer, group) = (organization.new_id(), organization.new_id(), organization.new_id());
    sqlx::query!(
        "with made as (
            insert into roles (organization_id, id, name, permissions, created_at) values
                ($1, $2, 'Auditor', '{invoice:read,report:*}', $5),
                ($1, $3, 'Bookkeeper', '{invoice:pay,invoice:read}', $5)
         )
         insert into groups (organization_id, id, name, description, created_at)
         values ($1, $4, 'Accounting', 'Everybody who pays the bills.', $5)",
        organization.organization_id(),
        reader,
        payer,
        group,
        organization.now
    )
    .execute(&request_context.app.pool)
    .await?;
    sqlx::query!(
        "with given as (
            insert into group_roles (organization_id, group_id, role_id) values ($1, $3, $2)
         ), auditors as (
            insert into user_roles (organization_id, user_id, role_id)
            select $1, id, $4 from users where organization_id = $1 and name in ('Dolores Drop', 'Sven Smear')
         )
         insert into group_members (organization_id, group_id, user_id)
         select $1, $3, id from users
         where organization_id = $1 and name in ('Dolores Drop', 'Jelena Jelly', 'Ooze Özdemir')",
        organization.organization_id(),
        payer,
        group,
        reader
    )
    .execute(&request_context.app.pool)
    .await?;
    Ok(())
}

async fn deliver(
    request_context: &RequestContext,
    organization: Uuid,
    id: Uuid,
    invitation: Uuid,
    email: &str,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into deliveries (organization_id, id, kind, invitation_id, email, state, attempts, reply, created_at, ended_at)
         values ($1, $2, 'invitation', $3, $4, 'accepted', 1, '250 OK (demo)', $5, $5)",
        organization,
        id,
        invitation,
        email,
        at
    )
    .execute(&request_context.app.pool)
    .await?;
    Ok(())
}
