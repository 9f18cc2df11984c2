//! Steps in a ledger in memory.

use std::sync::Arc;

use super::{
    super::{
        Durability, IntentReceipt,
        admission::Running,
        operation::OperationState,
        record::CallRow,
        steps::{Adopted, Closing, GivenUp, Left, Side, StepEntry, Stepped, Wanted},
    },
    state::State,
};
use crate::base::clock::Timestamp;

/// The steps of the last call of an operation.
pub(super) struct Walk {
    pub(super) call: CallRow,
    /// The call does steps.
    pub(super) is_stepped: bool,
    definition: Option<Arc<str>>,
    pub(super) entries: Vec<StepEntry>,
}

impl Walk {
    pub(super) fn new(call: &CallRow, backend: &str) -> Self {
        Self {
            call: call.clone(),
            is_stepped: backend == "steps",
            definition: None,
            entries: Vec::new(),
        }
    }
}

impl State {
    pub(super) fn step(&mut self, of: &IntentReceipt, stepped: Stepped) {
        let stored = self.of(of.operation().expect("steps have an operation"));
        let walk = &mut stored.walk;
        walk.definition = stepped.definition.or(walk.definition.take());
        walk.entries.extend(stepped.entries);
        let undoes = walk.entries.iter().any(|entry| entry.side == Side::Undo);
        if undoes && stored.known.state == OperationState::Running {
            stored.known.state = OperationState::Compensating;
        }
    }

    pub(super) fn adopt(&mut self, wanted: Wanted, now: Timestamp) -> Adopted {
        let rows = self.operations.iter().map(|stored| stored.known.row);
        for row in rows.collect::<Vec<_>>() {
            let stored = self.of(row);
            let (known, walk) = (&stored.known, &stored.walk);
            let is_orphan = known.state.is_open() && !known.is_owner_alive;
            let is_wanted = match wanted {
                Wanted::Orphaned => is_orphan,
                Wanted::Named(id) => known.id == id,
            };
            if !is_wanted || walk.entries.is_empty() {
                continue;
            }
            if known.state.is_open() && !is_orphan {
                return Adopted::StillRunning;
            }
            if !is_orphan && known.state != OperationState::Attention {
                return Adopted::Settled(known.state);
            }
            let deaths = match wanted {
                Wanted::Orphaned => stored.deaths + 1,
                Wanted::Named(_) => 0,
            };
            let id = known.id;
            return match (self.take(row, deaths, now), wanted) {
                (Ok(left), _) => Adopted::Taken(Box::new(left)),
                (Err(_), Wanted::Named(_)) => Adopted::Undefined,
                (Err(why), Wanted::Orphaned) => Adopted::GivenUp(id, why),
            };
        }
        Adopted::NotFound
    }

    fn take(&mut self, row: i64, deaths: u32, now: Timestamp) -> Result<Left, GivenUp> {
        let stored = self.of(row);
        let walk = &stored.walk;
        let undoes = walk.entries.iter().any(|entry| entry.side == Side::Undo);
        let definition = GivenUp::unless(walk.definition.clone(), deaths);
        let becomes = match (&definition, undoes) {
            (Err(_), _) => OperationState::Attention,
            (Ok(_), true) => OperationState::Compensating,
            (Ok(_), false) => OperationState::Running,
        };
        if let Err(why) = definition
            && stored.known.state == becomes
        {
            return Err(why);
        }
        stored.deaths = deaths;
        assert!(stored.known.state.may_become(becomes));
        stored.known.state = becomes;
        stored.known.is_owner_alive = true;
        let definition = definition.inspect_err(|_| stored.known.ended = Some(now))?;
        Ok(Left {
            receipt: IntentReceipt {
                row: stored.known.last,
                durability: Durability::Synced,
                operation: Some(Running {
                    operation: row,
                    id: stored.known.id,
                    is_orphaned: false,
                }),
            },
            id: stored.known.id,
            call: walk.call.call_id,
            tool: walk.call.tool.to_string(),
            definition: definition.to_string(),
            arguments: walk.call.effective_arguments.clone().unwrap_or_default(),
            entries: walk.entries.clone(),
        })
    }

    pub(super) fn close_steps(&mut self, of: &IntentReceipt, closing: Closing, now: Timestamp) {
        let stored = self.of(of.operation().expect("steps have an operation"));
        assert!(stored.known.state.may_become(closing.state));
        stored.known.state = closing.state;
        stored.known.ended = Some(now);
        stored.resolved = Some(closing.reply);
    }
}
