//! Calls of every kind that is worth a line of its own, and a ledger where something waits.

use super::{
    super::{Stats, UNKNOWN_TOOLS, json::json},
    fact, text, three,
};
use crate::{
    base::{
        amount::Amount,
        quota::{Period, Scope},
    },
    ledger::{
        log::CallFact,
        record::Outcome,
        sqlite::{
            health::Health,
            restraint::{Account, BreakerView, BudgetView},
        },
    },
};

/// A repetition, a call that needed three attempts, one that two rules refused, a loop, one whose
/// effects nobody knows, and three of tools that do not exist.
pub(super) fn eventful() -> Stats {
    let mut stats = three();
    let usual = fact("a", 0, Outcome::Succeeded);
    let refused = fact("a", 0, Outcome::Refused);
    let reply =
        r#"{"error":{"reason":"LATE","details":[{"constraint":"LATE"},{"constraint":"MUCH"}]}}"#;
    for fact in [
        CallFact {
            stage: Some("replay"),
            is_altered: true,
            ..usual
        },
        CallFact {
            attempts: Some(3),
            ..usual
        },
        CallFact {
            stage: Some("rules"),
            code: Some("RULE_VIOLATION"),
            by_rule: Some(reply),
            ..refused
        },
        CallFact {
            stage: Some("loop_guard"),
            code: Some("RETRY_LOOP"),
            ..refused
        },
        CallFact {
            outcome: Some(Outcome::Unknown),
            effects: Some("unknown"),
            ..fact("b", 0, Outcome::Unknown)
        },
    ] {
        stats.add(fact);
    }
    for name in ["serach", "searhc", "\u{1b}[2J"] {
        stats.add(CallFact {
            stage: Some("resolve"),
            code: None,
            is_tool_known: false,
            ..fact(name, 0, Outcome::Refused)
        });
    }
    stats
}

pub(super) fn restrained() -> Health {
    let amount = |text: &str| Amount::parse(text).unwrap();
    let account = Account {
        spent: amount("9.5"),
        ..Account::default()
    };
    Health {
        unknown: 2,
        breakers: vec![BreakerView {
            backend: "shop".to_owned(),
            phase: "open",
            remaining: Some(std::time::Duration::from_secs(7)),
            openings: 1,
            failures: (5, 20),
        }],
        budgets: vec![BudgetView::of(
            Scope::default(),
            Period::Total,
            account,
            amount("10"),
        )],
        ..Health::default()
    }
}

#[test]
fn everything_that_matters_is_told_to_a_person() {
    let told = text(&eventful(), &restrained());
    for line in [
        "6 attempts, 2 of them retries in 1 call",
        "1 repeated and answered from the ledger",
        "1 stopped as a loop",
        "1 run with a value put into its form",
        "1 ended with effects unknown",
        "2 operations whose outcome is unknown, 0 that need attention; `tollgate ops list` shows them",
        "(unknown tools)      3   0        3      0        -       -       -       -        -",
        "INVALID_PARAMS     (unknown tools)  resolve         3",
        "rule  tool  refused",
        "LATE  a           1",
        "MUCH  a           1",
        "everything in all  ",
        "shop     open     5 of 20       7 s",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    // Whatever is no tool stands behind what is one.
    let at = |line: &str| told.find(line).unwrap();
    assert!(at("\nb  ") < at("\n(unknown tools)") && at("\n(unknown tools)") < at("\nall  "));
    assert!(!told.contains('\u{1b}'));
}

#[test]
fn a_program_gets_rates_by_tool_and_code_over_time() {
    let told = json(&eventful());
    let a = &told["tools"]["a"];
    assert_eq!(
        (&a["attempts"], &a["retries"], &a["retried_calls"]),
        (&4.into(), &2.into(), &1.into())
    );
    let begins = "1970-01-01T00:00:00.000Z";
    assert_eq!(a["timeline"][0]["begins"], begins);
    assert_eq!(a["timeline"][0]["success_percent"], 100);
    let b = &told["tools"]["b"]["timeline"];
    assert_eq!(
        (&b[1]["failed"], &b[1]["begins"]),
        (&1.into(), &"1970-01-01T00:02:00.000Z".into())
    );
    let unknown = &told["problems"][0];
    assert_eq!(
        (&unknown["code"], &unknown["tool"]),
        (&"INVALID_PARAMS".into(), &UNKNOWN_TOOLS.into())
    );
    assert_eq!(
        (
            &unknown["timeline"][0]["calls"],
            &unknown["timeline"][0]["begins"]
        ),
        (&3.into(), &begins.into())
    );
    assert_eq!(
        (&told["rules"][0]["rule"], &told["rules"][0]["calls"]),
        (&"LATE".into(), &1.into())
    );
    assert_eq!((&told["loops"], &told["replays"]), (&1.into(), &1.into()));
}

#[test]
fn what_was_not_begun_was_not_tried() {
    for (outcome, stage, attempts) in [
        (Outcome::Succeeded, "exec", 1),
        (Outcome::Succeeded, "replay", 0),
        (Outcome::Refused, "rate", 0),
        (Outcome::Asked, "ask", 0),
        (Outcome::Cancelled, "queue", 0),
        (Outcome::Cancelled, "exec", 1),
    ] {
        let mut stats = Stats::default();
        stats.add(CallFact {
            stage: Some(stage),
            ..fact("a", 0, outcome)
        });
        assert_eq!(stats.all.tries.attempts, attempts, "{outcome:?} {stage}");
    }
}
