//! `finetop demo`: the dashboard on runs that never ran; needs no libtorch, no model and no data.

use anyhow::bail;
use clap::Args;

use crate::cli::picture::{self, PictureArguments};
use crate::cli::settings::Look;
use crate::cli::{dashboard, exit_code};
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::tui::app;
use crate::tui::message::Message;
use crate::tui::source::Source;
use crate::tui::state::State;
use crate::tui::update::update;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Play this many times as fast as life.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub speed: f64,
    /// Begin at this second.
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS")]
    pub at: f64,
    /// Draw with ASCII characters alone.
    #[arg(long)]
    pub ascii: bool,
    /// A picture instead of the dashboard.
    #[command(flatten)]
    pub picture: PictureArguments,
}

/// Opens the dashboard on the demonstration, or writes its picture.
///
/// # Errors
/// Where the terminal cannot be used or the picture cannot be written.
pub fn run(arguments: &DemoArguments, look: &Look) -> anyhow::Result<u8> {
    if !(arguments.speed > 0.0 && arguments.speed <= 1000.0) {
        bail!("--speed {} is not above 0 and at most 1000", arguments.speed);
    }
    if !(arguments.at >= 0.0 && arguments.at <= 1e6) {
        bail!("--at {} is not from 0 to 1000000", arguments.at);
    }
    if let Some(file) = &arguments.picture.screenshot {
        let mut state = State::new("the demonstration".to_owned(), EPOCH + arguments.at, arguments.picture.size, None);
        update(&mut state, Message::Updates(Synthetic::new().poll(arguments.at)));
        return picture::write(state, None, &arguments.picture, file, arguments.ascii);
    }
    if !dashboard::is_possible() {
        bail!("the demonstration needs a terminal; without one use `finetop demo --screenshot FILE.svg`");
    }
    let source = Source::Demo { speed: arguments.speed, from_seconds: arguments.at };
    app::run(look.options(source, None, arguments.ascii)?)?;
    Ok(exit_code::OK)
}
