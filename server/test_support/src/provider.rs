//! An OpenID Connect provider for tests, with a minimal HTTP server. It can misbehave on demand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock;
use openidconnect::PrivateSigningKey;
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

pub const CLIENT_ID: &str = "vestibule";
pub const CLIENT_SECRET: &str = "a client secret, with a colon : in it";

/// What the provider does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Misbehavior {
    #[default]
    None,
    UnsignedToken,
    HmacWithClientSecret,
    UnknownKey,
    WrongAudience,
    ExtraAudience,
    WrongAuthorizedParty,
    WrongIssuer,
    WrongNonce,
    MissingNonce,
    ExpiredToken,
    TokenFromTheFuture,
    EndlessResponse,
    Redirect,
    UserInfoOfOtherSubject,
}

/// The account that signs in at the provider.
#[derive(Clone, Debug)]
pub struct Account {
    pub subject: String,
    pub email: String,
    pub email_verified: bool,
    pub name: String,
    pub session_id: String,
    /// The age of the `auth_time` claim; `None` leaves the claim out.
    pub auth_minutes_ago: Option<i64>,
    /// Whether email and name are only in the UserInfo response, not in the ID token.
    pub only_in_user_info: bool,
}

impl Account {
    pub fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: email.to_owned(),
            email_verified: true,
            name: "Blobby Blob".to_owned(),
            session_id: "session-1".to_owned(),
            auth_minutes_ago: None,
            only_in_user_info: false,
        }
    }
}

struct AuthorizationCode {
    account: Account,
    nonce: String,
    code_challenge: String,
}

struct State {
    issuer: String,
    /// Overrides the issuer in the metadata.
    metadata_issuer: Option<String>,
    kid: u32,
    key: CoreEdDsaPrivateSigningKey,
    codes: HashMap<String, AuthorizationCode>,
    access_tokens: HashMap<String, Account>,
    misbehavior: Misbehavior,
    advertises_iss: bool,
    is_down: bool,
    requested_paths: Vec<String>,
}

#[derive(Clone)]
pub struct TestProvider {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

fn new_key(kid: u32) -> CoreEdDsaPrivateSigningKey {
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let kid = Some(openidconnect::JsonWebKeyId::new(format!("key-{kid}")));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, kid).unwrap()
}

