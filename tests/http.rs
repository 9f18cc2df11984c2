//! Tools that make requests, from the file of declarations to the answer, against a service that
//! counts what it is asked.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    files,
    life_harness::{BOUND, Home, Server, outcome, problem, text},
    peer::{Answer, Peer},
};

mod redirects;

/// A home that may reach `peer`, with one tool that makes a request of it. `http` and `more` are
/// added to the members of `http` and of the definition.
fn home(peer: &Peer, effect: &str, http: Value, more: Value) -> Home {
    let home = Home::new();
    let address = peer.address;
    home.configure(&format!("hosts: [{{host: '{address}', private: true}}]"));
    let mut definition = json!({
        "name": "tool", "description": "Asks a service.", "effect": effect,
        "inputSchema": {
            "type": "object", "additionalProperties": false,
            "properties": {"text": {"type": "string", "maxLength": 100, "default": "x"}},
        },
        "run": {"http": {"url": format!("http://{address}/v1/{{text}}")}},
    });
    for (members, into) in [(http, "/run/http"), (more, "")] {
        let into = definition
            .pointer_mut(into)
            .unwrap()
            .as_object_mut()
            .unwrap();
        into.extend(members.as_object().unwrap().clone());
    }
    home.define("tool.json", &definition.to_string());
    home
}

/// One call of a tool that changes something with a `POST`: its answer, and what was asked.
fn post(answers: &[Answer], http: Value, more: Value) -> (Value, Vec<String>, Home) {
    let peer = Peer::new(answers);
    let mut request = json!({"method": "POST", "body": {"json": {"t": "{text}"}}});
    let members = request.as_object_mut().unwrap();
    members.extend(http.as_object().unwrap().clone());
    let home = home(&peer, "write", request, more);
    let mut server = home.serving();
    let id = server.call("tool", json!({}));
    let answer = server.answer(id);
    assert_eq!(server.finish(), (0, Vec::new()));
    (answer, peer.rest(), home)
}

fn told(answer: &Value) -> [&str; 2] {
    ["code", "effects"].map(|name| problem(answer)[name].as_str().unwrap_or(""))
}

fn key(request: &str) -> &str {
    let mut lines = request.lines().filter_map(|line| line.split_once(": "));
    let key = lines.find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
    key.unwrap().1
}

