//! An eager agent: hundreds of calls at once, and a tool that counts how many run with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};

use crate::life_harness::{Home, problem};

const CALLS: usize = 500;
/// What a tool has unless its definition says otherwise.
const CONCURRENT: usize = 4;

#[test]
fn x28_of_a_burst_never_more_run_than_the_cap_and_each_call_is_answered_once() {
    let home = Home::new();
    let folder = home.path("overlap");
    fs::create_dir(&folder).unwrap();
    home.fake(
        "overlap",
        &["overlap", folder.to_str().unwrap()],
        json!({}),
        json!({}),
    );
    home.reply("echo");
    let mut server = home.serve(&["--no-watch", "--workers", "8"]);
    server.initialize();
    let calls: String = (0..CALLS)
        .map(|id| {
            let params = json!({"name": "overlap", "arguments": {}});
            json!({"jsonrpc": "2.0", "id": format!("c{id}"), "method": "tools/call", "params": params})
                .to_string()
                + "\n"
        })
        .collect();
    server.send_raw(&calls);
    // What needs no worker does not wait behind those that do.
    let quick = server.call("echo", json!({"text": "x"}));
    let mut before_quick = 0;
    let mut answers: Vec<Value> = Vec::new();
    while answers.len() < CALLS + 1 {
        let answer = server.next().expect("the server has ended");
        if answer["id"] == quick {
            before_quick = answers
                .iter()
                .filter(|answer| answer["result"]["isError"] != true)
                .count();
        }
        answers.push(answer);
    }
    answers.retain(|answer| answer["id"] != quick);
    let ids: BTreeSet<&str> = answers
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert_eq!((answers.len(), ids.len()), (CALLS, CALLS));
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for answer in &answers {
        let code = problem(answer)["code"].as_str().unwrap_or("ran");
        *outcomes.entry(code).or_default() += 1;
        if code == "OVERLOADED" {
            let after = problem(answer)["retry"]["after_ms"].as_u64().unwrap();
            assert!((100..=30_000).contains(&after), "{answer}");
            assert_eq!(problem(answer)["effects"], "none");
        }
    }
    let seen = fs::read_to_string(folder.join("seen")).unwrap();
    let seen: Vec<usize> = seen.lines().map(|line| line.parse().unwrap()).collect();
    let (ran, most) = (outcomes["ran"], seen.iter().copied().max().unwrap());
    println!("burst {CALLS} calls, {ran} ran, at most {most} together, outcomes {outcomes:?}");
    assert_eq!(seen.len(), ran);
    assert!((2..=CONCURRENT).contains(&most), "{most} ran together");
    assert!(ran >= 20, "{outcomes:?}");
    assert_eq!(
        ran + outcomes.get("OVERLOADED").copied().unwrap_or(0),
        CALLS
    );
    assert!(before_quick < ran, "the quick call came after all others");
    assert_eq!(server.finish(), (0, Vec::new()));
    assert_eq!(home.log().len(), CALLS + 1);
}