fn encode_segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl TestProvider {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            issuer: format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port()),
            metadata_issuer: None,
            kid: 1,
            key: new_key(1),
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            misbehavior: Misbehavior::None,
            advertises_iss: false,
            is_down: false,
            requested_paths: Vec::new(),
        };
        let provider = Self { state: Arc::new(Mutex::new(state)), clock };
        let server = provider.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let provider = server.clone();
                tokio::spawn(async move { provider.serve(stream).await });
            }
        });
        provider
    }

    pub fn issuer(&self) -> String {
        self.state.lock().unwrap().issuer.clone()
    }

    pub fn misbehave(&self, misbehavior: Misbehavior) {
        self.state.lock().unwrap().misbehavior = misbehavior;
    }

    /// Announces the `iss` parameter of authorization responses (RFC 9207) in the metadata.
    pub fn advertise_iss_parameter(&self) {
        self.state.lock().unwrap().advertises_iss = true;
    }

    pub fn set_metadata_issuer(&self, issuer: &str) {
        self.state.lock().unwrap().metadata_issuer = Some(issuer.to_owned());
    }

    pub fn set_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }

    /// Replaces the signing key.
    pub fn rotate_keys(&self) {
        let mut state = self.state.lock().unwrap();
        state.kid += 1;
        state.key = new_key(state.kid);
    }

    /// The paths of all requests so far.
    pub fn requested_paths(&self) -> Vec<String> {
        self.state.lock().unwrap().requested_paths.clone()
    }

    /// Answers the authorization request of this URL as if the account had signed in. Returns the code and the state.
    pub fn authorize(&self, url: &str, account: Account) -> (String, String) {
        let url = Url::parse(url).unwrap();
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["client_id"], CLIENT_ID);
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", state.codes.len() + state.access_tokens.len());
        let authorization = AuthorizationCode {
            account,
            nonce: query["nonce"].clone(),
            code_challenge: query["code_challenge"].clone(),
        };
        state.codes.insert(code.clone(), authorization);
        (code, query["state"].clone())
    }

    /// A JWT signed with the current key.
    pub fn sign_jwt(&self, typ: &str, claims: &Value) -> String {
        let state = self.state.lock().unwrap();
        let header = json!({ "alg": "EdDSA", "typ": typ, "kid": format!("key-{}", state.kid) });
        let signing_input = format!("{}.{}", encode_segment(&header), encode_segment(claims));
        let signature = state.key.sign(&CoreJwsSigningAlgorithm::EdDsa, signing_input.as_bytes()).unwrap();
        format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn serve(&self, mut stream: TcpStream) {
        let (mut head, mut byte) = (Vec::new(), [0; 1]);
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_exact(&mut byte).await.is_err() {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .into_iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let (misbehavior, is_down) = {
            let mut state = self.state.lock().unwrap();
            state.requested_paths.push(path.clone());
            (state.misbehavior, state.is_down)
        };
        if is_down {
            return;
        }
        if path == "/token" && misbehavior == Misbehavior::EndlessResponse {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            return;
        }
        let (status, body) = match path.as_str() {
            "/.well-known/openid-configuration" => ("200 OK", self.metadata()),
            "/keys" => ("200 OK", self.jwks()),
            "/token" if misbehavior == Misbehavior::Redirect => ("307 Temporary Redirect", json!({})),
            "/token" => self.token_response(&body, header("authorization").unwrap_or_default()),
            "/userinfo" => self.user_info_response(&header("authorization").unwrap_or_default()),
            _ => ("404 Not Found", json!({})),
        };
        let body = body.to_string();
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = stream.write_all(response.as_bytes()).await;
    }

    fn metadata(&self) -> Value {
        let state = self.state.lock().unwrap();
        let issuer = &state.issuer;
        json!({
            "issuer": state.metadata_issuer.as_ref().unwrap_or(issuer),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "end_session_endpoint": format!("{issuer}/end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // The relying party must not accept insecure algorithms just because the metadata lists them.
            "id_token_signing_alg_values_supported": ["EdDSA", "none", "HS256"],
            "authorization_response_iss_parameter_supported": state.advertises_iss,
        })
    }

    fn jwks(&self) -> Value {
        let state = self.state.lock().unwrap();
        json!({ "keys": [serde_json::to_value(state.key.as_verification_key()).unwrap()] })
    }

    fn token_response(&self, body: &[u8], authorization: String) -> (&'static str, Value) {
        let fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!(
            "{}:{}",
            encode(CLIENT_ID),
            encode(CLIENT_SECRET)
        ));
        if authorization != format!("Basic {credentials}") {
            return ("401 Unauthorized", json!({ "error": "invalid_client" }));
        }
        let invalid_grant = ("400 Bad Request", json!({ "error": "invalid_grant" }));
        let (code, misbehavior, issuer, access_token) = {
            let mut state = self.state.lock().unwrap();
            let Some(code) = state.codes.remove(&fields["code"]) else { return invalid_grant };
            let access_token = format!("access-{}", state.access_tokens.len());
            state.access_tokens.insert(access_token.clone(), code.account.clone());
            (code, state.misbehavior, state.issuer.clone(), access_token)
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(fields["code_verifier"].as_bytes()));
        if challenge != code.code_challenge {
            return invalid_grant;
        }
        let now = self.clock.now().timestamp();
        let account = &code.account;
        let mut claims = json!({
            "iss": issuer, "sub": account.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": code.nonce, "sid": account.session_id,
        });
        if !account.only_in_user_info {
            claims["email"] = json!(account.email);
            claims["email_verified"] = json!(account.email_verified);
            claims["name"] = json!(account.name);
        }
        if let Some(minutes) = account.auth_minutes_ago {
            claims["auth_time"] = json!(now - 60 * minutes);
        }
        match misbehavior {
            Misbehavior::WrongAudience => claims["aud"] = json!("another-client"),
            Misbehavior::ExtraAudience => claims["aud"] = json!([CLIENT_ID, "another-client"]),
            Misbehavior::WrongAuthorizedParty => claims["azp"] = json!("another-client"),
            Misbehavior::WrongIssuer => claims["iss"] = json!("http://127.0.0.1:1"),
            Misbehavior::WrongNonce => claims["nonce"] = json!("another"),
            Misbehavior::MissingNonce => drop(claims.as_object_mut().unwrap().remove("nonce")),
            Misbehavior::ExpiredToken => claims["exp"] = json!(now - 61),
            Misbehavior::TokenFromTheFuture => claims["iat"] = json!(now + 86_400),
            _ => {}
        }
        let token = match misbehavior {
            Misbehavior::UnsignedToken => {
                format!("{}.{}.", encode_segment(&json!({ "alg": "none" })), encode_segment(&claims))
            }
            Misbehavior::HmacWithClientSecret => {
                let header = json!({ "alg": "HS256" });
                let signing_input = format!("{}.{}", encode_segment(&header), encode_segment(&claims));
                let key = openidconnect::core::CoreHmacKey::new(CLIENT_SECRET);
                let signature =
                    key.sign(&CoreJwsSigningAlgorithm::HmacSha256, signing_input.as_bytes()).unwrap();
                format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
            }
            Misbehavior::UnknownKey => {
                let valid = self.sign_jwt("JWT", &claims);
                let signing_input = valid.rsplit_once('.').unwrap().0;
                let signature =
                    new_key(1).sign(&CoreJwsSigningAlgorithm::EdDsa, signing_input.as_bytes()).unwrap();
                format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
            }
            _ => self.sign_jwt("JWT", &claims),
        };
        ("200 OK", json!({ "access_token": access_token, "token_type": "Bearer", "id_token": token }))
    }

    fn user_info_response(&self, authorization: &str) -> (&'static str, Value) {
        let state = self.state.lock().unwrap();
        let Some(account) = state.access_tokens.get(authorization.trim_start_matches("Bearer ")) else {
            return ("401 Unauthorized", json!({}));
        };
        let subject = if state.misbehavior == Misbehavior::UserInfoOfOtherSubject {
            "another-subject"
        } else {
            &account.subject
        };
        (
            "200 OK",
            json!({ "sub": subject, "email": account.email, "email_verified": account.email_verified, "name": account.name }),
        )
    }
}
