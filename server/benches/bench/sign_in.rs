//! Signing in with 16 concurrent clients: requesting the email, opening its link and signing in, and checking the session.

use super::Result;
use super::config::Config;
use super::database::{Database, LARGE_SLUG};
use super::http::{Client, get, post_server_fn};
use super::load::run_clients;
use super::report::Row;
use super::server::{MailTarget, Server};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;

const CONCURRENCY: usize = 16;
/// At most the capacity of the in-memory mailbox and the rate limit of one client IP.
const USERS: usize = 500;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::with_users(config, config.large()).await?;
    let server = Server::start(config, &database, MailTarget::InMemory).await?;
    let emails = sqlx::query_scalar::<_, String>(
        "select email from users where organization_id = $1 and status = 'active' order by id limit $2",
    );
    let emails = emails.bind(super::database::LARGE_ID.parse::<uuid::Uuid>()?).bind(i64::try_from(USERS)?);
    let emails = emails.fetch_all(&database.pool).await?;
    let requested = run_clients(server.address, CONCURRENCY, USERS, async move |client, index| {
        let fields = [("org", LARGE_SLUG), ("email", emails[index].as_str())];
        let response = client.send(&post_server_fn("/api/sign_in/request", "", &fields)).await?;
        if response.status < 400 {
            Ok(())
        } else {
            Err(format!("sign-in request failed with status {}", response.status).into())
        }
    });
    let requested = requested.await?;
    let links = links(&server).await?;
    let cookies = Rc::new(RefCell::new(Vec::with_capacity(USERS)));
    let collected = Rc::clone(&cookies);
    let signed_in = run_clients(server.address, CONCURRENCY, USERS, async move |client, index| {
        let response = client.send(&get(&links[index], "")).await?.expect_status(303)?;
        let link =
            response.cookie(&format!("sign-in-{LARGE_SLUG}")).ok_or("opening the link set no cookie")?;
        let response =
            client.send(&post_server_fn("/api/sign_in/by_link", &link, &[("org", LARGE_SLUG)])).await?;
        let cookie =
            response.cookie(&format!("session-{LARGE_SLUG}")).ok_or("signing in set no session cookie")?;
        collected.borrow_mut().push(cookie);
        Ok(())
    });
    let signed_in = signed_in.await?;
    let cookies = cookies.take();
    // The organization's root redirects signed-in users. It only checks the session.
    let checked = run_clients(server.address, CONCURRENCY, 10 * USERS, async move |client, index| {
        let response = client
            .send(&get(&format!("/o/{LARGE_SLUG}"), &cookies[index % USERS]))
            .await?
            .expect_status(303)?;
        let is_signed_in = response.header("location").is_some_and(|location| !location.ends_with("/login"));
        if is_signed_in { Ok(()) } else { Err("the session was not accepted".into()) }
    });
    let checked = checked.await?;
    let name = |step| format!("sign-in: {step}, {CONCURRENCY} concurrent, p50");
    Ok(vec![
        Row::new(name("request the email"), "ms", vec![requested.p50()]),
        Row::new(name("open the link and sign in"), "ms", vec![signed_in.p50()]),
        Row::new(name("check the session"), "ms", vec![checked.p50()]),
        Row::new("sign-in: check the session", "checks/s", vec![checked.rate()]),
    ])
}

/// The sign-in links of all emails, once the worker has delivered them to the in-memory mailbox.
async fn links(server: &Server) -> Result<Vec<String>> {
    let mut client = Client::new(server.address);
    let mut ids = HashSet::new();
    for _ in 0..300 {
        let list = client.send(&get("/dev/mail", "")).await?.expect_status(200)?;
        ids = list
            .text()
            .split("/dev/mail/")
            .skip(1)
            .filter_map(|rest| rest.get(..36).map(str::to_owned))
            .collect();
        if ids.len() >= USERS {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let mut links = Vec::with_capacity(USERS);
    for id in ids {
        let email = client.send(&get(&format!("/dev/mail/{id}"), "")).await?.expect_status(200)?;
        let (text, path) = (email.text(), format!("/o/{LARGE_SLUG}/sign-in/"));
        let token = text
            .split_once(&path)
            .and_then(|(_, rest)| rest.get(..43))
            .ok_or("email without a sign-in link")?;
        links.push(format!("{path}{token}"));
    }
    if links.len() == USERS {
        Ok(links)
    } else {
        Err(format!("{} of {USERS} emails were delivered", links.len()).into())
    }
}
