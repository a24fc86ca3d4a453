//! `POST /.search`: users and groups in one list (RFC 7644, section 3.4.3), users first.

use super::error::Error;
use super::request::{RequestParts, ScimRequest};
use super::response::{json_response, to_json};
use axum::http::StatusCode;
use axum::response::Response;
use domain::ApiClient;
use model::api_keys::Scope;
use scim::{ListParameters, ListQuery, ResourceType, list_response};

pub async fn search(request: ScimRequest) -> Response {
    request.respond(Some(Scope::UsersRead), search_all).await
}

async fn search_all(client: &ApiClient<'_>, mut request: RequestParts) -> Result<Response, Error> {
    if !client.has_scope(Scope::GroupsRead) {
        return Err(Error::InsufficientScope(Scope::GroupsRead));
    }
    let parameters = ListParameters::from_body(&request.read_json().await?)?;
    // A filter or sort order that only one resource type supports excludes the other type from the result.
    let queries = (parameters.list_query(ResourceType::User), parameters.list_query(ResourceType::Group));
    let (user_query, group_query) = match queries {
        (Err(error), Err(_)) => return Err(error.into()),
        (user_query, group_query) => (user_query.ok(), group_query.ok()),
    };
    let (mut total, mut resources) = (0, Vec::new());
    if let Some(query) = user_query {
        let page = domain::scim::list_users(client, &query).await?;
        total += page.total;
        resources.extend(to_json(&page, &parameters, &request.base_url));
    }
    if let Some(query) = group_query {
        let query = after_users(query, total, resources.len());
        let with_members = parameters.projection(ResourceType::Group).includes("members");
        let page = domain::scim::list_groups(client, &query, with_members).await?;
        total += page.total;
        resources.extend(to_json(&page, &parameters, &request.base_url));
    }
    Ok(json_response(StatusCode::OK, &list_response(total, parameters.start_index, resources)))
}

/// The part of the page that is left for groups after `returned` of `total` users.
fn after_users(query: ListQuery, total: i64, returned: usize) -> ListQuery {
    let returned = i64::try_from(returned).unwrap_or(i64::MAX);
    ListQuery {
        start_index: (query.start_index - total).max(1),
        count: (query.count - returned).max(0),
        cache_key: format!("{} after users", query.cache_key),
        ..query
    }
}
