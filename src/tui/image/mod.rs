//! Charts as images, in terminals that show them: who can, what is sent, what is on the screen. Knows figures and places, no run.
//!
//! The view draws every chart in characters; where an image of it is ready, it is laid over them at the edge, after the frame.

pub mod answers;
pub mod ask;
pub mod gallery;
pub mod iterm;
pub mod kitty;
pub mod pictures;
pub mod sixel;
pub mod tmux;
pub mod wanted;

use crate::report::plot::canvas::Ink;

/// How images are sent to a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The graphics protocol of kitty, which Ghostty, Konsole and others have too.
    Kitty,
    /// The inline images of iTerm2, which `WezTerm` has too.
    Iterm,
    /// Sixel, of DEC's terminals: foot, xterm, Windows Terminal and others.
    Sixel,
}

impl Protocol {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kitty => "kitty's protocol",
            Self::Iterm => "iTerm2's protocol",
            Self::Sixel => "sixel",
        }
    }
}

/// What a terminal that shows images has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// How they are sent.
    pub protocol: Protocol,
    /// Columns and rows of pixels of a cell.
    pub cell: (u32, u32),
    /// Its background, where it told.
    pub ground: Option<Ink>,
    /// Whether tmux stands between, which hands on what is wrapped for it.
    pub is_through_tmux: bool,
}

/// What the environment says of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Whether tmux stands between.
    pub is_in_tmux: bool,
    /// Whether GNU screen stands between.
    pub is_in_screen: bool,
    /// Whether it calls itself iTerm2.
    pub is_iterm: bool,
}
