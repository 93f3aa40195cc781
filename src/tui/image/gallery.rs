//! Which images are on the screen, and what has to be written so that others are. Pure.
//!
//! Cells that an image covers are blank in every frame, so no frame writes there while it stands. Where it goes, these cells are made
//! blank on the terminal too, and the next frame fills them: what the terminal shows and what the frame before says stay the same.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::tui::image::{Protocol, Support, kitty, tmux};

/// An image as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The cells that it covers.
    pub area: Rect,
    /// Which place it has among those shown; in kitty's protocol its number.
    pub id: u8,
    /// Tells it from every other one.
    pub number: u64,
    /// What shows it from the cursor on.
    pub bytes: String,
}

/// What is on the screen.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    on_screen: Vec<(Rect, u8, u64)>,
    is_cleared: bool,
}

impl Gallery {
    /// The screen was cleared: no image is on it any more, or none that is where it was.
    pub fn forget(&mut self) {
        self.is_cleared |= !self.on_screen.is_empty();
        self.on_screen.clear();
    }

    /// What has to be written before the frame and after it, so that these images and no others are on the screen.
    pub fn change(&mut self, support: Support, images: &[&Image]) -> (String, String) {
        let (mut before, mut after) = (String::new(), String::new());
        if std::mem::take(&mut self.is_cleared) && support.protocol == Protocol::Kitty {
            before.push_str(&through(support, kitty::FORGET_ALL));
        }
        for (area, id, _) in &self.on_screen {
            if images.iter().any(|image| image.area == *area && image.id == *id) {
                continue;
            }
            match support.protocol {
                Protocol::Kitty => before.push_str(&through(support, &kitty::removed(*id))),
                Protocol::Iterm | Protocol::Sixel => erase(&mut before, *area),
            }
        }
        for image in images {
            if !self.on_screen.contains(&(image.area, image.id, image.number)) {
                let _ = write!(after, "\x1b[{};{}H{}", image.area.y + 1, image.area.x + 1, image.bytes);
            }
        }
        self.on_screen = images.iter().map(|image| (image.area, image.id, image.number)).collect();
        (before, after)
    }
}

/// A sequence as it reaches the terminal.
pub fn through(support: Support, sequence: &str) -> String {
    if support.is_through_tmux { tmux::wrapped(sequence) } else { sequence.to_owned() }
}

/// Writes blanks over cells.
fn erase(out: &mut String, area: Rect) {
    out.push_str("\x1b[0m");
    for row in area.top()..area.bottom() {
        let _ = write!(out, "\x1b[{};{}H{:width$}", row + 1, area.x + 1, "", width = usize::from(area.width));
    }
}

/// Empties the cells of a frame that an image covers; in tmux they hold what stands for the image.
pub fn cover(buffer: &mut Buffer, support: Support, image: &Image) {
    for row in 0..image.area.height {
        for column in 0..image.area.width {
            let Some(cell) = buffer.cell_mut((image.area.x + column, image.area.y + row)) else { continue };
            cell.reset();
            if support.is_through_tmux {
                cell.set_symbol(&kitty::placeholder(column, row)).set_fg(Color::Indexed(image.id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITTY: Support = Support { protocol: Protocol::Kitty, cell: (10, 20), ground: None, is_through_tmux: false };
    const SIXEL: Support = Support { protocol: Protocol::Sixel, ..KITTY };

    fn image(id: u8, number: u64) -> Image {
        Image { area: Rect::new(u16::from(id) * 20, 3, 4, 2), id, number, bytes: format!("<{number}>") }
    }

    #[test]
    fn an_image_is_written_once_and_again_only_when_it_is_another() {
        let mut gallery = Gallery::default();
        assert_eq!(gallery.change(KITTY, &[]), (String::new(), String::new()));
        assert_eq!(gallery.change(KITTY, &[&image(1, 7)]), (String::new(), "\x1b[4;21H<7>".to_owned()));
        assert_eq!(gallery.change(KITTY, &[&image(1, 7)]), (String::new(), String::new()));
        assert_eq!(gallery.change(KITTY, &[&image(1, 8), &image(2, 9)]).1, "\x1b[4;21H<8>\x1b[4;41H<9>");
    }

    #[test]
    fn an_image_that_is_not_wanted_any_more_is_taken_off() {
        let mut gallery = Gallery::default();
        gallery.change(KITTY, &[&image(1, 7), &image(2, 8)]);
        assert_eq!(gallery.change(KITTY, &[&image(2, 8)]), ("\x1b_Ga=d,d=I,i=1,q=2\x1b\\".to_owned(), String::new()));
        let tmux = Support { is_through_tmux: true, ..KITTY };
        assert_eq!(gallery.change(tmux, &[]).0, "\x1bPtmux;\x1b\x1b_Ga=d,d=I,i=2,q=2\x1b\x1b\\\x1b\\");
        let mut gallery = Gallery::default();
        gallery.change(SIXEL, &[&image(1, 7)]);
        assert_eq!(gallery.change(SIXEL, &[]).0, "\x1b[0m\x1b[4;21H    \x1b[5;21H    ");
        assert_eq!(gallery.change(SIXEL, &[]), (String::new(), String::new()));
    }

    #[test]
    fn after_the_screen_was_cleared_everything_is_written_anew() {
        let mut gallery = Gallery::default();
        gallery.change(KITTY, &[&image(1, 7)]);
        gallery.forget();
        let (before, after) = gallery.change(KITTY, &[&image(1, 7)]);
        assert_eq!((before.as_str(), after.as_str()), (kitty::FORGET_ALL, "\x1b[4;21H<7>"));
        gallery.forget();
        assert_eq!(gallery.change(SIXEL, &[]), (String::new(), String::new()));
    }

    #[test]
    fn covered_cells_are_blank_and_a_frame_that_is_too_small_is_no_harm() {
        let mut buffer = Buffer::with_lines(["xxxxxxxxxxxxxxxxxxxxxxx"; 4]);
        cover(&mut buffer, KITTY, &image(1, 7));
        assert_eq!(
            buffer,
            Buffer::with_lines([
                "xxxxxxxxxxxxxxxxxxxxxxx",
                "xxxxxxxxxxxxxxxxxxxxxxx",
                "xxxxxxxxxxxxxxxxxxxxxxx",
                "xxxxxxxxxxxxxxxxxxxx   "
            ])
        );
        cover(&mut buffer, Support { is_through_tmux: true, ..KITTY }, &image(1, 7));
        assert_eq!(buffer[(20, 3)].symbol(), kitty::placeholder(0, 0));
        assert_eq!(buffer[(21, 3)].fg, Color::Indexed(1));
    }
}
