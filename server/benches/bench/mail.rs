//! Throughput of the mail worker: 10,000 invitations to a mail server that counts them, compared with Postfix's
//! `smtp-source`.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::fixtures::{self, Organization, addresses, store_list};
use super::http::{Client, post_server_fn};
use super::report::Row;
use super::server::{MailTarget, Server};
use super::sink::{self, Sink};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const MESSAGES: usize = 10_000;
/// How often the outbox is checked for remaining deliveries.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Counts at most one delivery per partial index of the outbox. Counting the whole table took 13 ms of CPU time every
/// 20 ms.
const COUNT_REMAINING: &str = "select
    (select count(*) from (
        select from deliveries where kind = 'sign_in' and due_at is not null order by due_at limit 1
    ) urgent)
    + (select count(*) from (
        select from deliveries where kind <> 'sign_in' and due_at is not null order by due_at limit 1
    ) others)";
const TIMEOUT: Duration = Duration::from_mins(2);

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::create_lists_table(&database).await?;
    let organization = fixtures::create_organization(&database, "mail").await?;
    let size = message_size(config, &database, &organization).await?;
    let messages = config.scaled(MESSAGES, 2_000);
    let sink = Sink::start(config)?;
    let server = Server::start(config, &database, MailTarget::Smtp(sink.port)).await?;
    let (mut ours, mut postfix) = (Vec::new(), Vec::new());
    for round in 1..=config.scaled(5, 2) {
        let before = sink.received()?;
        let elapsed = drain_outbox(&database, &server, &organization, round, messages).await?;
        expect_received(&sink, before, messages)?;
        ours.push(rate(messages, elapsed));
        let before = sink.received()?;
        let elapsed = sink::send(config, &sink, messages, size)?;
        expect_received(&sink, before, messages)?;
        postfix.push(rate(messages, elapsed));
    }
    Ok(vec![
        Row::new(format!("mail: {messages} invitations of {size} bytes"), "mails/s", ours)
            .with_baseline(postfix)
            .ratio_at_least(0.6),
    ])
}

fn rate(messages: usize, elapsed: Duration) -> f64 {
    f64::from(u32::try_from(messages).unwrap_or(u32::MAX)) / elapsed.as_secs_f64()
}

fn expect_received(sink: &Sink, before: usize, messages: usize) -> Result<()> {
    let received = sink.received()? - before;
    if received == messages {
        Ok(())
    } else {
        Err(format!("received {received} of {messages} messages").into())
    }
}

/// Queues the messages in one transaction, wakes the worker, and waits until it has recorded every outcome.
pub async fn drain_outbox(
    database: &Database,
    server: &Server,
    organization: &Organization,
    round: usize,
    messages: usize,
) -> Result<Duration> {
    store_list(database, 0, round, organization, addresses(messages, round, "mail")).await?;
    database.run("checkpoint").await?;
    database.run(&fixtures::insert_transaction(0, round)).await?;
    let start = Instant::now();
    // A sign-in request notifies the worker. The address belongs to no user, so no message is sent for it.
    let fields = [("org", organization.slug.as_str()), ("email", &format!("nobody{round}@nowhere.example"))];
    Client::new(server.address).send(&post_server_fn("/api/sign_in/request", "", &fields)).await?;
    while database.query_number(COUNT_REMAINING).await? > 0 {
        if start.elapsed() > TIMEOUT {
            return Err("the outbox was not drained in time".into());
        }
        sleep(POLL_INTERVAL).await;
    }
    let elapsed = start.elapsed();
    let accepted = format!(
        "deliveries d join bench_lists l on d.organization_id = l.organization and d.id = any(l.deliveries)
         where l.round = {round} and d.state = 'accepted' and d.reply like '250%' and d.attempts = 1"
    );
    database.expect_rows(messages, &accepted).await?;
    Ok(elapsed)
}

/// The size of one invitation, measured by sending it to a minimal SMTP server.
async fn message_size(config: &Config, database: &Database, organization: &Organization) -> Result<usize> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let receiver = std::thread::spawn(move || receive_one(&listener));
    let server = Server::start(config, database, MailTarget::Smtp(port)).await?;
    drain_outbox(database, &server, organization, 0, 1).await?;
    match receiver.join() {
        Ok(size) => Ok(size?),
        Err(_) => Err("the SMTP server panicked".into()),
    }
}

fn receive_one(listener: &TcpListener) -> std::io::Result<usize> {
    let (stream, _) = listener.accept()?;
    let mut replies = stream.try_clone()?;
    replies.write_all(b"220 size\r\n")?;
    let (mut size, mut in_data) = (0, false);
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if in_data && line != "." {
            size += line.len() + 2;
            continue;
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let is_end = std::mem::take(&mut in_data);
        in_data = verb == "DATA";
        replies.write_all(if in_data { b"354 go on\r\n" } else { b"250 2.0.0 Ok\r\n" })?;
        if is_end {
            break;
        }
    }
    Ok(size)
}
