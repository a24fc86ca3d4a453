//! The worker hands 10,000 invitation mails over to a mail server that counts them; beside Postfix's own sender.

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

const MAILS: usize = 10_000;
/// How often the outbox is looked at, to see whether it is empty.
const LOOK: Duration = Duration::from_millis(20);
/// Of each index of the outbox, so that looking reads nothing else: a look at the whole table took 13 ms of one core, every
/// 20 ms.
const WAITING: &str = "select
    (select count(*) from (
        select from deliveries where kind = 'sign_in' and due_at is not null order by due_at limit 1
    ) urgent)
    + (select count(*) from (
        select from deliveries where kind <> 'sign_in' and due_at is not null order by due_at limit 1
    ) others)";
const WITHIN: Duration = Duration::from_mins(2);

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::create_lists_table(&database).await?;
    let organization = fixtures::create_organization(&database, "mail").await?;
    let size = size_of_one(config, &database, &organization).await?;
    let mails = config.scaled(MAILS, 2_000);
    let sink = Sink::start(config)?;
    let server = Server::start(config, &database, MailTarget::Smtp(sink.port)).await?;
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for round in 1..=config.scaled(5, 2) {
        let before = sink.mails()?;
        let took = drained(&database, &server, &organization, round, mails).await?;
        counted(&sink, before, mails)?;
        ours.push(rate(mails, took));
        let before = sink.mails()?;
        let took = sink::send(config, &sink, mails, size)?;
        counted(&sink, before, mails)?;
        limit.push(rate(mails, took));
    }
    Ok(vec![
        Row::new(format!("mail: {mails} invitations of {size} bytes"), "mails/s", ours)
            .with_baseline(limit)
            .ratio_at_least(0.6),
    ])
}

fn rate(mails: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(mails).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

fn counted(sink: &Sink, before: usize, mails: usize) -> Result<()> {
    let counted = sink.mails()? - before;
    if counted == mails { Ok(()) } else { Err(format!("{counted} of {mails} mails came").into()) }
}

/// Queues the mails at one blow, wakes the worker, and waits until it has written down what became of all.
pub async fn drained(
    database: &Database,
    server: &Server,
    organization: &Organization,
    round: usize,
    mails: usize,
) -> Result<Duration> {
    store_list(database, 0, round, organization, addresses(mails, round, "mail")).await?;
    database.run("checkpoint").await?;
    database.run(&fixtures::insert_transaction(0, round)).await?;
    let from = Instant::now();
    // Whoever asks for a mail rings the worker's bell. This address is nobody's, so none comes of it.
    let fields = [("org", organization.slug.as_str()), ("email", &format!("nobody{round}@nowhere.example"))];
    Client::new(server.address).send(&post_server_fn("/api/sign_in/request", "", &fields)).await?;
    while database.query_number(WAITING).await? > 0 {
        if from.elapsed() > WITHIN {
            return Err("the outbox did not get empty".into());
        }
        sleep(LOOK).await;
    }
    let took = from.elapsed();
    let of_this = format!(
        "deliveries d join bench_lists l on d.organization_id = l.organization and d.id = any(l.deliveries)
         where l.round = {round} and d.state = 'accepted' and d.reply like '250%' and d.attempts = 1"
    );
    database.expect_rows(mails, &of_this).await?;
    Ok(took)
}

/// How large such a mail is: one is sent to a mail server that listens, in a few words of SMTP.
async fn size_of_one(config: &Config, database: &Database, organization: &Organization) -> Result<usize> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let taken = std::thread::spawn(move || take_one(&listener));
    let server = Server::start(config, database, MailTarget::Smtp(port)).await?;
    drained(database, &server, organization, 0, 1).await?;
    match taken.join() {
        Ok(size) => Ok(size?),
        Err(_) => Err("the mail was not taken".into()),
    }
}

fn take_one(listener: &TcpListener) -> std::io::Result<usize> {
    let (stream, _) = listener.accept()?;
    let mut answers = stream.try_clone()?;
    answers.write_all(b"220 size\r\n")?;
    let (mut size, mut in_mail) = (0, false);
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if in_mail && line != "." {
            size += line.len() + 2;
            continue;
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let ends = std::mem::take(&mut in_mail);
        in_mail = word == "DATA";
        answers.write_all(if in_mail { b"354 go on\r\n" } else { b"250 2.0.0 Ok\r\n" })?;
        if ends {
            break;
        }
    }
    Ok(size)
}
