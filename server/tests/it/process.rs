//! The `vestibule` program: configuration errors, commands, logging, metrics, and graceful shutdown.

use crate::test_server::{ADMIN, site_root};
use sqlx::{ConnectOptions, PgPool};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

const SECRET_KEY: &str = "0123456789abcdef0123456789abcdef";

fn program(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .env_clear()
        .envs([
            ("DATABASE_URL", database),
            ("SECRET_KEY", SECRET_KEY),
            ("LISTEN", "127.0.0.1:0"),
            ("LOG_FORMAT", "json"),
        ])
        .env("LEPTOS_SITE_ROOT", site_root())
        // It must not depend on the working directory.
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn database_url(pool: &PgPool) -> String {
    pool.connect_options().to_url_lossy().to_string()
}

fn run(database: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    program(database).args(arguments).envs(variables.iter().copied()).output().unwrap()
}

/// A running `vestibule serve`. A thread collects its log.
struct ServerProcess {
    child: Child,
    log: Option<JoinHandle<String>>,
    address: String,
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl ServerProcess {
    fn start(database: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = program(database).envs(variables.iter().copied()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            log.push_str(&line);
            log.push('\n');
            let event: serde_json::Value = serde_json::from_str(&line).unwrap();
            event["address"].as_str().map(str::to_owned)
        });
        assert!(address.is_some(), "the server exited: {log}");
        let log = spawn(move || lines.fold(log, |log, line| log + &line.unwrap() + "\n"));
        Self { child, log: Some(log), address: address.unwrap() }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    fn send(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
    }

    /// Sends SIGTERM.
    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits for the exit, and returns whether it succeeded, and the complete log.
    fn wait(&mut self) -> (bool, String) {
        let log = self.log.take().unwrap().join().unwrap();
        (self.child.wait().unwrap().success(), log)
    }
}

#[test]
fn config_error_is_one_line_naming_the_variable() {
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
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{variable}");
        let kind = if value.is_empty() { "missing" } else { "invalid" };
        assert!(stderr.starts_with(&format!("vestibule: {kind} {variable}: ")), "{variable}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[sqlx::test(migrations = false)]
async fn organization_create_prints_a_sign_in_link(pool: PgPool) {
    let database = database_url(&pool);
    let create = ["organization", "create", "--slug", "blobsrus", "--name", "Blobs R Us", "--admin", ADMIN];
    let base = [("BASE_URL", "https://members.example.com")];
    let created = run(&database, &create, &base);
    let link = String::from_utf8(created.stdout).unwrap();
    assert!(link.starts_with("https://members.example.com/o/blobsrus/sign-in/"), "{link}");
    let duplicate = run(&database, &create, &base);
    assert_eq!(
        String::from_utf8(duplicate.stderr).unwrap(),
        "vestibule: --slug: This name is already in use.\n"
    );
    let known_user = ["sign-in-link", "--organization", "blobsrus", "--email", ADMIN];
    let link = run(&database, &known_user, &base);
    assert_eq!(String::from_utf8(link.stdout).unwrap().lines().count(), 1);
    let unknown_user = ["sign-in-link", "--organization", "blobsrus", "--email", "nobody@blobsrus.com"];
    assert!(!run(&database, &unknown_user, &base).status.success());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn log_contains_no_tokens_or_addresses(pool: PgPool) {
    let database = database_url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    sqlx::query("update organizations set requests_enabled = true").execute(&pool).await.unwrap();
    let mut server = ServerProcess::start(&database, &[("RUST_LOG", "debug")]);
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
        let (length, content_type) = (form.len(), "application/x-www-form-urlencoded");
        server.send(&format!(
            "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
    };
    let response =
        post("/o/blobsrus/login", &format!("_action=/api/sign_in/request&org=blobsrus&email={address}"));
    assert!(response.starts_with("HTTP/1.0 303"), "{response}");
    // Invitation requests, through the server function and through the page.
    let fields = "org=blobsrus&name=verysecretname&message=verysecretmessage";
    for (path, form) in [
        ("/api/ask/request", format!("{fields}&email=one-{address}")),
        ("/o/blobsrus/request-invitation", format!("_action=/api/ask/request&{fields}&email=two-{address}")),
        ("/api/ask/request", format!("{fields}&email=nonsense-verysecretname")),
        ("/api/ask/confirm", "org=blobsrus".to_owned()),
    ] {
        let response = post(path, &form);
        let is_rejected = path.ends_with("confirm") || form.contains("nonsense");
        assert_eq!(response.starts_with("HTTP/1.0 200"), !is_rejected, "{path}: {response}");
    }
    // The mail worker logs too, so wait until it has delivered both messages.
    let delivered = "select count(*) = 2 from deliveries where kind = 'request' and state = 'accepted'";
    let started = Instant::now();
    while !sqlx::query_scalar::<_, bool>(delivered).fetch_one(&pool).await.unwrap() {
        assert!(started.elapsed() < Duration::from_secs(20), "the messages were not delivered");
        sleep(Duration::from_millis(20));
    }
    server.terminate();
    let (success, log) = server.wait();
    assert!(success, "{log}");
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
async fn graceful_shutdown_completes_requests(pool: PgPool) {
    let database = database_url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    let mut server = ServerProcess::start(&database, &[]);
    let ready = run(&database, &["healthcheck"], &[("LISTEN", &server.address)]);
    assert!(ready.status.success());
    // An idle connection must not delay the shutdown.
    let idle = server.connect();
    let mut stream = server.connect();
    stream
        .write_all(b"POST /o/blobsrus/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        .unwrap();
    sleep(Duration::from_millis(200));
    let address = server.address.clone();
    server.terminate();
    let terminated = Instant::now();
    sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(&address).is_err(), "new connections are refused");
    stream.write_all(b"cd").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    let (success, log) = server.wait();
    assert!(success && terminated.elapsed() < Duration::from_secs(10), "{log}");
    drop(idle);
    let stopped = run(&database, &["healthcheck"], &[("LISTEN", &address)]);
    assert!(!stopped.status.success());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn shutdown_aborts_requests_after_the_timeout(pool: PgPool) {
    let database = database_url(&pool);
    assert!(run(&database, &["demo"], &[]).status.success());
    let mut server = ServerProcess::start(&database, &[]);
    let mut stream = server.connect();
    stream
        .write_all(b"POST /o/blobsrus/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
        .unwrap();
    sleep(Duration::from_millis(200));
    server.terminate();
    let terminated = Instant::now();
    let (success, log) = server.wait();
    assert!(success && terminated.elapsed() < Duration::from_secs(10), "{log}");
    assert!(log.contains("shutdown timed out"), "{log}");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn metrics_are_served_on_their_own_listener_only(pool: PgPool) {
    let metrics_address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = ServerProcess::start(&database_url(&pool), &[("METRICS_LISTEN", &metrics_address)]);
    assert!(server.get("/metrics").starts_with("HTTP/1.0 404"));
    server.send("STRANGE /o/nowhere/join/verysecrettoken HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let public_address = std::mem::replace(&mut server.address, metrics_address);
    let metrics = server.get("/metrics");
    assert!(
        metrics.contains(
            r#"http_request_duration_seconds_count{method="other",route="/o/{org}/join/{token}",status="405"} 1"#
        ),
        "{metrics}"
    );
    assert!(
        server.get("/health/ready").starts_with("HTTP/1.0 404"),
        "no other routes on the metrics listener"
    );
    assert_ne!(public_address, server.address);
}
