//! Every way in which a statement on a server can fail a call, in words, with what can be said of
//! its effect. The server's own words go to the ledger, for the operator alone.

use std::error::Error as _;

use postgres::{
    Error,
    error::{DbError, Severity, SqlState},
};

use tokio_rustls::rustls;

use super::tls::unsafe_side;
use crate::{
    backend::{
        Fault, FaultClass,
        failure::AFTER_MS,
        resolve::Unresolved,
        sql::{
            Bounds,
            words::{committing, count_rows, failed, forbidden, no_database, row_limit, stopped},
        },
    },
    base::problem::{Advice, Code, Effects, Problem},
    catalog::{plan::RowRange, surroundings::Inspected, tool::Effect},
};

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The time was up, or the call was cancelled, and nothing of it stays.
    Stopped,
    /// This process has too many statements under way, or the system no thread.
    NoRoom,
    /// The database is on no server, or its socket has a name that cannot be used.
    NoServer,
    /// The server is on a host that has no address, or one that it must not have.
    Unresolved(Unresolved),
    /// There is no TLS on this side.
    NoTls(rustls::Error),
    /// Who answered is not who should, or speaks no TLS: what to do.
    Untrusted(String),
    /// There is no connection.
    Connecting(Error),
    /// No transaction could be begun.
    Beginning(Error),
    /// The server does not take the statement.
    Preparing(Error),
    /// A query that writes.
    Writes,
    /// Two columns of this name.
    SameColumn(String),
    /// Values of this type cannot be given.
    NoForm {
        /// Whose type it is.
        column: String,
        /// The name of the type.
        kind: String,
    },
    /// What came in this column is no value of its type.
    Unreadable(String),
    /// It failed while it ran, and nothing of it stays.
    Running(Error),
    /// The commit failed, and looking for its mark showed that nothing of it stays.
    RolledBack(Option<Error>),
    /// The operation could not be marked, and nothing of it stays.
    Marking(Error),
    /// Somebody else has marked the operation since this transaction began to look.
    MarkedMeanwhile(Error),
    /// The table of marks is not there, and cannot be made.
    NoMarks,
    /// It changed another number of rows than expected, and was rolled back.
    Rows {
        /// So many.
        changed: u64,
        /// What was expected.
        expected: RowRange,
    },
    /// The commit has no answer; whether it happened cannot be told.
    Committing(Option<Error>),
}

/// Whether a failed commit is known to have been none: an `ERROR` in it rolls back. What ends the
/// connection may come after it.
pub(super) fn is_rolled_back(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    severity == Some(Severity::Error)
}

impl Trouble {
    /// A connection that was not made.
    pub(super) fn connecting(error: Error) -> Self {
        match unsafe_side(&error) {
            Some(why) => Self::Untrusted(why),
            None => Self::Connecting(error),
        }
    }

    /// For the ledger and the operator.
    fn status(&self) -> String {
        match self {
            Self::Stopped => "stopped".to_owned(),
            Self::NoRoom => "postgres: no room".to_owned(),
            Self::NoServer => "postgres: the server cannot be named".to_owned(),
            Self::Unresolved(Unresolved::NotFound) => "postgres: host not found".to_owned(),
            Self::Unresolved(Unresolved::Forbidden(forbidden)) => format!("postgres: {forbidden}"),
            Self::NoTls(error) => format!("postgres: tls: {error}"),
            Self::Untrusted(why) => format!("postgres: tls: {why}"),
            Self::Writes => "the query writes".to_owned(),
            Self::SameColumn(name) => format!("two columns are called {name}"),
            Self::NoForm { column, kind } => format!("column {column} is of type {kind}"),
            Self::Unreadable(name) => format!("column {name} cannot be read"),
            Self::NoMarks => "tollgate_operations: not there, and may not be made".to_owned(),
            Self::Rows { changed, .. } => format!("{} changed", count_rows(*changed)),
            Self::RolledBack(None) | Self::Committing(None) => "postgres: no answer".to_owned(),
            Self::Connecting(error)
            | Self::Beginning(error)
            | Self::Preparing(error)
            | Self::Running(error)
            | Self::Marking(error)
            | Self::MarkedMeanwhile(error)
            | Self::RolledBack(Some(error))
            | Self::Committing(Some(error)) => in_words(error),
        }
    }

