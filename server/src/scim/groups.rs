//! The handlers of `/Groups`.

use super::error::{Error, ScimError};
use super::list_response::{ListParameters, list_response};
use super::projection::Projection;
use super::request::ScimRequest;
use super::{empty_response, etag, group, json_response, patch};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::ApiClient;
use domain::scim::schema::ResourceType;
use domain::scim::{self, ScimGroup};
use model::GroupId;
use model::api_keys::Scope;

pub async fn list(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsRead).await?;
        list_groups(api_client, &request.base_url, &ListParameters::from_query(&request.query)?).await
    };
    auth.respond(result.await)
}

pub async fn search(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsRead).await?;
        let base_url = request.base_url.clone();
        list_groups(api_client, &base_url, &ListParameters::from_body(&request.json_body().await?)?).await
    };
    auth.respond(result.await)
}

async fn list_groups(
    api_client: &ApiClient<'_>,
    base_url: &str,
    parameters: &ListParameters,
) -> Result<Response, Error> {
    let projection = parameters.projection(ResourceType::Group);
    let query = parameters.list_query(ResourceType::Group)?;
    let page = scim::list_groups(api_client, &query, projection.includes("members")).await?;
    let resources = page.resources.iter().map(|group| group::to_json(group, base_url, &projection)).collect();
    Ok(list_response(page.total, parameters.start_index, resources))
}

pub async fn get(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsRead).await?;
        let projection = projection(&request.query)?;
        let group =
            scim::get_group(api_client, parse_id(&request.id)?, projection.includes("members")).await?;
        if etag::matches_if_none_match(&request.headers, &group.version()) {
            return Ok(etag::not_modified(&group.version()));
        }
        Ok(group_response(StatusCode::OK, &group, &request.base_url, &projection))
    };
    auth.respond(result.await)
}

pub async fn create(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsWrite).await?;
        let (base_url, projection) = (request.base_url.clone(), projection(&request.query)?);
        let update = group::from_json(&request.json_body().await?)?;
        let group = scim::create_group(api_client, &update).await?;
        let group = scim::get_group(api_client, group.id, projection.includes("members")).await?;
        let mut response = group_response(StatusCode::CREATED, &group, &base_url, &projection);
        if let Ok(location) = HeaderValue::from_str(&format!("{base_url}/Groups/{}", group.id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    };
    auth.respond(result.await)
}

pub async fn replace(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsWrite).await?;
        let (base_url, projection) = (request.base_url.clone(), projection(&request.query)?);
        let (id, if_match) = (parse_id(&request.id)?, etag::if_match(&request.headers));
        let update = group::from_json(&request.json_body().await?)?;
        scim::update_group(api_client, id, &if_match, &update).await?;
        let group = scim::get_group(api_client, id, projection.includes("members")).await?;
        Ok(group_response(StatusCode::OK, &group, &base_url, &projection))
    };
    auth.respond(result.await)
}

/// Responds with 204 unless the client requests attributes: a client that adds one member doesn't want to read 10,000.
pub async fn patch(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsWrite).await?;
        let (base_url, projection) = (request.base_url.clone(), projection(&request.query)?);
        let (id, if_match) = (parse_id(&request.id)?, etag::if_match(&request.headers));
        let update = group::from_operations(&patch::parse_operations(&request.json_body().await?)?)?;
        let group = scim::update_group(api_client, id, &if_match, &update).await?;
        if matches!(projection, Projection::All) {
            return Ok(etag::with_etag(empty_response(StatusCode::NO_CONTENT), &group.version()));
        }
        let group = scim::get_group(api_client, id, projection.includes("members")).await?;
        Ok(group_response(StatusCode::OK, &group, &base_url, &projection))
    };
    auth.respond(result.await)
}

pub async fn delete(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::GroupsWrite).await?;
        let if_match = etag::if_match(&request.headers);
        scim::delete_group(api_client, parse_id(&request.id)?, &if_match).await?;
        Ok(empty_response(StatusCode::NO_CONTENT))
    };
    auth.respond(result.await)
}

fn group_response(
    status: StatusCode,
    group: &ScimGroup,
    base_url: &str,
    projection: &Projection,
) -> Response {
    let response = json_response(status, &group::to_json(group, base_url, projection));
    etag::with_etag(response, &group.version())
}

fn projection(query: &str) -> Result<Projection, ScimError> {
    Ok(ListParameters::from_query(query)?.projection(ResourceType::Group))
}

/// An id that isn't a UUID matches no group.
fn parse_id(text: &str) -> Result<GroupId, ScimError> {
    text.parse().map_err(|_| ScimError::not_found())
}
