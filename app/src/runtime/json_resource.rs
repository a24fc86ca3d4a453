//! Data that a page loads through server functions: [`json_resource`] reloads when its arguments or version change,
//! [`fetch`] calls once.

#![expect(clippy::disallowed_types, reason = "the counterpart of Leptos' Resource is built on it")]

use crate::runtime::server_fn_client::{self, JsonCodec, RawResponse};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use leptos::server_fn::{Http, ServerFn};
use model::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::pin::Pin;

/// A Leptos `Resource` that holds the JSON of a server function's output and decodes it as `T` on every read.
pub struct JsonResource<T> {
    resource: Resource<RawResponse, JsonCodec>,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for JsonResource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for JsonResource<T> {}

/// Calls a server function, and calls it again when `arguments` or `version` changes.
pub fn json_resource<S>(
    arguments: impl Fn() -> S + Send + Sync + 'static,
    version: impl Fn() -> usize + Send + Sync + 'static,
) -> JsonResource<S::Output>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    let source = move || (Some(server_fn_client::to_json(&arguments())), version());
    JsonResource { resource: raw_resource(Box::new(source), fetcher::<S>()), output: PhantomData }
}

/// Like [`json_resource`], but loads `None` while there are no arguments.
pub fn json_resource_if<S>(
    arguments: impl Fn() -> Option<S> + Send + Sync + 'static,
    version: impl Fn() -> usize + Send + Sync + 'static,
) -> JsonResource<Option<S::Output>>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    let source = move || (arguments().map(|arguments| server_fn_client::to_json(&arguments)), version());
    JsonResource { resource: raw_resource(Box::new(source), fetcher::<S>()), output: PhantomData }
}

/// Calls a server function once.
pub async fn fetch<S>(arguments: S) -> Result<S::Output, Problem>
where
    S: ServerFn<Error = Problem, Protocol = Http<Json, Json>> + Serialize + DeserializeOwned + Send + 'static,
    S::Output: Serialize + DeserializeOwned + Send,
{
    server_fn_client::decode(fetch_raw(fetcher::<S>(), server_fn_client::to_json(&arguments)).await)
}

/// The source of a resource: the arguments as JSON, and the version.
type Source = Box<dyn Fn() -> (Option<String>, usize) + Send + Sync>;

type FetchFuture = Pin<Box<dyn Future<Output = RawResponse> + Send>>;

/// How to call a server function with JSON arguments: directly on the server, by its path in the browser.
#[cfg(feature = "ssr")]
type Fetcher = fn(String) -> FetchFuture;

#[cfg(feature = "ssr")]
fn fetcher<S>() -> Fetcher
where
    S: ServerFn<Error = Problem> + DeserializeOwned + Send + 'static,
    S::Output: Serialize + Send,
{
    |arguments| {
        Box::pin(async move {
            let arguments: S = server_fn_client::decode(Ok(arguments))?;
            arguments.run_body().await.map(|output| server_fn_client::to_json(&output))
        })
    }
}

#[cfg(not(feature = "ssr"))]
type Fetcher = &'static str;

#[cfg(not(feature = "ssr"))]
fn fetcher<S: ServerFn>() -> Fetcher {
    S::PATH
}

#[cfg(feature = "ssr")]
fn fetch_raw(fetcher: Fetcher, arguments: String) -> FetchFuture {
    fetcher(arguments)
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
fn fetch_raw(path: Fetcher, arguments: String) -> FetchFuture {
    Box::pin(server_fn_client::post_server_fn(path, server_fn_client::APPLICATION_JSON, arguments))
}

#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
fn fetch_raw(_: Fetcher, _: String) -> FetchFuture {
    Box::pin(async { Err(Problem::Unreachable) })
}

/// `None` as JSON.
const JSON_NULL: &str = "null";

fn raw_resource(source: Source, fetcher: Fetcher) -> Resource<RawResponse, JsonCodec> {
    Resource::new_with_options(
        source,
        move |(arguments, _)| -> FetchFuture {
            match arguments {
                Some(arguments) => fetch_raw(fetcher, arguments),
                None => Box::pin(async { Ok(JSON_NULL.to_owned()) }),
            }
        },
        true,
    )
}

impl<T: DeserializeOwned> JsonResource<T> {
    /// The last loaded value; `None` before the first load completes.
    pub fn get(self) -> Option<Result<T, Problem>> {
        self.resource.get().map(server_fn_client::decode)
    }

    /// The last loaded value, without subscribing to reloads: for a dialog over the page, which must not be rebuilt when
    /// the page reloads. Subscribes only until the first load completes; use it inside a `Suspense`.
    pub fn get_untracked(self) -> Option<Result<T, Problem>> {
        self.resource.get_untracked().or_else(|| self.resource.get()).map(server_fn_client::decode)
    }

    pub fn track(self) {
        self.resource.track();
    }

    pub fn refetch(self) {
        self.resource.refetch();
    }
}

/// Not generic, so that waiting is compiled once rather than for each output type.
fn raw_future(resource: Resource<RawResponse, JsonCodec>) -> FetchFuture {
    Box::pin(resource.into_future())
}

impl<T: DeserializeOwned + 'static> IntoFuture for JsonResource<T> {
    type Output = Result<T, Problem>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let response = raw_future(self.resource);
        Box::pin(async move { server_fn_client::decode(response.await) })
    }
}
