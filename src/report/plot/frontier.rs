//! The efficiency frontier as a figure: a marker for each run, the efficient ones named and joined. Points in, figure out.

use crate::curve::stretch::Stretch;
use crate::metric::MetricName;
use crate::report::compare::cost::Cost;
use crate::report::compare::frontier::{Point, ranges};
use crate::report::plot::figure::{Curve, Figure, Inset, Panel, Weight};

/// Columns of pixels for each label of the cost.
const EACH_LABEL: f64 = 95.0;

/// What is to be drawn, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// What the metric is weighed against.
    pub cost: Cost,
    /// The metric.
    pub metric: MetricName,
    /// Columns and rows in pixels.
    pub size: (u32, u32),
    /// Whether it is light on dark.
    pub is_dark: bool,
    /// How it is drawn where it stands within something else.
    pub inset: Inset,
}

/// The picture of these points, whose runs have these slots and names; `label` writes a cost.
pub fn figure(points: &[Point], runs: &[(usize, String)], options: &Options, label: impl Fn(f64) -> String) -> Figure {
    let (x_range, y_range) = ranges(points);
    let x_axis = Stretch { low: 10.0_f64.powf(x_range.0), high: 10.0_f64.powf(x_range.1), is_log: true };
    let place = |point: &Point| (x_axis.share(point.cost), point.value);
    let efficient: Vec<&Point> = points.iter().filter(|point| point.is_efficient).collect();
    let mut curves = Vec::new();
    if let Some((slot, _)) = efficient.first().map(|first| &runs[first.idx]) {
        // A run stays the best to be had until the next one can be paid.
        let first = efficient.first().map(|point| place(point));
        let steps = efficient.windows(2).flat_map(|pair| [(place(pair[1]).0, place(pair[0]).1), place(pair[1])]);
        curves.push(Curve { pieces: vec![first.into_iter().chain(steps).collect()], ..Curve::new(*slot, Weight::Frontier) });
    }
    // The efficient ones last, so that no other hides them.
    for point in points.iter().filter(|point| !point.is_efficient).chain(efficient) {
        let (slot, name) = &runs[point.idx];
        let name = point.is_efficient.then(|| name.clone());
        curves.push(Curve { points: vec![place(point)], name, ..Curve::new(*slot, Weight::Thick) });
    }
    let y_axis = (!points.is_empty()).then(|| Stretch::linear(y_range.0, y_range.1));
    let most = (f64::from(options.size.0) / options.inset.scale / EACH_LABEL) as usize;
    let x_ticks = powers(x_range, most.clamp(2, 8)).into_iter().map(|cost| (cost, label(cost))).collect();
    let (title, note, x_name) = (String::new(), String::new(), options.cost.name());
    let panel = Panel { title, note, x_name, x_axis, x_ticks: Some(x_ticks), y_axis, curves };
    let inset = Some(options.inset);
    Figure { title: String::new(), size: options.size, is_dark: options.is_dark, inset, panels: vec![panel], legend: Vec::new() }
}

/// Powers of ten between these two, at most so many.
fn powers((low, high): (f64, f64), most: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    let stride = ((last - first + 1).max(1) as usize).div_ceil(most);
    (first..=last).step_by(stride).map(|power| 10.0_f64.powi(power)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot;

    const INSET: Inset = Inset { ground: 0x0010_2030, scale: 1.0, reach: None };

    const OPTIONS: Options =
        Options { cost: Cost::Parameters, metric: MetricName::Accuracy, size: (640, 320), is_dark: true, inset: INSET };

    fn point(idx: usize, cost: f64, value: f64, is_efficient: bool) -> Point {
        Point { idx, cost, value, is_efficient }
    }

    fn picture(points: &[Point]) -> Figure {
        let runs: Vec<(usize, String)> =
            ["bitfit", "lora", "full"].iter().enumerate().map(|(idx, name)| (idx, (*name).to_owned())).collect();
        figure(points, &runs, &OPTIONS, |cost| format!("{cost}"))
    }

    #[test]
    fn the_efficient_runs_are_joined_named_and_drawn_over_the_others() {
        let figure = picture(&[point(0, 1e4, 0.7, true), point(2, 1e5, 0.65, false), point(1, 1e6, 0.8, true)]);
        let panel = &figure.panels[0];
        let names: Vec<Option<&str>> = panel.curves.iter().map(|curve| curve.name.as_deref()).collect();
        assert_eq!(names, [None, None, Some("bitfit"), Some("lora")]);
        let line = &panel.curves[0].pieces[0];
        assert!((line[1].0 - line[2].0).abs() < 1e-12 && (line[1].1 - 0.7).abs() < 1e-12, "up where the dearer one is paid: {line:?}");
        let labels: Vec<&str> = panel.x_ticks.iter().flatten().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["10000", "100000", "1000000"]);
        // The words of an SVG say what is on it.
        let svg = plot::svg(&figure);
        assert!(["bitfit", "lora", "parameters", "100000"].iter().all(|word| svg.contains(word)) && !svg.contains("full"), "{svg}");
    }

    #[test]
    fn any_points_give_a_picture() {
        for points in [vec![], vec![point(0, 1.0, 0.5, true)], vec![point(0, 1e-3, -1e9, true), point(1, 1e12, 1e9, true)]] {
            let figure = picture(&points);
            assert_eq!(figure.panels[0].y_axis.is_none(), points.is_empty());
            assert_eq!(plot::pixels(&figure).size, (640, 320));
        }
    }
}
