//! The list of users: search, filters, sort and keyset pages.

use super::cursor::Cursor;
use crate::mail::{DeliveryColumns, delivery_state};
use crate::{Admin, Result};
use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::users::{Count, MAX_COUNT, PAGE_ROWS, UserCounts, UserRow, UserSort, UsersPage, UsersQuery};
use model::{GroupId, UserId, UserStatus};
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

/// One page of the list that `query` describes.
pub async fn list(admin: &Admin<'_>, query: &UsersQuery) -> Result<UsersPage> {
    let window = Window::of(query);
    let (group, few) = match query.group {
        Some(group) => group_of(admin, group).await?,
        None => (None, false),
    };
    let counted = Counted::of(admin).await?;
    let mut rows: Vec<Row> = select(admin, query, &window, few, counted.are_few(query))
        .build_query_as()
        .fetch_all(&admin.app().pool)
        .await?;
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    if window.backwards {
        rows.reverse();
    }
    let came_from_before = window.from.is_some() && !window.backwards;
    let came_from_behind = window.backwards;
    let edge = |row: Option<&Row>| row.map(|row| Cursor(row.sort_value.clone(), row.id).encode());
    let previous = if came_from_before || (window.backwards && more) { edge(rows.first()) } else { None };
    let next = if came_from_behind || (!window.backwards && more) { edge(rows.last()) } else { None };
    Ok(UsersPage {
        previous,
        next,
        group,
        counts: counted.told(),
        now: admin.now,
        rows: rows.into_iter().map(|row| row.into_model(admin.now)).collect(),
    })
}

/// Up to how many people a group's list is read from the group, and sorted. Beyond, so many are in it that the list is
/// read in its order, and whoever is not in the group left out. The planner can't tell the two apart by itself.
const GROUP_FEW: i64 = 5_000;

/// A group by name, nothing when it is not there; and whether few are in it.
async fn group_of(admin: &Admin<'_>, group: GroupId) -> Result<(Option<GroupName>, bool)> {
    let row = sqlx::query!(
        "select name, (select count(*) from (
                select from group_members where organization_id = $1 and group_id = $2 limit $3
            ) counted) as \"members!\"
         from groups where organization_id = $1 and id = $2",
        admin.organization_id(),
        group.0,
        GROUP_FEW + 1
    )
    .fetch_optional(&admin.app().pool)
    .await?;
    let few = row.as_ref().is_none_or(|row| row.members <= GROUP_FEW);
    Ok((row.map(|row| GroupName { id: group, name: row.name }), few))
}

/// From where, and in which direction, the page is read.
struct Window {
    from: Option<Cursor>,
    backwards: bool,
}

impl Window {
    fn of(query: &UsersQuery) -> Self {
        let before = query.before.as_deref().and_then(Cursor::decode);
        let backwards = before.is_some();
        Self { from: before.or_else(|| query.after.as_deref().and_then(Cursor::decode)), backwards }
    }
}

/// What the list can be sorted by: the expression of its index, and its type.
const fn sort_expression(sort: UserSort) -> (&'static str, &'static str) {
    match sort {
        // Whoever has given no name yet is called by their address.
        UserSort::Name => ("lower(coalesce(nullif(u.name, ''), u.email))", "text"),
        UserSort::Email => ("u.email_normalized", "text"),
        UserSort::Status => ("u.status", "text"),
        UserSort::Role => ("u.role", "text"),
        UserSort::LastLogin => ("coalesce(u.last_login_at, '-infinity'::timestamptz)", "timestamptz"),
    }
}

