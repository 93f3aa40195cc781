//! A frame as an SVG picture: text as text, braille as dots, boxes and bars as shapes, so that no font can spoil it. Pure.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Width and height of a cell in pixels.
const CELL: (f64, f64) = (8.4, 17.0);
/// Space around the frame.
const MARGIN: f64 = 14.0;
const BACKGROUND: &str = "#14171c";
const FOREGROUND: &str = "#d5d9df";

/// The frame as an SVG document.
pub fn render(buffer: &Buffer) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2.0 * MARGIN, rows * CELL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..buffer.area.height {
        row(&mut svg, buffer, y);
    }
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, buffer: &Buffer, y: u16) {
    let top = MARGIN + f64::from(y) * CELL.1;
    grounds(svg, buffer, y, top);
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let left = MARGIN + f64::from(x) * CELL.0;
        let ink = colors(cell).0;
        let symbol = cell.symbol().chars().next().unwrap_or(' ');
        if symbol == ' ' {
            x += 1;
        } else if is_shape(symbol) {
            shape(svg, symbol, left, top, &ink, is_faint(cell));
            x += 1;
        } else {
            let start = x;
            let mut text = String::new();
            while x < buffer.area.width {
                let next = &buffer[(x, y)];
                let character = next.symbol().chars().next().unwrap_or(' ');
                if is_shape(character)
                    || character == ' '
                    || (x > start && (next.fg, next.bg, next.modifier) != (cell.fg, cell.bg, cell.modifier))
                {
                    break;
                }
                text.push_str(next.symbol());
                x += 1;
            }
            let weight = if cell.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let faint = if is_faint(cell) { " opacity=\"0.6\"" } else { "" };
            let _ = writeln!(
                svg,
                "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" fill=\"{ink}\"{weight}{faint}>{}</text>",
                top + 13.0,
                f64::from(x - start) * CELL.0,
                escaped(&text)
            );
        }
    }
}

/// What lies under the letters of a row, neighbours of one colour together.
fn grounds(svg: &mut String, buffer: &Buffer, y: u16, top: f64) {
    let ground = |x: u16| colors(&buffer[(x, y)]).1;
    let mut x = 0;
    while x < buffer.area.width {
        let (start, color) = (x, ground(x));
        while x < buffer.area.width && ground(x) == color {
            x += 1;
        }
        if let Some(color) = color {
            let (left, width) = (MARGIN + f64::from(start) * CELL.0, f64::from(x - start) * CELL.0 + 0.3);
            let _ = writeln!(svg, "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/>", CELL.1);
        }
    }
}

fn is_faint(cell: &Cell) -> bool {
    cell.modifier.contains(Modifier::DIM)
}

/// Ink and ground of a cell; no ground where it is the background.
fn colors(cell: &Cell) -> (String, Option<String>) {
    let ink = hex(cell.fg).unwrap_or_else(|| FOREGROUND.to_owned());
    let ground = hex(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) { (ground.unwrap_or_else(|| BACKGROUND.to_owned()), Some(ink)) } else { (ink, ground) }
}

fn hex(color: Color) -> Option<String> {
    let (r, g, b) = match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Black => (0x1e, 0x22, 0x2a),
        Color::DarkGray => (0x80, 0x86, 0x8f),
        Color::Red | Color::LightRed => (0xf2, 0x6d, 0x5b),
        Color::Green | Color::LightGreen => (0x3f, 0xc3, 0x8a),
        Color::Yellow | Color::LightYellow => (0xe6, 0xc0, 0x4d),
        Color::Blue | Color::LightBlue => (0x56, 0xa0, 0xe9),
        Color::Magenta | Color::LightMagenta => (0xcc, 0x79, 0xa7),
        Color::Cyan | Color::LightCyan => (0x4e, 0xc9, 0xd8),
        _ => return None,
    };
    Some(format!("#{r:02x}{g:02x}{b:02x}"))
}

