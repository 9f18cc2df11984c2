//! `tollgate top`: one look at a ledger after another, on a screen.

mod picture;
mod screen;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(crate) use picture::page;
pub(crate) use screen::{Screen, Terminal, Wanted};

use super::{
    exit::{CommandError, ExitStatus},
    stats::Stats,
};
use crate::{
    base::{
        clock::{Clock, Timestamp},
        limits::FOLLOW_INTERVAL,
    },
    ledger::{record::Outcome, sqlite::health::Health},
};

/// What a ledger shows at one time.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) at: Timestamp,
    /// Calls since then are counted.
    pub(crate) since: Timestamp,
    pub(crate) stats: Stats,
    pub(crate) health: Health,
    /// The newest calls, the newest first: how each ended, and what is shown of it.
    pub(crate) newest: Vec<(Option<Outcome>, Vec<String>)>,
}

/// Shows a look every so often, until the screen wants to end.
///
/// # Errors
/// When `look` fails, or the screen does.
pub(crate) fn watch(
    screen: &mut impl Screen,
    clock: &dyn Clock,
    every: Duration,
    mut look: impl FnMut(Timestamp) -> Result<Look, CommandError>,
) -> Result<ExitStatus, CommandError> {
    loop {
        let fresh = look(clock.wall())?;
        screen.show(&fresh).map_err(CommandError::Stdout)?;
        let next = clock.now().plus(every);
        loop {
            let left = next.since(clock.now());
            if left.is_zero() {
                break;
            }
            let wanted = screen.wait(left.min(FOLLOW_INTERVAL));
            match wanted.map_err(CommandError::Stdout)? {
                Wanted::Nothing => {}
                Wanted::Again => screen.show(&fresh).map_err(CommandError::Stdout)?,
                Wanted::End(status) => return Ok(status),
            }
        }
    }
}
