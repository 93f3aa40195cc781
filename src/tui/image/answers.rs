//! What terminals answer to the question whether they show images. Pure: bytes in, support or a reason in words out.

use crate::tui::image::{Protocol, Support, Surroundings};

/// Asks kitty's way for an image of one pixel that is not kept, for the terminal's name (XTVERSION) and the size of a cell (xterm's window
/// operation 16). What every terminal answers, the device attributes (DA1), must follow.
pub const QUESTION: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[16t";

/// The part of it that is meant for the terminal around tmux.
pub const THROUGH_TMUX: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";

/// The size of a cell where none is told and the terminal fits images into cells by itself.
const USUAL_CELL: (u32, u32) = (10, 20);

/// Cells larger than this are a mistake of the terminal.
const LARGEST_CELL: u32 = 200;

/// What a terminal has said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// Whether it has kitty's graphics.
    pub has_kitty: bool,
    /// Whether it has sixel.
    pub has_sixel: bool,
    /// Its name and version.
    pub name: String,
    /// Columns and rows of pixels of a cell.
    pub cell: Option<(u32, u32)>,
}

/// Reads what a terminal has answered; what is not understood is passed over.
pub fn read(answer: &[u8]) -> Answers {
    let text = String::from_utf8_lossy(answer);
    let after = |start: &str, end: &str| {
        let rest = text.split_once(start)?.1;
        Some(rest.split_once(end)?.0.to_owned())
    };
    // The first parameter is the class of the terminal, the others are what it has; 4 is sixel.
    let attributes = after("\x1b[?", "c").unwrap_or_default();
    let size = after("\x1b[6;", "t").and_then(|size| {
        let (height, width) = size.split_once(';')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    });
    Answers {
        has_kitty: after("\x1b_Gi=31", "\x1b\\").is_some_and(|said| said.ends_with(";OK")),
        has_sixel: attributes.split(';').skip(1).any(|attribute| attribute == "4"),
        name: after("\x1bP>|", "\x1b\\").unwrap_or_default(),
        cell: size.filter(|cell| is_possible(*cell)),
    }
}

/// Whether a cell can be as large.
pub const fn is_possible((width, height): (u32, u32)) -> bool {
    width >= 2 && height >= 4 && width <= LARGEST_CELL && height <= LARGEST_CELL
}

/// How images are sent, given what the terminal says, the environment says, and the kernel says of a cell's size.
///
/// # Errors
/// Why there are none, in words.
pub fn support(answers: &Answers, surroundings: Surroundings, cell: Option<(u32, u32)>) -> Result<Support, String> {
    if surroundings.is_in_screen {
        return Err("GNU screen passes no images on: outside it kitty, Ghostty, WezTerm, iTerm2, foot show them".to_owned());
    }
    let known = cell.or(answers.cell);
    let is_iterm = surroundings.is_iterm || ["iTerm2", "WezTerm"].iter().any(|name| answers.name.starts_with(name));
    let protocol = if is_iterm && !surroundings.is_in_tmux {
        Protocol::Iterm
    } else if answers.has_kitty {
        Protocol::Kitty
    } else if answers.has_sixel {
        Protocol::Sixel
    } else if surroundings.is_in_tmux {
        return Err("no images in tmux here: it hands on those of kitty and Ghostty alone".to_owned());
    } else {
        return Err("this terminal shows no images; kitty, Ghostty, WezTerm, iTerm2, foot do".to_owned());
    };
    if protocol == Protocol::Sixel && known.is_none() {
        return Err("this terminal shows images, but does not tell the size of its cells".to_owned());
    }
    let is_through_tmux = surroundings.is_in_tmux && protocol == Protocol::Kitty;
    Ok(Support { protocol, cell: known.unwrap_or(USUAL_CELL), ground: None, is_through_tmux })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Surroundings = Surroundings { is_in_tmux: false, is_in_screen: false, is_iterm: false };
    const TMUX: Surroundings = Surroundings { is_in_tmux: true, ..PLAIN };

    fn said(answer: &str, surroundings: Surroundings) -> Result<(Protocol, (u32, u32), bool), String> {
        support(&read(answer.as_bytes()), surroundings, None).map(|found| (found.protocol, found.cell, found.is_through_tmux))
    }

    #[test]
    fn each_terminal_is_told_by_what_it_answers() {
        for (answer, expected) in [
            ("\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.43.1)\x1b\\\x1b[6;18;9t\x1b[?62;c", (Protocol::Kitty, (9, 18), false)),
            ("\x1b]11;rgb:0/0/0\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[?62;22;c", (Protocol::Kitty, (10, 20), false)),
            ("\x1bP>|iTerm2 3.5.4\x1b\\\x1b[6;16;7t\x1b[?64;1;2;4;6;17c", (Protocol::Iterm, (7, 16), false)),
            ("\x1b_Gi=31;OK\x1b\\\x1bP>|WezTerm 20240203\x1b\\\x1b[6;20;10t\x1b[?65;4;6;18;22c", (Protocol::Iterm, (10, 20), false)),
            ("\x1bP>|foot(1.16.2)\x1b\\\x1b[6;20;10t\x1b[?62;4;22c", (Protocol::Sixel, (10, 20), false)),
        ] {
            assert_eq!(said(answer, PLAIN), Ok(expected), "{answer:?}");
        }
        let by_variable = Surroundings { is_iterm: true, ..PLAIN };
        assert_eq!(said("\x1b[?1;2c", by_variable).map(|found| found.0), Ok(Protocol::Iterm));
    }

    #[test]
    fn a_terminal_without_images_is_told_which_have_them() {
        for answer in ["\x1b[?1;2c", "\x1bP>|XTerm(390)\x1b\\\x1b[?64;1;2c", "\x1b_Gi=31;ENOTSUPPORTED:x\x1b\\\x1b[?62;c", "", "\x1b[?4c"] {
            let why = said(answer, PLAIN).unwrap_err();
            assert!(why.contains("kitty") && why.contains("foot") && why.len() <= 74, "{why}");
        }
        let why = said("\x1b[?62;4;22c", PLAIN).unwrap_err();
        assert!(why.contains("size of its cells"), "{why}");
        let known = support(&read(b"\x1b[?62;4;22c"), PLAIN, Some((8, 16)));
        assert_eq!(known.map(|found| (found.protocol, found.cell)), Ok((Protocol::Sixel, (8, 16))));
    }

    #[test]
    fn through_tmux_go_images_of_kitty_and_sixels_of_its_own() {
        assert_eq!(said("\x1b_Gi=31;OK\x1b\\\x1b[?1;2c", TMUX), Ok((Protocol::Kitty, (10, 20), true)));
        assert_eq!(said("\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2;4c", TMUX), Ok((Protocol::Sixel, (10, 20), false)));
        assert!(said("\x1b[?1;2c", Surroundings { is_iterm: true, ..TMUX }).unwrap_err().contains("tmux"));
        assert!(said("\x1b_Gi=31;OK\x1b\\", Surroundings { is_in_screen: true, ..PLAIN }).unwrap_err().contains("screen"));
    }

    #[test]
    fn sizes_that_no_cell_has_are_passed_over() {
        for answer in ["\x1b[6;0;0t", "\x1b[6;20;99999t", "\x1b[6;-3;8t", "\x1b[6;20t", "\x1b[6;t", "\x1b[6;20;10"] {
            assert_eq!(read(answer.as_bytes()).cell, None, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(answer in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b';')], 0..80)) {
            let _ = support(&read(&answer), PLAIN, None);
        }
    }
}
