//! The web's side of the server: cookies, headers, forms, links. It translates, and decides nothing.

pub mod compression;
pub mod context;
pub mod document;
pub mod export;
pub mod files;
pub mod forms;
pub mod gate;
pub mod headers;
pub mod health;
pub mod links;
pub mod mailbox;
pub mod pages;
pub mod refusals;
pub mod request_log;
