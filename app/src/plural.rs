//! Numbers and countable nouns in the texts of the interface.

/// A number with thousands separators: "1,234".
pub fn format_number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun: "1 user", "1,234 users".
pub fn pluralize(count: usize, singular: &str, plural: &str) -> String {
    let noun = if count == 1 { singular } else { plural };
    format!("{} {noun}", format_number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        let cases = [(0, "0"), (12, "12"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(format_number(number), text);
        }
    }

    #[test]
    fn only_one_is_singular() {
        let users = |count| pluralize(count, "user", "users");
        assert_eq!([users(0), users(1), users(2)], ["0 users", "1 user", "2 users"]);
        assert_eq!(users(9_990), "9,990 users");
    }
}
