//! The button that sends a form.

use crate::erased_view::erased_view;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// Sends its form. While that is under way it says so, and can't be pressed again.
///
/// It stays a button that takes the focus: whoever comes to it with a keyboard hears why it can't be pressed.
#[component]
pub fn Submit(
    #[prop(into)] label: Signal<String>,
    /// What it says meanwhile: "Sending…".
    pending_label: &'static str,
    #[prop(into)] pending: Signal<bool>,
    /// Why it can't be pressed now, while there is such a reason.
    #[prop(optional, into)]
    disabled: MaybeProp<String>,
    /// `primary`, `danger`, `quiet`, or nothing.
    #[prop(default = "primary")]
    kind: &'static str,
) -> impl IntoView {
    let idle = Memo::new(move |_| pending.get() || disabled.get().is_some());
    let press = move |event: MouseEvent| {
        if idle.get_untracked() {
            event.prevent_default();
        }
    };
    erased_view! {
        <button type="submit" class=format!("button {kind}") on:click=press
            aria-disabled=move || idle.get().then_some("true") title=move || disabled.get()
        >
            {move || if pending.get() { pending_label.to_owned() } else { label.get() }}
        </button>
    }
}
