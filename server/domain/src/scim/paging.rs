//! Lists by numbers (RFC 7644, section 3.4.2.4), and the places in them that are remembered.
//!
//! Directories walk through a list from its start. Where a page has ended is written down with the key, so that the next
//! one is read from there by an index and costs the same wherever it stands. Who jumps pays for the way.

use super::filter::{Filter, Path};
use super::schema::{Kind, Place};
use super::sql::Statement;
use crate::{ApiClient, Result, secret};
use chrono::TimeDelta;
use uuid::Uuid;

/// The most resources of one answer.
pub const MAX_COUNT: i64 = 200;

/// How long a place is remembered.
const REMEMBERED_MINUTES: i64 = 60;

/// What a directory wants to see.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    pub filter: Option<Filter>,
    /// Without it, in the order in which they were made.
    pub sort: Option<Path>,
    pub descending: bool,
    /// From 1 on.
    pub start: i64,
    pub count: i64,
    /// What the filter and the sort are in the asker's words, which tell one question from another.
    pub words: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    pub total: i64,
    pub resources: Vec<T>,
}

/// From where a page is read.
pub(super) struct Window {
    hash: Vec<u8>,
    after: Option<(Option<String>, Uuid)>,
    skip: i64,
    /// As it was when the walk began: nobody counts a million anew for each page.
    pub total: Option<i64>,
}

/// What a list is sorted by before the id.
struct Order {
    path: Path,
    nullable: bool,
    kind: &'static str,
}

impl ListQuery {
    fn order(&self) -> Option<Order> {
        let path = self.sort.filter(|path| !path.attribute.many)?;
        let end = path.end();
        let (nullable, kind) = match (&end.kind, &end.place) {
            // Ids sort by the time they were made at.
            (
                _,
                Place::Id(_)
                | Place::Always("u.created_at" | "g.created_at")
                | Place::Rows(_)
                | Place::Nowhere,
            )
            | (Kind::Complex(_), _) => return None,
            (Kind::Moment, _) => (false, "timestamptz"),
            (Kind::Flag, _) => (false, "boolean"),
            (_, Place::Always(_) | Place::Address | Place::Folded(..)) => (false, "text"),
            (_, Place::Kept | Place::Sometimes(_)) => (true, "text"),
        };
        Some(Order { path, nullable, kind })
    }

    /// From where the page is read: from a place that is remembered, or by counting from the start.
    pub(super) async fn window(&self, api_client: &ApiClient<'_>) -> Result<Window> {
        let hash = secret::sha256(self.words.as_bytes());
        let skip = self.start - 1;
        if skip == 0 {
            return Ok(Window { hash, after: None, skip, total: None });
        }
        let place = sqlx::query!(
            "select sort_value, last_id, total from scim_list_cursors
             where organization_id = $1 and api_key_id = $2 and query_hash = $3 and start_index = $4 and saved_at > $5",
            api_client.organization_id(),
            api_client.key.0,
            hash,
            self.start,
            api_client.now - TimeDelta::minutes(REMEMBERED_MINUTES)
        )
        .fetch_optional(&api_client.app().pool)
        .await?;
        Ok(match place {
            Some(row) => {
                Window { hash, after: Some((row.sort_value, row.last_id)), skip: 0, total: Some(row.total) }
            }
            None => Window { hash, after: None, skip, total: None },
        })
    }

    /// The columns behind which the next page begins.
    pub(super) fn select_place(&self, statement: &mut Statement) {
        match self.order() {
            None => drop(statement.sql.push("null::text")),
            Some(order) => {
                order.push(statement);
                statement.sql.push("::text");
            }
        }
        statement.sql.push(" as sort_value");
    }

    /// Where the page begins, in which order, and how long it is.
    pub(super) fn push_page(&self, statement: &mut Statement, id: &'static str, window: &Window, most: i64) {
        let order = self.order();
        let (beyond, direction) = if self.descending { (" < ", " desc") } else { (" > ", "") };
        match (&window.after, &order) {
            (None, _) => {}
            (Some((_, last)), None) => {
                statement.sql.push(" and ").push(id).push(beyond).push_bind(*last);
            }
            (Some((value, last)), Some(order)) => {
                self.push_beyond(statement, order, id, value.as_deref(), *last);
            }
        }
        statement.sql.push(" order by ");
        if let Some(order) = &order {
            order.push(statement);
            // What has no value comes last, or first where the order is turned around (RFC 7644, section 3.4.2.3).
            statement.sql.push(direction).push(", ");
        }
        statement.sql.push(id).push(direction);
        statement.sql.push(" limit ").push_bind(most);
        if window.skip > 0 {
            statement.sql.push(" offset ").push_bind(window.skip);
        }
    }

    fn push_beyond(
        &self,
        statement: &mut Statement,
        order: &Order,
        id: &'static str,
        value: Option<&str>,
        last: Uuid,
    ) {
        let beyond = if self.descending { " < " } else { " > " };
        statement.sql.push(" and (");
        let nulls = if let Some(value) = value {
            statement.sql.push("(");
            order.push(statement);
            statement.sql.push(", ").push(id).push(")").push(beyond).push("(");
            statement.sql.push_bind(value.to_owned()).push("::text::").push(order.kind).push(", ");
            statement.sql.push_bind(last).push(")");
            (order.nullable && !self.descending).then_some(" is null")
        } else {
            statement.sql.push("(");
            order.push(statement);
            statement.sql.push(" is null and ").push(id).push(beyond).push_bind(last).push(")");
            self.descending.then_some(" is not null")
        };
        if let Some(nulls) = nulls {
            statement.sql.push(" or ");
            order.push(statement);
            statement.sql.push(nulls);
        }
        statement.sql.push(")");
    }

    /// Writes down where the next page begins, when there is one.
    pub(super) async fn remember(
        &self,
        api_client: &ApiClient<'_>,
        window: &Window,
        total: i64,
        shown: usize,
        last: Option<(Option<String>, Uuid)>,
    ) -> Result<()> {
        let next = self.start.saturating_add(i64::try_from(shown).unwrap_or(i64::MAX));
        let Some((sort_value, last)) = last.filter(|_| next <= total) else { return Ok(()) };
        sqlx::query!(
            "with forgotten as (
                delete from scim_list_cursors
                where organization_id = $1 and api_key_id = $2 and query_hash <> $3 and saved_at <= $9
             )
             insert into scim_list_cursors
                (organization_id, api_key_id, query_hash, start_index, sort_value, last_id, total, saved_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (organization_id, api_key_id, query_hash) do update
             set start_index = $4, sort_value = $5, last_id = $6, total = $7, saved_at = $8",
            api_client.organization_id(),
            api_client.key.0,
            window.hash,
            next,
            sort_value,
            last,
            total,
            api_client.now,
            api_client.now - TimeDelta::minutes(REMEMBERED_MINUTES)
        )
        .execute(&api_client.app().pool)
        .await?;
        Ok(())
    }
}

impl Order {
    /// As its index has it.
    fn push(&self, statement: &mut Statement) {
        let fold = matches!(self.path.end().place, Place::Kept) && !self.path.end().case_exact;
        statement.sql.push(if fold { "lower(" } else { "(" });
        statement.expression(self.path, None);
        statement.sql.push(")");
    }
}
