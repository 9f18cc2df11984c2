//! The request behind a tool: to a host that is listed, with no place where a value could become
//! another part of it.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    super::{
        definition::{BodyDefinition, HttpDefinition, RunDefinition, Spanned},
        diagnostic::{Findings, tick},
        fields::text,
        plan::{DownstreamKey, HttpBody, HttpMethod, HttpPlan, fits_header},
        secret::Secrets,
        source::Entry,
        surroundings::{Host, Surroundings},
        template::{ConfidentialTemplate, Part, TextTemplate},
        tool::Effect,
    },
    placeholder::Placeholders,
};
use crate::base::{
    text::list,
    url::{is_dots, split_port},
};

/// Headers that the connection or the gate itself sets.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Compiles `written` for something of this effect; `None` when there is any error.
pub(super) fn compile(
    written: &HttpDefinition<'_>,
    effect: Effect,
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Arc<HttpPlan>> {
    let before = findings.errors();
    check_method(written, effect, findings);
    check_redirects(written, effect, findings);
    check_headers(written.headers, findings);
    let place = place(written.url, around, findings);
    let path = place.as_ref().and_then(|place| {
        let (text, span) = (place.path, written.url.span);
        path(Spanned { text, span }, placeholders, findings)
    });
    let mut pairs = |entries| pairs(entries, placeholders, around.secrets, findings);
    let (query, headers) = (pairs(written.query), pairs(written.headers));
    let body = match &written.body {
        None => Some(HttpBody::None),
        Some((_, BodyDefinition::Form(entries))) => Some(HttpBody::Form(pairs(entries))),
        Some((_, BodyDefinition::Json(node))) => {
            placeholders.json(node, findings).map(HttpBody::Json)
        }
        Some((_, BodyDefinition::Text(text))) => placeholders
            .always_text(*text, findings)
            .map(HttpBody::Text),
    };
    check_values(written.headers, &headers, findings);
    let place = place.filter(|_| findings.errors() == before)?;
    Some(Arc::new(HttpPlan {
        method: written.method,
        tls: place.tls,
        host: place.host,
        path: path?,
        query,
        headers,
        body: body?,
        response: written.response.clone(),
        response_bytes_max: written.response_bytes_max,
        retry_status: written.retry_status.clone(),
        redirects: written.redirects,
        downstream_key: written.downstream_key,
    }))
}

/// A promise of the service that would be over before a call is, or that nobody would use.
pub(super) fn check_validity(
    run: &RunDefinition<'_>,
    timeout: Option<Duration>,
    findings: &mut Findings,
) {
    let RunDefinition::Http(written) = run else {
        return;
    };
    let DownstreamKey::ValidFor(time) = written.downstream_key else {
        return;
    };
    let span = written.downstream_span;
    match timeout {
        Some(timeout) if time > timeout => {}
        Some(timeout) => {
            let message = format!(
                "`valid_for` is {} s, and a call may take {} s",
                time.as_secs(),
                timeout.as_secs()
            );
            let help = "the service must know the key for longer than the `timeout` of a call";
            findings.error("http", span, message, help);
        }
        None => {
            let message = "`valid_for` is for a call, and this is a part of one".to_owned();
            let help = "write `downstream_key: true`; whether a part may be run again, its \
                        `idempotent` says";
            findings.error("http", span, message, help);
        }
    }
}

/// C12: what is declared to read may only ask, unless its author knows better.
fn check_method(written: &HttpDefinition<'_>, effect: Effect, findings: &mut Findings) {
    let (method, span) = (written.method, written.method_node.span);
    let name = method.as_str();
    if effect == Effect::Read && method != HttpMethod::Get && !written.assert_no_effects {
        let message = format!("what reads cannot make a `{name}` request");
        let help = "set `effect: write`, or `assert_no_effects: true` if it changes nothing";
        findings.error("http", span, message, help);
    }
    if let Some((entry, _)) = written.body.as_ref().filter(|_| !method.has_body()) {
        let message = format!("nothing is sent along with a `{name}` request");
        findings.error("http", entry.key_span, message, "put values under `query`");
    }
}

/// What changes something would do it again where it is led, or somewhere else.
fn check_redirects(written: &HttpDefinition<'_>, effect: Effect, findings: &mut Findings) {
    let span = written.redirects_span;
    if written.redirects > 0 && (effect != Effect::Read || written.method != HttpMethod::Get) {
        let message = "only a `GET` request of what reads can follow redirects".to_owned();
        let help = "take `redirects` out, and write where they lead to into `url`";
        findings.error("http", span, message, help);
    }
}

/// Where a request goes.
struct Place<'a> {
    tls: bool,
    host: Arc<Host>,
    /// The rest of the URL, a template.
    path: &'a str,
}

