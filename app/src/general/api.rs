//! The settings of an organization: the server functions.
#![expect(clippy::too_many_arguments, reason = "a form has a field for each setting")]

#[cfg(feature = "ssr")]
use crate::server;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use model::Problem;
use model::settings::Settings;
#[cfg(feature = "ssr")]
use model::settings::SettingsForm;

/// The settings as they are.
#[server(prefix = "/api", endpoint = "settings/show", input = Json)]
pub async fn show_settings(org: String) -> Result<Settings, Problem> {
    let caller = server::caller()?;
    let settings = async { Ok(domain::settings::show(&caller.admin(&org).await?)) }.await;
    server::answer(&caller, settings)
}

/// Changes the settings.
#[server(prefix = "/api", endpoint = "settings/save")]
pub async fn save_settings(
    org: String,
    #[server(default)] name: String,
    #[server(default)] requests_open: bool,
    #[server(default)] invitation_days: String,
    #[server(default)] session_hours: String,
    #[server(default)] request_again_days: String,
    #[server(default)] dismiss_stale_requests: bool,
    #[server(default)] notify_requests: bool,
    #[server(default)] allowed_domains: String,
) -> Result<Settings, Problem> {
    let caller = server::caller()?;
    let form = SettingsForm {
        name,
        requests_open,
        invitation_days,
        session_hours,
        request_again_days,
        dismiss_stale_requests,
        notify_requests,
        allowed_domains,
    };
    let saved = async { domain::settings::save(&caller.admin(&org).await?, &form).await }.await;
    server::answer(&caller, saved)
}
