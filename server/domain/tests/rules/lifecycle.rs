//! The life of an invitation across several transitions: links, renewal requests, resending, and allowed domains.

use domain::{RequestContext, Token, invitations, requests, settings, sign_in, users};
use model::Problem;
use model::actions::UserAction;
use model::invitations::{AccessGrant, AddressClass};
use model::join::JoinPage;
use model::requests::RequestsQuery;
use model::settings::SettingsForm;
use model::transitions::Refusal;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use test_support::{SLUG, TestApp, create_organization, refusal};

const BLOBBY: &str = "blobby@blobsrus.com";

async fn join_page(request_context: &RequestContext, token: &Token) -> JoinPage {
    invitations::join_page(&request_context.organization(SLUG).await.unwrap(), token).await.unwrap()
}

async fn request_renewal(request_context: &RequestContext, token: &Token) {
    requests::request_renewal(&request_context.organization(SLUG).await.unwrap(), token).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn link_sent_before_a_resend_still_joins(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    let nobody = app.anonymous();
    assert!(matches!(join_page(&nobody, &token).await, JoinPage::Expired { .. }));
    app.act(UserAction::Resend, BLOBBY).await;
    assert_eq!(app.token(BLOBBY).await.expose(), token.expose(), "the same invitation");
    invitations::join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Blobby").await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn revoked_link_stays_revoked_after_reinvitation(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let old = app.token(BLOBBY).await;
    app.revoke(BLOBBY).await;
    app.invite(BLOBBY).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    assert_eq!(join_page(&nobody, &old).await, JoinPage::Revoked);
    assert_eq!(refusal(invitations::join(&context, &old, BLOBBY, "Blobby").await), Problem::InvalidLink);
    let new = app.token(BLOBBY).await;
    invitations::join(&context, &new, BLOBBY, "Blobby").await.unwrap();
    // Nor after the user has joined, been removed and been invited again.
    app.revoke(BLOBBY).await;
    app.invite(BLOBBY).await;
    for revoked in [&old, &new] {
        assert_eq!(join_page(&nobody, revoked).await, JoinPage::Revoked);
        assert_eq!(
            refusal(invitations::join(&context, revoked, BLOBBY, "Blobby").await),
            Problem::InvalidLink
        );
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_renewals_open_one_request(_: PgPoolOptions, options: PgConnectOptions) {
    let app =
        TestApp::new(PgPoolOptions::new().max_connections(20).connect_with(options).await.unwrap()).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    // A valid or malformed link opens no request, and the response does not reveal it.
    request_renewal(&nobody, &token).await;
    request_renewal(&nobody, &Token::from_client("malformed")).await;
    assert_eq!(app.count("invitation_requests").await, 0);
    app.wait_days(8);
    let renewals = (0..20).map(|_| {
        let (nobody, token) = (app.anonymous(), token.clone());
        tokio::spawn(async move { request_renewal(&nobody, &token).await })
    });
    for renewal in renewals.collect::<Vec<_>>() {
        renewal.await.unwrap();
    }
    assert_eq!(app.count_open_requests(BLOBBY).await, 1);
    assert_eq!(app.count_audit_events("request.opened").await, 1);
    let admin = app.admin.admin(SLUG).await.unwrap();
    let listed = requests::list(&admin, &RequestsQuery::default()).await.unwrap();
    assert_eq!(listed.rows.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(), [BLOBBY]);
    assert_eq!(listed.counts.requests.counted, 1);
    app.act(UserAction::Resend, BLOBBY).await;
    assert_eq!(app.count("invitation_requests where status = 'approved'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_of_another_organization_is_not_dismissed(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    request_renewal(&app.anonymous(), &token).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let request = requests::list(&admin, &RequestsQuery::default()).await.unwrap().rows[0].id;
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let eve = other.admin("other").await.unwrap();
    assert_eq!(requests::dismiss(&eve, &[request], false).await.unwrap(), 0);
    assert_eq!(requests::dismiss(&admin, &[request], false).await.unwrap(), 1);
    assert_eq!(requests::dismiss(&admin, &[request], false).await.unwrap(), 0, "already dismissed");
    assert_eq!(app.count_audit_events("request.dismissed").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn copy_link_is_audited_and_refused_once_closed(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let user = app.user(BLOBBY).await;
    let link = {
        let admin = app.admin.admin(SLUG).await.unwrap();
        invitations::copy_link(&admin, user).await.unwrap()
    };
    let token = app.token(BLOBBY).await;
    assert_eq!(link, format!("https://vestibule.example/o/{SLUG}/join/{}", token.expose()));
    assert_eq!(app.count_audit_events("invitation.link_copied").await, 1);
    assert_eq!(
        app.count("audit_events where details::text like '%join%'").await,
        0,
        "the audit log never contains the link"
    );
    app.wait_days(8);
    let admin = app.admin.admin(SLUG).await.unwrap();
    let expired = refusal(invitations::copy_link(&admin, user).await);
    assert_eq!(expired, Problem::Refused { why: Refusal::LinkExpired });
    app.make_active("joined@blobsrus.com").await;
    let joined = refusal(invitations::copy_link(&admin, app.user("joined@blobsrus.com").await).await);
    assert_eq!(joined, Problem::Refused { why: Refusal::HasJoined });
    assert_eq!(app.count_audit_events("invitation.link_copied").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invitation_survives_removal_of_its_inviter(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let second = app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    let inviter = second.admin(SLUG).await.unwrap();
    invitations::invite(&inviter, BLOBBY, &AccessGrant::default()).await.unwrap();
    app.revoke("second@blobsrus.com").await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    assert!(
        matches!(join_page(&nobody, &token).await, JoinPage::Open { inviter, .. } if inviter == "Some Blob")
    );
    invitations::join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Blobby").await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sign_in_link_of_a_suspended_user_is_rejected(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = sign_in::create_operator_link(&context, BLOBBY).await.unwrap();
    app.suspend(BLOBBY).await;
    assert_eq!(refusal(sign_in::redeem_link(&context, &link).await), Problem::InvalidLink);
    assert_eq!(
        app.count("sessions s join users u on u.id = s.user_id where u.status = 'suspended'").await,
        0
    );
    app.act(UserAction::Reactivate, BLOBBY).await;
    assert_eq!(app.count("sessions s join users u on u.id = s.user_id where u.role = 'member'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn disallowed_domain_is_refused_per_address(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("before@elsewhere.example").await;
    let form = SettingsForm {
        name: "Blobs R Us".to_owned(),
        invitation_days: "3".to_owned(),
        session_hours: "24".to_owned(),
        request_cooldown_days: "30".to_owned(),
        allowed_domains: "BlobsRUs.com".to_owned(),
        ..SettingsForm::default()
    };
    settings::save(&app.admin.admin(SLUG).await.unwrap(), &form).await.unwrap();
    let result = app.invite("x@elsewhere.example, before@elsewhere.example, blobby@blobsrus.com").await;
    let classes: Vec<_> = result.addresses.iter().map(|address| address.class.clone()).collect();
    let refused = |why| AddressClass::Refused { why };
    assert_eq!(
        classes,
        [refused(Refusal::DomainNotAllowed), refused(Refusal::AlreadyInvited), AddressClass::New]
    );
    assert_eq!(app.count("users where email like '%elsewhere.example'").await, 1);
    let period = app.expires_at(BLOBBY).await - app.now();
    assert_eq!(period.num_days(), 3, "the new setting applies to later invitations");
    let earlier_period = app.expires_at("before@elsewhere.example").await - app.now();
    assert_eq!(earlier_period.num_days(), 7, "earlier invitations keep their period");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn resend_expired_renews_every_expired_invitation(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: Vec<String> = (0..300).map(|n| format!("blob{n}@blobsrus.com")).collect();
    app.invite(&list.join(",")).await;
    app.wait_days(8);
    app.invite("fresh@blobsrus.com").await;
    app.revoke("blob0@blobsrus.com").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(users::resend_expired(&admin).await.unwrap(), 299);
    assert_eq!(users::resend_expired(&admin).await.unwrap(), 0);
    assert_eq!(app.count_audit_events("invitation.resent").await, 299);
    assert_eq!(app.count("deliveries where kind = 'invitation' and email = 'fresh@blobsrus.com'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn resend_of_expired_respects_allowed_domains(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@elsewhere.example, blob@blobsrus.com").await;
    app.run("update organizations set allowed_domains = '{blobsrus.com}'").await;
    // Resending a valid invitation does not check the domain.
    app.act(UserAction::Resend, "blobby@elsewhere.example").await;
    app.wait_days(8);
    let result = app.try_to(UserAction::Resend, "blobby@elsewhere.example").await;
    assert_eq!(result.refused.first().map(|refused| refused.why), Some(Refusal::DomainNotAllowed));
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(users::resend_expired(&admin).await.unwrap(), 1);
}
