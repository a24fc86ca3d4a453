//! Server functions of Settings > General.
#![expect(clippy::too_many_arguments, reason = "one form field per setting")]

use crate::runtime::prelude::*;
use model::Problem;
use model::settings::Settings;

#[server(prefix = "/api", endpoint = "settings/show", input = Json)]
pub async fn get_settings(org: String) -> Result<Settings, Problem> {
    as_admin(&org, async |admin| Ok(domain::settings::get(&admin))).await
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
    let form = model::settings::SettingsForm {
        name,
        requests_enabled,
        invitation_days,
        session_hours,
        request_cooldown_days,
        dismiss_stale_requests,
        notify_requests,
        allowed_domains,
    };
    as_admin(&org, async |admin| domain::settings::save(&admin, &form).await).await
}
