//! The types that prove who is calling.

use super::actor::Actor;
use crate::{AppContext, RequestContext, secret};
use chrono::{DateTime, Utc};
use model::api_keys::Scope;
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{ApiKeyId, OrganizationId, OrganizationSummary, SessionId};
use uuid::Uuid;

/// An existing organization and the current request to it, by anyone.
pub struct OrganizationContext<'a> {
    pub(crate) request: &'a RequestContext,
    pub(super) id: OrganizationId,
    pub(super) summary: OrganizationSummary,
    pub(super) settings: Settings,
    /// The time of this request; everything it writes uses the same time.
    pub(super) now: DateTime<Utc>,
}

/// A signed-in user.
pub struct Member<'a> {
    pub(super) context: OrganizationContext<'a>,
    pub(super) user: ViewerUser,
    pub(super) session: SessionId,
}

/// An Organization Admin.
pub struct Admin<'a>(pub(super) Member<'a>);

/// An API client, authenticated by an API key with the required scope.
pub struct ApiClient<'a> {
    pub(super) context: OrganizationContext<'a>,
    pub(super) key: ApiKeyId,
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
}

/// A caller who may manage users and groups: an admin or an API client.
#[derive(Clone, Copy)]
pub struct Principal<'a> {
    context: &'a OrganizationContext<'a>,
    actor: Actor<'a>,
}

/// What a rule reads from the organization of any caller.
pub(crate) trait InOrganization {
    /// The organization and the request.
    fn context(&self) -> &OrganizationContext<'_>;

    /// The shared state of the application.
    fn app(&self) -> &AppContext {
        &self.context().request.app
    }

    /// The organization's id as a query parameter.
    fn organization_id(&self) -> Uuid {
        self.context().id.0
    }

    /// The organization's settings at the start of the request.
    fn settings(&self) -> &Settings {
        &self.context().settings
    }

    /// The time of this request; everything it writes uses the same time.
    fn now(&self) -> DateTime<Utc> {
        self.context().now
    }

    /// A new id.
    fn new_id(&self) -> Uuid {
        secret::uuid_v7(self.now())
    }
}

impl InOrganization for OrganizationContext<'_> {
    fn context(&self) -> &OrganizationContext<'_> {
        self
    }
}

impl InOrganization for Member<'_> {
    fn context(&self) -> &OrganizationContext<'_> {
        &self.context
    }
}

impl InOrganization for Admin<'_> {
    fn context(&self) -> &OrganizationContext<'_> {
        &self.0.context
    }
}

impl InOrganization for ApiClient<'_> {
    fn context(&self) -> &OrganizationContext<'_> {
        &self.context
    }
}

impl InOrganization for Principal<'_> {
    fn context(&self) -> &OrganizationContext<'_> {
        self.context
    }
}

impl OrganizationContext<'_> {
    /// The organization's id.
    pub const fn id(&self) -> OrganizationId {
        self.id
    }

    /// What anyone may know about the organization.
    pub const fn summary(&self) -> &OrganizationSummary {
        &self.summary
    }
}

impl Member<'_> {
    /// The signed-in user.
    pub const fn user(&self) -> &ViewerUser {
        &self.user
    }

    /// The session of this request.
    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// The user as the actor of audit events.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor::user(&self.user)
    }
}

impl Admin<'_> {
    /// The signed-in admin.
    pub const fn user(&self) -> &ViewerUser {
        &self.0.user
    }

    /// The admin as the actor of audit events.
    pub(crate) fn actor(&self) -> Actor<'_> {
        self.0.actor()
    }
}

impl ApiClient<'_> {
    /// The API key that the client authenticated with.
    pub(crate) const fn key(&self) -> ApiKeyId {
        self.key
    }

    /// Whether the API key has this scope.
    pub fn has_scope(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The client as the actor of audit events.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor::ApiKey { id: self.key.0, name: &self.name }
    }
}

impl<'a> Principal<'a> {
    /// The admin or API client as the actor of audit events.
    pub(crate) const fn actor(&self) -> Actor<'a> {
        self.actor
    }
}

impl<'a> From<&'a Admin<'_>> for Principal<'a> {
    fn from(admin: &'a Admin<'_>) -> Self {
        Self { context: admin.context(), actor: admin.actor() }
    }
}

impl<'a> From<&'a ApiClient<'_>> for Principal<'a> {
    fn from(api_client: &'a ApiClient<'_>) -> Self {
        Self { context: &api_client.context, actor: api_client.actor() }
    }
}
