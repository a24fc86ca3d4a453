//! The demo organization, with users in every membership state.

use crate::{Error, InOrganization, OrganizationContext, RequestContext, Result, organizations};
use chrono::TimeDelta;
use model::Problem;
use model::field::FieldError;
use uuid::Uuid;

/// The slug of the demo organization.
pub const SLUG: &str = "blobsrus";
/// The address of its first admin.
pub const ADMIN: &str = "admin@blobsrus.com";

/// Name, local part of the address, status, organization role, and hours since the last login.
const USERS: [(&str, &str, &str, &str, Option<i64>); 14] = [
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

/// Creates the demo organization, unless it exists.
pub async fn seed(request_context: &RequestContext) -> Result<()> {
    match organizations::create(request_context, SLUG, "Blobs R Us", ADMIN).await {
        Ok(_) => insert_users(request_context).await,
        Err(Error::Problem(problem)) if problem == Problem::field("slug", FieldError::Taken) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Inserts the users as they would be after some weeks, with invitations that were already sent, so that no email is queued.
async fn insert_users(request_context: &RequestContext) -> Result<()> {
    let organization = request_context.organization(SLUG).await?;
    let admin = sqlx::query_scalar!(
        "update users set name = 'Ada Blob' where organization_id = $1 returning id",
        organization.organization_id()
    )
    .fetch_one(&request_context.app.pool)
    .await?;
    for (name, local_part, status, role, last_login_hours) in USERS {
        let (user, invitation) = (organization.new_id(), organization.new_id());
        let email = format!("{local_part}@blobsrus.com");
        let joined_at = last_login_hours.map(|_| organization.now() - TimeDelta::days(60));
        let last_login_at = last_login_hours.map(|hours| organization.now() - TimeDelta::hours(hours));
        let invited_at = match status {
            "invited" => organization.now() - TimeDelta::days(1),
            "expired" => organization.now() - TimeDelta::days(9),
            _ => organization.now() - TimeDelta::days(61),
        };
        let stored_status = if status == "expired" { "invited" } else { status };
        sqlx::query!(
            "insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by,
                last_login_at, created_at)
             values ($1, $2, $3, $3, $4, $5, $6, $7, case when $7::timestamptz is null then null else 'invitation' end,
                $8, $9)",
            organization.organization_id(),
            user,
            email,
            name,
            stored_status,
            role,
            joined_at,
            last_login_at,
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
            joined_at,
            admin,
            invited_at,
            invited_at + TimeDelta::days(7)
        )
        .execute(&request_context.app.pool)
        .await?;
        insert_delivery(
            request_context,
            organization.organization_id(),
            organization.new_id(),
            invitation,
            &email,
            invited_at,
        )
        .await?;
    }
    insert_access(request_context, &organization).await
}

/// Inserts two roles, and a group with one of the roles and some members.
async fn insert_access(
    request_context: &RequestContext,
    organization: &OrganizationContext<'_>,
) -> Result<()> {
    let (auditor, bookkeeper, group) = (organization.new_id(), organization.new_id(), organization.new_id());
    sqlx::query!(
        "with inserted_roles as (
            insert into roles (organization_id, id, name, permissions, created_at) values
                ($1, $2, 'Auditor', '{invoice:read,report:*}', $5),
                ($1, $3, 'Bookkeeper', '{invoice:pay,invoice:read}', $5)
         )
         insert into groups (organization_id, id, name, description, created_at)
         values ($1, $4, 'Accounting', 'Everyone who pays the bills.', $5)",
        organization.organization_id(),
        auditor,
        bookkeeper,
        group,
        organization.now()
    )
    .execute(&request_context.app.pool)
    .await?;
    sqlx::query!(
        "with inserted_group_roles as (
            insert into group_roles (organization_id, group_id, role_id) values ($1, $3, $2)
         ), inserted_user_roles as (
            insert into user_roles (organization_id, user_id, role_id)
            select $1, id, $4 from users where organization_id = $1 and name in ('Dolores Drop', 'Sven Smear')
         )
         insert into group_members (organization_id, group_id, user_id)
         select $1, $3, id from users
         where organization_id = $1 and name in ('Dolores Drop', 'Jelena Jelly', 'Ooze Özdemir')",
        organization.organization_id(),
        bookkeeper,
        group,
        auditor
    )
    .execute(&request_context.app.pool)
    .await?;
    Ok(())
}

async fn insert_delivery(
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
