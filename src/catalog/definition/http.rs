//! The part of a definition that holds a request.

use super::{
    super::{
        diagnostic::{Findings, Span},
        fields::{Fields, items, text, truth, wrong_type},
        plan::{DownstreamKey, HttpMethod, HttpResponse},
        quantity::count,
        source::{Entry, Node, NodeValue},
        units,
    },
    Spanned, spanned,
};
use crate::base::limits::{
    HTTP_BODY_BYTES_DEFAULT, HTTP_REDIRECTS_MAX, KEY_TOMBSTONE_KEPT, OUTPUT_TOTAL_BYTES_MAX,
};

/// A request, see [`super::super::plan::HttpPlan`].
#[derive(Debug)]
pub(crate) struct HttpDefinition<'a> {
    pub(crate) method: HttpMethod,
    /// Where the method is written; the request where it is not.
    pub(crate) method_node: &'a Node,
    pub(crate) url: Spanned<'a>,
    pub(crate) query: &'a [Entry],
    pub(crate) headers: &'a [Entry],
    pub(crate) body: Option<(&'a Entry, BodyDefinition<'a>)>,
    pub(crate) response: HttpResponse,
    pub(crate) response_bytes_max: usize,
    pub(crate) retry_status: Vec<u16>,
    pub(crate) redirects: u32,
    /// Where that is written; the request where it is not.
    pub(crate) redirects_span: Span,
    pub(crate) downstream_key: DownstreamKey,
    /// Where that is written; the request where it is not.
    pub(crate) downstream_span: Span,
    /// The author knows that nothing is changed, whatever the method.
    pub(crate) assert_no_effects: bool,
}

/// What is sent along.
#[derive(Debug)]
pub(crate) enum BodyDefinition<'a> {
    /// `{json: …}`.
    Json(&'a Node),
    /// `{form: …}`.
    Form(&'a [Entry]),
    /// `{text: …}`.
    Text(Spanned<'a>),
}

/// Reads the value of `http`.
pub(super) fn read<'a>(node: &'a Node, findings: &mut Findings) -> Option<HttpDefinition<'a>> {
    let mut fields = Fields::open(node, "http", findings)?;
    let methods = HttpMethod::ALL.map(|method| (method.as_str(), method));
    let method_node = fields.peek("method").unwrap_or(node);
    let method = fields.word("method", &methods, findings);
    let url = fields
        .require("url", findings)
        .and_then(|node| spanned(node, "url", findings));
    let query = fields.take("query");
    let headers = fields.take("headers");
    let body = fields.take_entry("body");
    let response = fields.take("response");
    let limit = fields
        .take("response_limit")
        .and_then(|node| units::bytes(node, "response_limit", OUTPUT_TOTAL_BYTES_MAX, findings));
    let retry_status = fields.take("retry_status");
    let redirects_node = fields.take("redirects");
    let redirects = redirects_node.and_then(|node| redirects(node, findings));
    let key_node = fields.take("downstream_key");
    let downstream_key = key_node.and_then(|node| downstream_key(node, findings));
    let assert_no_effects = fields.flag("assert_no_effects", findings);
    fields.close(findings);
    let mut named = |node: Option<&'a Node>, name| {
        node.map_or(&[] as &[Entry], |node| entries(node, name, findings))
    };
    let (query, headers) = (named(query, "query"), named(headers, "headers"));
    let body = body.and_then(|entry| Some((entry, body_of(&entry.value, findings)?)));
    let response = response.and_then(|node| response_of(node, findings));
    Some(HttpDefinition {
        method: method.unwrap_or(HttpMethod::Get),
        method_node,
        url: url?,
        query,
        headers,
        body,
        response: response.unwrap_or(HttpResponse::Json {
            pointer: String::new(),
        }),
        response_bytes_max: limit.unwrap_or(HTTP_BODY_BYTES_DEFAULT),
        retry_status: retry_status.map_or_else(Vec::new, |node| statuses(node, findings)),
        redirects: redirects.unwrap_or(0),
        redirects_span: redirects_node.unwrap_or(node).span,
        downstream_key: downstream_key.unwrap_or(DownstreamKey::Ignored),
        downstream_span: key_node.unwrap_or(node).span,
        assert_no_effects,
    })
}

