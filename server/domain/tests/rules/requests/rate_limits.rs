//! Rate limits of requests: per email address, IP address, subnet and organization.

use super::{BLOBBY, app_with_requests, submit_from};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_ip_exhausts_only_its_own_limit(pool: PgPool) {
    let app = app_with_requests(pool).await;
    for n in 0..10_000 {
        submit_from(&app, "192.0.2.66", &format!("blob{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests").await, 20);
    assert_eq!(app.count("deliveries").await, 20);
    assert_eq!(app.count("rate_limits where scope = 'request_organization' and count = 20").await, 1);
    assert!(app.count("rate_limits").await <= 23, "a flood leaves few rows");
    submit_from(&app, "192.0.2.1", BLOBBY).await;
    assert_eq!(app.count_deliveries_to(BLOBBY).await, 1);
    app.wait_days(1);
    submit_from(&app, "192.0.2.66", "later@blobsrus.com").await;
    // New requests purge expired rows.
    app.wait_days(1);
    for n in 0..10 {
        submit_from(&app, "198.51.100.1", &format!("after{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests").await, 11);
    assert!(app.count("rate_limits").await < 15);
    assert_eq!(app.count_deliveries_to("later@blobsrus.com").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn organization_and_address_limits_hold(_: PgPoolOptions, options: PgConnectOptions) {
    let app =
        app_with_requests(PgPoolOptions::new().max_connections(20).connect_with(options).await.unwrap())
            .await;
    for n in 0..10 {
        submit_from(&app, &format!("198.51.100.{n}"), BLOBBY).await;
    }
    assert_eq!(app.count_deliveries_to(BLOBBY).await, 3);
    let app = std::sync::Arc::new(app);
    let submissions: Vec<_> = (0..1_000)
        .map(|n| {
            let app = std::sync::Arc::clone(&app);
            tokio::spawn(async move {
                submit_from(&app, &format!("2001:{n:x}::1"), &format!("blob{n}@blobsrus.com")).await;
            })
        })
        .collect();
    for submission in submissions {
        submission.await.unwrap();
    }
    assert_eq!(app.count("invitation_requests").await, 500);
    assert_eq!(app.count("deliveries").await, 500);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_subnet_exhausts_only_its_own_limit(pool: PgPool) {
    let app = app_with_requests(pool).await;
    for n in 0..100 {
        submit_from(&app, &format!("2001:db8:7:{n:x}::1"), &format!("six{n}@blobsrus.com")).await;
        submit_from(&app, &format!("198.51.100.{n}"), &format!("four{n}@blobsrus.com")).await;
    }
    assert_eq!(app.count("invitation_requests where email like 'six%'").await, 60);
    assert_eq!(app.count("invitation_requests where email like 'four%'").await, 60);
}
