//! `sandbox`, `retry` and `exit_codes`: what is refused, and what a lesser kernel makes of it.

use super::*;
use crate::base::kernel::Confinement;

#[test]
fn c4_a_sandbox_names_absolute_paths_that_are_there() {
    check_exec(
        "{command: [/bin/true], sandbox: {read: [usr, /usr, '{a}'], write: [/nowhere/at/all], network: maybe}}",
        &[
            "f:5:49: error[sandbox]: `usr` is not an absolute path",
            "f:5:60: error[sandbox]: `{a}` takes no placeholders (name the folder that all of the paths are in)",
            "f:5:76: error[sandbox]: there is no `/nowhere/at/all` (make it first, or take it out)",
            "f:5:103: error[wrong-type]: `network` must be true or false, not text",
        ],
    );
}

#[test]
fn c4_limits_are_amounts_and_counts() {
    check_exec(
        "{command: [/bin/true], sandbox: {limits: {cpu: 10, memory: 0, open_files: 0, processes: x, speed: 1}}}",
        &[
            "f:5:56: error[wrong-type]: `cpu` must be a duration, not a number (write a whole number with `ms`, `s`, `m` or `h`, as `30s`)",
            "f:5:68: error[amount]: `memory` must be a number of bytes from 1 to 1099511627776 (write an integer, or one with a unit, as `64KiB`)",
            "f:5:83: error[amount]: `open_files` must be a whole number from 1 to 1000000",
            "f:5:97: error[wrong-type]: `processes` must be a whole number, not text",
            "f:5:100: error[unknown-key]: unknown key `speed` (known here are `cpu`, `memory`, `file_size`, `open_files` and `processes`)",
        ],
    );
}

#[test]
fn c4_retries_are_few_and_codes_are_those_of_programs() {
    check_with(
        "retry: {attempts: 11, exit_codes: [0, 256, x]}",
        &[
            "f:5:19: error[amount]: `attempts` must be a whole number from 1 to 10",
            "f:5:23: error[exit-codes]: `exit_codes` goes with `exec` only (take it out)",
            "f:5:36: error[amount]: `an exit code` must be a whole number from 1 to 255",
            "f:5:39: error[amount]: `an exit code` must be a whole number from 1 to 255",
            "f:5:44: error[wrong-type]: `an exit code` must be a whole number, not text",
        ],
    );
    let (tool, found) = read(
        "name: t\ndescription: d\ninputSchema: {type: object}\nretry: {attempts: 2, exit_codes: [75]}\non_cancel: kill\nrun: {exec: {command: [/bin/true], exit_codes: {retry: [3], ambiguous: [4]}}}",
    );
    assert_eq!(found, Vec::<String>::new());
    let tool = tool.unwrap();
    assert_eq!(
        (tool.attempts_max, tool.on_cancel),
        (2, Some(OnCancel::Kill))
    );
    let Run::Exec(plan) = &tool.run else { panic!() };
    assert_eq!(plan.exit_codes.retry, [3, 75]);
    assert_eq!(plan.exit_codes.ambiguous, [4]);
}

#[test]
fn what_answers_at_once_does_not_go_on_and_names_of_the_gate_are_taken() {
    check_with(
        "mode: background",
        &[
            "f:1:1: error[mode]: `mode: background` does not go with `reply` (take it out: a reply is there at once)",
        ],
    );
    check_exec("{command: [/bin/true]}\nmode: background", &[]);
    check(
        "name: operation_get\ndescription: d\ninputSchema: {type: object}\nrun: {reply: {text: x}}",
        &["f:1:7: error[name]: `operation_get` is a tool of the gate itself (choose another name)"],
    );
}

/// What a kernel that is capable of `here` makes of `sandbox`.
#[track_caller]
fn check_here(sandbox: &str, here: Confinement, expected: &[&str]) {
    let text = format!(
        "name: t\ndescription: d\ninputSchema: {{type: object}}\nrun:\n  exec: {{command: [/bin/true], sandbox: {sandbox}}}"
    );
    let source = SourceFile::new(Path::new("f"), text.as_str().into());
    let mut findings = Findings::new(&source);
    let documents = source::parse(Syntax::Yaml, &mut findings);
    let definition = Definition::read(&documents[0], &mut findings).unwrap();
    let Some(RunDefinition::Exec(exec)) = &definition.run else {
        panic!("{text}");
    };
    sandbox::compile(exec.sandbox.as_ref().unwrap(), here, &mut findings);
    let found: Vec<String> = findings
        .into_diagnostics()
        .iter()
        .map(|one| one.plain())
        .collect();
    assert_eq!(found, expected, "{sandbox}");
}

#[test]
fn what_the_kernel_cannot_do_is_an_error_where_it_is_required_and_is_said_where_not() {
    let linux = Confinement {
        limits: true,
        files: true,
        network: true,
    };
    let old = Confinement {
        files: false,
        network: false,
        ..linux
    };
    let elsewhere = Confinement {
        limits: false,
        ..old
    };
    let all = "{read: [/usr], network: false, require: true}";
    check_here(all, linux, &[]);
    check_here(
        all,
        old,
        &[
            "f:5:32: error[sandbox]: this system cannot restrict the files that a program reaches (that takes Landlock, Linux 5.13) (run the gate where it can, or take `require: true` out)",
            "f:5:56: error[sandbox]: this system cannot refuse TCP to a program (that takes Landlock, Linux 6.7) (run the gate where it can, or take `require: true` out)",
        ],
    );
    check_here("{}", old, &[]);
    check_here(
        "{}",
        elsewhere,
        &[
            "f:5:32: warning[sandbox]: this system cannot give a program limits of its own (that takes Linux) (the tool runs without; `require: true` would refuse it)",
        ],
    );
}
