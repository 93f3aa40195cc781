//! Images by the graphics protocol of kitty (sw.kovidgoyal.net/kitty/graphics-protocol). Pure: a PNG file in, bytes for the terminal out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of text in one piece, as the protocol has it.
const PIECE: usize = 4096;

/// Takes all images off the screen that is shown, and forgets them.
pub const FORGET_ALL: &str = "\x1b_Ga=d,d=A,q=2\x1b\\";

/// A character that stands for a cell of an image that was placed virtually.
const PLACEHOLDER: char = '\u{10EEEE}';

/// The combining characters that count the rows of such an image, as the protocol numbers them.
const COUNTS: [u16; 64] = [
    0x0305, 0x030D, 0x030E, 0x0310, 0x0312, 0x033D, 0x033E, 0x033F, 0x0346, 0x034A, 0x034B, 0x034C, 0x0350, 0x0351, 0x0352, 0x0357, 0x035B,
    0x0363, 0x0364, 0x0365, 0x0366, 0x0367, 0x0368, 0x0369, 0x036A, 0x036B, 0x036C, 0x036D, 0x036E, 0x036F, 0x0483, 0x0484, 0x0485, 0x0486,
    0x0487, 0x0592, 0x0593, 0x0594, 0x0595, 0x0597, 0x0598, 0x0599, 0x059C, 0x059D, 0x059E, 0x059F, 0x05A0, 0x05A1, 0x05A8, 0x05A9, 0x05AB,
    0x05AC, 0x05AF, 0x05C4, 0x0610, 0x0611, 0x0612, 0x0613, 0x0614, 0x0615, 0x0616, 0x0617, 0x0657, 0x0658,
];

/// An image that takes so many columns and rows of cells from the cursor on, in place of the one with the same number; the cursor
/// stays. Placed virtually it is seen where [`placeholder`]s stand. Each sequence is one element.
pub fn sequences(png: &[u8], id: u8, (columns, rows): (u16, u16), is_virtual: bool) -> Vec<String> {
    let text = STANDARD.encode(png);
    let n_pieces = text.len().div_ceil(PIECE).max(1);
    let way = if is_virtual { "U=1" } else { "C=1" };
    (0..n_pieces)
        .map(|idx| {
            let piece = &text[idx * PIECE..text.len().min((idx + 1) * PIECE)];
            let more = u8::from(idx + 1 < n_pieces);
            if idx == 0 {
                format!("\x1b_Ga=T,q=2,f=100,i={id},p=1,c={columns},r={rows},{way},m={more};{piece}\x1b\\")
            } else {
                format!("\x1b_Gq=2,m={more};{piece}\x1b\\")
            }
        })
        .collect()
}

/// Takes an image off and forgets it.
pub fn removed(id: u8) -> String {
    format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\")
}

/// What stands in a cell of a virtually placed image: the first of a row counts the row, the others follow from it.
pub fn placeholder(column: u16, row: u16) -> String {
    let mut cell = PLACEHOLDER.to_string();
    if column == 0 {
        let count = |idx: usize| char::from_u32(COUNTS[idx % COUNTS.len()].into());
        cell.extend([count(usize::from(row)), count(0)].into_iter().flatten());
    }
    cell
}

/// Rows that a virtually placed image has at most.
pub const MOST_ROWS: u16 = COUNTS.len() as u16;

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn an_image_comes_in_pieces_that_make_the_file_again() {
        let file: Vec<u8> = (0..20_000_u32).map(|idx| (idx * 7 % 251) as u8).collect();
        let sequences = sequences(&file, 17, (60, 12), false);
        assert_eq!(sequences.len(), 7);
        let mut text = String::new();
        for (idx, sequence) in sequences.iter().enumerate() {
            let inside = sequence.strip_prefix("\x1b_G").and_then(|rest| rest.strip_suffix("\x1b\\")).unwrap();
            let (keys, piece) = inside.split_once(';').unwrap();
            let keys: Vec<&str> = keys.split(',').collect();
            assert!(piece.len() <= 4096 && keys.contains(&"q=2"), "{keys:?}");
            assert!(keys.contains(&if idx == 6 { "m=0" } else { "m=1" }));
            if idx == 0 {
                assert!(["a=T", "f=100", "i=17", "c=60", "r=12", "C=1"].iter().all(|key| keys.contains(key)), "{keys:?}");
            }
            text.push_str(piece);
        }
        assert_eq!(STANDARD.decode(text).unwrap(), file);
    }

    #[test]
    fn a_placeholder_is_one_cell_wide() {
        for (column, row) in [(0, 0), (5, 0), (0, 63), (200, 63)] {
            assert_eq!(placeholder(column, row).width(), 1);
        }
        assert_eq!(placeholder(0, 1), "\u{10EEEE}\u{30D}\u{305}");
        let mut counts = COUNTS.to_vec();
        counts.dedup();
        assert!(counts.is_sorted() && counts.len() == 64);
    }
}
