//! Tabs that switch between views of a page. They are links, so that each view has its own URL.

use super::format::format_count;
use crate::runtime::prelude::*;
use model::users::Count;

/// One tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    pub id: &'static str,
    pub label: &'static str,
    pub count: Option<Count>,
    pub href: String,
    pub is_selected: bool,
}

/// Tabs over the element with the id `panel`, which the selected tab labels.
#[component]
pub fn Tabs(label: &'static str, tabs: Vec<Tab>) -> impl IntoView {
    let tabs = tabs.into_iter().map(|Tab { id, label, count, href, is_selected }| {
        erased_view! {
            <a id=id href=href data-noscroll role="tab" aria-selected=is_selected.to_string() aria-controls="panel">
                {label}{count.map(|count| erased_view! { " "<span class="count">{format_count(count)}</span> })}
            </a>
        }
    });
    erased_view! { <div role="tablist" class="tabs" aria-label=label>{tabs.collect_view()}</div> }
}
