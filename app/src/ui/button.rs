//! The button that sends a form.

use leptos::prelude::*;

/// Sends its form. While that is under way it says so and can't be pressed again.
#[component]
pub fn Submit(
    #[prop(into)] label: Signal<String>,
    /// What it says meanwhile: "Sending…".
    pending_label: &'static str,
    #[prop(into)] pending: Signal<bool>,
    #[prop(default = "primary")] kind: &'static str,
) -> impl IntoView {
    view! {
        <button type="submit" class=format!("button {kind}") aria-disabled=move || pending.get().then_some("true")>
            {move || if pending.get() { pending_label.to_owned() } else { label.get() }}
        </button>
    }
}
