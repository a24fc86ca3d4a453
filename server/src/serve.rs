//! Starting and stopping.

use crate::config::Config;
use crate::database::migrate;
use crate::router::{metrics_router, router};
use crate::state::AppState;
use axum::serve::ListenerExt;
use domain::AppContext;
use domain::mail::{self, MemoryMailbox, Transport};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long requests and mail in hand may take after the sign to stop.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// Serves until the sign to stop.
///
/// # Errors
/// In a person's words.
pub async fn serve(config: Config, app: AppContext) -> Result<(), String> {
    let site_root = config.site_root()?;
    migrate(&app).await?;
    let (transport, dev_mailbox) = if let Some(url) = &config.smtp_url {
        (Transport::smtp(url).map_err(|error| format!("SMTP_URL {error}"))?, None)
    } else {
        let dev_mailbox = MemoryMailbox::default();
        (Transport::memory(dev_mailbox.clone()), Some(dev_mailbox))
    };
    let listener = listen(config.listen, "LISTEN").await?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let (stop, stopping) = watch::channel(false);
    let mut work = JoinSet::new();
    if let Some(address) = config.metrics_listen {
        let (listener, metrics) = (listen(address, "METRICS_LISTEN").await?, metrics_router()?);
        let server = axum::serve(listener, metrics).with_graceful_shutdown(stopped(stopping.clone()));
        work.spawn(async move { drop(server.await) });
    }
    tracing::info!(%address, url = %config.base_url, "serving");
    if dev_mailbox.is_some() {
        tracing::warn!("SMTP_URL is not set: no mail is sent; it is shown at http://{address}/dev/mail");
    }
    let state = AppState::new(app.clone(), site_root, dev_mailbox, config.trusted_proxies);
    work.spawn(mail::run_worker(app, transport, config.mail_from, stopped(stopping.clone())));
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    // An answer in several pieces would wait for the browser to confirm the first.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped(stopping));
    work.spawn(async move { drop(server.await) });
    let broken = tokio::select! {
        () = sign_to_stop() => false,
        _ = work.join_next() => true,
    };
    tracing::info!("stopping");
    let _ = stop.send(true);
    let finish = async { while work.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_WITHIN, finish).await.is_err() {
        tracing::warn!("stopped before everything in hand was finished");
    }
    if broken { Err("a part of the server broke: the log says more".to_owned()) } else { Ok(()) }
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
