//! Pictures of runs that never ran: what is on them, and that every size and series gives one.

use proptest::prelude::*;

use super::*;
use crate::curve::axis::XAxis;
use crate::curve::palette;
use crate::curve::quantity::Quantity;
use crate::metric::MetricName;
use crate::report::plot::figure::{Options, Subject};
use crate::run::catalog::Catalog;
use crate::run::request::Setting;
use crate::run::synthetic::Synthetic;

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    Synthetic::new().poll(45.0).into_iter().for_each(|update| catalog.apply(update));
    catalog.runs[0].state.standing.settings = vec![(20, Setting { learning_rate: Some(1e-4), patience: None })];
    catalog
}

fn options(quantities: &[Quantity], size: (u32, u32)) -> Options {
    Options {
        quantities: quantities.to_vec(),
        metric: MetricName::Accuracy,
        x_axis: XAxis::Step,
        zoom: None,
        smoothing: 0.8,
        is_log: false,
        is_x_log: false,
        clips: true,
        shows_best: true,
        title: "four ways & <one> goal".to_owned(),
        size,
        is_dark: false,
        inset: None,
    }
}

fn figure_of(catalog: &Catalog, options: &Options) -> Figure {
    let subjects: Vec<Subject> = catalog.runs.iter().enumerate().map(|(slot, run)| Subject { run, slot, kept: None }).collect();
    figure::figure(&subjects, options)
}

#[test]
fn a_vector_picture_says_in_words_what_it_shows() {
    let catalog = catalog();
    let svg = svg(&figure_of(&catalog, &options(&[Quantity::Loss, Quantity::Metric], (900, 420))));
    for expected in [
        "width=\"900\"",
        "sans-serif",
        "loss (cross-entropy, nat)",
        "validation accuracy",
        "lora-r8",
        "best checkpoint",
        "four ways &amp; &lt;one&gt; goal",
        "NaN or infinite",
        "stopped before its end",
        "learning rate changed",
        "ema 0.8",
    ] {
        assert!(svg.contains(expected), "{expected}");
    }
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.matches("<svg").count() == 1);
}

#[test]
fn a_raster_picture_has_every_runs_colour_and_is_read_back() {
    let catalog = catalog();
    let figure = figure_of(&catalog, &options(&[Quantity::Loss], (640, 400)));
    let file = png(&figure);
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
    let mut rgb = vec![0; 640 * 400 * 3];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!((info.width, info.height), (640, 400));
    assert_eq!(rgb, pixels(&figure).rgb);
    for (slot, run) in catalog.runs.iter().enumerate().filter(|(_, run)| !run.state.evaluations.is_empty()) {
        let (_, ink) = palette::SERIES[slot % palette::SERIES.len()];
        let n =
            rgb.chunks_exact(3).filter(|pixel| (u32::from(pixel[0]) << 16 | u32::from(pixel[1]) << 8 | u32::from(pixel[2])) == ink).count();
        assert!(n > 20, "{} has {n} pixels", run.id);
    }
}

#[test]
fn runs_without_a_step_and_no_runs_give_a_picture_that_says_so() {
    let empty = Catalog::default();
    let svg = svg(&figure_of(&empty, &options(&[Quantity::Loss], (300, 200))));
    assert!(svg.contains("nothing to see yet"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_size_gives_a_picture(width in 1_u32..400, height in 1_u32..300, n in 0_usize..7, is_log in any::<bool>(), is_x_log in any::<bool>(), is_dark in any::<bool>()) {
        let catalog = catalog();
        let chosen = options(&Quantity::USUAL[..n.min(6)], (width, height));
        let figure = figure_of(&catalog, &Options { is_log, is_x_log, is_dark, ..chosen });
        prop_assert_eq!(pixels(&figure).rgb.len(), (width * height * 3) as usize);
        prop_assert!(svg(&figure).ends_with("</svg>\n"));
    }
}
