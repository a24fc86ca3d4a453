//! Versions of resources as entity tags, and the preconditions on them (RFC 7644, section 3.14; RFC 9110, section 13.1).
//!
//! All tags are weak, because a projection changes the bytes of a response but not the version, and weak tags are accepted
//! in `If-Match`, as in the RFC's examples. The `headers` crate compares `If-Match` strongly, as RFC 9110 asks for, so no
//! weak tag would ever match.

use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use std::fmt;

/// The version of a resource. Displayed as a weak entity tag.
///
/// ```
/// assert_eq!(scim::ETag::new("a330bc54").to_string(), r#"W/"a330bc54""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

/// The versions that a client is willing to change: the parsed `If-Match` header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// No precondition: the header is missing, or `*`.
    #[default]
    Any,
    /// The current version must be one of these.
    OneOf(Vec<ETag>),
}

impl ETag {
    /// A version. It must not contain quotation marks.
    pub fn new(version: impl Into<String>) -> Self {
        Self(version.into())
    }

    /// Whether `If-None-Match` lists this version, so that the client already has it.
    pub fn matches_if_none_match(&self, headers: &HeaderMap) -> bool {
        let (any, etags) = parse_list(headers, &IF_NONE_MATCH);
        any || etags.contains(self)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

impl IfMatch {
    /// Parses the header.
    ///
    /// ```
    /// use http::header::{HeaderMap, HeaderValue, IF_MATCH};
    /// use scim::{ETag, IfMatch};
    ///
    /// let mut headers = HeaderMap::new();
    /// assert_eq!(IfMatch::from_headers(&headers), IfMatch::Any);
    /// headers.insert(IF_MATCH, HeaderValue::from_static(r#"W/"a,b", "c""#));
    /// let if_match = IfMatch::from_headers(&headers);
    /// assert!(if_match.includes(&ETag::new("a,b")));
    /// assert!(!if_match.includes(&ETag::new("a")));
    /// ```
    pub fn from_headers(headers: &HeaderMap) -> Self {
        match parse_list(headers, &IF_MATCH) {
            (false, etags) if !etags.is_empty() => Self::OneOf(etags),
            _ => Self::Any,
        }
    }

    /// Whether the precondition holds for the current version.
    pub fn includes(&self, current: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(etags) => etags.contains(current),
        }
    }
}

/// Whether a list of entity tags contains `*`, and its tags, weak or strong. Some clients leave out the quotation marks.
fn parse_list(headers: &HeaderMap, name: &HeaderName) -> (bool, Vec<ETag>) {
    let (mut any, mut etags) = (false, Vec::new());
    for value in headers.get_all(name) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut rest = &*value;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                break;
            }
            let tag = rest.strip_prefix("W/").unwrap_or(rest);
            let (is_quoted, (version, after)) = match tag.strip_prefix('"') {
                Some(quoted) => (true, quoted.split_once('"').unwrap_or((quoted, ""))),
                None => (false, tag.split_once(',').unwrap_or((tag, ""))),
            };
            match version.trim_end() {
                "*" if !is_quoted => any = true,
                unquoted => etags.push(ETag::new(if is_quoted { version } else { unquoted })),
            }
            rest = after;
        }
    }
    (any, etags)
}

#[cfg(test)]
mod tests {
    use super::{ETag, IfMatch};
    use http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(IF_MATCH, value.clone());
            headers.append(IF_NONE_MATCH, value);
        }
        headers
    }

    /// Whether both headers list a version.
    fn lists(header: &str, version: &str) -> bool {
        let (headers, etag) = (headers(&[header.as_bytes()]), ETag::new(version));
        let in_if_match = IfMatch::from_headers(&headers).includes(&etag);
        assert_eq!(in_if_match, etag.matches_if_none_match(&headers), "{header}");
        in_if_match
    }

    #[test]
    fn weak_and_strong_etags_match() {
        assert!(lists("\"a\"", "a"));
        assert!(lists("W/\"a\"", "a"));
        assert!(lists("W/\"a\",\"b\"", "b"));
        assert!(lists("  \"a\" ,, W/\"b\" ", "b"));
        assert!(!lists("\"a\", \"b\"", "c"));
        assert!(!lists("\"a\"", "A"));
    }

    #[test]
    fn quoted_etag_may_hold_a_comma() {
        assert!(lists("\"x\", W/\"a, b\", \"y\"", "a, b"));
        assert!(lists("\"x\", W/\"a, b\", \"y\"", "y"));
        assert!(!lists("\"a, b\"", "a"));
        assert!(!lists("\"a, b\"", "b"));
    }

    #[test]
    fn etag_without_quotation_marks_matches() {
        assert!(lists("a", "a"));
        assert!(lists("W/a , b ", "b"));
        // The closing one is missing.
        assert!(lists("\"a", "a"));
    }

    #[test]
    fn asterisk_matches_every_version() {
        assert!(lists("*", "a"));
        assert!(lists("\"x\", *", "a"));
        assert!(!lists("\"*\"", "a"));
    }

    #[test]
    fn foreign_etag_is_a_precondition() {
        assert!(!lists("\"\"", "a"));
        let not_ascii = headers(&[b"\"\xff\""]);
        assert!(!IfMatch::from_headers(&not_ascii).includes(&ETag::new("a")));
    }

    #[test]
    fn missing_header_sets_no_precondition() {
        let etag = ETag::new("a");
        for headers in [headers(&[]), headers(&[b""]), headers(&[b" , "])] {
            assert!(IfMatch::from_headers(&headers).includes(&etag));
            assert!(!etag.matches_if_none_match(&headers));
        }
    }

    #[test]
    fn repeated_headers_are_one_list() {
        let headers = headers(&[b"\"x\"", b"\"a\""]);
        assert!(IfMatch::from_headers(&headers).includes(&ETag::new("a")));
    }
}
