//! Form fields: a label above the control, a hint and an error message below it.

use super::icon::{Icon, icon};
use crate::runtime::prelude::*;
use model::field::FieldError;

/// A field's error message, with the id that [`describedby`] refers to.
#[component]
pub fn FieldErrorMessage(
    name: &'static str,
    #[prop(into)] error: Signal<Option<FieldError>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            erased_view! {
                <p class="field-error" id=format!("{name}-error")>{icon(Icon::Warning)}<span>{error.to_string()}</span></p>
            }
        })
    }
}

/// A single-line text field.
#[component]
pub fn Field(
    label: &'static str,
    name: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] hint: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(default = "text")] inputmode: &'static str,
    #[prop(optional)] autofocus: bool,
    #[prop(into)] error: Signal<Option<FieldError>>,
) -> impl IntoView {
    erased_view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name name=name type=kind value=value autocomplete=autocomplete inputmode=inputmode autofocus=autofocus
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=describedby(name, hint, error)
            />
            {(!hint.is_empty()).then(|| erased_view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> })}
            <FieldErrorMessage name error/>
        </div>
    }
}

/// A drop-down list.
#[component]
pub fn Select(
    label: &'static str,
    name: &'static str,
    /// Value, label, and whether it is selected.
    options: Vec<(String, String, bool)>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let options = options.into_iter().map(|(value, label, selected)| {
        erased_view! { <option value=value selected=selected>{label}</option> }
    });
    erased_view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name aria-describedby=(!hint.is_empty()).then(|| format!("{name}-hint"))>
                {options.collect_view()}
            </select>
            {(!hint.is_empty()).then(|| erased_view! { <p class="field-hint" id=format!("{name}-hint")>{hint}</p> })}
        </div>
    }
}

/// The value of `aria-describedby`: the ids of the hint and of the error message, as far as they exist.
pub fn describedby(
    name: &'static str,
    hint: &'static str,
    error: Signal<Option<FieldError>>,
) -> impl Fn() -> Option<String> {
    move || {
        let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
        let error = error.get().map(|_| format!("{name}-error"));
        let ids: Vec<String> = [hint, error].into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
