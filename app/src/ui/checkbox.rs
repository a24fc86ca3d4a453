//! Checkboxes: several under one name, and a single switch.

use crate::runtime::prelude::*;

/// One checkbox of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckboxOption {
    pub value: String,
    pub label: String,
    pub checked: bool,
}

/// Checkboxes under a legend. The form posts the checked values as the list `name`.
#[component]
pub fn CheckboxGroup(
    legend: &'static str,
    name: &'static str,
    options: Vec<CheckboxOption>,
    /// Shown when there are no options.
    empty_message: &'static str,
) -> impl IntoView {
    let is_empty = options.is_empty();
    let checkboxes = options.into_iter().map(|CheckboxOption { value, label, checked }| {
        erased_view! {
            <label class="check">
                <input type="checkbox" name=format!("{name}[]") value=value checked=checked/>
                <span>{label}</span>
            </label>
        }
    });
    erased_view! {
        <fieldset class="checks">
            <legend>{legend}</legend>
            {checkboxes.collect_view()}
            {is_empty.then(|| erased_view! { <p class="field-hint">{empty_message}</p> })}
        </fieldset>
    }
}

/// A setting that is on or off.
#[component]
pub fn Switch(
    label: &'static str,
    name: &'static str,
    on: bool,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    erased_view! {
        <div class="field">
            <label class="check">
                <input type="checkbox" role="switch" id=name name=name value="true" checked=on aria-describedby=format!("{name}-hint")/>
                <span>{label}</span>
            </label>
            <p class="field-hint" id=format!("{name}-hint")>{hint}</p>
        </div>
    }
}
