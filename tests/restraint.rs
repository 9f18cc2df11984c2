//! What restrains calls, on the program itself: several processes on one ledger allow together
//! what one may.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, outcome, problem};

/// Calls and gives the code of the problem, `""` for success.
fn code(server: &mut Server, tool: &str, arguments: Value) -> String {
    let id = server.call(tool, arguments);
    let answer = server.answer(id);
    problem(&answer)["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What a command prints as JSON, and its status.
fn told(home: &Home, args: &[&str]) -> (Value, Option<i32>) {
    let assert = home.run(args);
    let output = assert.get_output();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (serde_json::from_str(&text).unwrap(), output.status.code())
}

fn limited(home: &Home, limits: Value) {
    let definition = json!({
        "name": "hello", "description": "Says hello.", "effect": "read",
        "inputSchema": {"type": "object", "additionalProperties": false},
        "run": {"reply": {"text": "hello"}}, "limits": limits,
    });
    home.define("hello.json", &definition.to_string());
}

#[test]
fn s30_a_rate_is_shared_by_three_processes_and_survives_their_restart() {
    let home = Home::new();
    limited(&home, json!({"rate": "10/day"}));
    let mut codes = Vec::new();
    for _round in 0..2 {
        let mut servers = [home.serving(), home.serving(), home.serving()];
        for turn in 0..9 {
            codes.push(code(&mut servers[turn % 3], "hello", json!({})));
        }
        for server in servers {
            assert_eq!(server.finish().0, 0);
        }
    }
    let granted = codes.iter().filter(|code| code.is_empty()).count();
    let refused = codes.iter().filter(|code| *code == "RATE_LIMITED").count();
    assert_eq!((granted, refused), (10, 8), "{codes:?}");
}

#[test]
fn what_the_configuration_says_holds_for_every_tool() {
    let home = Home::new();
    home.reply("one");
    home.reply("two");
    let config = "limits: {rate: 2/day, total: {rate: 3/day}}\nbudgets: [{tool: paid, day: 0.5}]";
    fs::write(home.path("tollgate.yaml"), config).unwrap();
    let cost = json!({"limits": {"cost": 0.3, "rate": "9/day"}});
    home.exec("paid", "read", &["true"], json!({}), cost);
    let mut server = home.serving();
    let text = || json!({"text": "x"});
    let calls = [
        ("one", text()),
        ("one", text()),
        ("one", text()),
        ("paid", json!({})),
    ];
    let codes = calls.map(|(tool, arguments)| code(&mut server, tool, arguments));
    assert_eq!(codes, ["", "", "RATE_LIMITED", ""], "of one tool");
    assert_eq!(
        code(&mut server, "two", text()),
        "RATE_LIMITED",
        "of all tools"
    );
    let (list, _) = told(&home, &["budget", "list", "--json"]);
    let budget = &list["budgets"][0];
    assert_eq!(
        (&budget["tool"], &budget["spent"]),
        (&json!("paid"), &json!(0.3))
    );
}

#[test]
fn s31_of_eight_calls_of_two_processes_exactly_three_fit_into_the_budget() {
    let home = Home::new();
    let pipe = home.text("pipe-{text}");
    let limits = json!({"limits": {"cost": 0.30}});
    home.exec("work", "read", &["cat", &pipe], json!({}), limits);
    home.run(&["budget", "set", "1.00", "day", "--tool", "work"])
        .success();
    let mut servers = [home.serving(), home.serving()];
    let mut running = Vec::new();
    for turn in 0..8 {
        let (which, name) = (turn % 2, turn.to_string());
        let arguments = json!({"text": name});
        if turn < 3 {
            let pipe = home.pipe(&name);
            let id = servers[which].call("work", arguments);
            running.push((which, id, pipe.reached()));
        } else {
            assert_eq!(
                code(&mut servers[which], "work", arguments),
                "BUDGET_EXCEEDED"
            );
        }
    }
    let (list, _) = told(&home, &["budget", "list", "--json"]);
    assert_eq!(list["budgets"][0]["reserved"], json!(0.9), "{list}");
    for (which, id, pipe) in running {
        drop(pipe);
        assert_eq!(problem(&servers[which].answer(id)), &Value::Null);
    }
    let (list, _) = told(&home, &["budget", "list", "--json"]);
    let budget = &list["budgets"][0];
    assert_eq!(budget["spent"], json!(0.9), "{list}");
    assert_eq!(
        (&budget["reserved"], &budget["limit"]),
        (&json!(0), &json!(1))
    );
    let (status, code) = told(&home, &["status", "--json"]);
    assert_eq!((&status["status"], code), (&json!("attention"), Some(3)));
    home.run(&["budget", "reset", "day", "--tool", "work"])
        .success();
    assert_eq!(told(&home, &["status", "--json"]).1, Some(0));
}

/// A tool whose program is gone after `server` has loaded it, so that it cannot be started.
fn vanishing(home: &Home) -> impl Fn() + use<> {
    let program = home.path("program");
    fs::write(&program, "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    home.exec(
        "shop",
        "read",
        &[program.to_str().unwrap()],
        json!({}),
        json!({}),
    );
    move || fs::remove_file(&program).unwrap()
}

#[test]
fn x24_o10_a_backend_that_fails_is_left_alone_by_every_process_until_somebody_says_otherwise() {
    let home = Home::new();
    let vanish = vanishing(&home);
    let mut servers = [home.serving(), home.serving()];
    for server in &mut servers {
        // The list waits until the definitions are read.
        let id = server.request("tools/list", json!({}));
        server.answer(id);
    }
    vanish();
    let codes: Vec<String> = (0..7)
        .map(|turn| code(&mut servers[turn % 2], "shop", json!({})))
        .collect();
    let expected = [&["BACKEND_UNAVAILABLE"; 5][..], &["CIRCUIT_OPEN"; 2]].concat();
    assert_eq!(codes, expected);

    let (list, _) = told(&home, &["breaker", "list", "--json"]);
    let breaker = &list["breakers"][0];
    assert_eq!(
        (&breaker["backend"], &breaker["state"]),
        (&json!("shop"), &json!("open"))
    );
    let (status, end) = told(&home, &["status", "--json"]);
    assert_eq!(
        (&status["breakers"][0]["backend"], end),
        (&json!("shop"), Some(3))
    );

    home.run(&["breaker", "reset", "shop"]).success();
    assert_eq!(
        code(&mut servers[0], "shop", json!({})),
        "BACKEND_UNAVAILABLE"
    );
    home.run(&["breaker", "trip", "shop"]).success();
    let id = servers[1].call("shop", json!({}));
    let answer = servers[1].answer(id);
    assert_eq!(problem(&answer)["code"], "CIRCUIT_OPEN");
    assert_eq!(problem(&answer)["retry"], json!({"advice": "ask_operator"}));

    let orders: Vec<Value> = home
        .log()
        .into_iter()
        .filter(|row| {
            row["principal"]
                .as_str()
                .is_some_and(|name| name.starts_with("operator:"))
        })
        .map(|row| row["tool"].clone())
        .collect();
    assert_eq!(orders, ["tollgate breaker reset", "tollgate breaker trip"]);
    home.run(&["audit", "verify"]).success();
}

#[test]
fn s33_a_date_that_is_varied_is_told_at_the_third_stopped_at_the_fifth_and_a_valid_one_passes() {
    let home = Home::new();
    let definition = json!({
        "name": "book", "description": "Books a room.", "effect": "read",
        "inputSchema": {
            "type": "object", "additionalProperties": false, "required": ["date"],
            "properties": {"date": {"type": "string", "pattern": "^2027-"}},
        },
        "run": {"reply": {"text": "{date}"}},
    });
    home.define("book.json", &definition.to_string());
    let mut servers = [home.serving(), home.serving()];
    let mut answers = Vec::new();
    for day in 1..=5 {
        let server = &mut servers[day % 2];
        let id = server.call("book", json!({"date": format!("2026-01-0{day}")}));
        answers.push(problem(&server.answer(id)).clone());
    }
    let codes: Vec<&str> = answers
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    let expected = [&["VALIDATION_FAILED"; 4][..], &["RETRY_LOOP"]].concat();
    assert_eq!(codes, expected);
    assert_eq!(answers[1].get("loop"), None);
    assert_eq!(answers[2]["loop"]["count"], 3);
    assert_eq!(
        answers[2]["loop"]["tried"],
        json!([{"at": "/date", "values": 3}])
    );
    assert_eq!(answers[4]["loop"]["constraint"], "pattern");
    assert_eq!(
        answers[4]["details"][0]["at"], "/date",
        "what is wrong is still told"
    );
    assert_eq!(
        code(&mut servers[0], "book", json!({"date": "2027-01-05"})),
        ""
    );
    assert_eq!(
        code(&mut servers[1], "book", json!({"date": "2026-01-06"})),
        "VALIDATION_FAILED"
    );
    let rows = home.log();
    assert_eq!(
        rows[4]["end"]["code"], "RETRY_LOOP",
        "the ledger says what the caller was told"
    );
}

#[test]
fn s33_a_call_that_would_fail_a_fifth_time_is_not_run() {
    let home = Home::new();
    home.fake("flaky", &["exit", "3", "6e6f"], json!({}), json!({}));
    let mut servers = [home.serving(), home.serving()];
    let codes: Vec<String> = (0..6)
        .map(|turn| code(&mut servers[turn % 2], "flaky", json!({})))
        .collect();
    let expected = [&["BACKEND_FAILED"; 4][..], &["RETRY_LOOP"; 2]].concat();
    assert_eq!(codes, expected);
    let rows = home.log();
    let reply = |row: &Value| row["end"]["reply"].to_string();
    assert!(!reply(&rows[1]).contains("loop") && reply(&rows[2]).contains("loop"));
    let ended: Vec<&str> = rows.iter().map(outcome).collect();
    assert_eq!(ended, [&["failed"; 4][..], &["refused"; 2]].concat());
}

#[test]
fn o10_a_ledger_that_is_lost_is_told_with_a_status_of_its_own() {
    let home = Home::new();
    limited(&home, json!({}));
    assert_eq!(told(&home, &["status", "--json"]).1, Some(0), "none yet");
    home.run(&["call", "hello"]).success();
    let (status, code) = told(&home, &["status", "--json"]);
    assert_eq!(
        (&status["status"], code),
        (&json!("fine"), Some(0)),
        "{status}"
    );
    fs::remove_file(home.path("state/ledger.db")).unwrap();
    let (status, code) = told(&home, &["status", "--json"]);
    assert_eq!(
        (&status["status"], code),
        (&json!("degraded"), Some(4)),
        "{status}"
    );
}
