//! Tests of the three ways a diagnostic is shown.

use super::*;

fn sample() -> Diagnostic {
    let source = SourceFile::new(
        Path::new("tools.d/a.yaml"),
        "name: é x\neffect: raed\n".into(),
    );
    let start = source.text.find("raed").expect("it is there");
    let span = Span {
        start,
        end: start + 4,
    };
    Diagnostic::about_text(
        Severity::Error,
        "wrong-word",
        (&source, span),
        "no such effect: `raed`",
        "did you mean `read`?",
    )
}

#[test]
fn people_see_the_line_the_caret_and_the_way_out() {
    let expected = "\
error[wrong-word]: no such effect: `raed`
 --> tools.d/a.yaml:2:9
  |
2 | effect: raed
  |         ^^^^
  |
  = help: did you mean `read`?";
    assert_eq!(sample().human(&Renderer::plain()), expected);
}

#[test]
fn a_plain_diagnostic_is_one_line() {
    assert_eq!(
        sample().plain(),
        "tools.d/a.yaml:2:9: error[wrong-word]: no such effect: `raed` (did you mean `read`?)"
    );
}

#[test]
fn programs_get_one_object_on_one_line() {
    assert_eq!(
        sample().json(),
        r#"{"severity":"error","code":"wrong-word","file":"tools.d/a.yaml","line":2,"column":9,"span":[19,23],"message":"no such effect: `raed`","help":"did you mean `read`?"}"#
    );
}

#[test]
fn a_folder_has_no_line_and_its_name_cannot_disturb_a_terminal() {
    let path = Path::new("tools\u{1b}[2J.d");
    let one = Diagnostic::about_path(Severity::Warning, "no-folder", path, "not there", "");
    assert_eq!(
        one.plain(),
        "tools\\u{1b}[2J.d: warning[no-folder]: not there"
    );
    assert_eq!(
        one.human(&Renderer::plain()),
        "warning[no-folder]: not there\n--> tools\\u{1b}[2J.d"
    );
}

#[test]
fn a_long_span_is_cut_at_its_first_line_and_at_characters() {
    let source = SourceFile::new(Path::new("a"), "é: 1\nb: 2\n".into());
    let whole = Span { start: 1, end: 11 };
    let one = Diagnostic::about_text(Severity::Error, "name", (&source, whole), "m", "");
    assert_eq!(one.span(), Some(Span { start: 0, end: 5 }));
    assert_eq!(source.position(6), (2, 1));
}

#[test]
fn findings_are_bounded_counted_and_in_order() {
    let source = SourceFile::new(Path::new("a"), "xy".into());
    let mut findings = Findings::new(&source);
    findings.warn("empty-file", Span { start: 1, end: 2 }, "late".into(), "");
    for _ in 0..DIAGNOSTICS_PER_FILE_MAX {
        findings.error("run", Span::default(), "early".into(), "");
    }
    assert_eq!(findings.errors(), DIAGNOSTICS_PER_FILE_MAX);
    let all = findings.into_diagnostics();
    let codes: Vec<&str> = all.iter().map(|one| one.code).collect();
    assert_eq!(all.len(), DIAGNOSTICS_PER_FILE_MAX + 1);
    assert_eq!((codes[0], codes[99]), ("run", "empty-file"));
    assert_eq!(all[100].message, "1 problem more in this file");
}
