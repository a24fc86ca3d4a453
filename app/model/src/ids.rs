//! Ids: UUIDv7 (RFC 9562, section 5.7), so that they sort by creation time. Each kind has its own type, so that they
//! can't be mixed up.

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
    /// An organization (tenant).
    OrganizationId,
    /// A user: a person in one organization.
    UserId,
    /// An invitation.
    InvitationId,
    /// The delivery of one email to one address.
    DeliveryId,
    /// The session of one browser.
    SessionId,
    /// One sign-in by email: a link and a code.
    SignInId,
    /// A connection to an identity provider.
    ConnectionId,
    /// A custom role.
    RoleId,
    /// A group.
    GroupId,
    /// An invitation request.
    RequestId,
    /// One event of the audit log.
    AuditEventId,
    /// The API key of an API client.
    ApiKeyId,
}
