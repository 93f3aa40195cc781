//! Where inputs come from: a stream read ahead by a thread, so that a lone line is answered at once and a flood in full batches.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::error::EngineError;
use crate::predict::note;
use finetop::data::inputs::{self, Input, Shape};
use finetop::spec::task::Columns;

/// Inputs in windows.
pub struct Source {
    receiver: Receiver<io::Result<Input>>,
    window: usize,
    is_typed: bool,
    shape: Shape,
    broken: Option<io::Error>,
}

impl Source {
    /// Opens a file, or standard input where there is none or its name is `-`; at most `window` inputs are read ahead.
    ///
    /// # Errors
    /// When the file cannot be read or has not the columns.
    pub fn open(file: Option<&Path>, columns: &Columns, shape: Shape, window: usize) -> Result<Self, EngineError> {
        let file = file.filter(|file| *file != Path::new("-"));
        let is_typed = file.is_none() && io::stdin().is_terminal();
        let (sender, receiver) = sync_channel(window);
        let source = Self { receiver, window, is_typed, shape, broken: None };
        match file {
            Some(path) if inputs::has_columns(path) => {
                let rows = inputs::file(path, columns).map_err(|error| EngineError::Data(error.to_string()))?;
                thread::spawn(move || rows.into_iter().try_for_each(|row| sender.send(Ok(row))));
            }
            _ => {
                let mut reader = open(file)?;
                thread::spawn(move || {
                    for line in 1.. {
                        let next = inputs::next_line(reader.as_mut(), line, shape).transpose();
                        let Some(next) = next else { break };
                        let is_over = next.is_err();
                        // Nobody listens any more where the answers cannot be written.
                        if sender.send(next).is_err() || is_over {
                            break;
                        }
                    }
                });
            }
        }
        Ok(source)
    }

    /// Whether a person types the lines.
    pub const fn is_typed(&self) -> bool {
        self.is_typed
    }

    /// Tells a person what to type.
    pub fn greet(&self) {
        if self.is_typed {
            let what = if self.shape == Shape::Pair { "two texts with a tab between them" } else { "a text" };
            note(&format!("type {what} per line; Ctrl-D ends"));
        }
    }

    /// Waits for an input and takes all that are there by then; empty at the end.
    pub fn next_window(&mut self) -> Vec<Input> {
        let mut window = Vec::new();
        let mut next = self.receiver.recv().ok();
        while let Some(input) = next {
            match input {
                Ok(input) => window.push(input),
                Err(error) => {
                    self.broken = Some(error);
                    break;
                }
            }
            next = if window.len() < self.window { self.receiver.try_recv().ok() } else { None };
        }
        window
    }

    /// Whether the end was the end.
    ///
    /// # Errors
    /// When reading failed before it.
    pub fn end(&mut self) -> Result<(), EngineError> {
        self.broken.take().map_or(Ok(()), |error| Err(EngineError::Data(format!("cannot read on: {error}"))))
    }
}

fn open(file: Option<&Path>) -> Result<Box<dyn BufRead + Send>, EngineError> {
    let Some(path) = file else { return Ok(Box::new(BufReader::new(io::stdin()))) };
    if path.is_dir() {
        return Err(EngineError::Data(format!("{} is a folder; give a file of texts", path.display())));
    }
    let file = File::open(path).map_err(|error| EngineError::Data(format!("cannot read {}: {error}", path.display())))?;
    Ok(Box::new(BufReader::new(file)))
}
