//! How much asking for an invitation one address, one source and all of them together may do.

use crate::quota::{self, Quota};
use crate::{Result, Visitor};
use sqlx::PgConnection;

const DAY: i64 = 24 * 60;

/// Mails to one mailbox.
const ADDRESS: Quota = Quota { scope: "request_address", most: 3, minutes: DAY };
/// Tries of one source: a household or an office.
const SOURCE: Quota = Quota { scope: "request_source", most: 20, minutes: DAY };
/// Tries of one site, in whose many networks one person may be.
const SITE: Quota = Quota { scope: "request_site", most: 60, minutes: DAY };
/// Tries at one organization. What one site may do is a small part of it.
const ORGANIZATION: Quota = Quota { scope: "request_organization", most: 500, minutes: DAY };

/// Counts one more try of this address from where it comes, unless that is one too many. The source is counted first:
/// whoever has used up their own share takes nothing of the others'.
pub(super) async fn take(
    transaction: &mut PgConnection,
    visitor: &Visitor<'_>,
    email_key: &str,
) -> Result<bool> {
    let (source, site) = (quota::source(visitor), quota::site(visitor));
    for (quota, key) in
        [(SOURCE, source.as_str()), (SITE, site.as_str()), (ADDRESS, email_key), (ORGANIZATION, "")]
    {
        if quota::count(transaction, visitor, &quota, key).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
