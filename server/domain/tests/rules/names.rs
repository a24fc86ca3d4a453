//! Invisible characters in names: every rule that stores a name refuses them.

use crate::sso::{SsoApp, form};
use ::scim::IfMatch;
use domain::scim::{self, GroupUpdate};
use domain::{account, api_keys, groups, invitations, organizations, requests, roles, settings, sso};
use model::Problem;
use model::api_keys::{Lifetime, Scope};
use model::field::FieldError;
use model::settings::SettingsForm;
use sqlx::PgPool;
use test_support::provider::Account;
use test_support::{SLUG, TestApp, refusal};

/// One character of each kind: a blank letter, a direction mark, a soft hyphen, a joiner without letters, a tag.
const INVISIBLE: [&str; 6] =
    ["\u{3164}", "Blob\u{61c}", "Bl\u{ad}ob", "\u{200d}", "Blob\u{e0041}", "\u{1160}\u{ffa0}"];

fn assert_refused<T>(rule: &str, field: &str, name: &str, result: domain::Result<T>) {
    assert_eq!(refusal(result), Problem::field(field, FieldError::Unprintable), "{rule}: {name:?}");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invisible_characters_are_refused_in_every_name(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.enable_requests().await;
    app.invite("blobby@blobsrus.com").await;
    let token = app.token("blobby@blobsrus.com").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let member = app.admin.member(SLUG).await.unwrap();
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let key = app.key().await;
    let api_client = nobody.api_client(SLUG, Some(&key), None).await.unwrap();
    let group = groups::save(&admin, None, "Team", "", &[]).await.unwrap();
    let settings_form = SettingsForm {
        invitation_days: "7".to_owned(),
        session_hours: "24".to_owned(),
        request_cooldown_days: "30".to_owned(),
        ..SettingsForm::default()
    };
    for name in INVISIBLE {
        let settings_form = SettingsForm { name: name.to_owned(), ..settings_form.clone() };
        assert_refused("settings", "name", name, settings::save(&admin, &settings_form).await);
        assert_refused("account", "name", name, account::rename(&member, name).await);
        assert_refused("role", "name", name, roles::save(&admin, None, name, "invoice:read").await);
        assert_refused("group", "name", name, groups::save(&admin, None, name, "", &[]).await);
        let created = api_keys::create(&admin, name, Scope::ALL, Lifetime::Unlimited).await;
        assert_refused("API key", "name", name, created);
        let mut connection = form("https://idp.example".to_owned());
        connection.name = name.to_owned();
        assert_refused("connection", "name", name, sso::save_connection(&admin, None, &connection).await);
        let joined = invitations::join(&context, &token, "blobby@blobsrus.com", name).await;
        assert_refused("join", "name", name, joined);
        let submitted = requests::submit(&context, "new@blobsrus.com", name, "").await;
        assert_refused("request", "name", name, submitted);
        let organization = organizations::create(&nobody, "other", name, "a@blobs.example").await;
        assert_refused("organization", "name", name, organization);
        let update = GroupUpdate { name: Some(name.to_owned()), ..GroupUpdate::default() };
        let created = scim::create_group(&api_client, &update).await;
        assert_refused("SCIM group", "displayName", name, created);
        let updated = scim::update_group(&api_client, group, &IfMatch::Any, &update).await;
        assert_refused("SCIM group update", "displayName", name, updated);
    }
    assert_eq!(app.count("groups").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sso_name_with_invisible_characters_is_dropped(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    for (index, name) in INVISIBLE.into_iter().enumerate() {
        let email = format!("blob{index}@blobsrus.com");
        let mut account = Account::new(&format!("subject-{index}"), &email);
        account.name = name.to_owned();
        sso.sign_in(account).await.unwrap();
    }
    let names = sso.app.count("users where name = '' and joined_by = 'sso'").await;
    assert_eq!(names, INVISIBLE.len());
}
