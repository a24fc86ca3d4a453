//! The users of an organization, for a directory.

use super::ScimUser;
use super::filter::Filter;
use super::paging::{ListQuery, Listing};
use super::sql::{self, Statement};
use super::users::{self, PersonRow};
use crate::{ApiClient, Result};
use sqlx::FromRow;
use uuid::Uuid;

const FROM: &str = " from users u
    left join scim_users d on d.organization_id = u.organization_id and d.user_id = u.id
    where u.joined_at is not null and u.organization_id = ";

/// A page of those who have joined.
pub async fn list_users(api_client: &ApiClient<'_>, question: &ListQuery) -> Result<Listing<ScimUser>> {
    let pool = &api_client.app().pool;
    let window = question.window(api_client).await?;
    let rows: Vec<Row> = if question.count == 0 {
        Vec::new()
    } else {
        let mut statement = Statement::new(api_client.organization_id());
        let narrow = question.filter.as_ref().filter(|filter| sql::is_narrow(filter));
        if narrow.is_some() {
            // Materialized, or the planner walks the order's index and tests every user of the organization.
            statement.sql.push("with hits as materialized (select u.id");
            push_where(&mut statement, api_client.organization_id(), narrow);
            statement.sql.push(") ");
        }
        statement.sql.push(users::COLUMNS).push(", ");
        question.select_place(&mut statement);
        if narrow.is_some() {
            push_where(&mut statement, api_client.organization_id(), None);
            statement.sql.push(" and u.id in (select id from hits)");
        } else {
            push_where(&mut statement, api_client.organization_id(), question.filter.as_ref());
        }
        question.push_page(&mut statement, "u.id", &window, question.count);
        statement.sql.build_query_as().fetch_all(pool).await?
    };
    let total = match window.total {
        Some(total) => total,
        // All of them fit into the first page.
        None if question.start == 1 && rows.len() < usize::try_from(question.count).unwrap_or_default() => {
            i64::try_from(rows.len()).unwrap_or(i64::MAX)
        }
        None => {
            let mut statement = Statement::new(api_client.organization_id());
            statement.sql.push("select count(*)");
            push_where(&mut statement, api_client.organization_id(), question.filter.as_ref());
            statement.sql.build_query_scalar().fetch_one(pool).await?
        }
    };
    let last = rows.last().map(|row| (row.sort_value.clone(), row.person.id));
    question.remember(api_client, &window, total, rows.len(), last).await?;
    let resources = rows.into_iter().map(|row| row.person.into_user(api_client.now)).collect();
    Ok(Listing { total, resources })
}

fn push_where(statement: &mut Statement, organization: Uuid, filter: Option<&Filter>) {
    statement.sql.push(FROM).push_bind(organization);
    if let Some(filter) = filter {
        statement.sql.push(" and ");
        statement.condition(filter);
    }
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    person: PersonRow,
    sort_value: Option<String>,
}
