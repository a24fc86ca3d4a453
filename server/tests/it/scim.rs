//! The SCIM service over HTTP, with the requests that identity providers send.

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

/// An identity provider with an API key, and the server that it calls.
struct ScimClient {
    server: TestServer,
    key: String,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl Reply {
    /// The body of a successful response.
    fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.json);
        self.json
    }

    /// The detail of an error response with this status and `scimType`.
    fn error(&self, status: u16, scim_type: Option<&str>) -> String {
        assert_eq!(self.status, status, "{}", self.json);
        assert_eq!(self.json["schemas"], json!([ERROR]));
        assert_eq!(self.json["status"], json!(status.to_string()));
        assert_eq!(self.json["scimType"].as_str(), scim_type, "{}", self.json);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/scim+json");
        self.json["detail"].as_str().unwrap().to_owned()
    }
}

impl ScimClient {
    async fn new(pool: PgPool) -> Self {
        let server = TestServer::new(pool).await;
        let key = create_key(&server, Scope::ALL).await;
        Self { server, key }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.call_with_headers(method, path, body, &[]).await
    }

    async fn call_with_headers(
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
        send(&self.server, request.body(Body::from(body.unwrap_or_default())).unwrap()).await
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

    /// Creates a user and returns the id.
    async fn create_user(&self, email: &str) -> String {
        let created = self.post("/Users", &json!({ "schemas": [USER], "userName": email })).await.ok();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Creates a group and returns the id.
    async fn create_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": name, "members": members });
        self.post("/Groups", &body).await.ok()["id"].as_str().unwrap().to_owned()
    }

    /// Filters users or groups, and returns this attribute of the matches.
    async fn search(&self, endpoint: &str, filter: &str, attribute: &str) -> Vec<String> {
        let list = self.get(&format!("/{endpoint}?filter={}", url_encode(filter))).await.ok();
        let values = strings(&list["Resources"], attribute);
        assert_eq!(list["totalResults"], json!(values.len()), "{filter}");
        values
    }

    async fn user_id(&self, email: &str) -> String {
        self.query("select id::text from users where email = $1", email).await
    }

    async fn user_status(&self, email: &str) -> String {
        self.query("select status from users where email = $1", email).await
    }

    async fn query(&self, sql: &'static str, email: &str) -> String {
        sqlx::query_scalar(sql).bind(email).fetch_one(&self.server.app.context.pool).await.unwrap()
    }

    async fn count_members(&self) -> usize {
        self.server.app.count("group_members").await
    }

    async fn count_events(&self, action: &str) -> usize {
        self.server.app.count_audit_events(action).await
    }
}

/// One attribute of each resource in a list.
fn strings(resources: &Value, attribute: &str) -> Vec<String> {
    let resources = resources.as_array().unwrap().iter();
    resources.map(|resource| resource[attribute].as_str().unwrap().to_owned()).collect()
}

/// The path of a resource in a response.
fn path_of(resource: &Value) -> String {
    format!("/{}s/{}", resource["meta"]["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

async fn create_key(server: &TestServer, scopes: &[Scope]) -> String {
    let admin = server.app.admin.admin("blobsrus").await.unwrap();
    domain::api_keys::create(&admin, "Okta", scopes, Lifetime::Unlimited).await.unwrap().token
}

async fn send(server: &TestServer, request: Request<Body>) -> Reply {
    let response = server.send(request).await;
    let json =
        if response.body.is_empty() { Value::Null } else { serde_json::from_str(&response.body).unwrap() };
    Reply { status: response.status, headers: response.headers, json }
}

/// Compares JSON with its snapshot, in which ids, times and versions are masked.
fn assert_snapshot(name: &str, json: &Value) {
    let masks = [
        ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]"),
        (r#"W/\\"[^"]*\\""#, "[version]"),
    ];
    insta::with_settings!({ filters => masks }, { insta::assert_json_snapshot!(name, json) });
}

fn url_encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
