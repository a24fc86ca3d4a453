//! The cookies of this site: their names, values and attributes.

use crate::theme::Theme;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{CookieJar, SameSite};
use domain::Token;
use domain::sessions::NewSession;
use domain::sign_in::PendingSignIn;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::collections::HashMap;

pub use cookie::Cookie;

const LINK_COOKIE_TTL: Duration = Duration::minutes(30);

const THEME_COOKIE_TTL: Duration = Duration::days(365);

/// The shortest SSO flow token that is accepted; the ones we issue have exactly this length.
const MIN_SSO_FLOW_TOKEN_BYTES: usize = 43;

const THEME: &str = "theme";

/// A link that is sent by email. When it is opened, its token moves from the address bar to a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailLink {
    Join,
    SignIn,
    ConfirmRequest,
}

impl EmailLink {
    /// Its segment of the path and the prefix of its cookie's name.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::SignIn => "sign-in",
            Self::ConfirmRequest => "confirm-request",
        }
    }
}

/// The cookies of a request. Server functions are outside the organization's paths, so every cookie has the path `/`, and
/// those of an organization have its slug in their name.
#[derive(Clone)]
pub struct Cookies {
    jar: CookieJar,
    /// Whether the public origin is HTTPS.
    secure: bool,
}

impl Cookies {
    /// Reads the cookies of a request. If a name occurs twice, the last one counts.
    pub fn new(headers: &HeaderMap, secure: bool) -> Self {
        let mut jar = CookieJar::new();
        let pairs = headers.get_all(COOKIE).iter().flat_map(|header| header.as_bytes().split(|b| *b == b';'));
        // Pairs that are not ASCII belong to other software on this host. They are skipped, not repaired, and names are not
        // percent-decoded: otherwise a sibling subdomain could set a cookie that turns into one with the `__Host-` prefix.
        for pair in pairs.filter(|pair| pair.is_ascii()).filter_map(|pair| str::from_utf8(pair).ok()) {
            if let Ok(cookie) = Cookie::parse(pair.to_owned()) {
                jar.add_original(cookie);
            }
        }
        Self { jar, secure }
    }

    /// The session tokens, by organization slug.
    pub fn session_tokens(&self) -> HashMap<String, Token> {
        let prefix = self.prefixed(&session_name(""));
        let token = |cookie: &Cookie<'_>| {
            let slug = cookie.name().strip_prefix(&prefix)?.to_owned();
            Some((slug, Token::from_client(cookie.value_trimmed())))
        };
        self.jar.iter().filter_map(token).collect()
    }

    /// The `Set-Cookie` value that signs a browser in.
    pub fn start_session(&self, organization: &str, session: &NewSession) -> Cookie<'static> {
        self.build(&session_name(organization), session.token.expose(), seconds(session.ttl))
    }

    /// The token of the email link that was opened in this browser.
    pub fn link_token(&self, link: EmailLink, organization: &str) -> Option<Token> {
        self.value(&link_name(link, organization)).map(Token::from_client)
    }

    /// Stores the token of an opened link.
    pub fn store_link(&self, link: EmailLink, organization: &str, token: &str) -> Cookie<'static> {
        self.build(&link_name(link, organization), token, LINK_COOKIE_TTL)
    }

    /// The token that binds an SSO login flow to this browser.
    pub fn sso_flow_token(&self, organization: &str) -> Option<Token> {
        let value = self.value(&sso_flow_name(organization))?;
        (value.len() >= MIN_SSO_FLOW_TOKEN_BYTES).then(|| Token::from_client(value))
    }

    /// Stores an SSO flow token. It outlives the login flow, so that a page that reports its failure can be reloaded.
    pub fn store_sso_flow(&self, organization: &str, token: &Token) -> Cookie<'static> {
        self.build(&sso_flow_name(organization), token.expose(), seconds(model::sso::LOGIN_FLOW_TTL) * 2)
    }

    /// The theme that was picked in this browser.
    pub fn theme(&self) -> Option<Theme> {
        self.value(THEME).and_then(Theme::from_code)
    }

    /// The pending sign-in of this browser, and the address it was requested for.
    fn pending_sign_in(&self, organization: &str) -> Option<(PendingSignIn, String)> {
        let mut parts = self.value(&sign_in_name(organization))?.splitn(3, '.');
        let id = parts.next()?.parse().ok()?;
        let browser_token = Token::from_client(parts.next()?);
        let email = percent_decode_str(parts.next()?).decode_utf8().ok()?.into_owned();
        Some((PendingSignIn { id, browser_token }, email))
    }

    fn store_pending_sign_in(&self, org: &str, pending: &PendingSignIn, email: &str) -> Cookie<'static> {
        // Cookie values are limited to ASCII (RFC 6265, section 4.1.1).
        let email = utf8_percent_encode(email, NON_ALPHANUMERIC);
        let value = format!("{}.{}.{email}", pending.id, pending.browser_token.expose());
        self.build(&sign_in_name(org), &value, seconds(model::sign_in::SIGN_IN_TTL))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.jar.get(&self.prefixed(name)).map(Cookie::value_trimmed)
    }

    fn build(&self, name: &str, value: &str, max_age: Duration) -> Cookie<'static> {
        Cookie::build((self.prefixed(name), value.to_owned()))
            .path("/")
            .max_age(max_age)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .build()
    }

    /// On HTTPS, the `__Host-` prefix prevents sibling subdomains from setting this cookie (RFC 6265bis, section 4.1.3.2).
    fn prefixed(&self, name: &str) -> String {
        format!("{}{name}", if self.secure { "__Host-" } else { "" })
    }
}

