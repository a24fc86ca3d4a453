//! The way to a provider and back: where a try begins, and who comes out of it.

use super::http_client::{Unanswered, Web};
use super::provider::{ALGORITHMS, Metadata, Provider, SKEW_SECONDS};
use super::{Connection, addresses};
use crate::{AppContext, OrganizationContext};
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

/// How long ago an id token may have been made, in minutes: it was asked for a moment ago.
const ISSUED_MINUTES: i64 = 10;

/// The provider's name for the session that somebody has there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    sid: Option<String>,
}

impl AdditionalClaims for Session {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        Session,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OpenId = Client<
    Session,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
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

/// What a try has to bring back.
pub struct Secrets {
    pub nonce: String,
    pub verifier: String,
}

impl Secrets {
    pub fn as_text(&self) -> String {
        format!("{} {}", self.nonce, self.verifier)
    }

    pub fn read(text: &str) -> Option<Self> {
        let (nonce, verifier) = text.split_once(' ')?;
        Some(Self { nonce: nonce.to_owned(), verifier: verifier.to_owned() })
    }
}

/// Where a try begins: the address of the provider that the browser is sent to.
///
/// # Errors
/// When there is no such address, which the configuration of the server prevents.
pub fn authorization_url(
    context: &OrganizationContext<'_>,
    provider: &Provider,
    connection: &Connection,
    state: String,
    secrets: &Secrets,
) -> crate::Result<String> {
    let client = client(context, provider, connection, None)?;
    let nonce = secrets.nonce.clone();
    let challenge =
        PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(secrets.verifier.clone()));
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

fn client(
    context: &OrganizationContext<'_>,
    provider: &Provider,
    connection: &Connection,
    secret: Option<String>,
) -> crate::Result<OpenId> {
    let redirect = addresses(context.app(), &context.summary.slug).redirect;
    let redirect = RedirectUrl::new(redirect).map_err(|why| crate::Error::Internal(why.to_string()))?;
    let client_id = ClientId::new(connection.client_id.clone());
    let secret = secret.map(ClientSecret::new);
    let client: OpenId = Client::from_provider_metadata(provider.metadata.clone(), client_id, secret);
    Ok(client.set_redirect_uri(redirect).set_auth_type(auth_type(&provider.metadata)))
}

/// How we show the secret: by a header, which every provider must understand (RFC 6749, section 2.3.1), unless it
/// says otherwise.
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let only_body = methods.is_some_and(|methods| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    });
    if only_body { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// A person, as the provider tells of them, checked.
pub struct Person {
    pub issuer: String,
    pub subject: String,
    /// The provider's name for their session there.
    pub session: Option<String>,
    /// Only when the provider has checked it.
    pub email: Option<EmailAddress>,
    pub name: String,
}

/// Takes the code to the provider, and gives back who came.
///
/// # Errors
/// Why nobody is believed to have come.
pub async fn exchange(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    secret: String,
    code: String,
    secrets: Secrets,
) -> Result<Person, SsoRefusal> {
    let app = context.app();
    let provider = app.sso.get(app, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderAway)?;
    let web = app.sso.web(app).ok_or(SsoRefusal::ProviderAway)?;
    let client =
        client(context, &provider, connection, Some(secret)).map_err(|_| SsoRefusal::ProviderAway)?;
    let exchange =
        client.exchange_code(AuthorizationCode::new(code)).map_err(|_| SsoRefusal::ProviderAway)?;
    let tokens = exchange
        .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier))
        .request_async(web)
        .await
        .map_err(|why| unexchanged(connection, &why))?;
    let claims = claims(app, connection, &provider, &tokens, secrets.nonce).await?;
    person(web, connection, &client, &tokens, &claims).await
}

fn unexchanged(
    connection: &Connection,
    why: &RequestTokenError<Unanswered, StandardErrorResponse<CoreErrorResponseType>>,
) -> SsoRefusal {
    match why {
        RequestTokenError::ServerResponse(answer) => {
            tracing::warn!(connection = %connection.id, error = %answer.error(), "a code was not taken");
            match answer.error() {
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    SsoRefusal::Misconfigured
                }
                _ => SsoRefusal::ProviderRefused,
            }
        }
        // The crate's own words leave out what came.
        RequestTokenError::Request(why) => {
            tracing::warn!(connection = %connection.id, %why, "a code could not be brought to the provider");
            SsoRefusal::ProviderAway
        }
        RequestTokenError::Parse(why, _) => {
            tracing::warn!(connection = %connection.id, %why, "the provider's tokens can't be read");
            SsoRefusal::NotGenuine
        }
        RequestTokenError::Other(why) => {
            tracing::warn!(connection = %connection.id, why, "the provider's answer can't be read");
            SsoRefusal::ProviderAway
        }
    }
}

