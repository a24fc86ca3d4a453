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

/// Reads JSON of our own making. What it holds must tell its type: a field that is flattened, a tag within or no tag at all
/// can't be read so.
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
pub struct JsonCodec;

impl Encoder<Answer> for JsonCodec {
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

impl Decoder<Answer> for JsonCodec {
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
pub struct Hydrated<T>(pub T);

impl<T: Serialize> Encoder<Hydrated<T>> for JsonCodec {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(Hydrated(value): &Hydrated<T>) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<Hydrated<T>> for JsonCodec {
    type Error = serde_json_core::de::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Hydrated<T>, Self::Error> {
        from_json(text).map(Hydrated)
    }
}

/// Brings a value from the server to the browser.
pub fn carried<T: Serialize + DeserializeOwned + 'static>(value: impl FnOnce() -> T) -> T {
    leptos::prelude::SharedValue::<Hydrated<T>, JsonCodec>::new_with_encoding(|| Hydrated(value()))
        .into_inner()
        .0
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use model::audit_log::AuditEvent;
    use model::delivery::DeliveryState;
    use model::field::FieldError;
    use model::{AuditEventId, FieldProblem, UserId};

    fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) {
        let text = json(&value);
        assert_eq!(read::<T>(Ok(text.clone())), Ok(value), "{text}");
    }

    #[test]
    fn every_text_comes_back_as_it_went() {
        for text in [
            "",
            "\"",
            "\\",
            "\\\\\"",
            "\r\n\t\u{8}\u{c}",
            "\u{0}\u{1f}\u{7f}",
            "ä ß 東京 👩‍👩‍👧",
            "</script>",
            "{\"a\":[1]}",
            "\u{2028}\u{feff}",
        ] {
            comes_back(text.to_owned());
            comes_back(vec![(text.to_owned(), format!("{text}{text}")); 3]);
        }
    }

    #[test]
    fn every_character_comes_back_as_it_went() {
        let all: String = (0..=u32::from(char::MAX)).step_by(7).filter_map(char::from_u32).collect();
        comes_back(all);
    }

    #[test]
    fn what_is_not_there_is_not_there() {
        comes_back::<Option<String>>(None);
        comes_back(Some("null".to_owned()));
        comes_back(());
        comes_back::<Vec<u8>>(Vec::new());
    }

    #[test]
    fn problems_come_back_with_all_that_they_say() {
        let field = |field: &str, error| FieldProblem { field: field.to_owned(), error };
        comes_back(Problem::NotFound);
        comes_back(Problem::Internal { request: "a\"b".to_owned() });
        comes_back(Problem::Invalid {
            fields: vec![
                field("a", FieldError::Empty),
                field("b", FieldError::TooManyAddresses { count: usize::MAX, max: 0 }),
                field("c", FieldError::OutOfRange { min: i16::MIN, max: i16::MAX }),
                field("d", FieldError::UnknownUser { id: UserId(uuid::Uuid::max()) }),
                field("e", FieldError::InvalidDomain { entry: "\\\"".to_owned() }),
            ],
        });
    }

    #[test]
    fn moments_come_back_to_the_microsecond() {
        let reply = "250 2.0.0 \"Ok\"".to_owned();
        for micros in [i64::MIN / 1_000_000, -1, 0, 1, 1_795_521_600_123_456] {
            let at: DateTime<Utc> = DateTime::from_timestamp_micros(micros).unwrap();
            comes_back(DeliveryState::Accepted { at, reply: reply.clone() });
            comes_back(AuditEvent {
                id: AuditEventId(uuid::Uuid::nil()),
                at,
                action: "user.joined".to_owned(),
                actor: String::new(),
                target_id: None,
                target: None,
                source: String::new(),
                details: "from: member".to_owned(),
            });
        }
    }

    #[test]
    fn what_a_newer_server_says_besides_is_left_out() {
        let more =
            r#"{"field":"a","more":{"b":[1,-2.5e3,true,null,"}"],"c":{}},"error":"empty","end":"\"]"}"#;
        let known = FieldProblem { field: "a".to_owned(), error: FieldError::Empty };
        assert_eq!(read::<FieldProblem>(Ok(more.to_owned())), Ok(known));
    }

    #[test]
    fn what_is_no_answer_is_told_as_out_of_reach() {
        for text in [
            "",
            "{",
            "<!doctype html>",
            "{\"field\":1}",
            "[]",
            "{\"field\":\"a\",\"error\":\"no_such_error\"}",
        ] {
            assert_eq!(read::<FieldProblem>(Ok(text.to_owned())), Err(Problem::Unreachable), "{text}");
        }
    }
}
