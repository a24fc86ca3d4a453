//! Startup, graceful shutdown, and the health check command.

use crate::config::Config;
use crate::database::migrate;
use crate::router::{metrics_router, router};
use crate::state::AppState;
use anyhow::{Error, Result, anyhow, bail, ensure};
use axum::body::Body;
use axum::http::StatusCode;
use axum::serve::ListenerExt;
use domain::AppContext;
use domain::mail::{self, MemoryMailbox, Transport};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long requests and deliveries in progress may take after the shutdown signal. By default, `docker stop` kills after
/// ten seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(9);

const HEALTHCHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or Ctrl-C, then shuts down gracefully.
///
/// # Errors
/// A message to print on standard error.
pub async fn serve(config: Config, app: AppContext) -> Result<()> {
    let site_root = config.site_root()?;
    migrate(&app).await?;
    let (transport, dev_mailbox) = if let Some(transport) = config.smtp_url {
        (transport, None)
    } else {
        let mailbox = MemoryMailbox::default();
        (Transport::memory(mailbox.clone()), Some(mailbox))
    };
    let listener = listen(config.listen, "LISTEN").await?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let (shutdown, shutdown_requested) = watch::channel(false);
    let mut tasks = JoinSet::new();
    if let Some(address) = config.metrics_listen {
        let (listener, metrics) = (listen(address, "METRICS_LISTEN").await?, metrics_router()?);
        let server = axum::serve(listener, metrics)
            .with_graceful_shutdown(wait_for_shutdown(shutdown_requested.clone()));
        tasks.spawn(async move { drop(server.await) });
    }
    tracing::info!(%address, url = %app.base_url, "server started");
    if dev_mailbox.is_some() {
        tracing::warn!(
            mailbox = %format_args!("http://{address}/dev/mail"),
            "SMTP_URL is not set, email is captured instead of sent"
        );
    }
    let state = AppState::new(app.clone(), site_root, dev_mailbox, config.trusted_proxies);
    tasks.spawn(mail::run_worker(
        app,
        transport,
        config.mail_from,
        wait_for_shutdown(shutdown_requested.clone()),
    ));
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    // Nagle's algorithm would hold back the rest of a response until the browser acknowledges its first packet.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, app).with_graceful_shutdown(wait_for_shutdown(shutdown_requested));
    tasks.spawn(async move { drop(server.await) });
    let task_failed = tokio::select! {
        () = shutdown_signal() => false,
        _ = tasks.join_next() => true,
    };
    tracing::info!("shutting down");
    let _ = shutdown.send(true);
    let drain = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, drain).await.is_err() {
        tracing::warn!("shutdown timed out, requests or deliveries in progress were aborted");
    }
    ensure!(!task_failed, "a server task ended unexpectedly: see the log");
    Ok(())
}

async fn listen(address: SocketAddr, variable: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| anyhow!("invalid {variable}: could not listen on {address}: {error}"))
}

async fn wait_for_shutdown(mut shutdown_requested: watch::Receiver<bool>) {
    // An error means that the sender was dropped, in which case the server is shutting down too.
    let _ = shutdown_requested.wait_for(|requested| *requested).await;
}

/// Completes on SIGTERM or Ctrl-C.
async fn shutdown_signal() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Checks over HTTP whether the server at this address is ready.
///
/// # Errors
/// When it does not respond, or reports that it is not ready.
pub async fn healthcheck(address: SocketAddr) -> Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let response = client.get(format!("http://{address}/health/ready").parse()?);
    match tokio::time::timeout(HEALTHCHECK_TIMEOUT, response).await {
        Ok(Ok(response)) if response.status() == StatusCode::OK => Ok(()),
        Ok(Ok(_)) => bail!("the server at {address} is not ready"),
        Ok(Err(error)) => bail!("could not reach a server at {address}: {}", Error::from(error).root_cause()),
        Err(_) => bail!("the server at {address} did not respond in time"),
    }
}