    /// The fault of a call.
    pub(super) fn fault(self, effect: Effect, bounds: &Bounds) -> Fault {
        let (class, problem) = self.judged(effect, bounds);
        Fault {
            class,
            problem,
            retry_after: None,
            backend_text: None,
            status: Some(self.status()),
        }
    }

    fn judged(&self, effect: Effect, bounds: &Bounds) -> (FaultClass, Problem) {
        match self {
            Self::Committing(_) => (FaultClass::Ambiguous, committing(effect)),
            Self::Stopped => (FaultClass::Clean, stopped(bounds)),
            Self::NoServer | Self::NoTls(_) => (FaultClass::Clean, no_database()),
            Self::Unresolved(Unresolved::NotFound) => (FaultClass::Clean, unreachable()),
            Self::Unresolved(Unresolved::Forbidden(_)) => (FaultClass::Clean, misled()),
            Self::Untrusted(_) => (FaultClass::Clean, untrusted()),
            Self::NoRoom => (
                FaultClass::Clean,
                again("there is no room for another statement just now, so nothing was done"),
            ),
            Self::Writes
            | Self::SameColumn(_)
            | Self::NoForm { .. }
            | Self::Unreadable(_)
            | Self::NoMarks => (FaultClass::Definite, not_taken()),
            Self::Rows { changed, expected } => {
                (FaultClass::Definite, row_limit(*changed, *expected))
            }
            Self::MarkedMeanwhile(_) => (
                FaultClass::Clean,
                again("another process was at the same operation; nothing was changed"),
            ),
            Self::RolledBack(None) => (
                FaultClass::Definite,
                failed("the database could not run the statement; nothing was changed"),
            ),
            Self::Connecting(error)
            | Self::Beginning(error)
            | Self::Preparing(error)
            | Self::Running(error)
            | Self::Marking(error)
            | Self::RolledBack(Some(error)) => of_error(error, bounds),
        }
    }

    /// Whether the next statement on the same server would have it, too.
    pub(super) fn is_of_the_connection(&self) -> bool {
        matches!(
            self,
            Self::Stopped
                | Self::NoRoom
                | Self::NoServer
                | Self::Unresolved(_)
                | Self::NoTls(_)
                | Self::Untrusted(_)
                | Self::Connecting(_)
        )
    }

    /// What a load of the definitions makes of it.
    pub(super) fn inspected(self, database: &str) -> Inspected {
        let refused = |message: String, help| Inspected::Refused(message, help);
        match self {
            Self::Writes => refused(
                "the query changes something".to_owned(),
                "write `statement` and set the `effect`",
            ),
            Self::SameColumn(name) => refused(
                format!("two columns are called `{name}`"),
                "give one another name with `as`",
            ),
            Self::NoForm { column, kind } => refused(
                format!("column `{column}` is of type `{kind}`, which cannot be given back"),
                "cast it: `::text`",
            ),
            Self::NoMarks => Inspected::Open(format!(
                "the role of database `{database}` has no table `tollgate_operations` and may not make it"
            )),
            Self::Stopped => Inspected::Open(format!(
                "the statement cannot be held against database `{database}`: it does not answer"
            )),
            other => Inspected::Open(format!(
                "the statement cannot be held against database `{database}`: {}",
                other.status()
            )),
        }
    }
}

fn again(message: &str) -> Problem {
    Problem::new(Code::BackendUnavailable, message)
        .with_effects(Effects::None)
        .after_ms(AFTER_MS)
}

