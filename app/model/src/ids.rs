//! Ids: UUIDv7 (RFC 9562, section 5.7), so that they sort by the time they were made. A type each, so that one
//! cannot stand where another is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// One tenant.
    OrganizationId,
    /// A person in one organization.
    UserId,
    /// An offer of membership.
    InvitationId,
    /// One mail on its way to one address.
    DeliveryId,
    /// One signed-in browser.
    SessionId,
    /// One try to sign in by mail: a link and a code.
    SignInId,
    /// A way to sign in by somebody else's word: a connection to an identity provider.
    ConnectionId,
    /// A custom role.
    RoleId,
    /// A group.
    GroupId,
    /// Somebody's wish for an invitation.
    RequestId,
    /// One row of the audit log.
    AuditEventId,
    /// What lets a program in.
    ApiKeyId,
}
