//! Server functions of Settings > General.
#![expect(clippy::too_many_arguments, reason = "one form field per setting")]

#[cfg(feature = "ssr")]
use crate::runtime::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::settings::Settings;
#[cfg(feature = "ssr")]
use model::settings::SettingsForm;

#[server(prefix = "/api", endpoint = "settings/show", input = Json)]
pub async fn get_settings(org: String) -> Result<Settings, Problem> {
    let request_context = server::request_context()?;
    let settings = async { Ok(domain::settings::get(&request_context.admin(&org).await?)) }.await;
    server::respond(&request_context, settings)
}

#[server(prefix = "/api", endpoint = "settings/save")]
pub async fn save_settings(
    org: String,
    #[server(default)] name: String,
    #[server(default)] requests_enabled: bool,
    #[server(default)] invitation_days: String,
    #[server(default)] session_hours: String,
    #[server(default)] request_cooldown_days: String,
    #[server(default)] dismiss_stale_requests: bool,
    #[server(default)] notify_requests: bool,
    #[server(default)] allowed_domains: String,
) -> Result<Settings, Problem> {
    let request_context = server::request_context()?;
    let form = SettingsForm {
        name,
        requests_enabled,
        invitation_days,
        session_hours,
        request_cooldown_days,
        dismiss_stale_requests,
        notify_requests,
        allowed_domains,
    };
    let result = async { domain::settings::save(&request_context.admin(&org).await?, &form).await }.await;
    server::respond(&request_context, result)
}
