//! Reading the audit log: page by page, or all of it as it streams out of the database.

mod details;

use crate::{Admin, Error, Result};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use model::audit_log::{AuditEvent, AuditPage, AuditQuery, PAGE_ROWS};
use model::{AuditEventId, UserId};
use serde_json::Value;
use sqlx::{FromRow, Postgres, QueryBuilder};
use tokio::sync::mpsc;
use uuid::Uuid;

/// How many rows are on their way to whoever reads the whole log; memory stays flat, however long it is.
const IN_FLIGHT: usize = 256;

/// How many rows one statement of the export reads. Between two, no connection is held.
const CHUNK_ROWS: i64 = 1_000;

/// One page of the log, newest first.
pub async fn list(admin: &Admin<'_>, query: &AuditQuery) -> Result<AuditPage> {
    let most = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
    let mut rows: Vec<Row> = select(admin.organization_id(), query, most + 1)
        .build_query_as()
        .fetch_all(&admin.app().pool)
        .await?;
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let next = rows.last().filter(|_| more).map(|row| AuditEventId(row.id));
    Ok(AuditPage { rows: rows.into_iter().map(Row::into_model).collect(), next, now: admin.now })
}

/// What was done to this user, newest first.
pub(crate) async fn of_user(admin: &Admin<'_>, user: UserId, most: i64) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, at, action, actor_name, target_id, target_email, source, details from audit_events
         where organization_id = $1 and target_id = $2 order by id desc limit $3",
    )
    .bind(admin.organization_id())
    .bind(user.0)
    .bind(most)
    .fetch_all(&admin.app().pool)
    .await?;
    Ok(rows.into_iter().map(Row::into_model).collect())
}

/// One row as the export has it.
pub struct Exported {
    pub event: AuditEvent,
    /// As they are kept.
    pub details: Value,
}

/// All rows of the query, newest first, as fast as they are taken. Ends early, with an error as the last item, when the
/// database fails.
pub fn export(admin: &Admin<'_>, query: AuditQuery) -> mpsc::Receiver<Result<Exported>> {
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let (pool, organization) = (admin.app().pool.clone(), admin.organization_id());
    tokio::spawn(async move {
        let mut query = query;
        loop {
            let chunk: Result<Vec<Row>, sqlx::Error> =
                select(organization, &query, CHUNK_ROWS).build_query_as().fetch_all(&pool).await;
            let rows = match chunk {
                Ok(rows) => rows,
                Err(error) => {
                    let _ = sender.send(Err(Error::from(error))).await;
                    return;
                }
            };
            let Some(last) = rows.last() else { return };
            query.before = Some(AuditEventId(last.id));
            for row in rows {
                // Whoever asked has gone.
                let details = row.details.clone();
                if sender.send(Ok(Exported { event: row.into_model(), details })).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

fn select(organization: Uuid, query: &AuditQuery, most: i64) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "select id, at, action, actor_name, target_id, target_email, source, details from audit_events
         where organization_id = ",
    );
    sql.push_bind(organization);
    if !query.action.is_empty() {
        sql.push(" and action = ").push_bind(query.action.clone());
    }
    let who = query.who.trim().to_lowercase();
    if !who.is_empty() {
        // Not `like`: Postgres takes a pattern for rare, and would read the whole table in place of the newest rows.
        sql.push(" and (strpos(lower(actor_name), ")
            .push_bind(who.clone())
            .push(") > 0 or strpos(lower(target_email), ")
            .push_bind(who)
            .push(") > 0)");
    }
    // Ids sort by the time they were made at, so the days need no index of their own.
    if let Some(from) = day(&query.from) {
        sql.push(" and id >= ").push_bind(first_id(midnight(from)));
    }
    if let Some(after) = day(&query.to).and_then(|to| to.checked_add_days(Days::new(1))) {
        sql.push(" and id < ").push_bind(first_id(midnight(after)));
    }
    if let Some(before) = query.before {
        sql.push(" and id < ").push_bind(before.0);
    }
    sql.push(" order by id desc limit ").push_bind(most);
    sql
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The least UUIDv7 of a moment (RFC 9562, section 5.7): its milliseconds, and nothing behind.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(millis << 80)
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    action: String,
    actor_name: String,
    target_id: Option<Uuid>,
    target_email: Option<String>,
    source: String,
    details: Value,
}

impl Row {
    fn into_model(self) -> AuditEvent {
        AuditEvent {
            id: AuditEventId(self.id),
            at: self.at,
            action: self.action,
            actor: self.actor_name,
            // A thing, such as a group, has no profile.
            target_id: self.target_id.filter(|_| self.target_email.is_some()).map(UserId),
            target: self.target_email,
            source: self.source,
            details: details::line(&self.details),
        }
    }
}
