//! What differs between the approved definitions and those of now, in words.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Currents, Lock, Pin};
use crate::base::text;

/// How one tool differs from what was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// The tool.
    pub(crate) name: String,
    /// What happened to it, in words.
    pub(crate) what: String,
    /// Each difference, on one line.
    pub(crate) changes: Vec<String>,
}

impl Lock {
    /// Every tool that is not what was approved, in the order of their names.
    pub(crate) fn drift(&self, currents: &Currents) -> Vec<Drift> {
        let names: BTreeSet<&String> = self.pins.keys().chain(currents.keys()).collect();
        let mut drift = Vec::new();
        for name in names {
            let (what, changes) = match (self.pins.get(name), currents.get(name)) {
                (Some(pin), Some(current)) => {
                    let mut changes = Vec::new();
                    compare("", &pin.definition, &current.definition, &mut changes);
                    programs(pin, &current.programs, &mut changes);
                    if changes.is_empty() {
                        continue;
                    }
                    (
                        format!("changed since {} by {}", pin.approved, pin.by),
                        changes,
                    )
                }
                (Some(pin), None) => {
                    let what = format!("gone; it was approved {} by {}", pin.approved, pin.by);
                    (what, Vec::new())
                }
                (None, _) => ("new: it was never approved".to_owned(), Vec::new()),
            };
            drift.push(Drift {
                name: name.clone(),
                what,
                changes,
            });
        }
        drift
    }
}

fn programs(
    pin: &Pin,
    now: &std::collections::BTreeMap<String, String>,
    changes: &mut Vec<String>,
) {
    for (path, digest) in now {
        if pin
            .programs
            .get(path)
            .is_some_and(|pinned| pinned != digest)
        {
            changes.push(format!(
                "the file of the program `{path}` has other content"
            ));
        }
        if !pin.programs.contains_key(path) {
            changes.push(format!("the program is now `{path}`"));
        }
    }
}

/// Tells each place where `now` differs from `before`; `at` is the way to it.
fn compare(at: &str, before: &Value, now: &Value, changes: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let at = match at {
                    "" => key.clone(),
                    at => format!("{at}.{key}"),
                };
                step(&at, old.get(key), new.get(key), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let at = format!("{at}[{index}]");
                step(&at, old.get(index), new.get(index), changes);
            }
        }
        _ if crate::base::canonical::canonical(before)
            != crate::base::canonical::canonical(now) =>
        {
            changes.push(format!("`{at}`: {} → {}", shown(before), shown(now)));
        }
        _ => {}
    }
}

fn step(at: &str, before: Option<&Value>, now: Option<&Value>, changes: &mut Vec<String>) {
    match (before, now) {
        (Some(before), Some(now)) => compare(at, before, now, changes),
        (Some(before), None) => changes.push(format!("`{at}`: {} was taken out", shown(before))),
        (None, Some(now)) => changes.push(format!("`{at}`: {} was added", shown(now))),
        (None, None) => {}
    }
}

/// A value of a definition, clipped, with what a terminal could stumble over escaped.
fn shown(value: &Value) -> String {
    match value {
        Value::String(string) => text::quote(string),
        other => text::clip(&other.to_string(), 120).to_owned(),
    }
}
