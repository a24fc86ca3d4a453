//! Throughput of 32 concurrent admins of 32 organizations, who each invite lists of 100 addresses. Baseline: `pgbench` with
//! the same statements.

use super::Result;
use super::config::Config;
use super::database::{Database, pgbench};
use super::fixtures::{
    self, INSERT_STATEMENTS, Organization, addresses, admin_email, expect_invited, store_list,
};
use super::http::post_server_fn;
use super::load::run_clients;
use super::report::Row;
use super::server::{MailTarget, Server};

const ADMINS: usize = 32;
const ADDRESSES: usize = 100;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::create_lists_table(&database).await?;
    let server = Server::start(config, &database, MailTarget::Unreachable).await?;
    let (repeats, rounds) = (config.scaled(5, 2), config.scaled(20, 5));
    let (mut rates, mut baseline_rates) = (Vec::new(), Vec::new());
    for repeat in 0..repeats {
        rates.push(measure_server(config, &database, &server, repeat, rounds).await?);
        baseline_rates.push(measure_baseline(config, &database, repeat, rounds).await?);
    }
    let name = format!("invite-many: {ADMINS} admins, {ADDRESSES} addresses each");
    Ok(vec![Row::new(name, "lists/s", rates).with_baseline(baseline_rates).ratio_at_least(0.7)])
}

async fn create_organizations(database: &Database, name: &str) -> Result<Vec<Organization>> {
    let mut organizations = Vec::with_capacity(ADMINS);
    for number in 0..ADMINS {
        organizations.push(fixtures::create_organization(database, &format!("{name}-{number}")).await?);
    }
    Ok(organizations)
}

/// Lists that the server invites per second.
async fn measure_server(
    config: &Config,
    database: &Database,
    server: &Server,
    repeat: usize,
    rounds: usize,
) -> Result<f64> {
    let organizations = create_organizations(database, &format!("server-{repeat}")).await?;
    let mut admins = Vec::with_capacity(ADMINS);
    for organization in &organizations {
        let cookie =
            server.sign_in(config, database, &organization.slug, &admin_email(&organization.slug)).await?;
        admins.push((organization.slug.clone(), cookie));
    }
    let load = run_clients(server.address, ADMINS, ADMINS * rounds, async move |client, index| {
        let (slug, cookie) = &admins[index % ADMINS];
        let list = addresses(ADDRESSES, index, "many").join(", ");
        let request = post_server_fn("/api/users/invite", cookie, &[("org", slug), ("addresses", &list)]);
        let response = client.send(&request).await?.expect_status(200)?;
        let new = response.text().matches("\"class\":\"new\"").count();
        if new == ADDRESSES { Ok(()) } else { Err(format!("{new} of {ADDRESSES} were invited").into()) }
    });
    let load = load.await?;
    for organization in &organizations {
        expect_invited(database, organization, ADDRESSES * rounds).await?;
    }
    Ok(load.rate())
}

/// Lists that `pgbench` inserts per second.
async fn measure_baseline(config: &Config, database: &Database, repeat: usize, rounds: usize) -> Result<f64> {
    let organizations = create_organizations(database, &format!("baseline-{repeat}")).await?;
    database.run("truncate bench_lists").await?;
    for (client, organization) in organizations.iter().enumerate() {
        for round in 1..=rounds {
            let list = addresses(ADDRESSES, client + round * ADMINS, "many");
            store_list(database, client, round, organization, list).await?;
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

/// The statements that the server sends for a list of new addresses: loading the session, inserting the rows, and approving
/// open requests.
fn script() -> String {
    let list = "l.client = :client_id and l.round = :round";
    let [users, invitations, events, deliveries] =
        INSERT_STATEMENTS.map(|statement| statement.replace("{list}", list));
    format!(
        "\\set round :round + 1
        select * from organizations where slug = 'baseline-' || :repeat || '-' || :client_id;
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
