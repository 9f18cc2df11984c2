//! Which of the operator's rules refused a call, from the answer that the ledger kept.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::OTHERS;

#[derive(Deserialize)]
struct Reply {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    reason: Option<String>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    constraint: String,
}

/// The codes of the rules that a call broke, each once, from `reply` to it; [`OTHERS`] where only
/// a part of the reply was kept.
pub(super) fn broken(reply: &str) -> BTreeSet<String> {
    let Ok(Reply { error }) = serde_json::from_str(reply) else {
        return BTreeSet::from([OTHERS.to_owned()]);
    };
    let details = error.details.into_iter().map(|detail| detail.constraint);
    // A rule that could not be evaluated has no details.
    details.chain(error.reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::problem::{Code, Detail, Problem};

    #[track_caller]
    fn check(reply: &str, expected: &[&str]) {
        let found: Vec<String> = broken(reply).into_iter().collect();
        assert_eq!(found, expected, "{reply}");
    }

    fn told(problem: &Problem) -> String {
        serde_json::json!({"error": problem}).to_string()
    }

    #[test]
    fn every_rule_that_a_call_broke_is_found_once() {
        let detail = |constraint: &str| Detail {
            at: "/a".to_owned(),
            constraint: constraint.to_owned(),
            limit: None,
            expected: "Less.".to_owned(),
            got: None,
        };
        let details = ["LATE", "MUCH", "LATE"].map(detail).to_vec();
        let violation = Problem {
            reason: Some("LATE".to_owned()),
            ..Problem::new(Code::RuleViolation, "Less.").with_details(details)
        };
        check(&told(&violation), &["LATE", "MUCH"]);
        let failed = Problem {
            reason: Some("OWN".to_owned()),
            ..Problem::new(Code::RuleError, "no")
        };
        check(&told(&failed), &["OWN"]);
        check(r#"{"error":{"code":"RULE_VIOL"#, &[OTHERS]);
    }
}
