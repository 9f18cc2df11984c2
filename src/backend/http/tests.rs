//! Requests to a service that misbehaves: what is sent, what is taken, and what is said of it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use proptest::prelude::*;
use serde_json::{Value, json};

mod redirects;
mod trouble;

use super::*;
use crate::{
    backend::FaultClass,
    base::{
        cancel::{CancelToken, Cancelled},
        clock::{ManualClock, SystemClock, Timestamp},
        id::CallIds,
        limits::{HTTP_BODY_BYTES_DEFAULT, HTTP_IDLE_MAX, HTTP_REQUESTS_MAX},
        problem::{Advice, Code, Effects},
    },
    catalog::{
        content::Progress,
        plan::{DownstreamKey, HttpBody, HttpMethod, HttpPlan, HttpResponse},
        secret::Secrets,
        surroundings,
        template::{ConfidentialTemplate, JsonTemplate, TextTemplate},
    },
    testing::peer::{Answer, Peer},
};

/// A limit that no test reaches.
const LONG: Duration = Duration::from_secs(30);

struct Setting {
    look_up: LookUp,
    idle_max: Duration,
    still_running: Duration,
    time: Duration,
    under_way: UnderWay,
    cancel: CancelToken,
    effect: Effect,
    progress: Box<dyn Fn(Progress) + Send>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            look_up,
            idle_max: HTTP_IDLE_MAX,
            still_running: LONG,
            time: LONG,
            under_way: UnderWay::default(),
            cancel: CancelToken::default(),
            effect: Effect::Read,
            progress: Box::new(|_| {}),
        }
    }
}

impl Setting {
    fn ask(&self, plan: HttpPlan) -> Result<Output, Box<Fault>> {
        self.ask_with(plan, &json!({}))
    }

    fn ask_with(&self, plan: HttpPlan, arguments: &Value) -> Result<Output, Box<Fault>> {
        self.ask_at(&SystemClock, plan, arguments)
    }

    fn ask_at(
        &self,
        clock: &dyn Clock,
        plan: HttpPlan,
        arguments: &Value,
    ) -> Result<Output, Box<Fault>> {
        let prepared = prepare(&Arc::new(plan), arguments).unwrap();
        let host = Host {
            clock,
            under_way: &self.under_way,
            look_up: self.look_up,
            idle_max: self.idle_max,
            still_running: self.still_running,
        };
        let invocation = Invocation {
            operation: CallIds::new().next(Timestamp::from_micros(1)),
            part: None,
            effect: self.effect,
            deadline: clock.now().plus(self.time),
            cancel: &self.cancel,
            progress: &|progress| (self.progress)(progress),
        };
        request(&host, &prepared, &invocation)
    }
}

fn text(text: &str) -> TextTemplate {
    TextTemplate::parse(text).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, ConfidentialTemplate)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let value = ConfidentialTemplate::parse(value, &Secrets::default()).unwrap();
            ((*name).to_owned(), value)
        })
        .collect()
}

/// A `GET` of `/` at `address`, which may be private.
pub(super) fn get(address: SocketAddr) -> HttpPlan {
    HttpPlan {
        method: HttpMethod::Get,
        tls: false,
        host: Arc::new(surroundings::Host {
            name: address.ip().to_string(),
            port: address.port(),
            is_private: true,
            roots: None,
        }),
        path: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: HttpBody::None,
        response: HttpResponse::Json {
            pointer: String::new(),
        },
        response_bytes_max: HTTP_BODY_BYTES_DEFAULT,
        retry_status: Vec::new(),
        redirects: 0,
        downstream_key: DownstreamKey::Ignored,
    }
}

fn public(plan: HttpPlan, name: &str) -> HttpPlan {
    let host = Arc::new(surroundings::Host {
        name: name.to_owned(),
        port: plan.host.port,
        is_private: false,
        roots: None,
    });
    HttpPlan { host, ..plan }
}

/// The fault's class, code, effects and advice.
fn told(result: Result<Output, Box<Fault>>) -> (FaultClass, Code, Effects, Advice) {
    let fault = result.unwrap_err();
    let problem = &fault.problem;
    (fault.class, problem.code, problem.effects, problem.advice)
}

#[test]
fn v28_a_value_is_encoded_for_the_place_where_it_stands() {
    let peer = Peer::new(&[Answer::json("{}")]);
    let plan = HttpPlan {
        method: HttpMethod::Post,
        path: vec![text("v1"), text("a{x}b"), text("{x}")],
        query: pairs(&[("q&", "{x}"), ("gone", "{gone}"), ("fixed", "a b")]),
        headers: pairs(&[("X-Note", "{h}"), ("X-Gone", "{gone}")]),
        body: HttpBody::Json(JsonTemplate::Object(vec![(
            "k".to_owned(),
            JsonTemplate::parse_string("{x}").unwrap(),
        )])),
        ..get(peer.address)
    };
    let arguments = json!({"x": "../?#&=%2f\r\nä", "h": "a, b"});
    Setting::default().ask_with(plan, &arguments).unwrap();
    let encoded = "..%2F%3F%23%26%3D%252f%0D%0A%C3%A4";
    let asked = peer.asked();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!("POST /v1/a{encoded}b/{encoded}?q%26={encoded}&fixed=a%20b HTTP/1.1")
    );
    let lines: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    let length = format!("content-length: {}", body.len());
    let host = format!("host: {}", peer.address);
    for header in [
        "x-note: a, b",
        "content-type: application/json",
        "accept-encoding: identity",
        "connection: close",
        &length,
        &host,
    ] {
        assert!(lines.iter().any(|line| line == header), "{header}: {head}");
    }
    assert!(!head.contains("X-Gone") && !head.to_ascii_lowercase().contains("idempotency"));
    assert_eq!(body, json!({"k": arguments["x"]}).to_string());
}

