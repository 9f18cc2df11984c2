//! The operator's own rules: all that are violated are told together, and one that cannot be
//! evaluated refuses the call.

use serde_json::Value;

use crate::{
    base::{
        clock::Timestamp,
        json::push_pointer,
        limits::VIOLATIONS_MAX,
        problem::{Code, Detail, Problem},
        text,
    },
    catalog::rule::{Bindings, Expression, Rule, RuleError},
};

/// The facts that rules judge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The effective arguments.
    pub(crate) args: &'a Value,
    /// See `catalog::principal::Client`.
    pub(crate) client: &'a Value,
    /// The tool's name.
    pub(crate) tool: &'a str,
    /// What the rules take for the time.
    pub(crate) now: Timestamp,
    /// What was looked up, for the rule of a check.
    pub(crate) result: Option<&'a Value>,
    /// JSON pointers of the arguments whose values are never repeated.
    pub(crate) secrets: &'a [String],
}

impl<'a> Facts<'a> {
    fn bindings<'e>(&self, of: impl IntoIterator<Item = &'e Expression>) -> Bindings<'a> {
        let bindings = Bindings::new(of, self.args, self.client, self.tool, self.now);
        match self.result {
            Some(result) => bindings.with_result(result),
            None => bindings,
        }
    }
}

/// A call that the rules refuse.
#[derive(Debug)]
pub(crate) struct RuleRefusal {
    /// How the caller is told.
    pub(crate) problem: Problem,
    /// For the operator's log only: each rule that could not be evaluated, and why.
    pub(crate) log: Vec<String>,
}

/// Checks every rule. Same facts, same answer, but for the limit on time.
///
/// # Errors
/// `RULE_VIOLATION` where a rule is not met: the caller can repair that, so it is told even if
/// another rule failed. `RULE_ERROR` where none is violated and one cannot be evaluated.
pub(crate) fn check(rules: &[Rule], facts: Facts<'_>) -> Result<(), Box<RuleRefusal>> {
    if rules.is_empty() {
        return Ok(());
    }
    let bindings = facts.bindings(rules.iter().map(|rule| &rule.require));
    let mut violated = Vec::new();
    let mut failed = Vec::new();
    for rule in rules {
        match rule.require.evaluate(&bindings) {
            Ok(true) => {}
            Ok(false) => violated.push(rule),
            Err(error) => failed.push((rule, error)),
        }
    }
    let log: Vec<String> = failed
        .iter()
        .map(|(rule, error)| told(rule, error))
        .collect();
    let problem = match (violated.as_slice(), failed.first()) {
        ([], None) => return Ok(()),
        ([first, ..], _) => violation(first, &violated, facts),
        ([], Some((rule, _))) => Problem {
            reason: Some(rule.code.clone()),
            ..Problem::new(
                Code::RuleError,
                format!("the rule `{}` could not be evaluated", rule.code),
            )
        },
    };
    Err(Box::new(RuleRefusal { problem, log }))
}

fn told(rule: &Rule, error: &RuleError) -> String {
    format!("rule `{}`: {error}", rule.code)
}

/// Whether every expression of `allow` is true. An empty list allows; what cannot be evaluated
/// forbids, and is told in `log` for the operator.
///
/// # Errors
/// `FORBIDDEN`, in words that say nothing about what exists.
pub(crate) fn allowed(allow: &[Expression], facts: Facts<'_>) -> Result<(), Box<RuleRefusal>> {
    if allow.is_empty() {
        return Ok(());
    }
    let bindings = facts.bindings(allow);
    let mut log = Vec::new();
    let mut refused = false;
    for (index, expression) in allow.iter().enumerate() {
        match expression.evaluate(&bindings) {
            Ok(true) => {}
            Ok(false) => refused = true,
            Err(error) => {
                refused = true;
                log.push(format!("`allow` entry {}: {error}", index + 1));
            }
        }
    }
    if !refused {
        return Ok(());
    }
    Err(Box::new(RuleRefusal {
        problem: forbidden(facts.tool),
        log,
    }))
}

/// The one refusal of a principal: it does not tell what is missing, nor what exists.
pub(super) fn forbidden(tool: &str) -> Problem {
    let message = format!("this call of `{tool}` is not permitted");
    Problem::new(Code::Forbidden, message)
}

