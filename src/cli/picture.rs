//! `--screenshot`: one frame of the dashboard as an SVG picture, without a terminal.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::cli::exit_code;
use crate::run::clock;
use crate::run::store::Store;
use crate::tui::drafting;
use crate::tui::effect::Effect;
use crate::tui::keys::Key;
use crate::tui::message::Message;
use crate::tui::outside;
use crate::tui::screenshot;
use crate::tui::state::State;
use crate::tui::theme::{Colors, Glyphs, Theme};
use crate::tui::update::update;

/// What picture to take.
#[derive(Debug, Clone, Args)]
pub struct PictureArguments {
    /// Write one frame as an SVG picture instead of opening the dashboard.
    #[arg(long, value_name = "FILE")]
    pub screenshot: Option<PathBuf>,
    /// Columns and rows of the picture.
    #[arg(long, default_value = "120x40", value_name = "COLUMNSxROWS", value_parser = parse_size, requires = "screenshot")]
    pub size: (u16, u16),
    /// Keys pressed before the picture is taken, for example 3 for one run; tabulator and line feed are keys as well.
    #[arg(long, default_value = "", value_name = "KEYS", requires = "screenshot")]
    pub keys: String,
}

/// Writes a picture of the runs under `root`.
///
/// # Errors
/// Where the picture cannot be written.
pub fn of_runs(root: &Path, arguments: &PictureArguments, file: &Path, is_ascii: bool) -> anyhow::Result<u8> {
    let now = clock::now_seconds();
    let mut state = State::new(root.display().to_string(), now, arguments.size, None);
    update(&mut state, Message::Updates(Store::open(root).poll(now)));
    write(state, Some(root), arguments, file, is_ascii)
}

/// Presses the keys and writes the picture of what is then seen. Of what keys do outside only files are read: nothing starts or is written.
///
/// # Errors
/// Where the picture cannot be written.
pub fn write(mut state: State, root: Option<&Path>, arguments: &PictureArguments, file: &Path, is_ascii: bool) -> anyhow::Result<u8> {
    for character in arguments.keys.chars() {
        let key = match character {
            '\n' => Key::Enter,
            '\t' => Key::Tab,
            other => Key::Char(other),
        };
        let mut effects = update(&mut state, Message::Key(key));
        while let Some(effect) = effects.pop() {
            if let Some(message) = read(effect, root) {
                effects.extend(update(&mut state, message));
            }
        }
    }
    state.notice = None;
    let glyphs = if is_ascii { Glyphs::Ascii } else { Glyphs::Unicode };
    let picture = screenshot::picture(&state, Theme::new(Colors::True, glyphs));
    fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(exit_code::OK)
}

/// What an effect that only reads brings back.
fn read(effect: Effect, root: Option<&Path>) -> Option<Message> {
    match effect {
        Effect::ListFiles => Some(Message::Files(outside::experiment_files())),
        Effect::Plan(path) => {
            let plan = outside::plan(&path);
            Some(Message::Planned(path, plan))
        }
        Effect::PlanDraft { .. } => Some(drafting::perform(effect, root, drafting::next_number())),
        Effect::OpenFile(_) | Effect::OpenExperiment(_) | Effect::CloneRun(_) => Some(drafting::perform(effect, root, 0)),
        _ => None,
    }
}

/// `120x40` as columns and rows.
fn parse_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    let is_sane = |size: &(u16, u16)| (1..=500).contains(&size.0) && (1..=200).contains(&size.1);
    size.filter(is_sane).ok_or_else(|| "columns and rows such as 120x40, at most 500x200".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic::{EPOCH, Synthetic};

    #[test]
    fn sizes_are_columns_and_rows() {
        assert_eq!(parse_size("120x40"), Ok((120, 40)));
        for bad in ["", "120", "x", "0x40", "120x", "99999x9", "12x-4"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_picture_shows_the_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("picture.svg");
        let mut state = State::new("runs".to_owned(), EPOCH, (120, 40), None);
        update(&mut state, Message::Updates(Synthetic::new().poll(30.0)));
        let arguments = PictureArguments { screenshot: None, size: (120, 40), keys: "3".to_owned() };
        write(state, None, &arguments, &file, false).expect("the folder is ours");
        let svg = fs::read_to_string(&file).expect("it was written");
        assert!(svg.contains("parameters") && svg.ends_with("</svg>\n"));
    }
}
