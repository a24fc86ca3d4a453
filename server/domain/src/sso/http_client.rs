//! The HTTP client for providers: https only, with timeouts and a limit on the size of responses.

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// For one request, including its response. A sign-in makes at most four requests.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(7);
/// Metadata and keys of real providers are some ten kilobytes.
const MAX_RESPONSE_BYTES: usize = 512 * 1024;

/// Why a request got no usable response. For the log.
#[derive(Debug, thiserror::Error)]
pub enum ProviderHttpError {
    #[error("URL not allowed, expected https: {0}")]
    NotAllowed(String),
    #[error("{0}")]
    Request(#[from] reqwest::Error),
    #[error("response is larger than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
    #[error("{0}")]
    Http(#[from] openidconnect::http::Error),
}

/// An HTTP client that only sends requests to allowed URLs and never follows redirects.
pub struct ProviderHttpClient {
    client: reqwest::Client,
    allow_loopback_http: bool,
}

impl ProviderHttpClient {
    /// `base_url` is our public origin. Only if that is plain http on loopback may providers on loopback be requested
    /// over plain http, too.
    pub fn new(base_url: &str) -> Result<Self, String> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // A self-hosted provider may use a private CA that is installed on this machine.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect could carry codes and secrets to another server.
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent("Vestibule")
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, allow_loopback_http: is_loopback_http(base_url) })
    }

    pub fn is_allowed_url(&self, url: &str) -> bool {
        url.starts_with("https://") && Url::parse(url).is_ok()
            || self.allow_loopback_http && is_loopback_http(url)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ProviderHttpError> {
        let url = request.uri().to_string();
        if !self.is_allowed_url(&url) {
            return Err(ProviderHttpError::NotAllowed(url));
        }
        let mut response = self.client.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(ProviderHttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut builder = openidconnect::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            builder = builder.header(name, value);
        }
        Ok(builder.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttpClient {
    type Error = ProviderHttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ProviderHttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn is_loopback_http(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
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
    fn plain_http_is_allowed_only_on_loopback() {
        let local = ProviderHttpClient::new("http://127.0.0.1:3000").unwrap();
        let public = ProviderHttpClient::new("https://members.example.com").unwrap();
        for url in ["http://localhost:4000", "http://127.0.0.1:4000/x", "http://[::1]:4000"] {
            assert!(local.is_allowed_url(url) && !public.is_allowed_url(url), "{url}");
        }
        for url in [
            "http://idp.example",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "ftp://localhost",
            "https://",
        ] {
            assert!(!local.is_allowed_url(url) && !public.is_allowed_url(url), "{url}");
        }
        let https = "https://idp.example/x";
        assert!(local.is_allowed_url(https) && public.is_allowed_url(https));
    }
}
