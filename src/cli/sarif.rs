//! Findings as SARIF 2.1.0 (OASIS), for code scanning and for editors.

use std::path::Path;

use percent_encoding::{AsciiSet, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    base::url::RESERVED,
    catalog::diagnostic::{
        Diagnostic, Severity,
        catalogue::{self, Entry},
    },
};

/// What stands in a path of a URI as it is (RFC 3986, section 3.3).
const KEPT: &AsciiSet = &RESERVED.remove(b'/');

/// One run with every rule and these results.
pub(crate) fn report(diagnostics: &[Diagnostic]) -> Value {
    let rules: Vec<&Entry> = catalogue::all().collect();
    let results = diagnostics.iter().map(|one| result(one, &rules));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tollgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn described(rule: &Entry) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": {"text": rule.meaning},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(one: &Diagnostic, rules: &[&Entry]) -> Value {
    let text = match &one.help {
        Some(help) => format!("{} ({help})", one.message),
        None => one.message.clone(),
    };
    let region = match (one.position(), one.end()) {
        (Some((line, column)), Some((end_line, end_column))) => json!({
            "startLine": line,
            "startColumn": column,
            "endLine": end_line,
            "endColumn": end_column,
        }),
        _ => Value::Null,
    };
    let place = present(json!({
        "artifactLocation": {"uri": uri(one.file())},
        "region": region,
    }));
    present(json!({
        "ruleId": one.code,
        "ruleIndex": rules.iter().position(|rule| rule.code == one.code),
        "level": level(one.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }))
}

/// The same object without what is not there.
fn present(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, member| !member.is_null());
    }
    object
}

/// A relative path stays one, so that a report is the same on every machine.
fn uri(path: &str) -> String {
    let encoded = utf8_percent_encode(path, KEPT).to_string();
    match Path::new(path).is_absolute() {
        true => format!("file://{encoded}"),
        false => encoded.strip_prefix("./").unwrap_or(&encoded).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::diagnostic::{SourceFile, Span};

    #[test]
    fn a_result_has_its_rule_its_words_and_its_region() {
        let source = SourceFile::new(Path::new("./tools d/é.yaml"), "name: ä\nx: 1\n".into());
        let place = (&source, Span { start: 9, end: 10 });
        let one = Diagnostic::about_text(Severity::Error, "unknown-key", place, "m", "h");
        let folder = Path::new("/t");
        let whole = Diagnostic::about_path(Severity::Note, "many-tools", folder, "n", "");
        let report = report(&[one, whole]);
        let results = &report["runs"][0]["results"];
        assert_eq!(
            results[0]["locations"],
            json!([{"physicalLocation": {
                "artifactLocation": {"uri": "tools%20d/%C3%A9.yaml"},
                "region": {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 2},
            }}])
        );
        assert_eq!(results[0]["message"]["text"], "m (h)");
        assert_eq!(results[1]["level"], "note");
        assert_eq!(
            results[1]["locations"],
            json!([{"physicalLocation": {"artifactLocation": {"uri": "file:///t"}}}])
        );
        for result in results.as_array().expect("results") {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index"));
            let rule = &report["runs"][0]["tool"]["driver"]["rules"][index.expect("small")];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}
