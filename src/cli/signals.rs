//! Signals as events. A second signal to end ends at once: the ledger is always in a state
//! from which the next start recovers.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// SIGINT: end fast.
    Interrupt,
    /// SIGTERM, SIGHUP: end fast.
    Terminate,
    /// SIGUSR1: load the definitions again.
    Reload,
}

/// Calls `heard` for each signal, on a thread of its own that lives as long as the process.
///
/// # Errors
/// When the system does not let us listen.
#[cfg(unix)]
pub(crate) fn listen(heard: impl Fn(Asked) + Send + 'static) -> io::Result<()> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
        iterator::Signals,
    };
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGUSR1])?;
    crate::base::thread::spawn("signals", move || {
        let mut ending = false;
        for signal in signals.forever() {
            let asked = match signal {
                SIGUSR1 => Asked::Reload,
                SIGINT => Asked::Interrupt,
                _ => Asked::Terminate,
            };
            if asked != Asked::Reload && std::mem::replace(&mut ending, true) {
                std::process::exit(128 + signal);
            }
            heard(asked);
        }
    })?;
    Ok(())
}

/// There are no such signals here; a client ends the process by closing its input.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(crate) fn listen(_heard: impl Fn(Asked) + Send + 'static) -> io::Result<()> {
    Ok(())
}
