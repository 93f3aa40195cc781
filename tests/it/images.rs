//! Charts as images, in a pseudo-terminal that answers as terminals do.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::pty;
use crate::support::wait_until;
use crate::terminal::Terminal;

/// Kitty's first words of an image, its words that take one off, and those that ask whether there are any.
const IMAGE: &str = "\x1b_Ga=T";
const REMOVAL: &str = "\x1b_Ga=d,d=I";
const QUESTION: &str = "\x1b_Gi=31,";

fn demo(more: &[&str], variables: &[(&str, &str)]) -> Terminal {
    let terminal = pty::start(&[&["demo", "--at", "60"], more].concat(), variables);
    terminal.wait_for("lora-r8");
    terminal
}

/// All that was written.
fn written(terminal: &Terminal) -> String {
    String::from_utf8_lossy(&terminal.written.lock().unwrap()).into_owned()
}

/// Presses `i` and answers what is asked then.
fn ask(terminal: &mut Terminal, answer: &str) {
    let before = terminal.n_written(QUESTION);
    terminal.press("i");
    wait_until("the terminal is asked", || terminal.n_written(QUESTION) > before && written(terminal).ends_with("\x1b[c"));
    terminal.press(answer);
}

fn has_braille(terminal: &Terminal) -> bool {
    terminal.text().chars().any(|letter| ('\u{2801}'..='\u{28FF}').contains(&letter))
}

/// Size in cells and in pixels of the first image, and how many colours it has.
fn first_image(written: &str) -> ((usize, usize), (usize, usize), usize) {
    let mut pieces = written[written.find(IMAGE).unwrap()..].split("\x1b_G").skip(1);
    let mut text = String::new();
    let mut cells = (0, 0);
    loop {
        let (keys, rest) = pieces.next().unwrap().split_once(';').unwrap();
        text.push_str(rest.split_once('\x1b').unwrap().0);
        let value = |name: &str| keys.split(',').find_map(|key| key.strip_prefix(name)).map(|value| value.parse::<usize>().unwrap());
        cells = (value("c=").unwrap_or(cells.0), value("r=").unwrap_or(cells.1));
        if value("m=") == Some(0) {
            break;
        }
    }
    let mut reader = png::Decoder::new(std::io::Cursor::new(STANDARD.decode(text).unwrap())).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    let colors: std::collections::BTreeSet<&[u8]> = rgb.chunks(3).collect();
    (cells, (info.width as usize, info.height as usize), colors.len())
}

#[test]
fn a_terminal_that_shows_images_gets_one_and_none_where_no_chart_is() {
    let mut terminal = demo(&[], &[]);
    assert!(has_braille(&terminal));
    for unasked in ["\x1b_G", "\x1b[>q", "\x1b[16t", "\x1b]1337", "\x1bP"] {
        assert_eq!(terminal.n_written(unasked), 0, "{unasked:?} is written by choice alone");
    }
    ask(&mut terminal, "\x1b]11;rgb:1010/2020/3030\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c");
    terminal.wait_for("charts are images (kitty's protocol)");
    wait_until("an image is there", || terminal.n_written(IMAGE) > 0 && !has_braille(&terminal));
    let ((columns, rows), size, n_colors) = first_image(&written(&terminal));
    assert!(columns > 70 && rows > 6, "{columns}x{rows}");
    assert_eq!(size, (columns * 10, rows * 20));
    assert!(n_colors > 10, "{n_colors} colours");
    // Something over the chart: it is a chart of characters meanwhile.
    terminal.press("!");
    wait_until("the image is gone", || terminal.n_written(REMOVAL) == 1 && has_braille(&terminal));
    terminal.press("\x1b");
    wait_until("the image is back", || terminal.n_written(IMAGE) > 1 && !has_braille(&terminal));
    // A screen without charts.
    terminal.press("5");
    wait_until("the image is gone", || terminal.n_written(REMOVAL) == 2);
    let n_images = terminal.n_written(IMAGE);
    terminal.press("6");
    terminal.wait_for("[6 system]");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(terminal.n_written(IMAGE), n_images, "no image without a chart");
    terminal.press("1");
    wait_until("the image is back", || terminal.n_written(IMAGE) > n_images);
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    assert_eq!(terminal.n_written("\x1b_Ga=d,d=A"), 1, "nothing stays");
}

#[test]
fn a_terminal_without_images_says_so_and_one_that_says_nothing_is_not_waited_for() {
    let mut terminal = demo(&[], &[]);
    ask(&mut terminal, "\x1bP>|XTerm(390)\x1b\\\x1b[?64;1;2;22c");
    terminal.wait_for("this terminal shows no images; kitty, Ghostty");
    let asked = Instant::now();
    ask(&mut terminal, "");
    wait_until("keys are heard again", || {
        terminal.press("3");
        terminal.text().contains("parameters")
    });
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?} on a busy machine", asked.elapsed());
    assert!(!terminal.text().contains("64;1") && terminal.n_written(IMAGE) == 0);
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
    assert_eq!(terminal.n_written("\x1b_Ga=d"), 0);
}

#[test]
fn sixels_are_chosen_by_the_settings_and_overwritten_when_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.yaml");
    std::fs::write(&file, "images: true\n").unwrap();
    let mut terminal = pty::start(&["demo", "--at", "60", "--settings", file.to_str().unwrap()], &[]);
    wait_until("the terminal is asked", || terminal.n_written(QUESTION) == 1);
    terminal.press("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[6;20;10t\x1b[?62;4;22c");
    terminal.wait_for("lora-r8");
    wait_until("sixels are there", || terminal.n_written("\x1bP0;0;0q\"1;1;") > 0 && !has_braille(&terminal));
    terminal.press("i");
    terminal.wait_for("charts are drawn with characters");
    wait_until("characters are there", || has_braille(&terminal));
    // The cells were made blank before the frame that fills them.
    assert!(terminal.n_written(&" ".repeat(70)) > 0);
    let n_images = terminal.n_written("\x1bP0;0;0q");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(terminal.n_written("\x1bP0;0;0q"), n_images);
    terminal.press("q");
    assert_eq!(terminal.assert_restored(), 0);
}