fn unreachable() -> Problem {
    again("the database cannot be reached, so nothing was done")
}

/// Its host is where it must not be.
fn misled() -> Problem {
    failed(
        "the database is at an address that statements must not go to, so nothing was sent; its \
         operator has to look after it",
    )
    .with_advice(Advice::AskOperator)
}

/// Somebody else could read and answer what is sent.
fn untrusted() -> Problem {
    let message = "the database could not show who it is, so nothing was sent; its operator has \
                   to look after it";
    Problem::new(Code::BackendUnavailable, message)
        .with_effects(Effects::None)
        .with_advice(Advice::AskOperator)
}

fn not_taken() -> Problem {
    failed("the database does not take the statement of this tool; nothing was done")
}

/// What an error says that came before anything was committed.
fn of_error(error: &Error, bounds: &Bounds) -> (FaultClass, Problem) {
    let Some(code) = error.code() else {
        return (FaultClass::Clean, unreachable());
    };
    if *code == SqlState::QUERY_CANCELED && bounds.are_over() {
        return (FaultClass::Clean, stopped(bounds));
    }
    let class = code.code().get(..2).unwrap_or_default();
    match (class, code.code()) {
        (_, "55P03") => (
            FaultClass::Clean,
            again(
                "another process held what the statement needs until the time was up; nothing was done",
            ),
        ),
        // Serialization and deadlocks.
        ("40", _) => (
            FaultClass::Clean,
            again("another change was in the way, so nothing was changed"),
        ),
        // Connections, resources, an administrator.
        ("08" | "53" | "57", _) => (
            FaultClass::Clean,
            again("the database is not to be had just now, so nothing was done"),
        ),
        // Who the gate says it is, and where it wants to go.
        ("28" | "3D", _) => (FaultClass::Clean, no_database()),
        ("23", _) => (FaultClass::Definite, forbidden()),
        ("22", _) => (
            FaultClass::Definite,
            failed("the database does not take a value of this call; nothing was changed")
                .with_advice(Advice::ChangedArgs),
        ),
        ("42" | "25" | "0A", _) => (FaultClass::Definite, not_taken()),
        _ => (
            FaultClass::Definite,
            failed("the database could not run the statement; nothing was changed"),
        ),
    }
}

/// The classes of errors whose words hold names and no values: what is wrong with a statement,
/// its rights, the server, a constraint.
const WITHOUT_VALUES: &[&str] = &[
    "08", "0A", "23", "25", "28", "3D", "40", "42", "53", "55", "57", "58",
];

/// With its state, as far as the server has said one. Its words are left out where they could
/// repeat a value, which may be a secret; details always are.
fn in_words(error: &Error) -> String {
    match error.as_db_error() {
        Some(told) => {
            let code = told.code().code();
            let class = code.get(..2).unwrap_or_default();
            match WITHOUT_VALUES.contains(&class) {
                true => format!("postgres: {code}: {}", told.message()),
                false => format!("postgres: {code}"),
            }
        }
        None => match error.source() {
            Some(source) => format!("postgres: {error}: {source}"),
            None => format!("postgres: {error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::backend::resolve::Forbidden;

    #[test]
    fn why_a_server_is_not_asked_is_told_when_a_definition_is_loaded() {
        let forbidden = Forbidden(Ipv4Addr::new(10, 0, 0, 1).into());
        for (trouble, why) in [
            (
                Trouble::Untrusted("it is not (see to it)".to_owned()),
                "tls: it is not (see to it)",
            ),
            (
                Trouble::Unresolved(Unresolved::Forbidden(forbidden)),
                "the name leads to 10.0.0.1",
            ),
            (Trouble::Unresolved(Unresolved::NotFound), "host not found"),
        ] {
            assert!(trouble.is_of_the_connection());
            let expected =
                format!("the statement cannot be held against database `shop`: postgres: {why}");
            assert_eq!(trouble.inspected("shop"), Inspected::Open(expected));
        }
    }
}
