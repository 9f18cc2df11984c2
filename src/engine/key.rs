//! Which operation a call is for: the caller's own key, else arguments that the definition
//! names, else the content itself. Values in, values out.
//!
//! The JSON-RPC id never enters: it starts anew with each process and changes when a call is
//! repeated. Nor do time, process, or what the client says of itself.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    base::{
        canonical::canonical,
        limits::CALLER_KEY_BYTES_MAX,
        problem::{Code, Problem},
        text,
    },
    catalog::tool::{Idempotency, Run, Tool},
    guard::{
        authorize::AuthorizedCall,
        call::{CallerKey, Header},
    },
    ledger::operation::{KeySource, KnownThere, Operation},
};

/// The operation that the call is for; `None` where it may simply be run each time.
///
/// # Errors
/// `VALIDATION_FAILED` where the caller gave a key that is none.
pub(super) fn operation(
    header: &Header,
    tool: &Tool,
    effective: &Value,
) -> Result<Option<Box<Operation>>, Box<Problem>> {
    let given = match &header.caller_key {
        CallerKey::Absent => None,
        CallerKey::Given(key) => Some(usable(key)?),
        CallerKey::Malformed(why) => return Err(malformed(why)),
    };
    let (source, key) = match (given, declared(tool, effective)) {
        (Some(key), _) => (KeySource::Meta, Some(key.to_owned())),
        (None, Some(key)) => (KeySource::Argument, Some(key)),
        (None, None) if tool.is_run_once() => (KeySource::Content, None),
        (None, None) if tool.is_background || tool.steps().is_some() => {
            return Ok(Some(of_call(header, tool, effective)));
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(made(header, tool, effective, (source, key))))
}

/// The operation that a call is by itself, under its own name.
pub(super) fn of_call(header: &Header, tool: &Tool, effective: &Value) -> Box<Operation> {
    let key = (KeySource::Call, Some(header.call_id.to_string()));
    made(header, tool, effective, key)
}

fn made(
    header: &Header,
    tool: &Tool,
    effective: &Value,
    (source, key): (KeySource, Option<String>),
) -> Box<Operation> {
    let fingerprint = fingerprint(tool, effective);
    let mut hash = Tagged::new("op-key/1");
    hash.part(header.principal.as_str().as_bytes());
    hash.part(tool.name.as_str().as_bytes());
    hash.part(source.as_str().as_bytes());
    match key {
        Some(key) => hash.part(key.as_bytes()),
        None => hash.part(&fingerprint),
    }
    // Most calls are for none, and what is known of the others is large.
    Box::new(Operation {
        key: hash.digest(),
        source,
        fingerprint,
        retry_safe: tool.is_retry_safe(),
        window: tool.window(),
        joined: None,
        may_verify: tool.evidence().is_some(),
        known_there: known_there(tool),
    })
}

fn known_there(tool: &Tool) -> Option<KnownThere> {
    let within = match &tool.run {
        Run::Http(plan) => plan.known_for(tool.timeout),
        Run::Exec(_) | Run::Sql(_) | Run::Reply(_) | Run::Steps(_) | Run::Fetch => None,
    };
    within.map(|within| KnownThere {
        within,
        by: tool.digest,
    })
}

/// The operation of a call whose rules may refuse it.
pub(super) fn known_before_rules(
    call: &AuthorizedCall,
) -> Result<Option<Box<Operation>>, Box<Problem>> {
    if call.tool().rules.is_empty() {
        return Ok(None);
    }
    operation(call.header(), call.tool(), call.effective())
}

/// Whether only the delivery of the answer will tell a repetition from a second operation.
pub(super) fn is_unnamed(operation: Option<&Operation>) -> bool {
    operation.is_some_and(|operation| operation.source == KeySource::Content)
}

/// The same key in every spelling that two callers could mean differently is refused.
fn usable(key: &str) -> Result<&str, Box<Problem>> {
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible && (1..=CALLER_KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(key);
    }
    Err(malformed(&text::quote(key)))
}

fn malformed(given: &str) -> Box<Problem> {
    let message = format!(
        "an idempotency key is 1 to {CALLER_KEY_BYTES_MAX} visible ASCII characters without spaces, not {given}"
    );
    let problem = Problem::new(Code::ValidationFailed, message);
    Box::new(problem.suggest("give a UUID, or leave the key out"))
}

/// The key that stands in the arguments; `None` where the definition names none, or one of
/// them is not given: then nothing says that two calls are one.
fn declared(tool: &Tool, arguments: &Value) -> Option<String> {
    let Idempotency::Fields(pointers) = &tool.idempotency else {
        return None;
    };
    let mut key = String::new();
    for pointer in pointers {
        let value = arguments
            .pointer(pointer)
            .filter(|value| !value.is_null())?;
        let value = canonical(value);
        key.push_str(&value.len().to_string());
        key.push(':');
        key.push_str(&value);
    }
    Some(key)
}

/// Over the tool and its effective arguments, without those that are its key.
fn fingerprint(tool: &Tool, arguments: &Value) -> [u8; 32] {
    let mut hash = Tagged::new("op-fp/1");
    hash.part(tool.name.as_str().as_bytes());
    match &tool.idempotency {
        Idempotency::Fields(pointers) => {
            let mut rest = arguments.clone();
            for pointer in pointers {
                if let Some(value) = rest.pointer_mut(pointer) {
                    *value = Value::Null;
                }
            }
            hash.part(canonical(&rest).as_bytes());
        }
        Idempotency::Window(_) | Idempotency::Off => {
            hash.part(canonical(arguments).as_bytes());
        }
    }
    hash.digest()
}

/// A hash over parts, each with its length, under a name: nothing can be moved from one part
/// to the next.
struct Tagged(Sha256);

impl Tagged {
    fn new(tag: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.part(tag.as_bytes());
        hash
    }

    fn part(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::ManualClock;
    use crate::{
        guard::{authorize::authorize, normalize::normalize, resolve::resolve, validate::validate},
        testing,
    };
    use serde_json::json;

    const TOOLS: &str = r#"
name: pay
description: Pays.
inputSchema: {type: object, properties: {n: {type: integer, default: 1}, at: {type: string}}}
run: {reply: {text: ok}}
---
name: pay2
description: Pays.
inputSchema: {type: object, properties: {n: {type: integer}, at: {type: string}}}
idempotency: {key: /at}
run: {reply: {text: ok}}
---
name: pay3
description: Pays.
inputSchema: {type: object, properties: {n: {type: integer}, at: {type: string}, o: {type: object, properties: {p: {type: string}}}}}
idempotency: {fields: [/at, /o/p]}
run: {reply: {text: ok}}
---
name: remind
description: Sends.
inputSchema: {type: object}
idempotency: off
run: {reply: {text: ok}}
---
name: look
description: Reads.
effect: read
inputSchema: {type: object}
run: {reply: {text: ok}}
---
name: put
description: Puts.
idempotent: true
inputSchema: {type: object}
run: {reply: {text: ok}}
"#;

    fn told(
        tool: &str,
        arguments: Value,
        key: CallerKey,
    ) -> Result<Option<Box<Operation>>, Box<Problem>> {
        let clock = ManualClock::at_seconds(1);
        let call = testing::incoming_with(&clock, tool, arguments, key);
        let catalog = testing::catalog(TOOLS);
        let call = resolve(call, &catalog)
            .and_then(normalize)
            .and_then(validate)
            .and_then(authorize)
            .unwrap();
        operation(call.header(), call.tool(), call.effective())
    }

    fn some(tool: &str, arguments: Value, key: Option<&str>) -> Operation {
        let key = key.map_or(CallerKey::Absent, |key| CallerKey::Given(key.to_owned()));
        *told(tool, arguments, key).unwrap().unwrap()
    }

    #[track_caller]
    fn same(a: &Operation, b: &Operation, key: bool, fingerprint: bool) {
        assert_eq!(
            (a.key == b.key, a.fingerprint == b.fingerprint),
            (key, fingerprint)
        );
    }

    #[test]
    fn s4_v9_one_operation_in_any_spelling_of_its_arguments() {
        let first = some("pay", json!({"n": 1, "at": "x"}), Some("k"));
        for arguments in [
            json!({"at": "x", "n": 1}),
            json!({"at": "x"}),
            json!({"at": "x", "n": "1"}),
            json!({"at": "x", "n": 1.0}),
        ] {
            same(&first, &some("pay", arguments, Some("k")), true, true);
        }
        same(
            &first,
            &some("pay", json!({"at": "y"}), Some("k")),
            true,
            false,
        );
        same(
            &first,
            &some("pay", json!({"at": "x"}), Some("K")),
            false,
            true,
        );
        same(&first, &some("pay", json!({"at": "x"}), None), false, true);
    }

    #[test]
    fn s5_another_tool_is_another_operation() {
        let one = some("pay", json!({"at": "x"}), Some("k"));
        same(
            &one,
            &some("pay2", json!({"at": "x", "n": 1}), Some("k")),
            false,
            false,
        );
    }

    #[test]
    fn a_declared_key_counts_where_the_caller_gave_none_and_is_no_part_of_the_fingerprint() {
        let one = some("pay2", json!({"at": "x", "n": 1}), None);
        assert_eq!(one.source, KeySource::Argument);
        same(
            &one,
            &some("pay2", json!({"at": "y", "n": 1}), None),
            false,
            true,
        );
        same(
            &one,
            &some("pay2", json!({"at": "x", "n": 2}), None),
            true,
            false,
        );
        let without = some("pay2", json!({"n": 1}), None);
        assert_eq!(without.source, KeySource::Content);
        assert_eq!(
            some("pay2", json!({"at": "x"}), Some("k")).source,
            KeySource::Meta
        );

        let ab = some("pay3", json!({"at": "a", "o": {"p": "b"}}), None);
        same(
            &ab,
            &some("pay3", json!({"at": "ab", "o": {"p": ""}}), None),
            false,
            true,
        );
        assert_eq!(
            some("pay3", json!({"at": "a"}), None).source,
            KeySource::Content
        );
    }

    #[test]
    fn what_may_simply_be_run_again_has_an_operation_only_under_a_key() {
        for tool in ["remind", "look", "put"] {
            assert!(
                told(tool, json!({}), CallerKey::Absent).unwrap().is_none(),
                "{tool}"
            );
            assert_eq!(some(tool, json!({}), Some("k")).source, KeySource::Meta);
        }
        let safe = |tool| some(tool, json!({}), Some("k")).retry_safe;
        assert_eq!(
            [safe("look"), safe("put"), safe("remind")],
            [true, true, false]
        );
    }

    #[test]
    fn a_malformed_key_is_refused_and_not_ignored() {
        let longest = "k".repeat(CALLER_KEY_BYTES_MAX);
        assert!(told("pay", json!({}), CallerKey::Given(longest.clone())).is_ok());
        for key in ["", "a b", "é", "a\n", &format!("{longest}k")] {
            let problem = told("pay", json!({}), CallerKey::Given(key.to_owned())).unwrap_err();
            assert_eq!(problem.code, Code::ValidationFailed, "{key:?}");
        }
        let problem = told(
            "pay",
            json!({}),
            CallerKey::Malformed("a number".to_owned()),
        );
        assert!(problem.unwrap_err().message.ends_with("not a number"));
    }
}
