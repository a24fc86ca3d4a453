//! Authenticating a request: by its session or API key.

use super::types::{Admin, ApiClient, InOrganization, Member, OrganizationContext};
use crate::column::parse_column;
use crate::request_context::Preloaded;
use crate::{Error, RequestContext, Result, Token};
use chrono::{DateTime, TimeDelta, Utc};
use model::api_keys::Scope;
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{
    ApiKeyId, OrganizationId, OrganizationRole, OrganizationSummary, Problem, SessionId, UserId, Viewer,
};
use sqlx::{PgConnection, PgExecutor};
use std::sync::Arc;
use uuid::Uuid;

/// Resolution of `last_used_at` of sessions and API keys: most requests then don't write to the database.
const LAST_USED_RESOLUTION: TimeDelta = TimeDelta::minutes(5);

impl RequestContext {
    /// Loads an organization, for anyone.
    ///
    /// # Errors
    /// `NotFound` if there is no organization with this slug.
    pub async fn organization(&self, slug: &str) -> Result<OrganizationContext<'_>> {
        match self.preloaded.as_deref().filter(|preloaded| preloaded.summary.slug == slug) {
            Some(preloaded) => Ok(OrganizationContext {
                request: self,
                id: preloaded.id,
                summary: preloaded.summary.clone(),
                settings: preloaded.settings.clone(),
                now: preloaded.now,
            }),
            None => load_organization(&self.app.pool, self, slug).await,
        }
    }

    /// Reads the organization and the session, so that rules called with the returned context do not read them again. For
    /// rendering a page, which calls several.
    ///
    /// # Errors
    /// `NotFound` if there is no organization with this slug.
    pub async fn preload(&self, slug: &str) -> Result<(Self, Viewer)> {
        let organization = load_organization(&self.app.pool, self, slug).await?;
        let session = organization.load_session().await?;
        let user = session.as_ref().map(|(_, user)| user.clone());
        let viewer = Viewer { organization: organization.summary.clone(), user };
        let OrganizationContext { id, summary, settings, now, .. } = organization;
        let mut preloaded = self.clone();
        preloaded.preloaded = Some(Arc::new(Preloaded { id, summary, settings, now, session }));
        Ok((preloaded, viewer))
    }

    /// Requires a user signed in to the organization.
    ///
    /// # Errors
    /// `NotFound` for an unknown slug, `SignedOut` without a valid session.
    pub async fn member(&self, slug: &str) -> Result<Member<'_>> {
        require_member(self.organization(slug).await?).await
    }

    /// Requires an Organization Admin.
    ///
    /// # Errors
    /// `NotFound` for an unknown slug and for users who aren't admins, `SignedOut` without a valid session.
    pub async fn admin(&self, slug: &str) -> Result<Admin<'_>> {
        require_admin(self.member(slug).await?)
    }

    /// Authenticates an API client by its key. With a `scope`, the key must have it.
    ///
    /// # Errors
    /// `InvalidApiKey` if the key is missing or not valid for this organization, `InsufficientScope` without the scope.
    pub async fn api_client(
        &self,
        slug: &str,
        key: Option<&Token>,
        scope: Option<Scope>,
    ) -> Result<ApiClient<'_>> {
        authenticate_api_client(self, slug, key, scope).await
    }
}

impl OrganizationContext<'_> {
    /// The session and user of this request, if signed in to this organization.
    pub(crate) async fn find_session(&self) -> Result<Option<(SessionId, ViewerUser)>> {
        match self.request.preloaded.as_deref().filter(|preloaded| preloaded.id == self.id) {
            Some(preloaded) => Ok(preloaded.session.clone()),
            None => self.load_session().await,
        }
    }

    async fn load_session(&self) -> Result<Option<(SessionId, ViewerUser)>> {
        let Some(token) = self.request.session(&self.summary.slug) else { return Ok(None) };
        load_session(self, token).await
    }
}

/// Loads the organization with this slug.
pub(crate) async fn load_organization<'a>(
    executor: impl PgExecutor<'_>,
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
    .fetch_optional(executor)
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
async fn require_member(context: OrganizationContext<'_>) -> Result<Member<'_>> {
    let (session, user) = context.find_session().await?.ok_or(Problem::SignedOut)?;
    Ok(Member { context, user, session })
}

/// Requires an Organization Admin. Others get "not found", so that they can't probe for admin pages.
fn require_admin(member: Member<'_>) -> Result<Admin<'_>> {
    match member.user().role {
        OrganizationRole::Admin => Ok(Admin(member)),
        OrganizationRole::Member => Err(Error::not_found()),
    }
}

/// Authenticates an API key and requires the scope. A key that is unknown, revoked, expired or of another organization, and
/// an organization that doesn't exist, all yield the same error.
async fn authenticate_api_client<'a>(
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
    let (id, scopes) = (ApiKeyId(row.key_id), parse_scopes(&row.scopes));
    touch_api_key(&context, id, row.last_used_at).await?;
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
        context.now()
    )
    .fetch_optional(&context.app().pool)
    .await?;
    if let Some(row) = row.as_ref().filter(|row| row.last_used_at < context.now() - LAST_USED_RESOLUTION) {
        sqlx::query!(
            "update sessions set last_used_at = $3 where organization_id = $1 and id = $2 and last_used_at < $3",
            context.organization_id(),
            row.session_id,
            context.now()
        )
        .execute(&context.app().pool)
        .await?;
    }
    let Some(row) = row else { return Ok(None) };
    let user = ViewerUser {
        id: UserId(row.id),
        name: row.name,
        email: row.email,
        role: parse_column(&row.role, "users", "role", row.id)?,
    };
    Ok(Some((SessionId(row.session_id), user)))
}

/// Records that a key was used, unless that was recorded within [`LAST_USED_RESOLUTION`].
async fn touch_api_key(
    context: &OrganizationContext<'_>,
    key: ApiKeyId,
    last_used_at: Option<DateTime<Utc>>,
) -> Result<()> {
    if last_used_at.is_none_or(|at| at < context.now() - LAST_USED_RESOLUTION) {
        sqlx::query!(
            "update api_keys set last_used_at = $3
             where organization_id = $1 and id = $2 and (last_used_at is null or last_used_at < $3)",
            context.organization_id(),
            key.0,
            context.now()
        )
        .execute(&context.app().pool)
        .await?;
    }
    Ok(())
}

/// Parses the stored scopes. Unknown ones, which a newer version may have written, are ignored.
pub(crate) fn parse_scopes(codes: &[String]) -> Vec<Scope> {
    codes.iter().filter_map(|code| code.parse().ok()).collect()
}
