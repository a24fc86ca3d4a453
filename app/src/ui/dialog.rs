//! A dialog: the browser's own. Whether it is open stands in the URL, so without WebAssembly it is open in the page.

use crate::erased_view::erased_view;
use leptos::ev::Event;
use leptos::html::Dialog as DialogElement;
use leptos::prelude::*;
use leptos::web_sys::{HtmlDialogElement, HtmlElement};
use wasm_bindgen::JsCast;

/// Is there as long as it is open. The focus goes in, stays in, and goes back to where it came from.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    /// Called when the person closes it, by the Escape key too.
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<DialogElement>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else { return };
        // Effects run in the browser alone, so what belongs to one thread may be kept.
        let before = StoredValue::new_local(focused());
        make_modal(&dialog, before.get_value());
        on_cleanup(move || {
            // As long as the dialog is in the page, nothing around it takes the focus.
            if let Some(before) = before.get_value() {
                request_animation_frame(move || focus(&before));
            }
        });
    });
    let cancel = move |event: Event| {
        event.prevent_default();
        on_close.run(());
    };
    erased_view! {
        <dialog node_ref=element open aria-labelledby="dialog-title"
            on:cancel=cancel
            // Pressed twice, Escape closes a dialog without asking it.
            on:close=move |_| on_close.run(())
        >
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}

/// Leaves the dialog: with WebAssembly by closing it, before that by the page without it.
#[component]
pub fn Close(
    on_close: Callback<()>,
    /// The page without the dialog.
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

/// Open in the HTML, it is a part of the page; opened by a script, it keeps the focus.
fn make_modal(dialog: &HtmlDialogElement, focused: Option<HtmlElement>) {
    // Closing it instead would tell everybody that it was closed.
    let _ = dialog.remove_attribute("open");
    let _ = dialog.show_modal();
    // Whoever typed already goes on typing.
    if let Some(field) = focused.filter(|element| dialog.contains(Some(element))) {
        focus(&field);
    }
}

fn focused() -> Option<HtmlElement> {
    document().active_element().and_then(|element| element.dyn_into().ok())
}

fn focus(element: &HtmlElement) {
    let _ = element.focus();
}
