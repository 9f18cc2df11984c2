//! Keeps programs from outliving what they were started for.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::Pid;

use super::{
    journal::{Journal, Noted},
    orphans::{Orphans, Whose},
    warden::Warden,
};

/// This program, also after its file was replaced.
pub(super) const OURSELVES: &str = "/proc/self/exe";

/// Knows every program that is running. One for each process.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// Whether this process is hardened: it adopts orphans and has a warden.
    hardened: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    slots: Vec<bool>,
    watched: Option<(Journal, Warden)>,
    orphans: Orphans,
}

impl Keeper {
    /// For a process that is hardened.
    pub(super) fn of_this_process() -> Self {
        Self {
            hardened: true,
            state: Mutex::default(),
        }
    }

    /// For a process that is not: programs are ended with their group, and no more.
    #[cfg(test)]
    pub(crate) fn of_tests() -> Self {
        Self {
            hardened: false,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called before a program is started for `operation`, with what is returned held
    /// until it has ended.
    ///
    /// # Errors
    /// When it could not be ended after our own death; then it must not be started.
    pub(in crate::backend::process::unix) fn keep<'a>(
        &'a self,
        operation: &'a str,
    ) -> io::Result<Kept<'a>> {
        let mut state = self.state();
        let free = state.slots.iter().position(|taken| !taken);
        let slot = free.unwrap_or(state.slots.len());
        if self.hardened {
            let noted = Noted {
                operation: operation.to_owned(),
                group: None,
            };
            state.journal()?.note(slot, Some(&noted))?;
        }
        match state.slots.get_mut(slot) {
            Some(taken) => *taken = true,
            None => state.slots.push(true),
        }
        state.running += 1;
        Ok(Kept {
            keeper: self,
            operation,
            slot,
            is_noted: self.hardened,
        })
    }
}

impl State {
    fn note(&self, slot: usize, noted: Option<&Noted>) {
        if let Some((journal, _)) = &self.watched {
            // Fails only without memory for the page, which is there: the slot was written.
            let _written = journal.note(slot, noted);
        }
    }

    /// The journal, with a warden awake beside it.
    fn journal(&mut self) -> io::Result<&Journal> {
        let awake = |watched: &mut (Journal, Warden)| watched.1.is_awake();
        if self.watched.as_mut().is_none_or(|watched| !awake(watched)) {
            // One that was killed had the same journal.
            let journal = match self.watched.take() {
                Some((journal, _)) => journal,
                None => Journal::new()?,
            };
            let warden = Warden::start(journal.share()?)?;
            self.watched = Some((journal, warden));
        }
        let watched = self.watched.as_ref().map(|(journal, _)| journal);
        watched.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// One program, from before its start to after its end.
#[derive(Debug)]
pub(in crate::backend::process::unix) struct Kept<'a> {
    keeper: &'a Keeper,
    operation: &'a str,
    slot: usize,
    /// The journal names it.
    is_noted: bool,
}

impl Kept<'_> {
    /// The program has started and leads `group`.
    pub(in crate::backend::process::unix) fn started(&self, group: Pid) {
        let noted = Noted {
            operation: self.operation.to_owned(),
            group: Some(group),
        };
        self.keeper.state().note(self.slot, Some(&noted));
    }

    /// Ends what the program left behind. Its leader must be dead and not yet reaped.
    pub(in crate::backend::process::unix) fn sweep(&mut self, group: Pid) {
        if !self.keeper.hardened {
            return;
        }
        // Held meanwhile: one sweeps at a time, and nothing is started that could be taken for
        // a leftover.
        let mut state = self.keeper.state();
        let whose = if state.running == 1 {
            Whose::Everybodys
        } else {
            Whose::Of(group, self.operation)
        };
        let warden = state.watched.as_ref().map(|(_, warden)| warden.id());
        state.orphans.sweep(whose, warden);
        // Before the id of the group is given up.
        state.note(self.slot, None);
        self.is_noted = false;
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        let mut state = self.keeper.state();
        if self.is_noted {
            state.note(self.slot, None);
        }
        state.running = state.running.saturating_sub(1);
        if let Some(taken) = state.slots.get_mut(self.slot) {
            *taken = false;
        }
    }
}
