//! Places for labels on an axis: round numbers. Pure.

/// Round numbers from `low` to `high`, at most `max` of them: 1, 2 or 5 times a power of ten apart.
pub fn ticks(low: f64, high: f64, max: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite()) || high <= low || max == 0 {
        return if low.is_finite() && max > 0 { vec![low] } else { Vec::new() };
    }
    let rough = (high - low) / max as f64;
    let power = 10.0_f64.powf(rough.log10().floor());
    let distance = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|distance| *distance >= rough * (1.0 - 1e-9));
    let Some(distance) = distance.filter(|distance| distance.is_normal()) else { return Vec::new() };
    let first = (low / distance - 1e-9).ceil();
    let last = (high / distance + 1e-9).floor();
    let n_ticks = (last - first + 1.0).max(0.0) as usize;
    (0..n_ticks)
        .map(|n| {
            let tick = (first + n as f64) * distance;
            if tick.abs() < distance * 1e-6 { 0.0 } else { tick }
        })
        .take(max + 1)
        .collect()
}

/// Powers of ten from `low` to `high`, and 2 and 5 times them where there is room; both above 0.
pub fn log_ticks(low: f64, high: f64, max: usize) -> Vec<f64> {
    if !(low > 0.0 && high > low && high.is_finite()) {
        return ticks(low, high, max);
    }
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let all = (first..=last).flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)));
        let inside: Vec<f64> = all.filter(|tick| (low * 0.999..=high * 1.001).contains(tick)).collect();
        if inside.len() <= max && inside.len() >= 2 {
            return inside;
        }
    }
    ticks(low, high, max)
}

/// Ticks with just the digits that tell them apart, `K` and `M` for large ones.
pub fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let distance = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let greatest = ticks.iter().fold(0.0_f64, |greatest, tick| greatest.max(tick.abs()));
    let (scale, unit) = match greatest {
        g if g >= 1e7 => (1e6, "M"),
        g if g >= 1e4 => (1e3, "K"),
        _ => (1.0, ""),
    };
    if greatest > 0.0 && greatest < 1e-3 {
        return ticks.iter().map(|tick| if *tick == 0.0 { "0".to_owned() } else { format!("{tick:.0e}") }).collect();
    }
    if greatest >= 1e10 {
        return ticks.iter().map(|tick| format!("{tick:.1e}")).collect();
    }
    let digits = if distance.is_finite() { (-(distance / scale).log10().floor()).clamp(0.0, 6.0) as usize } else { 2 };
    ticks.iter().map(|tick| format!("{:.digits$}{unit}", tick / scale)).collect()
}

/// Labels of ticks on a logarithmic axis.
pub fn log_labels(ticks: &[f64]) -> Vec<String> {
    // Three digits are enough, and 3 × 0.1 is not quite 0.3.
    let plain = |tick: f64| format!("{tick:.2e}").parse().unwrap_or(tick);
    let label = |tick: f64| if (0.001..1000.0).contains(&tick) { format!("{}", plain(tick)) } else { format!("{tick:.0e}") };
    ticks.iter().map(|tick| label(*tick)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(tick_labels(&ticks(0.0, 250.0, 5)), ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(tick_labels(&ticks(0.21, 0.63, 3)), ["0.4", "0.6"]);
        assert_eq!(tick_labels(&ticks(0.0, 20_000.0, 4)), ["0K", "5K", "10K", "15K", "20K"]);
        assert_eq!(log_ticks(0.01, 1.0, 4), [0.01, 0.1, 1.0]);
        assert_eq!(log_labels(&[0.0001, 0.01, 3.0 * 0.1, 10.0, 10_000.0]), ["1e-4", "0.01", "0.3", "10", "1e4"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_inside_and_are_few(low in -1e9..1e9_f64, length in 0.0..1e9_f64, max in 0_usize..12) {
            let ticks = ticks(low, low + length, max);
            prop_assert!(ticks.len() <= max + 1);
            for tick in &ticks {
                prop_assert!(*tick >= low - length * 1e-3 - 1e-3 && *tick <= low + length * 1.001 + 1e-3, "{tick}");
            }
        }

        #[test]
        fn no_range_panics_and_all_labels_are_short(low in any::<f64>(), high in any::<f64>(), max in 0_usize..12) {
            for labels in [tick_labels(&ticks(low, high, max)), log_labels(&log_ticks(low, high, max))] {
                prop_assert!(labels.iter().all(|label| label.len() < 24), "{labels:?}");
            }
        }
    }
}
