//! Admission: everything that is decided by state, in one order, within one transaction.

use super::{
    super::{
        admission::{Admission, Doubt, Ending, Failure, Further, Notes, Running},
        fetch::{self, Fetch, Standing, died, no_such},
        operation::{Meeting, Operation, in_progress, meet},
        policy::time::Now,
        record::{CallRow, Settlement},
    },
    operations::Told,
    restraint::Grant,
    statements::Statements,
    written::Written,
};
use crate::base::{clock::Timestamp, problem::Problem};

/// What a call is to its operation, once it may go on.
enum Claim {
    /// It is for none.
    None,
    /// It begins a new one.
    New(Operation),
    /// It is a further attempt of this one.
    Again(Operation, Running),
}

/// What was found out about the operation of a call.
enum Looked {
    Go(Claim, Notes),
    Join(Running),
    Replay(Told),
    Doubt(Doubt, Box<Problem>),
    Refuse(Box<Problem>),
}

/// A call that state allows to go on.
struct Allowed {
    claim: Claim,
    notes: Notes,
    grant: Grant,
}

/// The order of the checks, the only place where it stands:
/// the operation key, looked at again; what a person was asked; the circuit breaker; the loop guard; the rate; the
/// budget. Only when all of them let the call go on is anything taken: the key is claimed and
/// the cost reserved, then the intent and the event of the audit trail are written, all by the
/// callers of this function and all in the same transaction. A call that is refused takes
/// nothing; its row is written here.
///
/// Breaker, loop guard, rate and budget are the files of `restraint`. What they need to know of
/// the call comes in [`Demands`](super::super::admission::Demands), what they need to know of
/// its end in the `dues` of the [`Ending`].
fn decide(
    statements: &mut Statements<'_>,
    admission: &Admission,
    now: Timestamp,
) -> rusqlite::Result<Result<Allowed, Written>> {
    let operation = admission.operation.as_deref();
    let (claim, mut notes) = match look(statements, operation, now)? {
        Looked::Go(claim, notes) => (claim, notes),
        Looked::Join(running) => return Ok(Err(Written::Join(running))),
        Looked::Doubt(doubt, problem) => return Ok(Err(Written::Doubt(doubt, problem))),
        Looked::Replay(told) => {
            let row = &admission.row;
            return replay(statements, row, admission.guard_us, told, now).map(Err);
        }
        Looked::Refuse(problem) => {
            let stage = "operation";
            return refuse(statements, admission, stage, problem, now).map(Err);
        }
    };
    if let Some(problem) = statements.asking_refusal(&admission.row)? {
        return refuse(statements, admission, "ask", problem, now).map(Err);
    }
    let mut grant = match statements
        .restraints
        .check(&admission.row, &admission.demands)?
    {
        Ok(grant) => grant,
        Err((stage, problem)) => {
            return refuse(statements, admission, stage, problem, now).map(Err);
        }
    };
    notes.so_far = std::mem::take(&mut grant.so_far);
    Ok(Ok(Allowed {
        claim,
        notes,
        grant,
    }))
}

impl Allowed {
    /// Takes the key of the admitted call `of`, whose row is `row`.
    fn claim(
        self,
        statements: &mut Statements<'_>,
        (row, of): (i64, &CallRow),
        now: Timestamp,
    ) -> rusqlite::Result<Written> {
        let operation = match self.claim {
            Claim::None => None,
            Claim::New(asked) => {
                let now = present(statements, now);
                statements.operations.claim(&asked, row, &now)?;
                Some(Running {
                    operation: row,
                    id: of.call_id,
                    is_orphaned: false,
                })
            }
            Claim::Again(asked, known) => {
                let again = known.operation;
                statements.operations.again(again, &asked, row, now)?;
                Some(known)
            }
        };
        Ok(Written::AsAsked((row, operation), self.notes))
    }
}

/// `begin`: decides, and writes what is about to be done.
pub(super) fn begin(
    statements: &mut Statements<'_>,
    admission: &Admission,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let allowed = match decide(statements, admission, now)? {
        Ok(allowed) => allowed,
        Err(written) => return Ok(written),
    };
    let reserved = allowed.grant.reserved(&admission.demands);
    let row = statements.admit(&admission.row, (admission.backend, now), &reserved)?;
    let (of, demands) = (&admission.row, &admission.demands);
    statements
        .restraints
        .take(&allowed.grant, (row, &reserved), demands)?;
    allowed.claim(statements, (row, of), now)
}

