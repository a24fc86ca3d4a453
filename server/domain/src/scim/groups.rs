//! Groups as SCIM clients create and change them. A change of 10,000 members takes a handful of statements.

mod members;
mod resource;

use super::etag::check_precondition;
use super::paging::{Cursor, ListPage, PageStart};
use super::sql::Statement;
use super::{GroupMember, GroupUpdate, ScimGroup};
use crate::audit::{self, Targets};
use crate::{ApiClient, Error, InOrganization, Result, groups, retry};
use chrono::{DateTime, Utc};
use members::change_members;
use model::audit_log::AuditAction;
use model::field::{self, FieldError};
use model::{GroupId, UserId};
use scim::{Filter, IfMatch, ListQuery, Resource, ResourceType};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use std::collections::HashMap;
use uuid::Uuid;

/// The most members in one page, over all of its groups. A group that would exceed it starts the next page.
const MAX_MEMBERS_PER_PAGE: i64 = 50_000;

/// The columns of a [`GroupRow`]. Count and checksum need only the index of the primary key.
const COLUMNS: &str =
    "select g.id, g.name, g.external_id, g.created_at, g.modified_at, coalesce(m.count, 0) as count,
    coalesce(m.checksum, 0) as checksum";

const FROM: &str = " from groups g
    left join lateral (
        select count(*) as count, bit_xor(hashtextextended(m.user_id::text, 0)) as checksum
        from group_members m where m.organization_id = g.organization_id and m.group_id = g.id
    ) m on true
    where g.organization_id = ";

#[derive(FromRow)]
struct GroupRow {
    id: Uuid,
    name: String,
    external_id: Option<String>,
    created_at: DateTime<Utc>,
    modified_at: Option<DateTime<Utc>>,
    count: i64,
    checksum: i64,
}

impl From<GroupRow> for ScimGroup {
    fn from(row: GroupRow) -> Self {
        Self {
            id: GroupId(row.id),
            name: row.name,
            external_id: row.external_id,
            created_at: row.created_at,
            modified_at: row.modified_at.unwrap_or(row.created_at),
            member_count: row.count,
            members_checksum: row.checksum,
            members: None,
        }
    }
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    group: GroupRow,
    sort_value: Option<String>,
}

/// Lists one page of the groups. Members are loaded only if requested, since there can be many.
pub async fn list_groups(
    api_client: &ApiClient<'_>,
    query: &ListQuery,
    with_members: bool,
) -> Result<ListPage<ScimGroup>> {
    let pool = &api_client.app().pool;
    let start = PageStart::load(api_client, ResourceType::Group, query).await?;
    let mut rows: Vec<Row> = if query.count == 0 {
        Vec::new()
    } else {
        let mut statement = Statement::new(ResourceType::Group, api_client.organization_id());
        statement.sql.push(COLUMNS).push(", ");
        start.push_sort_value(&mut statement);
        push_from(&mut statement, FROM, api_client.organization_id(), query.filter.as_ref());
        start.push_page(&mut statement, "g.id");
        statement.sql.build_query_as().fetch_all(pool).await?
    };
    let total = if let Some(total) = start.total {
        total
    } else {
        let mut statement = Statement::new(ResourceType::Group, api_client.organization_id());
        statement.sql.push("select count(*)");
        let from = " from groups g where g.organization_id = ";
        push_from(&mut statement, from, api_client.organization_id(), query.filter.as_ref());
        statement.sql.build_query_scalar().fetch_one(pool).await?
    };
    if with_members {
        let running_totals = rows.iter().scan(0, |total, row| {
            *total += row.group.count;
            Some(*total)
        });
        let fitting = running_totals.take_while(|total| *total <= MAX_MEMBERS_PER_PAGE).count();
        rows.truncate(fitting.max(1));
    }
    let last = rows.last().map(|row| Cursor { sort_value: row.sort_value.clone(), last_id: row.group.id });
    start.save_cursor(api_client, total, rows.len(), last).await?;
    let mut groups: Vec<ScimGroup> = rows.into_iter().map(|row| row.group.into()).collect();
    if with_members {
        let mut connection = pool.acquire().await?;
        load_members(&mut connection, api_client, &mut groups).await?;
    }
    Ok(ListPage { total, resources: groups })
}

fn push_from(statement: &mut Statement, from: &'static str, organization: Uuid, filter: Option<&Filter>) {
    statement.sql.push(from).push_bind(organization);
    if let Some(filter) = filter {
        statement.sql.push(" and ");
        statement.push_filter(filter);
    }
}

/// Loads one group.
///
/// # Errors
/// [`Problem::NotFound`](model::Problem::NotFound).
pub async fn get_group(api_client: &ApiClient<'_>, group: GroupId, with_members: bool) -> Result<ScimGroup> {
    let mut connection = api_client.app().pool.acquire().await?;
    let mut groups = [load_group(&mut connection, api_client, group).await?];
    if with_members {
        load_members(&mut connection, api_client, &mut groups).await?;
    }
    let [group] = groups;
    Ok(group)
}

async fn load_group(
    connection: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
) -> Result<ScimGroup> {
    let mut statement = Statement::new(ResourceType::Group, api_client.organization_id());
    statement.sql.push(COLUMNS);
    push_from(&mut statement, FROM, api_client.organization_id(), None);
    statement.sql.push(" and g.id = ").push_bind(group.0);
    let row: Option<GroupRow> = statement.sql.build_query_as().fetch_optional(connection).await?;
    Ok(row.ok_or_else(Error::not_found)?.into())
}

