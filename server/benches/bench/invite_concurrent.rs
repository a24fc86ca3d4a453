//! 32 admins of 32 organizations at once, each inviting 100 addresses over and over; beside `pgbench` with the same
//! statements.

use super::Result;
use super::config::Config;
use super::database::{Database, pgbench};
use super::fixtures::{self, Organization, ROWS, addresses, admin_of, expect_invited, lay_ready};
use super::http::call_form;
use super::load::crowd;
use super::report::Row;
use super::server::{Mail, Server};

const ADMINS: usize = 32;
const ADDRESSES: usize = 100;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::make_table(&database).await?;
    let server = Server::start(config, &database, Mail::Away).await?;
    let (repeats, rounds) = (config.many(5, 2), config.many(20, 5));
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for repeat in 0..repeats {
        ours.push(invited(config, &database, &server, repeat, rounds).await?);
        limit.push(written(config, &database, repeat, rounds).await?);
    }
    let name = format!("invite-many: {ADMINS} admins, {ADDRESSES} addresses each");
    Ok(vec![Row::new(name, "lists/s", ours).beside(limit).ratio_at_least(0.7)])
}

async fn organizations(database: &Database, name: &str) -> Result<Vec<Organization>> {
    let mut organizations = Vec::with_capacity(ADMINS);
    for number in 0..ADMINS {
        organizations.push(fixtures::organization(database, &format!("{name}-{number}")).await?);
    }
    Ok(organizations)
}

/// How many lists were invited each second.
async fn invited(
    config: &Config,
    database: &Database,
    server: &Server,
    repeat: usize,
    rounds: usize,
) -> Result<f64> {
    let organizations = organizations(database, &format!("ours-{repeat}")).await?;
    let mut admins = Vec::with_capacity(ADMINS);
    for organization in &organizations {
        let cookie =
            server.sign_in(config, database, &organization.slug, &admin_of(&organization.slug)).await?;
        admins.push((organization.slug.clone(), cookie));
    }
    let load = crowd(server.address, ADMINS, ADMINS * rounds, async move |client, index| {
        let (slug, cookie) = &admins[index % ADMINS];
        let list = addresses(ADDRESSES, index, "many").join(", ");
        let request = call_form("/api/users/invite", cookie, &[("org", slug), ("addresses", &list)]);
        let answer = client.send(&request).await?.with(200)?;
        let new = answer.text().matches("\"class\":\"new\"").count();
        if new == ADDRESSES { Ok(()) } else { Err(format!("{new} of {ADDRESSES} were invited").into()) }
    });
    let load = load.await?;
    for organization in &organizations {
        expect_invited(database, organization, ADDRESSES * rounds).await?;
    }
    Ok(load.rate())
}

/// The same by `pgbench`.
async fn written(config: &Config, database: &Database, repeat: usize, rounds: usize) -> Result<f64> {
    let organizations = organizations(database, &format!("bare-{repeat}")).await?;
    database.run("truncate bench_lists").await?;
    for (client, organization) in organizations.iter().enumerate() {
        for round in 1..=rounds {
            let list = addresses(ADDRESSES, client + round * ADMINS, "many");
            lay_ready(database, client, round, organization, list).await?;
        }
    }
    database.run("analyze bench_lists").await?;
    let variables = [("round".to_owned(), "0".to_owned()), ("repeat".to_owned(), repeat.to_string())];
    let pgbench = pgbench(config, database, ADMINS, rounds, &script(), &variables)?;
    for organization in &organizations {
        expect_invited(database, organization, ADDRESSES * rounds).await?;
    }
    Ok(pgbench.rate)
}

/// What the rule asks for a list of new addresses: who calls, the rows, and whether anybody had asked for an invitation.
fn script() -> String {
    let list = "l.client = :client_id and l.round = :round";
    let [users, invitations, events, deliveries] = ROWS.map(|statement| statement.replace("{list}", list));
    format!(
        "\\set round :round + 1
        select * from organizations where slug = 'bare-' || :repeat || '-' || :client_id;
        select s.id, u.id, u.name, u.email, u.role
        from sessions s join users u on u.organization_id = s.organization_id and u.id = s.user_id
        where s.organization_id = (select l.organization from bench_lists l where {list}) and s.token_hash = '\\x00'
            and s.expires_at > now() and u.status = 'active';
        begin;
        {users} on conflict on constraint users_email_key do nothing returning id, email, email_normalized;
        {invitations};
        update invitation_requests set status = 'approved', ended_at = now()
        where organization_id = (select l.organization from bench_lists l where {list})
            and email_normalized = any ((select l.emails from bench_lists l where {list})::text[]) and status = 'open'
        returning email;
        {events};
        {deliveries};
        commit;
        "
    )
}
