//! How much asking for an invitation one address, one source and all of them together may do.

use crate::rate_limit::{self, RateLimit};
use crate::{OrganizationContext, Result};
use sqlx::PgConnection;

const DAY: i64 = 24 * 60;

/// Mails to one mailbox.
const ADDRESS: RateLimit = RateLimit { scope: "request_address", most: 3, minutes: DAY };
/// Tries of one source: a household or an office.
const SOURCE: RateLimit = RateLimit { scope: "request_ip", most: 20, minutes: DAY };
/// Tries of one site, in whose many networks one person may be.
const SITE: RateLimit = RateLimit { scope: "request_subnet", most: 60, minutes: DAY };
/// Tries at one organization. What one site may do is a small part of it.
const ORGANIZATION: RateLimit = RateLimit { scope: "request_organization", most: 500, minutes: DAY };

/// Counts one more try of this address from where it comes, unless that is one too many. The source is counted first:
/// whoever has used up their own share takes nothing of the others'.
pub(super) async fn take(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email_normalized: &str,
) -> Result<bool> {
    let (source, site) = (rate_limit::client_ip(context), rate_limit::subnet(context));
    for (quota, key) in
        [(SOURCE, source.as_str()), (SITE, site.as_str()), (ADDRESS, email_normalized), (ORGANIZATION, "")]
    {
        if rate_limit::check_and_increment(transaction, context, &quota, key).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
