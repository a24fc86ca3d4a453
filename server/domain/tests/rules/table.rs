//! Every cell of the transition table, performed through the public functions: applied transitions have the documented
//! effect, and rejected ones change nothing.

use crate::sso::SsoApp;
use chrono::TimeDelta;
use domain::scim::{self, UserUpdate};
use domain::{Error, Token, invitations, requests, users};
use model::actions::UserAction;
use model::invitations::AddressClass;
use model::transitions::{Action, Mail, MembershipState, Refusal, Transition, transition};
use model::{EmailAddress, OrganizationRole, Problem, UserId};
use sqlx::PgPool;
use std::fmt::Write;
use test_support::provider::Account;
use test_support::{ADMIN, SLUG, TestApp, refusal};
use uuid::Uuid;

/// An address in a given state, and the operations of the tests on it.
struct Subject<'a> {
    app: &'a TestApp,
    email: String,
    user: UserId,
    token: Token,
}

/// The result of an action, in the terms of the table.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Applied,
    Rejected(Refusal),
    NoOp,
    /// Joining by a link fails without a reason; the page of the link shows it.
    InvalidLink,
}

impl<'a> Subject<'a> {
    async fn new(app: &'a TestApp, email: String, state: MembershipState) -> Self {
        app.invite(&email).await;
        let token = app.token(&email).await;
        let user = app.user(&email).await;
        match state {
            MembershipState::Unknown => app.revoke(&email).await,
            MembershipState::Invited => {}
            MembershipState::Expired => {
                app.expire_invitation(&email).await;
            }
            MembershipState::Active | MembershipState::Suspended => {
                let nobody = app.anonymous();
                let context = nobody.organization(SLUG).await.unwrap();
                invitations::join(&context, &token, &email, "Some Blob").await.unwrap();
                if state == MembershipState::Suspended {
                    app.suspend(&email).await;
                }
            }
        }
        let subject = Self { app, email, user, token };
        assert_eq!(subject.state().await, state);
        subject
    }

    async fn state(&self) -> MembershipState {
        let row: Option<(String, Option<bool>)> = sqlx::query_as(
            "select u.status, i.expires_at > $2 from users u
             left join invitations i on i.user_id = u.id and i.status = 'open' where u.email = $1",
        )
        .bind(&self.email)
        .bind(self.app.now())
        .fetch_optional(&self.app.context.pool)
        .await
        .unwrap();
        match row {
            None => MembershipState::Unknown,
            Some((status, is_valid)) => match (status.as_str(), is_valid) {
                ("invited", Some(true)) => MembershipState::Invited,
                ("invited", _) => MembershipState::Expired,
                ("active", None) => MembershipState::Active,
                ("suspended", None) => MembershipState::Suspended,
                other => panic!("{other:?}"),
            },
        }
    }

