//! The functions and operators that an expression may use.

use cel::common::ast::operators;

use crate::base::text;

/// The functions that exist, beside operators and loops.
const FUNCTIONS: [&str; 29] = [
    "bool",
    "contains",
    "double",
    "duration",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "has",
    "hasValue",
    "int",
    "matches",
    "or",
    "orValue",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
    "value",
    "bytes",
];

const LOOPS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];

const OPERATORS: [&str; 20] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
];

/// Why `name` cannot be called, and the way out; `None` where it can.
pub(super) fn refusal(name: &str) -> Option<(String, String)> {
    if name == "matches" {
        return Some((
            "`matches` needs a pattern that is written out".to_owned(),
            "write it as `text.matches('...')`".to_owned(),
        ));
    }
    if FUNCTIONS.contains(&name) || OPERATORS.contains(&name) || name == operators::IN {
        return None;
    }
    let help = if LOOPS.contains(&name) {
        format!("write it as `list.{name}(item, ...)`")
    } else {
        did_you_mean(name, FUNCTIONS.into_iter().chain(LOOPS)).unwrap_or_default()
    };
    Some((format!("unknown function `{name}`"), help))
}

/// A question with the nearest of the `known` names, if any is near.
pub(super) fn did_you_mean<'n>(
    given: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    let near = text::nearest(given, known);
    (!near.is_empty()).then(|| format!("did you mean {}?", text::list(near)))
}
