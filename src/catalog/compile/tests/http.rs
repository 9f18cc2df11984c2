//! Tests of what makes a request.

use super::*;
use crate::catalog::{
    plan::{HttpMethod, HttpPlan, HttpResponse},
    secret::Secrets,
    surroundings::Host,
};

fn read_http(effect: &str, http: &str) -> (Option<Tool>, Vec<String>) {
    let head = "name: t\ndescription: d\ninputSchema: {type: object, required: [id], properties: {id: {type: string}, o: {type: string}}}";
    let text = format!("{head}\neffect: {effect}\nrun:\n  http: {http}\n");
    let mut config = Config::default();
    config.hosts = Host {
        name: "api.example.com".to_owned(),
        port: 443,
        is_private: false,
        roots: None,
    }
    .into();
    let around = Surroundings {
        path: &[],
        config: &config,
        secrets: &Secrets::default(),
        inspect_sql: None,
    };
    let read = read_in(&text, &around);
    let code = |one: &String| Some(one.split_once(" error[")?.1.split_once(']')?.0.to_owned());
    let codes: Vec<String> = read.1.iter().filter_map(code).collect();
    crate::catalog::format::tests::DEFINITION.agrees(&text, &codes);
    read
}

#[track_caller]
fn check_http(effect: &str, http: &str, expected: &[&str]) {
    let (tool, found) = read_http(effect, http);
    assert_eq!(found, expected, "{http}");
    assert_eq!(tool.is_some(), expected.is_empty(), "{http}");
}

