//! Table headers that sort by their column. They are links, so that each order has its own URL.

use super::icon::{Icon, icon};
use crate::runtime::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    Ascending,
    Descending,
}

/// The header of a sortable column. Links to the table sorted by it, or in reverse order if it already is.
#[component]
pub fn SortableHeader(
    label: &'static str,
    /// The current order if the table is sorted by this column.
    order: Option<SortOrder>,
    href: String,
) -> impl IntoView {
    let (sort, arrow) = match order {
        None => (None, None),
        Some(SortOrder::Ascending) => (Some("ascending"), Some(Icon::Up)),
        Some(SortOrder::Descending) => (Some("descending"), Some(Icon::Down)),
    };
    erased_view! { <th scope="col" aria-sort=sort><a href=href data-noscroll>{label}{arrow.map(icon)}</a></th> }
}
