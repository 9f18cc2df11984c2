//! Wrong calls, and what a fixer makes of them that reads nothing but the error: through the
//! program itself, one step each. `.ci/figures recoverability` prints the table.

mod fixer;

use std::{collections::BTreeMap, fmt::Write as _, fs};

use serde_json::{Value, json};

use crate::{
    harness::{Gate, modern},
    root,
};

/// One wrong call, as in `calls.ndjson`: with `never`, the reason why no error could repair it;
/// with `means`, the only arguments that count as repaired; else any that pass.
struct Case {
    category: String,
    call: Call,
    means: Option<Call>,
    never: bool,
}

/// A tool and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) tool: String,
    pub(crate) arguments: Value,
}

impl Case {
    fn read(line: &str) -> Self {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| case[name].as_str().map(str::to_owned);
        let call = Call {
            tool: text("tool").unwrap(),
            arguments: case["arguments"].clone(),
        };
        let means = case.get("means").map(|means| Call {
            tool: text("means_tool").unwrap_or_else(|| call.tool.clone()),
            arguments: means.clone(),
        });
        let never = text("never");
        assert!(
            never
                .as_ref()
                .is_none_or(|reason| reason.len() > 10 && means.is_none()),
            "{line}"
        );
        Self {
            category: text("category").unwrap(),
            call,
            means,
            never: never.is_some(),
        }
    }
}

fn data(name: &str) -> String {
    fs::read_to_string(root().join("tests/data/recoverability").join(name)).unwrap()
}

/// Refusals of so many wrong calls at once are told whole.
const CALLS_AT_ONCE: usize = 100;

/// The answers to all calls, in order, from a few runs of the program.
fn answers(gate: &Gate, calls: &[Option<Call>]) -> Vec<Value> {
    let mut answers = vec![Value::Null; calls.len()];
    let all: Vec<_> = calls.iter().enumerate().collect();
    for some in all.chunks(CALLS_AT_ONCE) {
        let mut input = String::new();
        for (id, call) in some {
            if let Some(call) = call {
                let params = json!({"name": call.tool, "arguments": call.arguments});
                writeln!(input, "{}", modern(&json!(id), "tools/call", params)).unwrap();
            }
        }
        let told = gate.converse(input);
        assert_eq!(told.status, Some(0), "{}", told.stderr);
        for answer in told.values() {
            let id = usize::try_from(answer["id"].as_u64().unwrap()).unwrap();
            answers[id] = answer;
        }
    }
    answers
}

fn passed(answer: &Value) -> bool {
    answer["result"]["content"].is_array() && answer["result"]["isError"] != true
}

#[derive(Default)]
struct Score {
    wrong: u32,
    repairable: u32,
    repaired: u32,
}

#[test]
fn a_fixer_that_reads_only_the_error_repairs_nine_of_ten() {
    let cases: Vec<Case> = data("calls.ndjson").lines().map(Case::read).collect();
    let gate = Gate::new(&data("tools.yaml")).with(&["--log-level", "error"]);
    let wrong: Vec<_> = cases.iter().map(|case| Some(case.call.clone())).collect();
    let errors = answers(&gate, &wrong);
    let repaired: Vec<Option<Call>> = cases
        .iter()
        .zip(&errors)
        .map(|(case, error)| {
            assert!(!passed(error), "not wrong: {:?}", case.call);
            fixer::fix(&case.call, error)
        })
        .collect();
    let second = answers(&gate, &repaired);
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut failed = Vec::new();
    for ((case, repaired), (error, answer)) in
        cases.iter().zip(&repaired).zip(errors.iter().zip(&second))
    {
        let score = scores.entry(&case.category).or_default();
        score.wrong += 1;
        score.repairable += u32::from(!case.never);
        let meant = case.means.is_none() || case.means == *repaired;
        if !case.never && passed(answer) && meant {
            score.repaired += 1;
        } else if !case.never {
            let told = error["result"]["_meta"]["tollgate/error"].to_string();
            let why = answer["result"]["_meta"]["tollgate/error"].to_string();
            failed.push(format!(
                "{:?}\n  error {told}\n  fixed {repaired:?}\n  then {why}",
                case.call
            ));
        }
    }
    let tools = cases
        .iter()
        .map(|case| &case.call.tool)
        .collect::<std::collections::BTreeSet<_>>();
    let mut all = Score::default();
    println!(
        "{:<10} {:>6} {:>11} {:>9} {:>7}",
        "category", "wrong", "repairable", "repaired", "rate"
    );
    let row = |name: &str, score: &Score| {
        let rate = 100.0 * f64::from(score.repaired) / f64::from(score.repairable.max(1));
        println!(
            "{name:<10} {:>6} {:>11} {:>9} {rate:>6.1}%",
            score.wrong, score.repairable, score.repaired
        );
    };
    for (name, score) in &scores {
        row(name, score);
        all.wrong += score.wrong;
        all.repairable += score.repairable;
        all.repaired += score.repaired;
    }
    row("all", &all);
    assert!(all.wrong >= 150 && tools.len() >= 12, "{} calls", all.wrong);
    // What cannot be repaired must stay the smaller part, or the rate says nothing.
    assert!(
        all.repairable * 4 >= all.wrong * 3,
        "{} of {}",
        all.repairable,
        all.wrong
    );
    assert!(
        all.repaired * 10 >= all.repairable * 9,
        "{}",
        failed.join("\n")
    );
    println!("not repaired:\n{}", failed.join("\n"));
}
