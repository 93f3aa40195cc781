//! Letters as strokes on a grid, so that a picture can be read where there is no font. Ours alone; ASCII, and what stands for the rest.
//!
//! A letter is a list of strokes, a stroke a list of points, a point two digits: column (0 left, 4 right) and row (0 the top of capitals,
//! 2 the top of small letters, 6 the line they stand on, 8 the deepest). A stroke of one point is a dot.

/// The letters from space to tilde, in the order of ASCII.
const LETTERS: [&str; 95] = [
    "",
    "2024 26",
    "1012 3032",
    "1016 3036 0242 0444",
    "413010010213334445361605 2027",
    "0010110100 3545463635 4006",
    "460201102031320405163644",
    "2022",
    "30212536",
    "10212516",
    "2125 0244 0442",
    "2125 0343",
    "252617",
    "0343",
    "26",
    "4006",
    "103041453616050110",
    "112026 1636",
    "01103041420646",
    "01103041423313 334445361605",
    "36300444",
    "400002324345361605",
    "413010010516364544331304",
    "004016",
    "13020110304142331304051636454433",
    "051636454130100102133342",
    "23 26",
    "23 252617",
    "410345",
    "0242 0444",
    "014305",
    "01103041422324 26",
    "4441301001051646 44242242",
    "062046 1434",
    "06003041423303 3344453606",
    "4130100105163645",
    "06003041453606",
    "40000646 0333",
    "400006 0333",
    "41301001051636454323",
    "0006 4046 0343",
    "1030 2026 1636",
    "4045361605",
    "0006 400346",
    "000646",
    "0600234046",
    "06004640",
    "103041453616050110",
    "06003041423303",
    "103041453616050110 2446",
    "06003041423303 2346",
    "413010010213334445361605",
    "0040 2026",
    "000516364540",
    "002640",
    "0016233640",
    "0046 4006",
    "002340 2326",
    "00400646",
    "30202636",
    "0046",
    "10202616",
    "022042",
    "0747",
    "1021",
    "12324346 441405163645",
    "0006 0312324345361605",
    "4332120305163645",
    "4046 4332120305163645",
    "04444332120305163645",
    "40302126 1232",
    "4332120305163645 4247381807",
    "0006 0312324346",
    "2226 20",
    "32372818 30",
    "0006 4204 1446",
    "202536",
    "0206 03122326 23324346",
    "0206 0312324346",
    "123243453616050312",
    "0208 0312324345361605",
    "4248 4332120305163645",
    "0206 03123243",
    "43321203143445361605",
    "202536 1232",
    "0205163645 4246",
    "022642",
    "0216243642",
    "0246 4206",
    "0226 4218",
    "02420646",
    "3021221324 2536",
    "2027",
    "1020223324 2516",
    "03123443",
];

/// Stands for every letter that is not there.
const UNKNOWN: &str = "0040460600";

/// Rows of the grid that a font of height 1 has.
const ROWS: f64 = 8.6;

/// Columns between two letters.
const BETWEEN: f64 = 1.7;

/// Columns of a space.
const SPACE: f64 = 2.4;

/// Row at half the height of capitals.
const MIDDLE: f64 = 3.0;

/// A stroke: points from the left end of the text and from half the height of capitals.
pub type Stroke = Vec<(f64, f64)>;

/// Text as strokes in a font of this height, and how wide it is.
pub fn strokes(text: &str, size: f64) -> (Vec<Stroke>, f64) {
    let unit = size / ROWS;
    let mut strokes = Vec::new();
    let mut left = 0.0;
    for letter in text.chars() {
        let points: Vec<Stroke> = points(letter);
        let columns = || points.iter().flatten().map(|point| point.0);
        let (Some(first), Some(last)) = (columns().reduce(f64::min), columns().reduce(f64::max)) else {
            left += SPACE;
            continue;
        };
        for stroke in &points {
            strokes.push(stroke.iter().map(|(x, y)| ((left + x - first) * unit, (y - MIDDLE) * unit)).collect());
        }
        left += last - first + BETWEEN;
    }
    (strokes, (left - BETWEEN).max(0.0) * unit)
}

fn points(letter: char) -> Vec<Stroke> {
    let known = match letter {
        '−' | '–' => '-',
        '·' => '.',
        letter => letter,
    };
    let drawn = (known as usize).checked_sub(32).and_then(|idx| LETTERS.get(idx)).unwrap_or(&UNKNOWN);
    let digit = |byte: u8| f64::from(byte - b'0');
    drawn
        .split_whitespace()
        .map(|stroke| stroke.as_bytes().chunks_exact(2).map(|point| (digit(point[0]), digit(point[1]))).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_whole_and_stands_on_the_grid() {
        for (idx, letter) in LETTERS.iter().enumerate() {
            for stroke in letter.split_whitespace() {
                assert!(stroke.len().is_multiple_of(2), "{:?}", char::from(idx as u8 + 32));
                assert!(stroke.as_bytes().chunks_exact(2).all(|point| point[0] <= b'4' && point[1] <= b'8'), "{letter}");
            }
            assert_eq!(letter.is_empty(), idx == 0);
            let twins = LETTERS.iter().filter(|other| *other == letter).count();
            assert!(twins == 1 || "0O".contains(char::from(idx as u8 + 32)), "{:?}", char::from(idx as u8 + 32));
        }
    }

    #[test]
    fn width_follows_the_letters() {
        let width = |text: &str| strokes(text, 10.0).1;
        assert!(width("mm") > width("ii") && width("日本") > 0.0 && width("") <= 0.0);
        assert!((strokes("a", 20.0).1 - 2.0 * width("a")).abs() < 1e-9);
    }
}
