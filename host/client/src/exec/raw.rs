//! A terminal whose keys go to somebody else: no key is looked at here, not even Ctrl-C.

use std::io;

/// A terminal in this state. It is as before when this is dropped, and so after an error and a panic too.
#[derive(Debug)]
pub struct Raw(());

impl Raw {
    /// Puts the terminal that this process has into this state.
    pub fn enter() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
