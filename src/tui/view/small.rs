//! What is shown where there is no room for the screens: one line per run, and the size that is needed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::metric::MetricName;
use crate::tui::form;
use crate::tui::overlay::Overlay;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::{self, LEAST_SIZE, draw, message};

/// Draws the list of runs.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    match form::act::shown(state) {
        Some(shown) => view::form::rows(shown, theme, area, buffer),
        None => runs(state, theme, area, buffer),
    }
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    if let Some(Overlay::Question(asked)) = &state.overlay {
        message::question(&asked.text, "y/n", theme, last, buffer);
    } else if form::act::shown(state).is_none() {
        draw::put(buffer, last, 0, 0, &format!("needs {}×{} for charts  q quit", LEAST_SIZE.0, LEAST_SIZE.1), theme.dim());
    }
}

fn runs(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let runs = state.visible();
    let metric = state.metric();
    let n_rows = usize::from(area.height.saturating_sub(1));
    for (row, run) in runs.iter().take(n_rows).enumerate() {
        let value = run.state.latest_validation(metric).map_or_else(|| "--".to_owned(), text::value);
        let loss = run.state.latest_validation(MetricName::Loss).map_or_else(|| "--".to_owned(), text::value);
        let end = format!("{loss:>6} {value:>6}");
        let name_width = usize::from(area.width).saturating_sub(text::width(&end) + 5);
        let name = text::middle(&text::clean(run.id.run()), name_width.max(4));
        let color = ratatui::style::Style::new().fg(theme.series_color(state.slot(&run.id)));
        let line = Line::from(vec![
            Span::styled(theme.status_glyph(run.status), theme.status(run.status)),
            Span::raw(" "),
            Span::styled(theme.marker(state.slot(&run.id)), color),
            Span::raw(format!(" {name:<name_width$} ")),
            Span::raw(end),
        ]);
        draw::line(buffer, area, row as u16, &line);
    }
}
