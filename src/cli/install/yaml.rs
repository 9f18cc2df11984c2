//! YAML files: a block added below its key, found by the positions of the parser that reads
//! definitions. What that parser does not read (anchors, tags) is not edited.

use std::path::Path;

use serde_json::Value;

use super::{Block, Entry, edit::EditError};
use crate::catalog::{
    diagnostic::{Findings, SourceFile},
    source::{self, Node, NodeValue, Syntax},
};

/// See [`super::edit::add`].
pub(super) fn add(
    text: &str,
    kind: Block,
    entry: &Entry,
    replace: bool,
) -> Result<String, EditError> {
    let file = Yaml::read(text, kind)?;
    if let Some(lines) = file.entry(&entry.name) {
        let own = block(kind, entry, indent_of(&lines));
        if lines == own {
            return Ok(text.to_owned());
        }
        if !replace {
            return Err(EditError::Taken(entry.name.clone()));
        }
        return add(&text.replacen(&lines, "", 1), kind, entry, false);
    }
    file.insert(entry)
}

/// See [`super::edit::remove`].
pub(super) fn remove(text: &str, kind: Block, name: &str) -> Result<String, EditError> {
    let file = Yaml::read(text, kind)?;
    let lines = file
        .entry(name)
        .ok_or_else(|| EditError::Absent(name.to_owned()))?;
    Ok(text.replacen(&lines, "", 1))
}

/// What stands under the key of the entries.
pub(super) fn servers(text: &str, kind: Block) -> Result<Option<Value>, EditError> {
    let file = Yaml::read(text, kind)?;
    let servers = file.top.as_ref().and_then(|top| top.get(file.key()));
    Ok(servers.map(Node::to_value))
}

/// A file that can be edited.
struct Yaml<'a> {
    text: &'a str,
    kind: Block,
    source: std::sync::Arc<SourceFile>,
    top: Option<Node>,
}

impl<'a> Yaml<'a> {
    fn read(text: &'a str, kind: Block) -> Result<Self, EditError> {
        let source = SourceFile::new(Path::new("config.yaml"), text.to_owned());
        let mut findings = Findings::new(&source);
        let mut documents = source::parse(Syntax::Yaml, &mut findings);
        if let Some(first) = findings.into_diagnostics().first() {
            return Err(EditError::Unreadable(first.message.clone()));
        }
        let top = documents.pop();
        let is_editable = top
            .as_ref()
            .is_none_or(|top| matches!(top.value, NodeValue::Map(_)));
        if !is_editable || !documents.is_empty() {
            let message = "it is not one YAML mapping; add the entry by hand";
            return Err(EditError::Unusual(message.to_owned()));
        }
        Ok(Self {
            text,
            kind,
            source,
            top,
        })
    }

    fn key(&self) -> &'static str {
        match self.kind {
            Block::Servers => "mcpServers",
            Block::Extensions => "extensions",
        }
    }

    /// The places where the entries begin, each with its name.
    fn starts(&self) -> Vec<(usize, Option<&str>)> {
        let Some(value) = self.top.as_ref().and_then(|top| top.get(self.key())) else {
            return Vec::new();
        };
        let listed = value
            .items()
            .iter()
            .map(|item| (item.span.start, item.get("name").and_then(Node::as_text)));
        let mapped = value
            .entries()
            .iter()
            .map(|entry| (entry.key_span.start, Some(entry.key.as_str())));
        listed.chain(mapped).collect()
    }

    /// The whole lines of the entry `name`: from the line it begins in to the first one that is
    /// indented no deeper.
    fn entry(&self, name: &str) -> Option<String> {
        let starts = self.starts();
        let (at, _) = starts.iter().find(|(_, own)| *own == Some(name))?;
        let begin = self.line_of(*at);
        let rest = self.text.get(begin..)?;
        let depth = indent_of(rest);
        let mut lines = rest.split_inclusive('\n');
        let mut block = lines.next()?.to_owned();
        for line in lines {
            if line.trim().is_empty() || indent_of(line) <= depth {
                break;
            }
            block.push_str(line);
        }
        Some(block)
    }

    fn insert(&self, entry: &Entry) -> Result<String, EditError> {
        let key = self.key();
        let Some(own) = self.top.as_ref().and_then(|top| top.entry(key)) else {
            let gap = if self.text.is_empty() || self.text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            let added = block(self.kind, entry, 2);
            return Ok(format!("{}{gap}{key}:\n{added}", self.text));
        };
        let line = self.source.position(own.key_span.start).0;
        let after = self.source.line_start(line + 1);
        let starts = self.starts();
        let indent = match starts.first() {
            None if matches!(own.value.value, NodeValue::Null) => 2,
            Some((at, _)) if *at >= after => {
                indent_of(self.text.get(self.line_of(*at)..).unwrap_or_default())
            }
            None | Some(_) => {
                let message = format!("its `{key}` stands on one line; add the entry by hand");
                return Err(EditError::Unusual(message));
            }
        };
        let (head, tail) = self.text.split_at_checked(after).unwrap_or((self.text, ""));
        let gap = if head.ends_with('\n') { "" } else { "\n" };
        Ok(format!(
            "{head}{gap}{}{tail}",
            block(self.kind, entry, indent)
        ))
    }

    /// Where the line begins that `offset` is in.
    fn line_of(&self, offset: usize) -> usize {
        self.source.line_start(self.source.position(offset).0)
    }
}

/// The lines of an entry. Texts are written as JSON, which YAML 1.2 reads.
fn block(kind: Block, entry: &Entry, indent: usize) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let args: Vec<String> = entry.args.iter().map(|arg| quoted(arg)).collect();
    let (name, command, args) = (&entry.name, quoted(&entry.command), args.join(", "));
    let lines = match kind {
        Block::Servers => vec![
            format!("- name: {name}"),
            format!("  command: {command}"),
            format!("  args: [{args}]"),
        ],
        Block::Extensions => vec![
            format!("{name}:"),
            format!("  name: {name}"),
            "  type: stdio".to_owned(),
            "  enabled: true".to_owned(),
            format!("  cmd: {command}"),
            format!("  args: [{args}]"),
            "  timeout: 300".to_owned(),
        ],
    };
    let margin = " ".repeat(indent);
    lines
        .iter()
        .map(|line| format!("{margin}{line}\n"))
        .collect()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
