//! Signing in by email link or code, and signing out.

mod api;
mod code;
mod link;
mod login;

pub use api::SignOut as SignOutAction;
pub use code::CodePage;
pub use link::LinkPage;
pub use login::LoginPage;

use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{ServerForm, ServerFormAction};
use crate::ui::SubmitButton;
use leptos::prelude::*;

/// A button that signs out this browser.
#[component]
pub fn SignOut(
    organization: String,
    label: &'static str,
    #[prop(optional, into)] next: String,
    #[prop(default = "primary")] kind: &'static str,
) -> impl IntoView {
    let action = ServerFormAction::<SignOutAction>::new();
    erased_view! {
        <ServerForm action>
            <input type="hidden" name="org" value=organization/>
            <input type="hidden" name="next" value=next/>
            <SubmitButton label pending_label="Signing out…" pending=action.pending() kind/>
        </ServerForm>
    }
}
