//! Extracts a SCIM request: its bearer token, the organization and resource in the URL, and the body.

use super::error::Error;
use super::response::{json_response, version_response, with_header};
use crate::state::AppState;
use crate::web::context::{client_ip, user_agent};
use crate::web::request_log::RequestId;
use axum::RequestPartsExt;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Path, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{ApiClient, RequestContext, Source, Token};
use headers::HeaderMapExt;
use headers::authorization::{Authorization, Bearer};
use model::Problem;
use model::api_keys::Scope;
use scim::{Document, ListParameters, Projection, Resource, ResourceType, ScimType};
use serde_json::Value;
use std::collections::HashMap;
use std::convert::Infallible;
use std::str::FromStr;

/// The largest body. A group of 10,000 members fits, each with name and address.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The extractor of every SCIM handler. [`respond`](Self::respond) authenticates it.
pub struct ScimRequest {
    request_context: RequestContext,
    token: Option<Token>,
    organization: String,
    parts: RequestParts,
}

/// What a handler reads of a request.
pub struct RequestParts {
    /// The id or name of the resource in the path; empty if the path has none.
    pub name: String,
    /// The URL of the SCIM service, without a slash at the end.
    pub base_url: String,
    pub headers: HeaderMap,
    /// The query string, without the question mark.
    pub query: String,
    body: Body,
}

impl FromRequest<AppState> for ScimRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let path = parts.extract::<Path<HashMap<String, String>>>().await.map(|Path(path)| path);
        let mut path = path.unwrap_or_default();
        let organization = path.remove("org").unwrap_or_default();
        let request_id =
            parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
        let source = Source { address: client_ip(state, &parts), user_agent: user_agent(&parts) };
        let request_context = RequestContext::new(state.app.clone(), HashMap::new(), source, request_id);
        let token = bearer_token(&parts.headers);
        let parts = RequestParts {
            name: path.remove("id").or_else(|| path.remove("name")).unwrap_or_default(),
            base_url: format!("{}/o/{organization}/scim/v2", state.app.base_url),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body,
            headers: parts.headers,
        };
        Ok(Self { request_context, token, organization, parts })
    }
}

/// The token in the `Authorization` header (RFC 6750, section 2.1).
fn bearer_token(headers: &HeaderMap) -> Option<Token> {
    let Authorization(bearer) = headers.typed_get::<Authorization<Bearer>>()?;
    Some(Token::from_client(bearer.token()))
}

impl ScimRequest {
    /// Authenticates the API client, checks its scope (`None`: any) and responds with the handler's result. Internal errors
    /// are logged.
    pub async fn respond<H>(self, scope: Option<Scope>, handler: H) -> Response
    where
        H: AsyncFnOnce(&ApiClient<'_>, RequestParts) -> Result<Response, Error>,
    {
        let result = async {
            let api_client =
                self.request_context.api_client(&self.organization, self.token.as_ref(), scope).await;
            let api_client = api_client.map_err(|error| match (error, scope) {
                (domain::Error::Problem(Problem::InsufficientScope), Some(scope)) => {
                    Error::InsufficientScope(scope)
                }
                (error, _) => error.into(),
            })?;
            handler(&api_client, self.parts).await
        };
        result.await.unwrap_or_else(|error| error.into_response(&self.request_context, self.token.is_some()))
    }
}

impl RequestParts {
    /// The id of the resource. Text that isn't an id matches no resource.
    ///
    /// # Errors
    /// 404.
    pub fn id<T: FromStr>(&self) -> Result<T, scim::Error> {
        self.name.parse().map_err(|_| scim::Error::not_found())
    }

    /// The attributes that the query string requests.
    ///
    /// # Errors
    /// `invalidValue` for an invalid parameter.
    pub fn projection(&self, resource_type: ResourceType) -> Result<Projection, scim::Error> {
        Ok(ListParameters::from_query(&self.query)?.projection(resource_type))
    }

    /// Reads the body, which must be a JSON object.
    ///
    /// # Errors
    /// 413 for a body that is too large, 415 for another content type, `invalidSyntax` for invalid JSON.
    pub async fn read_json(&mut self) -> Result<Document, scim::Error> {
        let content_type = self.headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        let media_type =
            content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if media_type.is_some_and(|value| value != scim::MEDIA_TYPE && value != "application/json") {
            let detail = "Unsupported content type; send application/scim+json.";
            return Err(scim::Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail));
        }
        let bytes = to_bytes(std::mem::take(&mut self.body), MAX_BODY_BYTES).await.map_err(|_| {
            let detail = "The request body is too large: at most 4 MiB.";
            scim::Error::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
        })?;
        let invalid_syntax = |detail| scim::Error::bad_request(ScimType::InvalidSyntax, detail);
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(invalid_syntax("Expected a JSON object.".to_owned())),
            Err(error) => Err(invalid_syntax(format!("Invalid JSON: {error}."))),
        }
    }

    /// The response to a GET: 304 if the client has this version.
    pub fn read_response(&self, resource: &impl Resource, projection: &Projection) -> Response {
        let version = resource.version();
        if version.matches_if_none_match(&self.headers) {
            return version_response(StatusCode::NOT_MODIFIED, &version);
        }
        self.resource_response(StatusCode::OK, resource, projection)
    }

    /// The response to a POST.
    pub fn created_response(&self, resource: &impl Resource, projection: &Projection) -> Response {
        let response = self.resource_response(StatusCode::CREATED, resource, projection);
        with_header(response, LOCATION, &resource.location(&self.base_url))
    }

    pub fn resource_response(
        &self,
        status: StatusCode,
        resource: &impl Resource,
        projection: &Projection,
    ) -> Response {
        let response = json_response(status, &resource.to_json(&self.base_url, projection));
        with_header(response, ETAG, &resource.version().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::bearer_token;
    use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    fn token(header: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(header))]);
        bearer_token(&headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn bearer_token_is_read_in_any_letter_case() {
        for header in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(token(header).as_deref(), Some("abc"), "{header}");
        }
    }

    #[test]
    fn other_authorization_has_no_token() {
        for header in ["Basic YTpi", "Bearer", "Bearerabc", "abc", ""] {
            assert_eq!(token(header), None, "{header}");
        }
        assert!(bearer_token(&HeaderMap::new()).is_none());
    }
}