    async fn perform(&self, action: Action) -> Outcome {
        let user_action = match action {
            Action::Invite => {
                return match self.app.invite_one(&self.email).await {
                    AddressClass::New | AddressClass::Expired => Outcome::Applied,
                    AddressClass::Refused { why } => Outcome::Rejected(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Accept => {
                let nobody = self.app.anonymous();
                let context = nobody.organization(SLUG).await.unwrap();
                let joined = invitations::join(&context, &self.token, &self.email, "Some Blob").await;
                return match joined {
                    Ok(_) => Outcome::Applied,
                    Err(Error::Problem(Problem::InvalidLink)) => Outcome::InvalidLink,
                    Err(other) => panic!("{other}"),
                };
            }
            Action::Request => {
                let nobody = self.app.anonymous();
                requests::submit(&nobody.organization(SLUG).await.unwrap(), &self.email, "Some Blob", "")
                    .await
                    .unwrap();
                self.app.send_mail().await;
                return Outcome::Applied;
            }
            Action::Approve => {
                let class = self.app.invite_one(&self.email).await;
                return match (self.app.count_open_requests(&self.email).await, class) {
                    (0, _) => Outcome::Applied,
                    (_, AddressClass::Refused { why }) => Outcome::Rejected(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Dismiss => {
                let admin = self.app.admin.admin(SLUG).await.unwrap();
                let open =
                    requests::find_open_by_email(&admin, std::slice::from_ref(&self.email)).await.unwrap();
                assert_eq!(requests::dismiss(&admin, &open, false).await.unwrap(), 1);
                assert_eq!(self.app.count_open_requests(&self.email).await, 0);
                return Outcome::Applied;
            }
            Action::Resend => UserAction::Resend,
            Action::RevokeInvitation => UserAction::RevokeInvitation,
            Action::ChangeRole => UserAction::MakeAdmin,
            Action::Suspend => UserAction::Suspend,
            Action::Reactivate => UserAction::Reactivate,
            Action::RevokeMembership => UserAction::RevokeMembership,
            Action::ScimDeactivate => UserAction::Deactivate,
            Action::ScimActivate => UserAction::Activate,
            Action::ScimCreate => {
                let key = self.app.key().await;
                let request_context = self.app.anonymous();
                let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
                let form = UserUpdate {
                    email: EmailAddress::parse(&self.email).unwrap(),
                    name: String::new(),
                    active: true,
                    external_id: None,
                    attributes: serde_json::Map::new(),
                };
                return match scim::create_user(&api_client, &form).await {
                    Ok(_) => Outcome::Applied,
                    Err(Error::Problem(Problem::Refused { why })) => Outcome::Rejected(why),
                    Err(other) => panic!("{other}"),
                };
            }
            Action::SsoSignIn | Action::SsoSignInInvited => {
                unreachable!("SSO sign-in has its own test")
            }
        };
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        let result = users::apply_action(&admin, user_action, &[self.user]).await.unwrap();
        match (result.done.as_slice(), result.refused.as_slice(), result.not_found) {
            ([email], [], 0) if *email == self.email => Outcome::Applied,
            ([], [refused], 0) if refused.email == self.email => Outcome::Rejected(refused.why),
            ([], [], _) => Outcome::NoOp,
            other => panic!("{other:?}"),
        }
    }

    /// How many emails of each kind were queued for the address. Deliveries that were replaced by another kind do not count.
    async fn count_emails(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for (count, kind) in counts.iter_mut().zip(["invitation", "sign_in", "request"]) {
            let deliveries = format!(
                "deliveries where kind = '{kind}' and state <> 'cancelled' and email = '{}'",
                self.email
            );
            *count = self.app.count(&deliveries).await;
        }
        counts
    }

    async fn audit_events(&self) -> Vec<String> {
        sqlx::query_scalar("select action from audit_events where target_email = $1 order by action")
            .bind(&self.email)
            .fetch_all(&self.app.context.pool)
            .await
            .unwrap()
    }

    async fn count_sessions(&self) -> usize {
        self.app.count(&format!("sessions where user_id = '{}'", self.user)).await
    }
}

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
            app.run("delete from rate_limits").await;
            let expected = transition(action, state);
            let email = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
            let subject = Subject::new(&app, email, state).await;
            let case = format!("{} × {state:?}", action.label());
            if matches!(action, Action::Approve | Action::Dismiss) {
                app.insert_open_request(&subject.email).await;
            }
            // Send the emails queued during setup: only those that the action queues are counted.
            app.send_mail().await;
            let emails_before = subject.count_emails().await;
            let mut events = subject.audit_events().await;
            let before = dump(&app).await;
            let outcome = subject.perform(action).await;
            match expected {
                Transition::Apply(effect) => {
                    assert_eq!(outcome, Outcome::Applied, "{case}");
                    assert_eq!(subject.state().await, effect.state, "{case}");
                    let expected_emails = match effect.mail {
                        Mail::None => [0, 0, 0],
                        Mail::Invitation | Mail::ExistingInvitation => [1, 0, 0],
                        Mail::SignIn => [0, 1, 0],
                        Mail::Confirmation => [0, 0, 1],
                    };
                    let emails_after = subject.count_emails().await;
                    let emails: Vec<usize> = emails_after
                        .iter()
                        .zip(emails_before)
                        .map(|(after, before)| after - before)
                        .collect();
                    assert_eq!(emails, expected_emails, "{case}: emails");
                    events.extend(effect.audit.map(|action| action.code().to_owned()));
                    events.sort_unstable();
                    assert_eq!(subject.audit_events().await, events, "{case}: audit events");
                    if effect.mail == Mail::Invitation {
                        let expires_at = app.expires_at(&subject.email).await;
                        assert_eq!(expires_at, app.now() + TimeDelta::days(7), "{case}");
                    }
                    let is_by_admin_or_client =
                        matches!(action, Action::Reactivate | Action::ScimActivate | Action::ScimCreate);
                    let signs_in = effect.state == MembershipState::Active && !is_by_admin_or_client;
                    assert_eq!(subject.count_sessions().await, usize::from(signs_in), "{case}: sessions");
                }
                Transition::Reject(why) => {
                    let expected =
                        if action == Action::Accept { Outcome::InvalidLink } else { Outcome::Rejected(why) };
                    assert_eq!(outcome, expected, "{case}");
                    assert_eq!(dump(&app).await, before, "{case} changed something");
                }
                Transition::NoOp => {
                    assert_eq!(outcome, Outcome::NoOp, "{case}");
                    assert_eq!(dump(&app).await, before, "{case} changed something");
                }
            }
        }
    }
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
