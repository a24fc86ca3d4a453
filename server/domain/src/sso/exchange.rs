//! The authorization code flow with PKCE and nonce: the authorization URL, the code exchange, and verification of the
//! returned claims.

use super::http_client::{ProviderHttpClient, ProviderHttpError};
use super::provider::{MAX_CLOCK_SKEW, Metadata, Provider, SIGNING_ALGORITHMS};
use super::{Connection, client_uris};
use crate::{AppContext, InOrganization, OrganizationContext};
use chrono::{DateTime, TimeDelta, Utc};
use model::EmailAddress;
use model::sso::SsoRefusal;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyAdditionalClaims, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdTokenClaims, IdTokenFields, IdTokenVerifier, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse, UserInfoClaims, UserInfoError,
};
use serde::{Deserialize, Serialize};

/// The maximum age of an ID token (`iat`), which we request right before verifying it.
const MAX_ID_TOKEN_AGE: TimeDelta = TimeDelta::minutes(10);

/// The session ID at the provider (OpenID Connect Front-Channel Logout 1.0, section 3), for back-channel logout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SessionClaim {
    sid: Option<String>,
}

impl AdditionalClaims for SessionClaim {}

type OidcTokenResponse = StandardTokenResponse<
    IdTokenFields<
        SessionClaim,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = Client<
    SessionClaim,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    OidcTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The secrets that bind a callback to its login flow. They are sealed at rest.
pub struct FlowSecrets {
    /// The ID token must contain it.
    pub nonce: String,
    /// Proves at the token endpoint that we started the flow (PKCE, RFC 7636).
    pub pkce_verifier: String,
}

impl FlowSecrets {
    pub fn serialize(&self) -> String {
        format!("{} {}", self.nonce, self.pkce_verifier)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (nonce, pkce_verifier) = text.split_once(' ')?;
        Some(Self { nonce: nonce.to_owned(), pkce_verifier: pkce_verifier.to_owned() })
    }
}

/// The URL of the authorization request that starts a login flow.
///
/// # Errors
/// Never with a valid base URL.
pub fn authorization_url(
    context: &OrganizationContext<'_>,
    provider: &Provider,
    connection: &Connection,
    state: String,
    secrets: &FlowSecrets,
) -> crate::Result<String> {
    let client = oidc_client(context, provider, connection, None)?;
    let nonce = secrets.nonce.clone();
    let challenge =
        PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(secrets.pkce_verifier.clone()));
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge);
    if let Some(minutes) = connection.max_age_minutes {
        request = request.set_max_age(std::time::Duration::from_secs(60 * u64::from(minutes.unsigned_abs())));
    }
    Ok(request.url().0.into())
}

fn oidc_client(
    context: &OrganizationContext<'_>,
    provider: &Provider,
    connection: &Connection,
    client_secret: Option<ClientSecret>,
) -> crate::Result<OidcClient> {
    let redirect_uri = client_uris(context.app(), &context.summary().slug).redirect_uri;
    let redirect_uri =
        RedirectUrl::new(redirect_uri).map_err(|error| crate::Error::Internal(error.to_string()))?;
    let client_id = ClientId::new(connection.client_id.clone());
    let client: OidcClient =
        Client::from_provider_metadata(provider.metadata.clone(), client_id, client_secret);
    Ok(client.set_redirect_uri(redirect_uri).set_auth_type(auth_type(&provider.metadata)))
}

/// Client authentication uses the `Authorization` header, which every provider must support (RFC 6749, section 2.3.1),
/// unless the metadata lists only `client_secret_post`.
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let only_post = methods.is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    if only_post { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// The verified claims about an external account.
pub struct IdentityClaims {
    pub issuer: String,
    pub subject: String,
    /// The session at the provider (`sid`).
    pub session_id: Option<String>,
    /// `None` unless the provider marks the address as verified.
    pub email: Option<EmailAddress>,
    /// Empty if missing or not displayable.
    pub name: String,
}

/// Exchanges the authorization code for tokens and verifies the claims in them.
///
/// # Errors
/// The reason to refuse the sign-in.
pub async fn exchange_code(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    client_secret: ClientSecret,
    code: String,
    secrets: FlowSecrets,
) -> Result<IdentityClaims, SsoRefusal> {
    let app = context.app();
    let provider = app.sso.get(app, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderUnreachable)?;
    let http_client = app.sso.http_client(app).ok_or(SsoRefusal::ProviderUnreachable)?;
    let client = oidc_client(context, &provider, connection, Some(client_secret))
        .map_err(|_| SsoRefusal::ProviderUnreachable)?;
    let request =
        client.exchange_code(AuthorizationCode::new(code)).map_err(|_| SsoRefusal::ProviderUnreachable)?;
    let tokens = request
        .set_pkce_verifier(PkceCodeVerifier::new(secrets.pkce_verifier))
        .request_async(http_client)
        .await
        .map_err(|error| token_refusal(connection, &error))?;
    let claims = verify_id_token(app, connection, &provider, &tokens, secrets.nonce).await?;
    identity_claims(http_client, connection, &client, &tokens, &claims).await
}

fn token_refusal(
    connection: &Connection,
    error: &RequestTokenError<ProviderHttpError, StandardErrorResponse<CoreErrorResponseType>>,
) -> SsoRefusal {
    match error {
        RequestTokenError::ServerResponse(response) => {
            tracing::warn!(connection = %connection.id, error = %response.error(), "token endpoint returned an error");
            match response.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    SsoRefusal::Misconfigured
                }
                _ => SsoRefusal::ProviderError,
            }
        }
        // These errors don't display the response, which may contain tokens.
        RequestTokenError::Request(error) => {
            tracing::warn!(connection = %connection.id, %error, "token endpoint unreachable");
            SsoRefusal::ProviderUnreachable
        }
        RequestTokenError::Parse(error, _) => {
            tracing::warn!(connection = %connection.id, %error, "token response is malformed");
            SsoRefusal::VerificationFailed
        }
        RequestTokenError::Other(error) => {
            tracing::warn!(connection = %connection.id, error, "token response is invalid");
            SsoRefusal::ProviderUnreachable
        }
    }
}

