//! `files`: arguments that name files, and the folders that these are in.

use super::*;
use crate::catalog::plan::FileAccess;

const HEAD: &str = "name: t\ndescription: d\ninputSchema: {type: object, required: [f], properties: {f: {type: string, x-kind: path}, n: {x-kind: path}, t: {type: string}, l: {type: array, items: {type: string, x-kind: path}}, o: {type: object, properties: {p: {$ref: '#/properties/f'}}}}}\nrun:";

#[track_caller]
fn check_files(files: &str, expected: &[&str]) {
    let exec = format!("{{command: [/bin/true], files: {files}}}");
    check(&format!("{HEAD}\n  exec: {exec}\n"), expected);
}

#[test]
fn v25_a_folder_is_declared_for_an_argument_that_holds_paths() {
    let (tool, found) = read(&format!(
        "{HEAD}\n  exec: {{command: [/bin/true], files: {{f: {{root: /usr}}, l: {{root: /, access: write}}, o.p: {{root: /usr, access: read}}}}}}"
    ));
    assert_eq!(found, Vec::<String>::new());
    let Run::Exec(plan) = &tool.unwrap().run else {
        panic!()
    };
    let files: Vec<_> = plan
        .files
        .iter()
        .map(|file| {
            (
                file.path.pointer(),
                file.root.to_str().unwrap(),
                file.access,
            )
        })
        .collect();
    let (read, write) = (FileAccess::Read, FileAccess::Write);
    let expected = [
        ("/f", "/usr", read),
        ("/l", "/", write),
        ("/o/p", "/usr", read),
    ];
    assert_eq!(
        files,
        expected.map(|(at, root, access)| (at.to_owned(), root, access))
    );
}

#[test]
fn c4_what_is_wrong_with_files_is_told_at_its_place() {
    check_files(
        "{f: {root: usr}, t: {root: /usr}, n: {root: /nowhere/at/all, access: run}, x: {root: '/{f}'}}",
        &[
            "f:5:50: error[files]: `root` must be an absolute path",
            "f:5:56: error[files]: `t` does not hold paths (say `type: string` and `x-kind: path` in its schema, or in that of its items)",
            "f:5:73: error[files]: `n` does not hold paths (say `type: string` and `x-kind: path` in its schema, or in that of its items)",
            "f:5:83: error[files]: `root` is not a folder that exists (make it first)",
            "f:5:108: error[wrong-word]: `access` must be one of `read` and `write`, not `run`",
            "f:5:114: error[placeholder]: `x` is not a property of `inputSchema` (did you mean `f`?)",
            "f:5:124: error[files]: `root` takes no placeholders (pass the folder as an argument)",
        ],
    );
    check_files(
        "{f: /usr}",
        &["f:5:43: error[wrong-type]: `f` must be a mapping, not text"],
    );
    check_files(
        "[f]",
        &[
            "f:5:39: error[wrong-type]: `files` must be a mapping of arguments to folders, not a list",
        ],
    );
    check_files(
        "{f: {}}",
        &["f:5:43: error[missing-key]: `root` is missing"],
    );
}

#[test]
fn where_open_files_cannot_be_handed_on_it_is_said() {
    let text = format!("{HEAD}\n  exec: {{command: [/bin/true], files: {{f: {{root: /usr}}}}}}");
    let source = SourceFile::new(Path::new("f"), text);
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Yaml, &mut findings);
    let definition = Definition::read(&documents[0], &mut findings).unwrap();
    let Some(RunDefinition::Exec(exec)) = &definition.run else {
        panic!()
    };
    let placeholders = Placeholders::new(definition.input_schema);
    super::super::files::compile(&exec.files, &placeholders, false, &mut findings);
    let found = findings.into_diagnostics();
    let found: Vec<String> = found.iter().map(|one| one.plain()).collect();
    assert_eq!(
        found,
        [
            "f:5:40: error[files]: this system cannot hand open files to programs (run the gate on Linux or macOS, or set the tool aside)"
        ]
    );
}
