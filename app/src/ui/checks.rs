//! Some of several: a group of check boxes under one name.

use crate::erased_view::erased_view;
use leptos::prelude::*;

/// One of them: the value that is sent, the words that are read, and whether it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// The boxes, under their legend. A form reads the chosen ones as the list `name`.
#[component]
pub fn Checks(
    legend: &'static str,
    name: &'static str,
    checks: Vec<Check>,
    /// What stands there when there is nothing to choose from.
    nothing: &'static str,
) -> impl IntoView {
    let none = checks.is_empty();
    let boxes = checks.into_iter().map(|Check { value, label, chosen }| {
        erased_view! {
            <label class="check">
                <input type="checkbox" name=format!("{name}[]") value=value checked=chosen/>
                <span>{label}</span>
            </label>
        }
    });
    erased_view! {
        <fieldset class="checks">
            <legend>{legend}</legend>
            {boxes.collect_view()}
            {none.then(|| erased_view! { <p class="field-hint">{nothing}</p> })}
        </fieldset>
    }
}

/// A box that stands alone: on or off.
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
