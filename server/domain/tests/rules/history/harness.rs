//! Performs random operations, and observes the resulting states.

use super::{AddressState, CreatedInvitations, Input, Operation, Response, UserState};
use domain::{Error, invitations, requests, users};
use model::actions::UserAction;
use model::invitations::{AccessGrant, AddressClass};
use model::transitions::MembershipState;
use model::{InvitationId, Problem, RequestId, UserId};
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicU64, Ordering};
use test_support::{SLUG, TestApp};
use uuid::Uuid;

pub struct Harness {
    pub app: TestApp,
    /// The logical clock.
    clock: AtomicU64,
    next_operation: AtomicU64,
}

impl Harness {
    /// Prepares the app: requests are enabled, and the table `created_invitations` keeps which user each invitation was
    /// created for, even after both are deleted.
    pub async fn new(app: TestApp) -> Self {
        app.enable_requests().await;
        app.run(
            "create table created_invitations (n bigserial, email text, user_id uuid, invitation_id uuid)",
        )
        .await;
        app.run(
            "create function record_created_invitation() returns trigger language plpgsql as $$ begin
                insert into created_invitations (email, user_id, invitation_id)
                values (new.email, new.user_id, new.id);
                return new; end $$",
        )
        .await;
        app.run(
            "create trigger record_created_invitation after insert on invitations
             for each row execute function record_created_invitation()",
        )
        .await;
        Self { app, clock: AtomicU64::new(0), next_operation: AtomicU64::new(0) }
    }

    fn email(address: usize) -> String {
        format!("blob{address}@blobsrus.com")
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// A random input for the user or an invitation of the address, current or recent.
    pub async fn random_input(&self, address: usize, rng: &mut StdRng) -> Input {
        let pool = &self.app.context.pool;
        let email = Self::email(address);
        let action = match rng.random_range(0..13) {
            10 | 11 => return Input::Confirm(self.insert_unconfirmed_request(&email).await),
            12 => return Input::Dismiss,
            0 | 1 => return Input::Invite,
            2..=4 => {
                let latest: Vec<Uuid> = sqlx::query_scalar(
                    "select invitation_id from created_invitations where email = $1 order by n desc limit 2",
                )
                .bind(email)
                .fetch_all(pool)
                .await
                .unwrap();
                let index = rng.random_range(0..latest.len().max(1));
                return latest.get(index).map_or(Input::Invite, |id| Input::Accept(*id));
            }
            5 => UserAction::Resend,
            6 => UserAction::RevokeInvitation,
            7 => UserAction::RevokeMembership,
            8 => UserAction::Suspend,
            _ => [UserAction::Reactivate, UserAction::MakeAdmin, UserAction::MakeMember]
                [rng.random_range(0..3)],
        };
        let user: Option<Uuid> = sqlx::query_scalar("select id from users where email = $1")
            .bind(email)
            .fetch_optional(pool)
            .await
            .unwrap();
        user.map_or(Input::Invite, |user| Input::Act(action, user))
    }

    async fn insert_unconfirmed_request(&self, email: &str) -> Uuid {
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
        let source = format!("operation {}", self.next_operation.fetch_add(1, Ordering::SeqCst));
        let (email, start) = (Self::email(address), self.tick());
        let response = match input {
            Input::Invite => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let result = invitations::invite(&admin, &email, &AccessGrant::default()).await.unwrap();
                match result.addresses[0].class {
                    AddressClass::New => Response::Done,
                    AddressClass::Refused { why } => Response::Refused(why),
                    ref other => panic!("{other:?}"),
                }
            }
            Input::Act(action, user) => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let result = users::apply_action(&admin, action, &[UserId(user)]).await.unwrap();
                match (result.done.len(), result.refused.first()) {
                    (1, None) => Response::Done,
                    (0, Some(refused)) => Response::Refused(refused.why),
                    _ => Response::NotFound,
                }
            }
            Input::Confirm(request) => {
                let keys = &self.app.context.keys;
                let token = keys.request_token(self.app.organization, RequestId(request)).unwrap();
                let request_context = self.app.anonymous_from(&source);
                requests::confirm(&request_context.organization(SLUG).await.unwrap(), &token).await.unwrap();
                Response::Done
            }
            Input::Dismiss => {
                let request_context = self.app.admin_from(&source);
                let admin = request_context.admin(SLUG).await.unwrap();
                let open = requests::find_open_by_email(&admin, std::slice::from_ref(&email)).await.unwrap();
                match requests::dismiss(&admin, &open, false).await.unwrap() {
                    0 => Response::NotFound,
                    _ => Response::Done,
                }
            }
            Input::Accept(invitation) => {
                let keys = &self.app.context.keys;
                let token = keys.invitation_token(self.app.organization, InvitationId(invitation)).unwrap();
                let request_context = self.app.anonymous_from(&source);
                let context = request_context.organization(SLUG).await.unwrap();
                match invitations::join(&context, &token, &email, "Some Blob").await {
                    Ok(_) => Response::Done,
                    Err(Error::Problem(Problem::InvalidLink)) => Response::InvalidLink,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        Operation { address, input, response, start, end: self.tick(), source }
    }

    pub async fn created_invitations(&self) -> CreatedInvitations {
        sqlx::query_as::<_, (String, Uuid, Uuid)>(
            "select event.source, created.user_id, created.invitation_id
             from audit_events event join created_invitations created on created.user_id = event.target_id
             where event.action = 'user.invited'",
        )
        .fetch_all(&self.app.context.pool)
        .await
        .unwrap()
        .into_iter()
        .map(|(source, user, invitation)| (source, (user, invitation)))
        .collect()
    }

    /// The state of the address in the database.
    pub async fn observe(&self, address: usize) -> AddressState {
        let has_request = async |status: &str| {
            let email = Self::email(address);
            self.app
                .count(&format!("invitation_requests where status = '{status}' and email = '{email}'"))
                .await
                > 0
        };
        AddressState {
            user: self.observe_user(address).await,
            has_open_request: has_request("open").await,
            has_dismissed_request: has_request("dismissed").await,
        }
    }

    async fn observe_user(&self, address: usize) -> Option<UserState> {
        let row: Option<(Uuid, Uuid, String)> = sqlx::query_as(
            "select u.id, created.invitation_id, u.status
             from users u join created_invitations created on created.user_id = u.id
             where u.email = $1",
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
            UserState { user, invitation, state }
        })
    }

    /// Ends the cooldown after dismissals, during which the addresses can't open another request.
    pub async fn end_cooldowns(&self) {
        self.app.run("delete from invitation_requests where status = 'dismissed'").await;
    }
}