type Claims = IdTokenClaims<Session, CoreGenderClaim>;

/// The claims of the id token, checked (`OpenID Connect Core` 1.0, section 3.1.3.7). When its signature fits none of
/// the keys that we know, the provider may have new ones.
async fn claims(
    app: &AppContext,
    connection: &Connection,
    provider: &Provider,
    tokens: &Tokens,
    nonce: String,
) -> Result<Claims, SsoRefusal> {
    let token = tokens.id_token().ok_or(SsoRefusal::NotGenuine)?;
    let nonce = Nonce::new(nonce);
    let now = app.clock.now();
    let first = token.claims(&verifier(connection, provider, now), &nonce);
    let checked = match first {
        Err(openidconnect::ClaimsVerificationError::SignatureVerification(_)) => {
            let anew =
                app.sso.get_anew(app, &connection.issuer).await.map_err(|_| SsoRefusal::ProviderAway)?;
            token.claims(&verifier(connection, &anew, now), &nonce).cloned()
        }
        first => first.cloned(),
    };
    let claims = checked.map_err(|why| {
        tracing::warn!(connection = %connection.id, %why, "an id token was not believed");
        SsoRefusal::NotGenuine
    })?;
    // The crate leaves this to us (section 3.1.3.7, rule 5).
    if claims.authorized_party().is_some_and(|party| party.as_str() != connection.client_id) {
        tracing::warn!(connection = %connection.id, "an id token was made for another client");
        return Err(SsoRefusal::NotGenuine);
    }
    Ok(claims)
}

fn verifier(
    connection: &Connection,
    provider: &Provider,
    now: DateTime<Utc>,
) -> IdTokenVerifier<'static, CoreJsonWebKey> {
    let skew = TimeDelta::seconds(SKEW_SECONDS);
    let max_age = connection.max_age_minutes.map(|minutes| TimeDelta::minutes(minutes.into()));
    // Without the secret: a signature that it makes is not believed.
    let client = ClientId::new(connection.client_id.clone());
    let (issuer, keys) = (provider.metadata.issuer().clone(), provider.metadata.jwks().clone());
    IdTokenVerifier::new_public_client(client, issuer, keys)
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - skew)
        .set_issue_time_verifier_fn(move |issued| {
            let fits = issued <= now + skew && issued >= now - TimeDelta::minutes(ISSUED_MINUTES) - skew;
            if fits { Ok(()) } else { Err(format!("issued at {issued}")) }
        })
        .set_auth_time_verifier_fn(move |signed_in| match (max_age, signed_in) {
            (None, _) => Ok(()),
            (Some(max_age), Some(at)) if at >= now - max_age - skew => Ok(()),
            (Some(_), at) => Err(format!("signed in at {at:?}")),
        })
}

/// Who the claims tell of. Where the id token has no verified address, the provider is asked for it.
async fn person(
    web: &Web,
    connection: &Connection,
    client: &OpenId,
    tokens: &Tokens,
    claims: &Claims,
) -> Result<Person, SsoRefusal> {
    let mut email = claims.email().map(|email| email.as_str().to_owned());
    let mut verified = claims.email_verified() == Some(true);
    let mut name = one(claims.name().and_then(|name| name.get(None)).map(|name| name.as_str()));
    if (email.is_none() || !verified) && client.user_info_url().is_some() {
        let more = user_info(web, connection, client, tokens.access_token(), claims.subject()).await?;
        email = more.email().map(|email| email.as_str().to_owned());
        verified = more.email_verified() == Some(true);
        if name.is_empty() {
            name = one(more.name().and_then(|name| name.get(None)).map(|name| name.as_str()));
        }
    }
    let email = email.filter(|_| verified).and_then(|email| EmailAddress::parse(&email).ok());
    Ok(Person {
        issuer: connection.issuer.clone(),
        subject: claims.subject().as_str().to_owned(),
        session: claims.additional_claims().sid.clone(),
        email,
        name,
    })
}

/// A name as we take one; none, when it is not one that can be shown.
fn one(name: Option<&str>) -> String {
    name.and_then(|name| model::field::parse_name(name).ok()).unwrap_or_default()
}

async fn user_info(
    web: &Web,
    connection: &Connection,
    client: &OpenId,
    token: &AccessToken,
    subject: &SubjectIdentifier,
) -> Result<UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>, SsoRefusal> {
    let request =
        client.user_info(token.clone(), Some(subject.clone())).map_err(|_| SsoRefusal::ProviderAway)?;
    request.request_async(web).await.map_err(|why: UserInfoError<Unanswered>| {
        tracing::warn!(connection = %connection.id, %why, "the user info can't be used");
        match why {
            UserInfoError::ClaimsVerification(_) => SsoRefusal::NotGenuine,
            _ => SsoRefusal::ProviderAway,
        }
    })
}
