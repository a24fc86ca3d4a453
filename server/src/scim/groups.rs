//! The handlers of `/Groups`.

use super::error::Error;
use super::request::{RequestParts, ScimRequest};
use super::response::{empty_response, list_response, version_response};
use axum::http::StatusCode;
use axum::response::Response;
use domain::ApiClient;
use domain::scim::{GroupUpdate, get_group};
use model::GroupId;
use model::api_keys::Scope;
use scim::{IfMatch, ListParameters, Projection, Resource, ResourceType, patch};

const READ: Option<Scope> = Some(Scope::GroupsRead);
const WRITE: Option<Scope> = Some(Scope::GroupsWrite);

pub async fn list(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        list_groups(client, &request.base_url, &ListParameters::from_query(&request.query)?).await
    };
    request.respond(READ, handler).await
}

pub async fn search(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let parameters = ListParameters::from_body(&request.read_json().await?)?;
        list_groups(client, &request.base_url, &parameters).await
    };
    request.respond(READ, handler).await
}

async fn list_groups(
    client: &ApiClient<'_>,
    base_url: &str,
    parameters: &ListParameters,
) -> Result<Response, Error> {
    let with_members = includes_members(&parameters.projection(ResourceType::Group));
    let query = parameters.list_query(ResourceType::Group)?;
    let page = domain::scim::list_groups(client, &query, with_members).await?;
    Ok(list_response(&page, parameters, base_url))
}

pub async fn get(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        let projection = request.projection(ResourceType::Group)?;
        let group = get_group(client, request.id()?, includes_members(&projection)).await?;
        Ok(request.read_response(&group, &projection))
    };
    request.respond(READ, handler).await
}

pub async fn create(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let projection = request.projection(ResourceType::Group)?;
        let update = GroupUpdate::from_document(&request.read_json().await?)?;
        let group = domain::scim::create_group(client, &update).await?;
        let group = get_group(client, group.id, includes_members(&projection)).await?;
        Ok(request.created_response(&group, &projection))
    };
    request.respond(WRITE, handler).await
}

pub async fn replace(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let (id, projection) = (request.id()?, request.projection(ResourceType::Group)?);
        let update = GroupUpdate::from_document(&request.read_json().await?)?;
        domain::scim::update_group(client, id, &IfMatch::from_headers(&request.headers), &update).await?;
        let group = get_group(client, id, includes_members(&projection)).await?;
        Ok(request.resource_response(StatusCode::OK, &group, &projection))
    };
    request.respond(WRITE, handler).await
}

/// Responds with 204 unless the client requests attributes: a client that adds one member doesn't want to read 10,000.
pub async fn patch(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let (id, projection) = (request.id::<GroupId>()?, request.projection(ResourceType::Group)?);
        let update = GroupUpdate::from_operations(&patch::parse(&request.read_json().await?)?)?;
        let if_match = IfMatch::from_headers(&request.headers);
        let group = domain::scim::update_group(client, id, &if_match, &update).await?;
        if matches!(projection, Projection::All) {
            return Ok(version_response(StatusCode::NO_CONTENT, &group.version()));
        }
        let group = get_group(client, id, includes_members(&projection)).await?;
        Ok(request.resource_response(StatusCode::OK, &group, &projection))
    };
    request.respond(WRITE, handler).await
}

pub async fn delete(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        let if_match = IfMatch::from_headers(&request.headers);
        domain::scim::delete_group(client, request.id()?, &if_match).await?;
        Ok(empty_response(StatusCode::NO_CONTENT))
    };
    request.respond(WRITE, handler).await
}

/// Members are loaded only if they are returned.
fn includes_members(projection: &Projection) -> bool {
    projection.includes("members")
}