/// `intend`: writes what the call of `row` is about to do next, where it may. Of a read too: how
/// often something was tried tells how its backend is.
pub(super) fn intend(
    statements: &mut Statements<'_>,
    row: i64,
    further: &Further,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let breaker = further.breaker.as_ref();
    if !statements.restraints.attempt_again(row, breaker)? {
        return Ok(Written::Left);
    }
    statements.intend(row, &further.intent, further.after.as_deref(), now)?;
    Ok(Written::row(row))
}

/// `settle_at_once`: decides, and writes what was done, which needs no intent.
pub(super) fn settle_at_once(
    statements: &mut Statements<'_>,
    admission: &Admission,
    ending: &Ending,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let allowed = match decide(statements, admission, now)? {
        Ok(allowed) => allowed,
        Err(Written::Join(running)) => {
            let problem = Box::new(in_progress(running.id));
            return refuse(statements, admission, "operation", problem, now);
        }
        Err(Written::Doubt(_, problem)) => {
            return refuse(statements, admission, "operation", problem, now);
        }
        Err(written) => return Ok(written),
    };
    let row = statements.admit_settled(&admission.row, &ending.settlement)?;
    statements
        .restraints
        .take_settled(&allowed.grant, &admission.row, &ending.dues)?;
    let written = allowed.claim(statements, (row, &admission.row), now)?;
    if let Written::AsAsked((_, operation), _) = &written {
        let operation = operation.map(|operation| operation.operation);
        end(statements, row, operation, ending)?;
    }
    Ok(written)
}

/// `refuse`: writes the refusal, unless the call repeats an operation that is known: then that
/// answers, because a rule may have become false since.
pub(super) fn refusal(
    statements: &mut Statements<'_>,
    row: &CallRow,
    settlement: &Settlement,
    operation: Option<&Operation>,
    failure: Option<&Failure>,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let problem = match look(statements, operation, now)? {
        Looked::Go(..) => {
            let told = match failure {
                Some(failure) => statements.restraints.refused(row, failure)?,
                None => None,
            };
            let Some(problem) = told else {
                return statements.admit_settled(row, settlement).map(Written::row);
            };
            let (stage, guard_us) = (settlement.stage, settlement.guard_us);
            return write_refusal(statements, row, guard_us, stage, problem, now);
        }
        Looked::Replay(told) => {
            return replay(statements, row, settlement.guard_us, told, now);
        }
        Looked::Join(running) => Box::new(in_progress(running.id)),
        Looked::Refuse(problem) | Looked::Doubt(_, problem) => problem,
    };
    let guard_us = settlement.guard_us;
    write_refusal(statements, row, guard_us, "operation", problem, now)
}

/// `finish`: writes how the call of `row` ended and settles everything that waited for it.
pub(super) fn finish(
    statements: &mut Statements<'_>,
    row: i64,
    operation: Option<i64>,
    ending: &Ending,
) -> rusqlite::Result<Written> {
    statements.settle(row, &ending.settlement)?;
    end(statements, row, operation, ending)?;
    statements.restraints.settle(row, &ending.dues)?;
    Ok(Written::row(row))
}

/// Ends the operation of the call of `row`, or the one that the call becomes.
fn end(
    statements: &mut Statements<'_>,
    row: i64,
    operation: Option<i64>,
    ending: &Ending,
) -> rusqlite::Result<()> {
    let Settlement {
        reply, finished, ..
    } = &ending.settlement;
    let operation = match (operation, &ending.becomes) {
        (Some(operation), _) => operation,
        (None, Some(asked)) => {
            let asked = statements.operations.sealed(asked);
            let now = present(statements, *finished);
            statements.operations.claim(&asked, row, &now)?;
            row
        }
        (None, None) => return Ok(()),
    };
    let is_clipped = ending.settlement.is_clipped();
    let whole = reply.as_deref().filter(|_| is_clipped);
    let state = ending.state;
    statements
        .operations
        .end(operation, state, whole, *finished)
}

