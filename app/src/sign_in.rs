//! Signing in by mail, and signing out.

mod api;
mod code;
mod link;
mod login;

pub use api::SignOut as SignOutAction;
pub use code::CodePage;
pub use link::LinkPage;
pub use login::LoginPage;

use crate::forms::{Form, FormAction};
use crate::ui::Submit;
use crate::view::view;
use leptos::prelude::*;

/// A button that ends the session of this browser.
#[component]
pub fn SignOut(
    organization: String,
    label: &'static str,
    #[prop(optional, into)] next: String,
    #[prop(default = "primary")] kind: &'static str,
) -> impl IntoView {
    let action = FormAction::<SignOutAction>::new();
    view! {
        <Form action>
            <input type="hidden" name="org" value=organization/>
            <input type="hidden" name="next" value=next/>
            <Submit label pending_label="Signing out…" pending=action.pending() kind/>
        </Form>
    }
}
