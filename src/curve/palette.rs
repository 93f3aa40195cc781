//! The colours of curves, told apart with any colour vision, and how they fade.

/// A colour as `0xRRGGBB`: on a dark ground, and on a light one.
pub type Pair = (u32, u32);

/// Okabe & Ito 2008, "Color Universal Design": told apart with any colour vision; black is left out. On dark the blue is lightened;
/// on light all are darkened to a contrast of 3 to 1 with white (WCAG 2.1, 1.4.11), hue kept.
pub const SERIES: [Pair; 7] = [
    (0x00E6_9F00, 0x00B3_7700),
    (0x0056_B4E9, 0x0023_8BC4),
    (0x0000_9E73, 0x0000_8763),
    (0x00CC_79A7, 0x00B6_5A8D),
    (0x00D5_5E00, 0x00C2_5400),
    (0x00F0_E442, 0x0095_8A00),
    (0x003D_8BD8, 0x0000_5A9C),
];

/// The grounds that they stand on.
pub const GROUND: Pair = (0x0014_171C, 0x00FF_FFFF);

/// `parts` fifths of `ink`, the rest of `ground`.
pub const fn mixed(ink: u32, ground: u32, parts: u32) -> u32 {
    let mut mixed = 0;
    let mut shift = 0;
    while shift < 24 {
        let (ink, ground) = ((ink >> shift) & 0xFF, (ground >> shift) & 0xFF);
        mixed |= ((parts * ink + (5 - parts) * ground) / 5) << shift;
        shift += 8;
    }
    mixed
}
