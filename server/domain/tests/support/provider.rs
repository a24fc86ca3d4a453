//! An identity provider that does as a test wants: honest, or not. It speaks as much HTTP as it has to.

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

pub const CLIENT: &str = "vestibule";
pub const SECRET: &str = "a secret of the client, with a colon : in it";

/// How it deceives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trick {
    #[default]
    Honest,
    NoSignature,
    SignedWithTheSecret,
    SignedByAStranger,
    OtherAudience,
    AlsoForAnother,
    OtherParty,
    OtherIssuer,
    OtherNonce,
    NoNonce,
    Over,
    FromTomorrow,
    Endless,
    SendsElsewhere,
    OtherPersonInUserInfo,
}

/// Who signs in there next.
#[derive(Clone, Debug)]
pub struct Who {
    pub subject: String,
    pub email: String,
    pub verified: bool,
    pub name: String,
    pub session: String,
    /// How many minutes ago they typed their password; nothing: it is not told.
    pub signed_in_minutes_ago: Option<i64>,
    /// Whether the id token leaves the address out, and the user info tells it.
    pub only_in_user_info: bool,
}

impl Who {
    pub fn new(subject: &str, email: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            email: email.to_owned(),
            verified: true,
            name: "Blobby Blob".to_owned(),
            session: "session-1".to_owned(),
            signed_in_minutes_ago: None,
            only_in_user_info: false,
        }
    }
}

struct Code {
    who: Who,
    nonce: String,
    challenge: String,
}

struct State {
    issuer: String,
    /// What it calls itself, if otherwise.
    calls_itself: Option<String>,
    kid: u32,
    key: CoreEdDsaPrivateSigningKey,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Who>,
    trick: Trick,
    says_who_answers: bool,
    down: bool,
    asked: Vec<String>,
}

