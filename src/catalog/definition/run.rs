//! The part of a definition that says what runs.

use super::{
    super::{
        diagnostic::{Findings, tick},
        fields::{Fields, items, text, wrong_type},
        source::{Entry, Node, NodeValue},
        tool::{OutputKind, Stdin},
        units,
    },
    ElementDefinition, ExecDefinition, RunDefinition, files, http, retry, sandbox, spanned,
    take_spanned,
};
use crate::base::{
    limits::{OUTPUT_TOTAL_BYTES_MAX, STDOUT_BYTES_DEFAULT},
    text::list,
};

/// What can run, by the key that says it.
const RUN_KEYS: &[&str] = &["exec", "http", "reply", "sql"];

/// Takes `run` and `output` out of the fields of a definition, unless it `has_steps`.
pub(super) fn unless<'a>(
    has_steps: bool,
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Option<RunDefinition<'a>> {
    if has_steps {
        return None;
    }
    let output = fields.take_entry("output");
    let run = fields.require("run", findings)?;
    read(run, output, findings)
}

/// Reads `run`; `output` is the entry that stands beside it.
pub(super) fn read<'a>(
    node: &'a Node,
    output: Option<&'a Entry>,
    findings: &mut Findings,
) -> Option<RunDefinition<'a>> {
    let mut fields = Fields::open(node, "run", findings)?;
    let run = one_of(&mut fields, "run", output, findings);
    fields.close(findings);
    run
}

/// What runs, as one of the keys of `fields`, which belong to what is called `name`.
pub(super) fn one_of<'a>(
    fields: &mut Fields<'a>,
    name: &str,
    output: Option<&'a Entry>,
    findings: &mut Findings,
) -> Option<RunDefinition<'a>> {
    let given: Vec<&Entry> = RUN_KEYS
        .iter()
        .filter_map(|key| fields.take_entry(key))
        .collect();
    let [only] = given.as_slice() else {
        let keys = list(RUN_KEYS.iter().copied());
        let message = format!("`{name}` must have exactly one of {keys}");
        findings.error("run", fields.span(), message, "");
        return None;
    };
    if let Some(output) = output.filter(|_| only.key != "exec") {
        let message = format!("`output` does not go with `{}`", only.key);
        let help = match only.key.as_str() {
            "reply" => "`reply: {text: …}` and `reply: {json: …}` say it already",
            "http" => "`response` says it",
            _ => "a statement gives JSON",
        };
        findings.error("run", output.key_span, message, help);
    }
    match only.key.as_str() {
        "exec" => exec_definition(&only.value, output, findings)
            .map(Box::new)
            .map(RunDefinition::Exec),
        "http" => http::read(&only.value, findings)
            .map(Box::new)
            .map(RunDefinition::Http),
        "sql" => super::sql::read(&only.value, findings).map(RunDefinition::Sql),
        _ => reply_definition(&only.value, findings),
    }
}

fn reply_definition<'a>(node: &'a Node, findings: &mut Findings) -> Option<RunDefinition<'a>> {
    let mut fields = Fields::open(node, "reply", findings)?;
    let text = fields.take("text");
    let json = fields.take("json");
    fields.close(findings);
    match (text, json) {
        (Some(text), None) => spanned(text, "text", findings).map(RunDefinition::ReplyText),
        (None, Some(json)) => Some(RunDefinition::ReplyJson(json)),
        (Some(_), Some(_)) | (None, None) => {
            let message = "`reply` must have exactly one of `text` and `json`".to_owned();
            findings.error("run", node.span, message, "");
            None
        }
    }
}

