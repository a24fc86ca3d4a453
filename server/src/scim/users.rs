//! The handlers of `/Users`.

use super::document::Document;
use super::error::{Error, ScimError};
use super::list_response::{ListParameters, list_response};
use super::projection::Projection;
use super::request::{RequestParts, ScimRequest};
use super::{document, empty_response, etag, json_response, patch, user};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::ApiClient;
use domain::scim::schema::ResourceType;
use domain::scim::{self, ScimUser, UpdateOutcome, UserUpdate};
use model::UserId;
use model::api_keys::Scope;

pub async fn list(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersRead).await?;
        list_users(api_client, &request.base_url, &ListParameters::from_query(&request.query)?).await
    };
    auth.respond(result.await)
}

pub async fn search(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersRead).await?;
        let base_url = request.base_url.clone();
        list_users(api_client, &base_url, &ListParameters::from_body(&request.json_body().await?)?).await
    };
    auth.respond(result.await)
}

async fn list_users(
    api_client: &ApiClient<'_>,
    base_url: &str,
    parameters: &ListParameters,
) -> Result<Response, Error> {
    let page = scim::list_users(api_client, &parameters.list_query(ResourceType::User)?).await?;
    let projection = parameters.projection(ResourceType::User);
    let resources = page.resources.iter().map(|user| user::to_json(user, base_url, &projection)).collect();
    Ok(list_response(page.total, parameters.start_index, resources))
}

pub async fn get(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersRead).await?;
        let user = scim::get_user(api_client, parse_id(&request.id)?).await?;
        if etag::matches_if_none_match(&request.headers, &user.version()) {
            return Ok(etag::not_modified(&user.version()));
        }
        Ok(user_response(StatusCode::OK, &user, &request.base_url, &projection(&request.query)?))
    };
    auth.respond(result.await)
}

pub async fn create(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersWrite).await?;
        let (base_url, projection) = (request.base_url.clone(), projection(&request.query)?);
        let update = user::from_json(&request.json_body().await?, None)?;
        let user = scim::create_user(api_client, &update).await?;
        let mut response = user_response(StatusCode::CREATED, &user, &base_url, &projection);
        if let Ok(location) = HeaderValue::from_str(&format!("{base_url}/Users/{}", user.id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    };
    auth.respond(result.await)
}

pub async fn replace(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersWrite).await?;
        update(api_client, request, |body, before| Ok(user::from_json(body, Some(before))?)).await
    };
    auth.respond(result.await)
}

pub async fn patch(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersWrite).await?;
        update(api_client, request, |body, before| {
            let mut document = user::writable_attributes(before);
            patch::apply(ResourceType::User, &mut document, &patch::parse_operations(body)?)?;
            Ok(user::to_update(document::parse(ResourceType::User, &document)?, Some(before))?)
        })
        .await
    };
    auth.respond(result.await)
}

async fn update(
    api_client: &ApiClient<'_>,
    request: RequestParts,
    change: impl Fn(&Document, &ScimUser) -> Result<UserUpdate, Error> + Sync,
) -> Result<Response, Error> {
    let (base_url, projection) = (request.base_url.clone(), projection(&request.query)?);
    let (user, if_match) = (parse_id(&request.id)?, etag::if_match(&request.headers));
    let body = request.json_body().await?;
    match scim::update_user(api_client, user, &if_match, |before| change(&body, before)).await? {
        UpdateOutcome::Updated(user) => Ok(user_response(StatusCode::OK, &user, &base_url, &projection)),
        UpdateOutcome::InvitationRevoked => Ok(empty_response(StatusCode::NO_CONTENT)),
    }
}

pub async fn delete(ScimRequest { auth, request }: ScimRequest) -> Response {
    let result = async {
        let api_client = &auth.require_scope(Scope::UsersWrite).await?;
        let if_match = etag::if_match(&request.headers);
        scim::delete_user(api_client, parse_id(&request.id)?, &if_match).await?;
        Ok(empty_response(StatusCode::NO_CONTENT))
    };
    auth.respond(result.await)
}

fn user_response(status: StatusCode, user: &ScimUser, base_url: &str, projection: &Projection) -> Response {
    let response = json_response(status, &user::to_json(user, base_url, projection));
    etag::with_etag(response, &user.version())
}

fn projection(query: &str) -> Result<Projection, ScimError> {
    Ok(ListParameters::from_query(query)?.projection(ResourceType::User))
}

/// An id that isn't a UUID matches no user.
fn parse_id(text: &str) -> Result<UserId, ScimError> {
    text.parse().map_err(|_| ScimError::not_found())
}