#[derive(Clone)]
pub struct Provider {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

fn new_key(kid: u32) -> CoreEdDsaPrivateSigningKey {
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap().serialize_pem();
    let kid = Some(openidconnect::JsonWebKeyId::new(format!("key-{kid}")));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, kid).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl Provider {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            issuer: format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port()),
            calls_itself: None,
            kid: 1,
            key: new_key(1),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            trick: Trick::Honest,
            says_who_answers: false,
            down: false,
            asked: Vec::new(),
        };
        let provider = Self { state: Arc::new(Mutex::new(state)), clock };
        let serving = provider.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let provider = serving.clone();
                tokio::spawn(async move { provider.serve(stream).await });
            }
        });
        provider
    }

    pub fn issuer(&self) -> String {
        self.state.lock().unwrap().issuer.clone()
    }

    pub fn trick(&self, trick: Trick) {
        self.state.lock().unwrap().trick = trick;
    }

    pub fn says_who_answers(&self) {
        self.state.lock().unwrap().says_who_answers = true;
    }

    pub fn calls_itself(&self, name: &str) {
        self.state.lock().unwrap().calls_itself = Some(name.to_owned());
    }

    pub fn down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// New keys in place of the old ones.
    pub fn rotate(&self) {
        let mut state = self.state.lock().unwrap();
        state.kid += 1;
        state.key = new_key(state.kid);
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Somebody signs in at the page that a browser was sent to; gives back the code and the state.
    pub fn sign_in(&self, url: &str, who: Who) -> (String, String) {
        let url = Url::parse(url).unwrap();
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", state.codes.len() + state.tokens.len());
        let kept = Code { who, nonce: query["nonce"].clone(), challenge: query["code_challenge"].clone() };
        state.codes.insert(code.clone(), kept);
        (code, query["state"].clone())
    }

    /// A token, signed as it does.
    pub fn sign(&self, kind: &str, claims: &Value) -> String {
        let state = self.state.lock().unwrap();
        let header = json!({ "alg": "EdDSA", "typ": kind, "kid": format!("key-{}", state.kid) });
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = state.key.sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
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
        let (trick, down) = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(path.clone());
            (state.trick, state.down)
        };
        if down {
            return;
        }
        if path == "/token" && trick == Trick::Endless {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            return;
        }
        let (status, answer) = match path.as_str() {
            "/.well-known/openid-configuration" => ("200 OK", self.metadata()),
            "/keys" => ("200 OK", self.keys()),
            "/token" if trick == Trick::SendsElsewhere => ("307 Temporary Redirect", json!({})),
            "/token" => self.token(&body, header("authorization").unwrap_or_default()),
            "/userinfo" => self.user_info(&header("authorization").unwrap_or_default()),
            _ => ("404 Not Found", json!({})),
        };
        let answer = answer.to_string();
        let reply = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\
             connection: close\r\n\r\n{answer}",
            answer.len()
        );
        let _ = stream.write_all(reply.as_bytes()).await;
    }

    fn metadata(&self) -> Value {
        let state = self.state.lock().unwrap();
        let issuer = &state.issuer;
        json!({
            "issuer": state.calls_itself.as_ref().unwrap_or(issuer),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "end_session_endpoint": format!("{issuer}/end"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // What a provider says of its signatures is no reason to believe one.
            "id_token_signing_alg_values_supported": ["EdDSA", "none", "HS256"],
            "authorization_response_iss_parameter_supported": state.says_who_answers,
        })
    }

    fn keys(&self) -> Value {
        let state = self.state.lock().unwrap();
        json!({ "keys": [serde_json::to_value(state.key.as_verification_key()).unwrap()] })
    }

    fn token(&self, body: &[u8], authorization: String) -> (&'static str, Value) {
        let fields: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = base64::engine::general_purpose::STANDARD.encode(format!(
            "{}:{}",
            encode(CLIENT),
            encode(SECRET)
        ));
        if authorization != format!("Basic {secret}") {
            return ("401 Unauthorized", json!({ "error": "invalid_client" }));
        }
        let refused = ("400 Bad Request", json!({ "error": "invalid_grant" }));
        let (code, trick, issuer, access) = {
            let mut state = self.state.lock().unwrap();
            let Some(code) = state.codes.remove(&fields["code"]) else { return refused };
            let access = format!("access-{}", state.tokens.len());
            state.tokens.insert(access.clone(), code.who.clone());
            (code, state.trick, state.issuer.clone(), access)
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(fields["code_verifier"].as_bytes()));
        if challenge != code.challenge {
            return refused;
        }
        let now = self.clock.now().timestamp();
        let who = &code.who;
        let mut claims = json!({
            "iss": issuer, "sub": who.subject, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": code.nonce, "sid": who.session,
        });
        if !who.only_in_user_info {
            claims["email"] = json!(who.email);
            claims["email_verified"] = json!(who.verified);
            claims["name"] = json!(who.name);
        }
        if let Some(minutes) = who.signed_in_minutes_ago {
            claims["auth_time"] = json!(now - 60 * minutes);
        }
        match trick {
            Trick::OtherAudience => claims["aud"] = json!("somebody else"),
            Trick::AlsoForAnother => claims["aud"] = json!([CLIENT, "somebody else"]),
            Trick::OtherParty => claims["azp"] = json!("somebody else"),
            Trick::OtherIssuer => claims["iss"] = json!("http://127.0.0.1:1"),
            Trick::OtherNonce => claims["nonce"] = json!("another"),
            Trick::NoNonce => drop(claims.as_object_mut().unwrap().remove("nonce")),
            Trick::Over => claims["exp"] = json!(now - 61),
            Trick::FromTomorrow => claims["iat"] = json!(now + 86_400),
            _ => {}
        }
        let token = match trick {
            Trick::NoSignature => format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims)),
            Trick::SignedWithTheSecret => {
                let signed = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(&claims));
                let key = openidconnect::core::CoreHmacKey::new(SECRET);
                let signature = key.sign(&CoreJwsSigningAlgorithm::HmacSha256, signed.as_bytes()).unwrap();
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
            }
            Trick::SignedByAStranger => {
                let honest = self.sign("JWT", &claims);
                let signed = honest.rsplit_once('.').unwrap().0;
                let signature = new_key(1).sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).unwrap();
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
            }
            _ => self.sign("JWT", &claims),
        };
        ("200 OK", json!({ "access_token": access, "token_type": "Bearer", "id_token": token }))
    }

    fn user_info(&self, authorization: &str) -> (&'static str, Value) {
        let state = self.state.lock().unwrap();
        let Some(who) = state.tokens.get(authorization.trim_start_matches("Bearer ")) else {
            return ("401 Unauthorized", json!({}));
        };
        let subject =
            if state.trick == Trick::OtherPersonInUserInfo { "somebody else" } else { &who.subject };
        (
            "200 OK",
            json!({ "sub": subject, "email": who.email, "email_verified": who.verified, "name": who.name }),
        )
    }
}
