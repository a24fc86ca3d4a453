//! Signing out.

pub(crate) mod api;

use crate::runtime::prelude::*;
use crate::ui::SubmitButton;

/// A button that signs out this browser.
#[component]
pub fn SignOut(
    label: &'static str,
    #[prop(optional, into)] next: String,
    #[prop(default = "primary")] kind: &'static str,
) -> impl IntoView {
    let action = ServerFormAction::<api::SignOut>::new();
    erased_view! {
        <ServerForm action>
            <input type="hidden" name="next" value=next/>
            <SubmitButton label pending_label="Signing out…" pending=action.pending() kind/>
        </ServerForm>
    }
}
