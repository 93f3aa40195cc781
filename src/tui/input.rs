//! What the terminal tells, as messages. Pure.

use crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};

use crate::tui::act::pointer::{Gesture, Pointer};
use crate::tui::keys;
use crate::tui::message::Message;

/// The message that an event of the terminal is; `None` where it means nothing here.
pub fn message_of(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) => keys::from_event(key).map(Message::Key),
        Event::Resize(columns, rows) => Some(Message::Resize(columns, rows)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::FocusGained => Some(Message::Focus(true)),
        Event::FocusLost => Some(Message::Focus(false)),
        Event::Mouse(event) => pointer_of(event).map(Message::Pointer),
    }
}

fn pointer_of(event: MouseEvent) -> Option<Pointer> {
    let gesture = match event.kind {
        MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left) => Gesture::Press,
        MouseEventKind::ScrollUp => Gesture::WheelUp,
        MouseEventKind::ScrollDown => Gesture::WheelDown,
        _ => return None,
    };
    // Only what was pressed can be dragged: the crosshair.
    let is_drag = matches!(event.kind, MouseEventKind::Drag(_));
    Some(Pointer { gesture: if is_drag { Gesture::Drag } else { gesture }, column: event.column, row: event.row })
}
