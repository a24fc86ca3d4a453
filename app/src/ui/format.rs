//! Formatting of numbers.

use model::users::Count;

/// Formats a count: "12", "1,234", or "1,000+" if counting stopped there.
pub fn format_count(count: Count) -> String {
    let digits = count.counted.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count.more {
        text.push('+');
    }
    text
}

/// Formats a number of things: "1 user", "2 users".
pub fn pluralize(count: i64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_count_groups_digits() {
        let format = |counted, more| format_count(Count { counted, more });
        assert_eq!(format(0, false), "0");
        assert_eq!(format(12, false), "12");
        assert_eq!(format(1_000, true), "1,000+");
        assert_eq!(format(1_234_567, false), "1,234,567");
    }

    #[test]
    fn pluralize_adds_s_except_for_one() {
        assert_eq!(pluralize(0, "user"), "0 users");
        assert_eq!(pluralize(1, "user"), "1 user");
        assert_eq!(pluralize(2, "user"), "2 users");
    }
}
