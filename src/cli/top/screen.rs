//! The terminal that a person looks at, and what they want by their keys.

use std::{
    io,
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
};

use super::Look;
use crate::cli::{
    exit::ExitStatus,
    signals::{self, Asked},
};

/// Where looks are shown.
pub(crate) trait Screen {
    /// Shows it instead of what was there.
    ///
    /// # Errors
    /// When the screen is gone.
    fn show(&mut self, look: &Look) -> io::Result<()>;

    /// Waits until somebody wants something, for no longer than `most`.
    ///
    /// # Errors
    /// When the screen is gone.
    fn wait(&mut self, most: Duration) -> io::Result<Wanted>;
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Nothing,
    /// The same look again: the screen has another size.
    Again,
    End(ExitStatus),
}

/// The terminal of this process, which is as it was before once this is dropped.
pub(crate) struct Terminal {
    terminal: DefaultTerminal,
    signals: Receiver<Asked>,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be had, or signals cannot be heard.
    pub(crate) fn take() -> io::Result<Self> {
        let (tell, signals) = sync_channel(1);
        signals::listen(move |asked| match asked {
            Asked::Reload => {}
            // The first is enough.
            Asked::Interrupt | Asked::Terminate => drop(tell.try_send(asked)),
        })?;
        let terminal = ratatui::try_init()?;
        Ok(Self { terminal, signals })
    }
}

impl Screen for Terminal {
    fn show(&mut self, look: &Look) -> io::Result<()> {
        self.terminal
            .draw(|frame| frame.render_widget(look, frame.area()))?;
        Ok(())
    }

    fn wait(&mut self, most: Duration) -> io::Result<Wanted> {
        match self.signals.try_recv() {
            Ok(Asked::Terminate) => return Ok(Wanted::End(ExitStatus::Terminated)),
            Ok(Asked::Interrupt) => return Ok(Wanted::End(ExitStatus::Interrupted)),
            Ok(Asked::Reload) | Err(_) => {}
        }
        if event::poll(most)? {
            return Ok(wanted(&event::read()?));
        }
        Ok(Wanted::Nothing)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is wanted by a key, or by another event of the terminal.
pub(super) fn wanted(event: &Event) -> Wanted {
    match event {
        Event::Resize(..) => Wanted::Again,
        Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
            KeyCode::Char('q') | KeyCode::Esc => Wanted::End(ExitStatus::Fine),
            // The terminal makes no signal of it while keys are read one by one.
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                Wanted::End(ExitStatus::Interrupted)
            }
            _ => Wanted::Nothing,
        },
        _ => Wanted::Nothing,
    }
}
