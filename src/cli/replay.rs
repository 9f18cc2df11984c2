//! What became of a recorded call beside what would become of it now. Values in, values out.

use serde_json::Value;

use crate::{
    base::json::push_pointer,
    catalog::ask::ASK,
    guard::{
        call::{ChangeKind, Refusal, Refused},
        clear::ClearedCall,
    },
    ledger::{log::CallRecord, record::Outcome},
};

/// The stages whose decision depends on nothing but the call and the definitions; what others
/// decided (no place, the state of the world, the backend) came after the guard's yes.
const GUARD: &[&str] = &[
    "params",
    "resolve",
    "normalize",
    "validate",
    "authorize",
    "rules",
    "prepare",
];

/// What the guard makes of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It may be run, with these arguments; `None` where the ledger does not say which.
    Admitted(Option<Value>),
    /// It is refused.
    Refused {
        /// The stage that refused.
        stage: String,
        /// The stable name; `None` for a JSON-RPC error.
        code: Option<String>,
        /// The operator's own name for it.
        reason: Option<String>,
    },
}

/// How two verdicts differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Difference {
    /// It was admitted and would be refused.
    NowRefused,
    /// It was refused and would be admitted.
    NowAdmitted,
    /// It was refused and would be, for another reason.
    OtherRefusal,
    /// It was admitted and would be, with other arguments: where, what was and what would be.
    OtherArguments(Vec<Leaf>),
}

/// One place where two values differ: its JSON pointer and what stands there in each.
pub(super) type Leaf = (String, Option<Value>, Option<Value>);

impl Difference {
    /// Every kind, in the order of the summary.
    pub(super) const WORDS: [&'static str; 4] = [
        "now refused",
        "now admitted",
        "refused for another reason",
        "run with other arguments",
    ];

    /// The word in the output.
    pub(super) fn as_str(&self) -> &'static str {
        let [refused, admitted, reason, arguments] = Self::WORDS;
        match self {
            Self::NowRefused => refused,
            Self::NowAdmitted => admitted,
            Self::OtherRefusal => reason,
            Self::OtherArguments(_) => arguments,
        }
    }
}

/// How `then` and `now` differ, if they do. Arguments that the ledger does not have are not
/// held against anything.
pub(super) fn compare(then: &Verdict, now: &Verdict) -> Option<Difference> {
    match (then, now) {
        (Verdict::Admitted(_), Verdict::Refused { .. }) => Some(Difference::NowRefused),
        (Verdict::Refused { .. }, Verdict::Admitted(_)) => Some(Difference::NowAdmitted),
        (Verdict::Refused { .. }, Verdict::Refused { .. }) => {
            (then != now).then_some(Difference::OtherRefusal)
        }
        (Verdict::Admitted(Some(then)), Verdict::Admitted(Some(now))) => {
            let mut leaves = Vec::new();
            differ(String::new(), Some(then), Some(now), &mut leaves);
            (!leaves.is_empty()).then_some(Difference::OtherArguments(leaves))
        }
        (Verdict::Admitted(_), Verdict::Admitted(_)) => None,
    }
}

/// Collects the smallest places where two values differ.
pub(super) fn differ(at: String, then: Option<&Value>, now: Option<&Value>, found: &mut Vec<Leaf>) {
    let (Some(Value::Object(before)), Some(Value::Object(after))) = (then, now) else {
        if then != now {
            found.push((at, then.cloned(), now.cloned()));
        }
        return;
    };
    let new = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(new) {
        let mut at = at.clone();
        push_pointer(&mut at, name);
        differ(at, before.get(name), after.get(name), found);
    }
}

/// What the ledger says the guard decided.
pub(super) fn recorded(call: &CallRecord) -> Verdict {
    let end = call.end.as_ref();
    let refused =
        end.filter(|end| end.outcome == Outcome::Refused && GUARD.contains(&end.stage.as_str()));
    let json = |text: &String| -> Option<Value> { serde_json::from_str(text).ok() };
    let Some(end) = refused else {
        let mut arguments = call.effective_arguments.as_ref().and_then(json);
        // What a person said came after the guard's yes.
        if let Some(Value::Object(arguments)) = &mut arguments
            && call
                .changes
                .as_ref()
                .and_then(json)
                .is_some_and(|changes| has_answers(&changes))
        {
            arguments.shift_remove(ASK);
        }
        return Verdict::Admitted(arguments);
    };
    let reply = end.reply.as_ref().and_then(json);
    let reason = reply
        .as_ref()
        .and_then(|reply| reply.pointer("/error/reason"));
    Verdict::Refused {
        stage: end.stage.clone(),
        code: end.code.clone(),
        reason: reason.and_then(Value::as_str).map(str::to_owned),
    }
}

fn has_answers(changes: &Value) -> bool {
    let answered = ChangeKind::Answered.as_str();
    let is_answer = |change: &Value| change.get("kind").and_then(Value::as_str) == Some(answered);
    changes
        .as_array()
        .is_some_and(|changes| changes.iter().any(is_answer))
}

/// What the guard decided just now.
pub(super) fn decided(verdict: &Result<ClearedCall, Box<Refused>>) -> Verdict {
    match verdict {
        Ok(cleared) => Verdict::Admitted(Some(cleared.effective().clone())),
        Err(refused) => {
            let (code, reason) = match &refused.refusal {
                Refusal::Protocol { .. } => (None, None),
                Refusal::Tool(problem) | Refusal::Incapable { problem, .. } => (
                    Some(problem.code.as_str().to_owned()),
                    problem.reason.clone(),
                ),
            };
            Verdict::Refused {
                stage: refused.stage.to_owned(),
                code,
                reason,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(code: &str) -> Verdict {
        Verdict::Refused {
            stage: "rules".into(),
            code: Some(code.into()),
            reason: None,
        }
    }

    fn admitted(arguments: Value) -> Verdict {
        Verdict::Admitted(Some(arguments))
    }

    #[track_caller]
    fn check(then: &Verdict, now: &Verdict, expected: Option<Difference>) {
        assert_eq!(compare(then, now), expected);
    }

    #[test]
    fn equal_verdicts_do_not_differ() {
        check(&refused("A"), &refused("A"), None);
        check(&admitted(json!({"a": 1})), &admitted(json!({"a": 1})), None);
        check(&Verdict::Admitted(None), &admitted(json!({"a": 1})), None);
    }

    #[test]
    fn each_change_of_mind_has_its_name() {
        let run = admitted(json!({}));
        check(&run, &refused("A"), Some(Difference::NowRefused));
        check(&refused("A"), &run, Some(Difference::NowAdmitted));
        check(&refused("A"), &refused("B"), Some(Difference::OtherRefusal));
    }

    #[test]
    fn arguments_differ_leaf_by_leaf() {
        let then = admitted(json!({"a": {"b": 1, "c": 2}, "d": [1]}));
        let now = admitted(json!({"a": {"b": 1, "c": 3}, "e~": null}));
        let leaves = vec![
            ("/a/c".to_owned(), Some(json!(2)), Some(json!(3))),
            ("/d".to_owned(), Some(json!([1])), None),
            ("/e~0".to_owned(), None, Some(json!(null))),
        ];
        check(&then, &now, Some(Difference::OtherArguments(leaves)));
    }
}
