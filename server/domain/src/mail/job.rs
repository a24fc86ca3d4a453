//! A mail in hand: all that is needed to write it and to send it.

use super::links;
use super::message::{Label, address};
use super::outbox::{Claimed, Key};
use super::requests::Answer;
use super::template::{self, Letter, Unwritten};
use crate::{AppContext, Token};
use chrono::{DateTime, TimeDelta, Utc};
use lettre::message::Mailbox;
use model::{DeliveryId, InvitationId, OrganizationId};

/// For how long an invitation's mail is tried.
const INVITATION_DAYS: i64 = 3;

/// A mail in hand.
pub(super) struct Job {
    pub key: Key,
    /// How often it was tried before.
    pub attempts: i32,
    /// When it is given up.
    pub give_up: DateTime<Utc>,
    pub to: String,
    slug: String,
    organization: String,
    subject: Subject,
}

/// What a mail is about.
enum Subject {
    Invitation { id: InvitationId, ends: DateTime<Utc>, inviter: String, inviter_email: Option<String> },
    SignIn { token: Token, code: Option<String>, ends: DateTime<Utc> },
    Request(Answer),
}

/// A mail that can't be made, in words for people.
pub(super) enum Unmade {
    NoAddress,
    Fault(String),
}

impl Job {
    /// The mail of an invitation; nothing, when that has ended meanwhile.
    pub fn invitation(claimed: Claimed, now: DateTime<Utc>) -> Option<Self> {
        let ends = claimed.invitation_ends.filter(|ends| *ends > now)?;
        claimed.invitation_status.filter(|status| status == "open")?;
        let subject = Subject::Invitation {
            id: InvitationId(claimed.invitation_id?),
            ends,
            inviter: claimed.inviter.unwrap_or_default(),
            inviter_email: claimed.inviter_email,
        };
        Some(Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up: claimed.created_at + TimeDelta::days(INVITATION_DAYS),
            to: claimed.email,
            slug: claimed.slug,
            organization: claimed.organization,
            subject,
        })
    }

    /// The mail of a try to sign in, to the address of the user.
    pub fn sign_in(
        claimed: Claimed,
        to: String,
        ends: DateTime<Utc>,
        token: Token,
        code: Option<String>,
    ) -> Self {
        Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up: ends,
            to,
            slug: claimed.slug,
            organization: claimed.organization,
            subject: Subject::SignIn { token, code, ends },
        }
    }

    /// A mail about a request.
    pub fn request(claimed: Claimed, answer: Answer) -> Self {
        Self {
            key: (claimed.organization_id, claimed.id),
            attempts: claimed.attempts,
            give_up: match &answer {
                Answer::Confirm(_, ends) => *ends,
                Answer::Dismissed | Answer::Waiting(_) => {
                    claimed.created_at + TimeDelta::days(INVITATION_DAYS)
                }
            },
            to: claimed.email,
            slug: claimed.slug,
            organization: claimed.organization,
            subject: Subject::Request(answer),
        }
    }

    pub fn is_urgent(&self) -> bool {
        matches!(self.subject, Subject::SignIn { .. })
    }

    pub fn id(&self) -> DeliveryId {
        DeliveryId(self.key.1)
    }

    /// What stands on the outside of the mail.
    pub fn label<'a>(&self, from: &'a Mailbox, host: &str, now: DateTime<Utc>) -> Result<Label<'a>, Unmade> {
        let to = address(&self.to).ok_or(Unmade::NoAddress)?;
        let message_id = match &self.subject {
            Subject::Invitation { .. } | Subject::Request(_) => format!("<{}@{host}>", self.id()),
            // Each time with a new link, it is another message (RFC 5322, section 3.6.4): a mailbox that took it for
            // a copy might keep the one whose link is dead.
            Subject::SignIn { token, .. } => {
                let made: u32 =
                    token.hash().iter().take(4).fold(0, |made, byte| made << 8 | u32::from(*byte));
                format!("<{}.{made:08x}@{host}>", self.id())
            }
        };
        Ok(Label { id: self.id(), from, to, message_id, at: now })
    }

    /// What the mail says, and what in it opens something.
    pub fn letter(&self, app: &AppContext) -> Result<(Letter, Vec<String>), Unmade> {
        match &self.subject {
            Subject::Invitation { id, ends, inviter, inviter_email } => {
                let link = links::join(app, &self.slug, OrganizationId(self.key.0), *id)?;
                let secret = link.rsplit('/').next().unwrap_or_default().to_owned();
                let email = inviter_email.as_deref();
                Ok((template::invitation(&self.organization, inviter, email, &link, *ends)?, vec![secret]))
            }
            Subject::Request(Answer::Dismissed) => Ok((template::dismissed(&self.organization)?, Vec::new())),
            Subject::Request(Answer::Waiting(count)) => {
                let link = links::requests(app, &self.slug);
                Ok((template::waiting(&self.organization, *count, &link)?, Vec::new()))
            }
            Subject::Request(Answer::Confirm(id, ends)) => {
                let link = links::confirm_request(app, &self.slug, OrganizationId(self.key.0), *id)?;
                let secret = link.rsplit('/').next().unwrap_or_default().to_owned();
                Ok((template::request(&self.organization, &link, *ends)?, vec![secret]))
            }
            Subject::SignIn { token, code, ends } => {
                let link = links::sign_in(app, &self.slug, token);
                let letter = template::sign_in(&self.organization, &link, code.as_deref(), *ends)?;
                let secrets = std::iter::once(token.expose().to_owned()).chain(code.clone());
                Ok((letter, secrets.collect()))
            }
        }
    }
}

impl From<Unwritten> for Unmade {
    fn from(why: Unwritten) -> Self {
        Self::Fault(why.to_string())
    }
}

impl From<crate::Error> for Unmade {
    fn from(why: crate::Error) -> Self {
        Self::Fault(why.to_string())
    }
}
