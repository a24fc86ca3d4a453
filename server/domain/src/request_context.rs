//! Who calls: one browser's request, or the command line.

use crate::{Admin, ApiClient, AppContext, Error, Member, OrganizationContext, Result, Token, access};
use model::api_keys::Scope;
use std::collections::HashMap;

/// Somebody who wants something, with all they brought along.
#[derive(Clone)]
pub struct RequestContext {
    pub app: AppContext,
    /// The sessions of the browser, by the slug of their organization.
    sessions: HashMap<String, Token>,
    pub source: Source,
    request_id: String,
}

/// Where a call came from, for the audit log and for limits.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The network address, or "command line".
    pub address: String,
    pub user_agent: String,
}

impl RequestContext {
    /// `request` is the id under which the log tells of this call.
    pub fn new(
        app: AppContext,
        sessions: HashMap<String, Token>,
        source: Source,
        request_id: impl Into<String>,
    ) -> Self {
        Self { app, sessions, source, request_id: request_id.into() }
    }

    /// The id under which the log tells of this call.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The organization as anybody may use it.
    ///
    /// # Errors
    /// Not found, when there is none of this slug.
    pub async fn organization(&self, slug: &str) -> Result<OrganizationContext<'_>> {
        access::load_organization(self, slug).await
    }

    /// The organization as one who is signed in to it may use it.
    ///
    /// # Errors
    /// Not found for a wrong slug; signed out, when nobody is signed in.
    pub async fn member(&self, slug: &str) -> Result<Member<'_>> {
        access::member(self.organization(slug).await?).await
    }

    /// The organization as an Organization Admin may use it.
    ///
    /// # Errors
    /// Not found for a wrong slug and for a member, who must not learn more; signed out, when nobody is signed in.
    pub async fn admin(&self, slug: &str) -> Result<Admin<'_>> {
        access::admin(self.member(slug).await?)
    }

    /// The organization as a api_client may use it that has an API key, for this scope or for what any key is good for.
    ///
    /// # Errors
    /// The key is none of this organization's, or not good for that.
    pub async fn api_client(
        &self,
        slug: &str,
        key: Option<&Token>,
        scope: Option<Scope>,
    ) -> Result<ApiClient<'_>> {
        access::api_client(self, slug, key, scope).await
    }

    pub(crate) fn session(&self, slug: &str) -> Option<&Token> {
        self.sessions.get(slug)
    }

    /// Turns an error into what the other side is told, and writes into the log what it is not.
    pub fn report(&self, error: Error) -> model::Problem {
        match error {
            Error::Problem(problem) => problem,
            hidden => {
                tracing::error!(request = %self.request_id, error = %hidden, "a call failed");
                model::Problem::Internal { request: self.request_id.clone() }
            }
        }
    }
}