async fn load_members(
    connection: &mut PgConnection,
    api_client: &ApiClient<'_>,
    groups: &mut [ScimGroup],
) -> Result<()> {
    let ids: Vec<Uuid> = groups.iter().map(|group| group.id.0).collect();
    let mut members: HashMap<Uuid, Vec<GroupMember>> = HashMap::new();
    for row in sqlx::query!(
        "select m.group_id, m.user_id, coalesce(nullif(u.name, ''), u.email) as \"display!\"
         from group_members m
         join users u on u.organization_id = m.organization_id and u.id = m.user_id
         where m.organization_id = $1 and m.group_id = any($2) and u.joined_at is not null
         order by m.group_id, m.user_id",
        api_client.organization_id(),
        &ids
    )
    .fetch_all(connection)
    .await?
    {
        members
            .entry(row.group_id)
            .or_default()
            .push(GroupMember { id: UserId(row.user_id), display: row.display });
    }
    for group in groups {
        group.members = Some(members.remove(&group.id.0).unwrap_or_default());
    }
    Ok(())
}

/// Creates a group.
///
/// # Errors
/// An invalid or duplicate name; a member that doesn't exist.
pub async fn create_group(api_client: &ApiClient<'_>, update: &GroupUpdate) -> Result<ScimGroup> {
    let name = field::parse_name(update.name.as_deref().unwrap_or_default())
        .map_err(|why| Error::field("displayName", why))?;
    retry::on_deadlock("creating a group", || try_create(api_client, &name, update)).await
}

async fn try_create(api_client: &ApiClient<'_>, name: &str, update: &GroupUpdate) -> Result<ScimGroup> {
    let mut transaction = api_client.app().pool.begin().await?;
    let group = GroupId(api_client.new_id());
    sqlx::query!(
        "insert into groups (organization_id, id, name, external_id, created_at) values ($1, $2, $3, $4, $5)",
        api_client.organization_id(),
        group.0,
        name,
        update.external_id.clone().flatten(),
        api_client.now()
    )
    .execute(&mut *transaction)
    .await
    .map_err(name_conflict)?;
    record_event(&mut transaction, api_client, group, name, AuditAction::GroupCreated).await?;
    change_members(&mut transaction, api_client, group, name, &update.members).await?;
    let group = load_group(&mut transaction, api_client, group).await?;
    transaction.commit().await?;
    Ok(group)
}

/// Updates a group.
///
/// # Errors
/// Not found; a failed `If-Match` precondition; an invalid or duplicate name; a member that doesn't exist.
pub async fn update_group(
    api_client: &ApiClient<'_>,
    group: GroupId,
    if_match: &IfMatch,
    update: &GroupUpdate,
) -> Result<ScimGroup> {
    let name = update.name.as_deref().map(field::parse_name).transpose();
    let name = name.map_err(|why| Error::field("displayName", why))?;
    let attempt = || try_update(api_client, group, if_match, name.as_deref(), update);
    retry::on_deadlock("updating a group", attempt).await
}

async fn try_update(
    api_client: &ApiClient<'_>,
    group: GroupId,
    if_match: &IfMatch,
    name: Option<&str>,
    update: &GroupUpdate,
) -> Result<ScimGroup> {
    let mut transaction = api_client.app().pool.begin().await?;
    let before = lock_group(&mut transaction, api_client, group).await?;
    check_precondition(if_match, &before.version())?;
    let name = name.unwrap_or(&before.name);
    let external_id = update.external_id.as_ref().unwrap_or(&before.external_id);
    if (name, external_id) != (before.name.as_str(), &before.external_id) {
        sqlx::query!(
            "update groups set name = $3, external_id = $4 where organization_id = $1 and id = $2",
            api_client.organization_id(),
            group.0,
            name,
            external_id.as_deref()
        )
        .execute(&mut *transaction)
        .await
        .map_err(name_conflict)?;
        record_event(&mut transaction, api_client, group, name, AuditAction::GroupUpdated).await?;
    }
    change_members(&mut transaction, api_client, group, name, &update.members).await?;
    let group = load_group(&mut transaction, api_client, group).await?;
    transaction.commit().await?;
    Ok(group)
}

/// Deletes a group, but not its members.
///
/// # Errors
/// Not found; a failed `If-Match` precondition.
pub async fn delete_group(api_client: &ApiClient<'_>, group: GroupId, if_match: &IfMatch) -> Result<()> {
    if *if_match != IfMatch::Any {
        let mut connection = api_client.app().pool.acquire().await?;
        let before = load_group(&mut connection, api_client, group).await?;
        check_precondition(if_match, &before.version())?;
    }
    groups::delete(api_client, group).await
}

/// Serializes SCIM changes to a group. The lock is weak enough that adding members in the UI needn't wait.
async fn lock_group(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
) -> Result<ScimGroup> {
    sqlx::query!(
        "select id from groups where organization_id = $1 and id = $2 for no key update",
        api_client.organization_id(),
        group.0
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    load_group(transaction, api_client, group).await
}

/// Maps a violation of the unique index on the name.
fn name_conflict(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some("groups_name_key") => Error::field("displayName", FieldError::Taken),
        _ => error.into(),
    }
}

async fn record_event(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
    name: &str,
    action: AuditAction,
) -> Result<()> {
    let (actor, targets) = (api_client.actor(), Targets::resource(group.0));
    audit::record(transaction, api_client.context(), &actor, action, &targets, &json!({ "group": name }))
        .await
}
