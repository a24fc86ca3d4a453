//! Times: relative to read, exact to know. Both are worked out from the server's clock alone, so that server and
//! browser write the same.

use crate::erased_view::erased_view;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use leptos::prelude::*;

/// A moment, as "5 minutes ago".
#[component]
pub fn Moment(at: DateTime<Utc>, now: DateTime<Utc>) -> impl IntoView {
    erased_view! { <time datetime=machine(at) title=exact(at)>{relative(at, now)}</time> }
}

/// How long ago, or how soon.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let past = at <= now;
    let apart = if past { now - at } else { at - now };
    if apart < TimeDelta::minutes(1) {
        return if past { "just now" } else { "in a moment" }.to_owned();
    }
    let amount = amount(apart);
    if past { format!("{amount} ago") } else { format!("in {amount}") }
}

/// How much time is left, rounded up: "7 days left" on the first day of seven.
pub fn left(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = end - now;
    if left <= TimeDelta::zero() {
        return "no time left".to_owned();
    }
    if left < TimeDelta::hours(1) {
        return "less than an hour left".to_owned();
    }
    let hour = TimeDelta::hours(1).num_seconds();
    let unit = if left > TimeDelta::hours(48) { 24 * hour } else { hour };
    let count = (left.num_seconds() + unit - 1) / unit;
    let word = if unit == hour { "hour" } else { "day" };
    format!("{count} {word}{} left", if count == 1 { "" } else { "s" })
}

fn amount(time: TimeDelta) -> String {
    let (count, word) = match time {
        _ if time >= TimeDelta::days(365) => (time.num_days() / 365, "year"),
        _ if time >= TimeDelta::days(60) => (time.num_days() / 30, "month"),
        _ if time >= TimeDelta::days(1) => (time.num_days(), "day"),
        _ if time >= TimeDelta::hours(1) => (time.num_hours(), "hour"),
        _ => (time.num_minutes(), "minute"),
    };
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The exact time in words: "23 Nov 2026, 10:22 UTC".
pub fn exact(at: DateTime<Utc>) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}, {:02}:{:02} UTC", at.day(), at.year(), at.hour(), at.minute())
}

/// The exact time for machines (RFC 3339).
fn machine(at: DateTime<Utc>) -> String {
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
    fn times_read_as_people_say_them() {
        let now = noon();
        assert_eq!(relative(now - TimeDelta::seconds(59), now), "just now");
        assert_eq!(relative(now - TimeDelta::seconds(60), now), "1 minute ago");
        assert_eq!(relative(now - TimeDelta::hours(23), now), "23 hours ago");
        assert_eq!(relative(now - TimeDelta::days(59), now), "59 days ago");
        assert_eq!(relative(now - TimeDelta::days(61), now), "2 months ago");
        assert_eq!(relative(now + TimeDelta::seconds(5), now), "in a moment");
        assert_eq!(relative(now + TimeDelta::minutes(5), now), "in 5 minutes");
    }

    #[test]
    fn the_first_of_seven_days_leaves_seven() {
        let now = noon();
        assert_eq!(left(now + TimeDelta::days(7) - TimeDelta::seconds(1), now), "7 days left");
        assert_eq!(left(now + TimeDelta::hours(30), now), "30 hours left");
        assert_eq!(left(now + TimeDelta::minutes(59), now), "less than an hour left");
        assert_eq!(left(now, now), "no time left");
    }

    #[test]
    fn the_exact_time_names_its_zone() {
        assert_eq!(exact(noon()), "23 Nov 2026, 12:00 UTC");
        assert_eq!(machine(noon()), "2026-11-23T12:00:00Z");
    }
}
