//! The life of an invitation beyond single cells of the table: links, requests, and those who invited.

use crate::test_app::{SLUG, TestApp, found, refusal};
use domain::{RequestContext, Token, invitations, requests, settings, sign_in};
use model::Problem;
use model::actions::UserAction;
use model::invitations::AddressClass;
use model::join::JoinPage;
use model::requests::RequestsQuery;
use model::settings::SettingsForm;
use model::transitions::Refusal;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

const BLOBBY: &str = "blobby@blobsrus.com";

async fn page(request_context: &RequestContext, token: &Token) -> JoinPage {
    invitations::join_page(&request_context.organization(SLUG).await.unwrap(), token).await.unwrap()
}

async fn ask(request_context: &RequestContext, token: &Token) {
    requests::request_renewal(&request_context.organization(SLUG).await.unwrap(), token).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_link_of_before_a_resend_joins(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    let nobody = app.nobody();
    assert!(matches!(page(&nobody, &token).await, JoinPage::Expired { .. }));
    app.act(UserAction::Resend, BLOBBY).await;
    assert_eq!(app.token(BLOBBY).await.expose(), token.expose(), "the same invitation");
    invitations::join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Blobby").await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_link_of_before_a_revocation_never_joins(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let old = app.token(BLOBBY).await;
    app.revoke(BLOBBY).await;
    app.invite(BLOBBY).await;
    let nobody = app.nobody();
    let context = nobody.organization(SLUG).await.unwrap();
    assert_eq!(page(&nobody, &old).await, JoinPage::Revoked);
    assert_eq!(refusal(invitations::join(&context, &old, BLOBBY, "Blobby").await), Problem::LinkUnusable);
    let new = app.token(BLOBBY).await;
    invitations::join(&context, &new, BLOBBY, "Blobby").await.unwrap();
    // Also not once the person has joined, left and been invited again.
    app.revoke(BLOBBY).await;
    app.invite(BLOBBY).await;
    for dead in [&old, &new] {
        assert_eq!(page(&nobody, dead).await, JoinPage::Revoked);
        assert_eq!(refusal(invitations::join(&context, dead, BLOBBY, "Blobby").await), Problem::LinkUnusable);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_expired_link_asks_once_however_many_ask_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let app =
        TestApp::new(PgPoolOptions::new().max_connections(20).connect_with(options).await.unwrap()).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    // While it lasts there is nothing to ask for, and nothing tells.
    ask(&nobody, &token).await;
    ask(&nobody, &Token::from_client("garbled")).await;
    assert_eq!(app.count("invitation_requests").await, 0);
    app.wait_days(8);
    let asks = (0..20).map(|_| {
        let (nobody, token) = (app.nobody(), token.clone());
        tokio::spawn(async move { ask(&nobody, &token).await })
    });
    for asked in asks.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    assert_eq!(app.count("invitation_requests where status = 'open'").await, 1);
    assert_eq!(app.count("audit_events where action = 'request.opened'").await, 1);
    let admin = app.admin.admin(SLUG).await.unwrap();
    let listed = requests::list(&admin, &RequestsQuery::default()).await.unwrap();
    assert_eq!(listed.rows.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(), [BLOBBY]);
    assert_eq!(listed.counts.requests.counted, 1);
    app.act(UserAction::Resend, BLOBBY).await;
    assert_eq!(app.count("invitation_requests where status = 'approved'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_is_dismissed_by_its_own_organization_alone(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    ask(&app.nobody(), &token).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let request = requests::list(&admin, &RequestsQuery::default()).await.unwrap().rows[0].id;
    let other = found(&app.context, "other", "eve@other.example").await;
    let eve = other.admin("other").await.unwrap();
    assert_eq!(requests::dismiss(&eve, &[request], false).await.unwrap(), 0);
    assert_eq!(requests::dismiss(&admin, &[request], false).await.unwrap(), 1);
    assert_eq!(requests::dismiss(&admin, &[request], false).await.unwrap(), 0, "it was dismissed already");
    assert_eq!(app.count("audit_events where action = 'request.dismissed'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_copied_link_is_written_down_and_there_is_none_to_copy_once_it_is_dead(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let user = app.user(BLOBBY).await;
    let link = {
        let admin = app.admin.admin(SLUG).await.unwrap();
        invitations::copy_link(&admin, user).await.unwrap()
    };
    let token = app.token(BLOBBY).await;
    assert_eq!(link, format!("https://vestibule.example/o/{SLUG}/join/{}", token.expose()));
    assert_eq!(app.count("audit_events where action = 'invitation.link_copied'").await, 1);
    assert_eq!(app.count("audit_events where details::text like '%join%'").await, 0, "never the link itself");
    app.wait_days(8);
    let admin = app.admin.admin(SLUG).await.unwrap();
    let expired = refusal(invitations::copy_link(&admin, user).await);
    assert_eq!(expired, Problem::Refused { why: Refusal::LinkExpired });
    app.make_active("joined@blobsrus.com").await;
    let joined = refusal(invitations::copy_link(&admin, app.user("joined@blobsrus.com").await).await);
    assert_eq!(joined, Problem::Refused { why: Refusal::HasJoined });
    assert_eq!(app.count("audit_events where action = 'invitation.link_copied'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn removing_the_inviter_breaks_no_invitation(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let second = app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    let inviter = second.admin(SLUG).await.unwrap();
    invitations::invite(&inviter, BLOBBY, &model::invitations::AccessGrant::default()).await.unwrap();
    app.revoke("second@blobsrus.com").await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    assert!(matches!(page(&nobody, &token).await, JoinPage::Open { inviter, .. } if inviter == "Some Blob"));
    invitations::join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Blobby").await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_user_signs_in_by_no_link_that_was_mailed_before(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let nobody = app.nobody();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = sign_in::create_operator_link(&context, BLOBBY).await.unwrap();
    app.suspend(BLOBBY).await;
    assert_eq!(refusal(sign_in::redeem_link(&context, &link).await), Problem::LinkUnusable);
    assert_eq!(
        app.count("sessions s join users u on u.id = s.user_id where u.status = 'suspended'").await,
        0
    );
    app.act(UserAction::Reactivate, BLOBBY).await;
    assert_eq!(app.count("sessions s join users u on u.id = s.user_id where u.role = 'member'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_address_of_another_domain_is_refused_and_the_others_are_invited(pool: PgPool) {
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
    let answer = app.invite("x@elsewhere.example, before@elsewhere.example, blobby@blobsrus.com").await;
    let classes: Vec<_> = answer.addresses.iter().map(|one| one.class.clone()).collect();
    let refused = |why| AddressClass::Refused { why };
    assert_eq!(
        classes,
        [refused(Refusal::DomainNotAllowed), refused(Refusal::AlreadyInvited), AddressClass::New]
    );
    assert_eq!(app.count("users where email like '%elsewhere.example'").await, 1);
    let days = app.expires_at(BLOBBY).await - app.context.clock.now();
    assert_eq!(days.num_days(), 3, "the setting holds for what is sent after it");
    let before = app.expires_at("before@elsewhere.example").await - app.context.clock.now();
    assert_eq!(before.num_days(), 7, "and for nothing that was sent before");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn all_that_have_expired_are_sent_again_at_once(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: Vec<String> = (0..300).map(|n| format!("blob{n}@blobsrus.com")).collect();
    app.invite(&list.join(",")).await;
    app.wait_days(8);
    app.invite("fresh@blobsrus.com").await;
    app.revoke("blob0@blobsrus.com").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(domain::users::invite_all_again(&admin).await.unwrap(), 299);
    assert_eq!(domain::users::invite_all_again(&admin).await.unwrap(), 0);
    assert_eq!(app.count("audit_events where action = 'invitation.resent'").await, 299);
    assert_eq!(app.count("deliveries where kind = 'invitation' and email = 'fresh@blobsrus.com'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_expired_invitation_goes_out_again_only_to_where_invitations_may_go(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@elsewhere.example, blob@blobsrus.com").await;
    app.run("update organizations set allowed_domains = '{blobsrus.com}'").await;
    // While it lasts, it is sent again as it is.
    app.act(UserAction::Resend, "blobby@elsewhere.example").await;
    app.wait_days(8);
    let answer = app.try_to(UserAction::Resend, "blobby@elsewhere.example").await;
    assert_eq!(answer.refused.first().map(|one| one.why), Some(Refusal::DomainNotAllowed));
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(domain::users::invite_all_again(&admin).await.unwrap(), 1);
}
