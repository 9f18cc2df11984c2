//! Going through the audit trail again: is everything as it was written?

use std::ops::ControlFlow;

use rusqlite::Connection;

use super::{
    anchor::Anchors,
    chain::{Chain, Fault, Start, Verdict},
    pages, pruning,
};
use crate::ledger::sqlite::schema;

/// Follows the chain from its first event, in short transactions. Where its beginning is pruned
/// on the way, it begins anew.
///
/// # Errors
/// What SQLite says.
pub(in super::super) fn verify(
    connection: &Connection,
    version: i32,
    anchors: &Anchors,
) -> rusqlite::Result<Verdict> {
    if version < schema::WITH_PRUNINGS {
        return follow(connection, version, Chain::new(Start::default(), anchors));
    }
    loop {
        let start = pruning::start(connection)?;
        let verdict = follow(connection, version, Chain::new(start, anchors))?;
        if matches!(verdict, Verdict::Whole(_)) || pruning::start(connection)? == start {
            return Ok(verdict);
        }
    }
}

fn follow(
    connection: &Connection,
    version: i32,
    mut chain: Chain<'_>,
) -> rusqlite::Result<Verdict> {
    let mut broken = None;
    loop {
        let after = chain.head().seq;
        let is_any = pages::page(connection, version, after, |entry| {
            let found = entry.found()?;
            let mut read = Ok(());
            let followed = chain.follow(&found, |event, link| {
                let added = entry.add(event, link);
                added.unwrap_or_else(|error| {
                    read = Err(error);
                    Ok(())
                })
            });
            read?;
            let Err(fault) = followed else {
                return Ok(ControlFlow::Continue(()));
            };
            let (seq, call) = (found.seq, found.call);
            broken = Some(Verdict::Broken { seq, call, fault });
            Ok(ControlFlow::Break(()))
        })?;
        if let Some(broken) = broken {
            return Ok(broken);
        }
        if !is_any {
            break;
        }
    }
    Ok(match unrecorded(connection, &chain)? {
        None => chain.end(),
        call @ Some(_) => Verdict::Broken {
            seq: chain.head().seq + 1,
            call,
            fault: Fault::Unrecorded,
        },
    })
}

/// The first call that has no event at all. One that arrived during the walk has its event
/// behind the last one seen.
fn unrecorded(connection: &Connection, chain: &Chain<'_>) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT min(row) FROM calls WHERE row > ?1
        AND row NOT IN (SELECT call FROM audit WHERE seq > ?2 AND call IS NOT NULL)";
    connection.query_row(sql, [chain.last_call(), chain.head().seq], |row| row.get(0))
}

#[cfg(test)]
mod tests;