/// The page's statement. What a person typed goes in as bound values alone.
///
/// First the rows of the page, then what belongs to each of them: a search that finds thousands asks for the mails of
/// those alone that are shown.
fn select(
    admin: &Admin<'_>,
    query: &UsersQuery,
    window: &Window,
    few_in_group: bool,
    few_of_status: bool,
) -> QueryBuilder<Postgres> {
    let (expression, kind) = sort_expression(query.sort);
    let descending = query.descending != window.backwards;
    let (comparison, direction) = if descending { ("<", " desc") } else { (">", "") };
    let order = format!(" order by {expression}{direction}, u.id{direction}");
    let mut sql = QueryBuilder::new("");
    let search = query.search.trim().to_lowercase();
    let users = if search.is_empty() { "users" } else { "hits" };
    if !search.is_empty() {
        // Materialized, or the planner walks the sort's index and tests every row of the organization.
        sql.push("with hits as materialized (select * from users where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and lower(name || ' ' || email) like ")
            .push_bind(contains(&search))
            .push(") ");
    }
    if few_of_status {
        // Materialized, or the planner may think that they are many.
        sql.push("with few as materialized (select user_id from invitations where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and status = 'open' and expires_at ")
            .push(if query.status == Some(UserStatus::Expired) { "<= " } else { "> " })
            .push_bind(admin.now)
            .push(") ");
    }
    if let Some(group) = query.group {
        sql.push(if search.is_empty() && !few_of_status { "with " } else { ", " })
            .push("members as ")
            .push(if few_in_group { "materialized" } else { "not materialized" })
            .push(" (select user_id from group_members where organization_id = ")
            .push_bind(admin.organization_id())
            .push(" and group_id = ")
            .push_bind(group.0)
            .push(") ");
    }
    sql.push(
        "select u.id, u.name, u.email, u.status, u.role, u.last_login_at, u.joined_by, i.expires_at, u.sort_value,
            d.state as delivery_state, d.attempts, d.due_at, d.reply, d.ended_at
         from (select u.*, ",
    );
    sql.push(expression).push("::text as sort_value from ").push(users).push(" u where u.organization_id = ");
    sql.push_bind(admin.organization_id());
    if query.group.is_some() {
        sql.push(" and u.id in (select user_id from members)");
    }
    if few_of_status {
        sql.push(" and u.status = 'invited' and u.id in (select user_id from few)");
    } else if query.status.is_some() || query.group.is_none() {
        push_status(&mut sql, query.status, admin);
    }
    if let Some(role) = query.role {
        sql.push(" and u.role = ").push_bind(role.code());
    }
    if let Some(Cursor(value, id)) = &window.from {
        sql.push(" and (").push(expression).push(", u.id) ").push(comparison).push(" (");
        sql.push_bind(value.clone()).push("::text::").push(kind).push(", ").push_bind(*id).push(")");
    }
    sql.push(&order).push(" limit ").push_bind(i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX) + 1);
    sql.push(
        ") u
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         left join lateral (
            select state, attempts, due_at, reply, ended_at from deliveries
            where organization_id = i.organization_id and invitation_id = i.id
            order by id desc limit 1
         ) d on true",
    );
    sql.push(order);
    sql
}

/// When the open invitation of a user ends. A value, and no join, so that only those who are invited are looked up.
const ENDS: &str = "(select expires_at from invitations
     where organization_id = u.organization_id and user_id = u.id and status = 'open')";

fn push_status(sql: &mut QueryBuilder<Postgres>, status: Option<UserStatus>, admin: &Admin<'_>) {
    match status {
        None => {
            sql.push(" and (u.status <> 'invited' or ").push(ENDS).push(" > ").push_bind(admin.now).push(")")
        }
        Some(UserStatus::Invited) => {
            sql.push(" and u.status = 'invited' and ").push(ENDS).push(" > ").push_bind(admin.now)
        }
        Some(UserStatus::Expired) => {
            sql.push(" and u.status = 'invited' and ").push(ENDS).push(" <= ").push_bind(admin.now)
        }
        Some(UserStatus::Active) => sql.push(" and u.status = 'active'"),
        Some(UserStatus::Suspended) => sql.push(" and u.status = 'suspended'"),
    };
}

