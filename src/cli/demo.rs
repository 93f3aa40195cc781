//! `finetop demo`: the dashboard on runs that never ran; needs no libtorch, no model and no data.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::look;
use crate::run::synthetic::{EPOCH, Synthetic};
use crate::tui::app::{self, Options};
use crate::tui::message::Message;
use crate::tui::screenshot;
use crate::tui::source::Source;
use crate::tui::state::State;
use crate::tui::theme::{Colors, Glyphs, Theme};
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
    /// Write one frame as an SVG picture instead of opening the dashboard.
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Columns and rows of the picture.
    #[arg(long, default_value = "120x40", value_name = "COLUMNSxROWS", value_parser = parse_size)]
    pub size: (u16, u16),
    /// Keys pressed before the picture is taken, for example `2` for one run.
    #[arg(long, default_value = "", value_name = "KEYS", requires = "screenshot")]
    pub keys: String,
}

/// Opens the dashboard on the demonstration, or writes its picture.
///
/// # Errors
/// Where the terminal cannot be used or the picture cannot be written.
pub fn run(arguments: &DemoArguments) -> anyhow::Result<u8> {
    if !(arguments.speed > 0.0 && arguments.speed <= 1000.0) {
        bail!("--speed {} is not above 0 and at most 1000", arguments.speed);
    }
    if !(arguments.at >= 0.0 && arguments.at <= 1e6) {
        bail!("--at {} is not from 0 to 1000000", arguments.at);
    }
    if let Some(file) = &arguments.screenshot {
        let glyphs = if arguments.ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        let picture = picture(arguments.at, arguments.size, &arguments.keys, &Theme { colors: Colors::True, glyphs });
        fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))?;
        return Ok(0);
    }
    let source = Source::Demo { speed: arguments.speed, from_seconds: arguments.at };
    app::run(Options { source, focus: None, theme: look::theme(arguments.ascii) })?;
    Ok(0)
}

fn picture(seconds: f64, size: (u16, u16), keys: &str, theme: &Theme) -> String {
    let mut state = State::new("the demonstration".to_owned(), EPOCH + seconds, size, None);
    update(&mut state, Message::Updates(Synthetic::new().poll(seconds)));
    look::press(&mut state, keys);
    screenshot::picture(&state, theme)
}

/// `120x40` as columns and rows.
///
/// # Errors
/// Says what is accepted.
pub fn parse_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    let is_sane = |size: &(u16, u16)| (1..=500).contains(&size.0) && (1..=200).contains(&size.1);
    size.filter(is_sane).ok_or_else(|| "columns and rows such as 120x40, at most 500x200".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_columns_and_rows() {
        assert_eq!(parse_size("120x40"), Ok((120, 40)));
        for bad in ["", "120", "x", "0x40", "120x", "99999x9", "12x-4"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_picture_shows_the_runs() {
        let theme = Theme { colors: Colors::True, glyphs: Glyphs::Unicode };
        let svg = picture(30.0, (120, 40), "", &theme);
        assert!(svg.contains("lora-r8") && svg.contains("</svg>"));
    }
}
