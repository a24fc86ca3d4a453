//! How much asking one address, one source and all of them together may do. Counted in Postgres, so that it holds for
//! however many servers there are: crates that count in memory hold for one.

use crate::{Result, Visitor};
use chrono::TimeDelta;
use sqlx::PgConnection;
use std::net::IpAddr;

/// A counter and how far it goes within its hours.
struct Quota {
    scope: &'static str,
    most: i32,
    hours: i64,
}

/// Mails to one mailbox.
const ADDRESS: Quota = Quota { scope: "address", most: 3, hours: 24 };
/// Tries of one source: a household or an office, since that is what an address of the internet stands for.
const SOURCE: Quota = Quota { scope: "source", most: 20, hours: 24 };
/// Tries at one organization. What one source may do is a small part of it.
const ORGANIZATION: Quota = Quota { scope: "organization", most: 500, hours: 24 };

/// How much of what is over one try takes along.
const SWEPT_MOST: i64 = 10;

/// Counts one more try of this address from where it comes, unless that is one too many. The source is counted first:
/// whoever has used up their own share takes nothing of the others'.
pub(super) async fn take(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    email_key: &str,
) -> Result<bool> {
    let source = network(&visitor.caller.source.address);
    for (quota, key) in [(SOURCE, source.as_str()), (ADDRESS, email_key), (ORGANIZATION, "")] {
        if !count(transaction, visitor, &quota, key).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Forgets a few counters whose time is over and a few tries that nobody has confirmed. Each try takes some along, so
/// that there are never many more than of the last day, and no job is needed for it.
pub(super) async fn sweep(transaction: &mut PgConnection, visitor: &Visitor<'_>) -> Result<()> {
    let over = visitor.now - TimeDelta::hours(ORGANIZATION.hours);
    sqlx::query!(
        "delete from request_quotas where ctid = any (array(
            select ctid from request_quotas where organization_id = $1 and since <= $2 and scope <> 'organization'
            order by since limit $3 for update skip locked
         ))",
        visitor.organization(),
        over,
        SWEPT_MOST
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from invitation_requests where ctid = any (array(
            select ctid from invitation_requests
            where organization_id = $1 and status = 'asked' and confirm_until <= $2
            order by confirm_until limit $3 for update skip locked
         ))",
        visitor.organization(),
        over,
        SWEPT_MOST
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn count(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    quota: &Quota,
    key: &str,
) -> Result<bool> {
    let counted = sqlx::query!(
        "insert into request_quotas as q (organization_id, scope, key, since, count) values ($1, $2, $3, $4, 1)
         on conflict (organization_id, scope, key) do update
         set count = case when q.since <= $5 then 1 else q.count + 1 end,
            since = case when q.since <= $5 then excluded.since else q.since end
         where q.since <= $5 or q.count < $6",
        visitor.organization(),
        quota.scope,
        key,
        visitor.now,
        visitor.now - TimeDelta::hours(quota.hours),
        quota.most
    )
    .execute(transaction)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// The source as it is counted: an IPv4 address, or the network of an IPv6 address, of which one customer has 2^64
/// (RFC 6177).
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_an_address_or_a_customers_network() {
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::9"), "2001:db8:1:2::/64");
        assert_eq!(network(""), "");
    }
}
