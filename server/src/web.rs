//! The HTTP layer: middleware (request log, request context, headers, compression, error pages), pages, the form fallback,
//! and plain handlers. It translates between HTTP and `domain`; business rules do not belong here.

pub mod assets;
pub mod compression;
pub mod context;
pub mod dev_mailbox;
pub mod error_pages;
pub mod export;
pub mod form_fallback;
pub mod headers;
pub mod health;
pub mod links;
pub mod page_access;
pub mod pages;
pub mod redirect;
pub mod request_log;
pub mod sso;

/// The limit for request bodies: enough for 10,000 percent-encoded addresses of 254 bytes each.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
