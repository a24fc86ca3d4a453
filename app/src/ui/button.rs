//! The submit button of a form.

use crate::runtime::prelude::*;

/// Submits its form. While the action is pending it shows `pending_label` and can't be pressed again.
///
/// Uses `aria-disabled` rather than `disabled`, so that it keeps the focus and a screen reader announces why it can't be
/// pressed.
#[component]
pub fn SubmitButton(
    #[prop(into)] label: Signal<String>,
    /// For example "Sending…".
    pending_label: &'static str,
    #[prop(into)] pending: Signal<bool>,
    /// Why it is disabled, if it is.
    #[prop(optional, into)]
    disabled: MaybeProp<String>,
    /// `primary`, `danger`, `quiet`, or empty.
    #[prop(default = "primary")]
    kind: &'static str,
) -> impl IntoView {
    let is_disabled = Memo::new(move |_| pending.get() || disabled.get().is_some());
    let on_click = move |event: ev::MouseEvent| {
        if is_disabled.get_untracked() {
            event.prevent_default();
        }
    };
    erased_view! {
        <button type="submit" class=format!("button {kind}") on:click=on_click
            aria-disabled=move || is_disabled.get().then_some("true") title=move || disabled.get()
        >
            {move || if pending.get() { pending_label.to_owned() } else { label.get() }}
        </button>
    }
}
