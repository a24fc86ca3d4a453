//! Extracts a SCIM request: its bearer token, the organization and resource in the URL, and the body.

use super::document::Document;
use super::error::{Error, ScimError, ScimType};
use crate::state::AppState;
use crate::web::context::{client_ip, user_agent};
use crate::web::request_log::RequestId;
use axum::RequestPartsExt;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Path, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::{ApiClient, RequestContext, Source, Token};
use model::Problem;
use model::api_keys::Scope;
use serde_json::Value;
use std::collections::HashMap;
use std::convert::Infallible;

/// The largest body. A group of 10,000 members fits, each with name and address.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The extractor of every SCIM handler. It doesn't authenticate: a handler calls a method of [`Auth`] first.
pub struct ScimRequest {
    pub auth: Auth,
    pub request: RequestParts,
}

/// The bearer token, and the organization that it must belong to.
pub struct Auth {
    request_context: RequestContext,
    token: Option<Token>,
    organization: String,
}

pub struct RequestParts {
    /// The id or name of the resource in the path; empty if the path has none.
    pub id: String,
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
        let request = RequestParts {
            id: path.remove("id").or_else(|| path.remove("name")).unwrap_or_default(),
            base_url: format!("{}/o/{organization}/scim/v2", state.app.base_url),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body,
            headers: parts.headers,
        };
        let request_context = RequestContext::new(state.app.clone(), HashMap::new(), source, request_id);
        let auth = Auth { request_context, token: bearer_token(&request.headers), organization };
        Ok(Self { auth, request })
    }
}

/// The token in the `Authorization` header (RFC 6750, section 2.1).
fn bearer_token(headers: &HeaderMap) -> Option<Token> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::from_client(token.trim()))
}

impl Auth {
    /// Authenticates the API client, whatever its scopes.
    ///
    /// # Errors
    /// A missing, invalid or expired key, or one of another organization.
    pub async fn authenticate(&self) -> Result<ApiClient<'_>, Error> {
        Ok(self.request_context.api_client(&self.organization, self.token.as_ref(), None).await?)
    }

    /// Authenticates the API client and checks its scopes.
    ///
    /// # Errors
    /// As for [`authenticate`](Self::authenticate), and [`Error::InsufficientScope`].
    pub async fn require_scope(&self, scope: Scope) -> Result<ApiClient<'_>, Error> {
        let token = self.token.as_ref();
        let api_client = self.request_context.api_client(&self.organization, token, Some(scope)).await;
        api_client.map_err(|error| match error {
            domain::Error::Problem(Problem::InsufficientScope) => Error::InsufficientScope(scope),
            error => error.into(),
        })
    }

    /// Turns a handler's result into a response; internal errors are logged.
    pub fn respond(&self, result: Result<Response, Error>) -> Response {
        result.unwrap_or_else(|error| error.into_response(&self.request_context, self.token.is_some()))
    }
}

impl RequestParts {
    /// Reads the body, which must be a JSON object.
    ///
    /// # Errors
    /// 413 for a body that is too large, 415 for another content type, `invalidSyntax` for invalid JSON.
    pub async fn json_body(self) -> Result<Document, ScimError> {
        let content_type = self.headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        let media_type =
            content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if media_type.is_some_and(|value| value != super::SCIM_JSON && value != "application/json") {
            let detail = "Unsupported content type; send application/scim+json.";
            return Err(ScimError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail));
        }
        let bytes = to_bytes(self.body, MAX_BODY_BYTES).await.map_err(|_| {
            let detail = "The request body is too large: at most 4 MiB.";
            ScimError::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail)
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(ScimError::bad_request(ScimType::InvalidSyntax, "Expected a JSON object.")),
            Err(error) => {
                Err(ScimError::bad_request(ScimType::InvalidSyntax, format!("Invalid JSON: {error}.")))
            }
        }
    }
}
