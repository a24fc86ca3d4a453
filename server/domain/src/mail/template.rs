//! Renders the emails from their templates.

use super::sanitize::sanitize_display_name;
use askama::Template;
use chrono::{DateTime, Utc};
use model::sign_in::SIGN_IN_TTL;
use model::text::count;

/// A rendered email, before it gets its headers.
pub(super) struct RenderedMail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A message could not be rendered, which is a bug.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderError {
    #[error("failed to render the template: {0}")]
    Template(#[from] askama::Error),
    #[error("failed to build the message: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("the message is not UTF-8: {0}")]
    Utf8(#[from] std::string::FromUtf8Error),
}

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    subject: &'a str,
    organization: &'a str,
    inviter: &'a str,
    link: &'a str,
    expires_at: &'a str,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    subject: &'a str,
    organization: &'a str,
    inviter: &'a str,
    link: &'a str,
    expires_at: &'a str,
}

/// Renders an invitation. Users choose their names freely, so a name is sanitized; `inviter_email` is a verified address,
/// and it is shown unchanged if it stands in for a missing name.
pub(super) fn render_invitation(
    organization: &str,
    inviter: &str,
    inviter_email: Option<&str>,
    link: &str,
    expires_at: DateTime<Utc>,
) -> Result<RenderedMail, RenderError> {
    let organization = &organization_name(organization);
    let inviter = &match inviter_email {
        Some(email) if email == inviter => email.to_owned(),
        _ => non_empty_name(inviter).unwrap_or("Someone".to_owned()),
    };
    // The subject is the same for every inviter: their name would let them write it.
    let (subject, expires_at) =
        (&format!("You are invited to join {organization}"), &format_time(expires_at));
    Ok(RenderedMail {
        text: InvitationText { subject, organization, inviter, link, expires_at }.render()?,
        html: InvitationHtml { subject, organization, inviter, link, expires_at }.render()?,
        subject: subject.clone(),
    })
}

#[derive(Template)]
#[template(path = "sign_in.txt")]
struct SignInText<'a> {
    subject: &'a str,
    organization: &'a str,
    link: &'a str,
    code: Option<&'a str>,
    minutes: i64,
    expires_at: &'a str,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInHtml<'a> {
    subject: &'a str,
    organization: &'a str,
    link: &'a str,
    code: Option<&'a str>,
    minutes: i64,
    expires_at: &'a str,
}

/// Renders a sign-in link, with a code if there is a browser in which to enter it.
pub(super) fn render_sign_in(
    organization: &str,
    link: &str,
    code: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Result<RenderedMail, RenderError> {
    let organization = &organization_name(organization);
    let (subject, expires_at) = (&format!("Sign in to {organization}"), &format_time(expires_at));
    let minutes = SIGN_IN_TTL.num_minutes();
    Ok(RenderedMail {
        text: SignInText { subject, organization, link, code, minutes, expires_at }.render()?,
        html: SignInHtml { subject, organization, link, code, minutes, expires_at }.render()?,
        subject: subject.clone(),
    })
}

#[derive(Template)]
#[template(path = "request.txt")]
struct RequestConfirmationText<'a> {
    subject: &'a str,
    organization: &'a str,
    link: &'a str,
    expires_at: &'a str,
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestConfirmationHtml<'a> {
    subject: &'a str,
    organization: &'a str,
    link: &'a str,
    expires_at: &'a str,
}

/// Renders the link that confirms an invitation request. The name and message of the request are left out: anyone could
/// have typed them.
pub(super) fn render_request_confirmation(
    organization: &str,
    link: &str,
    expires_at: DateTime<Utc>,
) -> Result<RenderedMail, RenderError> {
    let organization = &organization_name(organization);
    let (subject, expires_at) =
        (&format!("Confirm your request to join {organization}"), &format_time(expires_at));
    Ok(RenderedMail {
        text: RequestConfirmationText { subject, organization, link, expires_at }.render()?,
        html: RequestConfirmationHtml { subject, organization, link, expires_at }.render()?,
        subject: subject.clone(),
    })
}

#[derive(Template)]
#[template(path = "dismissed.txt")]
struct RequestDismissedText<'a> {
    subject: &'a str,
    organization: &'a str,
}

