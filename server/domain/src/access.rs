//! What a caller may do in one organization, as values that only this module makes: who holds one has been checked.

use crate::audit::Actor;
use crate::{AppContext, Error, RequestContext, Result, Token, api_keys, secret};
use chrono::{DateTime, TimeDelta, Utc};
use model::api_keys::Scope;
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{
    ApiKeyId, OrganizationId, OrganizationRole, OrganizationSummary, Problem, SessionId, UserId, Viewer,
};
use sqlx::PgConnection;
use std::ops::Deref;
use uuid::Uuid;

/// How exactly it is written down when a session was used last: reading stays reading for so many minutes.
const LAST_USED_RESOLUTION: TimeDelta = TimeDelta::minutes(5);

/// Anybody, in an organization that exists.
pub struct OrganizationContext<'a> {
    pub request: &'a RequestContext,
    pub id: OrganizationId,
    pub summary: OrganizationSummary,
    pub(crate) settings: Settings,
    /// The time of this call: one for all that it writes.
    pub now: DateTime<Utc>,
}

/// Somebody who is signed in.
pub struct Member<'a> {
    context: OrganizationContext<'a>,
    pub user: ViewerUser,
    pub session: SessionId,
}

/// An Organization Admin.
pub struct Admin<'a>(Member<'a>);

/// A api_client with an API key that is good here, for what it was asked for.
pub struct ApiClient<'a> {
    context: OrganizationContext<'a>,
    pub key: ApiKeyId,
    name: String,
    scopes: Vec<Scope>,
}

/// One who may administer users and groups, whoever that is.
#[derive(Clone, Copy)]
pub struct Principal<'a> {
    context: &'a OrganizationContext<'a>,
    pub(crate) actor: Actor<'a>,
}

impl<'a> From<&'a Admin<'_>> for Principal<'a> {
    fn from(admin: &'a Admin<'_>) -> Self {
        Self { context: admin, actor: Actor::user(&admin.user) }
    }
}

impl<'a> From<&'a ApiClient<'_>> for Principal<'a> {
    fn from(api_client: &'a ApiClient<'_>) -> Self {
        Self { context: api_client, actor: Actor::Key { id: api_client.key.0, name: &api_client.name } }
    }
}

impl ApiClient<'_> {
    /// Whether its key is good for this, too.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

impl<'a> Deref for ApiClient<'a> {
    type Target = OrganizationContext<'a>;

    fn deref(&self) -> &OrganizationContext<'a> {
        &self.context
    }
}

impl<'a> Deref for Principal<'a> {
    type Target = OrganizationContext<'a>;

    fn deref(&self) -> &OrganizationContext<'a> {
        self.context
    }
}

impl<'a> Deref for Member<'a> {
    type Target = OrganizationContext<'a>;

    fn deref(&self) -> &OrganizationContext<'a> {
        &self.context
    }
}

impl<'a> Deref for Admin<'a> {
    type Target = Member<'a>;

    fn deref(&self) -> &Member<'a> {
        &self.0
    }
}

impl OrganizationContext<'_> {
    pub(crate) fn app(&self) -> &AppContext {
        &self.request.app
    }

    /// The organization's id as queries take it.
    pub(crate) const fn organization_id(&self) -> Uuid {
        self.id.0
    }

    pub(crate) fn new_id(&self) -> Uuid {
        secret::uuid_v7(self.now)
    }

    /// Who is signed in here, if anybody is.
    pub(crate) async fn signed_in(&self) -> Result<Option<(SessionId, ViewerUser)>> {
        let Some(token) = self.request.session(&self.summary.slug) else { return Ok(None) };
        find_session(self, token).await
    }

    /// The organization and the one who looks at it.
    pub async fn viewer(&self) -> Result<Viewer> {
        let user = self.signed_in().await?.map(|(_, user)| user);
        Ok(Viewer { organization: self.summary.clone(), user })
    }
}

pub async fn load_organization<'a>(
    request_context: &'a RequestContext,
    slug: &str,
) -> Result<OrganizationContext<'a>> {
    // The database takes no such character.
    if slug.contains('\0') {
        return Err(Error::not_found());
    }
    let row = sqlx::query_as!(
        Organization,
        "select id, slug, name, requests_enabled, invitation_days, session_hours, request_cooldown_days,
            dismiss_stale_requests, notify_requests, allowed_domains
         from organizations where slug = $1",
        slug
    )
    .fetch_optional(&request_context.app.pool)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(row.into_context(request_context, request_context.app.clock.now()))
}

/// An organization as the database has it.
struct Organization {
    id: Uuid,
    slug: String,
    name: String,
    requests_enabled: bool,
    invitation_days: i16,
    session_hours: i16,
    request_cooldown_days: i16,
    dismiss_stale_requests: bool,
    notify_requests: bool,
    allowed_domains: Vec<String>,
}

