//! A client that costs next to nothing, so that the server is what is measured: HTTP/1.1 over one kept connection.

use super::Result;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The cookie of this name, as it is sent back.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers("set-cookie").filter_map(|cookie| cookie.split(';').next());
        cookies.map(str::to_owned).find(|cookie| cookie.split('=').next() == Some(name))
    }

    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// This answer, if it has the status that was hoped for.
    pub fn with(self, status: u16) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let said: String = self.text().chars().take(300).collect();
        Err(format!("the server answered {} in place of {status}: {said}", self.status).into())
    }
}

/// A request for a page.
pub fn get(path: &str, cookies: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\ncookie: {cookies}\r\n\r\n")
        .into_bytes()
}

/// A form that is posted to its page, as without WebAssembly.
pub fn post_form(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    post(path, cookies, "text/html", "application/x-www-form-urlencoded", &form(fields))
}

/// A server function, called as the browser's half does.
pub fn call_form(path: &str, cookies: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    post(path, cookies, "application/json", "application/x-www-form-urlencoded", &form(fields))
}

pub fn call_json(path: &str, cookies: &str, body: &serde_json::Value) -> Vec<u8> {
    post(path, cookies, "application/json", "application/json", &body.to_string())
}

/// A request by SCIM, with a key (RFC 7644). `path` begins below the organization's base URL.
pub fn scim(method: &str, path: &str, key: &str, body: Option<&serde_json::Value>) -> Vec<u8> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let path = format!("/o/{}/scim/v2{path}", super::database::MANY);
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n");
    let length = body.len();
    let _ = write!(request, "content-type: application/scim+json\r\ncontent-length: {length}\r\n\r\n{body}");
    request.into_bytes()
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn post(path: &str, cookies: &str, accept: &str, kind: &str, body: &str) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n");
    let _ = write!(
        request,
        "cookie: {cookies}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    request.push_str(body);
    request.into_bytes()
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(64 * 1024) }
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        match timeout(PATIENCE, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(_) => Err("the server did not answer within a minute".into()),
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        stream.set_nodelay(true)?;
        stream.write_all(request).await?;
        self.read.clear();
        let end = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            self.more(&mut stream).await?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut answer = Answer { status: status.ok_or("this is no HTTP")?, head, body: Vec::new() };
        if answer.header("transfer-encoding").is_some() {
            self.chunks(&mut stream, end, &mut answer.body).await?;
        } else {
            let length: usize = answer.header("content-length").unwrap_or("0").parse()?;
            while self.read.len() < end + length {
                self.more(&mut stream).await?;
            }
            answer.body.extend_from_slice(&self.read[end..end + length]);
        }
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        Ok(answer)
    }

    /// RFC 9112, section 7.1.
    async fn chunks(&mut self, stream: &mut TcpStream, mut at: usize, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let line = loop {
                if let Some(length) = find(&self.read[at..], b"\r\n") {
                    break at..at + length;
                }
                self.more(stream).await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.read[line.clone()])?, 16)?;
            let start = line.end + 2;
            while self.read.len() < start + size + 2 {
                self.more(stream).await?;
            }
            if size == 0 {
                return Ok(());
            }
            body.extend_from_slice(&self.read[start..start + size]);
            at = start + size + 2;
        }
    }

    async fn more(&mut self, stream: &mut TcpStream) -> Result<()> {
        self.read.reserve(64 * 1024);
        match stream.read_buf(&mut self.read).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
