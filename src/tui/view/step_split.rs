//! Where the time of a step goes, in two rows of a pane: its parts as shares, and as a bar where there is room for both.

use ratatui::style::Style;

use crate::run::split::{Part, StepSplit};
use crate::tui::text;
use crate::tui::theme::{Glyphs, Theme};
use crate::tui::view::health::Fact;

/// Columns of the bar at most.
const WIDEST_BAR: usize = 50;

/// The time of the last step in seconds, and where the time of steps goes; one row where that is not known.
pub fn facts(theme: Theme, seconds: Option<f64>, split: Option<&StepSplit>, width: usize) -> Vec<Fact> {
    let time = seconds.map_or_else(|| "--".to_owned(), |seconds| format!("{:.0} ms", seconds * 1e3));
    let shares = split.map(StepSplit::shares).unwrap_or_default();
    if shares.is_empty() {
        return vec![("step", time, Style::new())];
    }
    let whole = format!("{time}  {}", in_words(&shares, 0));
    if text::width(&whole) <= width {
        return vec![("step", whole, Style::new()), ("", bar(&shares, width.min(WIDEST_BAR), theme), theme.dim())];
    }
    let fits = |words: &String| text::width(words) <= width;
    let (first, rest) = shares.split_at(1);
    let beside = format!("{time}  {}", in_words(first, 1));
    let (first, second) = match (Some(in_words(&shares, 1)).filter(fits), Some(in_words(rest, 1)).filter(fits)) {
        (Some(all), _) => (time, all),
        (None, Some(rest)) if fits(&beside) => (beside, rest),
        _ => (time, in_words(&shares, 2) + " %"),
    };
    vec![("step", first, Style::new()), ("", second, Style::new())]
}

/// Each part with its share; the longer `names` come first.
fn in_words(shares: &[(Part, f64)], names: usize) -> String {
    let (space, sign) = if names == 2 { ("", "") } else { (" ", "%") };
    let one = |(part, share): &(Part, f64)| format!("{}{space}{:.0}{sign}", part.names()[names], share * 100.0);
    shares.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The parts in their order, the rest of the step blank.
fn bar(shares: &[(Part, f64)], width: usize, theme: Theme) -> String {
    let (mut bar, mut end) = (String::new(), 0.0);
    for (part, share) in shares {
        end += share * width as f64;
        let glyph = match (part, theme.glyphs) {
            (part, Glyphs::Ascii) => part.names()[2],
            (Part::Data, _) => "█",
            (Part::Forward, _) => "▒",
            (Part::Backward, _) => "▓",
            (Part::Update, _) => "░",
        };
        let n_cells = (end.round() as usize).min(width).saturating_sub(text::width(&bar));
        bar.push_str(&glyph.repeat(n_cells));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Colors;

    fn split() -> StepSplit {
        StepSplit { step: 9, steps: 9, seconds: 0.1, data: Some(0.001), forward: Some(0.033), backward: Some(0.052), update: Some(0.012) }
    }

    fn shown(glyphs: Glyphs, split: Option<&StepSplit>, width: usize) -> Vec<String> {
        facts(Theme::new(Colors::None, glyphs), Some(0.1), split, width).into_iter().map(|(_, value, _)| value).collect()
    }

    #[test]
    fn the_parts_of_a_step_fit_wherever_they_are_shown() {
        let wide = shown(Glyphs::Ascii, Some(&split()), 65);
        assert_eq!(wide[0], "100 ms  data 1% forward 33% backward 52% update 12%");
        assert_eq!(wide[1], "dffffffffffffffffbbbbbbbbbbbbbbbbbbbbbbbbbbuuuuuu");
        assert_eq!(shown(Glyphs::Unicode, Some(&split()), 35), ["100 ms", "data 1% fwd 33% bwd 52% upd 12%"]);
        assert_eq!(shown(Glyphs::Unicode, Some(&split()), 25), ["100 ms  data 1%", "fwd 33% bwd 52% upd 12%"]);
        assert_eq!(shown(Glyphs::Unicode, Some(&split()), 18), ["100 ms", "d1 f33 b52 u12 %"]);
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        assert_eq!(shown(Glyphs::Unicode, None, 65), ["100 ms"]);
        let unknown = StepSplit { data: None, forward: None, backward: None, update: None, ..split() };
        assert_eq!(shown(Glyphs::Unicode, Some(&unknown), 65), ["100 ms"]);
        let partly = StepSplit { forward: None, backward: None, ..split() };
        assert_eq!(shown(Glyphs::Unicode, Some(&partly), 65)[0], "100 ms  data 1% update 12%");
    }
}
