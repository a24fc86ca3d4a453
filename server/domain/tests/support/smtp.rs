//! A small mail server that takes mail over real connections, and misbehaves as it is told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What the server offers.
#[derive(Clone, Default)]
pub struct Offers {
    pub pipelining: bool,
    pub utf8: bool,
    /// User and password, in the form that AUTH PLAIN has them, before any mail.
    pub login: Option<(String, String)>,
    pub tls: Tls,
    /// How many connections it takes at once.
    pub connections: Option<usize>,
}

#[derive(Clone, Default)]
pub enum Tls {
    #[default]
    None,
    Start(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

/// What it does about a recipient.
#[derive(Clone)]
pub enum Manner {
    /// Answers RCPT with this, as often as that; then takes the mail.
    Answer(&'static str, usize),
    /// The same for the whole mail.
    AnswerMail(&'static str, usize),
    /// Closes the connection at RCPT, once.
    HangUp,
    /// Takes the mail, and closes the connection without saying so, once.
    HangUpAfterMail,
    /// Says nothing more at RCPT.
    Silence,
}

/// A mail that it took.
#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub content: String,
    pub encrypted: bool,
}

impl Received {
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
    received: Vec<Received>,
    manners: HashMap<String, Manner>,
    connections: usize,
    connected_ever: usize,
}

/// Runs until it is dropped.
pub struct SmtpServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    paused: watch::Sender<bool>,
    task: JoinSet<()>,
}

impl SmtpServer {
    pub async fn start(offers: Offers) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), offers).await
    }

    pub async fn start_at(address: SocketAddr, offers: Offers) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let (paused, pause) = watch::channel(false);
        let mut task = JoinSet::new();
        let shared = Arc::clone(&state);
        task.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                tcp.set_nodelay(true).unwrap();
                let request_context = Talk {
                    state: Arc::clone(&shared),
                    offers: offers.clone(),
                    pause: pause.clone(),
                    encrypted: false,
                    logged_in: false,
                };
                talks.spawn(request_context.run(tcp));
            }
        });
        Self { address, state, paused, task }
    }

    /// Ends it, and every connection with it.
    pub async fn stop(mut self) {
        self.task.shutdown().await;
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn about(&self, recipient: &str, manner: Manner) {
        self.lock().manners.insert(recipient.to_owned(), manner);
    }

    pub fn received(&self) -> Vec<Received> {
        self.lock().received.clone()
    }

    pub fn count(&self) -> usize {
        self.lock().received.len()
    }

    /// How many connections there ever were.
    pub fn connected_ever(&self) -> usize {
        self.lock().connected_ever
    }

    /// While it is paused, it takes no whole mail.
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

/// One connection.
struct Talk {
    state: Arc<Mutex<State>>,
    offers: Offers,
    pause: watch::Receiver<bool>,
    encrypted: bool,
    logged_in: bool,
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.state.lock().unwrap().connections -= 1;
    }
}

impl Talk {
    async fn run(mut self, tcp: TcpStream) {
        let full = {
            let mut state = self.state.lock().unwrap();
            state.connections += 1;
            state.connected_ever += 1;
            self.offers.connections.is_some_and(|most| state.connections > most)
        };
        let mut lines: Lines = BufReader::new(match self.offers.tls.clone() {
            Tls::Implicit(config) => {
                self.encrypted = true;
                let Ok(tls) = TlsAcceptor::from(config).accept(tcp).await else { return };
                Box::new(tls)
            }
            _ => Box::new(tcp),
        });
        if full {
            let _ = say(&mut lines, "421 4.7.0 too many connections").await;
            return;
        }
        let _ = self.talk(lines).await;
    }

