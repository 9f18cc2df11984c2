//! When the answer to `tollgate call` counts as delivered, and what a repetition gets then.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::life_harness::Home;

/// A tool that nobody names the operations of, and that writes down that it ran.
fn home() -> Home {
    let home = Home::new();
    let ran = home.text("ran");
    let stdin = json!({"stdin": "json"});
    let write = json!({"idempotent": false, "inputSchema": {
        "type": "object", "additionalProperties": false, "properties": {},
    }});
    let command = ["tee", "--append", "--", ran.as_str()];
    home.exec("note", "write", &command, stdin, write);
    home
}

fn runs(home: &Home) -> usize {
    let ran = fs::read_to_string(home.path("ran")).unwrap();
    ran.matches("{}").count()
}

/// The newest call as `log show` tells it to programs, and to people.
fn newest(home: &Home) -> (Value, String) {
    let told = |args: &[&str]| {
        let output = home.run(args).success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    let json = told(&["log", "show", "last", "--json"]);
    (
        serde_json::from_str(&json).unwrap(),
        told(&["log", "show", "last"]),
    )
}

#[test]
fn an_answer_on_standard_output_is_delivered_and_an_equal_call_is_meant() {
    let home = home();
    home.run(&["call", "note"]).success();
    let (first, told) = newest(&home);
    assert!(first["end"]["delivered"].is_string(), "{first}");
    assert!(told.contains("\ndelivered            20"), "{told}");
    let again = home.run(&["call", "note"]).success();
    let hint = String::from_utf8_lossy(&again.get_output().stderr).into_owned();
    let id = first["call_id"].as_str().unwrap();
    assert!(
        hint.starts_with("an equal call was answered a short while ago") && hint.contains(id),
        "{hint}"
    );
    assert_eq!(runs(&home), 2);
}

#[test]
fn an_answer_that_could_not_be_printed_is_not_and_the_next_call_gets_it() {
    let home = home();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status = home.command(&["call", "note"]).stdout(full).status();
    assert_eq!(status.unwrap().code(), Some(74));
    let (first, told) = newest(&home);
    assert_eq!(first["end"]["outcome"], "succeeded");
    assert_eq!(first["end"]["delivered"], Value::Null);
    assert!(told.contains("\ndelivered            not noted"), "{told}");
    let again = home.run(&["call", "note"]).success();
    let hint = String::from_utf8_lossy(&again.get_output().stderr).into_owned();
    assert!(hint.starts_with("nothing was run"), "{hint}");
    assert_eq!(runs(&home), 1);
    // Now it has arrived.
    home.run(&["call", "note"]).success();
    assert_eq!(runs(&home), 2);
}
