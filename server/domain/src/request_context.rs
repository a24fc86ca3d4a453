//! The context of one call: an HTTP request, or a command on the command line.

use crate::{AppContext, Error, Token};
use chrono::{DateTime, Utc};
use model::settings::Settings;
use model::viewer::ViewerUser;
use model::{OrganizationId, OrganizationSummary, SessionId};
use std::collections::HashMap;
use std::sync::Arc;

/// One call with its credentials and origin. It authenticates the caller for an organization, see the module `access`.
#[derive(Clone)]
pub struct RequestContext {
    pub app: AppContext,
    /// The session tokens of the browser, by organization slug.
    sessions: HashMap<String, Token>,
    pub source: Source,
    request_id: String,
    /// See [`RequestContext::preload`].
    pub(crate) preloaded: Option<Arc<Preloaded>>,
}

/// The organization and session of a page, read once for all the rules that rendering it calls.
pub(crate) struct Preloaded {
    pub id: OrganizationId,
    pub summary: OrganizationSummary,
    pub settings: Settings,
    pub now: DateTime<Utc>,
    pub session: Option<(SessionId, ViewerUser)>,
}

/// Where a call came from, for the audit log and rate limits.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The client's IP address, or "command line".
    pub address: String,
    pub user_agent: String,
}

impl RequestContext {
    /// `request_id` identifies this call in the log.
    pub fn new(
        app: AppContext,
        sessions: HashMap<String, Token>,
        source: Source,
        request_id: impl Into<String>,
    ) -> Self {
        Self { app, sessions, source, request_id: request_id.into(), preloaded: None }
    }

    /// The ID of this call in the log.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The same call, which reads the organization and the session again. Changes are made with it, because a preloaded
    /// session may have ended.
    #[must_use]
    pub fn without_preloaded(&self) -> Self {
        Self { preloaded: None, ..self.clone() }
    }

    pub(crate) fn session(&self, slug: &str) -> Option<&Token> {
        self.sessions.get(slug)
    }

    /// Converts an error for the client. Logs an internal error, of which the client learns only the request ID.
    pub fn report(&self, error: Error) -> model::Problem {
        match error {
            Error::Problem(problem) => problem,
            internal => {
                tracing::error!(request = %self.request_id, error = %internal, "request failed");
                model::Problem::Internal { request: self.request_id.clone() }
            }
        }
    }
}
