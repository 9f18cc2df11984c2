//! The part of a definition that says which arguments name files, and beneath which folder.

use super::{
    super::{
        diagnostic::Findings,
        fields::{Fields, wrong_type},
        plan::FileAccess,
        source::{Entry, Node, NodeValue},
    },
    Spanned, require_spanned,
};

/// One entry of `files`, see [`super::super::plan::FileArg`].
#[derive(Debug)]
pub(crate) struct FileDefinition<'a> {
    /// The argument, with dots between the names on the way to it.
    pub(crate) argument: Spanned<'a>,
    pub(crate) root: Spanned<'a>,
    pub(crate) access: FileAccess,
}

/// Reads `files`; an entry without a folder is left out.
pub(super) fn read<'a>(node: &'a Node, findings: &mut Findings) -> Vec<FileDefinition<'a>> {
    if !matches!(node.value, NodeValue::Map(_)) {
        wrong_type(
            node,
            "files",
            "a mapping of arguments to folders",
            "",
            findings,
        );
    }
    let entries = node.entries().iter();
    entries.filter_map(|entry| file(entry, findings)).collect()
}

fn file<'a>(entry: &'a Entry, findings: &mut Findings) -> Option<FileDefinition<'a>> {
    let mut fields = Fields::open(&entry.value, &entry.key, findings)?;
    let root = require_spanned(&mut fields, "root", findings);
    let words = [("read", FileAccess::Read), ("write", FileAccess::Write)];
    let access = fields.word("access", &words, findings);
    fields.close(findings);
    Some(FileDefinition {
        argument: Spanned {
            text: &entry.key,
            span: entry.key_span,
        },
        root: root?,
        access: access.unwrap_or(FileAccess::Read),
    })
}
