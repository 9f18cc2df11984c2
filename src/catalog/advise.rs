//! What is allowed in a definition and still unwise: told by `validate-config`, never by a
//! server, so that it costs a start nothing.

mod words;

use std::{collections::BTreeSet, path::Path};

use super::{
    diagnostic::{Diagnostic, Findings, catalogue},
    load,
    schema::{self, Advice},
    snapshot::Catalog,
    source::Node,
};
use crate::base::limits::TOOLS_ADVISED;

/// What some clients put before the name of a tool, with the name that `serve` has by default.
const CLIENT_PREFIX: &str = "mcp__tollgate__";
/// Longest name of a tool that every model API takes.
const API_NAME_BYTES_MAX: usize = 64;

/// Everything unwise in the definitions of `dir` that are in `catalog`; what is broken has been
/// told already.
pub(crate) fn folder(dir: &Path, catalog: &Catalog) -> Vec<Diagnostic> {
    let names: BTreeSet<String> = catalog.all().map(|tool| tool.name.to_string()).collect();
    let mut told = Vec::new();
    for (source, documents) in load::documents(dir) {
        let mut findings = Findings::new(&source);
        for node in &documents {
            let name = node.get("name").and_then(Node::as_text);
            if let Some(name) = name.filter(|name| names.contains(*name)) {
                definition(node, name, &names, &mut findings);
            }
        }
        told.extend(findings.into_diagnostics());
    }
    let listed = catalog.listed().count();
    if listed > TOOLS_ADVISED {
        let message = format!("{listed} tools are listed");
        let help = "some clients hand only the first 40 to their model; serve two folders";
        let severity = catalogue::severity("many-tools");
        told.push(Diagnostic::about_path(
            severity,
            "many-tools",
            dir,
            message,
            help,
        ));
    }
    told
}

fn definition(node: &Node, name: &str, names: &BTreeSet<String>, findings: &mut Findings) {
    keys(node, name, findings);
    for (key, is_input) in [("inputSchema", true), ("outputSchema", false)] {
        let Some(schema) = node.get(key) else {
            continue;
        };
        for Advice { code, problem } in schema::advise(&schema.to_value(), is_input) {
            let span = schema.span_at(&problem.pointer);
            findings.advise(code, span, problem.message, &problem.help);
        }
        words::in_schema(schema, name, names, findings);
    }
    for key in ["title", "description"] {
        if let Some(node) = node.get(key) {
            words::check(node, name, names, findings);
        }
    }
    for key in ["run", "steps"] {
        if let Some(node) = node.get(key) {
            words::secrets(node, findings);
        }
    }
}

/// What the keys of a definition say together, and what is missing among them.
fn keys(node: &Node, name: &str, findings: &mut Findings) {
    let span = node.get("name").map_or(node.span, |name| name.span);
    let whole = CLIENT_PREFIX.len() + name.len();
    if name.len() <= API_NAME_BYTES_MAX && whole > API_NAME_BYTES_MAX {
        let message = format!("with `{CLIENT_PREFIX}` before it the name has {whole} characters");
        let room = API_NAME_BYTES_MAX - CLIENT_PREFIX.len();
        let help = format!("use at most {room}, or a shorter name of the server");
        findings.advise("long-name", span, message, &help);
    }
    let effect = node.get("effect").and_then(Node::as_text);
    let decided = ["idempotent", "idempotency"];
    if effect != Some("read") && decided.iter().all(|key| node.get(key).is_none()) {
        let message = "nothing says whether this write may be repeated".to_owned();
        let help = "write `idempotent: true` or `idempotent: false`; agents repeat calls";
        findings.advise("no-idempotency", span, message, help);
    }
    if let Some(title) = node
        .get("title")
        .filter(|title| title.as_text() == Some(name))
    {
        let message = "`title` repeats the name".to_owned();
        findings.advise(
            "title",
            title.span,
            message,
            "leave it out, or write it for people",
        );
    }
    if node
        .get("tests")
        .is_none_or(|tests| tests.items().is_empty())
    {
        let message = "this definition has no tests".to_owned();
        let help = "show under `tests` which calls are `ok` and which must be refused";
        findings.advise("no-tests", span, message, help);
    }
}
