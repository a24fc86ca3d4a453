//! A multi-line text field. Do not write `<textarea>` anywhere else: Leptos 0.8 renders its text unescaped.

use super::field::{FieldErrorMessage, describedby};
use crate::runtime::prelude::*;
use model::field::FieldError;

#[component]
pub fn TextArea(
    label: &'static str,
    name: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] hint: &'static str,
    #[prop(default = 4)] rows: u8,
    #[prop(optional)] autofocus: bool,
    #[prop(into)] error: Signal<Option<FieldError>>,
    #[prop(optional)] node_ref: NodeRef<html::Textarea>,
    #[prop(default = Callback::new(|_| ()))] on_text: Callback<String>,
) -> impl IntoView {
    erased_view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                id=name name=name rows=rows.to_string() node_ref=node_ref
                autofocus=autofocus autocomplete="off" autocapitalize="off" spellcheck="false"
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=describedby(name, hint, error)
                on:input:target=move |event| on_text.run(event.target().value())
                inner_html=escape_content(value)
            ></textarea>
            {(!hint.is_empty()).then(|| erased_view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> })}
            <FieldErrorMessage name error/>
        </div>
    }
}

/// Escapes text for the inside of a `<textarea>` (HTML, section 13.1.2.6: escapable raw text).
fn escape_content(text: String) -> String {
    if text.is_empty() {
        return text;
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    // The HTML parser drops a newline right after the opening tag; setting `innerHTML` in the browser keeps it.
    if ON_SERVER { format!("\n{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_area_value_is_escaped() {
        let html = Owner::new().with(|| {
            let value = "\n</textarea><script>alert(1)</script>&amp;";
            let error = Signal::stored(None);
            erased_view! { <TextArea label="Email" name="addresses" value error/> }.to_html()
        });
        assert!(
            html.contains(">\n\n&lt;/textarea>&lt;script>alert(1)&lt;/script>&amp;amp;</textarea>"),
            "{html}"
        );
    }
}
