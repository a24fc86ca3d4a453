//! SCIM, as an identity provider drives it.

mod api_keys;
mod discovery;
mod entra;
mod filters;
mod fuzz;
mod groups;
mod okta;
mod rfc;
mod rules;
mod speed;

use crate::test_server::TestServer;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use model::api_keys::{Lifetime, Scope};
use serde_json::{Value, json};
use sqlx::PgPool;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An identity provider with a key.
struct Directory {
    site: TestServer,
    key: String,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Reply {
    fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.json);
        self.json
    }

    /// A refusal in SCIM's words; gives its detail.
    fn refused(&self, status: u16, kind: Option<&str>) -> String {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.json["schemas"], json!([ERROR]));
        assert_eq!(self.json["status"], json!(status.to_string()));
        assert_eq!(self.json["scimType"].as_str(), kind, "{}", self.json);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/scim+json");
        self.json["detail"].as_str().unwrap().to_owned()
    }
}

impl Directory {
    async fn new(pool: PgPool) -> Self {
        let site = TestServer::new(pool).await;
        let key = key(&site, &Scope::ALL).await;
        Self { site, key }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.with(method, path, body, &[]).await
    }

    async fn with(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/o/blobsrus/scim/v2{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| {
            request = std::mem::take(&mut request).header(header::CONTENT_TYPE, "application/scim+json");
            body.to_string()
        });
        reply(&self.site, request.body(Body::from(body.unwrap_or_default())).unwrap()).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    async fn patch(&self, path: &str, operations: Value) -> Reply {
        self.call(Method::PATCH, path, Some(&json!({ "schemas": [PATCH], "Operations": operations }))).await
    }

    /// Makes a user of this address, and gives the id.
    async fn user(&self, email: &str) -> String {
        let made = self.post("/Users", &json!({ "schemas": [USER], "userName": email })).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }

    async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        self.post("/Groups", &body).await.ok()["id"].as_str().unwrap().to_owned()
    }

    /// What a filter finds, by this attribute.
    async fn find(&self, kind: &str, filter: &str, attribute: &str) -> Vec<String> {
        let list = self.get(&format!("/{kind}?filter={}", encoded(filter))).await.ok();
        let found: Vec<String> = list["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one[attribute].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(list["totalResults"], json!(found.len()), "{filter}");
        found
    }

    async fn text(&self, sql: &'static str, about: &str) -> Option<String> {
        sqlx::query_scalar(sql).bind(about).fetch_optional(&self.site.context.pool).await.unwrap().flatten()
    }
}

async fn key(site: &TestServer, scopes: &[Scope]) -> String {
    let request_context = site.admin().await;
    let admin = request_context.admin("blobsrus").await.unwrap();
    domain::api_keys::create(&admin, "Okta", scopes, Lifetime::Forever).await.unwrap().text
}

async fn reply(site: &TestServer, request: Request<Body>) -> Reply {
    let answer = site.send(request).await;
    let json = if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).unwrap() };
    Reply { status: answer.status, headers: answer.headers, json }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
