//! A small SMTP server for tests. It accepts messages over real connections, and misbehaves on request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// The extensions and limits of the server.
#[derive(Clone, Default)]
pub struct Capabilities {
    pub pipelining: bool,
    pub utf8: bool,
    /// The user and password that MAIL requires.
    pub login: Option<(String, String)>,
    pub encryption: Encryption,
    /// The maximum number of concurrent connections.
    pub max_connections: Option<usize>,
}

#[derive(Clone, Default)]
pub enum Encryption {
    #[default]
    None,
    StartTls(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

/// How the server treats a recipient.
#[derive(Clone)]
pub enum Behavior {
    /// Replies to RCPT with this text this many times, then accepts messages.
    RcptReply(&'static str, usize),
    /// The same for the reply to the data.
    DataReply(&'static str, usize),
    /// Closes the connection at RCPT, once.
    DisconnectAtRcpt,
    /// Accepts a message, but closes the connection instead of replying, once.
    DisconnectAfterData,
    /// Never replies to RCPT.
    Silence,
}

/// A message that the server accepted.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub from: String,
    pub to: String,
    pub content: String,
    pub is_encrypted: bool,
}

impl ReceivedMessage {
    pub fn header(&self, name: &str) -> Vec<&str> {
        let head = self.content.split("\r\n\r\n").next().unwrap_or_default();
        head.split("\r\n").filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
    }

    pub fn message_id(&self) -> String {
        self.header("Message-ID").concat()
    }
}

#[derive(Default)]
struct State {
    received: Vec<ReceivedMessage>,
    behaviors: HashMap<String, Behavior>,
    open_connections: usize,
    total_connections: usize,
}

/// A server that runs until it is dropped.
pub struct SmtpServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    paused: watch::Sender<bool>,
    task: JoinSet<()>,
}

impl SmtpServer {
    pub async fn start(capabilities: Capabilities) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), capabilities).await
    }

    pub async fn start_at(address: SocketAddr, capabilities: Capabilities) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (paused, pause) = watch::channel(false);
        let mut task = JoinSet::new();
        let shared = Arc::clone(&state);
        task.spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                tcp.set_nodelay(true).unwrap();
                let session = Session {
                    state: Arc::clone(&shared),
                    capabilities: capabilities.clone(),
                    pause: pause.clone(),
                    is_encrypted: false,
                    is_authenticated: false,
                };
                sessions.spawn(session.run(tcp));
            }
        });
        Self { address, state, paused, task }
    }

    /// Stops the server and closes all connections.
    pub async fn stop(mut self) {
        self.task.shutdown().await;
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn set_behavior(&self, recipient: &str, behavior: Behavior) {
        self.lock().behaviors.insert(recipient.to_owned(), behavior);
    }

    pub fn received(&self) -> Vec<ReceivedMessage> {
        self.lock().received.clone()
    }

    pub fn count(&self) -> usize {
        self.lock().received.len()
    }

    /// The number of connections so far.
    pub fn total_connections(&self) -> usize {
        self.lock().total_connections
    }

    /// While paused, the server does not reply to data.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
type Lines = BufReader<Box<dyn Stream>>;

/// The session of one connection.
struct Session {
    state: Arc<Mutex<State>>,
    capabilities: Capabilities,
    pause: watch::Receiver<bool>,
    is_encrypted: bool,
    is_authenticated: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.state.lock().unwrap().open_connections -= 1;
    }
}

impl Session {
    async fn run(mut self, tcp: TcpStream) {
        let is_over_limit = {
            let mut state = self.state.lock().unwrap();
            state.open_connections += 1;
            state.total_connections += 1;
            self.capabilities.max_connections.is_some_and(|max| state.open_connections > max)
        };
        let mut lines: Lines = BufReader::new(match self.capabilities.encryption.clone() {
            Encryption::Implicit(config) => {
                self.is_encrypted = true;
                let Ok(tls) = TlsAcceptor::from(config).accept(tcp).await else { return };
                Box::new(tls)
            }
            _ => Box::new(tcp),
        });
        if is_over_limit {
            let _ = send(&mut lines, "421 4.7.0 too many connections").await;
            return;
        }
        let _ = self.converse(lines).await;
    }

