//! Components without knowledge of routes or server functions.
//!
//! - Forms: [`Field`], [`TextArea`], [`Select`], [`CheckboxGroup`], [`Switch`], [`SubmitButton`], and above the fields
//!   [`ErrorSummary`].
//! - Lists: [`Tabs`], [`Table`], [`SortableHeader`], [`Pager`], [`EmptyState`], [`format_count`].
//! - Users and times: [`StatusBadge`], [`DeliveryStatus`], [`RelativeTime`], [`format_utc`], [`time_left`].
//! - Page: [`PageHeading`], [`Notice`], [`SavedStatus`], [`Toast`], [`Dialog`] with its [`CloseLink`], [`icon`].
//!
//! Each component has a style sheet of the same concept in `style/components`. Pages use these classes directly:
//!
//! - `.button` for links, with `.primary` (one per view), `.danger` or `.quiet`; `.actions` for the row of buttons at the end
//!   of a form, with the main action last.
//! - `table`: `td[data-label]` is the label on a phone; `.row-actions` is the last cell, and `a.stretched-link` in it covers
//!   the row.
//! - `dl.description-list` for terms and values. `.row` lays out horizontally, `.stack` vertically.
//! - `main.container` and `main.public` are the two page layouts. `.heading`, `.back-link`, `.filters`.
//! - `.muted`, `.small`, `.nowrap`, `.pre-line`, `.visually-hidden`. `aria-busy="true"` dims content that is reloading.
//!
//! The content security policy does not allow `style` attributes.

mod badge;
mod button;
mod checkbox;
mod dialog;
mod error_summary;
mod field;
mod format;
mod icon;
mod notice;
mod page;
mod pager;
mod table;
mod table_header;
mod tabs;
mod text_area;
mod time;

pub use badge::{DeliveryStatus, StatusBadge};
pub use button::SubmitButton;
pub use checkbox::{CheckboxGroup, CheckboxOption, Switch};
pub use dialog::{CloseLink, Dialog};
pub use error_summary::ErrorSummary;
pub use field::{Field, FieldErrorMessage, Select};
pub use format::format_count;
pub use icon::{Icon, icon};
pub use notice::{Notice, SavedStatus, Toast, Tone};
pub use page::{EmptyState, PageHeading};
pub use pager::Pager;
pub use table::Table;
pub use table_header::{SortOrder, SortableHeader};
pub use tabs::{Tab, Tabs};
pub use text_area::TextArea;
pub use time::{RelativeTime, format_utc, time_left};