    async fn talk(&mut self, mut lines: Lines) -> Option<()> {
        say(&mut lines, "220 mail.example.org ESMTP").await?;
        let (mut from, mut to) = (String::new(), String::new());
        loop {
            let line = hear(&mut lines).await?;
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.greet(&mut lines).await?,
                "STARTTLS" => {
                    let Tls::Start(config) = self.offers.tls.clone() else { return None };
                    say(&mut lines, "220 go ahead").await?;
                    let tls = TlsAcceptor::from(config).accept(lines.into_inner()).await.ok()?;
                    lines = BufReader::new(Box::new(tls));
                    self.encrypted = true;
                }
                "AUTH" => self.log_in(&mut lines, &line).await?,
                "MAIL" if self.offers.login.is_some() && !self.logged_in => {
                    say(&mut lines, "530 5.7.0 authentication required").await?;
                }
                "MAIL" => {
                    from = path(&line);
                    say(&mut lines, "250 2.1.0 sender ok").await?;
                }
                "RCPT" if from.is_empty() => say(&mut lines, "503 5.5.1 MAIL first").await?,
                "RCPT" => match self.manner(&path(&line)) {
                    Some(Manner::Answer(answer, _)) => say(&mut lines, answer).await?,
                    Some(Manner::HangUp) => return None,
                    Some(Manner::Silence) => std::future::pending().await,
                    _ => {
                        to = path(&line);
                        say(&mut lines, "250 2.1.5 recipient ok").await?;
                    }
                },
                // It says so even when it knows no recipient, as it may (RFC 2920, section 3.1).
                "DATA" => {
                    say(&mut lines, "354 go on").await?;
                    let content = content(&mut lines).await?;
                    self.pause.wait_for(|paused| !paused).await.ok()?;
                    let answer = self.take(&from, &to, content)?;
                    say(&mut lines, &answer).await?;
                    (from, to) = (String::new(), String::new());
                }
                "RSET" => {
                    (from, to) = (String::new(), String::new());
                    say(&mut lines, "250 2.0.0 ok").await?;
                }
                "NOOP" => say(&mut lines, "250 2.0.0 ok").await?,
                "QUIT" => {
                    say(&mut lines, "221 2.0.0 bye").await?;
                    return None;
                }
                _ => say(&mut lines, "502 5.5.2 what?").await?,
            }
        }
    }

    async fn greet(&self, lines: &mut Lines) -> Option<()> {
        let mut offers = vec!["mail.example.org", "8BITMIME"];
        if self.offers.pipelining {
            offers.push("PIPELINING");
        }
        if self.offers.utf8 {
            offers.push("SMTPUTF8");
        }
        if self.offers.login.is_some() {
            offers.push("AUTH PLAIN LOGIN");
        }
        if matches!(self.offers.tls, Tls::Start(_)) && !self.encrypted {
            offers.push("STARTTLS");
        }
        let last = offers.len() - 1;
        for (at, offer) in offers.iter().enumerate() {
            say(lines, &format!("250{}{offer}", if at == last { ' ' } else { '-' })).await?;
        }
        Some(())
    }

    async fn log_in(&mut self, lines: &mut Lines, line: &str) -> Option<()> {
        use base64::Engine;
        let (user, password) = self.offers.login.clone()?;
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.logged_in = line.strip_prefix("AUTH PLAIN ") == Some(expected.as_str());
        say(lines, if self.logged_in { "235 2.7.0 welcome" } else { "535 5.7.8 who are you?" }).await
    }

    /// What to do about a recipient at RCPT; what is done a number of times is counted.
    fn manner(&self, recipient: &str) -> Option<Manner> {
        let mut state = self.state.lock().unwrap();
        let manner = state.manners.get_mut(recipient)?;
        match manner {
            Manner::AnswerMail(..) | Manner::HangUpAfterMail | Manner::Answer(_, 0) => None,
            Manner::Answer(answer, times) => {
                *times -= 1;
                Some(Manner::Answer(answer, 0))
            }
            Manner::HangUp => state.manners.remove(recipient),
            Manner::Silence => Some(Manner::Silence),
        }
    }

    /// What it says to a whole mail; nothing, when it hangs up.
    fn take(&self, from: &str, to: &str, content: String) -> Option<String> {
        let mut state = self.state.lock().unwrap();
        if to.is_empty() {
            return Some("554 5.5.1 no valid recipients".to_owned());
        }
        if let Some(Manner::AnswerMail(answer, times)) = state.manners.get_mut(to)
            && *times > 0
        {
            *times -= 1;
            return Some((*answer).to_owned());
        }
        state.received.push(Received {
            from: from.to_owned(),
            to: to.to_owned(),
            content,
            encrypted: self.encrypted,
        });
        if matches!(state.manners.get(to), Some(Manner::HangUpAfterMail)) {
            state.manners.remove(to);
            return None;
        }
        Some(format!("250 2.0.0 queued as {}", state.received.len()))
    }
}

fn path(line: &str) -> String {
    let path = line.split('<').nth(1).and_then(|rest| rest.split('>').next());
    path.unwrap_or_default().to_owned()
}

async fn hear(lines: &mut Lines) -> Option<String> {
    let mut line = String::new();
    lines.read_line(&mut line).await.ok().filter(|bytes| *bytes > 0)?;
    Some(line.trim_end().to_owned())
}

async fn content(lines: &mut Lines) -> Option<String> {
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

async fn say(lines: &mut Lines, line: &str) -> Option<()> {
    lines.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    lines.get_mut().flush().await.ok()
}
