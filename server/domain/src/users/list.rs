//! The users list: search, filters, sort orders, and keyset pagination.

use super::cursor::Cursor;
use crate::column::parse_column;
use crate::mail::{DeliveryColumns, delivery_state};
use crate::{Admin, InOrganization, Result, membership};
use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::users::{Count, MAX_COUNT, PAGE_ROWS, UserCounts, UserRow, UserSort, UsersPage, UsersQuery};
use model::{GroupId, UserId, UserStatus};
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

/// Returns the page of the users list that `query` describes.
pub async fn list(admin: &Admin<'_>, query: &UsersQuery) -> Result<UsersPage> {
    let position = PagePosition::from_query(query);
    let (group, is_small_group) = match query.group {
        Some(group) => load_group(admin, group).await?,
        None => (None, false),
    };
    let counts = StatusCounts::load(admin).await?;
    let strategy = Strategy { is_small_group, is_small_status: counts.is_small_status(query) };
    let mut rows: Vec<Row> =
        page_query(admin, query, &position, strategy).build_query_as().fetch_all(&admin.app().pool).await?;
    let has_more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    if position.backwards {
        rows.reverse();
    }
    let is_after_cursor = position.cursor.is_some() && !position.backwards;
    let has_previous = is_after_cursor || (position.backwards && has_more);
    let has_next = position.backwards || has_more;
    let cursor_at = |row: Option<&Row>| row.map(|row| Cursor(row.sort_value.clone(), row.id).encode());
    Ok(UsersPage {
        previous: if has_previous { cursor_at(rows.first()) } else { None },
        next: if has_next { cursor_at(rows.last()) } else { None },
        group,
        counts: counts.into_model(),
        now: admin.now(),
        rows: rows.into_iter().map(|row| row.into_model(admin.now())).collect::<Result<_>>()?,
    })
}

/// Largest group whose members are read from the group and then sorted. The list of a larger group is read in sort order,
/// skipping users outside the group. The planner can't tell the two cases apart.
const MAX_SMALL_GROUP: i64 = 5_000;

/// The group, `None` if it does not exist, and whether it is small.
async fn load_group(admin: &Admin<'_>, group: GroupId) -> Result<(Option<GroupName>, bool)> {
    let row = sqlx::query!(
        "select name, (select count(*) from (
                select from group_members where organization_id = $1 and group_id = $2 limit $3
            ) limited) as \"members!\"
         from groups where organization_id = $1 and id = $2",
        admin.organization_id(),
        group.0,
        MAX_SMALL_GROUP + 1
    )
    .fetch_optional(&admin.app().pool)
    .await?;
    let is_small = row.as_ref().is_none_or(|row| row.members <= MAX_SMALL_GROUP);
    Ok((row.map(|row| GroupName { id: group, name: row.name }), is_small))
}

/// Where the page starts, and in which direction it is read.
struct PagePosition {
    cursor: Option<Cursor>,
    backwards: bool,
}

impl PagePosition {
    fn from_query(query: &UsersQuery) -> Self {
        let before = query.before.as_deref().and_then(Cursor::decode);
        let backwards = before.is_some();
        Self { cursor: before.or_else(|| query.after.as_deref().and_then(Cursor::decode)), backwards }
    }
}

/// Which filters select so few users that reading and sorting all of them is cheaper than reading in sort order.
#[derive(Clone, Copy)]
struct Strategy {
    is_small_group: bool,
    is_small_status: bool,
}

/// The SQL expression of a sort order, as in its index, and the type of the expression.
const fn sort_expression(sort: UserSort) -> (&'static str, &'static str) {
    match sort {
        // Users without a name are listed by their address.
        UserSort::Name => ("lower(coalesce(nullif(u.name, ''), u.email))", "text"),
        UserSort::Email => ("u.email_normalized", "text"),
        UserSort::Status => ("u.status", "text"),
        UserSort::Role => ("u.role", "text"),
        UserSort::LastLogin => ("coalesce(u.last_login_at, '-infinity'::timestamptz)", "timestamptz"),
    }
}

