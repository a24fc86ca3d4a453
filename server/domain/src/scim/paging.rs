//! Pages of lists (RFC 7644, section 3.4.2.4): keyset pagination behind SCIM's `startIndex`.
//!
//! SCIM clients walk through a list from its start. The last row of each page is saved as a cursor with the API key, so
//! that an index finds the next page and every page costs the same. Only a request that jumps to another `startIndex`
//! falls back to an offset.

use super::columns::{Column, column};
use super::sql::Statement;
use crate::{ApiClient, InOrganization, Result, secret};
use chrono::TimeDelta;
use scim::schema::DataType;
use scim::{AttributePath, ListQuery, ResourceType};
use uuid::Uuid;

/// How long a cursor can be used.
const CURSOR_TTL: TimeDelta = TimeDelta::minutes(60);

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage<T> {
    /// `totalResults`: the length of the whole list.
    pub total: i64,
    pub resources: Vec<T>,
}

/// The last row of a page, after which the next one starts.
pub(super) struct Cursor {
    pub sort_value: Option<String>,
    pub last_id: Uuid,
}

/// Where a page starts: after a cursor, or at an offset.
pub(super) struct PageStart<'a> {
    query: &'a ListQuery,
    sort_column: Option<SortColumn>,
    query_hash: Vec<u8>,
    after: Option<Cursor>,
    offset: i64,
    /// The total as counted for the first page: counting a million rows again for every page would be too slow.
    pub total: Option<i64>,
}

/// The column that a list is sorted by; ties are broken by id.
struct SortColumn {
    path: AttributePath,
    /// Whether it is compared in lower case.
    fold: bool,
    nullable: bool,
    sql_type: &'static str,
}

impl<'a> PageStart<'a> {
    /// Loads the cursor that the previous page saved. Without one, the page starts at an offset.
    pub async fn load(
        api_client: &ApiClient<'_>,
        resource_type: ResourceType,
        query: &'a ListQuery,
    ) -> Result<Self> {
        let mut start = Self {
            query,
            sort_column: sort_column(resource_type, query),
            query_hash: secret::sha256(query.cache_key.as_bytes()),
            after: None,
            offset: query.start_index - 1,
            total: None,
        };
        if start.offset == 0 {
            return Ok(start);
        }
        let cursor = sqlx::query!(
            "select sort_value, last_id, total from scim_list_cursors
             where organization_id = $1 and api_key_id = $2 and query_hash = $3 and start_index = $4 and saved_at > $5",
            api_client.organization_id(),
            api_client.key().0,
            start.query_hash,
            query.start_index,
            api_client.now() - CURSOR_TTL
        )
        .fetch_optional(&api_client.app().pool)
        .await?;
        if let Some(row) = cursor {
            start.after = Some(Cursor { sort_value: row.sort_value, last_id: row.last_id });
            start.offset = 0;
            start.total = Some(row.total);
        }
        Ok(start)
    }

    /// Appends the column `sort_value`, which together with the id becomes the cursor.
    pub fn push_sort_value(&self, statement: &mut Statement) {
        match &self.sort_column {
            None => drop(statement.sql.push("null::text")),
            Some(column) => {
                column.push(statement);
                statement.sql.push("::text");
            }
        }
        statement.sql.push(" as sort_value");
    }

    /// Appends the start, the order and the length of the page.
    pub fn push_page(&self, statement: &mut Statement, id: &'static str) {
        let (after, direction) = if self.query.descending { (" < ", " desc") } else { (" > ", "") };
        match (&self.after, &self.sort_column) {
            (None, _) => {}
            (Some(cursor), None) => {
                statement.sql.push(" and ").push(id).push(after).push_bind(cursor.last_id);
            }
            (Some(cursor), Some(column)) => self.push_after_cursor(statement, column, id, cursor),
        }
        statement.sql.push(" order by ");
        if let Some(column) = &self.sort_column {
            column.push(statement);
            // Resources without a value sort last, or first in descending order (RFC 7644, section 3.4.2.3).
            statement.sql.push(direction).push(", ");
        }
        statement.sql.push(id).push(direction);
        statement.sql.push(" limit ").push_bind(self.query.count);
        if self.offset > 0 {
            statement.sql.push(" offset ").push_bind(self.offset);
        }
    }

