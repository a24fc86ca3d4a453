//! Formatting of counts.

use model::text::format_number;
use model::users::Count;

/// Formats a count: "12", "1,234", or "1,000+" if counting stopped there.
pub fn format_count(count: Count) -> String {
    let number = format_number(usize::try_from(count.counted).unwrap_or_default());
    if count.more { format!("{number}+") } else { number }
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
}
