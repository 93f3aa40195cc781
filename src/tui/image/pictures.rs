//! The images of the dashboard's charts: drawn on another thread, sent after the frame. At the edge, as `app` is.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::report::plot;
use crate::report::plot::figure::Figure;
use crate::tui::image::ask::{self, Asked};
use crate::tui::image::gallery::{self, Gallery, Image};
use crate::tui::image::wanted::{self, Wanted};
use crate::tui::image::{Protocol, Support, Surroundings, iterm, kitty, sixel};
use crate::tui::message::Message;
use crate::tui::state::State;
use crate::tui::terminal::Screen;
use crate::tui::theme::Theme;
use crate::tui::view::view;

/// Least time between two looks at what the runs have added.
const PAUSE: Duration = Duration::from_secs(1);

/// The same, as a multiple of the time that drawing took: no more than a twentieth of one core goes into images.
const PAUSE_FACTOR: u32 = 20;

/// How long charts are read off the runs at a stretch: a key that comes meanwhile waits for it. Those that are left come when the first are drawn.
const STRETCH: Duration = Duration::from_millis(6);

/// Number of the first image; lower ones are more likely those of other programs.
const FIRST_ID: u8 = 32;

/// A chart that was drawn.
#[derive(Debug)]
struct Drawn {
    wanted: Wanted,
    figure: Figure,
    image: Image,
}

/// What the thread that draws has done: the charts by number, and how long it took.
type Done = (BTreeMap<u8, Drawn>, Duration);

/// The images of charts.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Pictures {
    surroundings: Surroundings,
    is_remote: bool,
    support: Option<Support>,
    gallery: Gallery,
    drawn: BTreeMap<u8, Drawn>,
    n_drawn: u64,
    is_busy: bool,
    has_failed: bool,
    sender: UnboundedSender<Done>,
    receiver: UnboundedReceiver<Done>,
    looked: Option<Instant>,
    /// How many of the charts were looked at since.
    n_looked: usize,
    pause: Duration,
    is_behind: bool,
    seen: ((u16, u16), u64),
}

impl Pictures {
    /// None, and the terminal was not asked.
    pub fn new(surroundings: Surroundings, is_remote: bool) -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            surroundings,
            is_remote,
            support: None,
            gallery: Gallery::default(),
            drawn: BTreeMap::new(),
            n_drawn: 0,
            is_busy: false,
            has_failed: false,
            sender,
            receiver,
            looked: None,
            n_looked: 0,
            pause: PAUSE,
            is_behind: false,
            seen: ((0, 0), 0),
        }
    }

    /// Asks the terminal whether it shows images. Nothing else may read its answers meanwhile.
    pub fn ask(&mut self) -> Asked {
        let asked = ask::ask(self.surroundings, self.is_remote);
        self.support = asked.support.as_ref().ok().copied();
        asked
    }

    /// What the dashboard is told of that.
    pub fn told(asked: &Asked, theme: Theme) -> Message {
        let is_possible = wanted::is_possible(theme);
        let no_colors = || "images need colours and Unicode, which this dashboard is told not to use".to_owned();
        let support = if is_possible { asked.support.clone() } else { Err(no_colors()) };
        Message::Images(support.map(|support| support.protocol))
    }

    /// Waits until charts are drawn that were wanted; pending where none are.
    pub async fn done(&mut self) {
        // There is always a sender: ours.
        let Some((drawn, took)) = self.receiver.recv().await else { return };
        self.has_failed |= drawn.is_empty();
        self.drawn.extend(drawn);
        self.is_busy = false;
        self.pause = PAUSE.max(took * PAUSE_FACTOR);
    }

    /// Whether the runs may have added something since that no image shows.
    pub const fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Draws a frame, and the images that are ready over it.
    pub fn draw(&mut self, screen: &mut Screen, state: &State, theme: Theme) -> io::Result<()> {
        let Some(mut support) = self.support else { return screen.draw(|frame| view(state, theme, frame)) };
        let seen = (crossterm::terminal::size()?, screen.n_cleared());
        if seen != self.seen {
            // A larger font makes larger cells.
            support.cell = ask::cell().unwrap_or(support.cell);
            self.support = Some(support);
            self.gallery.forget();
            self.seen = seen;
        }
        let wanted = if seen.0 == state.size { wanted::wanted(state, theme, support) } else { Vec::new() };
        let is_ready = |(idx, wanted): (usize, &Wanted)| {
            let drawn = self.drawn.get(&id(idx)).filter(|drawn| drawn.wanted == *wanted)?;
            Some(&drawn.image)
        };
        let images: Vec<&Image> = wanted.iter().enumerate().filter_map(is_ready).collect();
        let (before, after) = self.gallery.change(support, &images);
        if !after.is_empty() && support.protocol == Protocol::Kitty {
            screen.write_at_end(gallery::through(support, kitty::FORGET_ALL));
        }
        let frame = |frame: &mut ratatui::Frame| {
            view(state, theme, frame);
            for image in &images {
                gallery::cover(frame.buffer_mut(), support, image);
            }
        };
        screen.draw_between(&before, frame, &after)?;
        // After the frame, so that no key waits for it.
        self.look(state, theme, support, &wanted);
        Ok(())
    }

    /// Lets be drawn what is wanted and not drawn yet, and at most every so often what runs have added; as much as a stretch allows.
    fn look(&mut self, state: &State, theme: Theme, support: Support, wanted: &[Wanted]) {
        let is_due = self.looked.is_none_or(|looked| looked.elapsed() >= self.pause);
        self.is_behind = !wanted.is_empty() && (self.is_busy || !is_due);
        if self.is_busy || self.has_failed {
            return;
        }
        let begun = Instant::now();
        let is_missing = |idx: &usize| self.drawn.get(&id(*idx)).is_none_or(|drawn| drawn.wanted != wanted[*idx]);
        let (missing, others): (Vec<usize>, Vec<usize>) = (0..wanted.len()).partition(is_missing);
        let n_missing = missing.len();
        let due = others.into_iter().filter(|idx| is_due && *idx >= self.n_looked);
        let mut work = Vec::new();
        let (mut n_looked, mut is_done) = (self.n_looked, true);
        for (number, idx) in missing.into_iter().chain(due).enumerate() {
            if begun.elapsed() > STRETCH {
                is_done = false;
                break;
            }
            let figure = wanted::figure(state, theme, &wanted[idx]);
            let is_empty = figure.panels.iter().all(|panel| panel.y_axis.is_none());
            let before = self.drawn.get(&id(idx)).filter(|_| number >= n_missing);
            if !is_empty && before.is_none_or(|drawn| drawn.figure != figure) {
                self.n_drawn += 1;
                work.push((id(idx), self.n_drawn, wanted[idx].clone(), figure));
            }
            if number >= n_missing {
                n_looked = idx + 1;
            }
        }
        self.n_looked = if is_done { 0 } else { n_looked };
        self.is_behind |= !is_done;
        if is_due && is_done {
            self.looked = Some(Instant::now());
        }
        if !work.is_empty() {
            self.is_busy = true;
            let sender = self.sender.clone();
            tokio::task::spawn_blocking(move || {
                let begun = Instant::now();
                // Whatever goes wrong, the charts stay in characters.
                let drawn =
                    catch_unwind(AssertUnwindSafe(|| work.into_iter().map(|work| drawn(work, support)).collect())).unwrap_or_default();
                // Nobody listens after quitting.
                let _ = sender.send((drawn, begun.elapsed()));
            });
        }
    }
}

