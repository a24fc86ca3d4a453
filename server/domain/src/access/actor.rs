//! Who performs an action.

use model::UserId;
use uuid::Uuid;

/// Who performs an action, for the audit log. The event keeps the actor's name, which may outlive the actor.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// A user of the organization.
    User { id: UserId, name: &'a str },
    /// Someone who isn't signed in, named by their email address.
    Unauthenticated { email: &'a str },
    /// An API client, named by its API key.
    ApiKey { id: Uuid, name: &'a str },
    /// An identity provider.
    Connection { id: Uuid, name: &'a str },
    /// An operator on the server's command line.
    Operator,
}

impl<'a> Actor<'a> {
    /// A user, named by their display name.
    pub fn user(user: &'a model::viewer::ViewerUser) -> Self {
        Self::User { id: user.id, name: user.display_name() }
    }

    /// The id of the user, if the actor is one.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The name in the audit log.
    pub const fn name(&self) -> &'a str {
        self.columns().2
    }

    /// Kind, id and name.
    pub const fn columns(&self) -> (&'static str, Option<Uuid>, &'a str) {
        match self {
            Self::User { id, name } => ("user", Some(id.0), name),
            Self::Unauthenticated { email } => ("unauthenticated", None, email),
            Self::ApiKey { id, name } => ("api_key", Some(*id), name),
            Self::Connection { id, name } => ("connection", Some(*id), name),
            Self::Operator => ("operator", None, "command line"),
        }
    }
}
