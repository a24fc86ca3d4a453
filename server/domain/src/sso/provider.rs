//! Discovery: provider metadata and signing keys, cached per issuer.

use super::http_client::ProviderHttpClient;
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

/// How long metadata and keys are cached.
const METADATA_TTL: TimeDelta = TimeDelta::minutes(10);
/// Metadata and keys younger than this are not fetched again, even when a signature matches none of the keys.
const JWKS_MIN_REFRESH: TimeDelta = TimeDelta::seconds(10);
/// The tolerated difference between the provider's clock and ours.
pub const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);
/// Accepted signature algorithms: only asymmetric ones, so neither `none` nor one keyed with our own client secret.
pub const SIGNING_ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
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

/// Provider metadata that the `openidconnect` crate does not parse.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraProviderMetadata {
    pub end_session_endpoint: Option<EndSessionUrl>,
    /// Authorization responses have an `iss` parameter (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for ExtraProviderMetadata {}

pub type Metadata = ProviderMetadata<
    ExtraProviderMetadata,
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

/// The metadata of a provider, as of when it was fetched.
pub struct Provider {
    /// Includes the signing keys (JWKS).
    pub metadata: Metadata,
    fetched_at: DateTime<Utc>,
}

/// Why a provider's metadata can't be used.
#[derive(Debug)]
pub enum DiscoveryError {
    Unreachable,
    /// The metadata names this issuer instead of the configured one.
    IssuerMismatch(String),
}

/// The providers that this process used recently, by issuer.
#[derive(Default)]
pub struct ProviderCache {
    http_client: OnceLock<Result<ProviderHttpClient, String>>,
    providers: Mutex<HashMap<String, Arc<Provider>>>,
}

impl ProviderCache {
    pub(super) fn http_client(&self, app: &AppContext) -> Option<&ProviderHttpClient> {
        let client = self.http_client.get_or_init(|| ProviderHttpClient::new(&app.base_url)).as_ref();
        client.inspect_err(|error| tracing::error!(error, "failed to create the SSO HTTP client")).ok()
    }

    /// Returns the provider from the cache if it was fetched less than `max_age` ago, or fetches it.
    pub(super) async fn get_with_max_age(
        &self,
        app: &AppContext,
        issuer: &str,
        max_age: TimeDelta,
    ) -> Result<Arc<Provider>, DiscoveryError> {
        let now = app.clock.now();
        let cached = self.providers.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        if let Some(cached) = cached.filter(|cached| now - cached.fetched_at < max_age) {
            return Ok(cached);
        }
        let client = self.http_client(app).ok_or(DiscoveryError::Unreachable)?;
        let provider = Arc::new(discover(client, issuer, now).await?);
        let mut providers = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
        providers.retain(|_, cached| now - cached.fetched_at < METADATA_TTL);
        providers.insert(issuer.to_owned(), Arc::clone(&provider));
        Ok(provider)
    }

    pub(super) async fn get(&self, app: &AppContext, issuer: &str) -> Result<Arc<Provider>, DiscoveryError> {
        self.get_with_max_age(app, issuer, METADATA_TTL).await
    }

    /// Fetches metadata and keys again, for instance after a key rotation, at most every [`JWKS_MIN_REFRESH`].
    pub(super) async fn refresh(
        &self,
        app: &AppContext,
        issuer: &str,
    ) -> Result<Arc<Provider>, DiscoveryError> {
        self.get_with_max_age(app, issuer, JWKS_MIN_REFRESH).await
    }
}

/// Fetches metadata and keys (OpenID Connect Discovery 1.0, section 4).
async fn discover(
    client: &ProviderHttpClient,
    issuer: &str,
    fetched_at: DateTime<Utc>,
) -> Result<Provider, DiscoveryError> {
    let unreachable = |error: &dyn Display| {
        tracing::warn!(issuer, %error, "SSO provider discovery failed");
        DiscoveryError::Unreachable
    };
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let request = openidconnect::http::Request::get(url)
        .header("accept", "application/json")
        .body(Vec::new())
        .map_err(|error| unreachable(&error))?;
    let response = client.call(request).await.map_err(|error| unreachable(&error))?;
    if response.status() != openidconnect::http::StatusCode::OK {
        return Err(unreachable(&response.status()));
    }
    let metadata: Metadata = serde_json::from_slice(response.body()).map_err(|error| unreachable(&error))?;
    if metadata.issuer().as_str() != issuer {
        return Err(DiscoveryError::IssuerMismatch(metadata.issuer().as_str().to_owned()));
    }
    if !client.is_allowed_url(metadata.authorization_endpoint().as_str()) {
        return Err(unreachable(&"the authorization endpoint is not an https URL"));
    }
    let keys =
        JsonWebKeySet::fetch_async(metadata.jwks_uri(), client).await.map_err(|error| unreachable(&error))?;
    Ok(Provider { metadata: metadata.set_jwks(keys), fetched_at })
}
