//! Arguments that name files: they exist, hold paths, and their folder is there.

use super::{
    super::{definition::FileDefinition, diagnostic::Findings, plan::FileArg},
    placeholder::Placeholders,
    program::folder,
};

/// Compiles `files` for a system that can hand open files to programs, if it is `able`.
pub(super) fn compile(
    files: &[FileDefinition<'_>],
    placeholders: &Placeholders<'_>,
    able: bool,
    findings: &mut Findings,
) -> Vec<FileArg> {
    let compiled = files.iter().filter_map(|file| {
        let argument = file.argument;
        if !able {
            let message = "this system cannot hand open files to programs".to_owned();
            let help = "run the gate on Linux or macOS, or set the tool aside";
            findings.error("files", argument.span, message, help);
        }
        let path = placeholders.path_argument(argument, findings);
        let root = folder(file.root, ("root", "files"), findings);
        Some(FileArg {
            path: path?,
            root: root?.to_path_buf(),
            access: file.access,
        })
    });
    compiled.collect()
}
