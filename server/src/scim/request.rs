//! Who calls, with which key, and what they sent.

use super::document::Document;
use super::error::{Failure, Kind, Said};
use crate::state::AppState;
use crate::web::context::{source, user_agent};
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

/// The largest body, in bytes: a group of 10,000 members fits, each with name and address.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// One request.
pub struct Calling {
    pub door: Door,
    pub asked: Asked,
}

/// The door of the organization, and who stands before it.
pub struct Door {
    request_context: RequestContext,
    key: Option<Token>,
    organization: String,
}

/// What is asked.
pub struct Asked {
    /// What the address names, where it names something.
    pub id: String,
    /// What every resource's address begins with.
    pub base: String,
    pub headers: HeaderMap,
    /// The part of the address behind its question mark.
    pub query: String,
    body: Body,
}

impl FromRequest<AppState> for Calling {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let path = parts.extract::<Path<HashMap<String, String>>>().await.map(|Path(path)| path);
        let mut path = path.unwrap_or_default();
        let organization = path.remove("org").unwrap_or_default();
        let request = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
        let source = Source { address: source(state, &parts), user_agent: user_agent(&parts) };
        let asked = Asked {
            id: path.remove("id").or_else(|| path.remove("name")).unwrap_or_default(),
            base: format!("{}/o/{organization}/scim/v2", state.app.base_url),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body,
            headers: parts.headers,
        };
        let request_context = RequestContext::new(state.app.clone(), HashMap::new(), source, request);
        let door = Door { request_context, key: bearer(&asked.headers), organization };
        Ok(Self { door, asked })
    }
}

/// The key of the Authorization header (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<Token> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::from_client(key.trim()))
}

impl Door {
    /// Lets in whoever has a key of the organization that is good for this; nothing: for whatever.
    ///
    /// # Errors
    /// The key is none of this organization's, or not good for that.
    pub async fn open(&self, scope: impl Into<Option<Scope>>) -> Result<ApiClient<'_>, Failure> {
        let scope = scope.into();
        let program = self.request_context.api_client(&self.organization, self.key.as_ref(), scope).await;
        program.map_err(|error| match (error, scope) {
            (domain::Error::Problem(Problem::InsufficientScope), Some(scope)) => Failure::OutOfScope(scope),
            (error, _) => error.into(),
        })
    }

    /// The answer; what is ours alone goes to the log.
    pub fn tell(&self, done: Result<Response, Failure>) -> Response {
        done.unwrap_or_else(|failure| failure.response(&self.request_context, self.key.is_some()))
    }
}

impl Asked {
    /// What was sent: an object of JSON.
    ///
    /// # Errors
    /// What is too much, of another type, or none.
    pub async fn document(self) -> Result<Document, Said> {
        let kind = self.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if kind.is_some_and(|kind| kind != super::SCIM_JSON && kind != "application/json") {
            let detail = "Send application/scim+json.";
            return Err(Said::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, detail));
        }
        let too_large = "That is more than we can take at once: 4 MiB at most.";
        let bytes = to_bytes(self.body, MAX_BODY)
            .await
            .map_err(|_| Said::new(StatusCode::PAYLOAD_TOO_LARGE, None, too_large))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(Said::bad(Kind::InvalidSyntax, "An object was expected.")),
            Err(error) => Err(Said::bad(Kind::InvalidSyntax, format!("This is no JSON: {error}."))),
        }
    }
}
