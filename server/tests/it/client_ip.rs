//! Where a request came from, as the audit log has it.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use domain::sign_in;
use sqlx::PgPool;
use std::net::SocketAddr;

const PROXY: &str = "10.0.0.1:40000";

/// Signs in over a connection from `peer`, and reads what the audit log says of it.
async fn source(site: &TestServer, peer: &str, forwarded: &[&str]) -> String {
    let request_context = site.request_context();
    let context = request_context.organization("blobsrus").await.unwrap();
    let link = sign_in::create_operator_link(&context, ADMIN).await.unwrap();
    let mut request = Request::post("/o/blobsrus/sign-in")
        .header(header::COOKIE, format!("sign-in-blobsrus={}", link.expose()))
        .extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    for value in forwarded {
        request = request.header("x-forwarded-for", *value);
    }
    let form = Body::from("_action=/api/sign_in/by_link&org=blobsrus");
    let request = request.header(header::CONTENT_TYPE, crate::test_server::FORM).body(form).unwrap();
    assert_eq!(site.send(request).await.location(), "/o/blobsrus");
    sqlx::query_scalar(
        "select source from audit_events where action = 'user.signed_in' order by id desc limit 1",
    )
    .fetch_one(&site.context.pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_proxy_is_believed_only_when_it_is_trusted(pool: PgPool) {
    let networks = ["10.0.0.0/8".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
    let site =
        TestServer::with(pool, "http://localhost:3000", |state| state.trusted_proxies = networks.into())
            .await;
    for (peer, forwarded, told) in [
        ("192.0.2.1:1", &["198.51.100.7"][..], "192.0.2.1"),
        (PROXY, &["198.51.100.7"], "198.51.100.7"),
        (PROXY, &[], "10.0.0.1"),
        // What stands before the last address that we trust, anybody could have written.
        (PROXY, &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (PROXY, &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (PROXY, &["203.0.113.9, nonsense"], "10.0.0.1"),
        (PROXY, &["198.51.100.7:4711"], "198.51.100.7"),
        (PROXY, &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("[::ffff:10.0.0.1]:1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ("[2001:db8::1]:1", &["198.51.100.7"], "198.51.100.7"),
    ] {
        assert_eq!(source(&site, peer, forwarded).await, told, "{peer} {forwarded:?}");
    }
}
