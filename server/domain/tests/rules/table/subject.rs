//! An address in one state of the transition table, and every action on it.

use domain::scim::{self, UserUpdate};
use domain::{Error, Token, invitations, requests, users};
use model::actions::UserAction;
use model::invitations::AddressClass;
use model::transitions::{Action, MembershipState, Refusal};
use model::{EmailAddress, Problem, UserId};
use test_support::{SLUG, TestApp};

/// An address in a given state, and the operations of the tests on it.
pub struct Subject<'a> {
    app: &'a TestApp,
    pub email: String,
    user: UserId,
    token: Token,
}

/// The result of an action, in the terms of the table.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    Rejected(Refusal),
    NoOp,
    /// Joining by a link fails without a reason; the page of the link shows it.
    InvalidLink,
}

impl<'a> Subject<'a> {
    pub async fn new(app: &'a TestApp, email: String, state: MembershipState) -> Self {
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

    pub async fn state(&self) -> MembershipState {
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
            Some((status, is_valid)) => match (status.as_str(), is_valid) {
                ("invited", Some(true)) => MembershipState::Invited,
                ("invited", _) => MembershipState::Expired,
                ("active", None) => MembershipState::Active,
                ("suspended", None) => MembershipState::Suspended,
                other => panic!("{other:?}"),
            },
        }
    }

    pub async fn perform(&self, action: Action) -> Outcome {
        match action {
            Action::Invite => self.invite().await,
            Action::Accept => self.accept().await,
            Action::Request => self.request().await,
            Action::Approve => self.approve().await,
            Action::Dismiss => self.dismiss().await,
            Action::ScimCreate => self.create_by_scim().await,
            Action::Resend => self.apply(UserAction::Resend).await,
            Action::RevokeInvitation => self.apply(UserAction::RevokeInvitation).await,
            Action::ChangeRole => self.apply(UserAction::MakeAdmin).await,
            Action::Suspend => self.apply(UserAction::Suspend).await,
            Action::Reactivate => self.apply(UserAction::Reactivate).await,
            Action::RevokeMembership => self.apply(UserAction::RevokeMembership).await,
            Action::ScimDeactivate => self.apply(UserAction::Deactivate).await,
            Action::ScimActivate => self.apply(UserAction::Activate).await,
            Action::SsoSignIn | Action::SsoSignInInvited => unreachable!("SSO sign-in has its own test"),
        }
    }

    async fn invite(&self) -> Outcome {
        match self.app.invite_one(&self.email).await {
            AddressClass::New | AddressClass::Expired => Outcome::Applied,
            AddressClass::Refused { why } => Outcome::Rejected(why),
            other => panic!("{other:?}"),
        }
    }

    async fn accept(&self) -> Outcome {
        let nobody = self.app.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        match invitations::join(&context, &self.token, &self.email, "Some Blob").await {
            Ok(_) => Outcome::Applied,
            Err(Error::Problem(Problem::InvalidLink)) => Outcome::InvalidLink,
            Err(other) => panic!("{other}"),
        }
    }

    async fn request(&self) -> Outcome {
        let nobody = self.app.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        requests::submit(&context, &self.email, "Some Blob", "").await.unwrap();
        self.app.send_mail().await;
        Outcome::Applied
    }

    async fn approve(&self) -> Outcome {
        let class = self.app.invite_one(&self.email).await;
        match (self.app.count_open_requests(&self.email).await, class) {
            (0, _) => Outcome::Applied,
            (_, AddressClass::Refused { why }) => Outcome::Rejected(why),
            other => panic!("{other:?}"),
        }
    }

    async fn dismiss(&self) -> Outcome {
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        let open = requests::find_open_by_email(&admin, std::slice::from_ref(&self.email)).await.unwrap();
        assert_eq!(requests::dismiss(&admin, &open, false).await.unwrap(), 1);
        assert_eq!(self.app.count_open_requests(&self.email).await, 0);
        Outcome::Applied
    }

    async fn create_by_scim(&self) -> Outcome {
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
        match scim::create_user(&api_client, &form).await {
            Ok(_) => Outcome::Applied,
            Err(Error::Problem(Problem::Refused { why })) => Outcome::Rejected(why),
            Err(other) => panic!("{other}"),
        }
    }

    async fn apply(&self, action: UserAction) -> Outcome {
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        let result = users::apply_action(&admin, action, &[self.user]).await.unwrap();
        match (result.done.as_slice(), result.refused.as_slice(), result.not_found) {
            ([email], [], 0) if *email == self.email => Outcome::Applied,
            ([], [refused], 0) if refused.email == self.email => Outcome::Rejected(refused.why),
            ([], [], _) => Outcome::NoOp,
            other => panic!("{other:?}"),
        }
    }

    /// How many emails of each kind were queued for the address. Deliveries that were replaced by another kind do not count.
    pub async fn count_emails(&self) -> [usize; 3] {
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

    pub async fn audit_events(&self) -> Vec<String> {
        sqlx::query_scalar("select action from audit_events where target_email = $1 order by action")
            .bind(&self.email)
            .fetch_all(&self.app.context.pool)
            .await
            .unwrap()
    }

    pub async fn count_sessions(&self) -> usize {
        self.app.count(&format!("sessions where user_id = '{}'", self.user)).await
    }
}