/// Number of the image at a place.
fn id(idx: usize) -> u8 {
    FIRST_ID + idx as u8
}

/// Draws a chart.
fn drawn((id, number, wanted, figure): (u8, u64, Wanted, Figure), support: Support) -> (u8, Drawn) {
    let area = wanted.area;
    let bytes = sequences(&figure, (area.width, area.height), id, support);
    (id, Drawn { image: Image { area, id, number, bytes }, wanted, figure })
}

/// A figure as it is sent, to fill so many columns and rows from the cursor on.
pub fn sequences(figure: &Figure, cells: (u16, u16), id: u8, support: Support) -> String {
    let pixels = plot::pixels(figure);
    match support.protocol {
        Protocol::Kitty => {
            let sequences = kitty::sequences(&plot::encoded(&pixels), id, cells, support.is_through_tmux);
            sequences.iter().map(|sequence| gallery::through(support, sequence)).collect()
        }
        Protocol::Iterm => iterm::sequence(&plot::encoded(&pixels), cells),
        Protocol::Sixel => sixel::sequence(&pixels),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::report::plot::Pixels;
    use crate::tui::view::tests::{PLAIN, state};

    fn pixels_of(file: &[u8]) -> Pixels {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        Pixels { size: (info.width, info.height), rgb }
    }

    #[test]
    fn what_is_sent_is_the_chart_in_each_protocol() {
        for protocol in [Protocol::Kitty, Protocol::Iterm, Protocol::Sixel] {
            let support = Support { protocol, cell: (8, 16), ground: Some(0x0010_2030), is_through_tmux: false };
            let mut state = state(45.0, (80, 24));
            state.chart.draws_images = true;
            let wanted = wanted::wanted(&state, PLAIN, support).remove(0);
            let figure = wanted::figure(&state, PLAIN, &wanted);
            let meant = plot::pixels(&figure);
            assert_eq!(meant.rgb[..3], [0x10, 0x20, 0x30], "the ground of the terminal");
            let (id, drawn) = drawn((33, 1, wanted, figure), support);
            assert_eq!((id, drawn.image.area.height > 6), (33, true));
            let bytes = drawn.image.bytes;
            match protocol {
                Protocol::Kitty => {
                    let pieces = bytes.split("\x1b_G").skip(1).map(|piece| piece.split_once(';').unwrap().1.trim_end_matches("\x1b\\"));
                    assert_eq!(pixels_of(&STANDARD.decode(pieces.collect::<String>()).unwrap()), meant);
                }
                Protocol::Iterm => {
                    let text = bytes.split_once(':').unwrap().1.trim_end_matches('\x07');
                    assert_eq!(pixels_of(&STANDARD.decode(text).unwrap()), meant);
                }
                Protocol::Sixel => {
                    let (size, pixels) = sixel::tests::decoded(&bytes);
                    assert_eq!(size, (meant.size.0 as usize, meant.size.1 as usize));
                    let hundredth = |value: u8| (u32::from(value) * 100 + 127) / 255;
                    for (pixel, meant) in pixels.iter().zip(meant.rgb.chunks(3)) {
                        let meant = [hundredth(meant[0]), hundredth(meant[1]), hundredth(meant[2])];
                        assert!(pixel.unwrap().iter().zip(meant).all(|(a, b)| a.abs_diff(b) <= 12), "{pixel:?} {meant:?}");
                    }
                }
            }
        }
    }
}
