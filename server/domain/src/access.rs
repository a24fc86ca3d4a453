//! What a caller may do in one organization, as values that only this module makes: who holds one has been checked.

use crate::audit::Actor;
use crate::secret;
use crate::{Caller, Domain, Error, Result, Token};
use chrono::{DateTime, TimeDelta, Utc};
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{OrganizationCard, OrganizationId, OrganizationRole, Problem, SessionId, UserId, Viewer};
use sqlx::PgConnection;
use std::ops::Deref;
use uuid::Uuid;

/// How exactly it is written down when a session was used last: reading stays reading for so many minutes.
const USED_MINUTES: i64 = 5;

/// Anybody, in an organization that exists.
pub struct Visitor<'a> {
    pub caller: &'a Caller,
    pub id: OrganizationId,
    pub card: OrganizationCard,
    pub(crate) settings: Settings,
    /// The time of this call: one for all that it writes.
    pub now: DateTime<Utc>,
}

/// Somebody who is signed in.
pub struct Member<'a> {
    visitor: Visitor<'a>,
    pub user: ViewerUser,
    pub session: SessionId,
}

/// An Organization Admin.
pub struct Admin<'a>(Member<'a>);

/// One who may administer users and groups, whoever that is.
#[derive(Clone, Copy)]
pub struct Steward<'a> {
    visitor: &'a Visitor<'a>,
    pub(crate) actor: Actor<'a>,
}

impl<'a> From<&'a Admin<'_>> for Steward<'a> {
    fn from(admin: &'a Admin<'_>) -> Self {
        Self { visitor: admin, actor: Actor::user(&admin.user) }
    }
}

impl<'a> Deref for Steward<'a> {
    type Target = Visitor<'a>;

    fn deref(&self) -> &Visitor<'a> {
        self.visitor
    }
}

impl<'a> Deref for Member<'a> {
    type Target = Visitor<'a>;

    fn deref(&self) -> &Visitor<'a> {
        &self.visitor
    }
}

impl<'a> Deref for Admin<'a> {
    type Target = Member<'a>;

    fn deref(&self) -> &Member<'a> {
        &self.0
    }
}

impl Visitor<'_> {
    pub(crate) fn domain(&self) -> &Domain {
        &self.caller.domain
    }

    /// The organization's id as queries take it.
    pub(crate) const fn organization(&self) -> Uuid {
        self.id.0
    }

    pub(crate) fn new_id(&self) -> Uuid {
        secret::id(self.now)
    }

    /// Who is signed in here, if anybody is.
    pub(crate) async fn signed_in(&self) -> Result<Option<(SessionId, ViewerUser)>> {
        let Some(token) = self.caller.session(&self.card.slug) else { return Ok(None) };
        find_session(self, token).await
    }

    /// The organization and the one who looks at it.
    pub async fn viewer(&self) -> Result<Viewer> {
        let user = self.signed_in().await?.map(|(_, user)| user);
        Ok(Viewer { organization: self.card.clone(), user })
    }
}

pub async fn visit<'a>(caller: &'a Caller, slug: &str) -> Result<Visitor<'a>> {
    let row = sqlx::query!(
        "select id, slug, name, requests_open, invitation_days, session_hours, request_again_days,
            dismiss_stale_requests, notify_requests, allowed_domains
         from organizations where slug = $1",
        slug
    )
    .fetch_optional(&caller.domain.pool)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(Visitor {
        caller,
        id: OrganizationId(row.id),
        card: OrganizationCard { slug: row.slug, name: row.name.clone(), requests_open: row.requests_open },
        settings: Settings {
            name: row.name,
            requests_open: row.requests_open,
            invitation_days: row.invitation_days,
            session_hours: row.session_hours,
            request_again_days: row.request_again_days,
            dismiss_stale_requests: row.dismiss_stale_requests,
            notify_requests: row.notify_requests,
            allowed_domains: row.allowed_domains,
        },
        now: caller.domain.clock.now(),
    })
}

pub async fn member(visitor: Visitor<'_>) -> Result<Member<'_>> {
    let (session, user) = visitor.signed_in().await?.ok_or(Problem::SignedOut)?;
    Ok(Member { visitor, user, session })
}

pub fn admin(member: Member<'_>) -> Result<Admin<'_>> {
    match member.user.role {
        OrganizationRole::Admin => Ok(Admin(member)),
        OrganizationRole::Member => Err(Error::not_found()),
    }
}

/// Lets no other rule that takes this lock into the organization until the transaction has ended: for what more than
/// one row decides, such as who is the last admin. Taken before any user's row.
pub(crate) async fn lock_organization(transaction: &mut PgConnection, visitor: &Visitor<'_>) -> Result<()> {
    sqlx::query!("select id from organizations where id = $1 for no key update", visitor.organization())
        .fetch_one(transaction)
        .await?;
    Ok(())
}

/// A session is good while its time lasts and its user is active: both are asked each time.
async fn find_session(visitor: &Visitor<'_>, token: &Token) -> Result<Option<(SessionId, ViewerUser)>> {
    let row = sqlx::query!(
        "select s.id as session_id, s.last_used_at, u.id, u.name, u.email, u.role
         from sessions s join users u on u.organization_id = s.organization_id and u.id = s.user_id
         where s.organization_id = $1 and s.token_hash = $2 and s.expires_at > $3 and u.status = 'active'",
        visitor.organization(),
        token.hash(),
        visitor.now
    )
    .fetch_optional(&visitor.domain().pool)
    .await?;
    if let Some(row) =
        row.as_ref().filter(|row| row.last_used_at < visitor.now - TimeDelta::minutes(USED_MINUTES))
    {
        sqlx::query!(
            "update sessions set last_used_at = $3 where organization_id = $1 and id = $2 and last_used_at < $3",
            visitor.organization(),
            row.session_id,
            visitor.now
        )
        .execute(&visitor.domain().pool)
        .await?;
    }
    Ok(row.map(|row| {
        let user = ViewerUser {
            id: UserId(row.id),
            name: row.name,
            email: row.email,
            role: row.role.parse().unwrap_or_default(),
        };
        (SessionId(row.session_id), user)
    }))
}
