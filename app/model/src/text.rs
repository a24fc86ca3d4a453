//! Helpers for texts that people read: plurals, numbers and sentences.

/// A number with its noun in the right form: "1 request", "0 requests", "10,000 requests".
pub fn count(n: usize, singular: &str, plural: &str) -> String {
    format!("{} {}", format_number(n), if n == 1 { singular } else { plural })
}

/// A number with its digits grouped by thousands: "10,000".
pub fn format_number(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text with its first letter in upper case, to begin a sentence.
pub fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_picks_singular_only_for_one() {
        assert_eq!(count(0, "request", "requests"), "0 requests");
        assert_eq!(count(1, "request", "requests"), "1 request");
        assert_eq!(count(1_234_567, "request", "requests"), "1,234,567 requests");
    }

    #[test]
    fn format_number_groups_thousands() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")]
        {
            assert_eq!(format_number(n), text);
        }
    }

    #[test]
    fn capitalize_changes_only_the_first_letter() {
        assert_eq!(capitalize("already invited"), "Already invited");
        assert_eq!(capitalize("élan"), "Élan");
        assert_eq!(capitalize(""), "");
    }
}
