//! Who calls: one browser's request, or the command line.

use crate::{Admin, Domain, Error, Member, Program, Result, Token, Visitor, access};
use model::keys::Scope;
use std::collections::HashMap;

/// Somebody who wants something, with all they brought along.
#[derive(Clone)]
pub struct Caller {
    pub domain: Domain,
    /// The sessions of the browser, by the slug of their organization.
    sessions: HashMap<String, Token>,
    pub source: Source,
    request: String,
}

/// Where a call came from, for the audit log and for limits.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The network address, or "command line".
    pub address: String,
    pub user_agent: String,
}

impl Caller {
    /// `request` is the id under which the log tells of this call.
    pub fn new(
        domain: Domain,
        sessions: HashMap<String, Token>,
        source: Source,
        request: impl Into<String>,
    ) -> Self {
        Self { domain, sessions, source, request: request.into() }
    }

    /// The id under which the log tells of this call.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// The organization as anybody may use it.
    ///
    /// # Errors
    /// Not found, when there is none of this slug.
    pub async fn visit(&self, slug: &str) -> Result<Visitor<'_>> {
        access::visit(self, slug).await
    }

    /// The organization as one who is signed in to it may use it.
    ///
    /// # Errors
    /// Not found for a wrong slug; signed out, when nobody is signed in.
    pub async fn member(&self, slug: &str) -> Result<Member<'_>> {
        access::member(self.visit(slug).await?).await
    }

    /// The organization as an Organization Admin may use it.
    ///
    /// # Errors
    /// Not found for a wrong slug and for a member, who must not learn more; signed out, when nobody is signed in.
    pub async fn admin(&self, slug: &str) -> Result<Admin<'_>> {
        access::admin(self.member(slug).await?)
    }

    /// The organization as a program may use it that has an API key, for this scope or for what any key is good for.
    ///
    /// # Errors
    /// The key is none of this organization's, or not good for that.
    pub async fn program(
        &self,
        slug: &str,
        key: Option<&Token>,
        scope: Option<Scope>,
    ) -> Result<Program<'_>> {
        access::program(self, slug, key, scope).await
    }

    pub(crate) fn session(&self, slug: &str) -> Option<&Token> {
        self.sessions.get(slug)
    }

    /// Turns an error into what the other side is told, and writes into the log what it is not.
    pub fn tell(&self, error: Error) -> model::Problem {
        match error {
            Error::Problem(problem) => problem,
            hidden => {
                tracing::error!(request = %self.request, error = %hidden, "a call failed");
                model::Problem::Internal { request: self.request.clone() }
            }
        }
    }
}