fn violation(first: &Rule, violated: &[&Rule], facts: Facts<'_>) -> Problem {
    let messages: Vec<&str> = violated.iter().map(|rule| rule.message.as_str()).collect();
    let mut problem = Problem {
        reason: Some(first.code.clone()),
        ..Problem::new(Code::RuleViolation, messages.join(" "))
    };
    for rule in violated {
        for suggestion in &rule.suggest {
            if !problem.suggestions.contains(suggestion) {
                problem.suggestions.push(suggestion.clone());
            }
        }
    }
    let details = violated.iter().flat_map(|rule| details(rule, facts));
    problem.with_details(details.take(VIOLATIONS_MAX).collect())
}

/// The fields that the rule reads. A rule that reads none is told at the arguments as a whole.
fn details(rule: &Rule, facts: Facts<'_>) -> Vec<Detail> {
    let detail = |at: String, got: Option<String>| Detail {
        at,
        constraint: rule.code.clone(),
        limit: None,
        expected: rule.message.clone(),
        got,
    };
    if rule.require.reads().is_empty() {
        return vec![detail(String::new(), None)];
    }
    let told = rule.require.reads().iter().map(|path| {
        let mut at = String::new();
        path.iter().for_each(|name| push_pointer(&mut at, name));
        let value = facts
            .args
            .pointer(&at)
            .filter(|_| !secret(&at, facts.secrets));
        detail(at, value.map(shown))
    });
    told.collect()
}

