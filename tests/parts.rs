//! Results that are longer than a line: told in parts, each by whoever has the ledger then.

use std::fs;

use serde_json::{Value, json};

use crate::life_harness::{Home, Server, call_id, outcome, text};

/// What one line may take.
const LINE: usize = 1024 * 1024;

/// A tool that prints the file `text`, up to so much.
fn home(limit: &str, exec: Value, more: Value) -> Home {
    let home = Home::new();
    let mut all = json!({"stdout_limit": limit});
    for (name, value) in exec.as_object().unwrap() {
        all[name] = value.clone();
    }
    home.exec("show", "read", &["cat", &home.text("text")], all, more);
    home
}

fn part(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["tollgate/part"]
}

fn go_on(server: &mut Server, after: &Value) -> Value {
    let arguments =
        json!({"operation_id": part(after)["operationId"], "offset": part(after)["to"]});
    let id = server.call("operation_get", arguments);
    let answer = server.answer(id);
    let bytes = answer.to_string().len();
    assert!(bytes < LINE, "{bytes}");
    answer
}

#[test]
fn x16_what_does_not_fit_into_a_line_is_given_in_parts_also_after_a_restart() {
    let home = home("8MiB", json!({}), json!({}));
    let whole: String = (0..400_000).map(|line| format!("\"{line}\"\n")).collect();
    fs::write(home.path("text"), &whole).unwrap();
    // The newline at the end is none of the text.
    let whole = whole.trim_end();

    let mut server = home.serving();
    let id = server.call("show", json!({}));
    let first = server.answer(id);
    let bytes = first.to_string().len();
    assert!((LINE / 2..LINE).contains(&bytes), "{bytes}");
    assert_eq!(part(&first)["operationId"], call_id(&first));
    assert_eq!(part(&first)["of"], whole.len());
    assert_eq!(first["result"]["isError"], Value::Null);
    let note = first["result"]["content"][1]["text"].as_str().unwrap();
    assert!(note.contains("operation_get"), "{note}");

    let mut told = text(&first).to_owned();
    let second = go_on(&mut server, &first);
    told.push_str(text(&second));
    assert_eq!(server.finish(), (0, Vec::new()));

    let (mut server, mut last) = (home.serving(), second);
    while part(&last)["to"] != part(&last)["of"] {
        last = go_on(&mut server, &last);
        told.push_str(text(&last));
    }
    assert!(told == whole, "{} of {} bytes", told.len(), whole.len());
    // Nothing comes after the end, and the beginning can be had again.
    let nothing = go_on(&mut server, &last);
    assert!(text(&nothing).contains("nothing is left"), "{nothing}");
    let id = server.call(
        "operation_get",
        json!({"operation_id": part(&last)["operationId"]}),
    );
    assert_eq!(text(&server.answer(id)), text(&first));
    assert_eq!(server.finish(), (0, Vec::new()));

    let log = home.log();
    assert!(log.iter().all(|row| outcome(row) == "succeeded"));
    // It ran once.
    assert_eq!(log.iter().filter(|row| row["tool"] == "show").count(), 1);
}

#[test]
fn x16_of_a_text_that_is_longer_than_what_is_kept_the_beginning_is_kept() {
    let home = home("64MiB", json!({}), json!({}));
    fs::write(home.path("text"), "x".repeat(9 << 20)).unwrap();
    let mut server = home.serving();
    let id = server.call("show", json!({}));
    let answer = server.answer(id);
    let of = part(&answer)["of"].as_u64().unwrap();
    assert!((7 << 20..8 << 20).contains(&of), "{of}");
    let printed = &answer["result"]["_meta"]["tollgate/truncatedFrom"];
    assert_eq!(printed, 9 << 20);
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x16_json_comes_whole_or_its_text_in_parts() {
    let promised = json!({"outputSchema": {"type": "object"}});
    let home = home("8MiB", json!({"output": "json"}), promised);
    let mut server = home.serving();
    let show = |server: &mut Server, value: &Value| {
        fs::write(home.path("text"), value.to_string()).unwrap();
        let id = server.call("show", json!({}));
        server.answer(id)
    };
    // No single string is as long as that.
    let strings = |count: usize| json!({"all": vec!["x".repeat(600_000); count]});
    let short = strings(1);
    let answer = show(&mut server, &short);
    assert_eq!(answer["result"]["structuredContent"], short);
    assert_ne!(part(&answer)["to"], part(&answer)["of"]);
    assert_eq!(answer["result"]["isError"], Value::Null);

    // Clients refuse a result without what its tool promises, but for an error.
    let long = strings(2);
    let first = show(&mut server, &long);
    assert_eq!(first["result"].get("structuredContent"), None);
    assert_eq!(first["result"]["isError"], true);
    let rest = go_on(&mut server, &first);
    let told = [text(&first), text(&rest)].concat();
    assert!(serde_json::from_str::<Value>(&told).unwrap() == long);

    let answer = show(&mut server, &strings(8));
    let error = &answer["result"]["_meta"]["tollgate/error"];
    assert_eq!(
        (&error["code"], &error["effects"]),
        (&json!("OUTPUT_INVALID"), &json!("none"))
    );
    assert_eq!(server.finish(), (0, Vec::new()));
}

#[test]
fn x16_who_is_told_of_operation_get_may_call_it_where_it_is_not_listed() {
    let listed = |home: &Home| {
        let mut server = home.serving();
        let id = server.request("tools/list", json!({}));
        let tools = server.answer(id)["result"]["tools"].clone();
        assert_eq!(server.finish(), (0, Vec::new()));
        let tools = tools.as_array().unwrap().iter();
        tools
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let short = home("1MiB", json!({}), json!({}));
    assert_eq!(listed(&short), ["show"]);
    assert_eq!(
        listed(&home("2MiB", json!({}), json!({}))),
        ["operation_get", "show"]
    );

    fs::write(short.path("text"), "\"".repeat(1 << 20)).unwrap();
    let mut server = short.serving();
    let id = server.call("show", json!({}));
    let first = server.answer(id);
    let next = go_on(&mut server, &first);
    assert_eq!(part(&next)["from"], part(&first)["to"]);
    assert_eq!(server.finish(), (0, Vec::new()));
}
