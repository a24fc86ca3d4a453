//! Groups, made and changed by a directory. Ten thousand members come and go in a handful of statements.

mod members;

use super::filter::Filter;
use super::paging::{ListQuery, Listing};
use super::sql::Statement;
use super::{GroupMember, IfMatch, ScimGroup};
use crate::audit::{self, Targets};
use crate::{ApiClient, Error, Principal, Result, groups};
use chrono::{DateTime, Utc};
use members::change_members;
use model::field::{self, FieldError};
use model::{GroupId, UserId};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The most members that one answer tells of, all groups together; the last group that does not fit is the next page's.
const MAX_MEMBERS: i64 = 50_000;

/// What a directory wants a group to be; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupForm {
    pub name: Option<String>,
    pub external_id: Option<Option<String>>,
    pub members: Members,
}

/// What a directory wants to change of the members. Nobody is both added and removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Whether those who are added shall be all that there are.
    pub only: bool,
    pub add: BTreeSet<UserId>,
    pub remove: BTreeSet<UserId>,
}

impl Members {
    /// As if they were changed one after the other.
    pub fn add(&mut self, users: impl IntoIterator<Item = UserId>) {
        for user in users {
            self.remove.remove(&user);
            self.add.insert(user);
        }
    }

    pub fn remove(&mut self, users: impl IntoIterator<Item = UserId>) {
        for user in users {
            self.add.remove(&user);
            self.remove.insert(user);
        }
    }

    pub fn clear(&mut self) {
        *self = Self { only: true, ..Self::default() };
    }
}

/// The columns that a group is made of. The sum is over the primary key's index alone.
const COLUMNS: &str =
    "select g.id, g.name, g.external_id, g.created_at, g.modified_at, coalesce(m.count, 0) as count,
    coalesce(m.sum, 0) as sum";

const FROM: &str = " from groups g
    left join lateral (
        select count(*) as count, bit_xor(hashtextextended(m.user_id::text, 0)) as sum
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
    sum: i64,
}

