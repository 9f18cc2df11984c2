//! How the program ends: the one place that turns errors into exit statuses.

use std::{fmt::Write as _, io, process::ExitCode};

use crate::ledger::LedgerError;

/// Every status the program ends with. The numbers are part of its interface and are not
/// given another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It did what was asked; `serve` answered everything it had accepted.
    Fine,
    /// It worked, and what it found is bad: a broken definition, a call that was refused or
    /// failed.
    Findings,
    /// The command line cannot be understood; nothing was done.
    Usage,
    /// It worked, and something waits for a person.
    Attention,
    /// The ledger itself is not as it should be: `status` found that it cannot be used, or
    /// `audit verify` that it is not as it was written. For both, a script that has to tell
    /// somebody does the same.
    LedgerAmiss,
    /// A fault in the program itself.
    Internal,
    /// Standard output was closed or could not be written, so not all of it arrived.
    StdoutLost,
    /// Another process is in the way; the same command will do when that has ended.
    TryAgain,
    /// The tools folder or the state folder cannot be used.
    Unusable,
    /// Ended by SIGINT, as a shell reports it (128 + 2).
    Interrupted,
    /// Ended by SIGTERM, as a shell reports it (128 + 15).
    Terminated,
}

impl ExitStatus {
    /// Every status, by rising number.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Fine,
        Self::Findings,
        Self::Usage,
        Self::Attention,
        Self::LedgerAmiss,
        Self::Internal,
        Self::StdoutLost,
        Self::TryAgain,
        Self::Unusable,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the parent process sees.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Attention => 3,
            Self::LedgerAmiss => 4,
            Self::Internal => 70,
            Self::StdoutLost => 74,
            Self::TryAgain => 75,
            Self::Unusable => 78,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// What it means, for the help text.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Fine => "it did what was asked; `serve` answered all it had accepted",
            Self::Findings => {
                "it found something: an error in a definition, a difference, a refused or failed call"
            }
            Self::Usage => "the command line cannot be understood; nothing was done",
            Self::Attention => "`status` or `ops` found something that a person should look at",
            Self::LedgerAmiss => {
                "the ledger cannot be used (`status`), or is not as it was written (`audit verify`)"
            }
            Self::Internal => "a fault in Tollgate itself",
            Self::StdoutLost => "standard output was closed or could not be written",
            Self::TryAgain => {
                "a process of an older version is on the ledger; try again when it has ended"
            }
            Self::Unusable => "the tools folder or the state folder cannot be used",
            Self::Interrupted => "ended by SIGINT",
            Self::Terminated => "ended by SIGTERM",
        }
    }

    /// The `EXIT STATUS` section of the help text, one indented line a status.
    pub(crate) fn table() -> String {
        let mut table = String::from("EXIT STATUS\n");
        for status in Self::ALL {
            let _ = writeln!(table, "  {:>3}  {}", status.number(), status.meaning());
        }
        table
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.number())
    }
}

/// Why a command could not do its work. Shown to people as it stands, after `error: `.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The arguments fit the grammar and still cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The tools folder or the state folder cannot be used; says which, why and the way out.
    #[error("{0}")]
    Unusable(String),
    /// Another process is in the way; says which and the way out.
    #[error("{0}")]
    InTheWay(String),
    /// Standard output could not be written.
    #[error("standard output could not be written: {0}")]
    Stdout(#[source] io::Error),
    /// Anything that should not have happened.
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl CommandError {
    /// The status to end with.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) => ExitStatus::Usage,
            Self::Unusable(_) => ExitStatus::Unusable,
            Self::InTheWay(_) => ExitStatus::TryAgain,
            Self::Stdout(_) => ExitStatus::StdoutLost,
            Self::Internal(_) => ExitStatus::Internal,
        }
    }

    /// The whole text for standard error; `None` where a reader simply went away, as
    /// `tollgate log | head` does, which is nobody's mistake.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Usage(_) | Self::Unusable(_) | Self::InTheWay(_) | Self::Stdout(_) => {
                Some(format!("error: {self}"))
            }
            Self::Internal(_) => Some(format!("error: internal: {self}")),
        }
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) | LedgerError::Busy(_) | LedgerError::Closed => {
                Self::Unusable(error.to_string())
            }
            LedgerError::InUse(told) => Self::InTheWay(told),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_so_that_none_is_used_twice() {
        let numbers: Vec<u8> = ExitStatus::ALL.iter().map(|one| one.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 70, 74, 75, 78, 130, 143]);
    }

    #[track_caller]
    fn check(error: CommandError, status: ExitStatus, text: Option<&str>) {
        assert_eq!(error.status(), status);
        assert_eq!(error.text().as_deref(), text);
    }

    #[test]
    fn each_error_has_its_status_and_its_words() {
        check(
            CommandError::Usage("give a tool".into()),
            ExitStatus::Usage,
            Some("error: give a tool"),
        );
        check(
            CommandError::Unusable("`tools.d` is missing".into()),
            ExitStatus::Unusable,
            Some("error: `tools.d` is missing"),
        );
        check(
            LedgerError::InUse("an older program is on it".into()).into(),
            ExitStatus::TryAgain,
            Some("error: an older program is on it"),
        );
        check(
            CommandError::Stdout(io::ErrorKind::BrokenPipe.into()),
            ExitStatus::StdoutLost,
            None,
        );
        check(
            CommandError::Stdout(io::ErrorKind::StorageFull.into()),
            ExitStatus::StdoutLost,
            Some("error: standard output could not be written: no storage space"),
        );
        check(
            CommandError::Internal(anyhow::anyhow!("cause").context("what")),
            ExitStatus::Internal,
            Some("error: internal: what: cause"),
        );
    }
}
