//! What is compared of a recorded call and of the same call made again.

use serde_json::{Map, Value};

use crate::{
    cli::replay::{Leaf, differ},
    ledger::{
        log::{CallEnd, CallRecord},
        record::Outcome,
    },
};

/// Where the two differ: in what they did, in how they ended, in what was answered.
pub(crate) fn differences(then: &CallRecord, now: &CallRecord) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let (before, after) = (facts(then), facts(now));
    // What one of the two was refused before is not a difference of its own.
    let both = |name: &str| before.contains_key(name) && after.contains_key(name);
    let kept = |facts: &Map<String, Value>| -> Value {
        let kept = facts
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "arguments" | "reply") || both(name));
        Value::Object(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    };
    let (then, now) = (kept(&before), kept(&after));
    differ(String::new(), Some(&then), Some(&now), &mut leaves);
    leaves
}

fn facts(call: &CallRecord) -> Map<String, Value> {
    let mut facts = Map::new();
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    if let Some(arguments) = call.effective_arguments.as_deref().and_then(json) {
        facts.insert("arguments".to_owned(), arguments);
    }
    let Some(end) = &call.end else {
        return facts;
    };
    let mut put = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    put("outcome", end.outcome.as_str().into());
    put("code", end.code.as_deref().into());
    put("effects", end.effects.as_str().into());
    put("is_repetition", (end.stage == "replay").into());
    if end.outcome == Outcome::Refused {
        put("stage", end.stage.as_str().into());
    }
    let reply = end.reply.as_deref().and_then(json);
    let reason = reply
        .as_ref()
        .and_then(|reply| reply.pointer("/error/reason"));
    put("reason", reason.cloned().unwrap_or_default());
    if let Some(reply) = reply.filter(|_| is_comparable(end)) {
        put("reply", reply);
    }
    facts
}

/// Texts of problems hold times and counts; whole results of tools do not.
fn is_comparable(end: &CallEnd) -> bool {
    end.outcome == Outcome::Succeeded && end.reply_clipped_from.is_none()
}
