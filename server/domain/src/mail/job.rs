//! A claimed delivery, with everything needed to render and send its message.

use super::links;
use super::message::{MessageHeaders, to_smtp_address};
use super::outbox::{ClaimedDelivery, DeliveryKey};
use super::requests::RequestMailKind;
use super::template::{self, RenderError, RenderedMail};
use crate::{AppContext, Token};
use chrono::{DateTime, TimeDelta, Utc};
use lettre::message::Mailbox;
use model::{DeliveryId, InvitationId, OrganizationId};

/// For how many days a message that doesn't expire earlier is retried.
const RETRY_DAYS: i64 = 3;

/// A message to render and send.
pub(super) struct Job {
    pub key: DeliveryKey,
    /// How often it was attempted before.
    pub attempts: i32,
    /// No attempt is made after this time.
    pub give_up_at: DateTime<Utc>,
    pub to: String,
    slug: String,
    organization: String,
    payload: JobPayload,
}

/// The data that differs by kind of message.
enum JobPayload {
    Invitation { id: InvitationId, expires_at: DateTime<Utc>, inviter: String, inviter_email: Option<String> },
    SignIn { token: Token, code: Option<String>, expires_at: DateTime<Utc> },
    Request(RequestMailKind),
}

/// Why a message could not be built.
pub(super) enum BuildError {
    /// SMTP can't express the recipient's address.
    InvalidAddress,
    Internal(String),
}

impl Job {
    /// The message of an invitation; `None` if the invitation is no longer open.
    pub fn for_invitation(claimed: ClaimedDelivery, now: DateTime<Utc>) -> Option<Self> {
        let expires_at = claimed.invitation_expires_at.filter(|expires_at| *expires_at > now)?;
        claimed.is_invitation_open.filter(|is_open| *is_open)?;
        let payload = JobPayload::Invitation {
            id: InvitationId(claimed.invitation_id?),
            expires_at,
            inviter: claimed.inviter?,
            inviter_email: claimed.inviter_email,
        };
        Some(Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up_at: claimed.created_at + TimeDelta::days(RETRY_DAYS),
            to: claimed.email,
            slug: claimed.slug,
            organization: claimed.organization,
            payload,
        })
    }

    /// A sign-in message, to the address of the user.
    pub fn for_sign_in(
        claimed: ClaimedDelivery,
        to: String,
        expires_at: DateTime<Utc>,
        token: Token,
        code: Option<String>,
    ) -> Self {
        Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up_at: expires_at,
            to,
            slug: claimed.slug,
            organization: claimed.organization,
            payload: JobPayload::SignIn { token, code, expires_at },
        }
    }

    /// A message about invitation requests.
    pub fn for_request(claimed: ClaimedDelivery, kind: RequestMailKind) -> Self {
        Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up_at: match &kind {
                RequestMailKind::Confirm(_, expires_at) => *expires_at,
                RequestMailKind::Dismissed | RequestMailKind::OpenRequests(_) => {
                    claimed.created_at + TimeDelta::days(RETRY_DAYS)
                }
            },
            to: claimed.email,
            slug: claimed.slug,
            organization: claimed.organization,
            payload: JobPayload::Request(kind),
        }
    }

    /// Someone is waiting for a sign-in message, so it goes before the others.
    pub fn is_urgent(&self) -> bool {
        matches!(self.payload, JobPayload::SignIn { .. })
    }

    pub fn id(&self) -> DeliveryId {
        DeliveryId(self.key.1)
    }

    /// The headers of the message.
    pub fn headers<'a>(
        &self,
        from: &'a Mailbox,
        host: &str,
        now: DateTime<Utc>,
    ) -> Result<MessageHeaders<'a>, BuildError> {
        let to = to_smtp_address(&self.to).ok_or(BuildError::InvalidAddress)?;
        let message_id = match &self.payload {
            JobPayload::Invitation { .. } | JobPayload::Request(_) => format!("<{}@{host}>", self.id()),
            // Each attempt has a new link, so it is a different message (RFC 5322, section 3.6.4). With the same id, a
            // mailbox could discard it as a duplicate and keep the one whose link no longer works.
            JobPayload::SignIn { token, .. } => {
                let hash_prefix: u32 =
                    token.hash().iter().take(4).fold(0, |prefix, byte| prefix << 8 | u32::from(*byte));
                format!("<{}.{hash_prefix:08x}@{host}>", self.id())
            }
        };
        Ok(MessageHeaders { id: self.id(), from, to, message_id, date: now })
    }

    /// Renders the message; also returns the secrets in it, to be redacted from replies.
    pub fn render(&self, app: &AppContext) -> Result<(RenderedMail, Vec<String>), BuildError> {
        match &self.payload {
            JobPayload::Invitation { id, expires_at, inviter, inviter_email } => {
                let link = links::join(app, &self.slug, OrganizationId(self.key.0), *id)?;
                let mail = template::render_invitation(
                    &self.organization,
                    inviter,
                    inviter_email.as_deref(),
                    &link,
                    *expires_at,
                )?;
                Ok((mail, vec![token_of(&link)]))
            }
            JobPayload::Request(RequestMailKind::Dismissed) => {
                Ok((template::render_request_dismissed(&self.organization)?, Vec::new()))
            }
            JobPayload::Request(RequestMailKind::OpenRequests(requests)) => {
                let link = links::requests(app, &self.slug);
                Ok((template::render_open_requests(&self.organization, *requests, &link)?, Vec::new()))
            }
            JobPayload::Request(RequestMailKind::Confirm(id, expires_at)) => {
                let link = links::confirm_request(app, &self.slug, OrganizationId(self.key.0), *id)?;
                let mail = template::render_request_confirmation(&self.organization, &link, *expires_at)?;
                Ok((mail, vec![token_of(&link)]))
            }
            JobPayload::SignIn { token, code, expires_at } => {
                let link = links::sign_in(app, &self.slug, token);
                let mail = template::render_sign_in(&self.organization, &link, code.as_deref(), *expires_at)?;
                let secrets = std::iter::once(token.expose().to_owned()).chain(code.clone());
                Ok((mail, secrets.collect()))
            }
        }
    }
}

/// The token is the last path segment of a link.
fn token_of(link: &str) -> String {
    link.rsplit('/').next().unwrap_or_default().to_owned()
}

impl From<RenderError> for BuildError {
    fn from(error: RenderError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<crate::Error> for BuildError {
    fn from(error: crate::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
