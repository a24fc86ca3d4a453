//! Encryption and logging in.

use crate::smtp::{Offers, SmtpServer, Tls};
use crate::test_app::TestApp;
use domain::mail::Transport;
use sqlx::PgPool;
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

const BLOBBY: &str = "blobby@blobsrus.com";

/// A certificate for localhost, and the file that says it is good.
struct Identity {
    config: Arc<ServerConfig>,
    file: std::path::PathBuf,
}

impl Drop for Identity {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn identity(name: &str) -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = std::env::temp_dir().join(format!("vestibule-{}-{name}.pem", std::process::id()));
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Identity { config: Arc::new(config), file }
}

async fn start(tls: Tls, login: Option<(&str, &str)>) -> SmtpServer {
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    SmtpServer::start(Offers { tls, login, pipelining: true, ..Offers::default() }).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn mail_goes_encrypted_from_the_start(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("implicit");
    let server = start(Tls::Implicit(Arc::clone(&identity.config)), Some(("blob", "p@ss:w/rd"))).await;
    let url = format!(
        "smtps://blob:p%40ss%3Aw%2Frd@localhost:{}?ca={}",
        server.address.port(),
        identity.file.display()
    );
    let worker = app.start_with(Transport::smtp(&url).unwrap());
    app.invite(BLOBBY).await;
    app.wait_for(BLOBBY, "accepted").await;
    assert!(server.received()[0].encrypted);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn mail_goes_encrypted_by_starttls(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("starttls");
    let server = start(Tls::Start(Arc::clone(&identity.config)), Some(("blob", "pass"))).await;
    let (port, file) = (server.address.port(), identity.file.display());
    for (email, options) in [(BLOBBY, format!("?tls=required&ca={file}")), ("b@blobsrus.com", String::new())]
    {
        let transport = Transport::smtp(&format!("smtp://blob:pass@localhost:{port}{options}")).unwrap();
        let worker = app.start_with(transport);
        app.invite(email).await;
        app.wait_for(email, "accepted").await;
        worker.stop().await;
    }
    assert!(server.received().iter().all(|mail| mail.encrypted));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_server_that_can_not_show_who_it_is_gets_no_mail(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let identity = identity("unknown");
    let implicit = start(Tls::Implicit(Arc::clone(&identity.config)), None).await;
    let by_starttls = start(Tls::Start(Arc::clone(&identity.config)), None).await;
    let without = start(Tls::None, None).await;
    for (email, url, why) in [
        (
            BLOBBY,
            format!("smtps://localhost:{}", implicit.address.port()),
            "could not connect to the mail server: ",
        ),
        (
            "b@blobsrus.com",
            format!("smtp://localhost:{}?tls=required", by_starttls.address.port()),
            "could not encrypt the connection to the mail server: ",
        ),
        (
            "c@blobsrus.com",
            format!("smtp://localhost:{}?tls=required", without.address.port()),
            "could not encrypt the connection to the mail server: ",
        ),
    ] {
        let worker = app.start_with(Transport::smtp(&url).unwrap());
        app.invite(email).await;
        let row = app.wait_for(email, "retrying").await;
        assert!(row.reply.starts_with(why), "{row:?}");
        worker.stop().await;
    }
    for server in [implicit, by_starttls, without] {
        assert_eq!(server.count(), 0);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_wrong_password_fails_no_mail(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = start(Tls::None, Some(("blob", "right"))).await;
    for (email, who, why) in [
        (BLOBBY, "blob:wrong@", "could not log in to the mail server: 535 5.7.8 who are you?"),
        ("b@blobsrus.com", "", "530 5.7.0 authentication required"),
    ] {
        let worker = app.start_with(Transport::smtp(&format!("smtp://{who}{}", server.address)).unwrap());
        app.invite(email).await;
        assert_eq!(app.wait_for(email, "retrying").await.reply, why);
        worker.stop().await;
    }
}