/// A pattern for what contains this text, whatever signs are in it.
pub(crate) fn contains(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

pub(crate) async fn counts(admin: &Admin<'_>) -> Result<UserCounts> {
    Ok(Counted::of(admin).await?.told())
}

/// The most invitations of a kind that are read by their end, and their users sorted.
const STATUS_FEW: i64 = 500;

/// How many there are of each kind, counted up to [`MAX_COUNT`] and one more.
struct Counted {
    active: i64,
    suspended: i64,
    invited: i64,
    expired: i64,
    requests: i64,
}

impl Counted {
    async fn of(admin: &Admin<'_>) -> Result<Self> {
        let counted = sqlx::query_as!(
            Self,
            // Each in the order of an index, or the planner reads the table from its start and what others have there.
            "select
                (select count(*) from (
                    select from users where organization_id = $1 and status = 'active' order by id limit $3
                ) counted) as \"active!\",
                (select count(*) from (
                    select from users where organization_id = $1 and status = 'suspended' order by id limit $3
                ) counted) as \"suspended!\",
                (select count(*) from (
                    select from invitations
                    where organization_id = $1 and status = 'open' and expires_at > $2 order by expires_at limit $3
                ) counted) as \"invited!\",
                (select count(*) from (
                    select from invitations
                    where organization_id = $1 and status = 'open' and expires_at <= $2 order by expires_at limit $3
                ) counted) as \"expired!\",
                (select count(*) from (
                    select from invitation_requests where organization_id = $1 and status = 'open' order by id limit $3
                ) counted) as \"requests!\"",
            admin.organization_id(),
            admin.now,
            i64::from(MAX_COUNT) + 1
        )
        .fetch_one(&admin.app().pool)
        .await?;
        Ok(counted)
    }

    fn told(&self) -> UserCounts {
        let count = |counted: i64| {
            let counted = u32::try_from(counted).unwrap_or(u32::MAX);
            Count { counted: counted.min(MAX_COUNT), more: counted > MAX_COUNT }
        };
        UserCounts {
            users: count(self.active + self.suspended + self.invited),
            expired: count(self.expired),
            requests: count(self.requests),
        }
    }

    /// Whether a list of those whom the query asks for begins with their invitations. A search begins with what it finds.
    fn are_few(&self, query: &UsersQuery) -> bool {
        // There is an index by status in these orders alone.
        let in_order = matches!(query.sort, UserSort::Name | UserSort::Status);
        let few = match query.status {
            Some(UserStatus::Invited) => in_order && are_few(self.invited, self.expired),
            Some(UserStatus::Expired) => !in_order || are_few(self.expired, self.invited),
            _ => false,
        };
        few && query.search.trim().is_empty()
    }
}

/// Whether it costs less to read all of these invitations by their end, and to sort their users, than to read whoever is
/// invited in the order of the list, and to leave out the others until a page is full. The planner can't tell: what it
/// knows of is the organization of usual size.
fn are_few(these: i64, others: i64) -> bool {
    let page = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX);
    // A page is full after `page * (these + others) / these` rows. Of what was not counted to its end, nobody knows.
    let sooner_sorted = these.saturating_mul(these) <= page.saturating_mul(these + others);
    these <= STATUS_FEW && (sooner_sorted || others > i64::from(MAX_COUNT))
}

/// A row of the list as the database gives it.
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
    pub delivery_state: Option<String>,
    pub attempts: Option<i32>,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Row {
    pub(super) fn into_model(self, now: DateTime<Utc>) -> UserRow {
        let delivery = self.delivery_state.map(|state| {
            delivery_state(DeliveryColumns {
                state,
                attempts: self.attempts.unwrap_or_default(),
                due_at: self.due_at,
                reply: self.reply.unwrap_or_default(),
                ended_at: self.ended_at,
            })
        });
        UserRow {
            id: UserId(self.id),
            name: self.name,
            email: self.email,
            status: match self.status.as_str() {
                "active" => UserStatus::Active,
                "suspended" => UserStatus::Suspended,
                _ if self.expires_at.is_some_and(|end| end > now) => UserStatus::Invited,
                _ => UserStatus::Expired,
            },
            role: self.role.parse().unwrap_or_default(),
            expires_at: self.expires_at,
            delivery,
            last_login_at: self.last_login_at,
            joined_by: self.joined_by.and_then(|way| way.parse().ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::are_few;

    #[test]
    fn few_are_sorted_and_of_many_a_page_is_read() {
        for (these, others, few) in [
            (0, 0, true),
            (0, 1_001, true),
            (100, 500, true),
            (500, 100, false),
            (500, 0, false),
            (400, 1_001, true),
            (501, 1_001, false),
            (1_001, 1_001, false),
        ] {
            assert_eq!(are_few(these, others), few, "{these} of {}", these + others);
        }
    }
}
