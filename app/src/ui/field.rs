//! Fields: the label above, the hint below, and below that what is wrong, in words.

use super::icon::{Icon, icon};
use crate::erased_view::erased_view;
use leptos::prelude::*;
use model::field::FieldError;

/// What is wrong with a field, where the field's description is looked for.
#[component]
pub fn FieldProblem(name: &'static str, #[prop(into)] error: Signal<Option<FieldError>>) -> impl IntoView {
    move || {
        error.get().map(|error| {
            erased_view! {
                <p class="field-error" id=format!("{name}-error")>{icon(Icon::Warning)}<span>{error.to_string()}</span></p>
            }
        })
    }
}

/// A field for one line of text.
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
            <FieldProblem name error/>
        </div>
    }
}

/// A field for one of some choices: the code that is sent, the words that are read, and whether it is chosen.
#[component]
pub fn Choice(
    label: &'static str,
    name: &'static str,
    options: Vec<(String, String, bool)>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let options = options.into_iter().map(|(code, words, chosen)| {
        erased_view! { <option value=code selected=chosen>{words}</option> }
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

/// The ids of what describes a field: its hint, and its error while there is one.
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
