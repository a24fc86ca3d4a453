//! The native `<dialog>`. The URL says whether it is open, so that the server can render it open in the page.

use crate::runtime::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

/// An open dialog; render it only while it is open. Traps the focus, and restores it when the dialog closes.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    /// Called when the user closes the dialog, including with the Escape key.
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else { return };
        // Local storage is fine, since effects run only in the browser.
        let previous_focus = StoredValue::new_local(focused_element());
        make_modal(&dialog, previous_focus.get_value());
        on_cleanup(move || {
            // Nothing outside a modal dialog can take the focus until the dialog has been removed.
            if let Some(previous_focus) = previous_focus.get_value() {
                request_animation_frame(move || focus(&previous_focus));
            }
        });
    });
    let on_cancel = move |event: ev::Event| {
        event.prevent_default();
        on_close.run(());
    };
    erased_view! {
        <dialog node_ref=element open aria-labelledby="dialog-title"
            on:cancel=on_cancel
            // When Escape is pressed twice, browsers close the dialog without a `cancel` event.
            on:close=move |_| on_close.run(())
        >
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}

/// Closes the dialog; without WebAssembly, by loading the page without it.
#[component]
pub fn CloseLink(
    on_close: Callback<()>,
    /// The URL of the page without the dialog.
    #[prop(into)]
    href: String,
    #[prop(default = "Close")] label: &'static str,
) -> impl IntoView {
    erased_view! {
        <a class="button" href=href rel="external" on:click=move |event| {
            event.prevent_default();
            on_close.run(());
        }>{label}</a>
    }
}

/// Turns a dialog that the HTML opened in place into a modal one.
fn make_modal(dialog: &HtmlDialogElement, focused: Option<HtmlElement>) {
    // Not `close()`, which would fire a `close` event.
    let _ = dialog.remove_attribute("open");
    let _ = dialog.show_modal();
    // The user may already be typing in the dialog.
    if let Some(field) = focused.filter(|element| dialog.contains(Some(element))) {
        focus(&field);
    }
}

fn focused_element() -> Option<HtmlElement> {
    document().active_element().and_then(|element| element.dyn_into().ok())
}

fn focus(element: &HtmlElement) {
    let _ = element.focus();
}