type Claims = IdTokenClaims<SessionClaim, CoreGenderClaim>;

/// Verifies the ID token (OpenID Connect Core 1.0, section 3.1.3.7) and returns its claims. If the signature matches no
/// cached key, the keys are refreshed once: the provider may have rotated them.
async fn verify_id_token(
    app: &AppContext,
    connection: &Connection,
    provider: &Provider,
    tokens: &OidcTokenResponse,
    nonce: String,
) -> Result<Claims, SsoRefusal> {
    let token = tokens.id_token().ok_or(SsoRefusal::VerificationFailed)?;
    let nonce = Nonce::new(nonce);
    let now = app.clock.now();
    let verified = match token.claims(&id_token_verifier(connection, provider, now), &nonce) {
        Err(openidconnect::ClaimsVerificationError::SignatureVerification(_)) => {
            let provider = app
                .sso
                .refresh(app, &connection.issuer)
                .await
                .map_err(|_| SsoRefusal::ProviderUnreachable)?;
            token.claims(&id_token_verifier(connection, &provider, now), &nonce).cloned()
        }
        result => result.cloned(),
    };
    let claims = verified.map_err(|error| {
        tracing::warn!(connection = %connection.id, %error, "ID token rejected");
        SsoRefusal::VerificationFailed
    })?;
    // The crate does not check the authorized party (section 3.1.3.7, rule 5).
    if claims.authorized_party().is_some_and(|party| party.as_str() != connection.client_id) {
        tracing::warn!(connection = %connection.id, "ID token rejected: issued to another client");
        return Err(SsoRefusal::VerificationFailed);
    }
    Ok(claims)
}

fn id_token_verifier(
    connection: &Connection,
    provider: &Provider,
    now: DateTime<Utc>,
) -> IdTokenVerifier<'static, CoreJsonWebKey> {
    let max_auth_age = connection.max_age_minutes.map(|minutes| TimeDelta::minutes(minutes.into()));
    // A public client: with the client secret, the verifier would also accept HMAC signatures.
    let client = ClientId::new(connection.client_id.clone());
    let (issuer, keys) = (provider.metadata.issuer().clone(), provider.metadata.jwks().clone());
    IdTokenVerifier::new_public_client(client, issuer, keys)
        .set_allowed_algs(SIGNING_ALGORITHMS)
        .set_time_fn(move || now - MAX_CLOCK_SKEW)
        .set_issue_time_verifier_fn(move |issued_at| {
            let earliest = now - MAX_ID_TOKEN_AGE - MAX_CLOCK_SKEW;
            let is_current = issued_at <= now + MAX_CLOCK_SKEW && issued_at >= earliest;
            if is_current { Ok(()) } else { Err(format!("issued at {issued_at}")) }
        })
        .set_auth_time_verifier_fn(move |auth_time| match (max_auth_age, auth_time) {
            (None, _) => Ok(()),
            (Some(max_age), Some(at)) if at >= now - max_age - MAX_CLOCK_SKEW => Ok(()),
            (Some(_), at) => Err(format!("authenticated at {at:?}")),
        })
}

/// Extracts the claims about the account. If the ID token has no verified address, asks the UserInfo endpoint.
async fn identity_claims(
    http_client: &ProviderHttpClient,
    connection: &Connection,
    client: &OidcClient,
    tokens: &OidcTokenResponse,
    claims: &Claims,
) -> Result<IdentityClaims, SsoRefusal> {
    let mut email = claims.email().map(|email| email.as_str().to_owned());
    let mut verified = claims.email_verified() == Some(true);
    let mut name = displayable_name(claims.name().and_then(|name| name.get(None)).map(|name| name.as_str()));
    if (email.is_none() || !verified) && client.user_info_url().is_some() {
        let user_info =
            fetch_user_info(http_client, connection, client, tokens.access_token(), claims.subject()).await?;
        email = user_info.email().map(|email| email.as_str().to_owned());
        verified = user_info.email_verified() == Some(true);
        if name.is_empty() {
            name =
                displayable_name(user_info.name().and_then(|name| name.get(None)).map(|name| name.as_str()));
        }
    }
    let email = email.filter(|_| verified).and_then(|email| EmailAddress::parse(&email).ok());
    Ok(IdentityClaims {
        issuer: connection.issuer.clone(),
        subject: claims.subject().as_str().to_owned(),
        session_id: claims.additional_claims().sid.clone(),
        email,
        name,
    })
}

fn displayable_name(name: Option<&str>) -> String {
    name.and_then(|name| model::field::parse_name(name).ok()).unwrap_or_default()
}

async fn fetch_user_info(
    http_client: &ProviderHttpClient,
    connection: &Connection,
    client: &OidcClient,
    token: &AccessToken,
    subject: &SubjectIdentifier,
) -> Result<UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>, SsoRefusal> {
    let request = client
        .user_info(token.clone(), Some(subject.clone()))
        .map_err(|_| SsoRefusal::ProviderUnreachable)?;
    request.request_async(http_client).await.map_err(|error: UserInfoError<ProviderHttpError>| {
        tracing::warn!(connection = %connection.id, %error, "UserInfo response rejected");
        match error {
            UserInfoError::ClaimsVerification(_) => SsoRefusal::VerificationFailed,
            _ => SsoRefusal::ProviderUnreachable,
        }
    })
}