#[test]
fn a_request_is_made_and_its_response_given_back() {
    let peer = Peer::new(&[Answer::json(r#"{"data":{"n":1}}"#)]);
    let home = home(
        &peer,
        "read",
        json!({"query": {"q": "{text}"}, "response": {"pointer": "/data"}}),
        json!({"outputSchema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}}),
    );
    let mut server = home.serving();
    let id = server.call("tool", json!({"text": "a/b?c"}));
    let answer = server.answer(id);
    assert_eq!(
        answer["result"]["structuredContent"],
        json!({"n": 1}),
        "{answer}"
    );
    assert_eq!(text(&answer), r#"{"n":1}"#);
    let asked = peer.asked();
    assert!(
        asked.starts_with("GET /v1/a%2Fb%3Fc?q=a%2Fb%3Fc HTTP/1.1\r\n"),
        "{asked}"
    );
    // What reads has no operation that could be repeated.
    assert!(
        !asked.to_ascii_lowercase().contains("idempotency-key"),
        "{asked}"
    );
    let refused = server.call("tool", json!({"text": ".."}));
    assert_eq!(
        told(&server.answer(refused)),
        ["NORMALIZATION_REFUSED", "none"]
    );
    assert_eq!(server.finish(), (0, Vec::new()));
    assert_eq!(peer.rest(), Vec::<String>::new());
    home.run(&["validate-config"]).success();
}

/// A request that was given up here may still be on its way, whatever is found now.
#[test]
fn s17_of_a_request_only_that_it_was_done_can_be_found_out() {
    for (applied, expected) in [
        ("false", ["OUTCOME_UNKNOWN", "unknown"]),
        ("true", ["", ""]),
    ] {
        let probe = json!({"verify": {"reply": {"json": {}}, "applied": applied}});
        let (answer, asked, _) = post(&[Answer::Resets, Answer::json("{}")], json!({}), probe);
        assert_eq!(told(&answer), expected, "{answer}");
        assert_eq!(asked.len(), 1, "{asked:?}");
    }
}

#[test]
fn a_private_service_is_trusted_by_the_root_that_the_operator_names() {
    let peer = Peer::tls(&[Answer::json("{}")]);
    let home = Home::new();
    let port = peer.address.port();
    let root = crate::root().join("tests/data/tls/root.pem");
    let root = root.to_str().unwrap();
    let definition = json!({
        "name": "tool", "description": "Asks a service.", "effect": "read",
        "inputSchema": {"type": "object", "additionalProperties": false},
        "run": {"http": {"url": format!("https://localhost:{port}/")}},
    });
    home.define("tool.json", &definition.to_string());
    for (ca, code) in [
        (format!(", ca: {root}"), ""),
        (String::new(), "BACKEND_UNAVAILABLE"),
    ] {
        home.configure(&format!(
            "hosts: [{{host: 'localhost:{port}', private: true{ca}}}]"
        ));
        let mut server = home.serving();
        let id = server.call("tool", json!({}));
        assert_eq!(
            problem(&server.answer(id))["code"].as_str().unwrap_or(""),
            code
        );
        assert_eq!(server.finish(), (0, Vec::new()));
    }
}

#[test]
fn o2_a_secret_goes_to_the_service_and_nowhere_else() {
    const SECRET: &str = "cN4ry/of the+shop";
    let says = Answer::json(&format!(r#"{{"you":"said {SECRET}"}}"#));
    let peer = Peer::new(&[says, Answer::Resets]);
    let reference = "${secret:env:SHOP_TOKEN}";
    let http = json!({
        "method": "POST",
        "headers": {"Authorization": format!("Bearer {reference}")},
        "query": {"key": reference}, "body": {"form": {"key": reference}},
    });
    let home = home(&peer, "write", http, json!({"idempotency": "off"}));
    let mut command = home.command(&["serve", "--no-watch", "--log-level", "trace"]);
    command.env("SHOP_TOKEN", SECRET);
    let mut server = Server::start(command);
    server.initialize();
    let answers = [(); 2].map(|()| {
        let id = server.call("tool", json!({}));
        server.answer(id)
    });
    assert_eq!(text(&answers[0]), r#"{"you":"said (secret)"}"#);
    assert_eq!(told(&answers[1]), ["OUTCOME_UNKNOWN", "unknown"]);
    let (asked, encoded) = (peer.asked(), "cN4ry%2Fof%20the%2Bshop");
    assert!(asked.to_ascii_lowercase().contains(&format!(
        "authorization: bearer {}",
        SECRET.to_ascii_lowercase()
    )));
    assert_eq!(
        asked.matches(&format!("key={encoded}")).count(),
        2,
        "{asked}"
    );
    server.close_stdin();
    server.rest();
    let mut written = server.errors();
    for file in files(&home.path("state"), "") {
        written += &String::from_utf8_lossy(&std::fs::read(file).unwrap());
    }
    for form in [SECRET, encoded] {
        assert!(!written.contains(form), "{written}");
    }
}

#[test]
fn x20_what_had_no_effect_is_tried_again_and_done_once() {
    let busy = Answer::whole("503 Service Unavailable", &["Retry-After: 0"], "");
    let answers = [busy.clone(), busy, Answer::json("{}")];
    let (answer, asked, home) = post(&answers, json!({}), json!({}));
    assert_eq!(text(&answer), "{}", "{answer}");
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .iter()
            .all(|one| key(one) == key(&asked[0]) && one.ends_with("{\"t\":\"x\"}"))
    );
    assert_eq!(outcome(&home.log()[0]), "succeeded");
}

#[test]
fn x21_what_may_have_been_done_is_tried_again_only_where_the_service_knows_a_repetition() {
    let answers = [Answer::Resets, Answer::json("{}")];
    let (answer, asked, home) = post(&answers, json!({}), json!({}));
    assert_eq!(
        (told(&answer), asked.len()),
        (["OUTCOME_UNKNOWN", "unknown"], 1)
    );
    assert_eq!(outcome(&home.log()[0]), "unknown");
    let known = json!({"downstream_key": true});
    let (answer, asked, home) = post(&answers, known, json!({}));
    assert_eq!(text(&answer), "{}", "{answer}");
    assert_eq!(asked.len(), 2);
    assert_eq!(key(&asked[0]), key(&asked[1]));
    assert_eq!(outcome(&home.log()[0]), "succeeded");
}

#[test]
fn x22_a_wait_that_the_service_asks_for_is_kept_or_told() {
    let wait = |header: &str| Answer::whole("429 Too Many Requests", &[header], "");
    let (answer, asked, _) = post(&[wait("Retry-After: 3600")], json!({}), json!({}));
    assert_eq!(told(&answer), ["BACKEND_UNAVAILABLE", "none"]);
    assert_eq!(problem(&answer)["retry"]["after_ms"], 3_600_000, "{answer}");
    assert_eq!(asked.len(), 1);
    // It would not fit into the time of the call.
    let short = json!({"timeout": "20s"});
    let (answer, asked, _) = post(&[wait("Retry-After: 25")], json!({}), short);
    assert_eq!(problem(&answer)["retry"]["after_ms"], 25_000, "{answer}");
    assert_eq!(asked.len(), 1);
    let (answer, asked, home) = post(
        &[wait("Retry-After: 1"), Answer::json("{}")],
        json!({}),
        json!({}),
    );
    assert_eq!(text(&answer), "{}", "{answer}");
    assert_eq!(asked.len(), 2);
    let row = home.log().remove(0);
    let took = row.pointer("/end/run_us");
    assert!(took.unwrap().as_u64().unwrap() >= 1_000_000, "{row}");
}

#[test]
fn x23_a_response_without_an_end_is_cut_and_not_asked_for_again() {
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned() + &"x".repeat(4096);
    let known = json!({"downstream_key": true, "response_limit": "64KiB"});
    let (answer, asked, _) = post(&[Answer::Floods(endless)], known, json!({}));
    assert_eq!(
        (told(&answer), asked.len()),
        (["OUTPUT_INVALID", "unknown"], 1)
    );
}

#[test]
fn x24_a_service_that_fails_five_times_is_left_alone() {
    let peer = Peer::new(&[Answer::whole(
        "500 Internal Server Error",
        &[],
        "secret words",
    )]);
    let home = home(
        &peer,
        "write",
        json!({"method": "DELETE"}),
        json!({"idempotency": "off"}),
    );
    let mut server = home.serving();
    for _ in 0..5 {
        let id = server.call("tool", json!({}));
        let answer = server.answer(id);
        assert_eq!(told(&answer), ["OUTCOME_UNKNOWN", "unknown"]);
        assert!(!answer.to_string().contains("secret words"));
    }
    let id = server.call("tool", json!({}));
    assert_eq!(told(&server.answer(id)), ["CIRCUIT_OPEN", "none"]);
    assert_eq!(server.finish(), (0, Vec::new()));
    assert_eq!(peer.rest().len(), 5);
}

#[test]
fn what_the_service_refuses_was_not_done() {
    let refused = Answer::whole("422 Unprocessable Content", &[], "{}");
    let (answer, asked, _) = post(&[refused], json!({}), json!({}));
    assert_eq!(
        (told(&answer), asked.len()),
        (["BACKEND_FAILED", "none"], 1)
    );
}

#[test]
fn a_read_that_is_cancelled_ends_its_request() {
    let peer = Peer::new(&[Answer::Stalls(String::new())]);
    let home = home(&peer, "read", json!({}), json!({}));
    let mut server = home.serve(&["--no-watch", "--workers", "1"]);
    server.initialize();
    let id = server.call("tool", json!({}));
    peer.asked();
    server.cancel(id);
    server.ping();
    assert_eq!(server.finish(), (0, Vec::new()));
    let row = home.log().remove(0);
    assert_eq!(
        (outcome(&row), &row["end"]["effects"]),
        ("cancelled", &json!("none"))
    );
}

#[test]
fn a_server_that_is_ended_does_not_wait_for_a_service() {
    let peer = Peer::new(&[Answer::Stalls(String::new())]);
    let home = home(&peer, "write", json!({"method": "DELETE"}), json!({}));
    let mut server = home.serving();
    server.call("tool", json!({}));
    peer.asked();
    server.signal(Signal::TERM);
    assert_eq!(server.exit_within(BOUND), 143);
    let row = home.log().remove(0);
    assert_eq!(row["end"]["effects"], "unknown", "{row}");
}

#[test]
fn a_check_looks_something_up_with_a_request() {
    let peer = Peer::new(&[
        Answer::json(r#"{"open":true}"#),
        Answer::json(r#"{"open":false}"#),
    ]);
    let home = home(&peer, "read", json!({}), json!({}));
    let url = format!("http://{}/door", peer.address);
    let definition = json!({
        "name": "enter", "description": "Goes in.", "effect": "read",
        "inputSchema": {"type": "object", "additionalProperties": false},
        "checks": [{"http": {"url": url}, "require": "result.open", "code": "SHUT", "message": "The door is shut."}],
        "run": {"reply": {"text": "in"}},
    });
    home.define("enter.json", &definition.to_string());
    let mut server = home.serving();
    let id = server.call("enter", json!({}));
    assert_eq!(text(&server.answer(id)), "in");
    let id = server.call("enter", json!({}));
    assert_eq!(problem(&server.answer(id))["reason"], "SHUT");
    assert_eq!(server.finish(), (0, Vec::new()));
    assert_eq!(peer.rest().len(), 2);
}
