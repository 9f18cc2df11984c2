//! Services that send a request elsewhere, from the file of declarations to the answer.

use super::*;

/// One call of a tool that reads with a `GET`: its answer, and its row in the ledger.
fn read(peer: &Peer, http: Value) -> (Value, Value) {
    let home = home(peer, "read", http, json!({}));
    let mut server = home.serving();
    let id = server.call("tool", json!({}));
    let answer = server.answer(id);
    assert_eq!(server.finish(), (0, Vec::new()));
    (answer, home.log().remove(0))
}

/// The service's own words.
fn said(answer: &Value) -> &str {
    answer["result"]["content"][1]["text"].as_str().unwrap()
}

#[test]
fn v27_a_redirect_to_a_private_address_goes_nowhere() {
    let metadata = "http://169.254.169.254/latest/meta-data";
    let leads = [Answer::leads_to(metadata)];
    let (answer, asked, _) = post(&leads, json!({}), json!({}));
    assert_eq!(
        (told(&answer), asked.len()),
        (["BACKEND_FAILED", "unknown"], 1)
    );
    for redirects in [0, 3] {
        let peer = Peer::new(&leads);
        let (answer, row) = read(&peer, json!({"redirects": redirects}));
        assert_eq!(told(&answer), ["BACKEND_FAILED", "none"]);
        assert_eq!(outcome(&row), "failed");
        // Where it leads is in the service's words, apart from ours.
        let message = problem(&answer)["message"].as_str().unwrap();
        assert!(!message.contains("169.254"), "{message}");
        assert!(said(&answer).contains(metadata), "{answer}");
        assert_eq!(peer.rest().len(), 1);
    }
}

#[test]
fn v27_a_redirect_within_its_origin_is_followed_where_the_tool_says_so() {
    let answers = [
        Answer::leads_to("http://{here}/v2/x"),
        Answer::leads_to("y?page=1"),
        Answer::json("{}"),
    ];
    let peer = Peer::new(&answers);
    let (answer, row) = read(&peer, json!({"redirects": 2}));
    assert_eq!(text(&answer), "{}", "{answer}");
    assert_eq!(outcome(&row), "succeeded");
    let asked = peer.rest();
    let lines = asked.iter().map(|one| one.lines().next().unwrap());
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "GET /v1/x HTTP/1.1",
            "GET /v2/x HTTP/1.1",
            "GET /v2/y?page=1 HTTP/1.1"
        ]
    );
    // One fewer, and it ends there.
    let peer = Peer::new(&answers);
    let (answer, _) = read(&peer, json!({"redirects": 1}));
    assert_eq!(told(&answer), ["BACKEND_FAILED", "none"]);
    let to = format!("Location: http://{}/v2/y", peer.address);
    assert!(said(&answer).contains(&to), "{answer}");
    assert_eq!(peer.rest().len(), 2);
}

#[test]
fn o2_a_secret_that_a_redirect_tells_back_is_hidden() {
    const SECRET: &str = "cN4ry-of-the-shop";
    let peer = Peer::new(&[Answer::leads_to(&format!(
        "http://other.example/{SECRET}/a"
    ))]);
    let reference = "Bearer ${secret:env:SHOP_TOKEN}";
    let http = json!({"redirects": 1, "headers": {"Authorization": reference}});
    let home = home(&peer, "read", http, json!({}));
    let mut command = home.command(&["serve", "--no-watch", "--log-level", "trace"]);
    command.env("SHOP_TOKEN", SECRET);
    let mut server = Server::start(command);
    server.initialize();
    let id = server.call("tool", json!({}));
    let answer = server.answer(id);
    assert!(
        said(&answer).contains("http://other.example/(secret)/a"),
        "{answer}"
    );
    server.close_stdin();
    server.rest();
    let mut written = server.errors();
    for file in files(&home.path("state"), "") {
        written += &String::from_utf8_lossy(&std::fs::read(file).unwrap());
    }
    assert!(!written.contains(SECRET), "{written}");
}
