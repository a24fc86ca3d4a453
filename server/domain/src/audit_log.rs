//! Reading the audit log: one page, one user's timeline, or a streaming export. For recording events, see
//! the module `audit`.

mod details;

use crate::{Admin, Error, InOrganization, Result};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use model::audit_log::{AuditEvent, AuditPage, AuditQuery, PAGE_ROWS};
use model::{AuditEventId, UserId};
use serde_json::Value;
use sqlx::{FromRow, Postgres, QueryBuilder};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Capacity of the export channel, in rows. It bounds memory however long the log is.
const EXPORT_BUFFER: usize = 256;

/// Rows per query of the export. Between two queries it holds no database connection.
const EXPORT_BATCH: i64 = 1_000;

/// One page of the log, newest first.
pub async fn list(admin: &Admin<'_>, query: &AuditQuery) -> Result<AuditPage> {
    let limit = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
    let mut rows: Vec<Row> = build_query(admin.organization_id(), query, limit + 1)
        .build_query_as()
        .fetch_all(&admin.app().pool)
        .await?;
    let has_more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let next = rows.last().filter(|_| has_more).map(|row| AuditEventId(row.id));
    Ok(AuditPage { rows: rows.into_iter().map(Row::into_model).collect(), next, now: admin.now() })
}

/// The newest events about a user.
pub(crate) async fn list_for_user(admin: &Admin<'_>, user: UserId, limit: i64) -> Result<Vec<AuditEvent>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, at, action, actor_name, target_id, target_email, source, details from audit_events
         where organization_id = $1 and target_id = $2 order by id desc limit $3",
    )
    .bind(admin.organization_id())
    .bind(user.0)
    .bind(limit)
    .fetch_all(&admin.app().pool)
    .await?;
    Ok(rows.into_iter().map(Row::into_model).collect())
}

/// One row of the export.
pub struct ExportRow {
    pub event: AuditEvent,
    /// The details as stored.
    pub details: Value,
}

/// Streams all matching events, newest first, at the speed of the receiver. If the database fails, the last item is the
/// error.
pub fn export(admin: &Admin<'_>, query: AuditQuery) -> mpsc::Receiver<Result<ExportRow>> {
    let (sender, receiver) = mpsc::channel(EXPORT_BUFFER);
    let (pool, organization) = (admin.app().pool.clone(), admin.organization_id());
    tokio::spawn(async move {
        let mut query = query;
        loop {
            let batch: Result<Vec<Row>, sqlx::Error> =
                build_query(organization, &query, EXPORT_BATCH).build_query_as().fetch_all(&pool).await;
            let rows = match batch {
                Ok(rows) => rows,
                Err(error) => {
                    let _ = sender.send(Err(Error::from(error))).await;
                    return;
                }
            };
            let Some(last) = rows.last() else { return };
            query.before = Some(AuditEventId(last.id));
            for row in rows {
                let details = row.details.clone();
                // An error means that the receiver was dropped.
                if sender.send(Ok(ExportRow { event: row.into_model(), details })).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

fn build_query(organization: Uuid, query: &AuditQuery, limit: i64) -> QueryBuilder<Postgres> {
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
        // Not `like`: Postgres assumes that few rows match a pattern, so it would scan the whole table instead of walking
        // the index from the newest row.
        sql.push(" and (strpos(lower(actor_name), ")
            .push_bind(who.clone())
            .push(") > 0 or strpos(lower(target_email), ")
            .push_bind(who)
            .push(") > 0)");
    }
    // Ids sort by creation time, so the date filters can use the primary key.
    if let Some(from) = parse_day(&query.from) {
        sql.push(" and id >= ").push_bind(first_id(midnight(from)));
    }
    if let Some(after) = parse_day(&query.to).and_then(|to| to.checked_add_days(Days::new(1))) {
        sql.push(" and id < ").push_bind(first_id(midnight(after)));
    }
    if let Some(before) = query.before {
        sql.push(" and id < ").push_bind(before.0);
    }
    sql.push(" order by id desc limit ").push_bind(limit);
    sql
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The smallest UUIDv7 of a time (RFC 9562, section 5.7): its milliseconds followed by zeros.
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
            // A target without an email address is not a user but, for example, a group, and has no profile.
            target_id: self.target_id.filter(|_| self.target_email.is_some()).map(UserId),
            target: self.target_email,
            source: self.source,
            details: details::format_line(&self.details),
        }
    }
}