/// `fetch`: what became of an operation, written down as a replay is.
pub(super) fn fetch(
    statements: &mut Statements<'_>,
    fetch: &Fetch,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let Fetch {
        row, guard_us, id, ..
    } = fetch;
    let refuse = |statements: &mut Statements<'_>, problem| {
        write_refusal(statements, row, *guard_us, "operation", problem, now)
    };
    if let Some(problem) = statements.restraints.take_rate(row, fetch.rate)? {
        return write_refusal(statements, row, *guard_us, "rate", problem, now);
    }
    let find = |statements: &mut Statements<'_>| statements.operations.find_of(*id, &row.principal);
    let Some(mut found) = find(statements)? else {
        return refuse(statements, no_such(*id));
    };
    let mut standing = fetch::standing(&found.known);
    if standing == Standing::Recover {
        statements.recover(found.known.row, now)?;
        found = find(statements)?.unwrap_or(found);
        standing = fetch::standing(&found.known);
    }
    match standing {
        Standing::Running | Standing::Recover => Ok(Written::Join(found.known.as_running())),
        Standing::Open(problem) => refuse(statements, problem),
        Standing::Ended => {
            let told = found.told()?;
            if told.0.reply.is_empty() {
                return refuse(statements, died(*id));
            }
            replay(statements, row, *guard_us, told, now)
        }
    }
}

/// The time of this transaction, which is `now` on the wall.
fn present(statements: &Statements<'_>, now: Timestamp) -> Now {
    Now {
        wall: now,
        ..*statements.restraints.now()
    }
}

/// What is known of the operation, after recovering it where its process died.
fn look(
    statements: &mut Statements<'_>,
    asked: Option<&Operation>,
    now: Timestamp,
) -> rusqlite::Result<Looked> {
    let Some(asked) = asked else {
        return Ok(Looked::Go(Claim::None, Notes::default()));
    };
    let asked = statements.operations.sealed(asked);
    let Some(mut found) = statements.operations.find(&asked.key)? else {
        return Ok(Looked::Go(Claim::New(asked), Notes::default()));
    };
    let present = present(statements, now);
    let mut meeting = meet(&found.known, &asked, &present);
    if meeting == Meeting::Recover {
        statements.recover(found.known.row, now)?;
        match statements.operations.find(&asked.key)? {
            Some(recovered) => found = recovered,
            None => return Ok(Looked::Go(Claim::New(asked), Notes::default())),
        }
        meeting = meet(&found.known, &asked, &present);
    }
    let known = &found.known;
    Ok(match meeting {
        Meeting::Fresh => Looked::Go(Claim::New(asked), Notes::default()),
        Meeting::Similar => {
            let notes = Notes {
                similar: Some(known.id),
                ..Notes::default()
            };
            Looked::Go(Claim::New(asked), notes)
        }
        Meeting::Again => Looked::Go(Claim::Again(asked, known.as_running()), Notes::default()),
        Meeting::Join | Meeting::Recover => Looked::Join(known.as_running()),
        Meeting::Replay => Looked::Replay(found.told()?),
        Meeting::Doubt(problem) => Looked::Doubt(known.doubt(), problem),
        Meeting::Refuse(problem) => Looked::Refuse(problem),
    })
}

fn replay(
    statements: &mut Statements<'_>,
    row: &CallRow,
    guard_us: u64,
    (told, durability): Told,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let settlement = Settlement::replay(&told, guard_us, now);
    let row = statements.admit_settled(row, &settlement)?;
    Ok(Written::Replay(row, told, durability))
}

fn refuse(
    statements: &mut Statements<'_>,
    admission: &Admission,
    stage: &'static str,
    problem: Box<Problem>,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let (row, guard_us) = (&admission.row, admission.guard_us);
    write_refusal(statements, row, guard_us, stage, problem, now)
}

fn write_refusal(
    statements: &mut Statements<'_>,
    row: &CallRow,
    guard_us: u64,
    stage: &'static str,
    problem: Box<Problem>,
    now: Timestamp,
) -> rusqlite::Result<Written> {
    let settlement = Settlement::refusal(stage, &problem, guard_us, now);
    let row = statements.admit_settled(row, &settlement)?;
    Ok(Written::Refused(row, problem))
}

#[cfg(test)]
mod tests;
