//! Speaking with providers: over https, for a short time, and reading no more than a provider has to say.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// How long one request may take; a sign-in has four at most.
const ANSWER_WITHIN: Duration = Duration::from_secs(7);
/// The longest answer, in bytes: keys and metadata have some ten thousand.
const MAX_ANSWER: usize = 512 * 1024;

/// Why there is no answer; for the log.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error("this address is not spoken with: {0}")]
    NotAllowed(String),
    #[error("{0}")]
    Request(#[from] reqwest::Error),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("{0}")]
    Http(#[from] openidconnect::http::Error),
}

/// What speaks with providers.
pub struct Web {
    client: reqwest::Client,
    plain_http: bool,
}

impl Web {
    /// `base_url` is our own origin: only where that is this machine's alone, a provider on it may be spoken with
    /// in plain http.
    pub fn new(base_url: &str) -> Result<Self, String> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // An organization's provider may have a certificate of its own authority, which the machine knows.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|why| why.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would carry codes and secrets to wherever it points.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent("Vestibule")
            .build()
            .map_err(|why| why.to_string())?;
        Ok(Self { client, plain_http: is_plain_loopback(base_url) })
    }

    /// Whether an address may be spoken with.
    pub fn allows(&self, address: &str) -> bool {
        address.starts_with("https://") && Url::parse(address).is_ok()
            || self.plain_http && is_plain_loopback(address)
    }

    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let address = request.uri().to_string();
        if !self.allows(&address) {
            return Err(Unanswered::NotAllowed(address));
        }
        let mut response = self.client.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Unanswered::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = openidconnect::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        Ok(answer.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.answer(request))
    }
}

/// Whether an address is http on this machine.
fn is_plain_loopback(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine_and_is_spoken_by_no_public_server() {
        let here = Web::new("http://127.0.0.1:3000").unwrap();
        let public = Web::new("https://members.example.com").unwrap();
        for address in ["http://localhost:4000", "http://127.0.0.1:4000/x", "http://[::1]:4000"] {
            assert!(here.allows(address) && !public.allows(address), "{address}");
        }
        for address in [
            "http://idp.example",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "ftp://localhost",
            "https://",
        ] {
            assert!(!here.allows(address) && !public.allows(address), "{address}");
        }
        assert!(here.allows("https://idp.example/x") && public.allows("https://idp.example/x"));
    }
}
