//! The facts of one run: parameters, health; and the four most telling lines of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::metric::MetricName;
use crate::run::alert::Rule;
use crate::run::catalog::RunView;
use crate::run::event::Ledger;
use crate::run::storage::{Storage, TASKS};
use crate::spec::early_stopping::Patience;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::view::draw;
use crate::verdict::overfitting::Level;

/// Rows that the panes need inside.
pub const ROWS: u16 = 11;

/// Name of the last of [`TASKS`].
const THOUSAND_TASKS: &str = "1,000 tasks";

/// Width of the names at the left of a pane.
pub const NAME_WIDTH: usize = 12;

/// A name, what is to be said of it, and how it looks.
pub type Fact = (&'static str, String, Style);

/// The parameter ledger.
pub fn parameters(theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" parameters ", theme.title()), note);
    let Some(training) = &run.state.training else {
        draw::put(buffer, inner, 1, 0, "counted when training starts", theme.dim());
        return;
    };
    let Ledger { total, trainable, frozen: _, backbone_trainable, norms, method, head } = training.ledger;
    let share = |part: u64| format!("{:>14}  {:>6}%", text::grouped(part), text::percent(part as f64 / total.max(1) as f64));
    let mut facts: Vec<Fact> = vec![
        ("total", share(total), Style::new()),
        ("trainable", share(trainable), theme.good()),
        ("  backbone", share(backbone_trainable), theme.dim()),
        ("  norms", share(norms), theme.dim()),
        ("  method", share(method), theme.dim()),
        ("  head", share(head), theme.dim()),
    ];
    if let Ok(spec) = &run.spec {
        let storage = Storage::new(&training.ledger, &spec.method);
        let many = storage.tasks[TASKS.len() - 1];
        let (kept, whole) = (text::bytes(many.bytes), text::bytes(many.whole_models_bytes));
        let base = match storage.base_bytes {
            0 => "a whole model".to_owned(),
            shared => format!("base {}", text::bytes(shared)),
        };
        facts.extend([
            ("optimizer", text::bytes(storage.optimizer_bytes), Style::new()),
            ("per task", format!("{}  {base}", text::bytes(storage.task_bytes)), Style::new()),
            (THOUSAND_TASKS, format!("{kept}  whole models {whole}"), Style::new()),
            ("inference", storage.inference.short(), theme.dim()),
            ("model", text::middle(&text::clean(&spec.model.id), usize::from(inner.width).saturating_sub(NAME_WIDTH + 1)), theme.dim()),
        ]);
    }
    draw_facts(theme, inner, buffer, &facts);
}

/// Verdict, patience, learning rate, gradient.
pub fn health(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView, note: &str) {
    let inner = draw::panel(buffer, area, theme, &Line::styled(" health ", theme.title()), note);
    let mut facts = vec![verdict(state, theme, run)];
    let insight = state.insights.get(&run.id);
    let point = insight.and_then(|insight| insight.points.last());
    let number = |value: Option<f64>| value.map_or_else(|| "--".to_owned(), text::value);
    let losses = format!("train {}  val. {}", number(point.and_then(|point| point.train_loss)), number(point.map(|p| p.validation_loss)));
    facts.push(("loss", losses, Style::new()));
    let gap = point.and_then(crate::verdict::overfitting::Point::gap);
    facts.push(("gap", gap.map_or_else(|| "--".to_owned(), |gap| format!("{gap:+.3}")), Style::new()));
    facts.push(best(theme, run));
    facts.push(patience(theme, run));
    let last = run.state.steps.last();
    let rate = last.as_ref().map_or_else(|| "--".to_owned(), |step| text::scientific(step.learning_rate));
    let schedule = run.spec.as_ref().map_or_else(|_| String::new(), |spec| format!("  {:?}", spec.optimization.schedule).to_lowercase());
    let changed = run.state.standing.settings.iter().rev().find(|(_, setting)| setting.learning_rate.is_some());
    let changed = changed.map_or_else(String::new, |(step, _)| format!("  changed at step {step}"));
    facts.push(("learn. rate", format!("{rate}{schedule}{changed}"), Style::new()));
    let clip = run.spec.as_ref().ok().and_then(|spec| spec.optimization.max_grad_norm);
    let clip = clip.map_or_else(String::new, |clip| format!("  clipped at {clip}: {}", clipped(run, clip)));
    let norm = last.as_ref().map(|step| step.gradient_norm.0);
    let style = if norm.is_some_and(|norm| !norm.is_finite()) { theme.bad() } else { Style::new() };
    facts.push(("grad. norm", format!("{}{clip}", number(norm)), style));
    let n_bad = (0..run.state.steps.len()).filter(|idx| !run.state.steps.loss(*idx).is_finite()).count();
    facts.push(if n_bad > 0 { ("NaN or inf", format!("{n_bad} steps"), theme.bad()) } else { test(theme, run) });
    if let Some(stop_at) = run.state.standing.stop_at {
        facts.push(("asked", format!("stops {}", stop_at.in_words()), theme.accent()));
    }
    facts.extend(alerts(theme, run));
    draw_facts(theme, inner, buffer, &facts);
}