fn is_shape(symbol: char) -> bool {
    matches!(symbol, '\u{2800}'..='\u{28ff}' | '─' | '│' | '┤' | '┬' | '└' | '╭' | '╮' | '╰' | '╯' | '╎' | '▉'..='▏' | '█' | '▐')
}

fn shape(svg: &mut String, symbol: char, left: f64, top: f64, ink: &str, is_faint: bool) {
    let (w, h) = CELL;
    let (middle_x, middle_y) = (left + w / 2.0, top + h / 2.0);
    let faint = if is_faint { " opacity=\"0.55\"" } else { "" };
    if let Some(bits) = (symbol as u32).checked_sub(0x2800).filter(|bits| *bits < 256) {
        const PLACES: [(f64, f64); 8] = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
        for (bit, (column, row)) in PLACES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1) {
            let _ = bit;
            let (x, y) = (left + w * (column * 0.5 + 0.25), top + h * (row * 0.25 + 0.125));
            let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.35\" fill=\"{ink}\"{faint}/>");
        }
        svg.push('\n');
        return;
    }
    if let Some(eighths) = match symbol {
        '█' => Some(8),
        '▉'..='▏' => Some(8 - (symbol as u32 - '▉' as u32 + 1)),
        _ => None,
    } {
        let width = w * f64::from(eighths) / 8.0 + if eighths == 8 { 0.4 } else { 0.0 };
        let _ =
            writeln!(svg, "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"{:.1}\" fill=\"{ink}\"/>", top + 3.0, h - 6.0);
        return;
    }
    if symbol == '▐' {
        let _ = writeln!(
            svg,
            "<rect x=\"{middle_x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{ink}\"/>",
            top + 3.0,
            w / 2.0,
            h - 6.0
        );
        return;
    }
    let (right, bottom) = (left + w, top + h);
    let path = match symbol {
        '─' => format!("M{left:.1} {middle_y:.1}H{right:.1}"),
        '│' | '╎' => format!("M{middle_x:.1} {top:.1}V{bottom:.1}"),
        '┤' => format!("M{middle_x:.1} {top:.1}V{bottom:.1}M{left:.1} {middle_y:.1}H{middle_x:.1}"),
        '┬' => format!("M{left:.1} {middle_y:.1}H{right:.1}M{middle_x:.1} {middle_y:.1}V{bottom:.1}"),
        '└' => format!("M{middle_x:.1} {top:.1}V{middle_y:.1}H{right:.1}"),
        '╭' => format!("M{middle_x:.1} {bottom:.1}Q{middle_x:.1} {middle_y:.1} {right:.1} {middle_y:.1}"),
        '╮' => format!("M{left:.1} {middle_y:.1}Q{middle_x:.1} {middle_y:.1} {middle_x:.1} {bottom:.1}"),
        '╰' => format!("M{middle_x:.1} {top:.1}Q{middle_x:.1} {middle_y:.1} {right:.1} {middle_y:.1}"),
        _ => format!("M{left:.1} {middle_y:.1}Q{middle_x:.1} {middle_y:.1} {middle_x:.1} {top:.1}"),
    };
    let dash = if symbol == '╎' { " stroke-dasharray=\"3 3\"" } else { "" };
    let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.2\"{dash}{faint}/>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn text_dots_and_lines_are_drawn_and_markup_is_escaped() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a<b ⠃│█", Style::new().fg(Color::Rgb(1, 2, 3)));
        let svg = render(&buffer);
        assert!(svg.contains(">a&lt;b</text>"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("#010203") && svg.contains("<path") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_band_lies_under_every_letter_of_it() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, " full 22.7M ", Style::new());
        buffer.set_style(Rect::new(0, 0, 11, 1), Style::new().bg(Color::Rgb(4, 5, 6)));
        let svg = render(&buffer);
        let width = format!("width=\"{:.1}\"", 11.0 * CELL.0 + 0.3);
        let bands: Vec<&str> = svg.lines().filter(|line| line.contains("#040506")).collect();
        assert!(bands.len() == 1 && bands[0].contains(&width), "{svg}");
    }
}
