//! The client IP in the audit log, behind trusted and untrusted proxies.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use domain::sign_in;
use sqlx::PgPool;
use std::net::SocketAddr;

const PROXY: &str = "10.0.0.1:40000";

/// Signs in over a connection from `peer`, and returns the source in the audit log.
async fn audited_source(server: &TestServer, peer: &str, forwarded: &[&str]) -> String {
    let request_context = server.app.anonymous();
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
    assert_eq!(server.send(request).await.location(), "/o/blobsrus");
    sqlx::query_scalar(
        "select source from audit_events where action = 'user.signed_in' order by id desc limit 1",
    )
    .fetch_one(&server.app.context.pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn forwarded_for_counts_only_from_trusted_proxies(pool: PgPool) {
    let networks = ["10.0.0.0/8".parse().unwrap(), "2001:db8::1/128".parse().unwrap()];
    let server = TestServer::with_state(pool, "http://localhost:3000", |state| {
        state.trusted_proxies = networks.into();
    })
    .await;
    for (peer, forwarded, expected) in [
        ("192.0.2.1:1", &["198.51.100.7"][..], "192.0.2.1"),
        (PROXY, &["198.51.100.7"], "198.51.100.7"),
        (PROXY, &[], "10.0.0.1"),
        // Anything left of the last untrusted address can be forged.
        (PROXY, &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        (PROXY, &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        (PROXY, &["203.0.113.9, nonsense"], "10.0.0.1"),
        (PROXY, &["198.51.100.7:4711"], "198.51.100.7"),
        (PROXY, &["[2001:db8::7]:4711"], "2001:db8::7"),
        ("[::ffff:10.0.0.1]:1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ("[2001:db8::1]:1", &["198.51.100.7"], "198.51.100.7"),
    ] {
        assert_eq!(audited_source(&server, peer, forwarded).await, expected, "{peer} {forwarded:?}");
    }
}
