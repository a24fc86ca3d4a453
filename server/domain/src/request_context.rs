//! The context of one call: an HTTP request, or a command on the command line.

use crate::{AppContext, Error, Token};
use std::collections::HashMap;

/// One call with its credentials and origin. It authenticates the caller for an organization, see the module `access`.
#[derive(Clone)]
pub struct RequestContext {
    pub app: AppContext,
    /// The session tokens of the browser, by organization slug.
    sessions: HashMap<String, Token>,
    pub source: Source,
    request_id: String,
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
        Self { app, sessions, source, request_id: request_id.into() }
    }

    /// The ID of this call in the log.
    pub fn request_id(&self) -> &str {
        &self.request_id
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
