//! 2,000 people join, 16 at once: each opens the link of their mail, gets the page, and posts their name. Once where the
//! organization has 10,000 users, once where it has a million.

use super::Result;
use super::config::{Config, FEW};
use super::database::{Database, MANY, MANY_ID};
use super::fixtures::{self, Organization, addresses, lay_ready};
use super::http::{get, post_form};
use super::load::{Load, crowd};
use super::report::Row;
use super::server::{Mail, SECRET_KEY, Server};
use domain::Keyring;
use model::{InvitationId, OrganizationId};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const AT_ONCE: usize = 16;
const REPEATS: usize = 4;
/// In all.
const PEOPLE: usize = 2_000;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let (few, many) = (Place::new(config, FEW).await?, Place::new(config, config.people()).await?);
    let (mut rates, mut slow, mut quick) = (Vec::new(), Vec::new(), Vec::new());
    // The first warms both up.
    for round in 0..=REPEATS {
        let people = PEOPLE / REPEATS;
        let (at_few, at_many) = (few.join(round, people).await?, many.join(round, people).await?);
        if round > 0 {
            quick.push(at_few.p50());
            slow.push(at_many.p50());
            rates.push(at_many.rate());
        }
    }
    let beside = format!("join: at {} users beside {}, p50", config.people(), FEW);
    Ok(vec![
        Row::new(format!("join: {AT_ONCE} at once, at {} users", config.people()), "people/s", rates),
        Row::new(beside, "ms", slow).beside(quick).ratio_at_most(1.1),
    ])
}

/// An organization with so many users.
struct Place {
    database: Database,
    server: Server,
}

impl Place {
    async fn new(config: &Config, users: usize) -> Result<Self> {
        let database = Database::with_people(config, users).await?;
        fixtures::make_table(&database).await?;
        let server = Server::start(config, &database, Mail::Away).await?;
        Ok(Self { database, server })
    }

    async fn join(&self, round: usize, people: usize) -> Result<Load> {
        let organization = Organization { slug: MANY.to_owned(), id: MANY_ID.parse()? };
        lay_ready(&self.database, 0, round, &organization, addresses(people, round, "join")).await?;
        self.database.run(&fixtures::transaction(0, round)).await?;
        let invited =
            format!("select unnest(invitations), unnest(emails) from bench_lists where round = {round}");
        let invited: Vec<(Uuid, String)> =
            sqlx::query_as(AssertSqlSafe(invited)).fetch_all(&self.database.pool).await?;
        let keys = Keyring::parse(SECRET_KEY)?;
        let mut links = Vec::with_capacity(people);
        for (invitation, email) in invited {
            let token = keys.invitation_token(OrganizationId(organization.id), InvitationId(invitation))?;
            links.push((format!("/o/{MANY}/join/{}", token.expose()), email));
        }
        let load = crowd(self.server.address, AT_ONCE, people, async move |client, index| {
            let (link, email) = &links[index];
            let opened = client.send(&get(link, "")).await?.with(303)?;
            let cookie = opened.cookie(&format!("join-{MANY}")).ok_or("the link left no cookie")?;
            let path = format!("/o/{MANY}/join");
            let page = client.send(&get(&path, &cookie)).await?.with(200)?;
            if !page.text().contains(email.as_str()) {
                return Err("the page does not name the address".into());
            }
            let fields =
                [("_action", "/api/join/join"), ("org", MANY), ("email", email), ("name", "Blobby Blob")];
            let joined = client.send(&post_form(&path, &cookie, &fields)).await?.with(303)?;
            joined.cookie(&format!("session-{MANY}")).map(|_| ()).ok_or("nobody was signed in".into())
        });
        let load = load.await?;
        let of_this = format!(
            "users u join bench_lists l on u.organization_id = l.organization and u.id = any(l.users)
             join sessions s on s.organization_id = u.organization_id and s.user_id = u.id
             where l.round = {round} and u.status = 'active' and u.name = 'Blobby Blob'"
        );
        self.database.expect(load.millis.len(), &of_this).await?;
        Ok(load)
    }
}