fn session_name(organization: &str) -> String {
    format!("session-{organization}")
}

fn sign_in_name(organization: &str) -> String {
    format!("code-{organization}")
}

fn sso_flow_name(organization: &str) -> String {
    format!("sso-flow-{organization}")
}

fn link_name(link: EmailLink, organization: &str) -> String {
    format!("{}-{organization}", link.slug())
}

fn seconds(duration: chrono::TimeDelta) -> Duration {
    Duration::seconds(duration.num_seconds())
}

/// Signs this browser in.
pub fn start_session(organization: &str, session: &NewSession) {
    set_cookie(|cookies| cookies.start_session(organization, session));
}

/// Signs this browser out.
pub fn end_session(organization: &str) {
    set_cookie(|cookies| cookies.build(&session_name(organization), "", Duration::ZERO));
}

/// Binds a pending sign-in to this browser, so that its code works only here.
pub fn set_pending_sign_in(organization: &str, pending: &PendingSignIn, email: &str) {
    set_cookie(|cookies| cookies.store_pending_sign_in(organization, pending, email));
}

/// The pending sign-in of this browser, and the address it was requested for.
pub fn pending_sign_in(organization: &str) -> Option<(PendingSignIn, String)> {
    use_context::<Cookies>()?.pending_sign_in(organization)
}

/// The token that binds an SSO login flow to this browser.
pub fn sso_flow_token(organization: &str) -> Option<Token> {
    use_context::<Cookies>()?.sso_flow_token(organization)
}

/// The token of the email link that was opened in this browser.
pub fn link_token(link: EmailLink, organization: &str) -> Option<Token> {
    use_context::<Cookies>()?.link_token(link, organization)
}

/// Sets the theme of this browser; `None` clears it, so that pages follow the system setting.
pub fn set_theme(theme: Option<Theme>) {
    let (code, max_age) = theme.map_or(("", Duration::ZERO), |theme| (theme.code(), THEME_COOKIE_TTL));
    set_cookie(|cookies| cookies.build(THEME, code, max_age));
}

