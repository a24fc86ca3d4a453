//! Forms that work before and without WebAssembly.
//!
//! A form posts to the URL of the page that it stands on, and names its server function in a hidden field. Without
//! WebAssembly the server calls that function and renders the page again, with the answer and with what was typed.
//! With it, the submission is taken over and the page stays. Either way [`answer`] tells what came of it.

use leptos::ev::SubmitEvent;
use leptos::form::FromFormData;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use model::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The hidden field that names the server function.
pub const ACTION_FIELD: &str = "_action";

/// A form that was posted without WebAssembly, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submitted {
    /// The path of the server function.
    pub action: String,
    pub fields: Vec<(String, String)>,
    pub answer: Result<Value, Problem>,
}

/// The page's submission: nothing, once another page was opened.
#[derive(Clone, Copy)]
struct Submission(RwSignal<Option<Submitted>>);

/// Brings a submission from the server to the browser. Once, at the root.
pub fn provide_submission() {
    let submitted = SharedValue::new(use_context::<Submitted>).into_inner();
    provide_context(Submission(RwSignal::new(submitted)));
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

/// What the server function answered, whichever way the form went.
pub fn answer<S>(action: ServerAction<S>) -> Signal<Option<Result<S::Output, Problem>>>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let submission = use_context::<Submission>();
    let value = action.value();
    Signal::derive(move || {
        value.get().or_else(|| {
            let submitted = submission?.0.get().filter(|submitted| submitted.action == S::PATH)?;
            let read = |answer| serde_json::from_value(answer).map_err(|_| Problem::Unreachable);
            Some(submitted.answer.and_then(read))
        })
    })
}

/// Why it was refused, if it was.
pub fn problem<S>(action: ServerAction<S>) -> Signal<Option<Problem>>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let answer = answer(action);
    Signal::derive(move || answer.get().and_then(Result::err))
}

/// How often it was done: what depends on it looks again. A refusal does not count, since it changed nothing, and what
/// was typed is worth more than a list that may be out of reach for the same reason.
pub fn successes<S>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    Memo::new(move |before: Option<&usize>| match &*action.value().read() {
        Some(Ok(_)) => action.version().get(),
        _ => before.copied().unwrap_or_default(),
    })
}

/// Forgets what was answered, for a form that begins anew.
pub fn begin_anew<S>(action: ServerAction<S>)
where
    S: ServerFn + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
{
    action.clear();
    forget_submission();
}

/// Whether the page stands as it was posted, without WebAssembly: then it shows what was typed, and not what is kept.
pub fn was_posted<S: ServerFn>() -> bool {
    submitted::<S>().is_some()
}

/// What was typed into a field of the form that was posted without WebAssembly.
pub fn typed<S: ServerFn>(field: &str) -> String {
    let fields = submitted::<S>().map(|submitted| submitted.fields).unwrap_or_default();
    fields.into_iter().find(|(name, _)| name == field).map(|(_, value)| value).unwrap_or_default()
}

/// All that was chosen under one name in the form that was posted without WebAssembly.
pub fn typed_all<S: ServerFn>(field: &str) -> Vec<String> {
    let fields = submitted::<S>().map(|submitted| submitted.fields).unwrap_or_default();
    fields.into_iter().filter(|(name, _)| name == field).map(|(_, value)| value).collect()
}

/// A form for a server function.
#[component]
pub fn Form<S>(
    action: ServerAction<S>,
    #[prop(optional, into)] class: String,
    /// For fields that stand elsewhere and name their form.
    #[prop(optional)]
    id: Option<&'static str>,
    children: Children,
) -> impl IntoView
where
    S: ServerFn + DeserializeOwned + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
{
    let pending = action.pending();
    let submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        if pending.get_untracked() {
            event.prevent_default();
        } else if let Ok(input) = S::from_event(&event) {
            event.prevent_default();
            action.dispatch(input);
        }
        // What we can't read the browser posts, and the server says what is wrong with it.
    };
    form(S::PATH, class, id, submit, children)
}

fn form(
    path: &'static str,
    class: String,
    id: Option<&'static str>,
    submit: impl Fn(SubmitEvent) + 'static,
    children: Children,
) -> impl IntoView {
    view! {
        // The browser's own checks would hide ours, which tell more.
        <form method="post" class=class id=id novalidate on:submit=submit>
            <input type="hidden" name=ACTION_FIELD value=path/>
            {children()}
        </form>
    }
}