/// Builds the statement that reads one page. User input is only ever bound as a parameter.
///
/// The inner query selects the rows of the page; the outer query joins their invitations and latest deliveries, so that a
/// search with thousands of matches looks up only the 50 that are shown.
fn page_query(
    admin: &Admin<'_>,
    query: &UsersQuery,
    position: &PagePosition,
    strategy: Strategy,
) -> QueryBuilder<Postgres> {
    let (expression, sql_type) = sort_expression(query.sort);
    let descending = query.descending != position.backwards;
    let (comparison, direction) = if descending { ("<", " desc") } else { (">", "") };
    let order = format!(" order by {expression}{direction}, u.id{direction}");
    let mut sql = QueryBuilder::new("");
    let search = query.search.trim().to_lowercase();
    let source = if search.is_empty() { "users" } else { "matches" };
    if !search.is_empty() {
        // Materialized: otherwise the planner reads the index of the sort order and tests every row of the organization.
        sql.push("with matches as materialized (select * from users where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and lower(name || ' ' || email) like ")
            .push_bind(contains_pattern(&search))
            .push(") ");
    }
    if strategy.is_small_status {
        // Materialized: otherwise the planner may overestimate how many there are.
        sql.push("with invited as materialized (select user_id from invitations where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and status = 'open' and expires_at ")
            .push(if query.status == Some(UserStatus::Expired) { "<= " } else { "> " })
            .push_bind(admin.now())
            .push(") ");
    }
    if let Some(group) = query.group {
        sql.push(if search.is_empty() && !strategy.is_small_status { "with " } else { ", " })
            .push("members as ")
            .push(if strategy.is_small_group { "materialized" } else { "not materialized" })
            .push(" (select user_id from group_members where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and group_id = ")
            .push_bind(group.0)
            .push(") ");
    }
    sql.push(
        "select u.id, u.name, u.email, u.status, u.role, u.last_login_at, u.joined_by, i.expires_at, u.sort_value,
            d.id as delivery_id, d.state as delivery_state, d.attempts, d.due_at, d.reply, d.ended_at
         from (select u.*, ",
    );
    sql.push(expression)
        .push("::text as sort_value from ")
        .push(source)
        .push(" u where u.organization_id = ");
    sql.push_bind(admin.organization_id());
    if query.group.is_some() {
        sql.push(" and u.id in (select user_id from members)");
    }
    if strategy.is_small_status {
        sql.push(" and u.status = 'invited' and u.id in (select user_id from invited)");
    } else if query.status.is_some() || query.group.is_none() {
        push_status_filter(&mut sql, query.status, admin);
    }
    if let Some(role) = query.role {
        sql.push(" and u.role = ").push_bind(role.code());
    }
    if let Some(Cursor(value, id)) = &position.cursor {
        sql.push(" and (").push(expression).push(", u.id) ").push(comparison).push(" (");
        sql.push_bind(value.clone()).push("::text::").push(sql_type).push(", ").push_bind(*id).push(")");
    }
    sql.push(&order).push(" limit ").push_bind(i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX) + 1);
    sql.push(
        ") u
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         left join lateral (
            select id, state, attempts, due_at, reply, ended_at from deliveries
            where organization_id = i.organization_id and invitation_id = i.id
            order by id desc limit 1
         ) d on true",
    );
    sql.push(order);
    sql
}

/// When the open invitation of a user expires. A scalar subquery instead of a join, so that Postgres evaluates it only for
/// invited users.
const EXPIRES_AT: &str = "(select expires_at from invitations
     where organization_id = u.organization_id and user_id = u.id and status = 'open')";

fn push_status_filter(sql: &mut QueryBuilder<Postgres>, status: Option<UserStatus>, admin: &Admin<'_>) {
    match status {
        None => sql
            .push(" and (u.status <> 'invited' or ")
            .push(EXPIRES_AT)
            .push(" > ")
            .push_bind(admin.now())
            .push(")"),
        Some(UserStatus::Invited) => {
            sql.push(" and u.status = 'invited' and ").push(EXPIRES_AT).push(" > ").push_bind(admin.now())
        }
        Some(UserStatus::Expired) => {
            sql.push(" and u.status = 'invited' and ").push(EXPIRES_AT).push(" <= ").push_bind(admin.now())
        }
        Some(UserStatus::Active) => sql.push(" and u.status = 'active'"),
        Some(UserStatus::Suspended) => sql.push(" and u.status = 'suspended'"),
    };
}