#[test]
fn v28_a_value_that_would_lead_elsewhere_or_end_a_header_is_refused() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
    let of_path = |template: &str| HttpPlan {
        path: vec![text(template)],
        ..get(address)
    };
    let refusal = |plan: HttpPlan, value: &Value| {
        let problem = prepare(&Arc::new(plan), &json!({"x": value})).unwrap_err();
        (problem.code, problem.details[0].at.clone())
    };
    let refused = (Code::NormalizationRefused, "/x".to_owned());
    for value in ["", ".", ".."] {
        assert_eq!(refusal(of_path("{x}"), &json!(value)), refused, "{value}");
    }
    assert_eq!(refusal(of_path("{x}"), &Value::Null), refused);
    assert_eq!(refusal(of_path(".{x}"), &json!(".")), refused);
    assert_eq!(refusal(of_path("%2e{x}"), &json!(".")), refused);
    assert!(prepare(&Arc::new(of_path("v{x}")), &json!({"x": ".."})).is_ok());
    for value in ["a\r\nX-Evil: b", "a\nb", "a\rb", "a\0b", "a\u{7f}", "ä"] {
        let headers = pairs(&[("X-Note", "v={x}")]);
        let plan = HttpPlan {
            headers,
            ..get(address)
        };
        assert_eq!(refusal(plan, &json!(value)), refused, "{value:?}");
    }
    let long = json!("x".repeat(9000));
    assert_eq!(refusal(of_path("{x}"), &long).0, Code::ValidationFailed);
    let headers = pairs(&[("X-Note", "{x}")]);
    let plan = HttpPlan {
        headers,
        ..get(address)
    };
    assert_eq!(refusal(plan, &long).0, Code::ValidationFailed);
}

#[test]
fn forms_and_texts_are_sent_as_what_they_are() {
    let form = HttpBody::Form(pairs(&[("a", "{x}"), ("gone", "{gone}"), ("b c", "1")]));
    for (body, kind, sent) in [
        (
            form,
            "application/x-www-form-urlencoded",
            "a=%26%3D%C3%A4&b%20c=1",
        ),
        (
            HttpBody::Text(text("<{x}>")),
            "text/plain; charset=utf-8",
            "<&=ä>",
        ),
    ] {
        let peer = Peer::new(&[Answer::whole("200 OK", &[], "fine\n")]);
        let plan = HttpPlan {
            method: HttpMethod::Put,
            body,
            response: HttpResponse::Text,
            ..get(peer.address)
        };
        let output = Setting::default()
            .ask_with(plan, &json!({"x": "&=ä"}))
            .unwrap();
        assert_eq!(
            output.content,
            [crate::catalog::content::Content::Text("fine".to_owned())]
        );
        let asked = peer.asked();
        assert!(asked.contains(kind) && asked.ends_with(sent), "{asked}");
    }
}

proptest! {
    #[test]
    fn v28_no_value_changes_the_shape_of_a_url(x in ".*", y in ".*") {
        let plan = HttpPlan {
            path: vec![text("a"), text("b{x}c"), text("d")],
            query: pairs(&[("x", "{x}"), ("y", "{y}")]),
            ..get(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
        };
        let prepared = prepare(&Arc::new(plan), &json!({"x": x, "y": y})).unwrap();
        let url: ureq::http::Uri = prepared.url.reveal().parse().unwrap();
        prop_assert_eq!(url.authority().unwrap().as_str(), "127.0.0.1:8080");
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let segments: Vec<String> = url.path().split('/').map(decoded).collect();
        prop_assert_eq!(segments, ["", "a", &format!("b{x}c"), "d"]);
        let query: Vec<String> = url.query().unwrap().split('&').map(decoded).collect();
        prop_assert_eq!(query, [format!("x={x}"), format!("y={y}")]);
    }
}

#[test]
fn what_changes_something_bears_the_id_of_its_operation() {
    let peer = Peer::new(&[Answer::json("{}")]);
    for effect in [Effect::Write, Effect::Destroy] {
        let setting = Setting {
            effect,
            ..Setting::default()
        };
        setting.ask(get(peer.address)).unwrap();
        let asked = peer.asked().to_ascii_lowercase();
        let mut keys = asked
            .lines()
            .filter_map(|line| line.strip_prefix("idempotency-key: "));
        let key = keys.next().unwrap();
        assert!(crate::base::id::CallId::parse(key).is_some(), "{key}");
    }
}

#[test]
fn a_response_is_read_as_what_the_tool_declares() {
    let found = |body: &str, pointer: &str| {
        let peer = Peer::new(&[Answer::json(body)]);
        let pointer = pointer.to_owned();
        let plan = HttpPlan {
            response: HttpResponse::Json { pointer },
            ..get(peer.address)
        };
        Setting::default().ask(plan)
    };
    let whole = found(r#"{"a":[1,{"b":2}]}"#, "").unwrap();
    assert_eq!(
        whole.structured.as_deref(),
        Some(&json!({"a": [1, {"b": 2}]}))
    );
    let part = found(r#"{"a":[1,{"b":2}]}"#, "/a/1").unwrap();
    assert_eq!(part.structured.as_deref(), Some(&json!({"b": 2})));
    assert_eq!(found("", "").unwrap().structured, None);
    for (body, pointer) in [("{}", "/a"), ("no", ""), (r#"{"a":1,"a":2}"#, "")] {
        let (class, code, ..) = told(found(body, pointer));
        assert_eq!(
            (class, code),
            (FaultClass::Definite, Code::OutputInvalid),
            "{body}"
        );
    }
}
