//! The quick parser, which we use, takes no text for another tree than the engine's own does.

use cel::parser::Parser;
use proptest::prelude::*;
use regex::Regex;

use super::*;
use crate::catalog::rule::{parse, tokens};

/// Both trees, where the text is let through and the quick parser has one; without the numbers of their
/// nodes, which say nothing.
fn trees(source: &str) -> Option<(String, Option<String>)> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bid: \d+").expect("a pattern"));
    let shown = |tree: IdedExpr| NUMBER.replace_all(&format!("{tree:?}"), "").into_owned();
    tokens::check(source).ok()?;
    let quick = parse::read(source).ok()?;
    let own = Parser::new().enable_optional_syntax(true).parse(source);
    Some((shown(quick), own.ok().map(shown)))
}

#[track_caller]
fn check_same(source: &str) {
    let (quick, own) = trees(source).unwrap_or_else(|| panic!("not read: {source}"));
    assert_eq!(Some(quick), own, "{source}");
}

#[test]
fn every_form_is_the_same_tree_to_both_parsers() {
    for source in [
        "a",
        "a.b.c",
        ".a.b",
        "a[0]['x'].y",
        "a.?b.orValue(1) == 1",
        "a[?'b'].hasValue()",
        "!a && !!b || c && d || e",
        "a || b || c || d || e || f",
        "a && b && c && d && e",
        "a ? b : c ? d : e",
        "a == b ? 1 < 2 : 3 >= 4",
        "1 + 2 * 3 - 4 / 5 % 6",
        "1 - -1 - - 1 - (-1)",
        "-a + -1.5 - -b.c",
        "--1 == 1",
        "-9223372036854775808 < 9223372036854775807",
        "0x1F == 31 && 0xffu == 255u && 7u > 0u",
        "1.5 == 15e-1 && 1e3 == 1.0E+3 && .5 < 1.0",
        "a in [1, 2, 3] && 'x' in {'x': 1, 'y': [2]}",
        "[1, [2, []], {}]",
        "{1: 'a', 'b': {true: null}}",
        r#"'a\'b' + "c\\d" + '\u00e9\x41\n\t'"#,
        r"r'a\d' + '''three 'of' them''' + b'\x00\xff'",
        "'\u{e9}\u{1f600}' == \"\u{4e16}\"",
        "has(a.b) && !has(a.b.c)",
        "a.all(x, x > 1) && a.exists(x, x.b == 'c') && a.exists_one(x, x)",
        "a.map(x, x * 2).filter(x, x > 1).size() > 0",
        "a.map(x, x > 1, x * 2) == []",
        "size(a) == a.size() && int('1') == 1",
        "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin') < duration('1h').getHours()",
        "a // the rest is said to people\n && b",
        "\t a\r\n&&\u{c}b",
        "'''two\nlines''' == 'two\\nlines'",
        "true != false && null == null",
        "args.text.matches('^a+$') && text.startsWith('a')",
    ] {
        check_same(source);
    }
}

const WORDS: [&str; 66] = [
    "a",
    "b.c",
    "args",
    "x",
    "1",
    "-1",
    "0",
    "2u",
    "0x1f",
    "1.5",
    "1e3",
    "'s'",
    "\"t\"",
    "r'\\d'",
    "b'y'",
    "''",
    "true",
    "false",
    "null",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "?",
    ".",
    ".?",
    "[?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "&&",
    "||",
    "in",
    "has(",
    "size(",
    ".all(x,",
    ".map(y,",
    ".exists(z,",
    ".size()",
    ".matches('a')",
    "// c\n",
    "\n",
    "as",
    "for",
    "_",
    "=",
    "&",
    "|",
    "@",
    "\u{e9}",
    "'\\",
    "\"",
    "'''",
];

/// How many of the words are an expression each.
const WHOLE: usize = 19;

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(WORDS.get(..WHOLE).expect("words").to_vec());
    leaf.prop_map(str::to_owned)
        .prop_recursive(6, 60, 3, |inner| {
            let infix = prop::sample::select(vec![
                "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", " in ",
            ]);
            let one = || inner.clone();
            prop_oneof![
                4 => (one(), infix, one()).prop_map(|(a, sign, b)| format!("{a}{sign}{b}")),
                1 => one().prop_map(|a| format!("({a})")),
                1 => one().prop_map(|a| format!("!{a}")),
                1 => one().prop_map(|a| format!("-{a}")),
                1 => one().prop_map(|a| format!("{a}.size()")),
                1 => one().prop_map(|a| format!("has({a}.b)")),
                1 => (one(), one()).prop_map(|(a, b)| format!("{a}[{b}]")),
                1 => (one(), one()).prop_map(|(a, b)| format!("[{a}, {b}]")),
                1 => (one(), one()).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
                1 => (one(), one()).prop_map(|(a, b)| format!("{a}.all(x, {b})")),
                1 => (one(), one(), one()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_expression_is_another_tree(source in expression()) {
        if let Some((quick, own)) = trees(&source) {
            prop_assert_eq!(Some(quick), own, "{}", source);
        }
    }

    #[test]
    fn no_words_are_another_tree(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 1..9)) {
        for source in [words.join(" "), words.concat()] {
            if let Some((quick, own)) = trees(&source) {
                prop_assert_eq!(Some(quick), own, "{}", source);
            }
        }
    }
}
