//! The client side of server functions: one untyped code path shared by all of them.
//!
//! Leptos generates client code for every server function, and each copy adds to the WebAssembly bundle. Here responses
//! stay JSON text ([`RawResponse`]) until [`decode`] turns them into a value.

use leptos::server::codee::{Decoder, Encoder};
use model::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The JSON that a server function returned, or why the call failed.
pub type RawResponse = Result<String, Problem>;

/// Decodes a response. Never inlined, so that there is one deserializer per type rather than one per caller.
#[inline(never)]
pub fn decode<T: DeserializeOwned>(response: RawResponse) -> Result<T, Problem> {
    from_json(&response?).map_err(|_| Problem::Unreachable)
}

/// Reads JSON that our own server wrote. `serde_json_core` does not support `#[serde(flatten)]`, nor enums that are internally
/// tagged or untagged.
fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json_core::de::Error> {
    // Unescaped text is never longer than its escaped form.
    let mut unescaped = vec![0; text.len()];
    serde_json_core::from_slice_escaped(text.as_bytes(), &mut unescaped).map(|(value, _)| value)
}

/// Serializes a type that has a JSON form, as all of our models do.
pub fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Posts to a server function. Follows a redirect through the hook that [`start`](crate::start) installs.
#[cfg(feature = "hydrate")]
pub async fn post_server_fn(path: &'static str, content_type: &'static str, body: String) -> RawResponse {
    use server_fn::client::Client;
    use server_fn::client::browser::BrowserClient;
    use server_fn::redirect::call_redirect_hook;
    use server_fn::request::ClientReq;
    use server_fn::request::browser::BrowserRequest;
    use server_fn::response::ClientRes;

    let request =
        <BrowserRequest as ClientReq<Problem>>::try_new_post(path, content_type, APPLICATION_JSON, body)?;
    let response = <BrowserClient as Client<Problem>>::send(request).await?;
    let (status, redirect) = (
        ClientRes::<Problem>::status(&response),
        ClientRes::<Problem>::has_redirect(&response).then(|| ClientRes::<Problem>::location(&response)),
    );
    let text = ClientRes::<Problem>::try_into_string(response).await?;
    if status >= 400 {
        return Err(decode(Ok(text)).unwrap_or(Problem::Unreachable));
    }
    if let Some(location) = redirect {
        call_redirect_hook(&location);
    }
    Ok(text)
}

/// The media type of JSON (RFC 8259, section 11).
#[cfg(feature = "hydrate")]
pub const APPLICATION_JSON: &str = "application/json";

/// The media type of a posted form (WHATWG URL, section 5).
#[cfg(feature = "hydrate")]
pub const APPLICATION_FORM: &str = "application/x-www-form-urlencoded";

/// Encodes values that the server embeds in the page for hydration.
pub struct JsonCodec;

impl Encoder<RawResponse> for JsonCodec {
    type Error = serde_json::Error;
    type Encoded = String;

    /// A successful response is JSON already; the first character distinguishes it from a problem.
    fn encode(response: &RawResponse) -> Result<String, Self::Error> {
        Ok(match response {
            Ok(text) => format!("+{text}"),
            Err(problem) => format!("-{}", serde_json::to_string(problem)?),
        })
    }
}

impl Decoder<RawResponse> for JsonCodec {
    type Error = serde_json_core::de::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<RawResponse, Self::Error> {
        match text.strip_prefix('+') {
            Some(json) => Ok(Ok(json.to_owned())),
            None => from_json(text.strip_prefix('-').unwrap_or(text)).map(Err),
        }
    }
}

/// A value that the server knows when it renders the page and the browser reads when it hydrates it.
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

/// Computes a value on the server and embeds it in the page; in the browser, reads it back while hydrating.
pub fn serialize_for_hydration<T: Serialize + DeserializeOwned + 'static>(value: impl FnOnce() -> T) -> T {
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

    fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) {
        let text = to_json(&value);
        assert_eq!(decode::<T>(Ok(text.clone())), Ok(value), "{text}");
    }

    #[test]
    fn text_with_escapes_round_trips() {
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
            assert_round_trip(text.to_owned());
            assert_round_trip(vec![(text.to_owned(), format!("{text}{text}")); 3]);
        }
    }

    #[test]
    fn every_character_round_trips() {
        let all: String = (0..=u32::from(char::MAX)).step_by(7).filter_map(char::from_u32).collect();
        assert_round_trip(all);
    }

    #[test]
    fn none_and_empty_values_round_trip() {
        assert_round_trip::<Option<String>>(None);
        assert_round_trip(Some("null".to_owned()));
        assert_round_trip(());
        assert_round_trip::<Vec<u8>>(Vec::new());
    }

    #[test]
    fn problems_round_trip_with_all_fields() {
        let field = |field: &str, error| FieldProblem { field: field.to_owned(), error };
        assert_round_trip(Problem::NotFound);
        assert_round_trip(Problem::Internal { request: "a\"b".to_owned() });
        assert_round_trip(Problem::Invalid {
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
    fn timestamps_round_trip_to_the_microsecond() {
        let reply = "250 2.0.0 \"Ok\"".to_owned();
        for micros in [i64::MIN / 1_000_000, -1, 0, 1, 1_795_521_600_123_456] {
            let at: DateTime<Utc> = DateTime::from_timestamp_micros(micros).unwrap();
            assert_round_trip(DeliveryState::Accepted { at, reply: reply.clone() });
            assert_round_trip(AuditEvent {
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
    fn unknown_fields_are_ignored() {
        let more =
            r#"{"field":"a","more":{"b":[1,-2.5e3,true,null,"}"],"c":{}},"error":"empty","end":"\"]"}"#;
        let known = FieldProblem { field: "a".to_owned(), error: FieldError::Empty };
        assert_eq!(decode::<FieldProblem>(Ok(more.to_owned())), Ok(known));
    }

    #[test]
    fn malformed_response_is_unreachable() {
        for text in [
            "",
            "{",
            "<!doctype html>",
            "{\"field\":1}",
            "[]",
            "{\"field\":\"a\",\"error\":\"no_such_error\"}",
        ] {
            assert_eq!(decode::<FieldProblem>(Ok(text.to_owned())), Err(Problem::Unreachable), "{text}");
        }
    }
}
