//! What a page asks of the server: before it can be shown, again when something was changed, or once in between.

use crate::server_fn_client::{self, Answer, JsonCodec};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use leptos::server_fn::{Http, ServerFn};
use model::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::pin::Pin;

/// What a server function answers to the page's question of now.
pub struct JsonResource<T> {
    answer: Resource<Answer, JsonCodec>,
    reads: PhantomData<fn() -> T>,
}

impl<T> Clone for JsonResource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for JsonResource<T> {}

/// Asks a server function, and asks it again when the arguments or the number of changes are others.
pub fn json_resource<S>(
    arguments: impl Fn() -> S + Send + Sync + 'static,
    changes: impl Fn() -> usize + Send + Sync + 'static,
) -> JsonResource<S::Output>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    let question = move || (Some(server_fn_client::json(&arguments())), changes());
    JsonResource { answer: resource(Box::new(question), asking::<S>()), reads: PhantomData }
}

/// The same, where there may be nothing to ask: then there is no answer either.
pub fn json_resource_if<S>(
    arguments: impl Fn() -> Option<S> + Send + Sync + 'static,
    changes: impl Fn() -> usize + Send + Sync + 'static,
) -> JsonResource<Option<S::Output>>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    let question = move || (arguments().map(|arguments| server_fn_client::json(&arguments)), changes());
    JsonResource { answer: resource(Box::new(question), asking::<S>()), reads: PhantomData }
}

/// Asks a server function once.
pub async fn fetch<S>(arguments: S) -> Result<S::Output, Problem>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + DeserializeOwned + Send,
{
    server_fn_client::read(ask(asking::<S>(), server_fn_client::json(&arguments)).await)
}

/// The arguments as JSON, and how much was changed so far.
type Question = Box<dyn Fn() -> (Option<String>, usize) + Send + Sync>;

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

#[cfg(feature = "ssr")]
type Asking = fn(String) -> Answering;

#[cfg(feature = "ssr")]
fn asking<S>() -> Asking
where
    S: ServerFn<Error = Problem> + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    |arguments| {
        Box::pin(async move {
            let arguments: S = server_fn_client::read(Ok(arguments))?;
            arguments.run_body().await.map(|answer| server_fn_client::json(&answer))
        })
    }
}

#[cfg(not(feature = "ssr"))]
type Asking = &'static str;

#[cfg(not(feature = "ssr"))]
fn asking<S: ServerFn>() -> Asking {
    S::PATH
}

#[cfg(feature = "ssr")]
fn ask(asking: Asking, arguments: String) -> Answering {
    asking(arguments)
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
fn ask(path: Asking, arguments: String) -> Answering {
    Box::pin(server_fn_client::post(path, server_fn_client::JSON, arguments))
}

#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
fn ask(_: Asking, _: String) -> Answering {
    Box::pin(async { Err(Problem::Unreachable) })
}

/// Nothing, in JSON.
const NOTHING: &str = "null";

fn resource(question: Question, asking: Asking) -> Resource<Answer, JsonCodec> {
    Resource::new_with_options(
        question,
        move |(arguments, _)| -> Answering {
            match arguments {
                Some(arguments) => ask(asking, arguments),
                None => Box::pin(async { Ok(NOTHING.to_owned()) }),
            }
        },
        true,
    )
}

impl<T: DeserializeOwned> JsonResource<T> {
    /// What was answered last; nothing yet, before the first answer.
    pub fn get(self) -> Option<Result<T, Problem>> {
        self.answer.get().map(server_fn_client::read)
    }

    /// What was answered last, as it is now: for a dialog over the page, which must not begin anew when the page looks
    /// again. Stands in a `Suspense`, for the first time that it is loaded.
    pub fn get_untracked(self) -> Option<Result<T, Problem>> {
        self.answer.get_untracked().or_else(|| self.answer.get()).map(server_fn_client::read)
    }

    pub fn track(self) {
        self.answer.track();
    }

    /// Asks again.
    pub fn refetch(self) {
        self.answer.refetch();
    }
}

/// Waiting is the same, whatever is read.
fn awaited(answer: Resource<Answer, JsonCodec>) -> Answering {
    Box::pin(answer.into_future())
}

impl<T: DeserializeOwned + 'static> IntoFuture for JsonResource<T> {
    type Output = Result<T, Problem>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let answer = awaited(self.answer);
        Box::pin(async move { server_fn_client::read(answer.await) })
    }
}
