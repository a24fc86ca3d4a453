//! How much of it one address, one source, one site and all together may ask for.

use super::{BLOBBY, ask_from, opened};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_source_uses_up_its_own_share_alone(pool: PgPool) {
    let app = opened(pool).await;
    for n in 0..10_000 {
        ask_from(&app, "192.0.2.66", &format!("blob{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests").await, 20);
    assert_eq!(app.count("deliveries").await, 20);
    assert_eq!(app.count("rate_limits where scope = 'request_organization' and count = 20").await, 1);
    assert!(app.count("rate_limits").await <= 23, "a flood leaves few rows behind");
    ask_from(&app, "192.0.2.1", BLOBBY).await;
    assert_eq!(app.count(&format!("deliveries where email = '{BLOBBY}'")).await, 1);
    app.wait_days(1);
    ask_from(&app, "192.0.2.66", "later@blobsrus.com").await;
    // What is over goes with those who come after it.
    app.wait_days(1);
    for n in 0..10 {
        ask_from(&app, "198.51.100.1", &format!("after{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests").await, 11);
    assert!(app.count("rate_limits").await < 15);
    assert_eq!(app.count("deliveries where email = 'later@blobsrus.com'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn many_sources_stay_within_the_organizations_share_and_one_mailbox_gets_few_mails(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = opened(PgPoolOptions::new().max_connections(20).connect_with(options).await.unwrap()).await;
    for n in 0..10 {
        ask_from(&app, &format!("198.51.100.{n}"), BLOBBY).await;
    }
    assert_eq!(app.count(&format!("deliveries where email = '{BLOBBY}'")).await, 3);
    let app = std::sync::Arc::new(app);
    let askers: Vec<_> = (0..1_000)
        .map(|n| {
            let app = std::sync::Arc::clone(&app);
            tokio::spawn(async move {
                ask_from(&app, &format!("2001:{n:x}::1"), &format!("blob{n}@blobsrus.com")).await;
            })
        })
        .collect();
    for asker in askers {
        asker.await.unwrap();
    }
    assert_eq!(app.count("invitation_requests").await, 500);
    assert_eq!(app.count("deliveries").await, 500);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_site_of_many_networks_uses_up_its_own_share_alone(pool: PgPool) {
    let app = opened(pool).await;
    for n in 0..100 {
        ask_from(&app, &format!("2001:db8:7:{n:x}::1"), &format!("six{n}@blobsrus.com")).await;
        ask_from(&app, &format!("198.51.100.{n}"), &format!("four{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests where email like 'six%'").await, 60);
    assert_eq!(app.count("invitation_requests where email like 'four%'").await, 60);
}
