//! TLS and SMTP authentication.

use domain::mail::Transport;
use sqlx::PgPool;
use std::sync::Arc;
use test_support::TestApp;
use test_support::smtp::{Capabilities, Encryption, SmtpServer};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const BLOBBY: &str = "blobby@blobsrus.com";

/// A self-signed certificate for localhost, and the PEM file for the `ca` option.
struct Identity {
    config: Arc<ServerConfig>,
    ca_file: std::path::PathBuf,
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.ca_file);
    }
}

fn identity(name: &str) -> Identity {
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca_file = std::env::temp_dir().join(format!("vestibule-{}-{name}.pem", std::process::id()));
    std::fs::write(&ca_file, generated.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der()));
    let chain: Vec<CertificateDer<'static>> = vec![generated.cert.der().clone()];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Identity { config: Arc::new(config), ca_file }
}

async fn start_server(encryption: Encryption, login: Option<(&str, &str)>) -> SmtpServer {
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    SmtpServer::start(Capabilities { encryption, login, pipelining: true, ..Capabilities::default() }).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn smtps_url_uses_implicit_tls(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("implicit");
    let server =
        start_server(Encryption::Implicit(Arc::clone(&identity.config)), Some(("blob", "p@ss:w/rd"))).await;
    let url = format!(
        "smtps://blob:p%40ss%3Aw%2Frd@localhost:{}?ca={}",
        server.address.port(),
        identity.ca_file.display()
    );
    let worker = app.start_worker_with(Transport::smtp(&url).unwrap());
    app.invite(BLOBBY).await;
    app.wait_for(BLOBBY, "accepted").await;
    assert!(server.received()[0].is_encrypted);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn starttls_encrypts_messages(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("starttls");
    let server =
        start_server(Encryption::StartTls(Arc::clone(&identity.config)), Some(("blob", "pass"))).await;
    let (port, file) = (server.address.port(), identity.ca_file.display());
    for (email, options) in [(BLOBBY, format!("?tls=required&ca={file}")), ("b@blobsrus.com", String::new())]
    {
        let transport = Transport::smtp(&format!("smtp://blob:pass@localhost:{port}{options}")).unwrap();
        let worker = app.start_worker_with(transport);
        app.invite(email).await;
        app.wait_for(email, "accepted").await;
        worker.stop().await;
    }
    assert!(server.received().iter().all(|mail| mail.is_encrypted));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unverified_server_receives_nothing(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("unknown");
    let implicit = start_server(Encryption::Implicit(Arc::clone(&identity.config)), None).await;
    let starttls = start_server(Encryption::StartTls(Arc::clone(&identity.config)), None).await;
    let plain = start_server(Encryption::None, None).await;
    for (email, url, error) in [
        (
            BLOBBY,
            format!("smtps://localhost:{}", implicit.address.port()),
            "could not connect to the mail server: ",
        ),
        (
            "b@blobsrus.com",
            format!("smtp://localhost:{}?tls=required", starttls.address.port()),
            "could not encrypt the connection to the mail server: ",
        ),
        (
            "c@blobsrus.com",
            format!("smtp://localhost:{}?tls=required", plain.address.port()),
            "could not encrypt the connection to the mail server: ",
        ),
    ] {
        let worker = app.start_worker_with(Transport::smtp(&url).unwrap());
        app.invite(email).await;
        let row = app.wait_for(email, "retrying").await;
        assert!(row.reply.starts_with(error), "{row:?}");
        worker.stop().await;
    }
    for server in [implicit, starttls, plain] {
        assert_eq!(server.count(), 0);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn failed_authentication_is_retried(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = start_server(Encryption::None, Some(("blob", "right"))).await;
    for (email, credentials, error) in [
        (BLOBBY, "blob:wrong@", "could not log in to the mail server: 535 5.7.8 authentication failed"),
        ("b@blobsrus.com", "", "530 5.7.0 authentication required"),
    ] {
        let worker = app
            .start_worker_with(Transport::smtp(&format!("smtp://{credentials}{}", server.address)).unwrap());
        app.invite(email).await;
        assert_eq!(app.wait_for(email, "retrying").await.reply, error);
        worker.stop().await;
    }
}