#[derive(Template)]
#[template(path = "dismissed.html")]
struct RequestDismissedHtml<'a> {
    subject: &'a str,
    organization: &'a str,
}

/// Renders the notice to a requester that their request was dismissed.
pub(super) fn render_request_dismissed(organization: &str) -> Result<RenderedMail, RenderError> {
    let organization = &organization_name(organization);
    let subject = &format!("Your request to join {organization}");
    Ok(RenderedMail {
        text: RequestDismissedText { subject, organization }.render()?,
        html: RequestDismissedHtml { subject, organization }.render()?,
        subject: subject.clone(),
    })
}

#[derive(Template)]
#[template(path = "open_requests.txt")]
struct OpenRequestsText<'a> {
    subject: &'a str,
    organization: &'a str,
    open_requests: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "open_requests.html")]
struct OpenRequestsHtml<'a> {
    subject: &'a str,
    organization: &'a str,
    open_requests: &'a str,
    link: &'a str,
}

/// Renders the notice to an admin about open requests. Only the page shows who made them.
pub(super) fn render_open_requests(
    organization: &str,
    requests: usize,
    link: &str,
) -> Result<RenderedMail, RenderError> {
    let organization = &organization_name(organization);
    let open_requests = &count(requests, "open invitation request", "open invitation requests");
    let subject =
        &format!("{} for {organization}", count(requests, "invitation request", "invitation requests"));
    Ok(RenderedMail {
        text: OpenRequestsText { subject, organization, open_requests, link }.render()?,
        html: OpenRequestsHtml { subject, organization, open_requests, link }.render()?,
        subject: subject.clone(),
    })
}

fn organization_name(name: &str) -> String {
    non_empty_name(name).unwrap_or("an organization".to_owned())
}

fn non_empty_name(name: &str) -> Option<String> {
    Some(sanitize_display_name(name)).filter(|name| !name.is_empty())
}

/// Date, time and zone. The recipient's zone is unknown, so it is UTC.
fn format_time(at: DateTime<Utc>) -> String {
    at.format("%A, %B %-d, %Y, %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://vestibule.example/o/blobsrus/join/token";

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()
    }

    #[test]
    fn emails_match_their_snapshots() {
        let (organization, admin) = ("Blobs R Us", Some("ada@blobsrus.com"));
        for (name, mail) in [
            ("invitation", render_invitation(organization, "Ada Blob", admin, LINK, at())),
            ("sign_in", render_sign_in(organization, LINK, Some("012345"), at())),
            ("sign_in_without_code", render_sign_in(organization, LINK, None, at())),
            ("request_confirmation", render_request_confirmation(organization, LINK, at())),
            ("request_dismissed", render_request_dismissed(organization)),
            ("one_open_request", render_open_requests(organization, 1, LINK)),
            ("open_requests", render_open_requests(organization, 2, LINK)),
        ] {
            let RenderedMail { subject, text, html } = mail.unwrap();
            insta::assert_snapshot!(name, format!("Subject: {subject}\n\n{text}\n\n{html}"));
        }
    }

    #[test]
    fn names_in_invitation_are_sanitized() {
        let mail = render_invitation(
            "<b>Evil</b> http://evil.example",
            "a@evil.example",
            Some("ada@blobsrus.com"),
            LINK,
            at(),
        )
        .unwrap();
        assert_eq!(mail.subject, "You are invited to join <b>Evil</b> http evil. example");
        assert!(mail.text.contains("a at evil. example has invited you"), "{}", mail.text);
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains("evil.example"), "{part}");
        }
        assert!(!mail.html.contains("<b>"), "{}", mail.html);
    }

    #[test]
    fn inviter_without_name_is_shown_by_email() {
        let mail = render_invitation("Blobs R Us", "ada@blobsrus.com", Some("ada@blobsrus.com"), LINK, at())
            .unwrap();
        assert!(mail.text.contains("ada@blobsrus.com has invited you"), "{}", mail.text);
        let mail = render_invitation("Blobs R Us", "\u{202e}", None, LINK, at()).unwrap();
        assert!(mail.text.contains("Someone has invited you"), "{}", mail.text);
    }
}