/// An escaped `LIKE` pattern that matches any text containing `text`.
pub(crate) fn contains_pattern(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// The counts that the tabs of the Users page show.
pub(crate) async fn load_counts(admin: &Admin<'_>) -> Result<UserCounts> {
    Ok(StatusCounts::load(admin).await?.into_model())
}

/// Most invitations that are read by expiry, to sort their users afterwards.
const MAX_SMALL_STATUS: i64 = 500;

/// Users and requests by status. Each count stops at [`MAX_COUNT`] + 1.
struct StatusCounts {
    active: i64,
    suspended: i64,
    invited: i64,
    expired: i64,
    requests: i64,
}

impl StatusCounts {
    async fn load(admin: &Admin<'_>) -> Result<Self> {
        let counts = sqlx::query_as!(
            Self,
            // Each subquery is ordered like an index: otherwise the planner scans the table from its start, and reads the
            // rows of other organizations.
            "select
                (select count(*) from (
                    select from users where organization_id = $1 and status = 'active' order by id limit $3
                ) limited) as \"active!\",
                (select count(*) from (
                    select from users where organization_id = $1 and status = 'suspended' order by id limit $3
                ) limited) as \"suspended!\",
                (select count(*) from (
                    select from invitations
                    where organization_id = $1 and status = 'open' and expires_at > $2 order by expires_at limit $3
                ) limited) as \"invited!\",
                (select count(*) from (
                    select from invitations
                    where organization_id = $1 and status = 'open' and expires_at <= $2 order by expires_at limit $3
                ) limited) as \"expired!\",
                (select count(*) from (
                    select from invitation_requests where organization_id = $1 and status = 'open' order by id limit $3
                ) limited) as \"requests!\"",
            admin.organization_id(),
            admin.now(),
            i64::from(MAX_COUNT) + 1
        )
        .fetch_one(&admin.app().pool)
        .await?;
        Ok(counts)
    }

    fn into_model(self) -> UserCounts {
        let count = |rows: i64| {
            let rows = u32::try_from(rows).unwrap_or(u32::MAX);
            Count { counted: rows.min(MAX_COUNT), more: rows > MAX_COUNT }
        };
        UserCounts {
            users: count(self.active + self.suspended + self.invited),
            expired: count(self.expired),
            requests: count(self.requests),
        }
    }

    /// Whether the list is read from the invitations of the wanted status. A search is read from its matches instead.
    fn is_small_status(&self, query: &UsersQuery) -> bool {
        // Only these orders have an index that starts with the status.
        let has_status_index = matches!(query.sort, UserSort::Name | UserSort::Status);
        let is_small = match query.status {
            Some(UserStatus::Invited) => has_status_index && is_sort_cheaper(self.invited, self.expired),
            Some(UserStatus::Expired) => !has_status_index || is_sort_cheaper(self.expired, self.invited),
            _ => false,
        };
        is_small && query.search.trim().is_empty()
    }
}

/// Whether reading all invitations of the `wanted` status and sorting their users is cheaper than reading all invited users
/// in sort order and skipping the `others` until the page is full. The planner can't decide: its statistics describe an
/// organization of average size.
fn is_sort_cheaper(wanted: i64, others: i64) -> bool {
    let page = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
    // The page is full after reading about `page * (wanted + others) / wanted` rows. A count above MAX_COUNT is only a lower
    // bound, so sorting is assumed to be cheaper.
    let reads_fewer_rows = wanted.saturating_mul(wanted) <= page.saturating_mul(wanted + others);
    wanted <= MAX_SMALL_STATUS && (reads_fewer_rows || others > i64::from(MAX_COUNT))
}

/// A row of the list, as read from the database.
#[derive(FromRow)]
pub(super) struct Row {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub status: String,
    pub role: String,
    pub last_login_at: Option<DateTime<Utc>>,
    pub joined_by: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub sort_value: String,
    pub delivery_id: Option<Uuid>,
    pub delivery_state: Option<String>,
    pub attempts: Option<i32>,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Row {
    pub(super) fn into_model(self, now: DateTime<Utc>) -> Result<UserRow> {
        let delivery = match (self.delivery_id, self.delivery_state, self.attempts, self.reply) {
            (Some(id), Some(state), Some(attempts), Some(reply)) => {
                let (due_at, ended_at) = (self.due_at, self.ended_at);
                Some(delivery_state(DeliveryColumns { id, state, attempts, due_at, reply, ended_at })?)
            }
            _ => None,
        };
        let joined_by = self.joined_by.map(|by| parse_column(&by, "users", "joined_by", self.id));
        Ok(UserRow {
            id: UserId(self.id),
            name: self.name,
            email: self.email,
            status: membership::user_status(
                parse_column(&self.status, "users", "status", self.id)?,
                self.expires_at,
                now,
            ),
            role: parse_column(&self.role, "users", "role", self.id)?,
            expires_at: self.expires_at,
            delivery,
            last_login_at: self.last_login_at,
            joined_by: joined_by.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_sort_cheaper;

    #[test]
    fn small_status_sets_are_sorted_in_memory() {
        for (wanted, others, expected) in [
            (0, 0, true),
            (0, 1_001, true),
            (100, 500, true),
            (500, 100, false),
            (500, 0, false),
            (400, 1_001, true),
            (501, 1_001, false),
            (1_001, 1_001, false),
        ] {
            assert_eq!(is_sort_cheaper(wanted, others), expected, "{wanted} of {}", wanted + others);
        }
    }
}