    fn push_after_cursor(
        &self,
        statement: &mut Statement,
        column: &SortColumn,
        id: &'static str,
        cursor: &Cursor,
    ) {
        let after = if self.query.descending { " < " } else { " > " };
        statement.sql.push(" and (");
        let nulls = if let Some(value) = &cursor.sort_value {
            statement.sql.push("(");
            column.push(statement);
            statement.sql.push(", ").push(id).push(")").push(after).push("(");
            statement.sql.push_bind(value.clone()).push("::text::").push(column.sql_type).push(", ");
            statement.sql.push_bind(cursor.last_id).push(")");
            (column.nullable && !self.query.descending).then_some(" is null")
        } else {
            statement.sql.push("(");
            column.push(statement);
            statement.sql.push(" is null and ").push(id).push(after).push_bind(cursor.last_id).push(")");
            self.query.descending.then_some(" is not null")
        };
        if let Some(nulls) = nulls {
            statement.sql.push(" or ");
            column.push(statement);
            statement.sql.push(nulls);
        }
        statement.sql.push(")");
    }

    /// Saves the cursor for the next page, if there is one, and deletes the key's expired cursors.
    pub async fn save_cursor(
        &self,
        api_client: &ApiClient<'_>,
        total: i64,
        returned: usize,
        last: Option<Cursor>,
    ) -> Result<()> {
        let next = self.query.start_index.saturating_add(i64::try_from(returned).unwrap_or(i64::MAX));
        let Some(cursor) = last.filter(|_| next <= total) else { return Ok(()) };
        sqlx::query!(
            "with expired as (
                delete from scim_list_cursors
                where organization_id = $1 and api_key_id = $2 and query_hash <> $3 and saved_at <= $9
             )
             insert into scim_list_cursors
                (organization_id, api_key_id, query_hash, start_index, sort_value, last_id, total, saved_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (organization_id, api_key_id, query_hash) do update
             set start_index = $4, sort_value = $5, last_id = $6, total = $7, saved_at = $8",
            api_client.organization_id(),
            api_client.key().0,
            self.query_hash,
            next,
            cursor.sort_value,
            cursor.last_id,
            total,
            api_client.now(),
            api_client.now() - CURSOR_TTL
        )
        .execute(&api_client.app().pool)
        .await?;
        Ok(())
    }
}

fn sort_column(resource_type: ResourceType, query: &ListQuery) -> Option<SortColumn> {
    let path = query.sort_by.filter(|path| !path.attribute.multi_valued && path.leaf().filterable)?;
    let column = column(resource_type, path);
    let (nullable, sql_type) = match (&path.leaf().data_type, column) {
        // Ids (UUIDv7) sort by creation time.
        (_, Column::Id(_) | Column::NotNull("u.created_at" | "g.created_at") | Column::Subquery(_))
        | (DataType::Complex(_), _) => return None,
        (DataType::DateTime, _) => (false, "timestamptz"),
        (DataType::Boolean, _) => (false, "boolean"),
        (_, Column::NotNull(_) | Column::Email | Column::CaseFolded { .. }) => (false, "text"),
        (_, Column::Json | Column::JsonValue | Column::Nullable(_)) => (true, "text"),
    };
    let fold = column == Column::Json && !path.leaf().case_exact;
    Some(SortColumn { path, fold, nullable, sql_type })
}

impl SortColumn {
    /// Appends the expression exactly as the index has it.
    fn push(&self, statement: &mut Statement) {
        statement.sql.push(if self.fold { "lower(" } else { "(" });
        statement.push_column(self.path);
        statement.sql.push(")");
    }
}
