//! Numbers on the command line. Must not know what they are for.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A whole number in a range, refused in words.
pub fn whole<T: FromStr + PartialOrd + Display>(text: &str, range: &RangeInclusive<T>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::Arguments;

    #[test]
    fn a_number_is_whole_and_in_its_range() {
        assert_eq!(whole("5", &(1..=10_u32)), Ok(5));
        for bad in ["0", "11", "x", "", "-1", "1.5", "99999999999"] {
            assert_eq!(whole(bad, &(1..=10_u32)), Err("a whole number from 1 to 10".to_owned()), "{bad}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_refused_in_words() {
        for line in [["finetop", "run", "x.yaml", "--epochs=x"], ["finetop", "run", "x.yaml", "--seed=x"]] {
            let error = Arguments::try_parse_from(line).unwrap_err().to_string();
            assert!(error.contains("a whole number from"), "{error}");
        }
    }
}
