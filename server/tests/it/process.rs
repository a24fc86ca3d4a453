//! The program itself, as an operator runs it.

use crate::test_server::{ADMIN, site_root};
use sqlx::{ConnectOptions, PgPool};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn program(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .env_clear()
        .envs([
            ("DATABASE_URL", database),
            ("SECRET_KEY", KEY),
            ("LISTEN", "127.0.0.1:0"),
            ("LOG_FORMAT", "json"),
        ])
        .env("LEPTOS_SITE_ROOT", site_root())
        // From any folder.
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn url(pool: &PgPool) -> String {
    pool.connect_options().to_url_lossy().to_string()
}

fn run(database: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    program(database).args(arguments).envs(variables.iter().copied()).output().unwrap()
}

/// A running server. What it writes to its log is gathered beside.
struct Server {
    child: Child,
    log: Option<JoinHandle<String>>,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Server {
    fn start(database: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = program(database).envs(variables.iter().copied()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            log.push_str(&line);
            log.push('\n');
            let told: serde_json::Value = serde_json::from_str(&line).unwrap();
            told["address"].as_str().map(str::to_owned)
        });
        assert!(address.is_some(), "the server ended: {log}");
        let rest = spawn(move || lines.fold(log, |log, line| log + &line.unwrap() + "\n"));
        Self { child, log: Some(rest), address: address.unwrap() }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
    }

    /// Asks it to stop, as an operator does.
    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits for its end, and gives back whether it ended well, and its whole log.
    fn end(&mut self) -> (bool, String) {
        let log = self.log.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

#[test]
fn a_wrong_value_stops_the_start_with_one_line_that_names_it() {
    for (variable, value) in [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_CONNECTIONS", "many"),
        ("BASE_URL", "members.example.com"),
        ("LISTEN", "nowhere"),
        ("SECRET_KEY", "short"),
        ("SMTP_URL", "http://mail"),
        ("MAIL_FROM", "nobody"),
        ("TRUSTED_PROXIES", "here"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_LISTEN", "9090"),
    ] {
        let output = run("postgres://nobody@localhost/nowhere", &["serve"], &[(variable, value)]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{variable}");
        assert!(said.starts_with(&format!("vestibule: {variable} ")), "{variable}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[sqlx::test(migrations = false)]
async fn an_operator_makes_an_organization_and_gets_a_link(pool: PgPool) {
    let database = url(&pool);
    let create = ["organization", "create", "--slug", "blobsrus", "--name", "Blobs R Us", "--admin", ADMIN];
    let base = [("BASE_URL", "https://members.example.com")];
    let made = run(&database, &create, &base);
    let link = String::from_utf8(made.stdout).unwrap();
    assert!(link.starts_with("https://members.example.com/o/blobsrus/sign-in/"), "{link}");
    let again = run(&database, &create, &base);
    assert_eq!(String::from_utf8(again.stderr).unwrap(), "vestibule: --slug: This name is already in use.\n");
    let ask = ["sign-in-link", "--organization", "blobsrus", "--email", ADMIN];
    let another = run(&database, &ask, &base);
    assert_eq!(String::from_utf8(another.stdout).unwrap().lines().count(), 1);
    let nobody = ["sign-in-link", "--organization", "blobsrus", "--email", "nobody@blobsrus.com"];
    assert!(!run(&database, &nobody, &base).status.success());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_token_and_no_address_is_in_the_log(pool: PgPool) {
    let database = url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    sqlx::query("update organizations set requests_enabled = true").execute(&pool).await.unwrap();
    let mut server = Server::start(&database, &[("RUST_LOG", "debug")]);
    let (token, address) = ("verysecrettoken", "somebody%40secret.example");
    for path in [
        "join/verysecrettoken",
        "sign-in/verysecrettoken",
        "confirm-request/verysecrettoken",
        "join/verysecrettoken/more",
        "login?next=verysecrettoken",
    ] {
        server.get(&format!("/o/blobsrus/{path}"));
    }
    server.get(&format!("/api/{token}"));
    let post = |path: &str, form: &str| {
        let (length, kind) = (form.len(), "application/x-www-form-urlencoded");
        server.ask(&format!(
            "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
    };
    let answer =
        post("/o/blobsrus/login", &format!("_action=/api/sign_in/request&org=blobsrus&email={address}"));
    assert!(answer.starts_with("HTTP/1.0 303"), "{answer}");
    // Asking for an invitation, by the page and by the function itself.
    let asks = "org=blobsrus&name=verysecretname&message=verysecretmessage";
    for (path, form) in [
        ("/api/ask/request", format!("{asks}&email=one-{address}")),
        ("/o/blobsrus/request-invitation", format!("_action=/api/ask/request&{asks}&email=two-{address}")),
        ("/api/ask/request", format!("{asks}&email=nonsense-verysecretname")),
        ("/api/ask/confirm", "org=blobsrus".to_owned()),
    ] {
        let answer = post(path, &form);
        let refused = path.ends_with("confirm") || form.contains("nonsense");
        assert_eq!(answer.starts_with("HTTP/1.0 200"), !refused, "{path}: {answer}");
    }
    // The mails were made as well, which may have something to tell.
    let made = "select count(*) = 2 from deliveries where kind = 'request' and state = 'accepted'";
    let asked = Instant::now();
    while !sqlx::query_scalar::<_, bool>(made).fetch_one(&pool).await.unwrap() {
        assert!(asked.elapsed() < Duration::from_secs(20), "the mails were not made");
        sleep(Duration::from_millis(20));
    }
    server.terminate();
    let (well, log) = server.end();
    assert!(well, "{log}");
    assert!(log.contains(r#""route":"/o/{org}/join/{token}""#), "{log}");
    assert!(log.contains(r#""route":"/o/{org}/confirm-request/{token}""#), "{log}");
    for secret in [token, "secret.example", "verysecretname", "verysecretmessage"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_in_hand_is_finished_before_the_end(pool: PgPool) {
    let database = url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    let mut server = Server::start(&database, &[]);
    let ready = run(&database, &["healthcheck"], &[("LISTEN", &server.address)]);
    assert!(ready.status.success());
    // A connection that asks for nothing must not hold up the end.
    let idle = server.connect();
    let mut stream = server.connect();
    stream
        .write_all(b"POST /o/blobsrus/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        .unwrap();
    sleep(Duration::from_millis(200));
    let address = server.address.clone();
    server.terminate();
    let asked = Instant::now();
    sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(&address).is_err(), "nobody new is let in");
    stream.write_all(b"cd").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let (well, log) = server.end();
    assert!(well && asked.elapsed() < Duration::from_secs(10), "{log}");
    drop(idle);
    let gone = run(&database, &["healthcheck"], &[("LISTEN", &address)]);
    assert!(!gone.status.success());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_does_not_end_is_left_behind_within_ten_seconds(pool: PgPool) {
    let database = url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    let mut server = Server::start(&database, &[]);
    let mut stream = server.connect();
    stream
        .write_all(b"POST /o/blobsrus/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
        .unwrap();
    sleep(Duration::from_millis(200));
    server.terminate();
    let asked = Instant::now();
    let (well, log) = server.end();
    assert!(well && asked.elapsed() < Duration::from_secs(10), "{log}");
    assert!(log.contains("before everything in hand was finished"), "{log}");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_measured_is_told_on_its_own_address_alone(pool: PgPool) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = Server::start(&url(&pool), &[("METRICS_LISTEN", &free)]);
    assert!(server.get("/metrics").starts_with("HTTP/1.0 404"));
    server.ask("STRANGE /o/nowhere/join/verysecrettoken HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let public = std::mem::replace(&mut server.address, free);
    let told = server.get("/metrics");
    assert!(
        told.contains(
            r#"http_request_seconds_count{method="other",route="/o/{org}/join/{token}",status="405"} 1"#
        ),
        "{told}"
    );
    assert!(server.get("/health/ready").starts_with("HTTP/1.0 404"), "nothing else is there");
    assert_ne!(public, server.address);
}