fn place<'a>(
    url: Spanned<'a>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Place<'a>> {
    let mut wrong = |message: &str, help: &str| {
        findings.error("http", url.span, message.to_owned(), help);
        None
    };
    let schemes = [("https://", true, 443), ("http://", false, 80)];
    let mut schemes = schemes.into_iter();
    let Some((tls, port, rest)) =
        schemes.find_map(|(scheme, tls, port)| Some((tls, port, url.text.strip_prefix(scheme)?)))
    else {
        return wrong(
            "`url` must begin with `https://` and a host",
            "write both out",
        );
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    if authority.contains(['{', '}', '@']) {
        let message = "the host of `url` must be written out, without arguments and users";
        return wrong(message, "make one tool for each host");
    }
    if path.contains(['?', '#']) {
        return wrong("`url` must end with its path", "put the rest under `query`");
    }
    let hosts = &around.config.hosts;
    let found = split_port(authority).and_then(|(name, written)| {
        let port = match written.strip_prefix(':') {
            Some(digits) => digits.parse().ok()?,
            None => port,
        };
        hosts.find(name, port)
    });
    let Some(host) = found else {
        let message = format!("{} is not a host that may be reached", tick(authority));
        let written: Vec<String> = hosts.written().collect();
        let help = match written.is_empty() {
            true => "list it under `hosts` in `tollgate.yaml`".to_owned(),
            false => {
                let written = list(written.iter().map(String::as_str));
                format!("listed in `tollgate.yaml` are {written}")
            }
        };
        findings.error("host", url.span, message, &help);
        return None;
    };
    if !tls && !host.is_private {
        let message = "only a host that is `private` may be reached without TLS";
        return wrong(message, "write `https://`");
    }
    let host = Arc::clone(host);
    Some(Place { tls, host, path })
}

/// The segments of a path; what is written in them needs no encoding.
fn path(
    path: Spanned<'_>,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings,
) -> Option<Vec<TextTemplate>> {
    let segments = segments(placeholders.always_text(path, findings)?);
    for segment in &segments {
        for part in &segment.0 {
            if let Part::Literal(text) = part
                && let Some(char) = text.chars().find(|char| !stands_in_path(*char))
            {
                let message = format!("{} cannot stand in a path", tick(&char.to_string()));
                findings.error("http", path.span, message, "write it percent-encoded");
            }
        }
        if segment.as_literal().is_some_and(is_dots) {
            let message = "`.` and `..` cannot stand in a path".to_owned();
            findings.error("http", path.span, message, "write where it leads to");
        }
    }
    Some(segments)
}

/// Of RFC 3986: what a segment is made of, and `%` where an escape is written.
fn stands_in_path(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(char)
}

/// Parts of a text that begins with `/`, divided at each of them.
fn segments(path: TextTemplate) -> Vec<TextTemplate> {
    let mut segments: Vec<Vec<Part>> = Vec::new();
    for part in path.0 {
        match part {
            slot @ Part::Slot(_) => {
                if let Some(segment) = segments.last_mut() {
                    segment.push(slot);
                }
            }
            Part::Literal(text) => {
                for (at, piece) in text.split('/').enumerate() {
                    if at > 0 {
                        segments.push(Vec::new());
                    }
                    if let Some(segment) = segments.last_mut().filter(|_| !piece.is_empty()) {
                        segment.push(Part::Literal(piece.to_owned()));
                    }
                }
            }
        }
    }
    segments.into_iter().map(TextTemplate).collect()
}

/// Names and values, in which secrets may stand.
fn pairs(
    entries: &[Entry],
    placeholders: &Placeholders<'_>,
    secrets: &Secrets,
    findings: &mut Findings,
) -> Vec<(String, ConfidentialTemplate)> {
    let entries = entries.iter();
    entries
        .filter_map(|entry| {
            let text = text(&entry.value, &entry.key, findings)?;
            let span = entry.value.span;
            let template = placeholders.confidential(Spanned { text, span }, secrets, findings)?;
            Some((entry.key.clone(), template))
        })
        .collect()
}

/// What needs no argument is judged now: nothing that a caller could change is wrong with it.
fn check_values(
    entries: &[Entry],
    headers: &[(String, ConfidentialTemplate)],
    findings: &mut Findings,
) {
    for (name, template) in headers {
        let value = template.fill(&Value::Null);
        let entry = entries.iter().find(|entry| entry.key == *name);
        if let (Some(value), Some(entry)) = (value, entry)
            && !fits_header(value.reveal())
        {
            let message = format!("the value of {} cannot stand in a header", tick(name));
            let help = "a header holds visible ASCII characters and spaces only";
            findings.error("http", entry.value.span, message, help);
        }
    }
}

fn check_headers(headers: &[Entry], findings: &mut Findings) {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for entry in headers {
        let name = entry.key.to_ascii_lowercase();
        let wrong = if name.is_empty() || !name.bytes().all(is_token) {
            "is not the name of a header"
        } else if OURS.contains(&name.as_str()) {
            "is a header that is set for every request"
        } else {
            continue;
        };
        let message = format!("{} {wrong}", tick(&entry.key));
        findings.error("http", entry.key_span, message, "take it out");
    }
}
