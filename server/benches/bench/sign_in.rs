//! Signing in, 16 at once: asking for the mail, opening its link and signing in, and the check of a session after that.

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

const CLIENTS: usize = 16;
/// No more than the captured mailbox keeps, and one source may ask for.
const PEOPLE: usize = 500;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::with_users(config, config.large()).await?;
    let server = Server::start(config, &database, MailTarget::InMemory).await?;
    let people = sqlx::query_scalar::<_, String>(
        "select email from users where organization_id = $1 and status = 'active' order by id limit $2",
    );
    let people = people.bind(super::database::LARGE_ID.parse::<uuid::Uuid>()?).bind(i64::try_from(PEOPLE)?);
    let people = people.fetch_all(&database.pool).await?;
    let asked = run_clients(server.address, CLIENTS, PEOPLE, async move |client, index| {
        let fields = [("org", LARGE_SLUG), ("email", people[index].as_str())];
        let answer = client.send(&post_server_fn("/api/sign_in/request", "", &fields)).await?;
        if answer.status < 400 {
            Ok(())
        } else {
            Err(format!("asking was answered {}", answer.status).into())
        }
    });
    let asked = asked.await?;
    let links = links(&server).await?;
    let cookies = Rc::new(RefCell::new(Vec::with_capacity(PEOPLE)));
    let kept = Rc::clone(&cookies);
    let opened = run_clients(server.address, CLIENTS, PEOPLE, async move |client, index| {
        let opened = client.send(&get(&links[index], "")).await?.expect_status(303)?;
        let link = opened.cookie(&format!("sign-in-{LARGE_SLUG}")).ok_or("the link left no cookie")?;
        let signed_in =
            client.send(&post_server_fn("/api/sign_in/by_link", &link, &[("org", LARGE_SLUG)])).await?;
        let cookie = signed_in.cookie(&format!("session-{LARGE_SLUG}")).ok_or("nobody was signed in")?;
        kept.borrow_mut().push(cookie);
        Ok(())
    });
    let opened = opened.await?;
    let cookies = cookies.take();
    // The organization's front door leads whoever is signed in on: it checks the session, and nothing more.
    let checked = run_clients(server.address, CLIENTS, 10 * PEOPLE, async move |client, index| {
        let answer = client
            .send(&get(&format!("/o/{LARGE_SLUG}"), &cookies[index % PEOPLE]))
            .await?
            .expect_status(303)?;
        let inside = answer.header("location").is_some_and(|location| !location.ends_with("/login"));
        if inside { Ok(()) } else { Err("the session was not taken".into()) }
    });
    let checked = checked.await?;
    let name = |what| format!("sign-in: {what}, {CLIENTS} at once, p50");
    Ok(vec![
        Row::new(name("ask for the mail"), "ms", vec![asked.p50()]),
        Row::new(name("open the link and sign in"), "ms", vec![opened.p50()]),
        Row::new(name("check the session"), "ms", vec![checked.p50()]),
        Row::new("sign-in: check the session", "checks/s", vec![checked.rate()]),
    ])
}

/// The links of all mails, once the worker has made them.
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
        if ids.len() >= PEOPLE {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let mut links = Vec::with_capacity(PEOPLE);
    for id in ids {
        let mail = client.send(&get(&format!("/dev/mail/{id}"), "")).await?.expect_status(200)?;
        let (text, path) = (mail.text(), format!("/o/{LARGE_SLUG}/sign-in/"));
        let token =
            text.split_once(&path).and_then(|(_, rest)| rest.get(..43)).ok_or("a mail without a link")?;
        links.push(format!("{path}{token}"));
    }
    if links.len() == PEOPLE {
        Ok(links)
    } else {
        Err(format!("{} of {PEOPLE} mails were made", links.len()).into())
    }
}