impl Organization {
    fn into_context(self, request_context: &RequestContext, now: DateTime<Utc>) -> OrganizationContext<'_> {
        OrganizationContext {
            request: request_context,
            id: OrganizationId(self.id),
            summary: OrganizationSummary {
                slug: self.slug,
                name: self.name.clone(),
                requests_enabled: self.requests_enabled,
            },
            settings: Settings {
                name: self.name,
                requests_enabled: self.requests_enabled,
                invitation_days: self.invitation_days,
                session_hours: self.session_hours,
                request_cooldown_days: self.request_cooldown_days,
                dismiss_stale_requests: self.dismiss_stale_requests,
                notify_requests: self.notify_requests,
                allowed_domains: self.allowed_domains,
            },
            now,
        }
    }
}

pub async fn member(context: OrganizationContext<'_>) -> Result<Member<'_>> {
    let (session, user) = context.signed_in().await?.ok_or(Problem::SignedOut)?;
    Ok(Member { context, user, session })
}

pub fn admin(member: Member<'_>) -> Result<Admin<'_>> {
    match member.user.role {
        OrganizationRole::Admin => Ok(Admin(member)),
        OrganizationRole::Member => Err(Error::not_found()),
    }
}

/// A key of another organization, one that was revoked or whose time is over, and an organization that is not there
/// answer the same.
pub async fn api_client<'a>(
    request_context: &'a RequestContext,
    slug: &str,
    key: Option<&Token>,
    scope: Option<Scope>,
) -> Result<ApiClient<'a>> {
    let refused = || Error::Problem(Problem::KeyRefused);
    let key = key.ok_or_else(refused)?;
    // The database takes no such character.
    if slug.contains('\0') {
        return Err(refused());
    }
    let now = request_context.app.clock.now();
    // One statement: a api_client asks for little at a time, and each way to the database is a good part of its answer.
    let row = sqlx::query!(
        "select o.id, o.slug, o.name, o.requests_enabled, o.invitation_days, o.session_hours, o.request_cooldown_days,
            o.dismiss_stale_requests, o.notify_requests, o.allowed_domains,
            k.id as key_id, k.name as key_name, k.scopes, k.last_used_at
         from organizations o join api_keys k on k.organization_id = o.id
         where o.slug = $1 and k.token_hash = $2 and (k.expires_at is null or k.expires_at > $3)",
        slug,
        key.hash(),
        now
    )
    .fetch_optional(&request_context.app.pool)
    .await?
    .ok_or_else(refused)?;
    let organization = Organization {
        id: row.id,
        slug: row.slug,
        name: row.name,
        requests_enabled: row.requests_enabled,
        invitation_days: row.invitation_days,
        session_hours: row.session_hours,
        request_cooldown_days: row.request_cooldown_days,
        dismiss_stale_requests: row.dismiss_stale_requests,
        notify_requests: row.notify_requests,
        allowed_domains: row.allowed_domains,
    };
    let context = organization.into_context(request_context, now);
    let (id, scopes) = (ApiKeyId(row.key_id), api_keys::scopes(&row.scopes));
    api_keys::touch_last_used(&context, id, row.last_used_at).await?;
    if scope.is_some_and(|scope| !scopes.contains(&scope)) {
        return Err(Problem::OutOfScope.into());
    }
    Ok(ApiClient { context, key: id, name: row.key_name, scopes })
}

/// Lets no other rule that takes this lock into the organization until the transaction has ended: for what more than
/// one row decides, such as who is the last admin. Taken before any user's row.
pub(crate) async fn lock_organization(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
) -> Result<()> {
    sqlx::query!("select id from organizations where id = $1 for no key update", context.organization_id())
        .fetch_one(transaction)
        .await?;
    Ok(())
}

/// A session is good while its time lasts and its user is active: both are asked each time.
async fn find_session(
    context: &OrganizationContext<'_>,
    token: &Token,
) -> Result<Option<(SessionId, ViewerUser)>> {
    let row = sqlx::query!(
        "select s.id as session_id, s.last_used_at, u.id, u.name, u.email, u.role
         from sessions s join users u on u.organization_id = s.organization_id and u.id = s.user_id
         where s.organization_id = $1 and s.token_hash = $2 and s.expires_at > $3 and u.status = 'active'",
        context.organization_id(),
        token.hash(),
        context.now
    )
    .fetch_optional(&context.app().pool)
    .await?;
    if let Some(row) = row.as_ref().filter(|row| row.last_used_at < context.now - LAST_USED_RESOLUTION) {
        sqlx::query!(
            "update sessions set last_used_at = $3 where organization_id = $1 and id = $2 and last_used_at < $3",
            context.organization_id(),
            row.session_id,
            context.now
        )
        .execute(&context.app().pool)
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
