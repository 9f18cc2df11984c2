//! The few columns that statistics need, streamed: a ledger of millions of calls is read once
//! and never held.

use rusqlite::{Row, params_from_iter, types::ValueRef};

use super::{
    super::super::{
        LedgerError,
        log::{CallFact, CallFilter},
        record::Outcome,
    },
    LogReader, bind, explain, schema, wanted,
};
use crate::base::{clock::Timestamp, limits::LEDGER_SCAN_ROWS_MAX, problem::Code};

impl LogReader {
    /// Hands each call that `filter` wants to `each`, oldest first, in short transactions; its
    /// limit and order do not count.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) fn facts(
        &self,
        filter: &CallFilter,
        mut each: impl FnMut(CallFact<'_>),
    ) -> Result<(), LedgerError> {
        // Not of the view: SQLite would copy all that is in it.
        let attempts = if self.version >= schema::WITH_FIRST_INTENTS {
            "coalesce((SELECT max(attempt) FROM further_intents WHERE call = calls.row),
                CASE WHEN backend IS NOT NULL THEN 1 END)"
        } else {
            "(SELECT max(attempt) FROM intents WHERE call = calls.row)"
        };
        let sql = format!(
            "SELECT received, tool, principal, outcome, stage, code, effects,
                guard_us + wait_us + run_us,
                coalesce(instr(changes, '\"kind\":\"coerced\"')
                    + instr(changes, '\"kind\":\"normalized\"'), 0) > 0,
                effect IS NOT NULL,
                {attempts},
                CASE WHEN code IN ('{}', '{}') THEN reply END
            FROM calls WHERE {}",
            Code::RuleViolation.as_str(),
            Code::RuleError.as_str(),
            wanted()
        );
        let mut read = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let (mut from, last) = self.rows()?;
            while from <= last {
                let to = last.min(from.saturating_add(LEDGER_SCAN_ROWS_MAX - 1));
                let mut rows = statement.query(params_from_iter(bind(filter, from, to)))?;
                while let Some(row) = rows.next()? {
                    each(fact(row)?);
                }
                from = to.saturating_add(1);
            }
            Ok(())
        };
        read().map_err(|error| explain(&error))
    }
}

fn fact<'a>(row: &'a Row<'_>) -> rusqlite::Result<CallFact<'a>> {
    let text = |at: usize| -> rusqlite::Result<Option<&'a str>> {
        match row.get_ref(at)? {
            ValueRef::Null => Ok(None),
            value => Ok(Some(value.as_str()?)),
        }
    };
    let outcome = text(3)?;
    let count = |stored: Option<i64>| stored.and_then(|count| u64::try_from(count).ok());
    Ok(CallFact {
        received: Timestamp::from_micros(row.get(0)?),
        tool: text(1)?.unwrap_or_default(),
        principal: text(2)?.unwrap_or_default(),
        outcome: Outcome::ALL
            .iter()
            .copied()
            .find(|known| Some(known.as_str()) == outcome),
        stage: text(4)?,
        code: text(5)?,
        effects: text(6)?,
        micros: count(row.get(7)?),
        is_altered: row.get(8)?,
        is_tool_known: row.get(9)?,
        attempts: count(row.get(10)?),
        by_rule: text(11)?,
    })
}
