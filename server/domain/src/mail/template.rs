//! What the mails say.

use super::sanitize;
use askama::Template;
use chrono::{DateTime, Utc};
use model::sign_in::SIGN_IN_TTL;

/// A mail as its reader sees it.
pub(super) struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a mail could not be written: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritten {
    #[error("its template failed: {0}")]
    Template(#[from] askama::Error),
    #[error("its message could not be built: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("its message is not UTF-8: {0}")]
    Text(#[from] std::string::FromUtf8Error),
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    title: &'a str,
    organization: &'a str,
    inviter: &'a str,
    link: &'a str,
    end: &'a str,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    title: &'a str,
    organization: &'a str,
    inviter: &'a str,
    link: &'a str,
    end: &'a str,
}

/// An invitation. `inviter_email` is the inviter's own address, which was checked, while the name is whatever they
/// chose; who has no name is named by that address.
pub(super) fn invitation(
    organization: &str,
    inviter: &str,
    inviter_email: Option<&str>,
    link: &str,
    expires_at: DateTime<Utc>,
) -> Result<Letter, Unwritten> {
    let organization = &organization_name(organization);
    let inviter = &match inviter_email {
        Some(email) if email == inviter => email.to_owned(),
        _ => Some(sanitize::plain(inviter)).filter(|name| !name.is_empty()).unwrap_or("Somebody".to_owned()),
    };
    let (title, end) = (&format!("You are invited to join {organization}"), &moment(expires_at));
    Ok(Letter {
        text: InvitationText { title, organization, inviter, link, end }.render()?,
        html: InvitationHtml { title, organization, inviter, link, end }.render()?,
        subject: title.clone(),
    })
}

#[derive(Template)]
#[template(path = "sign_in.txt")]
struct SignInText<'a> {
    title: &'a str,
    organization: &'a str,
    link: &'a str,
    code: Option<&'a str>,
    minutes: i64,
    end: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInHtml<'a> {
    title: &'a str,
    organization: &'a str,
    link: &'a str,
    code: Option<&'a str>,
    minutes: i64,
    end: &'a str,
}

/// A link to sign in with, and a code where there is a browser to type it into.
pub(super) fn sign_in(
    organization: &str,
    link: &str,
    code: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Result<Letter, Unwritten> {
    let organization = &organization_name(organization);
    let (title, end) = (&format!("Sign in to {organization}"), &moment(expires_at));
    let minutes = SIGN_IN_TTL.num_minutes();
    Ok(Letter {
        text: SignInText { title, organization, link, code, minutes, end }.render()?,
        html: SignInHtml { title, organization, link, code, minutes, end }.render()?,
        subject: title.clone(),
    })
}

#[derive(Template)]
#[template(path = "request.txt")]
struct RequestText<'a> {
    title: &'a str,
    organization: &'a str,
    link: &'a str,
    end: &'a str,
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestHtml<'a> {
    title: &'a str,
    organization: &'a str,
    link: &'a str,
    end: &'a str,
}

/// A link to confirm that one asks for an invitation. What was typed with it stays out: anybody can type anything.
pub(super) fn request(
    organization: &str,
    link: &str,
    expires_at: DateTime<Utc>,
) -> Result<Letter, Unwritten> {
    let organization = &organization_name(organization);
    let (title, end) = (&format!("Confirm your request to join {organization}"), &moment(expires_at));
    Ok(Letter {
        text: RequestText { title, organization, link, end }.render()?,
        html: RequestHtml { title, organization, link, end }.render()?,
        subject: title.clone(),
    })
}

#[derive(Template)]
#[template(path = "dismissed.txt")]
struct DismissedText<'a> {
    title: &'a str,
    organization: &'a str,
}

#[derive(Template)]
#[template(path = "dismissed.html")]
struct DismissedHtml<'a> {
    title: &'a str,
    organization: &'a str,
}

/// To whoever asked: the admins said no.
pub(super) fn dismissed(organization: &str) -> Result<Letter, Unwritten> {
    let organization = &organization_name(organization);
    let title = &format!("Your request to join {organization}");
    Ok(Letter {
        text: DismissedText { title, organization }.render()?,
        html: DismissedHtml { title, organization }.render()?,
        subject: title.clone(),
    })
}

