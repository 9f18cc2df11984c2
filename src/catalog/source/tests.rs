//! Tests of both readers: what they give, where it stands, what they refuse.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{base::canonical::canonical, catalog::diagnostic::SourceFile};

fn read(syntax: Syntax, text: &str) -> (Vec<Node>, Vec<String>) {
    let source = SourceFile::new(Path::new("f"), text.into());
    let mut findings = Findings::new(&source);
    let documents = parse(syntax, &mut findings);
    let found = findings.into_diagnostics();
    (documents, found.iter().map(|one| one.plain()).collect())
}

#[track_caller]
fn check(syntax: Syntax, text: &str, documents: &[Value], found: &[&str]) {
    let (nodes, diagnostics) = read(syntax, text);
    let values: Vec<Value> = nodes.iter().map(Node::to_value).collect();
    assert_eq!(diagnostics, found, "{text}");
    assert_eq!(values, documents, "{text}");
    let texts = nodes.iter().map(canonical);
    assert!(texts.eq(values.iter().map(canonical)), "{text}");
}

#[test]
fn both_syntaxes_give_the_same_tree_in_the_order_of_the_file() {
    let expected = [json!({"b": [1, "no", null], "a": {"x": 1.5}})];
    check(Syntax::Yaml, "b: [1, no, ~]\na: {x: 1.5}\n", &expected, &[]);
    check(
        Syntax::Json,
        "{\"b\":[1,\"no\",null],\"a\":{\"x\":1.5}}",
        &expected,
        &[],
    );
    let (nodes, _) = read(Syntax::Yaml, "b: 1\na: 2\n");
    assert_eq!(nodes[0].to_value().to_string(), r#"{"b":1,"a":2}"#);
}

#[test]
fn a_key_that_stands_twice_is_found_among_few_and_among_many() {
    for (keys, first, second) in [
        (3, 0, 3),
        (40, 0, 40),
        (40, 20, 40),
        (40, 16, 17),
        (40, 2, 9),
    ] {
        let mut names: Vec<String> = (0..keys).map(|number| format!("k{number}")).collect();
        names.insert(second, format!("k{first}"));
        let text: String = names.iter().map(|name| format!("{name}: 1\n")).collect();
        let (nodes, found) = read(Syntax::Yaml, &text);
        let line = second + 1;
        let expected = format!(
            "f:{line}:1: error[duplicate-key]: `k{first}` stands here twice \
             (keep one of the two; readers differ on which would count)"
        );
        assert_eq!((nodes.len(), found), (0, vec![expected]), "{keys} keys");
    }
}

#[test]
fn json_is_read_exactly() {
    check(
        Syntax::Json,
        "\t{\"\\ud83d\\ude00\": \"a\\/\\\"b\\u0041\"\t, \"n\": 9007199254740993}\r\n",
        &[json!({"😀": "a/\"bA", "n": 9_007_199_254_740_993_i64})],
        &[],
    );
    let found = ["f:1:2: error[syntax]: half a surrogate pair is not a character"];
    check(Syntax::Json, r#"["\ud800"]"#, &[], &found);
    check(
        Syntax::Json,
        "{\n \"a\" 1}",
        &[],
        &["f:2:6: error[syntax]: not valid JSON"],
    );
    check(
        Syntax::Json,
        "[1e400, 18446744073709551616]",
        &[],
        &[
            "f:1:2: error[number]: `1e400` cannot be kept as a number (put it in quotes if it is text)",
            "f:1:9: error[number]: `18446744073709551616` cannot be kept as a number (put it in quotes if it is text)",
        ],
    );
}

#[test]
fn c2_what_two_readers_could_read_differently_is_refused() {
    let twice = "keep one of the two; readers differ on which would count";
    let found = format!("f:2:1: error[duplicate-key]: `a` stands here twice ({twice})");
    check(Syntax::Yaml, "a: 1\na: 2\n", &[], &[&found]);
    let found = format!("f:1:9: error[duplicate-key]: `a` stands here twice ({twice})");
    check(Syntax::Json, r#"{"a": 1,"\u0061": 2}"#, &[], &[&found]);
    let out = "write the value out where it is used";
    check(
        Syntax::Yaml,
        "a: &x 1\nb: *x\nc: !!str 5\n1: d\n",
        &[],
        &[
            &format!("f:1:7: error[anchor]: anchors are not allowed in definitions ({out})"),
            &format!("f:2:4: error[alias]: aliases are not allowed in definitions ({out})"),
            "f:3:10: error[tag]: tags are not allowed in definitions (take the tag away; quotes make text of anything)",
            "f:4:1: error[key-type]: a key must be text, not a number (put it in quotes)",
        ],
    );
    let help = "drop the leading zero, or put it in quotes if it is text";
    let found = format!("f:1:4: error[number]: `010` is not a clear number ({help})");
    check(Syntax::Yaml, "a: 010", &[], &[&found]);
}

#[test]
fn c1_a_broken_document_does_not_take_the_next_one_with_it() {
    let (nodes, found) = read(
        Syntax::Yaml,
        "a: [1\n---\nb: 2\n---\na: 1\na: 1\n---\nc: 3\n",
    );
    let values: Vec<Value> = nodes.iter().map(Node::to_value).collect();
    assert_eq!(values, [json!({"b": 2}), json!({"c": 3})]);
    assert_eq!(found.len(), 2, "{found:?}");
    check(
        Syntax::Yaml,
        "# nothing\n---\n---\na: 1\n",
        &[json!({"a": 1})],
        &[],
    );
}

#[test]
fn depth_and_size_are_bounded() {
    for syntax in [Syntax::Yaml, Syntax::Json] {
        for depth in [66, 300, 100_000] {
            let (nodes, found) = read(syntax, &("[".repeat(depth) + &"]".repeat(depth)));
            assert_eq!((nodes.len(), found.len()), (0, 1), "{syntax:?} {depth}");
        }
        let (nodes, found) = read(syntax, &format!("[{}1]", "1,".repeat(JSON_NODES)));
        assert_eq!((nodes.len(), found.len()), (0, 1));
        assert!(
            found[0].ends_with("more than 100000 values in one file"),
            "{found:?}"
        );
    }
}

const JSON_NODES: usize = crate::base::limits::JSON_NODES_MAX;

#[test]
fn a_pointer_leads_to_its_place() {
    let text = "a:\n  - x/y: 1\n    b: two\n";
    let (nodes, _) = read(Syntax::Yaml, text);
    let at = |pointer: &str| {
        let span = nodes[0].span_at(pointer);
        text.get(span.start..span.end).unwrap_or("?")
    };
    assert_eq!(at("/a"), "a");
    assert_eq!(at("/a/0/b"), "two");
    assert_eq!(at("/a/0/x~1y"), "1");
    assert_eq!(at("/a/0/b/gone/deeper"), "two");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Value::from)),
        ".*".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((".*", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn spans_read_as_their_values(node: &Node, text: &str) {
    let slice = text
        .get(node.span.start..node.span.end)
        .expect("a span of the text");
    assert_eq!(
        serde_json::from_str::<Value>(slice).expect("JSON"),
        node.to_value()
    );
    node.items()
        .iter()
        .for_each(|item| spans_read_as_their_values(item, text));
    for entry in node.entries() {
        let key = text
            .get(entry.key_span.start..entry.key_span.end)
            .expect("a span");
        assert_eq!(
            serde_json::from_str::<String>(key).expect("a string"),
            entry.key
        );
        spans_read_as_their_values(&entry.value, text);
    }
}

proptest! {
    #[test]
    fn the_text_at_a_position_is_the_value_there(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        let (nodes, found) = read(Syntax::Json, &text);
        prop_assert_eq!(found, Vec::<String>::new());
        prop_assert_eq!(nodes[0].to_value(), value);
        spans_read_as_their_values(&nodes[0], &text);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[ \\n\\t\"'{}\\[\\]:,&*!|>#%@a-z0-9.\\\\-]{0,60}") {
        read(Syntax::Yaml, &text);
        read(Syntax::Json, &text);
    }
}
