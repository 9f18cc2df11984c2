//! From the validator's errors to what a model can act on.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::{Compiled, shown::Shown, words::Words};
use crate::base::{json::push_pointer, problem::Detail, text};

/// Bytes of a pointer that are repeated: a caller's member names may be of any length.
const POINTER_BYTES_MAX: usize = 512;

/// A JSON type as a schema names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Type {
    /// The type that a schema calls `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

/// What would have to stand there, as far as a repair could use it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// A value of one of these types; the value is of another.
    Types(Vec<Type>),
    /// One of these values.
    OneOf(Vec<Value>),
    /// No member of this name; these names are known.
    Nothing(Vec<String>),
    /// The same items, none of them twice.
    Unique,
    /// Something that cannot be guessed.
    Other,
}

/// One violation of a schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// JSON pointer to the value, or to the member that is missing or too much.
    pub(crate) at: String,
    /// The keyword of the schema that is violated.
    pub(crate) keyword: String,
    /// For a repair.
    pub(crate) wanted: Wanted,
    /// The bound that `keyword` sets.
    pub(crate) limit: Option<Value>,
    /// For a model.
    expected: String,
}

impl Finding {
    /// The same for the client.
    pub(super) fn into_detail(self, shown: &Shown<'_>) -> Detail {
        Detail {
            got: shown.quoted(&self),
            at: text::clip(&self.at, POINTER_BYTES_MAX).to_owned(),
            constraint: self.keyword,
            limit: self.limit,
            expected: self.expected,
        }
    }
}

/// What one error of the validator means; several findings where it names several members.
pub(super) fn explain(
    compiled: &Compiled,
    arguments: &Value,
    error: &ValidationError<'_>,
) -> Vec<Finding> {
    let explainer = Explainer {
        compiled,
        arguments,
        at: error.instance_path().as_str(),
        words: Words::new(&compiled.source),
    };
    let (schema, keyword) = compiled.place(error);
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![explainer.missing(schema, keyword, property.as_str().unwrap_or_default())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| explainer.unknown(schema, keyword, name))
            .collect(),
        _ => vec![explainer.other(schema, keyword, error)],
    }
}

impl Compiled {
    /// The subschema that an error comes from and its keyword, told from where the error stands
    /// in the schema: the validator's own name for it is not always the one in the schema.
    fn place<'a>(&'a self, error: &'a ValidationError<'_>) -> (Option<&'a Value>, &'a str) {
        let path = error.schema_path().as_str();
        let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        ends.reverse();
        for end in ends {
            let (parent, rest) = path.split_at(end);
            if self.positions.contains(parent) {
                let keyword = rest.split('/').nth(1).unwrap_or_default();
                return (self.source.pointer(parent), keyword);
            }
        }
        (None, error.kind().keyword())
    }
}

struct Explainer<'a> {
    compiled: &'a Compiled,
    arguments: &'a Value,
    at: &'a str,
    words: Words<'a>,
}

