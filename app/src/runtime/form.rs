//! Forms that post to a server function, with and without WebAssembly.
//!
//! A [`ServerForm`] posts to the URL of the page it is on, with the server function's path in a hidden field. Without
//! WebAssembly the server (`form_fallback`) calls that function and renders the page again, with the result and the posted
//! values. With WebAssembly the submission is intercepted and the page stays. Either way [`ServerFormAction::result`] returns
//! the outcome.

use crate::runtime::erased_view::erased_view;
use crate::runtime::server_fn_client::{self, RawResponse};
use leptos::ev::SubmitEvent;
use leptos::form::form_data_from_event;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::Problem;
use model::field::FieldError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// The hidden field that names the server function.
pub const ACTION_FIELD: &str = "_action";

/// A form that was posted without WebAssembly, and the server function's response.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FormSubmission {
    /// The path of the server function.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub response: RawResponse,
}

/// The submission that the current page was rendered for; `None` after client-side navigation.
#[derive(Clone, Copy)]
struct SubmissionContext(RwSignal<Option<FormSubmission>>);

/// The value of the field `org` of every form.
#[derive(Clone)]
struct OrganizationField(String);

/// Passes the submission from the server to the browser, and adds the organization to all forms, since every server function
/// takes it as `org`. Called once, at the root.
pub fn provide_forms(organization: String) {
    let submission = server_fn_client::serialize_for_hydration(use_context::<FormSubmission>);
    provide_context(SubmissionContext(RwSignal::new(submission)));
    provide_context(OrganizationField(organization));
}

/// Drops the submission, which applies only to the page that the server rendered for it.
pub fn clear_submission() {
    if let Some(SubmissionContext(signal)) = use_context() {
        signal.set(None);
    }
}

/// Dispatches forms to the server function `S` from the browser, like Leptos' `ServerAction`.
pub struct ServerFormAction<S> {
    inner: Action<String, RawResponse>,
    function: PhantomData<fn() -> S>,
}

impl<S> Clone for ServerFormAction<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for ServerFormAction<S> {}

impl<S: ServerFn> Default for ServerFormAction<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: ServerFn> ServerFormAction<S> {
    pub fn new() -> Self {
        Self { inner: post_action(S::PATH), function: PhantomData }
    }

    /// Whether a call is in flight.
    pub fn pending(self) -> Memo<bool> {
        self.inner.pending()
    }

    /// How many calls have completed, successfully or not.
    pub fn version(self) -> RwSignal<usize> {
        self.inner.version()
    }

    /// The result of the latest call, with or without WebAssembly.
    pub fn result(self) -> FormResult<S::Output> {
        FormResult { response: self.response(), output: PhantomData }
    }

    fn response(self) -> Signal<Option<RawResponse>> {
        response(S::PATH, self.inner)
    }

    /// Why the latest call failed, if it did.
    pub fn problem(self) -> Signal<Option<Problem>> {
        problem(self.response())
    }

    /// Why the latest call rejected a field, if it did.
    pub fn field_error(self, field: &'static str) -> Signal<Option<FieldError>> {
        field_error(self.response(), field)
    }

    /// Whether the latest call succeeded, with or without WebAssembly.
    pub fn succeeded(self) -> Signal<bool> {
        succeeded(self.response())
    }

    /// How many calls have succeeded: resources that depend on it reload. Failures do not count, since they changed nothing,
    /// and reloading could replace a form the user has typed into.
    pub fn success_count(self) -> Memo<usize> {
        success_count(self.inner)
    }

    /// Clears the result, for a form that starts over.
    pub fn reset(self) {
        self.inner.clear();
        clear_submission();
    }

    /// The value of a field in the form that was posted without WebAssembly; empty if there is none.
    pub fn posted_value(self, field: &str) -> String {
        posted_values(S::PATH, field).into_iter().flatten().next().unwrap_or_default()
    }

    /// The first value of a field: the posted one if the form was posted without WebAssembly, otherwise the stored one.
    pub fn field_value(self, field: &str, stored: String) -> String {
        match posted_values(S::PATH, field) {
            Some(posted) => posted.into_iter().next().unwrap_or_default(),
            None => stored,
        }
    }

    /// Like [`field_value`](Self::field_value), for a switch.
    pub fn is_on(self, field: &str, stored: bool) -> bool {
        posted_values(S::PATH, field).map_or(stored, |posted| posted.iter().any(|value| value == "true"))
    }

    /// Like [`field_value`](Self::field_value), for the checkbox with this value in the list `field`.
    pub fn is_checked(self, field: &str, value: &str, stored: bool) -> bool {
        posted_values(S::PATH, &format!("{field}[]"))
            .map_or(stored, |posted| posted.iter().any(|posted| posted == value))
    }
}

