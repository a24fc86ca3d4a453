//! Every type that crosses the wire can be read by the browser, whose JSON reader supports less than `serde_json`.

mod samples;

use crate::runtime::form::FormSubmission;
use crate::runtime::server_fn_client::{JsonCodec, RawResponse, decode, to_json};
use crate::theme::Theme;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::ServerFn;
use model::{Problem, Viewer};
use samples::samples;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::any::type_name;
use std::collections::BTreeSet;

/// Writes values as the server does and reads them as the browser does.
fn assert_round_trips<T: Serialize + DeserializeOwned>() {
    let values =
        samples::<T>().unwrap_or_else(|error| panic!("{} is not readable: {error}", type_name::<T>()));
    for value in values {
        let json = to_json(&value);
        match decode::<T>(Ok(json.clone())) {
            Ok(read) => assert_eq!(to_json(&read), json, "{} changed", type_name::<T>()),
            Err(problem) => panic!("{} is not readable: {problem:?} in {json}", type_name::<T>()),
        }
    }
}

/// Checks the arguments of a server function, which the server reads in the same way while it renders, and its output.
fn assert_server_fn_round_trips<S>() -> &'static str
where
    S: ServerFn + Serialize + DeserializeOwned,
    S::Output: Serialize + DeserializeOwned,
{
    assert_round_trips::<S>();
    assert_round_trips::<S::Output>();
    S::PATH
}

/// Checks the server functions, and returns their paths.
macro_rules! server_fn_paths {
    ($($($module:ident)::+: $($function:ident)+;)+) => {{
        let mut paths = BTreeSet::new();
        $({
            use crate::$($module)::+ as api;
            $(paths.insert(assert_server_fn_round_trips::<api::$function>());)+
        })+
        paths
    }};
}

#[test]
fn server_functions_round_trip() {
    let tested = server_fn_paths! {
        account::api: Rename ListSessions EndSession SignOutEverywhere SetTheme;
        audit_log::api: ListEvents;
        groups::api: ListGroups SaveGroup DeleteGroup;
        join::api: GetJoinPage Join RequestRenewal;
        request_invitation::api: RequestInvitation GetConfirmPage ConfirmRequest;
        requests::api: ListRequests DismissStale Dismiss;
        roles::api: ListRoles SaveRole DeleteRole;
        scim::api: ListKeys CreateKey RevokeKey;
        settings::api: GetSettings SaveSettings;
        sign_in::api: RequestSignIn GetPendingEmail SignInByCode GetSignInLink SignInByLink;
        sign_out::api: SignOut;
        sso::api: GetSignInOptions GetLastRefusal GetProviderLogout;
        sso::connections::api: GetAuthenticationSettings SaveConnection DeleteConnection TestConnection SetEmailLinksDisabled;
        users::api: ListUsers GetProfile ListGrants Classify Invite ApplyAction ResendAllExpired ChangeUser ChangeGroup CopyLink;
    };
    let registered: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert_eq!(tested, registered, "list every server function in this test");
}

#[test]
fn hydrated_values_round_trip() {
    assert_round_trips::<Option<Viewer>>();
    assert_round_trips::<Option<FormSubmission>>();
    assert_round_trips::<Option<Theme>>();
    assert_round_trips::<bool>();
}

#[test]
fn responses_round_trip_through_hydration() {
    assert_round_trips::<Problem>();
    for response in samples::<RawResponse>().unwrap() {
        let text = JsonCodec::encode(&response).unwrap();
        let read: RawResponse = JsonCodec::decode(text.as_str()).unwrap();
        assert_eq!(read, response, "{text}");
    }
}

#[test]
fn unreadable_types_have_no_samples() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum InternallyTagged {
        Text { text: String },
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Flattened {
        #[serde(flatten)]
        problem: model::FieldProblem,
    }
    assert!(samples::<Untagged>().is_err());
    assert!(samples::<InternallyTagged>().is_err());
    assert!(samples::<Flattened>().is_err());
    assert!(samples::<serde_json::Value>().is_err());
}
