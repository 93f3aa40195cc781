//! How things look in this terminal: the one place that reads the environment for it.

use std::env;

use crate::tui::theme::{Colors, Glyphs, Theme};

/// Whether plain output to this terminal may have colours.
pub fn has_colors() -> bool {
    theme(false).colors != Colors::None && env::var("TERM").is_ok_and(|term| term != "dumb")
}

/// Colours and characters for this terminal; `is_ascii` overrides what the locale says.
pub fn theme(is_ascii: bool) -> Theme {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    theme_for(is_ascii, variable)
}

fn theme_for(is_ascii: bool, variable: impl Fn(&str) -> Option<String>) -> Theme {
    let colors = if variable("NO_COLOR").is_some() {
        Colors::None
    } else if variable("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit") {
        Colors::True
    } else {
        Colors::Sixteen
    };
    // The first that is set decides, as in setlocale(3).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&variable).unwrap_or_default().to_uppercase();
    let is_utf8 = locale.contains("UTF-8") || locale.contains("UTF8");
    let glyphs = if is_ascii || !is_utf8 { Glyphs::Ascii } else { Glyphs::Unicode };
    Theme::new(colors, glyphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(is_ascii: bool, variables: &[(&str, &str)]) -> Theme {
        theme_for(is_ascii, |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_decides_and_the_option_overrides() {
        let full = look(false, &[("LANG", "en_US.UTF-8"), ("COLORTERM", "truecolor")]);
        assert_eq!(full, Theme::new(Colors::True, Glyphs::Unicode));
        assert_eq!(look(true, &[("LANG", "en_US.UTF-8")]), Theme::new(Colors::Sixteen, Glyphs::Ascii));
        assert_eq!(look(false, &[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).glyphs, Glyphs::Ascii);
        assert_eq!(look(false, &[("LC_CTYPE", "C.utf8"), ("NO_COLOR", "1")]), Theme::new(Colors::None, Glyphs::Unicode));
    }
}