/// The rules that say something of the run, muted ones marked; `None` where none does.
fn alerts(theme: Theme, run: &RunView) -> Option<Fact> {
    let muted = &run.state.standing.muted;
    let names: Vec<String> = Rule::ALL
        .into_iter()
        .filter_map(|rule| match (run.state.alerts.contains_key(&rule), muted.contains(&rule)) {
            (_, true) => Some(format!("{} (muted)", rule.name())),
            (true, false) => Some(rule.name().to_owned()),
            (false, false) => None,
        })
        .collect();
    let is_heard = run.state.alerts.keys().any(|rule| !muted.contains(rule));
    let style = if is_heard { theme.warn() } else { theme.dim() };
    (!names.is_empty()).then(|| ("alerts", names.join(", "), style))
}

/// The share of steps whose gradient was longer than `limit`, and so was shortened.
fn clipped(run: &RunView, limit: f64) -> String {
    let steps = &run.state.steps;
    let n_clipped = (0..steps.len()).filter(|idx| steps.gradient_norm(*idx) > limit).count();
    format!("{:.0}%", n_clipped as f64 / steps.len().max(1) as f64 * 100.0)
}

/// The four most telling lines, for a small screen.
pub fn strip(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer, run: &RunView) {
    let last = run.state.steps.last();
    let (_, verdict, style) = verdict(state, theme, run);
    let (_, best, best_style) = best(theme, run);
    let (_, patience, _) = patience(theme, run);
    let tested = if run.state.test.is_some() { format!("  test {}", test(theme, run).1) } else { String::new() };
    let ledger = run.state.training.as_ref().map(|training| training.ledger);
    let trained = ledger.map_or_else(
        || "--".to_owned(),
        |ledger| {
            let share = text::percent(ledger.trainable as f64 / ledger.total.max(1) as f64);
            format!("{} of {} trained ({share}%)", text::grouped(ledger.trainable), text::count(ledger.total))
        },
    );
    let rate = last.as_ref().map_or_else(|| "--".to_owned(), |step| text::scientific(step.learning_rate));
    let norm = last.as_ref().map_or_else(|| "--".to_owned(), |step| text::value(step.gradient_norm.0));
    let speed = run.state.examples_per_second().map_or_else(|| "--".to_owned(), |speed| format!("{speed:.0} ex/s"));
    let memory = last.as_ref().map_or_else(|| "--".to_owned(), |step| text::bytes(step.rss_bytes));
    let asked = run.state.standing.stop_at.map_or_else(String::new, |stop_at| format!("  stops {}", stop_at.in_words()));
    let rows: [Fact; 4] = [
        ("verdict", verdict + &asked, style),
        ("best", format!("{best}{tested}  patience {patience}"), best_style),
        ("parameters", trained, Style::new()),
        ("now", format!("lr {rate}  grad {norm}  {speed}  mem {memory}"), Style::new()),
    ];
    draw_facts(theme, area, buffer, &rows);
}

