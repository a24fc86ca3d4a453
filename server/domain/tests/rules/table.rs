//! Every cell of the rule table, through the rules themselves: what is done, and that what is refused changes nothing.

use crate::world::{SLUG, World, refusal};
use chrono::TimeDelta;
use domain::{Error, Token, invitations, requests, users};
use model::actions::UserAction;
use model::invite::AddressClass;
use model::rules::{Action, AddressState, Cell, Mail, Refusal, rule};
use model::{OrganizationRole, Problem, UserId};
use sqlx::PgPool;
use std::fmt::Write;
use uuid::Uuid;

/// An address in a state, and all that a test does to it.
struct Subject<'a> {
    world: &'a World,
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
    async fn new(world: &'a World, email: String, state: AddressState) -> Self {
        world.invite(&email).await;
        let token = world.token(&email).await;
        let user = world.user(&email).await;
        match state {
            AddressState::Unknown => world.revoke(&email).await,
            AddressState::Invited => {}
            AddressState::Expired => {
                world
                    .run(&format!(
                        "update invitations set expires_at = '{}' where email = '{email}'",
                        world.domain.clock.now() - TimeDelta::seconds(1)
                    ))
                    .await;
            }
            AddressState::Active | AddressState::Suspended => {
                let nobody = world.nobody();
                let visitor = nobody.visit(SLUG).await.unwrap();
                invitations::join(&visitor, &token, &email, "Some Blob").await.unwrap();
                if state == AddressState::Suspended {
                    world.suspend(&email).await;
                }
            }
        }
        let subject = Self { world, email, user, token };
        assert_eq!(subject.state().await, state);
        subject
    }

    async fn state(&self) -> AddressState {
        let row: Option<(String, Option<bool>)> = sqlx::query_as(
            "select u.status, i.expires_at > $2 from users u
             left join invitations i on i.user_id = u.id and i.status = 'open' where u.email = $1",
        )
        .bind(&self.email)
        .bind(self.world.domain.clock.now())
        .fetch_optional(&self.world.domain.pool)
        .await
        .unwrap();
        match row {
            None => AddressState::Unknown,
            Some((status, lasts)) => match (status.as_str(), lasts) {
                ("invited", Some(true)) => AddressState::Invited,
                ("invited", _) => AddressState::Expired,
                ("active", None) => AddressState::Active,
                ("suspended", None) => AddressState::Suspended,
                other => panic!("{other:?}"),
            },
        }
    }

    async fn does(&self, action: Action) -> Came {
        let act = match action {
            Action::Invite => {
                return match self.world.invite_one(&self.email).await {
                    AddressClass::New | AddressClass::Again => Came::Done,
                    AddressClass::Refused { why } => Came::Refused(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Accept => {
                let nobody = self.world.nobody();
                let visitor = nobody.visit(SLUG).await.unwrap();
                let joined = invitations::join(&visitor, &self.token, &self.email, "Some Blob").await;
                return match joined {
                    Ok(_) => Came::Done,
                    Err(Error::Problem(Problem::LinkUnusable)) => Came::LinkRefused,
                    Err(other) => panic!("{other}"),
                };
            }
            Action::Request => {
                let nobody = self.world.nobody();
                requests::ask(&nobody.visit(SLUG).await.unwrap(), &self.email, "Some Blob", "")
                    .await
                    .unwrap();
                self.world.send_mail().await;
                return Came::Done;
            }
            Action::Approve => {
                let class = self.world.invite_one(&self.email).await;
                return match (self.open_requests().await, class) {
                    (0, _) => Came::Done,
                    (_, AddressClass::Refused { why }) => Came::Refused(why),
                    other => panic!("{other:?}"),
                };
            }
            Action::Dismiss => {
                let admin = self.world.admin.admin(SLUG).await.unwrap();
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
            Action::SsoSignIn | Action::SsoSignInInvited | Action::ScimCreate => {
                unreachable!("these have no door yet")
            }
        };
        let admin = self.world.admin.admin(SLUG).await.unwrap();
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
                "deliveries where kind = '{kind}' and state <> 'dropped' and email = '{}'",
                self.email
            );
            *count = self.world.count(&what).await;
        }
        counts
    }

    async fn open_requests(&self) -> i64 {
        self.world
            .count(&format!("invitation_requests where status = 'open' and email = '{}'", self.email))
            .await
    }

    /// An open request, for the actions that answer one.
    async fn has_asked(&self) {
        self.world
            .run(&format!(
                "insert into invitation_requests
                    (organization_id, id, email, email_key, status, proof, created_at)
                 values ('{}', gen_random_uuid(), '{1}', '{1}', 'open', 'mail', now())",
                self.world.organization, self.email
            ))
            .await;
    }

    async fn audit_rows(&self) -> Vec<String> {
        sqlx::query_scalar("select action from audit_events where target_email = $1 order by action")
            .bind(&self.email)
            .fetch_all(&self.world.domain.pool)
            .await
            .unwrap()
    }

    async fn sessions(&self) -> i64 {
        self.world.count(&format!("sessions where user_id = '{}'", self.user)).await
    }
}

/// Every row of every table, to see that nothing was changed.
async fn rows(world: &World) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' order by 1",
    )
    .fetch_all(&world.domain.pool)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&world.domain.pool).await.unwrap();
        writeln!(all, "{table}\n{rows}").unwrap();
    }
    all
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_action_does_to_every_state_what_the_table_says(pool: PgPool) {
    let world = World::new(pool).await;
    world.run("update organizations set requests_open = true").await;
    let without_a_door = [Action::SsoSignIn, Action::SsoSignInInvited, Action::ScimCreate];
    for action in Action::ALL.into_iter().filter(|action| !without_a_door.contains(action)) {
        for state in AddressState::ALL {
            // The quotas are another matter.
            world.run("delete from quotas").await;
            let cell = rule(action, state);
            let name = format!("{action:?}-{state:?}@blobsrus.com").to_lowercase();
            let subject = Subject::new(&world, name, state).await;
            let what = format!("{} × {state:?}", action.label());
            if matches!(action, Action::Approve | Action::Dismiss) {
                subject.has_asked().await;
            }
            // What the preparations have queued is not what the action sends.
            world.send_mail().await;
            let (mails, mut audit) = (subject.mails().await, subject.audit_rows().await);
            let before = rows(&world).await;
            let came = subject.does(action).await;
            match cell {
                Cell::Done(outcome) => {
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
                        let ends = world.expires_at(&subject.email).await;
                        assert_eq!(ends, world.domain.clock.now() + TimeDelta::days(7), "{what}");
                    }
                    let comes_back = matches!(action, Action::Reactivate | Action::ScimActivate);
                    let signed_in = outcome.state == AddressState::Active && !comes_back;
                    assert_eq!(subject.sessions().await, i64::from(signed_in), "{what}: sessions");
                }
                Cell::Refused(why) => {
                    let wanted =
                        if action == Action::Accept { Came::LinkRefused } else { Came::Refused(why) };
                    assert_eq!(came, wanted, "{what}");
                    assert_eq!(rows(&world).await, before, "{what} changed something");
                }
                Cell::Nothing => {
                    assert_eq!(came, Came::Nothing, "{what}");
                    assert_eq!(rows(&world).await, before, "{what} changed something");
                }
            }
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_is_changed_when_nobody_or_too_many_are_named(pool: PgPool) {
    let world = World::new(pool).await;
    let admin = world.admin.admin(SLUG).await.unwrap();
    let before = rows(&world).await;
    let none = refusal(users::act(&admin, UserAction::Suspend, &[]).await);
    assert!(matches!(none, Problem::Invalid { .. }));
    let many: Vec<UserId> = (0..1_001).map(|n| UserId(Uuid::from_u128(n))).collect();
    let too_many = refusal(users::act(&admin, UserAction::Suspend, &many).await);
    assert!(matches!(too_many, Problem::Invalid { .. }));
    assert_eq!(rows(&world).await, before);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_last_active_admin_stays_one_by_every_path(pool: PgPool) {
    let world = World::new(pool).await;
    let ada = world.user(crate::world::ADMIN).await;
    let before = rows(&world).await;
    for action in [UserAction::Suspend, UserAction::RevokeMembership, UserAction::MakeMember] {
        let answer = world.try_to(action, crate::world::ADMIN).await;
        assert_eq!(answer.refused.first().map(|one| one.why), Some(Refusal::LastAdmin), "{action:?}");
    }
    let admin = world.admin.admin(SLUG).await.unwrap();
    let problem = refusal(users::change(&admin, ada, &OrganizationRole::Member.into()).await);
    assert_eq!(problem, Problem::Refused { why: Refusal::LastAdmin });
    assert_eq!(rows(&world).await, before);
    // An admin who has not joined, or is suspended, is none that could go on.
    world.invite_as("invited@blobsrus.com", OrganizationRole::Admin).await;
    assert_eq!(world.try_to(UserAction::Suspend, crate::world::ADMIN).await.done.len(), 0);
    // Of several at once, one stays.
    world.make_active("second@blobsrus.com").await;
    world.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    let second = world.user("second@blobsrus.com").await;
    let answer = users::act(&admin, UserAction::Suspend, &[ada, second]).await.unwrap();
    assert_eq!((answer.done.len(), answer.refused.len()), (1, 1));
    assert_eq!(world.count("users where role = 'admin' and status = 'active'").await, 1);
}