#[derive(Template)]
#[template(path = "open_requests.txt")]
struct WaitingText<'a> {
    title: &'a str,
    organization: &'a str,
    waiting: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "open_requests.html")]
struct WaitingHtml<'a> {
    title: &'a str,
    organization: &'a str,
    waiting: &'a str,
    link: &'a str,
}

/// To an admin: how many requests wait. Who asked stands on the page alone.
pub(super) fn waiting(organization: &str, count: i64, link: &str) -> Result<Letter, Unwritten> {
    let organization = &organization_name(organization);
    let title = &format!("People ask to join {organization}");
    let waiting = &if count == 1 { "1 request waits".to_owned() } else { format!("{count} requests wait") };
    Ok(Letter {
        text: WaitingText { title, organization, waiting, link }.render()?,
        html: WaitingHtml { title, organization, waiting, link }.render()?,
        subject: title.clone(),
    })
}

fn organization_name(name: &str) -> String {
    Some(sanitize::plain(name)).filter(|name| !name.is_empty()).unwrap_or("an organization".to_owned())
}

/// Date, time and zone. Whose zone is the reader's nobody knows, so it is the one that everybody can convert.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%A, %-d %B %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://vestibule.example/o/blobsrus/join/token";

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()
    }

    #[test]
    fn an_invitation_says_who_where_and_until_when() {
        let letter = invitation("Blobs R Us", "Ada Blob", Some("ada@blobsrus.com"), LINK, at()).unwrap();
        assert_eq!(letter.subject, "You are invited to join Blobs R Us");
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("Ada Blob invites you to join Blobs R Us."), "{part}");
            assert!(part.contains("until Monday, 21 September 2026, 14:13 UTC"), "{part}");
        }
        assert!(letter.text.contains(&format!("\n{LINK}\n")), "{}", letter.text);
        assert_eq!(letter.html.matches(&format!("href=\"{LINK}\"")).count(), 2, "button and bare link");
        assert!(!letter.html.contains("<img"));
    }

    #[test]
    fn names_carry_neither_links_nor_markup() {
        let letter = invitation(
            "<b>Evil</b> http://evil.example",
            "a@evil.example",
            Some("ada@blobsrus.com"),
            LINK,
            at(),
        )
        .unwrap();
        assert_eq!(letter.subject, "You are invited to join <b>Evil</b> http evil. example");
        assert!(letter.text.contains("a at evil. example invites you"), "{}", letter.text);
        for part in [&letter.text, &letter.html] {
            assert!(!part.contains("evil.example"), "{part}");
        }
        assert!(!letter.html.contains("<b>"), "{}", letter.html);
    }

    #[test]
    fn who_has_no_name_is_named_by_the_checked_address() {
        let letter =
            invitation("Blobs R Us", "ada@blobsrus.com", Some("ada@blobsrus.com"), LINK, at()).unwrap();
        assert!(letter.text.contains("ada@blobsrus.com invites you"), "{}", letter.text);
        let letter = invitation("Blobs R Us", "\u{202e}", None, LINK, at()).unwrap();
        assert!(letter.text.contains("Somebody invites you"), "{}", letter.text);
    }

    #[test]
    fn a_sign_in_mail_without_a_code_says_nothing_of_one() {
        let letter = sign_in("Blobs R Us", LINK, None, at()).unwrap();
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("The link works once, for 15 minutes") && !part.contains("code"), "{part}");
        }
    }

    #[test]
    fn a_sign_in_mail_has_link_code_and_end() {
        let letter = sign_in("Blobs R Us", LINK, Some("012345"), at()).unwrap();
        assert_eq!(letter.subject, "Sign in to Blobs R Us");
        for part in [&letter.text, &letter.html] {
            for piece in [LINK, "012345", "for 15 minutes: until Monday, 21 September 2026, 14:13 UTC"] {
                assert!(part.contains(piece), "{piece} in {part}");
            }
        }
    }
}
