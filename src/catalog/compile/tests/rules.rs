//! Tests of conditions: what is wrong is told at the character where it stands.

use super::{check, check_with};

#[test]
fn v10_a_sound_rule_is_accepted() {
    check_with(
        "rules:\n  - require: \"!has(args.a) || args.a != ''\"\n    code: EMPTY\n    message: Not empty.\n    suggest: [Leave it out]\n    correct: {a: \"{a}x\"}\nallow: [\"'x' in client.roles\"]",
        &[],
    );
}

#[test]
fn c4_a_broken_rule_is_told_inside_its_text_however_it_is_written() {
    let told =
        |place: &str| format!("{place}: error[rule]: unknown name `arg` (did you mean `args`?)");
    let rule =
        |require: &str| format!("rules:\n  - code: A_B\n    message: m\n    require: {require}");
    for (require, place) in [
        ("arg.a == 'x'", "f:8:14"),
        ("args.a != '' && arg.a == 'x'", "f:8:30"),
        ("'args.a != \"\" && arg.a == \"x\"'", "f:8:31"),
        ("\"args.a != \\\"\\\" && arg.a == 'x'\"", "f:8:33"),
        ("'args.a != '''' && arg.a == ''x'''", "f:8:33"),
        ("|\n      args.a != ''\n      && arg.a == 'x'", "f:10:10"),
        (">-\n      args.a != ''\n      && arg.a == 'x'", "f:10:10"),
        ("args.a != ''\n      && arg.a == 'x'", "f:9:10"),
        ("args.a != 'é' && arg.a == 'x'", "f:8:31"),
    ] {
        check_with(&rule(require), &[&told(place)]);
    }
}

#[test]
fn c4_a_condition_is_held_against_the_schema() {
    check_with(
        "allow: [\"args.b == 'x'\", \"client.rolls == []\"]",
        &[
            "f:5:14: error[rule]: there is no member `b` here (did you mean `a`, `l` and `o`?)",
            "f:5:33: error[rule]: there is no member `rolls` here (did you mean `roles`?)",
        ],
    );
}

#[test]
fn c1_every_part_of_a_rule_is_checked() {
    check_with(
        "rules:\n  - {require: \"true\", code: not_a_code, message: m, hint: x}\n  - {require: \"true\", code: FORBIDDEN, message: \" \"}\n  - {code: A}\n  - args.a == ''",
        &[
            "f:6:29: error[rule]: `not_a_code` is not a code (name the violation in capitals, as `INVALID_DATE_RANGE`)",
            "f:6:53: error[unknown-key]: unknown key `hint` (known here are `require`, `code`, `message`, `suggest` and `correct`)",
            "f:7:29: error[rule]: `FORBIDDEN` is a code of Tollgate's own (name the violation in capitals, as `INVALID_DATE_RANGE`)",
            "f:7:49: error[rule]: `message` is empty (the model reads it to find a call that is accepted)",
            "f:8:5: error[missing-key]: `require` is missing",
            "f:8:5: error[missing-key]: `message` is missing",
            "f:9:5: error[wrong-type]: `a rule` must be a mapping, not text",
        ],
    );
    check_with(
        "rules:\n  - {require: \"true\", code: A, message: m, correct: [x]}\n  - {require: \"true\", code: A, message: m, correct: {a: \"{b}\"}}",
        &[
            "f:6:53: error[rule]: `correct` must be a mapping of arguments (name what changes, as `correct: {start: \"{end}\", end: \"{start}\"}`)",
            "f:7:58: error[placeholder]: `b` is not a property of `inputSchema` (did you mean `a`?)",
        ],
    );
    check_with(
        "rules: {}",
        &["f:5:8: error[wrong-type]: `rules` must be a list, not a mapping"],
    );
    let many = vec!["'true'"; 65].join(", ");
    check_with(
        &format!("allow: [{many}]"),
        &["f:5:8: error[too-large]: `allow` has more than 64 entries (join some with `&&`)"],
    );
}

/// The schema's own errors do not hide those of the rules.
#[test]
fn c1_a_rule_is_read_even_where_the_schema_is_wrong() {
    check(
        "name: t\ndescription: d\ninputSchema: 5\nrun: {reply: {text: x}}\nallow: [\"arg.a = 5\"]",
        &[
            "f:3:14: error[schema-root]: `inputSchema` must say `type: object` (for a tool without arguments: `{type: object, additionalProperties: false}`)",
            "f:5:16: error[rule]: `=` is not an operator (use `==`)",
        ],
    );
}