/// The values of a field in the form that was posted to `path` without WebAssembly. `None` if none was posted.
fn posted_values(path: &str, field: &str) -> Option<Vec<String>> {
    let SubmissionContext(signal) = use_context()?;
    let submission = signal.get_untracked().filter(|submission| submission.action == path)?;
    Some(submission.fields.into_iter().filter(|(name, _)| name == field).map(|(_, value)| value).collect())
}

/// Posts the fields as a browser would.
fn post_action(path: &'static str) -> Action<String, RawResponse> {
    Action::new(move |fields: &String| {
        let fields = fields.clone();
        async move {
            #[cfg(feature = "hydrate")]
            return server_fn_client::post_server_fn(path, server_fn_client::APPLICATION_FORM, fields).await;
            // Actions are only dispatched in the browser.
            #[cfg(not(feature = "hydrate"))]
            return Err(Problem::Internal { request: format!("{path} {fields}") });
        }
    })
}

/// The result of a form's server function, with or without WebAssembly. It stays JSON until it is read: a signal for each
/// result type would add more to the bundle than decoding does.
pub struct FormResult<T> {
    response: Signal<Option<RawResponse>>,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for FormResult<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FormResult<T> {}

impl<T: DeserializeOwned> FormResult<T> {
    /// The latest result; `None` before the first one.
    pub fn get(self) -> Option<Result<T, Problem>> {
        self.response.get().map(server_fn_client::decode)
    }

    /// Like [`get`](Self::get), without subscribing.
    pub fn get_untracked(self) -> Option<Result<T, Problem>> {
        self.response.get_untracked().map(server_fn_client::decode)
    }

    /// The same result while `condition` holds, otherwise `None`.
    #[must_use]
    pub fn only_while(self, condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            response: Signal::derive(move || self.response.get().filter(|_| condition())),
            output: PhantomData,
        }
    }
}

fn response(path: &'static str, action: Action<String, RawResponse>) -> Signal<Option<RawResponse>> {
    let submission = use_context::<SubmissionContext>();
    let value = action.value();
    Signal::derive(move || {
        value
            .get()
            .or_else(|| Some(submission?.0.get().filter(|submission| submission.action == path)?.response))
    })
}

fn problem(response: Signal<Option<RawResponse>>) -> Signal<Option<Problem>> {
    Signal::derive(move || response.get().and_then(Result::err))
}

fn field_error(response: Signal<Option<RawResponse>>, field: &'static str) -> Signal<Option<FieldError>> {
    Signal::derive(move || {
        response.get().and_then(Result::err).and_then(|problem| problem.field_error(field))
    })
}

fn succeeded(response: Signal<Option<RawResponse>>) -> Signal<bool> {
    Signal::derive(move || matches!(response.get(), Some(Ok(_))))
}

fn success_count(action: Action<String, RawResponse>) -> Memo<usize> {
    Memo::new(move |previous: Option<&usize>| match &*action.value().read() {
        Some(Ok(_)) => action.version().get(),
        _ => previous.copied().unwrap_or_default(),
    })
}

/// A form that posts to the server function `S`, like Leptos' `ActionForm`.
#[component]
pub fn ServerForm<S>(
    action: ServerFormAction<S>,
    #[prop(optional, into)] class: String,
    /// For fields outside the form that refer to it by their `form` attribute.
    #[prop(optional)]
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView
where
    S: ServerFn + 'static,
{
    render_form(S::PATH, action.inner, class, id, children)
}

fn render_form(
    path: &'static str,
    action: Action<String, RawResponse>,
    class: String,
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let organization = use_context().map(|OrganizationField(organization)| organization);
    let pending = action.pending();
    let submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        if pending.get_untracked() {
            event.prevent_default();
        } else if let Some(fields) = encode_fields(&event) {
            event.prevent_default();
            action.dispatch(fields);
        }
        // If the fields could not be read, the browser posts the form itself.
    };
    erased_view! {
        // The browser's own validation would hide ours, which is more specific.
        <form method="post" class=class id=id novalidate on:submit=submit>
            <input type="hidden" name=ACTION_FIELD value=path/>
            <input type="hidden" name="org" value=organization/>
            {children()}
        </form>
    }
}

/// The body that a browser would post, including the button that was pressed (HTML, section 4.10.21.4).
fn encode_fields(event: &SubmitEvent) -> Option<String> {
    let data = form_data_from_event(event).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    fields.to_string().as_string()
}