fn plan(effect: &str, http: &str) -> Arc<HttpPlan> {
    let (tool, found) = read_http(effect, http);
    assert_eq!(found, Vec::<String>::new());
    match tool.unwrap().run {
        Run::Http(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_divided_where_values_cannot_cross() {
    let read = plan(
        "read",
        "{url: 'https://API.example.com/v1/a{id}:b/{id}', query: {q: '{o}'}, response: {pointer: /x}}",
    );
    let segments: Vec<usize> = read.path.iter().map(|segment| segment.0.len()).collect();
    assert_eq!(segments, [1, 3, 1]);
    assert_eq!((read.method, read.tls), (HttpMethod::Get, true));
    let pointer = "/x".to_owned();
    assert_eq!(read.response, HttpResponse::Json { pointer });
    for (url, segments) in [("", 0), ("/", 1), ("/a/", 2), ("//a", 2)] {
        let url = format!("{{url: 'https://api.example.com:443{url}', response: text}}");
        let plan = plan("read", &url);
        assert_eq!(
            (plan.path.len(), &plan.response),
            (segments, &HttpResponse::Text)
        );
    }
}

#[test]
fn c12_what_reads_may_only_ask_unless_its_author_knows_better() {
    let url = "url: 'https://api.example.com/'";
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = format!("{{{url}, method: {method}}}");
        let expected = format!(
            "f:6:51: error[http]: what reads cannot make a `{method}` request (set `effect: write`, or `assert_no_effects: true` if it changes nothing)"
        );
        check_http("read", &request, &[&expected]);
        check_http("write", &request, &[]);
        let known = format!("{{{url}, method: {method}, assert_no_effects: true}}");
        check_http("read", &known, &[]);
    }
    check_http(
        "write",
        &format!("{{{url}, method: DELETE, body: {{text: x}}}}"),
        &[
            "f:6:59: error[http]: nothing is sent along with a `DELETE` request (put values under `query`)",
        ],
    );
}

#[test]
fn v27_only_a_get_that_reads_can_follow_redirects() {
    let url = "url: 'https://api.example.com/'";
    assert_eq!(plan("read", &format!("{{{url}}}")).redirects, 0);
    for redirects in 0..=3 {
        let request = format!("{{{url}, redirects: {redirects}}}");
        assert_eq!(plan("read", &request).redirects, redirects);
    }
    let wrong = "only a `GET` request of what reads can follow redirects (take `redirects` out, and write where they lead to into `url`)";
    for (effect, more) in [
        ("write", ""),
        ("write", ", method: DELETE"),
        ("write", ", method: POST"),
        ("read", ", method: POST, assert_no_effects: true"),
    ] {
        let request = format!("{{redirects: 1, {url}{more}}}");
        let expected = format!("f:6:21: error[http]: {wrong}");
        check_http(effect, &request, &[&expected]);
        let none = format!("{{redirects: 0, {url}{more}}}");
        check_http(effect, &none, &[]);
    }
    for redirects in ["4", "-1", "1.5"] {
        let request = format!("{{redirects: {redirects}, {url}}}");
        let expected = "f:6:21: error[amount]: `redirects` must be a whole number from 0 to 3";
        check_http("read", &request, &[expected]);
    }
    check_http(
        "read",
        &format!("{{redirects: true, {url}}}"),
        &["f:6:21: error[wrong-type]: `redirects` must be a whole number, not true or false"],
    );
}

#[test]
fn v27_a_request_goes_to_a_host_that_is_listed_and_written_out() {
    let listed = "listed in `tollgate.yaml` are `api.example.com:443`";
    for authority in [
        "127.1",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "api.example.com.",
        "api.example.com:8443",
        "api.example.com:0443",
        "x.api.example.com",
    ] {
        let expected = format!(
            "f:6:15: error[host]: `{authority}` is not a host that may be reached ({listed})"
        );
        check_http(
            "read",
            &format!("{{url: 'https://{authority}/a'}}"),
            &[&expected],
        );
    }
    let written = "the host of `url` must be written out, without arguments and users (make one tool for each host)";
    for authority in [
        "{id}",
        "{id}.example.com",
        "api.example.com:{id}",
        "a@api.example.com",
    ] {
        let expected = format!("f:6:15: error[http]: {written}");
        check_http(
            "read",
            &format!("{{url: 'https://{authority}/a'}}"),
            &[&expected],
        );
    }
    check_http(
        "read",
        "{url: 'http://api.example.com:443/'}",
        &[
            "f:6:15: error[http]: only a host that is `private` may be reached without TLS (write `https://`)",
        ],
    );
    check_http(
        "read",
        "{url: '{id}://api.example.com/'}",
        &["f:6:15: error[http]: `url` must begin with `https://` and a host (write both out)"],
    );
}

#[test]
fn v28_a_path_has_no_place_where_a_value_could_become_another_part() {
    let base = "https://api.example.com";
    for (path, wrong) in [
        (
            "/a?b={id}",
            "`url` must end with its path (put the rest under `query`)",
        ),
        (
            "/a#b",
            "`url` must end with its path (put the rest under `query`)",
        ),
        (
            "/a b",
            "` ` cannot stand in a path (write it percent-encoded)",
        ),
        (
            "/ä",
            "`ä` cannot stand in a path (write it percent-encoded)",
        ),
        (
            "/a/../b",
            "`.` and `..` cannot stand in a path (write where it leads to)",
        ),
        (
            "/%2E%2e",
            "`.` and `..` cannot stand in a path (write where it leads to)",
        ),
    ] {
        let expected = format!("f:6:15: error[http]: {wrong}");
        check_http("read", &format!("{{url: '{base}{path}'}}"), &[&expected]);
    }
    check_http(
        "read",
        "{url: 'https://api.example.com/{o}'}",
        &[
            "f:6:40: error[placeholder]: `{o}` may be absent, and then there is no text (list it under `required`, or give it a `default`)",
        ],
    );
    check_http(
        "read",
        "{url: 'https://api.example.com/', headers: {Host: x, 'a b': y, Idempotency-Key: z, X-Ok: '{o}'}}",
        &[
            "f:6:53: error[http]: `Host` is a header that is set for every request (take it out)",
            "f:6:62: error[http]: `a b` is not the name of a header (take it out)",
            "f:6:72: error[http]: `Idempotency-Key` is a header that is set for every request (take it out)",
        ],
    );
}

#[test]
fn a_key_is_known_for_longer_than_a_call_may_take() {
    let check = |key: &str, expected: &[&str]| {
        let written = "{method: POST, url: 'https://api.example.com/', downstream_key: ";
        check_http("write", &format!("{written}{key}}}"), expected);
    };
    for key in ["true", "false", "{valid_for: 31s}", "{valid_for: 720h}"] {
        check(key, &[]);
    }
    check(
        "{valid_for: 30s}",
        &[
            "f:6:73: error[http]: `valid_for` is 30 s, and a call may take 30 s (the service must know the key for longer than the `timeout` of a call)",
        ],
    );
    check(
        "{valid_for: 721h}",
        &[
            "f:6:85: error[amount]: `valid_for` must be above zero and at most 2592000 seconds (write a whole number with `ms`, `s`, `m` or `h`, as `30s`)",
        ],
    );
}

#[test]
fn a_header_that_could_never_be_sent_is_told_when_it_is_loaded() {
    check_http(
        "read",
        "{url: 'https://api.example.com/', headers: {X-A: \"a\\nb\", X-B: 'ä', X-C: 'ok {o}'}}",
        &[
            "f:6:58: error[http]: the value of `X-A` cannot stand in a header (a header holds visible ASCII characters and spaces only)",
            "f:6:71: error[http]: the value of `X-B` cannot stand in a header (a header holds visible ASCII characters and spaces only)",
        ],
    );
}

#[test]
fn what_is_written_wrong_is_told_with_the_right_form() {
    let url = "url: 'https://api.example.com/'";
    check_http(
        "write",
        &format!("{{{url}, method: POST, body: {{}}, retry_status: [409, 200, x]}}"),
        &[
            "f:6:63: error[http]: `body` must have exactly one of `json`, `form` and `text`",
            "f:6:87: error[http]: `retry_status` lists statuses from 400 to 599 (list only those after which nothing was done)",
            "f:6:92: error[wrong-type]: `a status` must be a whole number, not text",
        ],
    );
    check_http(
        "read",
        &format!("{{{url}, response: xml}}"),
        &["f:6:53: error[wrong-word]: `response` must be `json`, `text` or `{pointer: …}`"],
    );
    check_http(
        "read",
        &format!("{{{url}, response: {{pointer: a}}}}"),
        &["f:6:63: error[http]: `pointer` must be a JSON pointer (write it as `/data/items`)"],
    );
}
