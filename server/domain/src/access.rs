//! Authentication and authorization in one organization, as types that only this module can create. A function that takes
//! an [`Admin`] can therefore only be called for an authenticated admin.
//!
//! | type | caller |
//! |---|---|
//! | [`OrganizationContext`] | anyone; the organization exists |
//! | [`Member`] | a signed-in user |
//! | [`Admin`] | a signed-in Organization Admin |
//! | [`ApiClient`] | a client with a valid API key |
//! | [`Principal`] | an [`Admin`] or an [`ApiClient`] |

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

/// Resolution of a session's `last_used_at`: most requests then don't write to the database.
const LAST_USED_RESOLUTION: TimeDelta = TimeDelta::minutes(5);

/// An existing organization and the current request to it, by anyone.
pub struct OrganizationContext<'a> {
    pub request: &'a RequestContext,
    pub id: OrganizationId,
    pub summary: OrganizationSummary,
    pub(crate) settings: Settings,
    /// The time of this request; everything it writes uses the same time.
    pub now: DateTime<Utc>,
}

/// A signed-in user.
pub struct Member<'a> {
    context: OrganizationContext<'a>,
    pub user: ViewerUser,
    pub session: SessionId,
}

/// An Organization Admin.
pub struct Admin<'a>(Member<'a>);

/// An API client, authenticated by an API key with the required scope.
pub struct ApiClient<'a> {
    context: OrganizationContext<'a>,
    pub key: ApiKeyId,
    name: String,
    scopes: Vec<Scope>,
}

/// A caller who may manage users and groups: an admin or an API client.
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
        Self { context: api_client, actor: Actor::ApiKey { id: api_client.key.0, name: &api_client.name } }
    }
}

impl ApiClient<'_> {
    /// Whether the API key has this scope.
    pub fn has_scope(&self, scope: Scope) -> bool {
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

    /// The organization's id as a query parameter.
    pub(crate) const fn organization_id(&self) -> Uuid {
        self.id.0
    }

    pub(crate) fn new_id(&self) -> Uuid {
        secret::uuid_v7(self.now)
    }

    /// The session and user of this request, if signed in to this organization.
    pub(crate) async fn find_session(&self) -> Result<Option<(SessionId, ViewerUser)>> {
        let Some(token) = self.request.session(&self.summary.slug) else { return Ok(None) };
        load_session(self, token).await
    }

    /// The organization, with the signed-in user if there is one.
    pub async fn viewer(&self) -> Result<Viewer> {
        let user = self.find_session().await?.map(|(_, user)| user);
        Ok(Viewer { organization: self.summary.clone(), user })
    }
}

/// Loads the organization with this slug.
pub(crate) async fn load_organization<'a>(
    request: &'a RequestContext,
    slug: &str,
) -> Result<OrganizationContext<'a>> {
    // Postgres text can't contain NUL.
    if slug.contains('\0') {
        return Err(Error::not_found());
    }
    let row = sqlx::query_as!(
        OrganizationRow,
        "select id, slug, name, requests_enabled, invitation_days, session_hours, request_cooldown_days,
            dismiss_stale_requests, notify_requests, allowed_domains
         from organizations where slug = $1",
        slug
    )
    .fetch_optional(&request.app.pool)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(row.into_context(request, request.app.clock.now()))
}

/// A row of the `organizations` table.
struct OrganizationRow {
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

impl OrganizationRow {
    fn into_context(self, request: &RequestContext, now: DateTime<Utc>) -> OrganizationContext<'_> {
        OrganizationContext {
            request,
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

/// Requires a signed-in user.
pub(crate) async fn require_member(context: OrganizationContext<'_>) -> Result<Member<'_>> {
    let (session, user) = context.find_session().await?.ok_or(Problem::SignedOut)?;
    Ok(Member { context, user, session })
}

/// Requires an Organization Admin. Others get "not found", so that they can't probe for admin pages.
pub(crate) fn require_admin(member: Member<'_>) -> Result<Admin<'_>> {
    match member.user.role {
        OrganizationRole::Admin => Ok(Admin(member)),
        OrganizationRole::Member => Err(Error::not_found()),
    }
}

/// Authenticates an API key and requires the scope. A key that is unknown, revoked, expired or of another organization, and
/// an organization that doesn't exist, all yield the same error.
pub(crate) async fn authenticate_api_client<'a>(
    request: &'a RequestContext,
    slug: &str,
    key: Option<&Token>,
    scope: Option<Scope>,
) -> Result<ApiClient<'a>> {
    let invalid_key = || Error::Problem(Problem::InvalidApiKey);
    let key = key.ok_or_else(invalid_key)?;
    // Postgres text can't contain NUL.
    if slug.contains('\0') {
        return Err(invalid_key());
    }
    let now = request.app.clock.now();
    // A single statement: API clients send many small requests, whose latency is dominated by database round trips.
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
    .fetch_optional(&request.app.pool)
    .await?
    .ok_or_else(invalid_key)?;
    let organization = OrganizationRow {
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
    let context = organization.into_context(request, now);
    let (id, scopes) = (ApiKeyId(row.key_id), api_keys::scopes(&row.scopes));
    api_keys::touch_last_used(&context, id, row.last_used_at).await?;
    if scope.is_some_and(|scope| !scopes.contains(&scope)) {
        return Err(Problem::InsufficientScope.into());
    }
    Ok(ApiClient { context, key: id, name: row.key_name, scopes })
}

/// Locks the organization until the end of the transaction. Required for invariants across rows, such as the last active
/// admin. Lock order: organization, then user, then invitation or request.
pub(crate) async fn lock_organization(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
) -> Result<()> {
    sqlx::query!("select id from organizations where id = $1 for no key update", context.organization_id())
        .fetch_one(transaction)
        .await?;
    Ok(())
}

/// Loads a valid session: not expired, and its user active. Both are checked on every request.
async fn load_session(
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
