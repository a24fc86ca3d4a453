//! Every cell of the transition table, performed through the public functions: applied transitions have the documented
//! effect, and rejected ones change nothing.

mod subject;

use crate::sso::SsoApp;
use chrono::TimeDelta;
use domain::users;
use model::actions::UserAction;
use model::transitions::{Action, Mail, MembershipState, Refusal, Transition, transition};
use model::{OrganizationRole, Problem, UserId};
use sqlx::PgPool;
use std::fmt::Write;
use subject::{Outcome, Subject};
use test_support::provider::Account;
use test_support::{ADMIN, SLUG, TestApp, refusal};
use uuid::Uuid;

/// Every row of every table, to check that nothing changed.
async fn dump(app: &TestApp) -> String {
    dump_except(app, &[]).await
}

async fn dump_except(app: &TestApp, excluded: &[&str]) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_name <> all($1) order by 1",
    )
    .bind(excluded)
    .fetch_all(&app.context.pool)
    .await
    .unwrap();
    let mut dump = String::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&app.context.pool).await.unwrap();
        writeln!(dump, "{table}\n{rows}").unwrap();
    }
    dump
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_transition_matches_the_table(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.enable_requests().await;
    let sso_actions = [Action::SsoSignIn, Action::SsoSignInInvited];
    // Created before the first comparison.
    app.key().await;
    for action in Action::ALL.into_iter().filter(|action| !sso_actions.contains(action)) {
        for state in MembershipState::ALL {
            assert_transition(&app, action, state).await;
        }
    }
}

async fn assert_transition(app: &TestApp, action: Action, state: MembershipState) {
    app.run("delete from rate_limits").await;
    let email = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
    let subject = Subject::new(app, email, state).await;
    let case = format!("{} × {state:?}", action.label());
    if matches!(action, Action::Approve | Action::Dismiss) {
        app.insert_open_request(&subject.email).await;
    }
    // Send the emails queued during setup: only those that the action queues are counted.
    app.send_mail().await;
    let emails_before = subject.count_emails().await;
    let mut events = subject.audit_events().await;
    let before = dump(app).await;
    let outcome = subject.perform(action).await;
    let effect = match transition(action, state) {
        Transition::Apply(effect) => effect,
        rejected_or_no_op => {
            let expected = match rejected_or_no_op {
                Transition::Reject(_) if action == Action::Accept => Outcome::InvalidLink,
                Transition::Reject(why) => Outcome::Rejected(why),
                _ => Outcome::NoOp,
            };
            assert_eq!(outcome, expected, "{case}");
            assert_eq!(dump(app).await, before, "{case} changed something");
            return;
        }
    };
    assert_eq!(outcome, Outcome::Applied, "{case}");
    assert_eq!(subject.state().await, effect.state, "{case}");
    let expected_emails = match effect.mail {
        Mail::None => [0, 0, 0],
        Mail::Invitation | Mail::ExistingInvitation => [1, 0, 0],
        Mail::SignIn => [0, 1, 0],
        Mail::Confirmation => [0, 0, 1],
    };
    let emails_after = subject.count_emails().await;
    let emails: Vec<usize> =
        emails_after.iter().zip(emails_before).map(|(after, before)| after - before).collect();
    assert_eq!(emails, expected_emails, "{case}: emails");
    events.extend(effect.audit.map(|action| action.code().to_owned()));
    events.sort_unstable();
    assert_eq!(subject.audit_events().await, events, "{case}: audit events");
    if effect.mail == Mail::Invitation {
        assert_eq!(app.expires_at(&subject.email).await, app.now() + TimeDelta::days(7), "{case}");
    }
    let is_by_admin_or_client =
        matches!(action, Action::Reactivate | Action::ScimActivate | Action::ScimCreate);
    let signs_in = effect.state == MembershipState::Active && !is_by_admin_or_client;
    assert_eq!(subject.count_sessions().await, usize::from(signs_in), "{case}: sessions");
}

/// A refused sign-in is recorded for its error page and in the audit log; it changes no other table.
const WRITTEN_BY_REFUSALS: [&str; 2] = ["audit_events", "sso_login_flows"];

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sso_sign_in_transitions_match_the_table(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let app = &sso.app;
    for action in [Action::SsoSignIn, Action::SsoSignInInvited] {
        sso.update_connection(|form| form.just_in_time = action == Action::SsoSignIn).await;
        for state in MembershipState::ALL {
            let case = format!("{} × {state:?}", action.label());
            let email = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
            let subject = Subject::new(app, email.clone(), state).await;
            let (mut events, sessions) = (subject.audit_events().await, app.count("sessions").await);
            let before = dump_except(app, &WRITTEN_BY_REFUSALS).await;
            let result = sso.sign_in(Account::new(&email, &email)).await;
            match transition(action, state) {
                Transition::Apply(effect) => {
                    assert!(result.is_ok(), "{case}: {:?}", result.err());
                    assert_eq!(subject.state().await, effect.state, "{case}");
                    events.extend(effect.audit.map(|action| action.code().to_owned()));
                    events.sort_unstable();
                    assert_eq!(subject.audit_events().await, events, "{case}: audit events");
                    assert_eq!(app.count("sessions").await, sessions + 1, "{case}: sessions");
                }
                Transition::Reject(_) => {
                    assert!(result.is_err(), "{case}");
                    assert_eq!(
                        dump_except(app, &WRITTEN_BY_REFUSALS).await,
                        before,
                        "{case} changed something"
                    );
                }
                Transition::NoOp => panic!("{case}: a sign-in always has an effect"),
            }
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn empty_or_oversized_selection_changes_nothing(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let before = dump(&app).await;
    let empty = refusal(users::apply_action(&admin, UserAction::Suspend, &[]).await);
    assert!(matches!(empty, Problem::Invalid { .. }));
    let selection: Vec<UserId> = (0..1_001).map(|n| UserId(Uuid::from_u128(n))).collect();
    let too_many = refusal(users::apply_action(&admin, UserAction::Suspend, &selection).await);
    assert!(matches!(too_many, Problem::Invalid { .. }));
    assert_eq!(dump(&app).await, before);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn last_active_admin_cannot_be_removed(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let ada = app.user(ADMIN).await;
    let before = dump(&app).await;
    for action in [UserAction::Suspend, UserAction::RevokeMembership, UserAction::MakeMember] {
        let result = app.try_to(action, ADMIN).await;
        assert_eq!(result.refused.first().map(|refused| refused.why), Some(Refusal::LastAdmin), "{action:?}");
    }
    let admin = app.admin.admin(SLUG).await.unwrap();
    let problem = refusal(users::set_access(&admin, ada, &OrganizationRole::Member.into()).await);
    assert_eq!(problem, Problem::Refused { why: Refusal::LastAdmin });
    assert_eq!(dump(&app).await, before);
    // Invited admins do not count.
    app.invite_as("invited@blobsrus.com", OrganizationRole::Admin).await;
    assert_eq!(app.try_to(UserAction::Suspend, ADMIN).await.done.len(), 0);
    // Of two admins in one selection, one remains.
    app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    let second = app.user("second@blobsrus.com").await;
    let result = users::apply_action(&admin, UserAction::Suspend, &[ada, second]).await.unwrap();
    assert_eq!((result.done.len(), result.refused.len()), (1, 1));
    assert_eq!(app.count_active_admins().await, 1);
}
