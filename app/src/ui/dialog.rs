//! A dialog: the browser's own. Whether it is open stands in the URL, so without WebAssembly it is open in the page.

use leptos::html::Dialog as DialogElement;
use leptos::prelude::*;

#[component]
pub fn Dialog(
    title: &'static str,
    /// Called when the person closes it, by the Escape key too.
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let element = NodeRef::<DialogElement>::new();
    // Open in the HTML, it is part of the page; opened again as modal, it takes the focus and keeps it.
    Effect::new(move || {
        if let Some(dialog) = element.get() {
            dialog.close();
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog node_ref=element open aria-labelledby="dialog-title" on:cancel=move |event: leptos::ev::Event| {
            event.prevent_default();
            on_close.run(());
        }>
            <h2 id="dialog-title">{title}</h2>
            {children()}
        </dialog>
    }
}
