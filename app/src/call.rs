//! How server functions are called: one way for all of them, whose answers stay JSON until they are read.
//!
//! Leptos compiles its own way anew for every function, and each copy weighs in what a browser loads.

use leptos::server::codee::{Decoder, Encoder};
use model::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a server function answered, as JSON, or why it did not.
pub type Answer = Result<String, Problem>;

/// What an answer says. Never inlined: what reads a type is there once, however many ask.
#[inline(never)]
pub fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, Problem> {
    from_json(&answer?).map_err(|_| Problem::Unreachable)
}

/// Reads JSON of our own making, which holds no value without a type.
fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json_core::de::Error> {
    // What is written without its escapes is never longer.
    let mut unescaped = vec![0; text.len()];
    serde_json_core::from_slice_escaped(text.as_bytes(), &mut unescaped).map(|(value, _)| value)
}

/// JSON, where everything is of types that are JSON.
pub fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Posts to a server function.
#[cfg(feature = "hydrate")]
pub async fn post(path: &'static str, content_type: &'static str, body: String) -> Answer {
    use server_fn::client::Client;
    use server_fn::client::browser::BrowserClient;
    use server_fn::redirect::call_redirect_hook;
    use server_fn::request::ClientReq;
    use server_fn::request::browser::BrowserRequest;
    use server_fn::response::ClientRes;

    let request = <BrowserRequest as ClientReq<Problem>>::try_new_post(path, content_type, JSON, body)?;
    let response = <BrowserClient as Client<Problem>>::send(request).await?;
    let (status, elsewhere) = (
        ClientRes::<Problem>::status(&response),
        ClientRes::<Problem>::has_redirect(&response).then(|| ClientRes::<Problem>::location(&response)),
    );
    let text = ClientRes::<Problem>::try_into_string(response).await?;
    if status >= 400 {
        return Err(read(Ok(text)).unwrap_or(Problem::Unreachable));
    }
    if let Some(location) = elsewhere {
        call_redirect_hook(&location);
    }
    Ok(text)
}

/// The media type of JSON (RFC 8259, section 11).
#[cfg(feature = "hydrate")]
pub const JSON: &str = "application/json";

/// The media type of a posted form (WHATWG URL, section 5).
#[cfg(feature = "hydrate")]
pub const FORM: &str = "application/x-www-form-urlencoded";

/// How answers and other values go with the page from the server to the browser.
pub struct AsJson;

impl Encoder<Answer> for AsJson {
    type Error = serde_json::Error;
    type Encoded = String;

    /// An answer is JSON already, and needs only to be told from a problem.
    fn encode(answer: &Answer) -> Result<String, Self::Error> {
        Ok(match answer {
            Ok(text) => format!("+{text}"),
            Err(problem) => format!("-{}", serde_json::to_string(problem)?),
        })
    }
}

impl Decoder<Answer> for AsJson {
    type Error = serde_json_core::de::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Answer, Self::Error> {
        match text.strip_prefix('+') {
            Some(answer) => Ok(Ok(answer.to_owned())),
            None => from_json(text.strip_prefix('-').unwrap_or(text)).map(Err),
        }
    }
}

/// A value that the server knows when it renders the page.
pub struct Carried<T>(pub T);

impl<T: Serialize> Encoder<Carried<T>> for AsJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(Carried(value): &Carried<T>) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<Carried<T>> for AsJson {
    type Error = serde_json_core::de::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Carried<T>, Self::Error> {
        from_json(text).map(Carried)
    }
}

/// Brings a value from the server to the browser.
pub fn carried<T: Serialize + DeserializeOwned + 'static>(value: impl FnOnce() -> T) -> T {
    leptos::prelude::SharedValue::<Carried<T>, AsJson>::new_with_encoding(|| Carried(value())).into_inner().0
}
