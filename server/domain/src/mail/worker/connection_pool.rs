//! The way to the mail server: the connections that are kept, and whether it is there at all. While it is away it is
//! left alone, but for one mail now and then that asks.

use super::super::backoff::next_probe;
use super::super::smtp::{Connection, Server};
use crate::Clock;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long a connection is kept without a mail. Servers count those that are open.
const IDLE: Duration = Duration::from_secs(10);

/// The way to the mail server.
#[derive(Default)]
pub(super) struct Gate {
    away: Mutex<Option<Away>>,
    /// Whoever connects while nobody is connected holds it, so that they do it one after the other.
    turn: tokio::sync::Mutex<()>,
    idle: Mutex<Vec<(Line, Instant)>>,
    open: Arc<AtomicUsize>,
}

/// The server was not there.
struct Away {
    why: String,
    faults: usize,
    until: DateTime<Utc>,
}

/// A connection, counted as long as it lives.
pub(super) struct Line {
    pub connection: Connection,
    /// It has carried no mail yet.
    pub fresh: bool,
    open: Arc<AtomicUsize>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why there is no connection.
pub(super) enum NoLine {
    /// The server is away: what went wrong, in words.
    Away(String),
    /// The server takes no more connections, but there are some.
    Enough,
}

impl Gate {
    /// A connection: the one that was used last, or a new one.
    pub async fn line(&self, server: &Server, clock: &Clock) -> Result<Line, NoLine> {
        let kept = self.idle().pop();
        match kept {
            Some((line, _)) => Ok(line),
            None => self.connect(server, clock).await,
        }
    }

    /// Keeps a connection for the next mail.
    pub fn keep(&self, mut line: Line) {
        line.fresh = false;
        self.idle().push((line, Instant::now()));
    }

    /// Says good-bye on connections that nobody needs.
    pub fn sweep(&self) {
        let mut idle = self.idle();
        let stale = idle.partition_point(|(_, since)| since.elapsed() >= IDLE);
        for (mut line, _) in idle.drain(..stale) {
            tokio::spawn(async move { line.connection.close().await });
        }
    }

    /// Says good-bye on all connections that are not in use.
    pub async fn close(&self) {
        let mut partings = JoinSet::new();
        for (mut line, _) in std::mem::take(&mut *self.idle()) {
            partings.spawn(async move { line.connection.close().await });
        }
        partings.join_all().await;
    }

    /// Whether a mail may ask for the server: everybody while it is there, one at a time while it is away, and nobody
    /// when it was asked just now.
    pub fn state(&self, now: DateTime<Utc>) -> GateState {
        match &*self.lock() {
            None => GateState::Open,
            Some(away) if away.until <= now => GateState::OneMayAsk,
            Some(_) => GateState::Shut,
        }
    }

    /// Connects, unless the server is away.
    async fn connect(&self, server: &Server, clock: &Clock) -> Result<Line, NoLine> {
        let alone = self.open.load(Ordering::Relaxed) == 0;
        let _turn = if alone { Some(self.turn.lock().await) } else { None };
        if let Some(away) = &*self.lock()
            && away.until > clock.now()
        {
            return Err(NoLine::Away(away.why.clone()));
        }
        match Connection::open(server).await {
            Ok(connection) => {
                self.open.fetch_add(1, Ordering::Relaxed);
                Ok(Line { connection, fresh: true, open: Arc::clone(&self.open) })
            }
            Err(_) if self.open.load(Ordering::Relaxed) > 0 => Err(NoLine::Enough),
            Err(why) => {
                self.fault(&why, clock.now());
                Err(NoLine::Away(why))
            }
        }
    }

    /// Notes that the server is away.
    pub fn fault(&self, why: &str, now: DateTime<Utc>) {
        let mut away = self.lock();
        let faults = away.as_ref().map_or(0, |away| away.faults) + 1;
        if faults == 1 {
            tracing::warn!(why, "the mail server is away");
        }
        *away = Some(Away { why: why.to_owned(), faults, until: next_probe(now, faults) });
    }

    /// Notes that the server took or refused a mail, so that it is there.
    pub fn answered(&self) {
        if self.lock().take().is_some() {
            tracing::info!("the mail server is back");
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Line, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Away>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GateState {
    Open,
    OneMayAsk,
    Shut,
}
