//! Forms that are posted without WebAssembly.

use crate::test_server::{ADMIN, TestServer};
use axum::http::{StatusCode, header};
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users?dialog=invite";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_list_is_invited_and_answered_on_the_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let form = "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com%2Cnonsense%2Cada%40blobsrus.com&role=member";
    let answer = site.post(USERS, &admin, form).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("user already exists in the organization"));
    assert!(answer.body.contains(">\nnonsense</textarea>"), "what was wrong is there to be mended");
    assert_eq!(site.count("users where email = 'new@blobsrus.com' and status = 'invited'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_was_typed_stays_and_stays_text(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let answer = site
        .post(
            "/o/blobsrus/login",
            "",
            "_action=/api/sign_in/request&org=blobsrus&email=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains(r#"aria-invalid="true""#));
    assert!(
        answer.body.contains("&quot;&gt;&lt;script&gt;alert(1)")
            || answer.body.contains("&quot;><script>alert(1)&"),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("\"><script>alert(1)"));
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let form =
        "_action=/api/users/invite&org=blobsrus&addresses=%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let answer = site.post(USERS, &admin, form).await;
    assert!(!answer.body.contains("</textarea><script>"), "{}", answer.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_form_of_another_site_is_refused_and_changes_nothing(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    for (path, body) in [
        (USERS, "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com"),
        ("/api/users/invite", "org=blobsrus&addresses=new%40blobsrus.com"),
    ] {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let request = axum::http::Request::post(path)
                .header(header::COOKIE, &admin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(name, value)
                .body(axum::body::Body::from(body))
                .unwrap();
            assert_eq!(site.send(request).await.status, StatusCode::FORBIDDEN, "{path} {name}");
            let request =
                axum::http::Request::post(path).header(name, value).header(header::ACCEPT, "text/html");
            let answer = site.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert!(answer.body.contains("<h1>This was refused</h1>"), "{}", answer.body);
        }
    }
    assert_eq!(site.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn signing_in_leads_on_with_a_cookie(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let form = "_action=/api/sign_in/request&org=blobsrus&email=ada%40blobsrus.com&next=/o/blobsrus/account";
    let answer = site.post("/o/blobsrus/login", "", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/o/blobsrus/login/code?next=%2Fo%2Fblobsrus%2Faccount");
    let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"));
    let page = site.get(answer.location(), cookie.split(';').next().unwrap()).await;
    assert!(page.body.contains("ada@blobsrus.com"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_who_was_signed_out_meanwhile_is_led_to_the_login_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let answer =
        site.post(USERS, "", "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.location().starts_with("/o/blobsrus/login?next="));
    assert_eq!(site.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_form_that_names_no_function_of_ours_is_refused(pool: PgPool) {
    let site = TestServer::new(pool).await;
    for form in ["_action=/dev/mail", "_action=http://evil.example/", "org=blobsrus", ""] {
        assert_eq!(site.post("/o/blobsrus/login", "", form).await.status, StatusCode::BAD_REQUEST, "{form}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_colours_chosen_are_in_the_first_byte(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let form = "_action=/api/account/theme&org=blobsrus&theme=dark";
    let answer = site.post("/o/blobsrus/account", &admin, form).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/o/blobsrus/account"));
    let page = site.get("/o/blobsrus/account", &format!("{admin}; theme=dark")).await;
    assert!(page.body.contains(r#"<html lang="en" data-theme="dark">"#));
    let form = "_action=/api/account/theme&org=blobsrus&theme=";
    let answer = site.post("/o/blobsrus/account", &admin, form).await;
    let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.starts_with("theme=; ") && cookie.contains("Max-Age=0"), "{cookie}");
}
