//! Numbers, times and names as text of a known width. Pure; knows no colour and no layout.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Ellipsis of shortened names in Unicode; ASCII screens replace it.
const ELLIPSIS: char = '…';

/// A count in at most six characters: `812`, `22.7M`, `1.5K`.
pub fn count(value: u64) -> String {
    let number = value as f64;
    match value {
        0..1000 => value.to_string(),
        1000..1_000_000 => scaled(number / 1e3, "K"),
        1_000_000..1_000_000_000 => scaled(number / 1e6, "M"),
        _ => scaled(number / 1e9, "G"),
    }
}

fn scaled(value: f64, unit: &str) -> String {
    if (100.0..999.95).contains(&value) { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") }
}

/// A whole number with thousands separated: `22,713,216`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in at most seven characters, in powers of 1,000 as plans and tables tell them: `1.3M`, `325M`.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let mut number = value as f64;
    let mut unit = 0;
    while number >= 1000.0 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    if unit == 0 || number >= 100.0 { format!("{number:.0}{}", UNITS[unit]) } else { format!("{number:.1}{}", UNITS[unit]) }
}

/// A share in per cent, at most six characters: `100.00`, `0.27`, `<0.01`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.005 { "<0.01".to_owned() } else { format!("{percent:.2}") }
}

/// A loss or metric in at most six characters, NaN and infinities told.
pub fn value(value: f64) -> String {
    match value.abs() {
        v if v.is_nan() => "NaN".to_owned(),
        v if v.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        v if v >= 1e4 => format!("{value:.0e}"),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// A small positive number such as a learning rate: `5.0e-5`, `0`.
pub fn scientific(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value.abs() >= 0.1 {
        self::value(value)
    } else {
        format!("{value:.1e}")
    }
}

/// A value of any size in at most seven characters.
pub fn reading(value: f64) -> String {
    if value.abs() < 0.01 { scientific(value) } else { self::value(value) }
}

/// A duration in at most six characters: `45s`, `8m45s`, `1h07m`, `3d04h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "--".to_owned();
    }
    let seconds = seconds.round() as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

/// Columns that `text` takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `max` columns, shortened in the middle: `lora-…-s3`.
pub fn middle(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    if max < 3 {
        return cut(text, max);
    }
    let front = cut(text, (max - 1).div_ceil(2));
    let mut back = Vec::new();
    let mut left = max - 1 - width(&front);
    for c in text.chars().rev() {
        let columns = c.width().unwrap_or(1);
        if columns > left {
            break;
        }
        left -= columns;
        back.push(c);
    }
    front.chars().chain([ELLIPSIS]).chain(back.into_iter().rev()).collect()
}

/// `text` in at most `max` columns, shortened at its beginning.
pub fn end(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let mut shown = Vec::new();
    for c in text.chars().rev() {
        let columns = c.width().unwrap_or(1);
        if columns > left {
            break;
        }
        left -= columns;
        shown.push(c);
    }
    std::iter::repeat_n(ELLIPSIS, max.min(1)).chain(shown.into_iter().rev()).collect()
}

/// The first `max` columns of `text`.
pub fn cut(text: &str, max: usize) -> String {
    let mut left = max;
    text.chars()
        .take_while(|c| {
            let columns = c.width().unwrap_or(1);
            let fits = columns <= left;
            left = left.saturating_sub(columns);
            fits
        })
        .collect()
}

/// `text` broken into lines of at most `max` columns, at spaces where there are any; a line's indent is kept.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let indent: String = paragraph.chars().take_while(|c| *c == ' ').take(max / 2).collect();
        let mut rest = paragraph.trim().to_owned();
        loop {
            let room = max.saturating_sub(indent.len());
            let head = cut(&rest, room);
            if head.len() == rest.len() || head.is_empty() {
                lines.push(format!("{indent}{head}").trim_end().to_owned());
                break;
            }
            let is_at_space = rest[head.len()..].starts_with(' ');
            let end = if is_at_space { head.len() } else { head.rfind(' ').unwrap_or(head.len()) };
            lines.push(format!("{indent}{}", rest[..end].trim_end()));
            rest = rest[end..].trim_start().to_owned();
        }
    }
    lines
}

/// `text` without control characters and terminal sequences; its lines stay lines.
pub fn clean(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(crate::run::text::stripped).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_their_width() {
        assert_eq!([count(812), count(1536), count(22_713_216), count(999_999)].join(" "), "812 1.5K 22.7M 1000.0K");
        assert_eq!(grouped(22_713_216), "22,713,216");
        assert_eq!([bytes(512), bytes(1_258_291), bytes(325_058_560)].join(" "), "512B 1.3M 325M");
        assert_eq!([percent(1.0), percent(0.0027), percent(0.000_01), percent(0.0)].join(" "), "100.00 0.27 <0.01 0.00");
        assert_eq!([value(0.2134), value(12.34), value(f64::NAN), value(-1e9)].join(" "), "0.213 12.3 NaN -1e9");
        assert_eq!([duration(45.2), duration(525.0), duration(4020.0), duration(f64::NAN)].join(" "), "45s 8m45s 1h07m --");
        assert_eq!([scientific(5e-5), scientific(0.0), scientific(5.0)].join(" "), "5.0e-5 0 5.000");
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(middle("lora-r16-all-layers", 11), "lora-…ayers");
        assert_eq!(middle("full", 11), "full");
        assert_eq!(middle("日本語日本語", 7), "日…本語");
        assert_eq!([end("data/train.tsv", 14), end("data/train.tsv", 8), end("日本語", 4)].join(" "), "data/train.tsv …ain.tsv …語");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\r\nnext"), "red\nnext");
    }

    proptest! {
        #[test]
        fn shortened_text_always_fits(text in ".{0,40}", max in 0_usize..30) {
            prop_assert!(width(&middle(&text, max)) <= max);
            prop_assert!(width(&end(&text, max)) <= max);
            prop_assert!(width(&cut(&text, max)) <= max);
        }

        #[test]
        fn wrapped_text_always_fits(text in "[a-zé日 \n]{0,80}", max in 2_usize..30) {
            for line in wrap(&text, max) {
                prop_assert!(width(&line) <= max, "{line:?}");
            }
        }

        #[test]
        fn cleaned_text_holds_no_control_character(text in any::<String>()) {
            prop_assert!(clean(&text).chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
