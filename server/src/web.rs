//! The web's side of the server: cookies, headers, forms, links. It translates, and decides nothing.

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
pub mod request_log;
pub mod sso;
pub mod static_page;
