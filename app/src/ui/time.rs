//! Relative and exact times. All are computed from the server's clock, so that server and browser render the same text.

use crate::runtime::prelude::*;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

/// A time such as "5 minutes ago", with the exact time as its tooltip.
#[component]
pub fn RelativeTime(at: DateTime<Utc>, now: DateTime<Utc>) -> impl IntoView {
    erased_view! { <time datetime=rfc3339(at) title=format_utc(at)>{format_relative(at, now)}</time> }
}

/// Formats a time relative to `now`: "5 minutes ago", "in 2 days".
pub fn format_relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let is_past = at <= now;
    let distance = if is_past { now - at } else { at - now };
    if distance < TimeDelta::minutes(1) {
        return if is_past { "just now" } else { "in less than a minute" }.to_owned();
    }
    let duration = format_duration(distance);
    if is_past { format!("{duration} ago") } else { format!("in {duration}") }
}

/// Formats the time until `end`, rounded up: "7 days left" on the first of seven days.
pub fn time_left(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = end - now;
    if left <= TimeDelta::zero() {
        return "expired".to_owned();
    }
    if left < TimeDelta::hours(1) {
        return "<1 hour left".to_owned();
    }
    let hour = TimeDelta::hours(1).num_seconds();
    let unit = if left > TimeDelta::hours(48) { 24 * hour } else { hour };
    let count = (left.num_seconds() + unit - 1) / unit;
    let word = if unit == hour { "hour" } else { "day" };
    format!("{count} {word}{} left", if count == 1 { "" } else { "s" })
}

fn format_duration(duration: TimeDelta) -> String {
    let (count, word) = match duration {
        _ if duration >= TimeDelta::days(365) => (duration.num_days() / 365, "year"),
        _ if duration >= TimeDelta::days(60) => (duration.num_days() / 30, "month"),
        _ if duration >= TimeDelta::days(1) => (duration.num_days(), "day"),
        _ if duration >= TimeDelta::hours(1) => (duration.num_hours(), "hour"),
        _ => (duration.num_minutes(), "minute"),
    };
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Formats the exact time: "23 Nov 2026, 10:22 UTC".
pub fn format_utc(at: DateTime<Utc>) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}, {:02}:{:02} UTC", at.day(), at.year(), at.hour(), at.minute())
}

fn rfc3339(at: DateTime<Utc>) -> String {
    let (year, month, day) = (at.year(), at.month(), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_435_200, 0).unwrap()
    }

    #[test]
    fn format_relative_uses_the_largest_unit() {
        let now = noon();
        assert_eq!(format_relative(now - TimeDelta::seconds(59), now), "just now");
        assert_eq!(format_relative(now - TimeDelta::seconds(60), now), "1 minute ago");
        assert_eq!(format_relative(now - TimeDelta::hours(23), now), "23 hours ago");
        assert_eq!(format_relative(now - TimeDelta::days(59), now), "59 days ago");
        assert_eq!(format_relative(now - TimeDelta::days(61), now), "2 months ago");
        assert_eq!(format_relative(now + TimeDelta::seconds(5), now), "in less than a minute");
        assert_eq!(format_relative(now + TimeDelta::minutes(5), now), "in 5 minutes");
    }

    #[test]
    fn time_left_rounds_up() {
        let now = noon();
        assert_eq!(time_left(now + TimeDelta::days(7) - TimeDelta::seconds(1), now), "7 days left");
        assert_eq!(time_left(now + TimeDelta::hours(30), now), "30 hours left");
        assert_eq!(time_left(now + TimeDelta::minutes(59), now), "<1 hour left");
        assert_eq!(time_left(now, now), "expired");
    }

    #[test]
    fn format_utc_names_the_time_zone() {
        assert_eq!(format_utc(noon()), "23 Nov 2026, 12:00 UTC");
        assert_eq!(rfc3339(noon()), "2026-11-23T12:00:00Z");
    }
}
