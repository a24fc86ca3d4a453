//! The handlers of `/Users`.

use super::error::Error;
use super::request::{RequestParts, ScimRequest};
use super::response::{empty_response, list_response};
use axum::http::StatusCode;
use axum::response::Response;
use domain::ApiClient;
use domain::scim::{ScimUser, UpdateOutcome, UserUpdate};
use model::api_keys::Scope;
use scim::{Document, IfMatch, ListParameters, ResourceType, patch};

const READ: Option<Scope> = Some(Scope::UsersRead);
const WRITE: Option<Scope> = Some(Scope::UsersWrite);

pub async fn list(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        list_users(client, &request.base_url, &ListParameters::from_query(&request.query)?).await
    };
    request.respond(READ, handler).await
}

pub async fn search(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let parameters = ListParameters::from_body(&request.read_json().await?)?;
        list_users(client, &request.base_url, &parameters).await
    };
    request.respond(READ, handler).await
}

async fn list_users(
    client: &ApiClient<'_>,
    base_url: &str,
    parameters: &ListParameters,
) -> Result<Response, Error> {
    let page = domain::scim::list_users(client, &parameters.list_query(ResourceType::User)?).await?;
    Ok(list_response(&page, parameters, base_url))
}

pub async fn get(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        let user = domain::scim::get_user(client, request.id()?).await?;
        Ok(request.read_response(&user, &request.projection(ResourceType::User)?))
    };
    request.respond(READ, handler).await
}

pub async fn create(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, mut request: RequestParts| {
        let projection = request.projection(ResourceType::User)?;
        let update = UserUpdate::from_document(&request.read_json().await?, None)?;
        let user = domain::scim::create_user(client, &update).await?;
        Ok(request.created_response(&user, &projection))
    };
    request.respond(WRITE, handler).await
}

pub async fn replace(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        update(client, request, |body, before| Ok(UserUpdate::from_document(body, Some(before))?)).await
    };
    request.respond(WRITE, handler).await
}

pub async fn patch(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        update(client, request, |body, before| Ok(UserUpdate::from_operations(&patch::parse(body)?, before)?))
            .await
    };
    request.respond(WRITE, handler).await
}

async fn update(
    client: &ApiClient<'_>,
    mut request: RequestParts,
    change: impl Fn(&Document, &ScimUser) -> Result<UserUpdate, Error> + Sync,
) -> Result<Response, Error> {
    let (user, projection) = (request.id()?, request.projection(ResourceType::User)?);
    let (if_match, body) = (IfMatch::from_headers(&request.headers), request.read_json().await?);
    Ok(match domain::scim::update_user(client, user, &if_match, |before| change(&body, before)).await? {
        UpdateOutcome::Updated(user) => request.resource_response(StatusCode::OK, &*user, &projection),
        UpdateOutcome::InvitationRevoked => empty_response(StatusCode::NO_CONTENT),
    })
}

pub async fn delete(request: ScimRequest) -> Response {
    let handler = async |client: &ApiClient<'_>, request: RequestParts| {
        let if_match = IfMatch::from_headers(&request.headers);
        domain::scim::delete_user(client, request.id()?, &if_match).await?;
        Ok(empty_response(StatusCode::NO_CONTENT))
    };
    request.respond(WRITE, handler).await
}