/// Whether the value at `at` is a secret, is part of one, or holds one.
fn secret(at: &str, secrets: &[String]) -> bool {
    let inside = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    secrets
        .iter()
        .any(|secret| inside(at, secret) || inside(secret, at))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text::quote(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => text::count(items.len(), "item"),
        Value::Object(members) => text::count(members.len(), "member"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::problem::{Advice, Effects},
        catalog::rule::Scope,
    };
    use serde_json::json;
    use std::sync::LazyLock;

    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        json!({"type": "object", "properties": {
            "start": {"type": "string"},
            "end": {"type": "string"},
            "action": {"enum": ["read", "delete"]},
            "confirmation": {"type": "boolean"},
            "org": {"type": "string"},
            "auth": {"type": "object"},
            "ids": {"type": "array"},
        }})
    });

    fn scope() -> Scope<'static> {
        Scope::new(&SCHEMA)
    }

    fn rule(require: &str, code: &str, message: &str, suggest: &[&str]) -> Rule {
        Rule {
            require: Expression::compile(require, &scope()).expect(require),
            code: code.to_owned(),
            message: message.to_owned(),
            suggest: suggest.iter().map(|&text| text.to_owned()).collect(),
            correct: None,
        }
    }

    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "!has(args.start) || args.start < args.end",
                "INVALID_DATE_RANGE",
                "The start must be before the end.",
                &["Swap start and end"],
            ),
            rule(
                "!(has(args.action) && args.action == 'delete') || args.?confirmation.orValue(false)",
                "CONFIRM_DELETE",
                "Deleting needs a confirmation.",
                &["Set confirmation to true"],
            ),
        ]
    }

    fn facts<'a>(args: &'a Value, client: &'a Value, secrets: &'a [String]) -> Facts<'a> {
        Facts {
            args,
            client,
            tool: "t",
            now: Timestamp::from_micros(0),
            result: None,
            secrets,
        }
    }

    fn detail(at: &str, code: &str, expected: &str, got: Option<&str>) -> Detail {
        Detail {
            at: at.to_owned(),
            constraint: code.to_owned(),
            limit: None,
            expected: expected.to_owned(),
            got: got.map(str::to_owned),
        }
    }

    #[track_caller]
    fn refusal(rules: &[Rule], args: &Value, secrets: &[&str]) -> RuleRefusal {
        let secrets: Vec<String> = secrets.iter().map(|&at| at.to_owned()).collect();
        *check(rules, facts(args, &json!({}), &secrets)).expect_err("a refusal")
    }

    #[test]
    fn v10_a_violated_rule_names_its_fields_and_the_way_out() {
        let args = json!({"start": "2024-03-15", "end": "2024-03-01"});
        let told = "The start must be before the end.";
        let found = refusal(&rules(), &args, &["/end"]);
        let expected = Problem {
            reason: Some("INVALID_DATE_RANGE".to_owned()),
            ..Problem::new(Code::RuleViolation, told)
        }
        .suggest("Swap start and end")
        .with_details(vec![
            detail("/end", "INVALID_DATE_RANGE", told, None),
            detail("/start", "INVALID_DATE_RANGE", told, Some("\"2024-03-15\"")),
        ]);
        assert_eq!(found.problem, expected);
        assert_eq!(
            (found.problem.effects, found.problem.advice),
            (Effects::None, Advice::ChangedArgs)
        );
        assert_eq!(found.log, Vec::<String>::new());
    }

    #[test]
    fn v11_deleting_without_confirmation_suggests_the_field() {
        let found = refusal(&rules(), &json!({"action": "delete"}), &[]).problem;
        assert_eq!(found.reason.as_deref(), Some("CONFIRM_DELETE"));
        assert_eq!(found.suggestions, ["Set confirmation to true"]);
        let args = json!({"action": "delete", "confirmation": true});
        assert!(check(&rules(), facts(&args, &json!({}), &[])).is_ok());
    }

    #[test]
    fn every_violated_rule_is_told_at_once() {
        let args = json!({"start": "b", "end": "a", "action": "delete"});
        let found = refusal(&rules(), &args, &[]).problem;
        assert_eq!(
            found.message,
            "The start must be before the end. Deleting needs a confirmation."
        );
        let told: Vec<_> = found
            .details
            .iter()
            .map(|detail| (detail.at.as_str(), detail.constraint.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("/end", "INVALID_DATE_RANGE"),
                ("/start", "INVALID_DATE_RANGE"),
                ("/action", "CONFIRM_DELETE"),
                ("/confirmation", "CONFIRM_DELETE"),
            ]
        );
    }

    #[test]
    fn v12_a_rule_that_fails_refuses_without_its_source_or_the_engines_words() {
        let broken = [rule("args.org == 'acme'", "OWN_ORG", "Wrong org.", &[])];
        let found = refusal(&broken, &json!({}), &[]);
        let expected = Problem {
            reason: Some("OWN_ORG".to_owned()),
            ..Problem::new(Code::RuleError, "the rule `OWN_ORG` could not be evaluated")
        };
        assert_eq!(found.problem, expected);
        assert_eq!(found.problem.advice, Advice::AskOperator);
        assert_eq!(found.log, ["rule `OWN_ORG`: there is no member \"org\""]);
    }

    #[test]
    fn a_violation_is_told_even_if_another_rule_fails() {
        let mixed = [
            rule("args.org == 'acme'", "OWN_ORG", "Wrong org.", &[]),
            rule("args.ids.size() > 3", "FEW", "More ids.", &[]),
        ];
        let found = refusal(&mixed, &json!({"ids": [1]}), &[]);
        assert_eq!(found.problem.code, Code::RuleViolation);
        assert_eq!(
            found.problem.details,
            [detail("/ids", "FEW", "More ids.", Some("1 item"))]
        );
        assert_eq!(found.log.len(), 1);
    }

    #[test]
    fn a_value_that_holds_or_is_inside_a_secret_is_not_repeated() {
        let check = |at: &str, secrets: &str, expected: bool| {
            assert_eq!(
                secret(at, &[secrets.to_owned()]),
                expected,
                "{at} {secrets}"
            );
        };
        check("/a", "/a", true);
        check("/a/b", "/a", true);
        check("/a", "/a/b", true);
        check("/ab", "/a", false);
        check("/a", "/b", false);
    }

    #[test]
    fn v31_a_forbidden_value_is_refused_without_saying_what_exists() {
        let scope = scope();
        let allow = [
            Expression::compile("args.org == client.attributes.org", &scope).expect("valid"),
            Expression::compile("'billing' in client.roles", &scope).expect("valid"),
        ];
        let client = json!({"id": "a", "roles": ["billing"], "attributes": {"org": "acme"}});
        let judge = |args: Value, client: &Value| {
            allowed(&allow, facts(&args, client, &[]))
                .map_err(|refusal| (Box::new(refusal.problem), refusal.log.len()))
        };
        let problem = Problem::new(Code::Forbidden, "this call of `t` is not permitted");
        let forbidden = Box::new(problem);
        assert_eq!(judge(json!({"org": "acme"}), &client), Ok(()));
        assert_eq!(
            judge(json!({"org": "other"}), &client),
            Err((forbidden.clone(), 0))
        );
        let unknown = json!({"id": "a", "roles": [], "attributes": {}});
        assert_eq!(judge(json!({"org": "acme"}), &unknown), Err((forbidden, 1)));
    }
}
