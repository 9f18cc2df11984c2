//! Tests of what a definition says about people: `requires`, `ask` and `confirm`.

use serde_json::json;

use super::{check, check_with, read};
use crate::base::capability::Capability;

#[test]
fn capabilities_are_named_as_mcp_names_them() {
    check_with(
        "requires: [elicitaton, roots]",
        &[
            "f:5:12: error[wrong-word]: `elicitaton` is no capability of a client (did you mean `elicitation`?)",
        ],
    );
    check_with(
        "requires: [tasks]",
        &[
            "f:5:12: error[wrong-word]: `tasks` is no capability of a client (the capabilities are `elicitation`, `sampling` and `roots`)",
        ],
    );
    let (tool, _) = read(
        "name: t\ndescription: d\ninputSchema: {type: object}\nrun: {reply: {text: x}}\nrequires: [roots, sampling, roots]\n",
    );
    let requires = tool.expect("a tool").requires;
    assert_eq!(requires, [Capability::Roots, Capability::Sampling]);
}

#[test]
fn questions_and_a_confirmation_become_rounds_in_their_order() {
    let (tool, found) = read(
        "name: t\ndescription: d\neffect: destroy\ninputSchema: {type: object, required: [a], properties: {a: {type: string}}}\nask:\n  - who: {message: \"Who wants {a}?\", schema: {type: object, required: [name], properties: {name: {type: string, enum: [x, y], enumNames: [X, Y]}, n: {type: integer, minimum: 1}, days: {type: array, items: {type: string, enum: [mo, tu]}}}}}\nconfirm: \"{a} for {ask.who.name}?\"\nrun: {exec: {command: [\"true\", \"{ask.who.name}\", \"{ask.who.days...}\", \"{ask.who.n}\"]}}\n",
    );
    assert_eq!(found, Vec::<String>::new());
    let asks = tool.expect("a tool").asks;
    let keys: Vec<Vec<&str>> = asks
        .iter()
        .map(|round| round.iter().map(|one| one.key.as_str()).collect())
        .collect();
    assert_eq!(keys, [["who"], ["confirm"]]);
    let form = &asks[0][0];
    assert_eq!(form.schema["properties"]["name"]["enumNames"][1], "Y");
    let said = |content| form.read(Some(&content)).is_ok();
    assert!(said(json!({"name": "x", "n": 1, "other": 5})));
    assert!(!said(json!({"name": "z"})));
    assert!(!said(json!({"n": 1})));
    assert!(form.read(None).is_err());
}

#[test]
fn a_form_is_what_mcp_lets_it_be() {
    let check_form = |schema: &str, expected: &str| {
        check_with(
            &format!("ask:\n  - k: {{message: m, schema: {schema}}}"),
            &[&format!("f:6:{expected}")],
        );
    };
    check_form(
        "{type: string}",
        "29: error[form]: a form is an object (write `type: object`, and the fields under `properties`)",
    );
    check_form(
        "{type: object}",
        "29: error[form]: a form without `properties` asks for nothing (name its fields, or use `confirm`)",
    );
    check_form(
        "{type: object, properties: {a: {type: object}}}",
        "67: error[form]: the field `a` has no type that a form knows (use `string`, `number`, `integer`, `boolean`, or `array` for a choice of several)",
    );
    check_form(
        "{type: object, properties: {a: {type: string, patern: x}}}",
        "75: error[form]: a field of a form cannot say `patern` (MCP knows `type`, `title`, `description`, `minLength`, `maxLength`, `format`, `default`, `enum`, `enumNames` and `oneOf` here)",
    );
    check_form(
        "{type: object, properties: {a: {type: string, format: ipv4}}}",
        "83: error[form]: a form does not know this format (the formats are `email`, `uri`, `date` and `date-time`)",
    );
    check_form(
        "{type: object, properties: {a: {type: array}}}",
        "60: error[form]: the options of `a` are missing (write `items: {type: string, enum: […]}`)",
    );
    check_form(
        "{type: object, properties: {api_token: {type: string}}}",
        "57: warning[form-secret]: `api_token` looks like a secret, and a form must not ask for one (MCP forbids it: let the program read the secret from a file of its own)",
    );
}

#[test]
fn a_question_names_what_is_known_when_it_is_asked() {
    let form = "{type: object, properties: {f: {type: string}}}";
    check_with(
        &format!("ask:\n  - k: {{message: \"{{ask.k.f}}\", schema: {form}}}"),
        &[
            "f:6:19: error[placeholder]: `ask.k.f` is the answer to no question before (write `{ask.KEY.FIELD}`)",
        ],
    );
    check_with(
        &format!("ask:\n  - k: {{message: m, schema: {form}}}\nconfirm: \"{{ask.x.f}}\""),
        &[
            "f:7:11: error[placeholder]: `ask.x.f` is the answer to no question before (did you mean `k`?)",
        ],
    );
    check_with(
        &format!("ask:\n  - k: {{message: m, schema: {form}}}\nconfirm: \"{{ask.k.f}}\""),
        &[
            "f:7:11: error[placeholder]: `{ask.k.f}` may be absent, and then there is no text (list it under `required`, or give it a `default`)",
        ],
    );
    check_with(
        &format!(
            "ask:\n  - confirm: {{message: m, schema: {form}}}\n  - k: {{message: \" \", schema: {form}}}\n  - k: {{message: m, schema: {form}}}"
        ),
        &[
            "f:6:5: error[ask]: the key `confirm` is that of `confirm` (write the question under `confirm` itself, or choose another key)",
            "f:7:18: error[empty]: the question is empty (say what would be done, with the arguments that matter)",
            "f:8:5: error[ask]: two questions have the key `k` (its answer must have one meaning)",
        ],
    );
}

#[test]
fn whether_a_person_is_asked_is_a_decision() {
    let help = "ask a person with `confirm: MESSAGE`, or say `confirm: false`";
    check_with(
        "effect: destroy",
        &[&format!(
            "f:5:9: warning[unconfirmed]: nobody is asked before something is destroyed ({help})"
        )],
    );
    check_with("effect: destroy\nconfirm: false", &[]);
    check_with("effect: destroy\nconfirm: Really?", &[]);
    check_with(
        "confirm: true",
        &[
            "f:5:10: error[wrong-type]: `confirm` must be text or `false`, not true or false (write what the person is asked, or `false` if nobody is to be asked)",
        ],
    );
    check(
        "name: t\ndescription: d\ninputSchema: {type: object, properties: {confirmation: {type: boolean}}}\nrun: {reply: {text: x}}\n",
        &[&format!(
            "f:3:42: warning[unconfirmed]: `confirmation` is filled in by the model: it guards against accidents, nobody agrees to anything ({help})"
        )],
    );
    check(
        "name: t\ndescription: d\ninputSchema: {type: object, properties: {ask: {type: string}}}\nrun: {reply: {text: x}}\nconfirm: Really?\n",
        &[
            "f:3:42: error[ask]: `ask` is the name under which a person's answers stand (give the property another name)",
        ],
    );
}
