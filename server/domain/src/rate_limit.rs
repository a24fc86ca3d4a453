//! How often strangers may ask for something. Counted in Postgres, so that it holds for however many servers there are:
//! crates that count in memory, such as governor, hold for one.

use crate::{OrganizationContext, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;
use std::net::IpAddr;

/// A counter, and how far it goes within its time.
pub(crate) struct RateLimit {
    pub scope: &'static str,
    pub most: i32,
    pub minutes: i64,
}

/// Counts once more, and says how often that was within the quota's time; nothing, when it is one too many.
pub(crate) async fn check_and_increment(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    quota: &RateLimit,
    key: &str,
) -> Result<Option<i32>> {
    let counted = sqlx::query_scalar!(
        "insert into rate_limits as q (organization_id, scope, key, window_start, count) values ($1, $2, $3, $4, 1)
         on conflict (organization_id, scope, key) do update
         set count = case when q.window_start <= $5 then 1 else q.count + 1 end,
            window_start = case when q.window_start <= $5 then excluded.window_start else q.window_start end
         where q.window_start <= $5 or q.count < $6
         returning count",
        context.organization_id(),
        quota.scope,
        key,
        context.now,
        context.now - TimeDelta::minutes(quota.minutes),
        quota.most
    )
    .fetch_optional(transaction)
    .await?;
    Ok(counted)
}

/// Where a call came from, as it is counted: an IPv4 address, or the least network of IPv6, in which one device has
/// 2^64 addresses (RFC 4291, section 2.5.4).
pub(crate) fn client_ip(context: &OrganizationContext<'_>) -> String {
    network(&context.request.source.address, 32, 64)
}

/// The site of the source: what a provider gives to one customer goes up to a /48 (RFC 6177), and rented IPv4 addresses
/// are neighbours.
pub(crate) fn subnet(context: &OrganizationContext<'_>) -> String {
    network(&context.request.source.address, 24, 48)
}

/// The network of an address, by the length of its prefix.
fn network(address: &str, v4: u32, v6: u32) -> String {
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            let kept = address.to_bits() & u32::MAX.checked_shl(32 - v4).unwrap_or(0);
            format!("{}/{v4}", std::net::Ipv4Addr::from_bits(kept))
        }
        Ok(IpAddr::V6(address)) => {
            let kept = address.to_bits() & u128::MAX.checked_shl(128 - v6).unwrap_or(0);
            format!("{}/{v6}", std::net::Ipv6Addr::from_bits(kept))
        }
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_address_or_a_network_and_a_site_is_more() {
        assert_eq!(network("192.0.2.1", 32, 64), "192.0.2.1/32");
        assert_eq!(network("192.0.2.1", 24, 48), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6", 32, 64), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9", 24, 48), "2001:db8:1::/48");
        assert_eq!(network("command line", 32, 64), "command line");
    }
}
