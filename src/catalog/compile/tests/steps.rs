//! Steps that could not be undone or not be repeated are refused when they are loaded.

use super::*;

const UNDO: &str = "undo: {exec: {command: [/bin/true]}}";
const RUN: &str = "run: {exec: {command: [/bin/true], output: json}}";

/// What is wrong with these steps, the first of which stands on line 5.
#[track_caller]
fn check_steps(steps: &[&str], expected: &[&str]) {
    let head = "name: t\ndescription: d\ninputSchema: {type: object, properties: {a: {type: string}}}\nsteps:";
    let steps: Vec<String> = steps.iter().map(|step| format!("\n  - {step}")).collect();
    check(&format!("{head}{}\n", steps.concat()), expected);
}

#[test]
fn c11_a_step_before_the_pivot_that_cannot_be_undone_is_refused() {
    let help = "say what undoes it, `effect: read` if there is nothing to undo, or `pivot: true` if nothing is to be undone once it is done";
    check_steps(
        &[
            &format!("{{name: a, {RUN}}}"),
            &format!("{{name: b, pivot: true, {RUN}}}"),
        ],
        &[&format!(
            "f:5:5: error[no-undo]: the step `a` has no `undo` ({help})"
        )],
    );
    check_steps(
        &[&format!("{{name: a, {RUN}}}")],
        &[&format!(
            "f:5:5: error[no-undo]: the step `a` has no `undo` ({help})"
        )],
    );
    check_steps(
        &[
            &format!("{{name: look, effect: read, {RUN}}}"),
            &format!("{{name: a, {RUN}, {UNDO}}}"),
            &format!("{{name: b, pivot: true, {RUN}}}"),
            &format!("{{name: c, idempotent: true, {RUN}}}"),
            "{name: told, run: {reply: {text: done}}}",
        ],
        &[],
    );
}

#[test]
fn x33_a_step_after_the_pivot_that_may_not_be_repeated_is_refused() {
    check_steps(
        &[
            &format!("{{name: a, pivot: true, {RUN}}}"),
            &format!("{{name: b, {RUN}}}"),
        ],
        &[
            "f:6:5: error[steps]: the step `b` stands after the pivot and may not be repeated (nothing can be undone there, so it is tried until it is done: say `idempotent: true` if that does no harm, or move it before the pivot)",
        ],
    );
    check_steps(
        &[
            &format!("{{name: a, pivot: true, {RUN}, {UNDO}}}"),
            &format!("{{name: b, pivot: true, idempotent: true, {RUN}}}"),
        ],
        &[
            "f:5:85: error[steps]: the `undo` of `a` would never run (from the pivot on nothing is undone; take it out)",
            "f:6:22: error[steps]: there are two pivots (keep the first: from there on nothing is undone)",
        ],
    );
}

#[test]
fn what_undoes_nothing_and_names_that_are_none_are_refused() {
    check_steps(
        &[
            &format!("{{name: a, {RUN}, undo: {{reply: {{text: x}}}}}}"),
            &format!("{{name: a, effect: read, {RUN}, {UNDO}}}"),
            &format!("{{name: B-c, effect: read, {RUN}}}"),
            &format!("{{name: v, effect: read, verify: {{}}, {RUN}}}"),
        ],
        &[
            "f:5:72: error[steps]: this `undo` changes nothing (run a program or a `statement` that undoes the step)",
            "f:6:12: error[steps]: there are two steps `a` (give one of them another name)",
            "f:6:86: error[steps]: the step `a` only reads, and has nothing to undo (take `undo` out, or say `effect: write`)",
            "f:7:12: error[steps]: `B-c` is not the name of a step (use 1 to 32 lower-case letters, digits and `_`)",
            "f:8:29: error[not-available]: `verify` is not available in this version (take it out if the tool is safe without it, or set the tool aside)",
        ],
    );
}

#[test]
fn c11_an_output_is_that_of_a_step_before_and_has_members_if_it_is_json() {
    let uses = |name: &str, slot: &str| {
        format!(
            "{{name: {name}, effect: read, run: {{exec: {{command: [/bin/true, \"{slot}\"]}}}}}}"
        )
    };
    check_steps(
        &[
            &uses("a", "{a}"),
            &format!(
                "{{name: b, {RUN}, undo: {{exec: {{command: [/bin/true, \"{{steps.b.output.id}}\"]}}}}}}"
            ),
            &uses("c", "{steps.b.output.rows.0.id}{steps.a.output}"),
        ],
        &[],
    );
    check_steps(
        &[
            &format!("{{name: first, {RUN}, {UNDO}}}"),
            &uses("a", "{steps.a.output}"),
            &uses("b", "{steps.fist.output}"),
            &uses("c", "{steps.a.output.id}"),
            &uses("d", "{steps.first}"),
        ],
        &[
            "f:6:64: error[placeholder]: `steps.a.output` is the output of no step before (the steps before are `first`)",
            "f:7:64: error[placeholder]: `steps.fist.output` is the output of no step before (did you mean `first`?)",
            "f:8:64: error[placeholder]: the step `a` gives text, which has no members (say `output: json` in its `exec`)",
            "f:9:64: error[placeholder]: `steps.first` names nothing of the step `first` (write `{steps.first.output}`)",
        ],
    );
}

#[test]
fn what_does_not_go_with_steps_is_refused() {
    let head =
        "name: t\ndescription: d\ninputSchema: {type: object, properties: {steps: {type: string}}}";
    check(
        &format!(
            "{head}\neffect: read\nidempotent: true\nretry: {{exit_codes: [75]}}\noutput: json\nrun: {{reply: {{text: x}}}}\nsteps: []\n"
        ),
        &[
            "f:3:42: error[steps]: an argument cannot be called `steps` here (`{steps.NAME.output}` is what a step gave; choose another name)",
            "f:4:1: error[steps]: what only reads has nothing to undo (take `effect: read` out, or make one tool of each step)",
            "f:5:1: error[steps]: `idempotent` does not go with `steps` (say of each step whether it may simply be run again)",
            "f:6:9: error[exit-codes]: `exit_codes` says nothing of which step (write it into the `exec` of the step, as `exit_codes: {retry: [75]}`)",
            "f:7:1: error[steps]: `output` does not go with `steps` (each step has a `run` of its own, and the last one gives the answer)",
            "f:8:1: error[steps]: `run` does not go with `steps` (each step has a `run` of its own, and the last one gives the answer)",
            "f:9:1: error[steps]: `steps` must have 1 to 32 entries",
        ],
    );
}

#[test]
fn the_last_step_gives_what_the_output_schema_describes() {
    let whole = |last: &str| {
        format!(
            "name: t\ndescription: d\ninputSchema: {{type: object}}\noutputSchema: {{type: object}}\nsteps:\n  - {{name: a, {RUN}, {UNDO}}}\n  - {{name: b, run: {{reply: {last}}}}}\n"
        )
    };
    check(&whole("{json: {id: \"{steps.a.output.id}\"}}"), &[]);
    check(
        &whole("{text: \"{steps.a.output.id}\"}"),
        &[
            "f:4:1: error[output-schema]: `outputSchema` needs JSON to describe (set `output: json`, or answer with `reply: {json: …}`)",
        ],
    );
}
