//! Tests of what runs: programs, their environment, and the slots in their arguments.

use super::*;

#[test]
fn placeholders_name_properties_that_exist() {
    check_exec(
        "{command: [\"true\", \"{a}\", \"{o.k}\", \"{l...}\", \"{l}\"]}",
        &[],
    );
    check_exec(
        "{command: [\"true\", \"x{b}\"]}",
        &["f:5:30: error[placeholder]: `b` is not a property of `inputSchema` (did you mean `a`?)"],
    );
    check_exec(
        "{command: [\"true\"], env: {X: \"{o.nothing}\"}}",
        &[
            "f:5:39: error[placeholder]: `o.nothing` is not a property of `inputSchema` (the properties are `k`)",
        ],
    );
    check_exec(
        "{command: [\"true\", \"{a...}\"]}",
        &[
            "f:5:28: error[placeholder]: `{a...}` needs `a` to be an array (write `{a}` for a single value)",
        ],
    );
    check_exec(
        "{command: [\"true\", \"{a\"]}",
        &["f:5:29: error[template]: `{` is never closed (write `{{` for a brace)"],
    );
    check_exec(
        "{command: [\"true\"], env: {X: \"${secret:env:Y}\"}}",
        &[
            "f:5:39: error[secret]: `${secret:env:Y}` cannot be used: the environment has no `Y` (set it for the process that starts the gate)",
        ],
    );
    check_exec(
        "{command: [\"true\", \"${secret:env:Y}\"]}",
        &[
            "f:5:29: error[template]: a secret cannot stand here (give it to the program through `env`)",
        ],
    );
    let referred = "name: t\ndescription: d\ninputSchema: {type: object, required: [a], properties: {a: {$ref: '#/$defs/x'}}, $defs: {x: {type: object, properties: {k: {default: 1}}}}}\nrun: {reply: {text: 'is {a.k}'}}";
    check(referred, &[]);
}

#[test]
fn a_reply_always_has_a_text() {
    let with = |schema: &str| {
        format!(
            "name: t\ndescription: d\ninputSchema: {{type: object, {schema}}}\nrun: {{reply: {{text: 'is {{a}}'}}}}"
        )
    };
    check(&with("required: [a], properties: {a: {}}"), &[]);
    check(&with("properties: {a: {default: 1}}"), &[]);
    check(
        &with("properties: {a: {}}"),
        &[
            "f:4:25: error[placeholder]: `{a}` may be absent, and then there is no text (list it under `required`, or give it a `default`)",
        ],
    );
}

#[test]
fn programs_are_found_and_trusted_or_refused() {
    check_exec(
        "{command: []}",
        &["f:5:19: error[program]: `command` is empty (its first element is the program)"],
    );
    check_exec(
        "{command: [no-such-program-here]}",
        &[
            "f:5:20: error[program]: no program `no-such-program-here` in `PATH` (install it, or write its absolute path)",
        ],
    );
    check_exec(
        "{command: [./x]}",
        &[
            "f:5:20: error[program]: `./x` is neither an absolute path nor a bare name (write the absolute path)",
        ],
    );
    check_exec(
        "{command: [/no/such]}",
        &["f:5:20: error[program]: no program `/no/such` (install it, or correct the path)"],
    );
    check_exec(
        "{command: [/etc/passwd]}",
        &[
            "f:5:20: error[program]: `/etc/passwd` is not an executable file (name a program; `chmod +x` makes one of a script)",
        ],
    );
    check_exec(
        "{command: [\"{a}\"]}",
        &[
            "f:5:20: error[program]: the program cannot come from an argument (name one program, and make one tool for each)",
        ],
    );
    check_exec(
        "{command: [sh, -c, x]}",
        &[
            "f:5:20: error[interpreter]: `sh` runs whatever its arguments say (start the program itself; if it must be, set `unsafe_interpreter: true`)",
        ],
    );
    check_exec("{command: [sh, -c, x], unsafe_interpreter: true}", &[]);
    check_exec(
        "{command: [/usr/bin/env, x]}",
        &[
            "f:5:20: error[interpreter]: `env` runs whatever its arguments say (start the program itself; if it must be, set `unsafe_interpreter: true`)",
        ],
    );
    check_exec(
        "{command: [\"true\"], cwd: x}",
        &["f:5:34: error[cwd]: `cwd` must be an absolute path"],
    );
    check_exec(
        "{command: [\"true\"], cwd: /no/such}",
        &["f:5:34: error[cwd]: `cwd` is not a folder that exists (make it first)"],
    );
}

#[test]
fn the_environment_cannot_change_what_code_is_loaded() {
    for name in [
        "LD_PRELOAD",
        "PYTHONPATH",
        "GIT_SSH_COMMAND",
        "ENV",
        "IFS",
        "NODE_OPTIONS",
    ] {
        let found = format!(
            "f:5:37: error[env-name]: `{name}` changes what code a program loads (leave it out; if it must be, set `unsafe_env: true`)"
        );
        check_exec(
            &format!("{{command: [\"true\"], env: {{  {name}: x}}}}"),
            &[&found],
        );
        check_exec(
            &format!("{{command: [\"true\"], unsafe_env: true, env: {{{name}: x}}}}"),
            &[],
        );
    }
    check_exec(
        "{command: [\"true\"], env: {A=B: x}}",
        &[
            "f:5:35: error[env-name]: `A=B` is not the name of an environment variable (use letters, digits and `_`, and no digit first)",
        ],
    );
    check_exec("{command: [\"true\"], env: {ENVIRONMENT: x, TZ: x}}", &[]);
}

#[cfg(unix)]
#[test]
fn a_program_that_anybody_may_change_is_refused() {
    use crate::testing::nodes::set_mode;
    use std::fs;
    let dir = tempfile::tempdir().expect("a folder");
    let program = dir.path().join("program");
    fs::copy("/bin/true", &program).expect("copied");
    let shown = program.display().to_string();
    let exec = format!("{{command: [{shown}]}}");
    check_exec(&exec, &[]);
    set_mode(&program, 0o757);
    let found = format!(
        "f:5:20: error[program]: anybody may change `{shown}` (take the right to write away: `chmod o-w`)"
    );
    check_exec(&exec, &[&found]);
    set_mode(&program, 0o755);
    set_mode(dir.path(), 0o777);
    let found = format!(
        "f:5:20: error[program]: anybody may replace `{shown}` (take the right to write to its folder away: `chmod o-w`)"
    );
    check_exec(&exec, &[&found]);
    set_mode(dir.path(), 0o1777);
    check_exec(&exec, &[]);
    let link = dir.path().join("innocent");
    std::os::unix::fs::symlink("/bin/sh", &link).expect("linked");
    let (_, found) = read(&format!(
        "name: t\ndescription: d\ninputSchema: {{type: object}}\nrun: {{exec: {{command: [{}]}}}}",
        link.display()
    ));
    assert!(found[0].contains("error[interpreter]"), "{found:?}");
}
