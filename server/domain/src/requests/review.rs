//! Listing, dismissing and closing open requests.

use crate::audit::{self, Targets};
use crate::column::parse_column;
use crate::mail::RequestDelivery;
use crate::{Admin, InOrganization, Result, mail, users};
use model::audit_log::AuditAction;
use model::requests::{Membership, PAGE_ROWS, RequestRow, RequestsPage, RequestsQuery};
use model::{RequestId, UserId};
use serde_json::json;
use uuid::Uuid;

/// One page of the open requests, oldest first.
pub async fn list(admin: &Admin<'_>, query: &RequestsQuery) -> Result<RequestsPage> {
    let backwards = query.before.is_some();
    let limit = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX) + 1;
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
        limit
    )
    .fetch_all(&admin.app().pool)
    .await?;
    let has_more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    if backwards {
        rows.reverse();
    }
    let first = rows.first().map(|row| RequestId(row.id));
    let last = rows.last().map(|row| RequestId(row.id));
    let rows = rows.into_iter().map(|row| {
        let member = match (row.user_id, row.joined_by, row.joined_at) {
            (Some(user), Some(by), Some(at)) => {
                let by = parse_column(&by, "users", "joined_by", user)?;
                Some(Membership { user: UserId(user), by, at })
            }
            _ => None,
        };
        Ok(RequestRow {
            id: RequestId(row.id),
            email: row.email,
            name: row.name,
            message: row.message,
            requested_at: row.created_at,
            repeat_count: row.repeat_count,
            member,
        })
    });
    let rows = rows.collect::<Result<_>>()?;
    Ok(RequestsPage {
        rows,
        previous: first.filter(|_| if backwards { has_more } else { query.after.is_some() }),
        next: last.filter(|_| backwards || has_more),
        any_stale: any_stale(admin).await?,
        counts: users::load_counts(admin).await?,
        now: admin.now(),
    })
}

/// Whether any open request belongs to an active user.
async fn any_stale(admin: &Admin<'_>) -> Result<bool> {
    let any_stale = sqlx::query_scalar!(
        "select exists (
            select from invitation_requests r
            join users u on u.organization_id = r.organization_id and u.email_normalized = r.email_normalized and u.status = 'active'
            where r.organization_id = $1 and r.status = 'open'
         ) as \"any_stale!\"",
        admin.organization_id()
    )
    .fetch_one(&admin.app().pool)
    .await?;
    Ok(any_stale)
}

/// Dismisses requests without an invitation and returns how many of them were open. With `notify`, emails the people who
/// sent them.
pub async fn dismiss(admin: &Admin<'_>, requests: &[RequestId], notify: bool) -> Result<usize> {
    let ids: Vec<Uuid> = requests.iter().map(|request| request.0).collect();
    let mut transaction = admin.app().pool.begin().await?;
    let dismissed = sqlx::query!(
        "with open as (
            select id from invitation_requests
            where organization_id = $1 and id = any($3) and status = 'open' order by id for update
         )
         update invitation_requests set status = 'dismissed', ended_at = $2
         where organization_id = $1 and id in (select id from open)
         returning id, email",
        admin.organization_id(),
        admin.now(),
        &ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut targets = Targets::default();
    for row in &dismissed {
        targets.push_address(&row.email);
    }
    if notify {
        let mails: Vec<_> = dismissed.iter().map(|row| (RequestId(row.id), row.email.as_str())).collect();
        mail::enqueue_requests(&mut transaction, admin.context(), RequestDelivery::Dismissal, &mails).await?;
    }
    let actor = admin.actor();
    let details = json!({ "notified": notify });
    audit::record(
        &mut transaction,
        admin.context(),
        &actor,
        AuditAction::RequestDismissed,
        &targets,
        &details,
    )
    .await?;
    transaction.commit().await?;
    admin.app().mail_ready.notify_one();
    Ok(dismissed.len())
}

/// Dismisses all stale requests, those of active users, and returns how many there were.
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

/// Finds the open requests from these email addresses.
pub async fn find_open_by_email(admin: &Admin<'_>, emails: &[String]) -> Result<Vec<RequestId>> {
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
