//! Help texts have one form: headings, examples first.

use super::*;

#[test]
fn a_text_is_headings_with_indented_lines() {
    let section = |heading: &str, lines: &[&str]| Section {
        heading: heading.to_owned(),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(
        sections("ONE\n  a:\n      b\n\n  c\n\nTWO\n  d\n"),
        [
            section("ONE", &["a:", "    b", "", "c"]),
            section("TWO", &["d"])
        ]
    );
}

#[test]
fn every_help_text_begins_with_examples_and_has_capital_headings() {
    let overview = overview();
    let texts = [
        overview.as_str(),
        SERVE,
        CALL,
        TOOLS,
        VALIDATE_CONFIG,
        SCHEMA,
        LOCK,
        LOG,
        COMPLETIONS,
        MAN,
    ];
    for text in texts {
        let sections = sections(text);
        assert_eq!(sections[0].heading, "EXAMPLES");
        for section in sections {
            let heading = &section.heading;
            assert_eq!(*heading, heading.to_uppercase(), "{text}");
            assert!(!section.lines.is_empty(), "{heading}");
        }
    }
}
