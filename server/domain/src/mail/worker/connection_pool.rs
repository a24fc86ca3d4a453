//! A pool of connections to the mail server.

use super::circuit_breaker::CircuitBreaker;
use crate::Clock;
use crate::mail::smtp::{Connection, Server};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long an idle connection is kept. Servers limit the number of open connections.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections, and the number of open ones.
#[derive(Default)]
pub(super) struct ConnectionPool {
    /// The longest idle first.
    idle: Mutex<Vec<(PooledConnection, Instant)>>,
    open: Arc<AtomicUsize>,
    /// Held while connecting if no connection is open, so that an unreachable server gets one attempt at a time.
    connecting: tokio::sync::Mutex<()>,
}

/// A connection that counts as open until it is dropped.
pub(super) struct PooledConnection {
    pub connection: Connection,
    /// The connection was opened for this message. A reused one may have been closed by the server meanwhile.
    pub is_new: bool,
    open: Arc<AtomicUsize>,
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why no connection is available.
pub(super) enum PoolError {
    /// The server is unreachable; the error is for people.
    Unavailable(String),
    /// The server accepts no more connections, but at least one is open.
    LimitReached,
}

impl ConnectionPool {
    /// The most recently used idle connection, or a new one.
    pub async fn acquire(
        &self,
        server: &Server,
        circuit_breaker: &CircuitBreaker,
        clock: &Clock,
    ) -> Result<PooledConnection, PoolError> {
        let idle = self.idle().pop();
        match idle {
            Some((connection, _)) => Ok(connection),
            None => self.connect(server, circuit_breaker, clock).await,
        }
    }

    /// Returns a connection to the pool.
    pub fn release(&self, mut connection: PooledConnection) {
        connection.is_new = false;
        self.idle().push((connection, Instant::now()));
    }

    /// Closes the connections that were idle for too long.
    pub fn evict_idle(&self) {
        let mut idle = self.idle();
        let expired = idle.partition_point(|(_, since)| since.elapsed() >= IDLE_TIMEOUT);
        for (mut pooled, _) in idle.drain(..expired) {
            tokio::spawn(async move { pooled.connection.close().await });
        }
    }

    /// Closes all idle connections.
    pub async fn close(&self) {
        let mut closing = JoinSet::new();
        for (mut pooled, _) in std::mem::take(&mut *self.idle()) {
            closing.spawn(async move { pooled.connection.close().await });
        }
        closing.join_all().await;
    }

    /// Opens a connection, unless the circuit is open. A failure counts for the circuit breaker only if no connection is
    /// open; otherwise the server has reached its limit.
    async fn connect(
        &self,
        server: &Server,
        circuit_breaker: &CircuitBreaker,
        clock: &Clock,
    ) -> Result<PooledConnection, PoolError> {
        let is_first = self.open.load(Ordering::Relaxed) == 0;
        let _connecting = if is_first { Some(self.connecting.lock().await) } else { None };
        if let Some(error) = circuit_breaker.open_error(clock.now()) {
            return Err(PoolError::Unavailable(error));
        }
        match Connection::open(server).await {
            Ok(connection) => {
                self.open.fetch_add(1, Ordering::Relaxed);
                Ok(PooledConnection { connection, is_new: true, open: Arc::clone(&self.open) })
            }
            Err(_) if self.open.load(Ordering::Relaxed) > 0 => Err(PoolError::LimitReached),
            Err(error) => {
                circuit_breaker.record_failure(&error, clock.now());
                Err(PoolError::Unavailable(error))
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PooledConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
