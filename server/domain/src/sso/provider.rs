//! A provider, as it tells of itself.

use super::http_client::Web;
use crate::AppContext;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AsyncHttpClient, EndSessionUrl, JsonWebKeySet, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// For how long it is believed what a provider told of itself, in minutes.
const BELIEVED_MINUTES: i64 = 10;
/// When a signature fits no key, the keys are asked for again: but not more often than after so many seconds.
const KEYS_AGAIN_SECONDS: i64 = 10;
/// How far the provider's clock and ours may be apart, in seconds.
pub const SKEW_SECONDS: i64 = 60;
/// The signatures that are believed: none that our own secret could make, and of course not none at all.
pub const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the crate does not read of a provider's metadata by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    pub end_session_endpoint: Option<EndSessionUrl>,
    /// RFC 9207: the answer says who answers.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

pub type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What a provider told of itself, and when.
pub struct Provider {
    /// With its keys.
    pub metadata: Metadata,
    read_at: DateTime<Utc>,
}

/// Why a provider can't be used.
#[derive(Debug)]
pub enum Unusable {
    Away,
    OtherIssuer(String),
}

/// All providers that this process has spoken with lately.
#[derive(Default)]
pub struct Providers {
    web: OnceLock<Result<Web, String>>,
    known: Mutex<HashMap<String, Arc<Provider>>>,
}

impl Providers {
    pub(super) fn web(&self, app: &AppContext) -> Option<&Web> {
        let web = self.web.get_or_init(|| Web::new(&app.base_url)).as_ref();
        web.inspect_err(|why| tracing::error!(why, "no provider can be spoken with")).ok()
    }

    /// The provider of this issuer, as it was read at most so long ago.
    pub(super) async fn read(
        &self,
        app: &AppContext,
        issuer: &str,
        at_most: TimeDelta,
    ) -> Result<Arc<Provider>, Unusable> {
        let now = app.clock.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        if let Some(known) = known.filter(|known| now - known.read_at < at_most) {
            return Ok(known);
        }
        let web = self.web(app).ok_or(Unusable::Away)?;
        let provider = Arc::new(discover(web, issuer, now).await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| now - known.read_at < TimeDelta::minutes(BELIEVED_MINUTES));
        known.insert(issuer.to_owned(), Arc::clone(&provider));
        Ok(provider)
    }

    /// The provider of this issuer.
    pub(super) async fn get(&self, app: &AppContext, issuer: &str) -> Result<Arc<Provider>, Unusable> {
        self.read(app, issuer, TimeDelta::minutes(BELIEVED_MINUTES)).await
    }

    /// The same, with the keys that it has by now.
    pub(super) async fn get_anew(&self, app: &AppContext, issuer: &str) -> Result<Arc<Provider>, Unusable> {
        self.read(app, issuer, TimeDelta::seconds(KEYS_AGAIN_SECONDS)).await
    }
}

/// Reads what a provider tells of itself, and its keys (`OpenID Connect Discovery` 1.0, section 4).
async fn discover(web: &Web, issuer: &str, read_at: DateTime<Utc>) -> Result<Provider, Unusable> {
    let away = |why: &dyn Display| {
        tracing::warn!(issuer, %why, "a provider can't be read");
        Unusable::Away
    };
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let request = openidconnect::http::Request::get(address)
        .header("accept", "application/json")
        .body(Vec::new())
        .map_err(|why| away(&why))?;
    let response = web.call(request).await.map_err(|why| away(&why))?;
    if response.status() != openidconnect::http::StatusCode::OK {
        return Err(away(&response.status()));
    }
    let metadata: Metadata = serde_json::from_slice(response.body()).map_err(|why| away(&why))?;
    if metadata.issuer().as_str() != issuer {
        return Err(Unusable::OtherIssuer(metadata.issuer().as_str().to_owned()));
    }
    if !web.allows(metadata.authorization_endpoint().as_str()) {
        return Err(away(&"its authorization endpoint is no address to send anybody to"));
    }
    let keys = JsonWebKeySet::fetch_async(metadata.jwks_uri(), web).await.map_err(|why| away(&why))?;
    Ok(Provider { metadata: metadata.set_jwks(keys), read_at })
}
