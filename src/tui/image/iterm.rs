//! Images by the protocol of iTerm2 (iterm2.com/documentation-images). Pure: a PNG file in, bytes for the terminal out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// An image that fills so many columns and rows of cells from the cursor on.
pub fn sequence(png: &[u8], (columns, rows): (u16, u16)) -> String {
    let size = png.len();
    let keys = format!("inline=1;size={size};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1");
    format!("\x1b]1337;File={keys}:{}\x07", STANDARD.encode(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_its_size_and_holds_the_file() {
        let file: Vec<u8> = (0..=255).collect();
        let sequence = sequence(&file, (40, 9));
        let inside = sequence.strip_prefix("\x1b]1337;File=").and_then(|rest| rest.strip_suffix('\x07')).unwrap();
        let (keys, text) = inside.split_once(':').unwrap();
        assert!(
            ["inline=1", "size=256", "width=40", "height=9", "preserveAspectRatio=0"].iter().all(|key| keys.split(';').any(|k| k == *key))
        );
        assert_eq!(STANDARD.decode(text).unwrap(), file);
    }
}
