//! Every cell of the rule table, through the rules themselves: what is done, and that what is refused changes nothing.

use crate::provider::Account;
use crate::sso::SsoApp;
use crate::test_app::{SLUG, TestApp, refusal};
use chrono::TimeDelta;
use domain::scim::{self, UserUpdate};
use domain::{Error, Token, invitations, requests, users};
use model::actions::UserAction;
use model::invitations::AddressClass;
use model::transitions::{Action, Mail, MembershipState, Refusal, Transition, transition};
use model::{EmailAddress, OrganizationRole, Problem, UserId};
use sqlx::PgPool;
use std::fmt::Write;
use uuid::Uuid;

/// An address in a state, and all that a test does to it.
struct Subject<'a> {
    app: &'a TestApp,
    email: String,
    user: UserId,
    token: Token,
}

/// What came of an action, in the table's words.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Done,
    Refused(Refusal),
    Nothing,
    /// The link's page says why.
    LinkRefused,
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
                app.run(&format!(
                    "update invitations set expires_at = '{}' where email = '{email}'",
                    app.context.clock.now() - TimeDelta::seconds(1)
                ))
                .await;
            }
            MembershipState::Active | MembershipState::Suspended => {
                let nobody = app.nobody();
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
        .bind(self.app.context.clock.now())
        .fetch_optional(&self.app.context.pool)
        .await
        .unwrap();
        match row {
            None => MembershipState::Unknown,
            Some((status, lasts)) => match (status.as_str(), lasts) {
                ("invited", Some(true)) => MembershipState::Invited,
                ("invited", _) => MembershipState::Expired,
                ("active", None) => MembershipState::Active,
                ("suspended", None) => MembershipState::Suspended,
                other => panic!("{other:?}"),
            },
        }
    }

    async fn does(&self, action: Action) -> Came {
        let act = match action {
            Action::Invite => {
                return match self.app.invite_one(&self.email).await {
                    AddressClass::New | AddressClass::Again => Came::Done,
                    AddressClass::Refused { why } => Came::Refused(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Accept => {
                let nobody = self.app.nobody();
                let context = nobody.organization(SLUG).await.unwrap();
                let joined = invitations::join(&context, &self.token, &self.email, "Some Blob").await;
                return match joined {
                    Ok(_) => Came::Done,
                    Err(Error::Problem(Problem::LinkUnusable)) => Came::LinkRefused,
                    Err(other) => panic!("{other}"),
                };
            }
            Action::Request => {
                let nobody = self.app.nobody();
                requests::submit(&nobody.organization(SLUG).await.unwrap(), &self.email, "Some Blob", "")
                    .await
                    .unwrap();
                self.app.send_mail().await;
                return Came::Done;
            }
            Action::Approve => {
                let class = self.app.invite_one(&self.email).await;
                return match (self.open_requests().await, class) {
                    (0, _) => Came::Done,
                    (_, AddressClass::Refused { why }) => Came::Refused(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Dismiss => {
                let admin = self.app.admin.admin(SLUG).await.unwrap();
                let open = requests::of_addresses(&admin, std::slice::from_ref(&self.email)).await.unwrap();
                assert_eq!(requests::dismiss(&admin, &open, false).await.unwrap(), 1);
                assert_eq!(self.open_requests().await, 0);
                return Came::Done;
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
                let request_context = self.app.nobody();
                let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
                let form = UserUpdate {
                    email: EmailAddress::parse(&self.email).unwrap(),
                    name: String::new(),
                    active: true,
                    external_id: None,
                    attributes: serde_json::Map::new(),
                };
                return match scim::create(&api_client, &form).await {
                    Ok(_) => Came::Done,
                    Err(Error::Problem(Problem::Refused { why })) => Came::Refused(why),
                    Err(other) => panic!("{other}"),
                };
            }
            Action::SsoSignIn | Action::SsoSignInInvited => {
                unreachable!("the way over a provider has a test of its own")
            }
        };
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        let answer = users::act(&admin, act, &[self.user]).await.unwrap();
        match (answer.done.as_slice(), answer.refused.as_slice(), answer.gone) {
            ([email], [], 0) if *email == self.email => Came::Done,
            ([], [one], 0) if one.email == self.email => Came::Refused(one.why),
            ([], [], _) => Came::Nothing,
            other => panic!("{other:?}"),
        }
    }

    /// How many mails of each kind were queued for it. One about a request that turned into another is none.
    async fn mails(&self) -> [i64; 3] {
        let mut counts = [0; 3];
        for (count, kind) in counts.iter_mut().zip(["invitation", "sign_in", "request"]) {
            let what = format!(
                "deliveries where kind = '{kind}' and state <> 'cancelled' and email = '{}'",
                self.email
            );
            *count = self.app.count(&what).await;
        }
        counts
    }

    async fn open_requests(&self) -> i64 {
        self.app
            .count(&format!("invitation_requests where status = 'open' and email = '{}'", self.email))
            .await
    }

    /// An open request, for the actions that answer one.
    async fn has_asked(&self) {
        self.app
            .run(&format!(
                "insert into invitation_requests
                    (organization_id, id, email, email_normalized, status, proof, created_at)
                 values ('{}', gen_random_uuid(), '{1}', '{1}', 'open', 'email', now())",
                self.app.organization, self.email
            ))
            .await;
    }

    async fn audit_rows(&self) -> Vec<String> {
        sqlx::query_scalar("select action from audit_events where target_email = $1 order by action")
            .bind(&self.email)
            .fetch_all(&self.app.context.pool)
            .await
            .unwrap()
    }

    async fn sessions(&self) -> i64 {
        self.app.count(&format!("sessions where user_id = '{}'", self.user)).await
    }
}

/// Every row of every table, to see that nothing was changed.
async fn rows(app: &TestApp) -> String {
    rows_but(app, &[]).await
}

/// The same, but for some tables.
async fn rows_but(app: &TestApp, left_out: &[&str]) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_name <> all($1) order by 1",
    )
    .bind(left_out)
    .fetch_all(&app.context.pool)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&app.context.pool).await.unwrap();
        writeln!(all, "{table}\n{rows}").unwrap();
    }
    all
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_action_does_to_every_state_what_the_table_says(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.run("update organizations set requests_enabled = true").await;
    let by_provider = [Action::SsoSignIn, Action::SsoSignInInvited];
    // Made before anything is compared.
    app.key().await;
    for action in Action::ALL.into_iter().filter(|action| !by_provider.contains(action)) {
        for state in MembershipState::ALL {
            // The rate_limits are another matter.
            app.run("delete from rate_limits").await;
            let cell = transition(action, state);
            let name = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
            let subject = Subject::new(&app, name, state).await;
            let what = format!("{} × {state:?}", action.label());
            if matches!(action, Action::Approve | Action::Dismiss) {
                subject.has_asked().await;
            }
            // What the preparations have queued is not what the action sends.
            app.send_mail().await;
            let (mails, mut audit) = (subject.mails().await, subject.audit_rows().await);
            let before = rows(&app).await;
            let came = subject.does(action).await;
            match cell {
                Transition::Apply(outcome) => {
                    assert_eq!(came, Came::Done, "{what}");
                    assert_eq!(subject.state().await, outcome.state, "{what}");
                    let more = match outcome.mail {
                        Mail::No => [0, 0, 0],
                        Mail::Invitation | Mail::InvitationAgain => [1, 0, 0],
                        Mail::SignIn => [0, 1, 0],
                        Mail::Confirmation => [0, 0, 1],
                    };
                    let after = subject.mails().await;
                    let came: Vec<i64> =
                        after.iter().zip(mails).map(|(after, before)| after - before).collect();
                    assert_eq!(came, more, "{what}: mails");
                    audit.extend(outcome.audit.map(ToOwned::to_owned));
                    audit.sort_unstable();
                    assert_eq!(subject.audit_rows().await, audit, "{what}: audit rows");
                    if outcome.mail == Mail::Invitation {
                        let ends = app.expires_at(&subject.email).await;
                        assert_eq!(ends, app.context.clock.now() + TimeDelta::days(7), "{what}");
                    }
                    let stays_out =
                        matches!(action, Action::Reactivate | Action::ScimActivate | Action::ScimCreate);
                    let signed_in = outcome.state == MembershipState::Active && !stays_out;
                    assert_eq!(subject.sessions().await, i64::from(signed_in), "{what}: sessions");
                }
                Transition::Reject(why) => {
                    let wanted =
                        if action == Action::Accept { Came::LinkRefused } else { Came::Refused(why) };
                    assert_eq!(came, wanted, "{what}");
                    assert_eq!(rows(&app).await, before, "{what} changed something");
                }
                Transition::NoOp => {
                    assert_eq!(came, Came::Nothing, "{what}");
                    assert_eq!(rows(&app).await, before, "{what} changed something");
                }
            }
        }
    }
}

/// A refusal is kept, for its page and for the admins; nothing else is changed by it.
const KEPT: [&str; 2] = ["audit_events", "sso_login_flows"];

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn signing_in_by_a_provider_does_to_every_state_what_the_table_says(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let app = &sso.app;
    for action in [Action::SsoSignIn, Action::SsoSignInInvited] {
        sso.update_connection(|form| form.just_in_time = action == Action::SsoSignIn).await;
        for state in MembershipState::ALL {
            let what = format!("{} × {state:?}", action.label());
            let name = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
            let subject = Subject::new(app, name.clone(), state).await;
            let (mut audit, sessions) = (subject.audit_rows().await, app.count("sessions").await);
            let before = rows_but(app, &KEPT).await;
            let came = sso.sign_in(Account::new(&name, &name)).await;
            match transition(action, state) {
                Transition::Apply(outcome) => {
                    assert!(came.is_ok(), "{what}: {:?}", came.err());
                    assert_eq!(subject.state().await, outcome.state, "{what}");
                    audit.extend(outcome.audit.map(ToOwned::to_owned));
                    audit.sort_unstable();
                    assert_eq!(subject.audit_rows().await, audit, "{what}: audit rows");
                    assert_eq!(app.count("sessions").await, sessions + 1, "{what}: sessions");
                }
                Transition::Reject(_) => {
                    assert!(came.is_err(), "{what}");
                    assert_eq!(rows_but(app, &KEPT).await, before, "{what} changed something");
                }
                Transition::NoOp => panic!("{what}: whoever comes is answered"),
            }
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_is_changed_when_nobody_or_too_many_are_named(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let before = rows(&app).await;
    let none = refusal(users::act(&admin, UserAction::Suspend, &[]).await);
    assert!(matches!(none, Problem::Invalid { .. }));
    let many: Vec<UserId> = (0..1_001).map(|n| UserId(Uuid::from_u128(n))).collect();
    let too_many = refusal(users::act(&admin, UserAction::Suspend, &many).await);
    assert!(matches!(too_many, Problem::Invalid { .. }));
    assert_eq!(rows(&app).await, before);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_last_active_admin_stays_one_by_every_path(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let ada = app.user(crate::test_app::ADMIN).await;
    let before = rows(&app).await;
    for action in [UserAction::Suspend, UserAction::RevokeMembership, UserAction::MakeMember] {
        let answer = app.try_to(action, crate::test_app::ADMIN).await;
        assert_eq!(answer.refused.first().map(|one| one.why), Some(Refusal::LastAdmin), "{action:?}");
    }
    let admin = app.admin.admin(SLUG).await.unwrap();
    let problem = refusal(users::change(&admin, ada, &OrganizationRole::Member.into()).await);
    assert_eq!(problem, Problem::Refused { why: Refusal::LastAdmin });
    assert_eq!(rows(&app).await, before);
    // An admin who has not joined, or is suspended, is none that could go on.
    app.invite_as("invited@blobsrus.com", OrganizationRole::Admin).await;
    assert_eq!(app.try_to(UserAction::Suspend, crate::test_app::ADMIN).await.done.len(), 0);
    // Of several at once, one stays.
    app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    let second = app.user("second@blobsrus.com").await;
    let answer = users::act(&admin, UserAction::Suspend, &[ada, second]).await.unwrap();
    assert_eq!((answer.done.len(), answer.refused.len()), (1, 1));
    assert_eq!(app.count("users where role = 'admin' and status = 'active'").await, 1);
}
