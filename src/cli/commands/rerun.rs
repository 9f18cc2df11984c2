//! `tollgate replay-log --simulate` and `--execute`: recorded calls made again.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{
    log::unusable,
    replay_log::{leaves_json, leaves_text},
};
use crate::{
    base::{limits::RERUN_CALLS_AT_ONCE, text},
    cli::{
        exit::{CommandError, ExitStatus},
        print,
        replay::Leaf,
        rerun::{Again, Recorded, Rerun, differences},
    },
    ledger::log::{CallFilter, CallRecord},
};

/// What came of all of them.
#[derive(Default)]
struct Summary {
    calls: u64,
    differing: u64,
    left: BTreeMap<&'static str, u64>,
}

/// Makes the calls of `filter` again, in order of arrival, and says where one fares otherwise.
///
/// # Errors
/// When the ledger cannot be read, or standard output cannot be written.
pub(super) fn all(
    mut rerun: Rerun,
    mut filter: CallFilter,
    bar: &ProgressBar,
    is_json: bool,
) -> Result<ExitStatus, CommandError> {
    let mut summary = Summary::default();
    let mut wanted = filter.limit.unwrap_or(usize::MAX);
    loop {
        filter.limit = Some(wanted.min(RERUN_CALLS_AT_ONCE));
        let calls = rerun.read(&filter).map_err(unusable)?;
        if calls.is_empty() {
            break;
        }
        wanted -= calls.len();
        filter.after = calls.last().map(Recorded::row);
        for (call, again) in rerun.make(calls)? {
            bar.inc(1);
            let Some(told) = summary.add(&call, &again, is_json) else {
                continue;
            };
            bar.suspend(|| print(told.as_bytes()))?;
        }
    }
    bar.finish_and_clear();
    print(summary.told(is_json).as_bytes())?;
    Ok(if summary.differing == 0 {
        ExitStatus::Fine
    } else {
        ExitStatus::Findings
    })
}

fn told(call: &CallRecord, again: &CallRecord, found: &[Leaf], is_json: bool) -> String {
    if is_json {
        let told = json!({
            "call_id": call.call_id.to_string(), "again": again.call_id.to_string(),
            "received": call.received.rfc3339(), "tool": call.tool,
            "raw_arguments": call.raw_arguments, "changes": leaves_json(found),
        });
        return format!("{told}\n");
    }
    format!(
        "{}  {}  {}\n  sent  {}\n{}\n",
        call.received.rfc3339(),
        call.call_id,
        text::quote(&call.tool),
        text::harmless(text::clip(&call.raw_arguments, 400)),
        leaves_text(found),
    )
}

impl Summary {
    /// Counts a call; what is to be told of it.
    fn add(&mut self, call: &CallRecord, again: &Again, is_json: bool) -> Option<String> {
        let again = match again {
            Again::Left(why) => {
                *self.left.entry(why).or_default() += 1;
                return None;
            }
            Again::Made(again) => again,
        };
        self.calls += 1;
        let found = differences(call, again);
        if found.is_empty() {
            return None;
        }
        self.differing += 1;
        Some(told(call, again, &found, is_json))
    }

    fn told(&self, is_json: bool) -> String {
        if is_json {
            let left: serde_json::Map<String, Value> = self
                .left
                .iter()
                .map(|(why, count)| ((*why).to_owned(), Value::from(*count)))
                .collect();
            let summary = json!({"calls": self.calls, "differing": self.differing, "left": left});
            return format!("{}\n", json!({ "summary": summary }));
        }
        let calls = text::count(usize::try_from(self.calls).unwrap_or(usize::MAX), "call");
        let mut told = match self.differing {
            0 => format!("{calls} made again: no difference\n"),
            differing => format!("{calls} made again: {differing} fared otherwise\n"),
        };
        for (why, count) in &self.left {
            told.push_str(&format!("{count} not made again: {why}\n"));
        }
        told
    }
}
