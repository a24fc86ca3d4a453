//! Rate limits for unauthenticated requests: fixed windows, counted in Postgres so that they hold across all servers.
//! In-memory limiters such as the `governor` crate hold only for one process.

use crate::{InOrganization, OrganizationContext, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;
use std::net::IpAddr;

/// A limit on how often something may happen within a time window.
pub(crate) struct RateLimit {
    /// What is counted; identifies the counter together with the organization and a key.
    pub scope: &'static str,
    /// Most events within one window.
    pub max: i32,
    pub window: TimeDelta,
}

/// Counts one event and returns the count in the current window, or `None` if the limit is exceeded.
pub(crate) async fn check_and_increment(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    limit: &RateLimit,
    key: &str,
) -> Result<Option<i32>> {
    let count = sqlx::query_scalar!(
        "insert into rate_limits as r (organization_id, scope, key, window_start, count) values ($1, $2, $3, $4, 1)
         on conflict (organization_id, scope, key) do update
         set count = case when r.window_start <= $5 then 1 else r.count + 1 end,
            window_start = case when r.window_start <= $5 then excluded.window_start else r.window_start end
         where r.window_start <= $5 or r.count < $6
         returning count",
        context.organization_id(),
        limit.scope,
        key,
        context.now(),
        context.now() - limit.window,
        limit.max
    )
    .fetch_optional(transaction)
    .await?;
    Ok(count)
}

/// The client's IP address as a rate-limit key: an IPv4 address or an IPv6 /64 network, in which a single device can have
/// 2^64 addresses (RFC 4291, section 2.5.4).
pub(crate) fn client_ip(context: &OrganizationContext<'_>) -> String {
    subnet_of(&context.request.source.address, 32, 64)
}

/// The client's subnet as a rate-limit key: an IPv6 /48, the most that a provider assigns to one customer (RFC 6177), or an
/// IPv4 /24, since rented addresses are adjacent.
pub(crate) fn subnet(context: &OrganizationContext<'_>) -> String {
    subnet_of(&context.request.source.address, 24, 48)
}

/// The subnet of an address in CIDR notation, with prefix lengths for IPv4 and IPv6. Other text is returned unchanged.
fn subnet_of(address: &str, v4: u32, v6: u32) -> String {
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            let network = address.to_bits() & u32::MAX.checked_shl(32 - v4).unwrap_or(0);
            format!("{}/{v4}", std::net::Ipv4Addr::from_bits(network))
        }
        Ok(IpAddr::V6(address)) => {
            let network = address.to_bits() & u128::MAX.checked_shl(128 - v6).unwrap_or(0);
            format!("{}/{v6}", std::net::Ipv6Addr::from_bits(network))
        }
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnet_of_masks_by_prefix_length() {
        assert_eq!(subnet_of("192.0.2.1", 32, 64), "192.0.2.1/32");
        assert_eq!(subnet_of("192.0.2.1", 24, 48), "192.0.2.0/24");
        assert_eq!(subnet_of("2001:db8:1:2:3:4:5:6", 32, 64), "2001:db8:1:2::/64");
        assert_eq!(subnet_of("2001:db8:1:2::9", 24, 48), "2001:db8:1::/48");
        assert_eq!(subnet_of("command line", 32, 64), "command line");
    }
}
