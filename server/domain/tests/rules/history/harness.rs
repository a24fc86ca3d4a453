//! Doing random things, and looking at what came of them.

use super::{Answer, Input, Operation, Person, Place};
use crate::test_app::{SLUG, TestApp};
use domain::{Error, invitations, requests, users};
use model::actions::UserAction;
use model::invitations::AddressClass;
use model::transitions::MembershipState;
use model::{InvitationId, Problem, RequestId, UserId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// A random number generator that is the same everywhere (Marsaglia, 2003: xorshift64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

pub struct Stage {
    pub app: TestApp,
    pub time: AtomicU64,
    pub numbers: AtomicU64,
}

impl Stage {
    pub fn email(address: usize) -> String {
        format!("blob{address}@blobsrus.com")
    }

    fn tick(&self) -> u64 {
        self.time.fetch_add(1, Ordering::SeqCst)
    }

    /// What to do next: to the user or the invitation that is there now, or was a while ago.
    pub async fn choose(&self, address: usize, dice: &mut Dice) -> Input {
        let pool = &self.app.context.pool;
        let email = Self::email(address);
        let action = match dice.roll(13) {
            10 | 11 => return Input::Confirm(self.try_of(&email).await),
            12 => return Input::Dismiss,
            0 | 1 => return Input::Invite,
            2..=4 => {
                let newest: Vec<Uuid> = sqlx::query_scalar(
                    "select invitation_id from made where email = $1 order by n desc limit 2",
                )
                .bind(email)
                .fetch_all(pool)
                .await
                .unwrap();
                let sides = newest.len().max(1);
                return newest.get(dice.roll(sides)).map_or(Input::Invite, |id| Input::Accept(*id));
            }
            5 => UserAction::Resend,
            6 => UserAction::RevokeInvitation,
            7 => UserAction::RevokeMembership,
            8 => UserAction::Suspend,
            _ => [UserAction::Reactivate, UserAction::MakeAdmin, UserAction::MakeMember][dice.roll(3)],
        };
        let user: Option<Uuid> = sqlx::query_scalar("select id from users where email = $1")
            .bind(email)
            .fetch_optional(pool)
            .await
            .unwrap();
        user.map_or(Input::Invite, |user| Input::Act(action, user))
    }

    /// A try that waits to be confirmed.
    async fn try_of(&self, email: &str) -> Uuid {
        sqlx::query_scalar(
            "insert into invitation_requests
                (organization_id, id, email, email_normalized, status, created_at, confirm_expires_at)
             values ($1, gen_random_uuid(), $2, $2, 'unconfirmed', $3, $3 + interval '1 day') returning id",
        )
        .bind(self.app.organization.0)
        .bind(email)
        .bind(self.app.context.clock.now())
        .fetch_one(&self.app.context.pool)
        .await
        .unwrap()
    }

    pub async fn perform(&self, address: usize, input: Input) -> Operation {
        let source = format!("operation {}", self.numbers.fetch_add(1, Ordering::SeqCst));
        let (email, start) = (Self::email(address), self.tick());
        let answer = match input {
            Input::Invite => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let offer = model::invitations::AccessGrant::default();
                let answer = invitations::invite(&admin, &email, &offer).await.unwrap();
                match answer.addresses[0].class {
                    AddressClass::New => Answer::Done,
                    AddressClass::Refused { why } => Answer::Refused(why),
                    ref other => panic!("{other:?}"),
                }
            }
            Input::Act(action, user) => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let answer = users::act(&admin, action, &[UserId(user)]).await.unwrap();
                match (answer.done.len(), answer.refused.first()) {
                    (1, None) => Answer::Done,
                    (0, Some(one)) => Answer::Refused(one.why),
                    _ => Answer::Gone,
                }
            }
            Input::Confirm(request) => {
                let keys = &self.app.context.keys;
                let token = keys.request_token(self.app.organization, RequestId(request)).unwrap();
                let request_context = self.app.nobody_from(&source);
                requests::confirm(&request_context.organization(SLUG).await.unwrap(), &token).await.unwrap();
                Answer::Done
            }
            Input::Dismiss => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let open = requests::find_open_by_email(&admin, std::slice::from_ref(&email)).await.unwrap();
                match requests::dismiss(&admin, &open, false).await.unwrap() {
                    0 => Answer::Gone,
                    _ => Answer::Done,
                }
            }
            Input::Accept(invitation) => {
                let keys = &self.app.context.keys;
                let token = keys.invitation_token(self.app.organization, InvitationId(invitation)).unwrap();
                let request_context = self.app.nobody_from(&source);
                let context = request_context.organization(SLUG).await.unwrap();
                match invitations::join(&context, &token, &email, "Some Blob").await {
                    Ok(_) => Answer::Done,
                    Err(Error::Problem(Problem::LinkUnusable)) => Answer::LinkUnusable,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        Operation { address, input, answer, start, end: self.tick(), source }
    }

    /// Which user and invitation each operation has made.
    pub async fn made(&self) -> HashMap<String, (Uuid, Uuid)> {
        sqlx::query_as::<_, (String, Uuid, Uuid)>(
            "select a.source, m.user_id, m.invitation_id
             from audit_events a join made m on m.user_id = a.target_id where a.action = 'user.invited'",
        )
        .fetch_all(&self.app.context.pool)
        .await
        .unwrap()
        .into_iter()
        .map(|(source, user, invitation)| (source, (user, invitation)))
        .collect()
    }

    /// What there is at the address now.
    pub async fn now(&self, address: usize) -> Place {
        let has = async |status: &str| {
            let email = Self::email(address);
            self.app
                .count(&format!("invitation_requests where status = '{status}' and email = '{email}'"))
                .await
                > 0
        };
        Place {
            person: self.person(address).await,
            asks: has("open").await,
            dismissed: has("dismissed").await,
        }
    }

    async fn person(&self, address: usize) -> Option<Person> {
        let row: Option<(Uuid, Uuid, String)> = sqlx::query_as(
            "select u.id, m.invitation_id, u.status from users u join made m on m.user_id = u.id where u.email = $1",
        )
        .bind(Self::email(address))
        .fetch_optional(&self.app.context.pool)
        .await
        .unwrap();
        row.map(|(user, invitation, status)| {
            let state = match status.as_str() {
                "active" => MembershipState::Active,
                "suspended" => MembershipState::Suspended,
                _ => MembershipState::Invited,
            };
            Person { user, invitation, state }
        })
    }
}
