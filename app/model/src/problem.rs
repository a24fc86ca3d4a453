//! What can go wrong, as the other side of the wire learns it: a closed list of codes. The words are made where they
//! are shown, so nobody can put words of his own on our pages.

use crate::field::FieldError;
use crate::transitions::Refusal;
use serde::{Deserialize, Serialize};

/// Why an action was refused or could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is not there, or not for the one who asks: the two answer the same.
    #[error("We could not find that.")]
    NotFound,
    /// Nobody is signed in any more.
    #[error("You are signed out. Sign in again to go on.")]
    SignedOut,
    /// Something that was typed needs another look.
    #[error("Please check what is marked below.")]
    Invalid { fields: Vec<FieldProblem> },
    /// The rule table says no.
    #[error("This can't be done: {why}. Nothing was changed.")]
    Refused { why: Refusal },
    /// The link can't be used; why depends on the link.
    #[error("This link can't be used any more.")]
    LinkUnusable,
    /// Another account of the organization is open in this browser.
    #[error("Another account is open in this browser. Sign out of it first.")]
    OtherAccountOpen,
    /// The sign-in code is wrong, or its time is over.
    #[error("This code is wrong or its time is over.")]
    WrongCode,
    /// There is no such API key here, or its time is over.
    #[error("This API key is not known here, or its time is over.")]
    KeyRefused,
    /// The API key is good, but not for this.
    #[error("This API key may not be used for that.")]
    OutOfScope,
    /// It is not as it was when the one who asks looked at it.
    #[error("It was changed meanwhile.")]
    ChangedMeanwhile,
    /// More came in than we take at once.
    #[error("That is more than we can take at once.")]
    TooLarge,
    /// Ours. The log knows more, under this request id.
    #[error("Something went wrong on our side. Nothing was changed. (Request {request})")]
    Internal { request: String },
    /// The other side did not answer in words that we know: the network, a proxy, or a newer server.
    #[error("The server could not be reached. What you typed is still here: try again.")]
    Unreachable,
}

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The name of the field in its form.
    pub field: String,
    pub error: FieldError,
}

impl Problem {
    /// One field that needs another look.
    pub fn field(field: &str, error: FieldError) -> Self {
        Self::Invalid { fields: vec![FieldProblem { field: field.to_owned(), error }] }
    }

    /// What is wrong with the field of this name, if anything is.
    pub fn of_field(&self, name: &str) -> Option<FieldError> {
        match self {
            Self::Invalid { fields } => fields.iter().find(|f| f.field == name).map(|f| f.error.clone()),
            _ => None,
        }
    }
}

#[cfg(feature = "ui")]
impl server_fn::error::FromServerFnError for Problem {
    type Encoder = server_fn::codec::JsonEncoding;

    fn from_server_fn_error(_: server_fn::error::ServerFnErrorErr) -> Self {
        Self::Unreachable
    }
}
