//! A minimal HTTP/1.1 client over one keep-alive connection, with so little overhead that the server dominates the
//! measurement.

use super::Result;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

pub struct Response {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The cookie of this name, as `name=value` for the `cookie` header.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers("set-cookie").filter_map(|cookie| cookie.split(';').next());
        cookies.map(str::to_owned).find(|cookie| cookie.split('=').next() == Some(name))
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
pub fn get(path: &str, cookies: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\ncookie: {cookies}\r\n\r\n")
        .into_bytes()
}

/// A form submission to its page, as in a browser without WebAssembly.
pub fn post_form(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    post(path, cookies, "text/html", "application/x-www-form-urlencoded", &encode_form(fields))
}

/// A call of a server function with form fields, as the frontend makes it.
pub fn post_server_fn(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    post(path, cookies, "application/json", "application/x-www-form-urlencoded", &encode_form(fields))
}

/// A call of a server function with a JSON body.
pub fn post_server_fn_json(path: &str, cookies: &str, body: &serde_json::Value) -> Vec<u8> {
    post(path, cookies, "application/json", "application/json", &body.to_string())
}

/// A SCIM request (RFC 7644) with an API key. `path` is relative to the SCIM base URL of the large organization.
pub fn scim(method: &str, path: &str, key: &str, body: Option<&serde_json::Value>) -> Vec<u8> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let path = format!("/o/{}/scim/v2{path}", super::database::LARGE_SLUG);
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n");
    let length = body.len();
    let _ = write!(request, "content-type: application/scim+json\r\ncontent-length: {length}\r\n\r\n{body}");
    request.into_bytes()
}

fn encode_form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn post(path: &str, cookies: &str, accept: &str, content_type: &str, body: &str) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n");
    let _ = write!(
        request,
        "cookie: {cookies}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    request.push_str(body);
    request.into_bytes()
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<Response> {
        match timeout(RESPONSE_TIMEOUT, self.exchange(request)).await {
            Ok(response) => response,
            Err(_) => Err("no response within a minute".into()),
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        stream.set_nodelay(true)?;
        stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(position) = find(&self.buffer, b"\r\n\r\n") {
                break position + 4;
            }
            self.read_more(&mut stream).await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut response =
            Response { status: status.ok_or("invalid HTTP response")?, head, body: Vec::new() };
        if response.header("transfer-encoding").is_some() {
            self.read_chunked_body(&mut stream, end, &mut response.body).await?;
        } else {
            let length: usize = response.header("content-length").unwrap_or("0").parse()?;
            while self.buffer.len() < end + length {
                self.read_more(&mut stream).await?;
            }
            response.body.extend_from_slice(&self.buffer[end..end + length]);
        }
        if response.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(response)
    }

    /// Chunked transfer coding (RFC 9112, section 7.1).
    async fn read_chunked_body(
        &mut self,
        stream: &mut TcpStream,
        mut position: usize,
        body: &mut Vec<u8>,
    ) -> Result<()> {
        loop {
            let line = loop {
                if let Some(length) = find(&self.buffer[position..], b"\r\n") {
                    break position..position + length;
                }
                self.read_more(stream).await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[line.clone()])?, 16)?;
            let start = line.end + 2;
            while self.buffer.len() < start + size + 2 {
                self.read_more(stream).await?;
            }
            if size == 0 {
                return Ok(());
            }
            body.extend_from_slice(&self.buffer[start..start + size]);
            position = start + size + 2;
        }
    }

    async fn read_more(&mut self, stream: &mut TcpStream) -> Result<()> {
        self.buffer.reserve(64 * 1024);
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
