//! Requests to the measured server, over one keep-alive connection for each client.

use super::Result;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

const FORM: &str = "application/x-www-form-urlencoded";

pub struct Client {
    address: SocketAddr,
    client: HyperClient<HttpConnector, Body>,
}

pub struct Response {
    pub status: u16,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The cookie of this name, as `name=value` for the `cookie` header.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        cookies.find(|cookie| cookie.split('=').next() == Some(name)).map(str::to_owned)
    }

    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// This response, or an error if it has another status.
    pub fn expect_status(self, status: u16) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let body: String = self.text().chars().take(300).collect();
        Err(format!("expected status {status}, got {}: {body}", self.status).into())
    }
}

/// A page request.
pub fn get(path: &str, cookies: &str) -> Request<String> {
    request(Method::GET, path, cookies, "text/html", FORM, String::new())
}

/// A form submission to its page, as in a browser without WebAssembly.
pub fn post_form(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Request<String> {
    request(Method::POST, path, cookies, "text/html", FORM, encode_form(fields))
}

/// A call of a server function with form fields, as the frontend makes it.
pub fn post_server_fn(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Request<String> {
    request(Method::POST, path, cookies, "application/json", FORM, encode_form(fields))
}

/// A call of a server function with a JSON body.
pub fn post_server_fn_json(path: &str, cookies: &str, body: &serde_json::Value) -> Request<String> {
    request(Method::POST, path, cookies, "application/json", "application/json", body.to_string())
}

fn encode_form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn request(
    method: Method,
    path: &str,
    cookies: &str,
    accept: &str,
    content_type: &str,
    body: String,
) -> Request<String> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(COOKIE, cookies).header(ACCEPT, accept).header(CONTENT_TYPE, content_type);
    request.body(body).unwrap_or_default()
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { address, client: HyperClient::builder(TokioExecutor::new()).build(connector) }
    }

    /// Sends a request whose URI is a path.
    pub async fn send(&mut self, request: &Request<String>) -> Result<Response> {
        let (mut parts, body) = request.clone().into_parts();
        parts.uri = format!("http://{}{}", self.address, parts.uri).parse()?;
        let exchange = async {
            let (head, body) =
                self.client.request(Request::from_parts(parts, Body::from(body))).await?.into_parts();
            let body = to_bytes(Body::new(body), usize::MAX).await?;
            Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
        };
        timeout(RESPONSE_TIMEOUT, exchange).await?
    }
}
