//! The end of a conversation: what was answered is still to be written.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use super::Heard;
use crate::cli::exit::ExitStatus;

/// Waits until what was answered is written; gives `status` then. What is not written is in the ledger.
///
/// A client that reads nothing for as long as `patience` has stopped reading. One that is only slow, as
/// `written_bytes` tells, is waited for after the end of input, and not once a signal asks for the end.
pub(super) fn flushed(
    events: &Receiver<Heard>,
    status: ExitStatus,
    patience: Duration,
    written_bytes: impl Fn() -> u64,
) -> ExitStatus {
    let mut may_be_slow = status == ExitStatus::Fine;
    let mut before = written_bytes();
    loop {
        match events.recv_timeout(patience) {
            Ok(Heard::OutputEnded(Ok(()))) => return status,
            Ok(Heard::OutputEnded(Err(_))) | Err(RecvTimeoutError::Disconnected) => {
                return ExitStatus::StdoutLost;
            }
            Ok(Heard::Signal(_)) => may_be_slow = false,
            Ok(Heard::InputEnded(_) | Heard::Drained) => {}
            Err(RecvTimeoutError::Timeout) => {
                let now = written_bytes();
                if !may_be_slow || now == before {
                    return ExitStatus::StdoutLost;
                }
                before = now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::mpsc::sync_channel};

    use super::*;
    use crate::cli::signals::Asked;

    /// Waits for a client that reads something each time it is looked at, until it has done so `times`; a
    /// patience without length is over as soon as there is nothing to hear.
    #[track_caller]
    fn check(status: ExitStatus, signal: Option<Asked>, times: u64, expected: ExitStatus) {
        let (tell, events) = sync_channel(2);
        if let Some(signal) = signal {
            tell.send(Heard::Signal(signal)).unwrap();
        }
        let looked = Cell::new(0);
        let written_bytes = || {
            let so_far = looked.get();
            looked.set(so_far + 1);
            if so_far == 5 {
                tell.send(Heard::OutputEnded(Ok(()))).unwrap();
            }
            so_far.min(times)
        };
        let found = flushed(&events, status, Duration::ZERO, written_bytes);
        assert_eq!(found, expected, "{times}");
    }

    #[test]
    fn a_client_that_reads_slowly_is_waited_for_at_the_end_of_input() {
        use ExitStatus::{Fine, StdoutLost, Terminated};
        check(Fine, None, 5, Fine);
        check(Fine, None, 3, StdoutLost);
        check(Fine, None, 0, StdoutLost);
        check(Terminated, None, 5, StdoutLost);
        check(Fine, Some(Asked::Terminate), 5, StdoutLost);
    }
}