impl Explainer<'_> {
    fn finding(&self, keyword: &str, wanted: Wanted, expected: String) -> Finding {
        Finding {
            at: self.at.to_owned(),
            keyword: keyword.to_owned(),
            wanted,
            limit: None,
            expected,
        }
    }

    fn missing(&self, schema: Option<&Value>, keyword: &str, name: &str) -> Finding {
        let declared = schema.and_then(|schema| schema.get("properties")?.get(name));
        let what = declared.and_then(|declared| self.words.describe(declared));
        let beside = self.dependent_on(schema, keyword, name);
        let mut expected = match beside {
            Some(beside) => format!("the member `{name}`, which `{beside}` demands"),
            None => format!("the required member `{name}`"),
        };
        if let Some(what) = what {
            expected.push_str(": ");
            expected.push_str(&what);
        }
        let mut finding = self.finding(keyword, Wanted::Other, expected);
        push_pointer(&mut finding.at, name);
        finding
    }

    /// The member for whose sake `name` is demanded (`dependentRequired`).
    fn dependent_on<'s>(
        &self,
        schema: Option<&'s Value>,
        keyword: &str,
        name: &str,
    ) -> Option<&'s str> {
        let given = self.arguments.pointer(self.at)?;
        let demands = schema?.get(keyword)?.as_object()?;
        let demanded = |list: &Value| {
            list.as_array()
                .is_some_and(|list| list.iter().any(|item| item == name))
        };
        let (beside, _) = demands
            .iter()
            .find(|(beside, list)| given.get(beside).is_some() && demanded(list))?;
        Some(beside)
    }

    fn unknown(&self, schema: Option<&Value>, keyword: &str, name: &str) -> Finding {
        let declared = schema.and_then(|schema| schema.get("properties")?.as_object());
        let mut known: Vec<&str> = match declared {
            Some(declared) => declared.keys().map(String::as_str).collect(),
            None => Vec::new(),
        };
        if known.is_empty() || keyword == "unevaluatedProperties" {
            known = self.compiled.facts.member_names(self.arguments, self.at);
        }
        let near = text::likeliest(name, known.iter().copied());
        let expected = match (near.first(), known.as_slice()) {
            (Some(near), _) => format!("no member of this name; did you mean `{near}`?"),
            (None, []) => "no member of this name".to_owned(),
            (None, known) => {
                let shown = known.iter().take(10).copied();
                format!("no member of this name; known are {}", text::list(shown))
            }
        };
        let known = known.into_iter().map(str::to_owned).collect();
        let mut finding = self.finding(keyword, Wanted::Nothing(known), expected);
        push_pointer(&mut finding.at, name);
        finding
    }

    fn other(&self, schema: Option<&Value>, keyword: &str, error: &ValidationError<'_>) -> Finding {
        let options = schema.and_then(|schema| schema.get("enum")?.as_array());
        let wanted = match (self.compiled.types(error, 0), options) {
            (Some(types), _) => Wanted::Types(types),
            (None, Some(options)) if keyword == "enum" => Wanted::OneOf(options.clone()),
            (None, _) if keyword == "uniqueItems" => Wanted::Unique,
            (None, _) => Wanted::Other,
        };
        let described = match error.kind() {
            ValidationErrorKind::FalseSchema => Some("nothing in this place".to_owned()),
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => {
                self.alternatives(schema, keyword, context)
            }
            ValidationErrorKind::OneOfMultipleValid { .. } => Some(
                "a value that fits exactly one of the alternatives; it fits several".to_owned(),
            ),
            _ => schema.and_then(|schema| self.words.demand(schema, keyword)),
        };
        let mut expected = described.unwrap_or_else(|| format!("a value that meets `{keyword}`"));
        if let (Wanted::OneOf(options), Some(Value::String(given))) =
            (&wanted, self.arguments.pointer(self.at))
        {
            let near = text::likeliest(given, options.iter().filter_map(Value::as_str));
            if let Some(near) = near.first() {
                expected.push_str(&format!("; did you mean {}?", text::quote(near)));
            }
        }
        let mut finding = self.finding(keyword, wanted, expected);
        let limit = schema.and_then(|schema| schema.get(keyword));
        finding.limit = limit.filter(|limit| limit.is_number()).cloned();
        finding
    }

    /// One sentence for `anyOf` and `oneOf`: the alternatives, and if the value clearly was
    /// meant to be one of them, what it lacks.
    fn alternatives(
        &self,
        schema: Option<&Value>,
        keyword: &str,
        context: &[Vec<ValidationError<'static>>],
    ) -> Option<String> {
        let branches = schema?.get(keyword)?.as_array()?;
        let mut told: Vec<String> = Vec::new();
        for branch in branches {
            let words = self
                .words
                .describe(branch)
                .unwrap_or_else(|| "another value".into());
            if !told.contains(&words) {
                told.push(words);
            }
        }
        let mut expected = words_or(&told);
        let mut meant = context.iter().filter(|errors| {
            errors.iter().all(|error| {
                let deeper = error.instance_path().as_str() != self.at;
                let told_apart = matches!(
                    error.kind(),
                    ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. }
                );
                (deeper || matches!(error.kind(), ValidationErrorKind::Required { .. }))
                    && !told_apart
            })
        });
        if let (Some(only), None) = (meant.next(), meant.next())
            && let Some(first) = only.first()
            && let Some(finding) = explain(self.compiled, self.arguments, first).first()
        {
            expected.push_str(&format!(
                "; nearest: `{}` must be {}",
                finding.at, finding.expected
            ));
        }
        Some(expected)
    }
}

fn words_or(told: &[String]) -> String {
    match told {
        [only] => only.clone(),
        few if few.len() <= 4 => few.join(", or "),
        many => {
            let shown: Vec<&str> = many.iter().take(3).map(String::as_str).collect();
            format!("{}, or one of {} more", shown.join(", or "), many.len() - 3)
        }
    }
}

impl Compiled {
    /// The types that were wanted, where nothing but the type is wrong. For alternatives: the
    /// types of all of them, if each fails by the type of this very value.
    fn types(&self, error: &ValidationError<'_>, depth: usize) -> Option<Vec<Type>> {
        match error.kind() {
            ValidationErrorKind::Type { .. } => {
                let named = |value: &Value| Type::named(value.as_str()?);
                match self.source.pointer(error.schema_path().as_str())? {
                    Value::Array(names) => Some(names.iter().filter_map(named).collect()),
                    one => Some(vec![named(one)?]),
                }
            }
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context }
                if depth < 4 =>
            {
                let mut all = Vec::new();
                for branch in context {
                    let same = |inner: &&ValidationError<'_>| {
                        inner.instance_path() == error.instance_path()
                    };
                    let types = branch
                        .iter()
                        .filter(same)
                        .find_map(|inner| self.types(inner, depth + 1))?;
                    all.extend(types);
                }
                Some(all)
            }
            _ => None,
        }
    }
}
