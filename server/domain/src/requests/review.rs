//! What the admins do about open requests.

use crate::audit::{self, Actor, Targets};
use crate::{Admin, OrganizationContext, Result, mail, users};
use model::requests::{Membership, PAGE_ROWS, RequestRow, RequestsPage, RequestsQuery};
use model::users::JoinedBy;
use model::{RequestId, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// One page of the open requests, the oldest first.
pub async fn list(admin: &Admin<'_>, query: &RequestsQuery) -> Result<RequestsPage> {
    let backwards = query.before.is_some();
    let most = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX) + 1;
    let mut rows = sqlx::query!(
        "select r.id, r.email, r.name, r.message, r.created_at, r.repeat_count,
            u.id as \"user_id?\", u.joined_by, u.joined_at
         from invitation_requests r
         left join users u
            on u.organization_id = r.organization_id and u.email_normalized = r.email_normalized and u.status = 'active'
         where r.organization_id = $1 and r.status = 'open'
            and ($2::uuid is null or r.id > $2) and ($3::uuid is null or r.id < $3)
         order by case when $4 then r.id end desc, r.id limit $5",
        admin.organization_id(),
        query.after.map(|id| id.0).filter(|_| !backwards),
        query.before.map(|id| id.0),
        backwards,
        most
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    if backwards {
        rows.reverse();
    }
    let first = rows.first().map(|row| RequestId(row.id));
    let last = rows.last().map(|row| RequestId(row.id));
    let rows = rows
        .into_iter()
        .map(|row| RequestRow {
            id: RequestId(row.id),
            email: row.email,
            name: row.name,
            message: row.message,
            asked_at: row.created_at,
            repeat_count: row.repeat_count,
            member: row.user_id.zip(row.joined_at).map(|(user, at)| Membership {
                user: UserId(user),
                by: row.joined_by.and_then(|way| way.parse().ok()).unwrap_or_default(),
                at,
            }),
        })
        .collect();
    Ok(RequestsPage {
        rows,
        previous: first.filter(|_| if backwards { more } else { query.after.is_some() }),
        next: last.filter(|_| backwards || more),
        any_stale: any_stale(admin).await?,
        counts: users::counts(admin).await?,
        now: admin.now,
    })
}

/// Whether there is an open request of an active user, on whichever page.
async fn any_stale(admin: &Admin<'_>) -> Result<bool> {
    let any = sqlx::query_scalar!(
        "select exists (
            select from invitation_requests r
            join users u on u.organization_id = r.organization_id and u.email_normalized = r.email_normalized and u.status = 'active'
            where r.organization_id = $1 and r.status = 'open'
         ) as \"any!\"",
        admin.organization_id()
    )
    .fetch_one(&admin.app().pool)
    .await?;
    Ok(any)
}

/// Closes these requests without an invitation, and says how many were open. Nobody is told, unless `tell`.
///
/// # Errors
/// None of its own: a request that is closed already stays so.
pub async fn dismiss(admin: &Admin<'_>, requests: &[RequestId], tell: bool) -> Result<usize> {
    let ids: Vec<Uuid> = requests.iter().map(|request| request.0).collect();
    let mut transaction = admin.app().pool.begin().await?;
    let closed = sqlx::query!(
        "with open as (
            select id from invitation_requests
            where organization_id = $1 and id = any($3) and status = 'open' order by id for update
         )
         update invitation_requests set status = 'dismissed', ended_at = $2
         where organization_id = $1 and id in (select id from open)
         returning id, email",
        admin.organization_id(),
        admin.now,
        &ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut targets = Targets::default();
    for row in &closed {
        targets.push_address(&row.email);
    }
    if tell {
        let mails: Vec<_> = closed.iter().map(|row| (RequestId(row.id), row.email.as_str())).collect();
        mail::enqueue_requests(&mut transaction, admin, "request_dismissed", &mails).await?;
    }
    let actor = Actor::user(&admin.user);
    let details = json!({ "told": tell });
    audit::record(&mut transaction, admin, &actor, "request.dismissed", &targets, &details).await?;
    transaction.commit().await?;
    admin.app().mail_ready.notify_one();
    Ok(closed.len())
}

/// Closes every open request whose address belongs to an active user by now, and says how many there were.
///
/// # Errors
/// None of its own.
pub async fn dismiss_stale(admin: &Admin<'_>) -> Result<usize> {
    let stale = sqlx::query_scalar!(
        "select r.id from invitation_requests r
         join users u on u.organization_id = r.organization_id and u.email_normalized = r.email_normalized and u.status = 'active'
         where r.organization_id = $1 and r.status = 'open'",
        admin.organization_id()
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let stale: Vec<RequestId> = stale.into_iter().map(RequestId).collect();
    if stale.is_empty() { Ok(0) } else { dismiss(admin, &stale, false).await }
}

/// The open requests of these addresses.
pub async fn of_addresses(admin: &Admin<'_>, emails: &[String]) -> Result<Vec<RequestId>> {
    let ids = sqlx::query_scalar!(
        "select id from invitation_requests
         where organization_id = $1 and email = any($2) and status = 'open'",
        admin.organization_id(),
        emails
    )
    .fetch_all(&admin.app().pool)
    .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Dismisses the open request of somebody who becomes a user now, where the settings say so; tells whether there was one.
pub(crate) async fn mark_joined(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
) -> Result<bool> {
    if !context.settings.dismiss_stale_requests {
        return Ok(false);
    }
    let dismissed = sqlx::query!(
        "update invitation_requests set status = 'resolved', ended_at = $2
         where organization_id = $1 and status = 'open'
            and email_normalized = (select email_normalized from users where organization_id = $1 and id = $3)",
        context.organization_id(),
        context.now,
        user.0
    )
    .execute(transaction)
    .await?;
    Ok(dismissed.rows_affected() > 0)
}

/// What the log keeps of a joining: by which way, and that it answered a request.
pub(crate) fn join_details(by: JoinedBy, dismissed: bool) -> Value {
    let mut details = json!({ "by": by.code() });
    if dismissed {
        details["request"] = "dismissed".into();
    }
    details
}

/// Closes the open requests of these addresses, which are invited; gives back which had one.
pub(crate) async fn mark_approved(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    keys: &[&str],
) -> Result<Vec<String>> {
    let emails = sqlx::query_scalar!(
        "with open as (
            select id from invitation_requests
            where organization_id = $1 and email_normalized = any($3) and status = 'open' order by id for update
         )
         update invitation_requests set status = 'approved', ended_at = $2
         where organization_id = $1 and id in (select id from open)
         returning email",
        context.organization_id(),
        context.now,
        keys as &[&str]
    )
    .fetch_all(transaction)
    .await?;
    Ok(emails)
}
