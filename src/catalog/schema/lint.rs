//! What a schema may say and we do not take: typos, references outward, patterns that cannot
//! be run in linear time, values of our own keywords.

use serde_json::{Map, Value};

use super::{
    SchemaProblem,
    walk::{Positions, resolve},
};
use crate::base::{json::push_pointer, limits::PATTERN_BYTES_MAX, text};

/// The keywords of JSON Schema 2020-12 and draft-07.
pub(super) const KEYWORDS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Our own keywords.
pub(super) const OURS: &[&str] = &[
    "x-kind",
    "x-secret",
    "x-strict-text",
    "x-schemes",
    "x-hosts",
];

/// The formats that are checked; any other would promise a check that never happens.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// The dialects that are understood, as `$schema` names them.
const DIALECTS: &[&str] = &[
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema",
];

/// Everything in the subschemas at `positions` that is refused.
pub(super) fn lint(positions: &Positions<'_>) -> Vec<SchemaProblem> {
    let mut problems = Vec::new();
    for (pointer, schema) in positions {
        let Value::Object(members) = schema else {
            continue;
        };
        let mut linter = Linter {
            positions,
            pointer,
            problems: &mut problems,
        };
        for (keyword, value) in members {
            linter.keyword(keyword, value);
        }
    }
    problems
}

struct Linter<'a> {
    positions: &'a Positions<'a>,
    pointer: &'a str,
    problems: &'a mut Vec<SchemaProblem>,
}

impl Linter<'_> {
    fn report(&mut self, keyword: &str, message: String, help: impl Into<String>) {
        let mut pointer = self.pointer.to_owned();
        push_pointer(&mut pointer, keyword);
        self.problems
            .push(SchemaProblem::new(&pointer, message, help));
    }

    fn keyword(&mut self, keyword: &str, value: &Value) {
        match (keyword, value) {
            ("pattern", Value::String(pattern)) => self.pattern(keyword, pattern),
            ("patternProperties", Value::Object(named)) => self.pattern_names(named),
            ("$ref", Value::String(reference)) => self.reference(reference),
            ("format", Value::String(format)) => self.format(format),
            ("$schema", Value::String(dialect)) => self.dialect(dialect),
            ("$id", _) if !self.pointer.is_empty() => self.report(
                keyword,
                "`$id` inside a schema is not supported".into(),
                "leave it out and refer to the part by `#/…`",
            ),
            _ if OURS.contains(&keyword) => self.own(keyword, value),
            _ if KEYWORDS.contains(&keyword) => {}
            _ => self.unknown(keyword),
        }
    }

    /// An unknown keyword is legal and does nothing; one that is nearly a known one is a typo,
    /// and the check that was meant would silently not happen.
    fn unknown(&mut self, keyword: &str) {
        let known = if keyword.starts_with("x-") {
            OURS
        } else {
            KEYWORDS
        };
        if let Some(near) = text::nearest(keyword, known.iter().copied()).first() {
            self.report(
                keyword,
                format!("unknown keyword `{keyword}`"),
                format!("did you mean `{near}`?"),
            );
        }
    }

    fn pattern_names(&mut self, named: &Map<String, Value>) {
        for pattern in named.keys() {
            self.pattern("patternProperties", pattern);
        }
    }

    fn pattern(&mut self, keyword: &str, pattern: &str) {
        if pattern.len() > PATTERN_BYTES_MAX {
            self.report(
                keyword,
                format!("the pattern is longer than {PATTERN_BYTES_MAX} bytes"),
                "use `enum`, or a shorter pattern",
            );
        } else if let Some(what) = backtracking(pattern) {
            self.report(
                keyword,
                format!(
                    "the pattern {} uses {what}, which cannot be matched in linear time",
                    text::quote(pattern)
                ),
                "write it without, or split the demand with `allOf` and `not`",
            );
        }
    }

    fn reference(&mut self, reference: &str) {
        if resolve(self.positions, reference).is_some() {
            return;
        }
        let (message, help) = if reference.starts_with('#') {
            (
                format!("`{reference}` leads to no schema"),
                "name a schema of this document, as `#/$defs/name`",
            )
        } else {
            (
                format!("`{reference}` is outside this schema and is never fetched or read"),
                "copy what it names into `$defs` and refer to it as `#/$defs/name`",
            )
        };
        self.report("$ref", message, help);
    }

    fn format(&mut self, format: &str) {
        if FORMATS.contains(&format) {
            return;
        }
        let near = text::nearest(format, FORMATS.iter().copied());
        let help = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "use `pattern`, or one of {}",
                text::list(FORMATS.iter().copied())
            ),
        };
        self.report("format", format!("unknown format `{format}`"), help);
    }

    fn dialect(&mut self, dialect: &str) {
        let bare = dialect.strip_suffix('#').unwrap_or(dialect);
        if !DIALECTS.contains(&bare) {
            self.report(
                "$schema",
                format!("the dialect `{dialect}` is not supported"),
                "leave `$schema` out: JSON Schema 2020-12 is meant then",
            );
        }
    }

    fn own(&mut self, keyword: &str, value: &Value) {
        let strings = |value: &Value| {
            value
                .as_array()
                .is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_string))
        };
        let (fits, help) = match keyword {
            "x-kind" => (
                value
                    .as_str()
                    .is_some_and(|kind| super::facts::KINDS.contains(&kind)),
                "use `text`, `identifier`, `path`, `url` or `secret`",
            ),
            "x-schemes" | "x-hosts" => (strings(value), "use a list of names"),
            _ => (value.is_boolean(), "use `true` or `false`"),
        };
        if !fits {
            self.report(keyword, format!("unknown value for `{keyword}`"), help);
        }
    }
}

/// What stands after the bracket of a look-around.
const LOOK_AROUND: [&str; 4] = ["?=", "?!", "?<=", "?<!"];

/// What in `pattern` only a backtracking engine could match.
fn backtracking(pattern: &str) -> Option<&'static str> {
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..).unwrap_or_default();
        let mut skip = char.len_utf8();
        match char {
            '\\' => {
                let next = after.chars().next();
                if !in_class && next.is_some_and(|next| matches!(next, '1'..='9')) {
                    return Some("a back-reference");
                }
                if !in_class && after.starts_with("k<") {
                    return Some("a back-reference");
                }
                skip += next.map_or(0, char::len_utf8);
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && LOOK_AROUND.iter().any(|look| after.starts_with(look)) => {
                return Some("look-around");
            }
            _ => {}
        }
        rest = rest.get(skip..).unwrap_or_default();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_backtracking_is_called_so() {
        for (pattern, expected) in [
            ("^(?=a)b$", Some("look-around")),
            ("(?<!a)b", Some("look-around")),
            (r"(a)\1", Some("a back-reference")),
            (r"(?<n>a)\k<n>", Some("a back-reference")),
            (r"\(?=a", None),
            (r"[(?=]\\[\]1]", None),
            (r"(?:a)(?<n>b)\d", None),
        ] {
            assert_eq!(backtracking(pattern), expected, "{pattern}");
        }
    }
}