fn verdict(state: &State, theme: Theme, run: &RunView) -> Fact {
    let Some(verdict) = state.insights.get(&run.id).map(|insight| insight.verdict) else {
        return ("verdict", "--".to_owned(), theme.dim());
    };
    let rise = format!("val. loss +{:.0}% in {} evals", verdict.rise() * 100.0, verdict.n_since_best);
    match verdict.level {
        Level::Overfitting => ("verdict", format!("OVERFITS: {rise}"), theme.warn()),
        Level::Watch => ("verdict", format!("watch: {rise}"), theme.warn()),
        Level::None if run.state.evaluations.is_empty() => ("verdict", "too early to say".to_owned(), theme.dim()),
        Level::None => ("verdict", "no overfitting seen".to_owned(), theme.good()),
    }
}

fn best(theme: Theme, run: &RunView) -> Fact {
    let Some(best) = run.state.best() else { return ("best", "--".to_owned(), theme.dim()) };
    let metric = run.spec.as_ref().map_or(MetricName::Loss, |spec| spec.best_metric);
    let value = best.metrics.get(&metric).map_or_else(|| "--".to_owned(), |value| text::value(value.0));
    ("best", format!("{value} {} at step {}", metric.definition().short.to_lowercase(), best.step), Style::new())
}

fn test(theme: Theme, run: &RunView) -> Fact {
    let metric = run.spec.as_ref().map_or(MetricName::Loss, |spec| spec.best_metric);
    match run.state.test.as_ref().and_then(|test| test.metrics.get(&metric)) {
        Some(value) => ("test", format!("{} {}", text::value(value.0), metric.definition().short.to_lowercase()), theme.good()),
        None => ("test", "at the end, with the best".to_owned(), theme.dim()),
    }
}

/// How long early stopping still bears it, folded from the evaluations as the worker does.
fn patience(theme: Theme, run: &RunView) -> Fact {
    let Some(stopping) = run.spec.as_ref().ok().and_then(|spec| spec.early_stopping.as_ref()) else {
        return ("patience", "no early stopping".to_owned(), theme.dim());
    };
    let mut patience = Patience::default();
    for evaluation in &run.state.evaluations {
        if let Some(value) = evaluation.metrics.get(&stopping.metric) {
            patience.observe(stopping.metric, stopping.min_delta, evaluation.step, value.0);
        }
    }
    let borne = run.state.standing.patience(u64::MAX).unwrap_or(stopping.patience);
    let style = if patience.waited + 1 >= borne { theme.warn() } else { Style::new() };
    ("patience", format!("{}/{borne} on {}", patience.waited, stopping.metric.name()), style)
}

/// Draws facts, each in a line, or in more where it is long and there is room.
pub fn draw_facts(theme: Theme, area: Rect, buffer: &mut Buffer, facts: &[Fact]) {
    let room = usize::from(area.width).saturating_sub(NAME_WIDTH + 1);
    let mut n_free = usize::from(area.height).saturating_sub(facts.len());
    let mut row = 0;
    for (name, value, style) in facts {
        let wrapped = text::wrap(value, room);
        let n_more = wrapped.len().saturating_sub(1);
        let is_broken = text::width(value) > room && n_more > 0 && n_more <= n_free;
        n_free -= if is_broken { n_more } else { 0 };
        let lines = if is_broken { wrapped } else { vec![value.clone()] };
        for (idx, value) in lines.into_iter().enumerate() {
            let name = if idx == 0 { name } else { "" };
            let line = Line::from(vec![Span::styled(format!(" {name:<NAME_WIDTH$}"), theme.dim()), Span::styled(value, *style)]);
            draw::line(buffer, area, row, &line);
            row += 1;
        }
    }
}