    async fn converse(&mut self, mut lines: Lines) -> Option<()> {
        send(&mut lines, "220 mail.example.org ESMTP").await?;
        let (mut from, mut to) = (String::new(), String::new());
        loop {
            let line = read_line(&mut lines).await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.reply_to_ehlo(&mut lines).await?,
                "STARTTLS" => {
                    let Encryption::StartTls(config) = self.capabilities.encryption.clone() else {
                        return None;
                    };
                    send(&mut lines, "220 go ahead").await?;
                    let tls = TlsAcceptor::from(config).accept(lines.into_inner()).await.ok()?;
                    lines = BufReader::new(Box::new(tls));
                    self.is_encrypted = true;
                }
                "AUTH" => self.authenticate(&mut lines, &line).await?,
                "MAIL" if self.capabilities.login.is_some() && !self.is_authenticated => {
                    send(&mut lines, "530 5.7.0 authentication required").await?;
                }
                "MAIL" => {
                    from = path(&line);
                    send(&mut lines, "250 2.1.0 sender ok").await?;
                }
                "RCPT" if from.is_empty() => send(&mut lines, "503 5.5.1 MAIL first").await?,
                "RCPT" => match self.rcpt_behavior(&path(&line)) {
                    Some(Behavior::RcptReply(reply, _)) => send(&mut lines, reply).await?,
                    Some(Behavior::DisconnectAtRcpt) => return None,
                    Some(Behavior::Silence) => std::future::pending().await,
                    _ => {
                        to = path(&line);
                        send(&mut lines, "250 2.1.5 recipient ok").await?;
                    }
                },
                // Accepted even without a valid recipient, as RFC 2920, section 3.1, allows.
                "DATA" => {
                    send(&mut lines, "354 go on").await?;
                    let content = read_data(&mut lines).await?;
                    self.pause.wait_for(|paused| !paused).await.ok()?;
                    let reply = self.accept(&from, &to, content)?;
                    send(&mut lines, &reply).await?;
                    (from, to) = (String::new(), String::new());
                }
                "RSET" => {
                    (from, to) = (String::new(), String::new());
                    send(&mut lines, "250 2.0.0 ok").await?;
                }
                "NOOP" => send(&mut lines, "250 2.0.0 ok").await?,
                "QUIT" => {
                    send(&mut lines, "221 2.0.0 bye").await?;
                    return None;
                }
                _ => send(&mut lines, "502 5.5.2 command not recognized").await?,
            }
        }
    }

    async fn reply_to_ehlo(&self, lines: &mut Lines) -> Option<()> {
        let mut extensions = vec!["mail.example.org", "8BITMIME"];
        if self.capabilities.pipelining {
            extensions.push("PIPELINING");
        }
        if self.capabilities.utf8 {
            extensions.push("SMTPUTF8");
        }
        if self.capabilities.login.is_some() {
            extensions.push("AUTH PLAIN LOGIN");
        }
        if matches!(self.capabilities.encryption, Encryption::StartTls(_)) && !self.is_encrypted {
            extensions.push("STARTTLS");
        }
        let last = extensions.len() - 1;
        for (index, extension) in extensions.iter().enumerate() {
            send(lines, &format!("250{}{extension}", if index == last { ' ' } else { '-' })).await?;
        }
        Some(())
    }

    async fn authenticate(&mut self, lines: &mut Lines, line: &str) -> Option<()> {
        use base64::Engine;
        let (user, password) = self.capabilities.login.clone()?;
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.is_authenticated = line.strip_prefix("AUTH PLAIN ") == Some(expected.as_str());
        send(
            lines,
            if self.is_authenticated { "235 2.7.0 welcome" } else { "535 5.7.8 authentication failed" },
        )
        .await
    }

    /// The behavior at RCPT, which counts down.
    fn rcpt_behavior(&self, recipient: &str) -> Option<Behavior> {
        let mut state = self.state.lock().unwrap();
        let behavior = state.behaviors.get_mut(recipient)?;
        match behavior {
            Behavior::DataReply(..) | Behavior::DisconnectAfterData | Behavior::RcptReply(_, 0) => None,
            Behavior::RcptReply(reply, times) => {
                *times -= 1;
                Some(Behavior::RcptReply(reply, 0))
            }
            Behavior::DisconnectAtRcpt => state.behaviors.remove(recipient),
            Behavior::Silence => Some(Behavior::Silence),
        }
    }

    /// The reply to the data; `None` to disconnect.
    fn accept(&self, from: &str, to: &str, content: String) -> Option<String> {
        let mut state = self.state.lock().unwrap();
        if to.is_empty() {
            return Some("554 5.5.1 no valid recipients".to_owned());
        }
        if let Some(Behavior::DataReply(reply, times)) = state.behaviors.get_mut(to)
            && *times > 0
        {
            *times -= 1;
            return Some((*reply).to_owned());
        }
        state.received.push(ReceivedMessage {
            from: from.to_owned(),
            to: to.to_owned(),
            content,
            is_encrypted: self.is_encrypted,
        });
        if matches!(state.behaviors.get(to), Some(Behavior::DisconnectAfterData)) {
            state.behaviors.remove(to);
            return None;
        }
        Some(format!("250 2.0.0 queued as {}", state.received.len()))
    }
}

fn path(line: &str) -> String {
    let path = line.split('<').nth(1).and_then(|rest| rest.split('>').next());
    path.unwrap_or_default().to_owned()
}

async fn read_line(lines: &mut Lines) -> Option<String> {
    let mut line = String::new();
    lines.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    Some(line.trim_end().to_owned())
}

async fn read_data(lines: &mut Lines) -> Option<String> {
    let mut content = String::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
        if line == ".\r\n" {
            return Some(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn send(lines: &mut Lines, line: &str) -> Option<()> {
    lines.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    lines.get_mut().flush().await.ok()
}
