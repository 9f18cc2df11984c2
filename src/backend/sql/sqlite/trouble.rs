//! Every way in which a statement can fail a call, in words, with what can be said of its
//! effect. SQLite's own words go to the ledger, for the operator alone.

use std::io;

use rusqlite::{Error, ErrorCode};

use crate::{
    backend::{
        Fault, FaultClass,
        failure::AFTER_MS,
        sql::{
            Bounds,
            words::{committing, count_rows, failed, forbidden, no_database, row_limit, stopped},
        },
    },
    base::problem::{Code, Effects, Problem},
    catalog::{plan::RowRange, surroundings::Inspected, tool::Effect},
};

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no such file, or it cannot be looked at.
    Missing(io::ErrorKind),
    /// It is no regular file.
    NotAFile,
    /// It is a file of the ledger.
    OurOwnFile,
    /// The file cannot be opened as a database.
    Opening(Error),
    /// No transaction could be begun, or it could not be ended in time.
    Beginning(Error),
    /// The statement cannot be prepared.
    Preparing(Error),
    /// A query that writes.
    Writes,
    /// Two columns of this name.
    SameColumn(String),
    /// It failed while it ran, and nothing of it stays.
    Running(Error),
    /// The operation could not be marked, and nothing of it stays.
    Marking(Error),
    /// It changed another number of rows than expected, and was rolled back.
    Rows {
        /// So many.
        changed: u64,
        /// What was expected.
        expected: RowRange,
    },
    /// The commit failed; whether it happened cannot be told.
    Committing(Error),
}

/// Whether another connection holds the database.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

impl Trouble {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Opening(error)
            | Self::Beginning(error)
            | Self::Preparing(error)
            | Self::Running(error)
            | Self::Marking(error)
            | Self::Committing(error) => Some(error),
            Self::Missing(_)
            | Self::NotAFile
            | Self::OurOwnFile
            | Self::Writes
            | Self::SameColumn(_)
            | Self::Rows { .. } => None,
        }
    }

    /// For the ledger and the operator.
    fn status(&self) -> String {
        match self {
            Self::Missing(kind) => format!("database file: {kind}"),
            Self::NotAFile => "database file: not a regular file".to_owned(),
            Self::OurOwnFile => "database file: it belongs to the ledger".to_owned(),
            Self::Writes => "the query writes".to_owned(),
            Self::SameColumn(name) => format!("two columns are called {name}"),
            Self::Rows { changed, .. } => format!("{} changed", count_rows(*changed)),
            Self::Opening(error)
            | Self::Beginning(error)
            | Self::Preparing(error)
            | Self::Running(error)
            | Self::Marking(error)
            | Self::Committing(error) => format!("sqlite: {error}"),
        }
    }

    /// The fault of a call.
    pub(super) fn fault(self, effect: Effect, bounds: &Bounds) -> Fault {
        let status = Some(self.status());
        let (class, problem) = self.judged(effect, bounds);
        Fault {
            class,
            problem,
            retry_after: None,
            backend_text: None,
            status,
        }
    }

    fn judged(&self, effect: Effect, bounds: &Bounds) -> (FaultClass, Problem) {
        if let Self::Committing(_) = self {
            return (FaultClass::Ambiguous, committing(effect));
        }
        if let Some(problem) = self.stopped(bounds) {
            return (FaultClass::Clean, problem);
        }
        match self {
            Self::Missing(_) | Self::NotAFile | Self::OurOwnFile | Self::Opening(_) => {
                (FaultClass::Clean, no_database())
            }
            Self::Writes | Self::SameColumn(_) | Self::Preparing(_) => (
                FaultClass::Definite,
                failed("the database does not take the statement of this tool; nothing was done"),
            ),
            Self::Rows { changed, expected } => {
                (FaultClass::Definite, row_limit(*changed, *expected))
            }
            Self::Beginning(error) | Self::Running(error) | Self::Marking(error) => {
                let problem = match error.sqlite_error_code() {
                    Some(ErrorCode::ConstraintViolation) => forbidden(),
                    Some(ErrorCode::TooBig) => {
                        failed("a value grew larger than is allowed; nothing was changed")
                    }
                    _ => failed("the database could not run the statement; nothing was changed"),
                };
                (FaultClass::Definite, problem)
            }
            Self::Committing(_) => (FaultClass::Ambiguous, committing(effect)),
        }
    }

    /// The problem where time, a cancellation or another process was in the way.
    fn stopped(&self, bounds: &Bounds) -> Option<Problem> {
        let error = self.error()?;
        let interrupted = error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted);
        if interrupted || is_busy(error) && bounds.cancel.fired().is_some() {
            return Some(stopped(bounds));
        }
        is_busy(error).then(|| {
            let message =
                "another process held the database until the time was up; nothing was done";
            Problem::new(Code::BackendUnavailable, message)
                .with_effects(Effects::None)
                .after_ms(AFTER_MS)
        })
    }

    /// What a load of the definitions makes of it.
    pub(super) fn inspected(self, database: &str) -> Inspected {
        let refused = |message: String, help| Inspected::Refused(message, help);
        match self {
            Self::OurOwnFile => refused(
                format!("database `{database}` is a file of Tollgate's own state"),
                "name another file",
            ),
            Self::Writes => refused(
                "the query changes something".to_owned(),
                "write `statement` and set the `effect`",
            ),
            Self::SameColumn(name) => refused(
                format!("two columns are called `{name}`"),
                "give one another name with `as`",
            ),
            Self::Preparing(error)
                if error.sqlite_error_code()
                    == Some(ErrorCode::AuthorizationForStatementDenied) =>
            {
                refused(
                    format!("the statement does what a tool may not do: {error}"),
                    "tools read and change rows, never the schema or the settings",
                )
            }
            other => Inspected::Open(format!(
                "the statement cannot be held against database `{database}`: {}",
                other.status()
            )),
        }
    }
}
