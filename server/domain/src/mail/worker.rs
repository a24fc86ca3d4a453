//! The worker: takes what is due from the outbox, hands it to the mail server, and writes down what that said.
//!
//! A feeder claims mails in small batches, some senders hand them over on connections that are kept, and a recorder
//! writes down what became of them and holds on to what is in hand. Any number of servers may run it at once; when one
//! dies, the others take over what it had in hand as soon as its leases end.

mod connection_pool;
mod fetcher;
mod in_flight;
mod outcome_writer;
mod sender;

use super::outbox::{Entry, Key};
use super::transport::Transport;
use crate::AppContext;
use connection_pool::Gate;
use in_flight::Hand;
use lettre::message::Mailbox;
use outcome_writer::Recorder;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// How many mails are on their way to the mail server at once.
const SENDERS: usize = 8;
/// How long a mail in hand belongs to this worker, in seconds; it is held on to each quarter of that.
const LEASE_SECONDS: i64 = 20;
/// How long the mails that are on their way have at the end. A server must be gone within ten seconds.
const LAST_MAILS: Duration = Duration::from_secs(6);
/// How long writing the last outcomes down may take then.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What the parts of the worker share.
struct Office {
    app: AppContext,
    transport: Transport,
    from: Mailbox,
    /// The host of the public URL, for the ids of messages.
    host: String,
    hand: Hand,
    gate: Gate,
    outcomes: mpsc::UnboundedSender<(Key, Entry)>,
}

impl Office {
    fn tell(&self, key: Key, entry: Entry) {
        // The recorder outlives everybody who tells it something.
        let _ = self.outcomes.send((key, entry));
    }
}

/// Sends mail until `stop` is done. Then it finishes what is on its way, for at most six seconds, and gives the rest
/// back. When it is dropped instead, others take over what it had in hand within 20 seconds.
pub async fn work(app: AppContext, transport: Transport, from: Mailbox, stop: impl Future<Output = ()>) {
    let (outcomes, told) = mpsc::unbounded_channel();
    let host = url::Url::parse(&app.base_url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    let office = Arc::new(Office {
        host: host.unwrap_or_else(|| "localhost".to_owned()),
        app,
        transport,
        from,
        hand: Hand::default(),
        gate: Gate::default(),
        outcomes,
    });
    let (over, end) = oneshot::channel();
    let mut recording = JoinSet::new();
    recording.spawn(Recorder::new(Arc::clone(&office), told).run(end));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(sender::run(Arc::clone(&office)));
    }
    let (stopping, stopped) = watch::channel(false);
    {
        let mut stop = pin!(stop);
        let mut feeding = pin!(fetcher::run(&office, stopped));
        loop {
            tokio::select! {
                () = &mut feeding => break,
                () = &mut stop, if !*stopping.borrow() => {
                    stopping.send_replace(true);
                }
                Some(ended) = senders.join_next() => {
                    report(ended);
                    senders.spawn(sender::run(Arc::clone(&office)));
                }
            }
        }
    }
    for key in office.hand.close() {
        office.tell(key, Entry::given_back(office.app.clock.now()));
    }
    let _ = timeout(LAST_MAILS, async { while senders.join_next().await.is_some() {} }).await;
    senders.shutdown().await;
    office.gate.close().await;
    let _ = over.send(());
    if let Ok(Some(ended)) = timeout(LAST_WORDS, recording.join_next()).await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a part of the mail worker broke");
    }
}