fn set_cookie(cookie: impl FnOnce(&Cookies) -> Cookie<'static>) {
    let (Some(cookies), Some(response)) = (use_context::<Cookies>(), use_context::<ResponseOptions>()) else {
        return;
    };
    if let Ok(value) = HeaderValue::try_from(cookie(&cookies).to_string()) {
        response.append_header(SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(headers: &[&[u8]], secure: bool) -> Cookies {
        let headers =
            headers.iter().map(|header| (COOKIE, HeaderValue::from_bytes(header).unwrap())).collect();
        Cookies::new(&headers, secure)
    }

    fn join_token(headers: &[&[u8]]) -> Option<String> {
        let token = cookies(headers, false).link_token(EmailLink::Join, "blobs");
        token.map(|token| token.expose().to_owned())
    }

    #[test]
    fn cookie_is_found_among_odd_ones() {
        for headers in [
            &[b"join-blobs=token".as_slice()] as &[&[u8]],
            &[b"other=1", b"join-blobs=token"],
            &[b"a=b;join-blobs=token;c"],
            &[b";; =x; a; join-blobs = token\t; b="],
            &[b"join-blobs=\"token\""],
            &[b"a=\"1, 2\"; b={\"x\":1}; c=%zz; join-blobs=token"],
            &[b"a=gr\xc3\xbc\xc3\x9fe; join-blobs=token; b=\xff\xfe"],
            &[b"join-blobs=old; join-blobs=token"],
            &[b"join-blobs=old", b"join-blobs=token"],
        ] {
            let shown = headers.concat();
            assert_eq!(join_token(headers).as_deref(), Some("token"), "{}", String::from_utf8_lossy(&shown));
        }
        for header in
            [b"join-blobs".as_slice(), b"JOIN-BLOBS=token", b"join-blobs2=token", b"x-join-blobs=token"]
        {
            assert_eq!(join_token(&[header]), None, "{}", String::from_utf8_lossy(header));
        }
    }

    #[test]
    fn host_prefix_cannot_be_imitated() {
        let token = |header: &[u8]| cookies(&[header], true).link_token(EmailLink::Join, "blobs");
        assert!(token(b"__Host-join-blobs=token").is_some());
        for header in [
            b"join-blobs=token".as_slice(),
            b"%5F%5FHost-join-blobs=token",
            b"\xc2\xa0__Host-join-blobs=token",
            b"__host-join-blobs=token",
        ] {
            assert!(token(header).is_none(), "{}", String::from_utf8_lossy(header));
        }
    }

    #[test]
    fn session_cookies_are_read_by_organization() {
        let tokens = cookies(&[b"session-blobs=a; session-other=b; theme=dark"], false).session_tokens();
        let mut tokens: Vec<_> = tokens.iter().map(|(slug, token)| (&**slug, token.expose())).collect();
        tokens.sort_unstable();
        assert_eq!(tokens, [("blobs", "a"), ("other", "b")]);
    }

    #[test]
    fn pending_sign_in_survives_the_round_trip() {
        let id = model::SignInId(uuid::Uuid::from_u128(1));
        for email in ["ada@blobs.example", "\"a;b\"@blobs.example", "grüße.%41@blobs.example"] {
            let pending = PendingSignIn { id, browser_token: Token::from_client("token") };
            let set = cookies(&[], true).store_pending_sign_in("blobs", &pending, email);
            let returned = cookies(&[set.stripped().to_string().as_bytes()], true);
            let (read, address) = returned.pending_sign_in("blobs").unwrap();
            assert_eq!((read.id, read.browser_token.expose(), &*address), (id, "token", email));
        }
    }

    #[test]
    fn cookie_attributes_depend_on_https() {
        let store = |secure| cookies(&[], secure).store_link(EmailLink::Join, "blobs", "token").to_string();
        let attributes = "HttpOnly; SameSite=Lax";
        assert_eq!(store(false), format!("join-blobs=token; {attributes}; Path=/; Max-Age=1800"));
        assert_eq!(
            store(true),
            format!("__Host-join-blobs=token; {attributes}; Secure; Path=/; Max-Age=1800")
        );
    }
}
