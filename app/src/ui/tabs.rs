//! Tabs that switch between views of a page. They are links, so that each view has its own URL.

use crate::erased_view::erased_view;
use leptos::prelude::*;
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

/// Formats a count: "12", "1,234", or "1,000+" if counting stopped there.
pub fn format_count(count: Count) -> String {
    let digits = count.counted.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count.more {
        text.push('+');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_count_groups_digits() {
        let format = |counted, more| format_count(Count { counted, more });
        assert_eq!(format(0, false), "0");
        assert_eq!(format(12, false), "12");
        assert_eq!(format(1_000, true), "1,000+");
        assert_eq!(format(1_234_567, false), "1,234,567");
    }
}
