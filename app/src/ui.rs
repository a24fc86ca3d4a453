//! The parts that pages are made of: how they look and behave. They know no routes and call no server.
//!
//! - Forms: [`Field`], [`TextArea`], [`Choice`], [`Checks`], [`Switch`], [`Submit`], and on top of a form [`Problems`].
//! - Lists: [`Tabs`], [`SortHead`], [`Pager`], [`Empty`], [`counted`].
//! - People: [`StatusBadge`], [`DeliveryLine`]. Times: [`Moment`], [`exact`], [`left`].
//! - Around them: [`Heading`], [`Notice`], [`Toast`], [`Dialog`] with its [`Close`], [`StaleWhileLoading`], [`icon`].
//!
//! Classes. Each part has a file of its name in `style/components`; these are the ones that a page writes itself:
//! - `.button` for links, with `.primary` (one in a view), `.danger` or `.quiet`; `.actions` for the row of buttons that
//!   ends a form, the one to press last.
//! - `table`: `td[data-label]` is the label on a phone; `.row-actions` the last cell, `a.whole-row` in it reaches over
//!   its row.
//! - `dl.facts`: what is known of something. `.line`: side by side, `.stack`: one under the other.
//! - `main.column` and `main.public`: the two kinds of page. `.heading`, `.back`, `.filters`.
//! - `.muted`, `.small`, `.nowrap`, `.lines`, `.visually-hidden`. `aria-busy="true"` dims what is being renewed.
//!
//! No `style` attribute anywhere: the content security policy refuses it.

mod badge;
mod button;
mod checks;
mod dialog;
mod error_summary;
mod field;
mod icon;
mod notice;
mod page;
mod stale_while_loading;
mod tabs;
mod text_area;
mod time;

pub use badge::{DeliveryLine, StatusBadge};
pub use button::Submit;
pub use checks::{Check, Checks, Switch};
pub use dialog::{Close, Dialog};
pub use error_summary::Problems;
pub use field::{Choice, Field, FieldProblem};
pub use icon::{Icon, icon};
pub use notice::{Notice, Toast, Tone};
pub use page::{Empty, Heading};
pub use stale_while_loading::StaleWhileLoading;
pub use tabs::{Order, Pager, SortHead, Tab, Tabs, counted};
pub use text_area::TextArea;
pub use time::{Moment, exact, left};
