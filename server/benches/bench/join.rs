//! 2,000 users join, 16 concurrently: each opens the link of the invitation, loads the page, and submits the form. In an
//! organization with 10,000 users, and in one with a million.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_ID, LARGE_SLUG};
use super::fixtures::{self, Organization, addresses, store_list};
use super::http::{get, post_form};
use super::load::{Load, run_clients};
use super::program::SECRET_KEY;
use super::report::Row;
use super::server::{MailTarget, Server};
use domain::Keyring;
use model::{InvitationId, OrganizationId};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const CLIENTS: usize = 16;
const REPEATS: usize = 4;
/// In all rounds together.
const JOINS: usize = 2_000;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let small = Instance::new(config, SMALL).await?;
    let large = Instance::new(config, config.large()).await?;
    let (mut large_rates, mut large_times, mut small_times) = (Vec::new(), Vec::new(), Vec::new());
    // The first round is a warm-up.
    for round in 0..=REPEATS {
        let count = JOINS / REPEATS;
        let small_load = small.join(round, count).await?;
        let large_load = large.join(round, count).await?;
        if round > 0 {
            small_times.push(small_load.p50());
            large_times.push(large_load.p50());
            large_rates.push(large_load.rate());
        }
    }
    let comparison = format!("join: at {} users beside {}, p50", config.large(), SMALL);
    Ok(vec![
        Row::new(format!("join: {CLIENTS} at once, at {} users", config.large()), "people/s", large_rates),
        Row::new(comparison, "ms", large_times).with_baseline(small_times).ratio_at_most(1.1),
    ])
}

/// A server whose large organization has a given number of users.
struct Instance {
    database: Database,
    server: Server,
}

impl Instance {
    async fn new(config: &Config, users: usize) -> Result<Self> {
        let database = Database::with_users(config, users).await?;
        fixtures::create_lists_table(&database).await?;
        let server = Server::start(config, &database, MailTarget::Unreachable).await?;
        Ok(Self { database, server })
    }

    async fn join(&self, round: usize, count: usize) -> Result<Load> {
        let organization = Organization { slug: LARGE_SLUG.to_owned(), id: LARGE_ID.parse()? };
        store_list(&self.database, 0, round, &organization, addresses(count, round, "join")).await?;
        self.database.run(&fixtures::insert_transaction(0, round)).await?;
        let invited =
            format!("select unnest(invitations), unnest(emails) from bench_lists where round = {round}");
        let invited: Vec<(Uuid, String)> =
            sqlx::query_as(AssertSqlSafe(invited)).fetch_all(&self.database.pool).await?;
        let keys = Keyring::parse(SECRET_KEY)?;
        let mut links = Vec::with_capacity(count);
        for (invitation, email) in invited {
            let token = keys.invitation_token(OrganizationId(organization.id), InvitationId(invitation))?;
            links.push((format!("/o/{LARGE_SLUG}/join/{}", token.expose()), email));
        }
        let load = run_clients(self.server.address, CLIENTS, count, async move |client, index| {
            let (link, email) = &links[index];
            let opened = client.send(&get(link, "")).await?.expect_status(303)?;
            let cookie = opened.cookie(&format!("join-{LARGE_SLUG}")).ok_or("the link set no cookie")?;
            let path = format!("/o/{LARGE_SLUG}/join");
            let page = client.send(&get(&path, &cookie)).await?.expect_status(200)?;
            if !page.text().contains(email.as_str()) {
                return Err("the page does not show the address".into());
            }
            let fields = [
                ("_action", "/api/join/join"),
                ("org", LARGE_SLUG),
                ("email", email),
                ("name", "Blobby Blob"),
            ];
            let joined = client.send(&post_form(&path, &cookie, &fields)).await?.expect_status(303)?;
            joined
                .cookie(&format!("session-{LARGE_SLUG}"))
                .map(|_| ())
                .ok_or("the session cookie is missing".into())
        });
        let load = load.await?;
        let joined_users = format!(
            "users u join bench_lists l on u.organization_id = l.organization and u.id = any(l.users)
             join sessions s on s.organization_id = u.organization_id and s.user_id = u.id
             where l.round = {round} and u.status = 'active' and u.name = 'Blobby Blob'"
        );
        self.database.expect_rows(load.millis.len(), &joined_users).await?;
        Ok(load)
    }
}