fn exec_definition<'a>(
    node: &'a Node,
    output: Option<&'a Entry>,
    findings: &mut Findings,
) -> Option<ExecDefinition<'a>> {
    let mut fields = Fields::open(node, "exec", findings)?;
    let command = fields.require("command", findings);
    let files = fields.take("files");
    let files = files.map(|node| files::read(node, findings));
    let env = fields.take("env");
    if let Some(env) = env.filter(|env| !matches!(env.value, NodeValue::Map(_))) {
        wrong_type(env, "env", "a mapping", "", findings);
    }
    let cwd = take_spanned(&mut fields, "cwd", findings);
    let words = [("json", Stdin::Json), ("none", Stdin::Empty)];
    let stdin = fields.word("stdin", &words, findings);
    let inner = fields.take_entry("output");
    if let (Some(inner), Some(_)) = (inner, output) {
        let message = "`output` stands both here and beside `run`".to_owned();
        findings.error("run", inner.key_span, message, "keep one of the two");
    }
    let output = inner
        .or(output)
        .and_then(|entry| output_kind(&entry.value, findings));
    let progress = fields.flag("progress", findings);
    let limit = fields
        .take("stdout_limit")
        .and_then(|node| units::bytes(node, "stdout_limit", OUTPUT_TOTAL_BYTES_MAX, findings));
    let exit_codes = retry::exit_codes(&mut fields, findings);
    let sandbox = fields
        .take_entry("sandbox")
        .and_then(|entry| sandbox::read(entry, findings));
    let unsafe_interpreter = fields.flag("unsafe_interpreter", findings);
    let unsafe_env = fields.flag("unsafe_env", findings);
    let secret_in_argv = fields.flag("secret_in_argv", findings);
    fields.close(findings);
    let command = command?;
    let elements = items(command, "command", findings);
    Some(ExecDefinition {
        command: elements
            .iter()
            .filter_map(|node| element(node, findings))
            .collect(),
        command_span: command.span,
        files: files.unwrap_or_default(),
        env: env.map(Node::entries).unwrap_or_default(),
        cwd,
        stdin: stdin.unwrap_or(Stdin::Empty),
        output: output.unwrap_or(OutputKind::Text),
        progress,
        stdout_bytes_max: limit.unwrap_or(STDOUT_BYTES_DEFAULT),
        exit_codes,
        sandbox,
        unsafe_interpreter,
        unsafe_env,
        secret_in_argv,
    })
}

fn element<'a>(node: &'a Node, findings: &mut Findings) -> Option<ElementDefinition<'a>> {
    if !matches!(node.value, NodeValue::Map(_)) {
        let value = spanned(node, "an element of `command`", findings)?;
        return Some(ElementDefinition {
            value,
            allow_prefix: false,
        });
    }
    let mut fields = Fields::open(node, "an element of `command`", findings)?;
    let value = fields
        .require("value", findings)
        .and_then(|node| spanned(node, "value", findings));
    let allow_prefix = fields.flag("allow_prefix", findings);
    fields.close(findings);
    value.map(|value| ElementDefinition {
        value,
        allow_prefix,
    })
}

fn output_kind(node: &Node, findings: &mut Findings) -> Option<OutputKind> {
    if !matches!(node.value, NodeValue::Map(_)) {
        return match text(node, "output", findings)? {
            "text" => Some(OutputKind::Text),
            "json" => Some(OutputKind::Json),
            "content" => Some(OutputKind::Content),
            other => {
                let message = format!("no such output: {}", tick(other));
                let help = "write `text`, `json`, `content`, `{image: …}`, `{audio: …}` or `{resource: …}`";
                findings.error("wrong-word", node.span, message, help);
                None
            }
        };
    }
    let mut fields = Fields::open(node, "output", findings)?;
    let image = fields.text("image", findings);
    let audio = fields.text("audio", findings);
    let resource = fields.take("resource");
    fields.close(findings);
    match (image, audio, resource) {
        (Some(mime_type), None, None) => Some(OutputKind::Image {
            mime_type: mime_type.into(),
        }),
        (None, Some(mime_type), None) => Some(OutputKind::Audio {
            mime_type: mime_type.into(),
        }),
        (None, None, Some(node)) => {
            let mut fields = Fields::open(node, "resource", findings)?;
            let uri = fields
                .require("uri", findings)
                .and_then(|node| text(node, "uri", findings));
            let mime_type = fields.text("mimeType", findings).map(str::to_owned);
            fields.close(findings);
            uri.map(|uri| OutputKind::Resource {
                uri: uri.into(),
                mime_type,
            })
        }
        _ => {
            let message = "`output` must have exactly one of `image`, `audio` and `resource`";
            findings.error("wrong-type", node.span, message.into(), "");
            None
        }
    }
}
