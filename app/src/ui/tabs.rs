//! Ways to other views of the same page: tabs, the heads of a table, and its other pages. All of them are links, so
//! that each view has an address.

use super::icon::{Icon, icon};
use crate::erased_view::erased_view;
use leptos::prelude::*;
use model::users::Count;

/// A link to another view of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    pub id: &'static str,
    pub label: &'static str,
    pub count: Option<Count>,
    pub href: String,
    pub here: bool,
}

/// Tabs over the element with the id `panel`, which is labelled by the id of the open one.
#[component]
pub fn Tabs(label: &'static str, tabs: Vec<Tab>) -> impl IntoView {
    let tabs = tabs.into_iter().map(|Tab { id, label, count, href, here }| {
        erased_view! {
            <a id=id href=href data-noscroll role="tab" aria-selected=here.to_string() aria-controls="panel">
                {label}{count.map(|count| erased_view! { " "<span class="count">{counted(count)}</span> })}
            </a>
        }
    });
    erased_view! { <div role="tablist" class="tabs" aria-label=label>{tabs.collect_view()}</div> }
}

/// A count as it is read: "12", or "1,000+" where counting stopped.
pub fn counted(count: Count) -> String {
    let digits = count.counted.to_string();
    let mut words = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    if count.more {
        words.push('+');
    }
    words
}

/// Which way a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// The head of a column, which leads to the table sorted by it, or the other way round.
#[component]
pub fn SortHead(
    label: &'static str,
    /// How the table is sorted, if by this column.
    order: Option<Order>,
    href: String,
) -> impl IntoView {
    let (sort, sign) = match order {
        None => (None, None),
        Some(Order::Ascending) => (Some("ascending"), Some(Icon::Up)),
        Some(Order::Descending) => (Some("descending"), Some(Icon::Down)),
    };
    erased_view! { <th scope="col" aria-sort=sort><a href=href data-noscroll>{label}{sign.map(icon)}</a></th> }
}

/// The ways to the pages before and behind, where there are any.
#[component]
pub fn Pager(previous: Option<String>, next: Option<String>) -> impl IntoView {
    let link = |label, href| erased_view! { <a href=href class="button">{label}</a> };
    (previous.is_some() || next.is_some()).then(|| {
        erased_view! {
            <nav class="pager" aria-label="Pages">
                {previous.map(|href| link("Previous", href))}
                {next.map(|href| link("Next", href))}
            </nav>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_reads_like_a_number() {
        let counted = |counted, more| super::counted(Count { counted, more });
        assert_eq!(counted(0, false), "0");
        assert_eq!(counted(12, false), "12");
        assert_eq!(counted(1_000, true), "1,000+");
        assert_eq!(counted(1_234_567, false), "1,234,567");
    }
}