impl From<GroupRow> for ScimGroup {
    fn from(row: GroupRow) -> Self {
        Self {
            id: GroupId(row.id),
            name: row.name,
            external_id: row.external_id,
            created_at: row.created_at,
            modified_at: row.modified_at.unwrap_or(row.created_at),
            members_count: row.count,
            members_sum: row.sum,
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

/// A page of the groups, with their members where they are asked for.
pub async fn list_groups(
    api_client: &ApiClient<'_>,
    question: &ListQuery,
    with_members: bool,
) -> Result<Listing<ScimGroup>> {
    let pool = &api_client.app().pool;
    let window = question.window(api_client).await?;
    let mut rows: Vec<Row> = if question.count == 0 {
        Vec::new()
    } else {
        let mut statement = Statement::new(api_client.organization_id());
        statement.sql.push(COLUMNS).push(", ");
        question.select_place(&mut statement);
        push_where(&mut statement, FROM, api_client.organization_id(), question.filter.as_ref());
        question.push_page(&mut statement, "g.id", &window, question.count);
        statement.sql.build_query_as().fetch_all(pool).await?
    };
    let total = if let Some(total) = window.total {
        total
    } else {
        let mut statement = Statement::new(api_client.organization_id());
        statement.sql.push("select count(*)");
        let from = " from groups g where g.organization_id = ";
        push_where(&mut statement, from, api_client.organization_id(), question.filter.as_ref());
        statement.sql.build_query_scalar().fetch_one(pool).await?
    };
    if with_members {
        let sums = rows.iter().scan(0, |sum, row| {
            *sum += row.group.count;
            Some(*sum)
        });
        let most = sums.take_while(|sum| *sum <= MAX_MEMBERS).count();
        rows.truncate(most.max(1));
    }
    let last = rows.last().map(|row| (row.sort_value.clone(), row.group.id));
    question.remember(api_client, &window, total, rows.len(), last).await?;
    let mut teams: Vec<ScimGroup> = rows.into_iter().map(|row| row.group.into()).collect();
    if with_members {
        let mut connection = pool.acquire().await?;
        read_members(&mut connection, api_client, &mut teams).await?;
    }
    Ok(Listing { total, resources: teams })
}

fn push_where(statement: &mut Statement, from: &'static str, organization: Uuid, filter: Option<&Filter>) {
    statement.sql.push(from).push_bind(organization);
    if let Some(filter) = filter {
        statement.sql.push(" and ");
        statement.condition(filter);
    }
}

/// One group.
///
/// # Errors
/// Not found, when there is no such group.
pub async fn group(api_client: &ApiClient<'_>, group: GroupId, with_members: bool) -> Result<ScimGroup> {
    let mut connection = api_client.app().pool.acquire().await?;
    let mut teams = [read(&mut connection, api_client, group).await?];
    if with_members {
        read_members(&mut connection, api_client, &mut teams).await?;
    }
    let [team] = teams;
    Ok(team)
}

async fn read(
    connection: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
) -> Result<ScimGroup> {
    let mut statement = Statement::new(api_client.organization_id());
    statement.sql.push(COLUMNS);
    push_where(&mut statement, FROM, api_client.organization_id(), None);
    statement.sql.push(" and g.id = ").push_bind(group.0);
    let row: Option<GroupRow> = statement.sql.build_query_as().fetch_optional(connection).await?;
    Ok(row.ok_or_else(Error::not_found)?.into())
}

async fn read_members(
    connection: &mut PgConnection,
    api_client: &ApiClient<'_>,
    teams: &mut [ScimGroup],
) -> Result<()> {
    let ids: Vec<Uuid> = teams.iter().map(|team| team.id.0).collect();
    let mut members: HashMap<Uuid, Vec<GroupMember>> = HashMap::new();
    for row in sqlx::query!(
        "select m.group_id, m.user_id, coalesce(nullif(u.name, ''), u.email) as \"shown!\"
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
            .push(GroupMember { id: UserId(row.user_id), shown: row.shown });
    }
    for team in teams {
        team.members = Some(members.remove(&team.id.0).unwrap_or_default());
    }
    Ok(())
}

/// Makes a group.
///
/// # Errors
/// A name that can't be or is taken; a member who is not there.
pub async fn create_group(api_client: &ApiClient<'_>, form: &GroupForm) -> Result<ScimGroup> {
    let name = field::parse_name(form.name.as_deref().unwrap_or_default())
        .map_err(|why| Error::field("displayName", why))?;
    again!(create_once(api_client, &name, form))
}

async fn create_once(api_client: &ApiClient<'_>, name: &str, form: &GroupForm) -> Result<ScimGroup> {
    let mut transaction = api_client.app().pool.begin().await?;
    let group = GroupId(api_client.new_id());
    sqlx::query!(
        "insert into groups (organization_id, id, name, external_id, created_at) values ($1, $2, $3, $4, $5)",
        api_client.organization_id(),
        group.0,
        name,
        form.external_id.clone().flatten(),
        api_client.now
    )
    .execute(&mut *transaction)
    .await
    .map_err(taken)?;
    record(&mut transaction, api_client, group, name, "group.created").await?;
    change_members(&mut transaction, api_client, group, name, &form.members).await?;
    let team = read(&mut transaction, api_client, group).await?;
    transaction.commit().await?;
    Ok(team)
}

/// Changes a group.
///
/// # Errors
/// Not found; another version than was expected; a name that can't be or is taken; a member who is not there.
pub async fn change_group(
    api_client: &ApiClient<'_>,
    group: GroupId,
    expected: &IfMatch,
    form: &GroupForm,
) -> Result<ScimGroup> {
    let name = form.name.as_deref().map(field::parse_name).transpose();
    let name = name.map_err(|why| Error::field("displayName", why))?;
    again!(change_once(api_client, group, expected, name.as_deref(), form))
}

async fn change_once(
    api_client: &ApiClient<'_>,
    group: GroupId,
    expected: &IfMatch,
    name: Option<&str>,
    form: &GroupForm,
) -> Result<ScimGroup> {
    let mut transaction = api_client.app().pool.begin().await?;
    let before = lock(&mut transaction, api_client, group).await?;
    expected.check(&before.version())?;
    let name = name.unwrap_or(&before.name);
    let external_id = form.external_id.as_ref().unwrap_or(&before.external_id);
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
        .map_err(taken)?;
        record(&mut transaction, api_client, group, name, "group.updated").await?;
    }
    change_members(&mut transaction, api_client, group, name, &form.members).await?;
    let team = read(&mut transaction, api_client, group).await?;
    transaction.commit().await?;
    Ok(team)
}

/// Deletes a group; its people stay.
///
/// # Errors
/// Not found; another version than was expected.
pub async fn delete_group(api_client: &ApiClient<'_>, group: GroupId, expected: &IfMatch) -> Result<()> {
    if *expected != IfMatch::Any {
        let mut connection = api_client.app().pool.acquire().await?;
        expected.check(&read(&mut connection, api_client, group).await?.version())?;
    }
    groups::delete(api_client, group).await
}

/// Two directories that change one group do it one after the other; whoever puts people in on a page need not wait.
async fn lock(
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
    read(transaction, api_client, group).await
}

fn taken(error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
        Some("groups_name_key") => Error::field("displayName", FieldError::Taken),
        _ => error.into(),
    }
}

async fn record(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    group: GroupId,
    name: &str,
    word: &str,
) -> Result<()> {
    let (actor, targets) = (Principal::from(api_client).actor, Targets::resource(group.0));
    audit::record(transaction, api_client, &actor, word, &targets, &json!({ "group": name })).await
}
