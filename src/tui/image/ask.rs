//! Asks the terminal whether it shows images. Raw mode must be on, and nothing else may read its answers meanwhile.

use std::time::Duration;

use crate::report::plot::canvas::Ink;
use crate::tui::background;
use crate::tui::image::answers::{self, QUESTION, THROUGH_TMUX};
use crate::tui::image::{Support, Surroundings, tmux};
use crate::tui::theme::Background;

/// How long answers are waited for, here and over a network; most terminals give them within milliseconds.
const WAIT: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));

/// What was asked, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The background, where the terminal told.
    pub background: Option<Background>,
    /// How images are sent, or why there are none.
    pub support: Result<Support, String>,
}

/// Asks for the background and for images in one exchange.
pub fn ask(surroundings: Surroundings, is_remote: bool) -> Asked {
    if surroundings.is_in_tmux && tmux::passes_on() == Some(false) {
        let why = "tmux hands no images on until `tmux set -p allow-passthrough on`".to_owned();
        return Asked { background: None, support: Err(why) };
    }
    let question = if surroundings.is_in_tmux { format!("{}{QUESTION}", tmux::wrapped(THROUGH_TMUX)) } else { QUESTION.to_owned() };
    let wait = if is_remote { WAIT.1 } else { WAIT.0 };
    let is_complete = if surroundings.is_in_tmux { is_complete_in_tmux } else { background::is_complete };
    let answer = background::exchange(&question, wait, is_complete).unwrap_or_default();
    let ground = background::rgb_in(&answer);
    let support = answers::support(&answers::read(&answer), surroundings, cell());
    Asked { background: ground.map(background::of), support: support.map(|found| Support { ground: ground.map(ink), ..found }) }
}

/// tmux answers for itself, before the terminal around it can.
fn is_complete_in_tmux(answer: &[u8]) -> bool {
    background::is_complete(answer) && String::from_utf8_lossy(answer).contains("\x1b_Gi=31")
}

/// Columns and rows of pixels of a cell, where the kernel knows them.
pub fn cell() -> Option<(u32, u32)> {
    let size = crossterm::terminal::window_size().ok()?;
    let pixels = |all: u16, n: u16| u32::from(all) / u32::from(n.max(1));
    let cell = (pixels(size.width, size.columns), pixels(size.height, size.rows));
    answers::is_possible(cell).then_some(cell)
}

fn ink(channels: [f64; 3]) -> Ink {
    channels.iter().fold(0, |ink, channel| ink << 8 | (channel * 255.0).round().clamp(0.0, 255.0) as Ink)
}
