//! Keys of the terminal as actions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::Sender;

use super::action::{Action, Key};

/// How long the thread waits for a key before it looks whether it is still needed.
const PATIENCE: Duration = Duration::from_millis(200);

/// Reads keys in a thread of its own, since there is no asking the terminal without waiting. It ends when the flag is
/// set, the terminal is gone, or nobody takes actions any more.
pub(super) fn listen(actions: Sender<Action>, over: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            let action = match event::poll(PATIENCE) {
                Ok(false) => continue,
                Ok(true) => event::read().map(|event| action(&event)),
                Err(error) => Err(error),
            };
            let action = match action {
                Ok(None) => continue,
                Ok(Some(action)) => action,
                Err(_) => Action::Key(Key::Interrupt),
            };
            if actions.blocking_send(action).is_err() {
                break;
            }
        }
    });
}

fn action(event: &Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Action::Key(self::key(key)?)),
        Event::Resize(..) => Some(Action::Resized),
        _ => None,
    }
}

fn key(key: &KeyEvent) -> Option<Key> {
    Some(match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Interrupt,
        KeyCode::Char(_) if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            return None;
        }
        KeyCode::Char(letter) => Key::Letter(letter),
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart() {
        let of = |code, modifiers| key(&KeyEvent::new(code, modifiers));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Letter('c')));
        assert_eq!(of(KeyCode::Char('N'), KeyModifiers::SHIFT), Some(Key::Letter('N')));
        assert_eq!(of(KeyCode::Char('x'), KeyModifiers::ALT), None);
        assert_eq!(of(KeyCode::F(1), KeyModifiers::NONE), None);
    }
}
