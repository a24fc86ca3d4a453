//! Forms that work before and without WebAssembly.
//!
//! A form posts to the URL of the page that it stands on, and names its server function in a hidden field. Without
//! WebAssembly the server calls that function and renders the page again, with the answer and with what was typed.
//! With it, the submission is taken over and the page stays. Either way [`answer`] tells what came of it.

use crate::erased_view::erased_view;
use crate::server_fn_client::{self, Answer};
use leptos::ev::SubmitEvent;
use leptos::form::form_data_from_event;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// The hidden field that names the server function.
pub const ACTION_FIELD: &str = "_action";

/// A form that was posted without WebAssembly, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// The path of the server function.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub answer: Answer,
}

/// The page's submission: nothing, once another page was opened.
#[derive(Clone, Copy)]
struct Submission(RwSignal<Option<Submitted>>);

/// Brings a submission from the server to the browser. Once, at the root.
pub fn provide_submission() {
    provide_context(Submission(RwSignal::new(server_fn_client::carried(use_context::<Submitted>))));
}

/// Forgets the submission: it belongs to the page that the server rendered.
pub fn forget_submission() {
    if let Some(Submission(signal)) = use_context() {
        signal.set(None);
    }
}

fn submitted<S: ServerFn>() -> Option<Submitted> {
    let Submission(signal) = use_context()?;
    signal.get_untracked().filter(|submitted| submitted.action == S::PATH)
}

/// What forms of a server function have sent with WebAssembly, and what came of it.
pub struct ServerFormAction<S> {
    sent: Action<String, Answer>,
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
        Self { sent: sending(S::PATH), function: PhantomData }
    }

    /// Whether an answer is awaited.
    pub fn pending(self) -> Memo<bool> {
        self.sent.pending()
    }

    /// How often an answer came, whichever it was.
    pub fn version(self) -> RwSignal<usize> {
        self.sent.version()
    }
}

/// The fields go as a browser would post them.
fn sending(path: &'static str) -> Action<String, Answer> {
    Action::new(move |fields: &String| {
        let fields = fields.clone();
        async move {
            #[cfg(feature = "hydrate")]
            return server_fn_client::post(path, server_fn_client::FORM, fields).await;
            // Nobody submits on the server.
            #[cfg(not(feature = "hydrate"))]
            return Err(Problem::Internal { request: format!("{path} {fields}") });
        }
    })
}

/// What the server function answers to a form, whichever way the form goes. It stays JSON until it is read: a signal of its
/// own for each type would weigh more than what it says.
pub struct FormResult<T> {
    answer: Signal<Option<Answer>>,
    reads: PhantomData<fn() -> T>,
}

impl<T> Clone for FormResult<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for FormResult<T> {}

impl<T: DeserializeOwned> FormResult<T> {
    /// Nothing, as long as there is none.
    pub fn get(self) -> Option<Result<T, Problem>> {
        self.answer.get().map(server_fn_client::read)
    }

    /// The same, without being told of the next.
    pub fn get_untracked(self) -> Option<Result<T, Problem>> {
        self.answer.get_untracked().map(server_fn_client::read)
    }

    /// The same, and none while it is not wanted.
    #[must_use]
    pub fn only_while(self, wanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { answer: Signal::derive(move || self.answer.get().filter(|_| wanted())), reads: PhantomData }
    }
}

/// What comes of an action's forms.
pub fn answer<S: ServerFn>(action: ServerFormAction<S>) -> FormResult<S::Output> {
    FormResult { answer: raw_answer(S::PATH, action.sent), reads: PhantomData }
}

fn raw_answer(path: &'static str, sent: Action<String, Answer>) -> Signal<Option<Answer>> {
    let submission = use_context::<Submission>();
    let value = sent.value();
    Signal::derive(move || {
        value.get().or_else(|| Some(submission?.0.get().filter(|submitted| submitted.action == path)?.answer))
    })
}

/// Why it was refused, if it was.
pub fn problem<S: ServerFn>(action: ServerFormAction<S>) -> Signal<Option<Problem>> {
    let answer = raw_answer(S::PATH, action.sent);
    Signal::derive(move || answer.get().and_then(Result::err))
}

/// Whether it was done, whichever way the form went.
pub fn done<S: ServerFn>(action: ServerFormAction<S>) -> Signal<bool> {
    let answer = raw_answer(S::PATH, action.sent);
    Signal::derive(move || matches!(answer.get(), Some(Ok(_))))
}

/// How often it was done: what depends on it looks again. A refusal does not count, since it changed nothing, and what
/// was typed is worth more than a list that may be out of reach for the same reason.
pub fn successes<S>(action: ServerFormAction<S>) -> Memo<usize> {
    counting(action.sent)
}

fn counting(sent: Action<String, Answer>) -> Memo<usize> {
    Memo::new(move |before: Option<&usize>| match &*sent.value().read() {
        Some(Ok(_)) => sent.version().get(),
        _ => before.copied().unwrap_or_default(),
    })
}

/// Forgets what was answered, for a form that begins anew.
pub fn reset<S>(action: ServerFormAction<S>) {
    action.sent.clear();
    forget_submission();
}

/// Whether the page stands as it was posted, without WebAssembly: then it shows what was typed, and not what is kept.
pub fn was_posted<S: ServerFn>() -> bool {
    submitted::<S>().is_some()
}

/// What was typed into a field of the form that was posted without WebAssembly.
pub fn posted_value<S: ServerFn>(field: &str) -> String {
    let fields = submitted::<S>().map(|submitted| submitted.fields).unwrap_or_default();
    fields.into_iter().find(|(name, _)| name == field).map(|(_, value)| value).unwrap_or_default()
}

/// All that was chosen under one name in the form that was posted without WebAssembly.
pub fn posted_values<S: ServerFn>(field: &str) -> Vec<String> {
    let fields = submitted::<S>().map(|submitted| submitted.fields).unwrap_or_default();
    fields.into_iter().filter(|(name, _)| name == field).map(|(_, value)| value).collect()
}

/// A form for a server function.
#[component]
pub fn ServerForm<S>(
    action: ServerFormAction<S>,
    #[prop(optional, into)] class: String,
    /// For fields that stand elsewhere and name their form.
    #[prop(optional)]
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView
where
    S: ServerFn + 'static,
{
    form(S::PATH, action.sent, class, id, children)
}

fn form(
    path: &'static str,
    sent: Action<String, Answer>,
    class: String,
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let pending = sent.pending();
    let submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        if pending.get_untracked() {
            event.prevent_default();
        } else if let Some(fields) = fields(&event) {
            event.prevent_default();
            sent.dispatch(fields);
        }
        // What we can't read the browser posts by itself.
    };
    erased_view! {
        // The browser's own checks would hide ours, which tell more.
        <form method="post" class=class id=id novalidate on:submit=submit>
            <input type="hidden" name=ACTION_FIELD value=path/>
            {children()}
        </form>
    }
}

/// What a browser would post, with the button that was pressed (HTML, section 4.10.21.4).
fn fields(event: &SubmitEvent) -> Option<String> {
    let data = form_data_from_event(event).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    fields.to_string().as_string()
}
