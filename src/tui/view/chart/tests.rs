//! Charts at every size and of every series: something is seen of all that can be drawn.

use proptest::prelude::*;

use super::*;
use crate::curve::axis::XAxis;
use crate::curve::quantity::Quantity;
use crate::run::event::StepTaken;
use crate::run::number::Number;
use crate::run::steps::Steps;
use crate::tui::theme::{Colors, Glyphs};

const THEMES: [Theme; 2] = [Theme::new(Colors::True, Glyphs::Unicode), Theme::new(Colors::None, Glyphs::Ascii)];

fn chart_of(points: Points<'_>, window: Stretch, is_log: bool, clips: bool) -> Chart<'_> {
    let line = ChartLine {
        points,
        weight: Weight::Thin,
        style: Style::new(),
        marker: "",
        best: None,
        stop: None,
        changes: Vec::new(),
        sets_range: true,
    };
    Chart { lines: vec![line], labels: Vec::new(), window, x_name: "step", is_log, clips, reach: None, crosshair: None, empty: "nothing" }
}

fn drawn(chart: &Chart, size: (u16, u16), theme: Theme) -> Buffer {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    draw(&mut buffer, area, chart, theme);
    buffer
}

/// Whether a dot is seen in the cell where a point belongs.
fn has_dot(chart: &Chart, size: (u16, u16), buffer: &Buffer, (x, y): (f64, f64)) -> bool {
    let Ok(layout) = layout(Rect::new(0, 0, size.0, size.1), chart) else { return false };
    let plot = layout.plot;
    let Some(column) = axes::column(x, chart, plot) else { return false };
    let row = layout.scale.row(y, usize::from(plot.height));
    let cell = &buffer[(plot.x + column as u16, plot.y + row as u16)];
    cell.symbol().chars().all(|symbol| ('\u{2801}'..='\u{28ff}').contains(&symbol) || ":'.".contains(symbol))
}

fn steps(values: &[f64]) -> Steps {
    let mut steps = Steps::default();
    for (idx, value) in values.iter().enumerate() {
        let step = idx as u64 + 1;
        let taken = StepTaken {
            step,
            epoch: step as f64,
            loss: Number(*value),
            learning_rate: 0.0,
            gradient_norm: Number(*value),
            examples: step,
            tokens: step,
            seconds: 1.0,
            training_seconds: step as f64,
            rss_bytes: 0,
        };
        steps.push(&taken, step as f64);
    }
    steps
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        5 => -3.0..3.0_f64,
        1 => any::<f64>(),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(0.0), Just(f64::MAX), Just(f64::MIN), Just(f64::MIN_POSITIVE)],
    ];
    proptest::collection::vec(value, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn least_and_greatest_of_the_window_always_leave_a_dot(
        values in values(),
        size in (1_u16..120, 1_u16..40),
        (from, width) in (0.0..1.0_f64, 0.0..1.0_f64),
        (is_log, is_x_log, clips) in any::<(bool, bool, bool)>(),
    ) {
        let steps = steps(&values);
        let curve = StepCurve { steps: &steps, x_axis: XAxis::Step, quantity: Quantity::Loss, weight: 0.0, pyramid: None };
        let full = Stretch { low: 1.0, high: values.len().max(2) as f64, is_log: is_x_log };
        let window = full.part(from, (from + width).min(1.0));
        let chart = chart_of(Points::Steps(curve), window, is_log, clips);
        let buffer = drawn(&chart, size, THEMES[0]);
        drawn(&chart, size, THEMES[1]);
        let inside = curve.points().filter(|(x, y)| (window.low..=window.high).contains(x) && y.is_finite());
        let points: Vec<(f64, f64)> = inside.collect();
        let least = points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let greatest = points.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        // A word and the flags of what is no number may stand in the first row.
        let is_free = values.iter().all(|value| value.is_finite()) && !layout(Rect::new(0, 0, size.0, size.1), &chart).is_ok_and(|layout| layout.is_cut);
        for point in least.into_iter().chain(greatest).filter(|_| is_free) {
            prop_assert!(has_dot(&chart, size, &buffer, point), "{point:?} in {window:?}");
        }
    }
}

#[test]
fn a_window_between_two_evaluations_shows_the_line_that_joins_them() {
    let points = vec![(0.0, 1.0), (100.0, 3.0)];
    let chart = chart_of(
        Points::Few(points.into_iter().map(|(x, y)| Evaluated { x, y, step: 0 }).collect()),
        Stretch::linear(40.0, 60.0),
        false,
        true,
    );
    let buffer = drawn(&chart, (40, 12), THEMES[0]);
    let n_dots = buffer.content.iter().filter(|cell| cell.symbol().chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c))).count();
    assert!(n_dots >= 30, "{n_dots}");
}
