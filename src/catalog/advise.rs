//! What is allowed in a definition and still unwise: told by `validate-config`, never by a
//! server, so that it costs a start nothing.

mod words;

use std::{collections::BTreeSet, path::Path};

use super::{
    diagnostic::{Diagnostic, Findings, catalogue},
    load, permission,
    schema::{self, Advice},
    snapshot::Catalog,
    source::{Entry, Node},
    template::{ArgPath, ArgTemplate},
};
use crate::base::{
    kernel::{self, Care},
    limits::TOOLS_ADVISED,
};

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
    told.extend(permissions(dir, kernel::sees_permissions()));
    told
}

/// That nobody looked who may change what is in `dir` and beside it, where the system does not show it.
fn permissions(dir: &Path, are_seen: bool) -> Option<Diagnostic> {
    const CODE: &str = "permissions";
    let (message, help) = permission::unseen(are_seen)?;
    let severity = catalogue::severity(CODE);
    Some(Diagnostic::about_path(severity, CODE, dir, message, help))
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
    platform(node, kernel::care(), findings);
    names_of_files(node, findings);
    for key in ["run", "steps"] {
        if let Some(node) = node.get(key) {
            words::secrets(node, findings);
        }
    }
}

/// What a program does not get from this system.
fn platform(node: &Node, here: Care, findings: &mut Findings) {
    let run = node.get("run").and_then(|run| run.entry("exec"));
    let Some(exec) = run else {
        return;
    };
    let (message, help) = match here {
        Care { starts: false, .. } => (
            "programs cannot be started on this system yet",
            "run the gate on Linux or macOS",
        ),
        Care { sweeps: false, .. } => (
            "what the program leaves behind outside of its process group is not ended here, and it outlives a gate that is killed",
            "use a program that ends when its pipes close, or run the gate on Linux",
        ),
        Care { .. } => return,
    };
    findings.advise("platform", exec.key_span, message.to_owned(), help);
}

/// Names of files in the arguments of a program that reaches whatever they lead to.
fn names_of_files(node: &Node, findings: &mut Findings) {
    let exec = node.get("run").and_then(|run| run.get("exec"));
    let properties = node
        .get("inputSchema")
        .and_then(|schema| schema.get("properties"));
    let (Some(exec), Some(properties)) = (exec, properties) else {
        return;
    };
    let sandbox = exec.get("sandbox");
    if sandbox.is_some_and(|sandbox| sandbox.get("read").or(sandbox.get("write")).is_some()) {
        return;
    }
    let is_path = |schema: &Node| schema.get("x-kind").and_then(Node::as_text) == Some("path");
    for Entry { key, value, .. } in properties.entries() {
        let is_opened = exec
            .get("files")
            .is_some_and(|files| files.get(key).is_some());
        if is_opened || !(is_path(value) || value.get("items").is_some_and(is_path)) {
            continue;
        }
        for element in exec.get("command").map(Node::items).unwrap_or_default() {
            let template = element.get("value").unwrap_or(element).as_text();
            if template.is_some_and(|template| has_slot(template, key)) {
                let message = format!(
                    "the program gets the name `{key}`, and a symbolic link can lead it anywhere"
                );
                let help = "name its folder under `files`, or shut the program in with `sandbox`";
                findings.advise("unconfined-path", element.span, message, help);
            }
        }
    }
}

/// Whether an element of `command` is filled with the argument called `name`.
fn has_slot(element: &str, name: &str) -> bool {
    let is_it = |path: &ArgPath| path.0 == [name];
    match ArgTemplate::parse(element) {
        Ok(ArgTemplate::One { text, .. }) => text.slots().any(is_it),
        Ok(ArgTemplate::Many { path, .. }) => is_it(&path),
        Err(_) => false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{
        diagnostic::SourceFile,
        source::{self, Syntax},
    };

    #[track_caller]
    fn check(run: &str, here: (bool, bool), expected: &[&str]) {
        let source = SourceFile::new(Path::new("f"), format!("run: {run}"));
        let mut findings = Findings::new(&source);
        let documents = source::parse(Syntax::Yaml, &mut findings);
        let (starts, sweeps) = here;
        platform(&documents[0], Care { starts, sweeps }, &mut findings);
        let found = findings.into_diagnostics();
        let found: Vec<String> = found.iter().map(Diagnostic::plain).collect();
        assert_eq!(found, expected, "{run}");
    }

    #[test]
    fn what_programs_lack_on_other_systems_is_said() {
        let exec = "{exec: {command: [date]}}";
        check(exec, (true, true), &[]);
        check("{reply: {text: x}}", (false, false), &[]);
        check(
            exec,
            (true, false),
            &[
                "f:1:7: warning[platform]: what the program leaves behind outside of its process group is not ended here, and it outlives a gate that is killed (use a program that ends when its pipes close, or run the gate on Linux)",
            ],
        );
        check(
            exec,
            (false, false),
            &[
                "f:1:7: warning[platform]: programs cannot be started on this system yet (run the gate on Linux or macOS)",
            ],
        );
    }

    #[test]
    fn that_permissions_are_not_looked_at_is_said_where_it_is_so() {
        let told = |are_seen| permissions(Path::new("d"), are_seen).map(|one| one.plain());
        assert_eq!(told(true), None);
        let expected = "d: note[permissions]: who may read or change the definitions, the \
                        configuration, the lock, programs, secrets in files and the state folder \
                        is not looked at on this system (let nobody but you and its administrators \
                        reach them, by the access lists of their folders)";
        assert_eq!(told(false).as_deref(), Some(expected));
    }

    #[track_caller]
    fn check_names(exec: &str, expected: &[&str]) {
        let schema = "{properties: {f: {x-kind: path}, l: {items: {x-kind: path}}, t: {}}}";
        let text = format!("inputSchema: {schema}\nrun: {{exec: {exec}}}");
        let source = SourceFile::new(Path::new("f"), text);
        let mut findings = Findings::new(&source);
        let documents = source::parse(Syntax::Yaml, &mut findings);
        names_of_files(&documents[0], &mut findings);
        let found = findings.into_diagnostics();
        let found: Vec<String> = found.iter().map(Diagnostic::plain).collect();
        assert_eq!(found, expected, "{exec}");
    }

    #[test]
    fn v25_a_name_that_goes_to_a_program_as_it_is_is_said() {
        let said = |place: &str, name: &str| {
            format!(
                "f:2:{place}: warning[unconfined-path]: the program gets the name `{name}`, and a \
                 symbolic link can lead it anywhere (name its folder under `files`, or shut the \
                 program in with `sandbox`)"
            )
        };
        check_names(
            "{command: [cat, 'x={f}', {value: '{l...}'}, '{t}', '{{f}}'], sandbox: {network: false}}",
            &[&said("29", "f"), &said("38", "l")],
        );
        for rest in [
            "files: {f: {root: /usr}, l: {root: /usr}}",
            "sandbox: {read: []}",
            "sandbox: {write: []}",
        ] {
            check_names(
                &format!("{{command: [cat, '{{f}}', '{{l...}}'], {rest}}}"),
                &[],
            );
        }
    }
}
