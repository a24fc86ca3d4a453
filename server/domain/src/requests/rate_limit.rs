//! Rate limits of invitation requests: per email address, IP address, subnet and organization.

use crate::rate_limit::{self, RateLimit};
use crate::{OrganizationContext, Result};
use chrono::TimeDelta;
use sqlx::PgConnection;

const DAY: TimeDelta = TimeDelta::days(1);

/// Emails to one address.
const ADDRESS: RateLimit = RateLimit { scope: "request_address", max: 3, window: DAY };
/// Requests from one IP address, which a household or an office may share.
const CLIENT_IP: RateLimit = RateLimit { scope: "request_ip", max: 20, window: DAY };
/// Requests from one subnet, in which one person can have many addresses.
const SUBNET: RateLimit = RateLimit { scope: "request_subnet", max: 60, window: DAY };
/// Requests to one organization. Much higher than the limit per subnet, so that one person can't exhaust it.
const ORGANIZATION: RateLimit = RateLimit { scope: "request_organization", max: 500, window: DAY };

/// Counts a request against all limits and returns whether it is within them. The limits of the sender are checked first, so
/// that a sender beyond them doesn't use up those of the address and the organization.
pub(super) async fn check_and_increment(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email_normalized: &str,
) -> Result<bool> {
    let (client_ip, subnet) = (rate_limit::client_ip(context), rate_limit::subnet(context));
    for (limit, key) in [
        (CLIENT_IP, client_ip.as_str()),
        (SUBNET, subnet.as_str()),
        (ADDRESS, email_normalized),
        (ORGANIZATION, ""),
    ] {
        if rate_limit::check_and_increment(transaction, context, &limit, key).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
