//! What a caller may do in one organization, as values that only this module makes: who holds one has been checked.

use crate::audit::Actor;
use crate::{Caller, Domain, Error, Result, Token, keys, secret};
use chrono::{DateTime, TimeDelta, Utc};
use model::keys::Scope;
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{
    ApiKeyId, OrganizationCard, OrganizationId, OrganizationRole, Problem, SessionId, UserId, Viewer,
};
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

/// A program with an API key that is good here, for what it was asked for.
pub struct Program<'a> {
    visitor: Visitor<'a>,
    pub key: ApiKeyId,
    name: String,
    scopes: Vec<Scope>,
}

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

impl<'a> From<&'a Program<'_>> for Steward<'a> {
    fn from(program: &'a Program<'_>) -> Self {
        Self { visitor: program, actor: Actor::Key { id: program.key.0, name: &program.name } }
    }
}

impl Program<'_> {
    /// Whether its key is good for this, too.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

impl<'a> Deref for Program<'a> {
    type Target = Visitor<'a>;

    fn deref(&self) -> &Visitor<'a> {
        &self.visitor
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
    // The database takes no such character.
    if slug.contains('\0') {
        return Err(Error::not_found());
    }
    let row = sqlx::query_as!(
        Organization,
        "select id, slug, name, requests_open, invitation_days, session_hours, request_again_days,
            dismiss_stale_requests, notify_requests, allowed_domains
         from organizations where slug = $1",
        slug
    )
    .fetch_optional(&caller.domain.pool)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(row.visited(caller, caller.domain.clock.now()))
}

/// An organization as the database has it.
struct Organization {
    id: Uuid,
    slug: String,
    name: String,
    requests_open: bool,
    invitation_days: i16,
    session_hours: i16,
    request_again_days: i16,
    dismiss_stale_requests: bool,
    notify_requests: bool,
    allowed_domains: Vec<String>,
}

impl Organization {
    fn visited(self, caller: &Caller, now: DateTime<Utc>) -> Visitor<'_> {
        Visitor {
            caller,
            id: OrganizationId(self.id),
            card: OrganizationCard {
                slug: self.slug,
                name: self.name.clone(),
                requests_open: self.requests_open,
            },
            settings: Settings {
                name: self.name,
                requests_open: self.requests_open,
                invitation_days: self.invitation_days,
                session_hours: self.session_hours,
                request_again_days: self.request_again_days,
                dismiss_stale_requests: self.dismiss_stale_requests,
                notify_requests: self.notify_requests,
                allowed_domains: self.allowed_domains,
            },
            now,
        }
    }
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

/// A key of another organization, one that was revoked or whose time is over, and an organization that is not there
/// answer the same.
pub async fn program<'a>(
    caller: &'a Caller,
    slug: &str,
    key: Option<&Token>,
    scope: Option<Scope>,
) -> Result<Program<'a>> {
    let refused = || Error::Problem(Problem::KeyRefused);
    let key = key.ok_or_else(refused)?;
    // The database takes no such character.
    if slug.contains('\0') {
        return Err(refused());
    }
    let now = caller.domain.clock.now();
    // One statement: a program asks for little at a time, and each way to the database is a good part of its answer.
    let row = sqlx::query!(
        "select o.id, o.slug, o.name, o.requests_open, o.invitation_days, o.session_hours, o.request_again_days,
            o.dismiss_stale_requests, o.notify_requests, o.allowed_domains,
            k.id as key_id, k.name as key_name, k.scopes, k.last_used_at
         from organizations o join api_keys k on k.organization_id = o.id
         where o.slug = $1 and k.token_hash = $2 and (k.expires_at is null or k.expires_at > $3)",
        slug,
        key.hash(),
        now
    )
    .fetch_optional(&caller.domain.pool)
    .await?
    .ok_or_else(refused)?;
    let organization = Organization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        requests_open: row.requests_open,
        invitation_days: row.invitation_days,
        session_hours: row.session_hours,
        request_again_days: row.request_again_days,
        dismiss_stale_requests: row.dismiss_stale_requests,
        notify_requests: row.notify_requests,
        allowed_domains: row.allowed_domains,
    };
    let visitor = organization.visited(caller, now);
    let (id, scopes) = (ApiKeyId(row.key_id), keys::scopes(&row.scopes));
    keys::used(&visitor, id, row.last_used_at).await?;
    if scope.is_some_and(|scope| !scopes.contains(&scope)) {
        return Err(Problem::OutOfScope.into());
    }
    Ok(Program { visitor, key: id, name: row.key_name, scopes })
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