/// `true`, `false` or `{valid_for: 24h}`.
fn downstream_key(node: &Node, findings: &mut Findings) -> Option<DownstreamKey> {
    if !matches!(node.value, NodeValue::Map(_)) {
        let is_known = truth(node, "downstream_key", findings)?;
        return is_known.then_some(DownstreamKey::Known);
    }
    let mut fields = Fields::open(node, "downstream_key", findings)?;
    let time = fields
        .require("valid_for", findings)
        .and_then(|node| units::duration(node, "valid_for", KEY_TOMBSTONE_KEPT, findings));
    fields.close(findings);
    time.map(DownstreamKey::ValidFor)
}

fn redirects(node: &Node, findings: &mut Findings) -> Option<u32> {
    let NodeValue::Number(number) = &node.value else {
        wrong_type(node, "redirects", "a whole number", "", findings);
        return None;
    };
    let given = number.as_u64().and_then(|given| u32::try_from(given).ok());
    let redirects = given.filter(|redirects| *redirects <= HTTP_REDIRECTS_MAX);
    if redirects.is_none() {
        let message = format!("`redirects` must be a whole number from 0 to {HTTP_REDIRECTS_MAX}");
        findings.error("amount", node.span, message, "");
    }
    redirects
}

fn entries<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> &'a [Entry] {
    if !matches!(node.value, NodeValue::Map(_)) {
        wrong_type(node, name, "a mapping", "", findings);
    }
    node.entries()
}

fn body_of<'a>(node: &'a Node, findings: &mut Findings) -> Option<BodyDefinition<'a>> {
    let mut fields = Fields::open(node, "body", findings)?;
    let (json, form, text) = (
        fields.take("json"),
        fields.take("form"),
        fields.take("text"),
    );
    fields.close(findings);
    match (json, form, text) {
        (Some(json), None, None) => Some(BodyDefinition::Json(json)),
        (None, Some(form), None) => Some(BodyDefinition::Form(entries(form, "form", findings))),
        (None, None, Some(text)) => spanned(text, "text", findings).map(BodyDefinition::Text),
        _ => {
            let message = "`body` must have exactly one of `json`, `form` and `text`".to_owned();
            findings.error("http", node.span, message, "");
            None
        }
    }
}

/// `json`, `text`, or `{pointer: /a/b}`.
fn response_of(node: &Node, findings: &mut Findings) -> Option<HttpResponse> {
    if !matches!(node.value, NodeValue::Map(_)) {
        return match text(node, "response", findings)? {
            "json" => None,
            "text" => Some(HttpResponse::Text),
            _ => {
                let message = "`response` must be `json`, `text` or `{pointer: …}`".to_owned();
                findings.error("wrong-word", node.span, message, "");
                None
            }
        };
    }
    let mut fields = Fields::open(node, "response", findings)?;
    let pointer = fields
        .require("pointer", findings)
        .and_then(|node| spanned(node, "pointer", findings));
    fields.close(findings);
    let pointer = pointer?;
    if !pointer.text.starts_with('/') {
        let message = "`pointer` must be a JSON pointer".to_owned();
        findings.error("http", pointer.span, message, "write it as `/data/items`");
    }
    Some(HttpResponse::Json {
        pointer: pointer.text.to_owned(),
    })
}

fn statuses(node: &Node, findings: &mut Findings) -> Vec<u16> {
    let nodes = items(node, "retry_status", findings).iter();
    nodes
        .filter_map(|node| {
            let status = count(node, "a status", 599, findings)?;
            if status < 400 {
                let message = "`retry_status` lists statuses from 400 to 599".to_owned();
                let help = "list only those after which nothing was done";
                findings.error("http", node.span, message, help);
            }
            u16::try_from(status).ok()
        })
        .collect()
}
