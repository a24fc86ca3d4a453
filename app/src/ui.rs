//! The parts that pages are made of: how they look and behave. They know no routes and call no server.
//!
//! Classes: `.button` (`.primary`, `.danger`, `.quiet`), `.field`, `.badge` (`.active`, `.invited`, …), `.notice`
//! (`.danger`, `.success`), `.problems`, `.muted`, `.nowrap`, `.visually-hidden`. Each part has a file of its name in
//! `style/components`.

mod badge;
mod button;
mod dialog;
mod field;
mod icon;
mod problems;
mod text_area;
mod time;

pub use badge::{DeliveryLine, StatusBadge};
pub use button::Submit;
pub use dialog::Dialog;
pub use field::{Choice, Field};
pub use icon::{Icon, icon};
pub use problems::Problems;
pub use text_area::TextArea;
pub use time::{Moment, exact, left};
