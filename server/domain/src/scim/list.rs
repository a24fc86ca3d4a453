//! `GET /Users`: the users of an organization, filtered and paged.

use super::ScimUser;
use super::paging::{Cursor, ListPage, PageStart};
use super::sql::{self, Statement};
use super::users::{self, UserRow};
use crate::{ApiClient, InOrganization, Result};
use scim::{Filter, ListQuery, ResourceType};
use sqlx::FromRow;
use uuid::Uuid;

const FROM: &str = " from users u
    left join scim_users d on d.organization_id = u.organization_id and d.user_id = u.id
    where u.joined_at is not null and u.organization_id = ";

/// Lists one page of the users who have joined.
pub async fn list_users(api_client: &ApiClient<'_>, query: &ListQuery) -> Result<ListPage<ScimUser>> {
    let pool = &api_client.app().pool;
    let start = PageStart::load(api_client, ResourceType::User, query).await?;
    let rows: Vec<Row> = if query.count == 0 {
        Vec::new()
    } else {
        let mut statement = Statement::new(ResourceType::User, api_client.organization_id());
        let selective = query.filter.as_ref().filter(|filter| sql::is_selective(filter));
        if selective.is_some() {
            // Materialized, or the planner walks the index of the sort order and tests every user of the organization.
            statement.sql.push("with hits as materialized (select u.id");
            push_from(&mut statement, api_client.organization_id(), selective);
            statement.sql.push(") ");
        }
        statement.sql.push(users::COLUMNS).push(", ");
        start.push_sort_value(&mut statement);
        if selective.is_some() {
            push_from(&mut statement, api_client.organization_id(), None);
            statement.sql.push(" and u.id in (select id from hits)");
        } else {
            push_from(&mut statement, api_client.organization_id(), query.filter.as_ref());
        }
        start.push_page(&mut statement, "u.id");
        statement.sql.build_query_as().fetch_all(pool).await?
    };
    let total = match start.total {
        Some(total) => total,
        // The first page holds all of them.
        None if query.start_index == 1 && rows.len() < usize::try_from(query.count).unwrap_or_default() => {
            i64::try_from(rows.len()).unwrap_or(i64::MAX)
        }
        None => {
            let mut statement = Statement::new(ResourceType::User, api_client.organization_id());
            statement.sql.push("select count(*)");
            push_from(&mut statement, api_client.organization_id(), query.filter.as_ref());
            statement.sql.build_query_scalar().fetch_one(pool).await?
        }
    };
    let last = rows.last().map(|row| Cursor { sort_value: row.sort_value.clone(), last_id: row.user.id });
    start.save_cursor(api_client, total, rows.len(), last).await?;
    let resources =
        rows.into_iter().map(|row| row.user.into_user(api_client.now())).collect::<Result<_>>()?;
    Ok(ListPage { total, resources })
}

fn push_from(statement: &mut Statement, organization: Uuid, filter: Option<&Filter>) {
    statement.sql.push(FROM).push_bind(organization);
    if let Some(filter) = filter {
        statement.sql.push(" and ");
        statement.push_filter(filter);
    }
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    user: UserRow,
    sort_value: Option<String>,
}
