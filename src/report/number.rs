//! Numbers as text of fixed precision. Must not know where they are shown.

/// What stands where there is no number.
pub const MISSING: &str = "–";

/// A whole number in groups of three: `22,713,986`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A metric with four decimals; NaN and infinities by their names.
pub fn metric(value: f64) -> String {
    if value.is_nan() { "NaN".to_owned() } else { format!("{value:.4}") }
}

/// A duration: `4.2 s`, `3 min 05 s`, `2 h 07 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return MISSING.to_owned();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..=9 => format!("{seconds:.1} s"),
        10..=59 => format!("{whole} s"),
        60..=3599 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Bytes: `512 B`, `1.5 KB`, `86.7 MB` (powers of 1,000).
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KB", "MB", "GB", "TB"] {
        if value < 999.95 || unit == "TB" {
            return if unit == "B" { format!("{value} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    unreachable!("the last unit takes all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_fixed_form() {
        assert_eq!([0, 999, 1000, 22_713_986].map(grouped), ["0", "999", "1,000", "22,713,986"]);
        assert_eq!([0.5, f64::NAN, f64::INFINITY].map(metric), ["0.5000", "NaN", "inf"]);
        assert_eq!([4.25, 12.4, 185.0, 7620.0, f64::NAN].map(duration), ["4.2 s", "12 s", "3 min 05 s", "2 h 07 min", "–"]);
        assert_eq!([512, 1500, 999_960, 86_700_000, u64::MAX].map(bytes), ["512 B", "1.5 KB", "1.0 MB", "86.7 MB", "18446744.1 TB"]);
    }
}
