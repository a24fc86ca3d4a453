//! Signing in by email link or code.

pub(crate) mod api;
mod code;
mod link;
mod login;

pub use code::CodePage;
pub use link::LinkPage;
pub use login::LoginPage;
