//! `POST /.search`: users and groups in one list (RFC 7644, section 3.4.3), users first.

use super::error::Error;
use super::list_response::{ListParameters, list_response};
use super::request::ScimRequest;
use super::{group, user};
use axum::response::Response;
use domain::scim::schema::ResourceType;
use domain::scim::{self, ListQuery};
use model::api_keys::Scope;
use serde_json::Value;

pub async fn search(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersRead).await?;
        if !api_client.has_scope(Scope::GroupsRead) {
            return Err(Error::InsufficientScope(Scope::GroupsRead));
        }
        let base_url = request.base_url.clone();
        let parameters = ListParameters::from_body(&request.json_body().await?)?;
        // A filter or sort order that only one resource type supports excludes the other type from the result.
        let queries = (parameters.list_query(ResourceType::User), parameters.list_query(ResourceType::Group));
        let (user_query, group_query) = match queries {
            (Err(error), Err(_)) => return Err(error.into()),
            (user_query, group_query) => (user_query.ok(), group_query.ok()),
        };
        let (mut total, mut resources): (i64, Vec<Value>) = (0, Vec::new());
        if let Some(query) = user_query {
            let page = scim::list_users(api_client, &query).await?;
            total += page.total;
            let projection = parameters.projection(ResourceType::User);
            resources.extend(page.resources.iter().map(|user| user::to_json(user, &base_url, &projection)));
        }
        if let Some(query) = group_query {
            let query = after_users(query, total, resources.len());
            let projection = parameters.projection(ResourceType::Group);
            let with_members = projection.includes("members");
            let page = scim::list_groups(api_client, &query, with_members).await?;
            total += page.total;
            resources
                .extend(page.resources.iter().map(|group| group::to_json(group, &base_url, &projection)));
        }
        Ok(list_response(total, parameters.start_index, resources))
    };
    auth.respond(result.await)
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
