//! Starting and stopping.

use crate::config::Config;
use crate::router::{metrics_router, router};
use crate::state::AppState;
use domain::mail::{self, Captured, Transport};
use domain::{Clock, Domain, MIGRATOR};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long requests and mail in hand may take after the sign to stop.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// Connects to the database.
///
/// # Errors
/// In a person's words.
pub async fn connect(config: &Config) -> Result<Domain, String> {
    let options: PgConnectOptions = config
        .database_url
        .parse()
        .map_err(|error| format!("DATABASE_URL is no address of a database: {error}"))?;
    let pool = PgPoolOptions::new()
        .max_connections(config.database_connections)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .map_err(|error| format!("DATABASE_URL could not be reached: {error}"))?;
    Ok(Domain {
        pool,
        clock: Clock::system(),
        keys: Arc::clone(&config.keys),
        base_url: Arc::clone(&config.base_url),
        mail_bell: Arc::default(),
    })
}

/// Brings the schema up to date. Several servers may start at once: the migrator holds a lock.
///
/// # Errors
/// In a person's words.
pub async fn migrate(domain: &Domain) -> Result<(), String> {
    MIGRATOR
        .run(&domain.pool)
        .await
        .map_err(|error| format!("could not bring the database up to date: {error}"))
}

/// Serves until the sign to stop.
///
/// # Errors
/// In a person's words.
pub async fn serve(config: Config, domain: Domain) -> Result<(), String> {
    migrate(&domain).await?;
    let (transport, captured) = if let Some(url) = &config.smtp_url {
        (Transport::smtp(url).map_err(|error| format!("SMTP_URL {error}"))?, None)
    } else {
        let captured = Captured::default();
        (Transport::captured(captured.clone()), Some(captured))
    };
    let state = AppState::new(domain.clone(), &config.site_root, captured, config.trusted_proxies);
    let (stop, stopping) = watch::channel(false);
    let worker = tokio::spawn(mail::work(domain, transport, config.mail_from, stopped(stopping.clone())));
    if let Some(address) = config.metrics_listen {
        let listener = listen(address, "METRICS_LISTEN").await?;
        let metrics = metrics_router()?;
        tokio::spawn(async move { axum::serve(listener, metrics).await });
    }
    let listener = listen(config.listen, "LISTEN").await?;
    tracing::info!(address = %config.listen, url = %config.base_url, "serving");
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped(stopping));
    let server = tokio::spawn(server.into_future());
    sign_to_stop().await;
    tracing::info!("stopping");
    let _ = stop.send(true);
    let finish = async { tokio::join!(server, worker) };
    if tokio::time::timeout(STOP_WITHIN, finish).await.is_err() {
        tracing::warn!("stopped before everything in hand was finished");
    }
    Ok(())
}

async fn listen(address: SocketAddr, variable: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("{variable}: could not listen at {address}: {error}"))
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a sign to stop too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn sign_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Asks a running server whether it is ready.
///
/// # Errors
/// When it does not answer, or is not ready.
pub async fn healthcheck(address: SocketAddr) -> Result<(), String> {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match tokio::time::timeout(Duration::from_secs(5), asked).await {
        Ok(Ok(answer)) if answer.split(' ').nth(1) == Some("200") => Ok(()),
        Ok(Ok(_)) => Err(format!("the server at {address} is not ready")),
        Ok(Err(error)) => Err(format!("no server answers at {address}: {error}")),
        Err(_) => Err(format!("the server at {address} does not answer in time")),
    }
}
