//! Regular expressions compiled once: the engine's own `matches` compiles at every call.

use std::{
    any::Any,
    sync::{Arc, LazyLock},
};

use cel::{
    Env, ExecutionError,
    common::{
        ast::{CallExpr, Expr, IdedExpr, LiteralValue},
        types::{CelBool, CelString, STRING_TYPE, Type},
        value::{CowVal, StaticVal, Val},
    },
};
use regex::{Regex, RegexBuilder};

use super::RuleProblem;
use crate::base::limits::RULE_REGEX_BYTES_MAX;

/// The function that `text.matches('...')` is rewritten to; no expression can name it.
const MATCHES: &str = "@matches";

static PATTERN_TYPE: LazyLock<Type> = LazyLock::new(pattern_type);

fn pattern_type() -> Type {
    Type::new_opaque_type("pattern")
}

/// The name under which the pattern of number `index` is bound.
pub(super) fn variable(index: usize) -> String {
    format!("@pattern{index}")
}

/// A compiled regular expression as a value of the engine.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles `source`; matching takes time linear in the text.
    pub(super) fn compile(source: &str, offset: usize) -> Result<Self, RuleProblem> {
        let built = RegexBuilder::new(source)
            .size_limit(RULE_REGEX_BYTES_MAX)
            .build();
        match built {
            Ok(regex) => Ok(Self(Arc::new(regex))),
            Err(regex::Error::CompiledTooBig(_)) => Err(RuleProblem::new(
                offset,
                "the regular expression is too large",
                "use smaller repetition counts",
            )),
            Err(_) => Err(RuleProblem::new(
                offset,
                "the regular expression cannot be read",
                "look for an unclosed bracket; look-around and back references do not exist here",
            )),
        }
    }
}

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN_TYPE
    }

    fn cel_type() -> &'static Type {
        &PATTERN_TYPE
    }

    fn equals(&self, _other: &dyn Val) -> bool {
        false
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [text, pattern] = arguments.as_slice() else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    match (
        text.downcast_ref::<CelString<'_>>(),
        pattern.downcast_ref::<Pattern>(),
    ) {
        (Some(text), Some(Pattern(regex))) => {
            Ok(CowVal::owned(CelBool::from(regex.is_match(text.inner()))))
        }
        _ => Err(ExecutionError::no_such_overload(MATCHES, Vec::new())),
    }
}

/// Adds [`MATCHES`] to the engine's functions.
pub(super) fn declare(env: &mut Env) -> Result<(), cel::DeclarationError> {
    let types = vec![STRING_TYPE, pattern_type()];
    env.add_overload(MATCHES, "matches_compiled", types, matches)
}

/// Replaces the literal pattern of a call to `matches` by the variable it is bound to and
/// gives the pattern's source. `None` where the call is not of that form.
pub(super) fn take_literal(call: &mut CallExpr, index: usize) -> Option<String> {
    let target = call.target.is_some();
    let wanted = if target { 1 } else { 2 };
    if call.func_name != "matches" || call.args.len() != wanted {
        return None;
    }
    let Some(IdedExpr {
        expr: Expr::Literal(LiteralValue::String(text)),
        ..
    }) = call.args.last()
    else {
        return None;
    };
    let source = text.inner().to_owned();
    if let Some(last) = call.args.last_mut() {
        last.expr = Expr::Ident(variable(index));
    }
    if let Some(target) = call.target.take() {
        call.args.insert(0, *target);
    }
    MATCHES.clone_into(&mut call.func_name);
    Some(source)
}

/// Whether `function` is the rewritten `matches`.
pub(super) fn is_matches(function: &str) -> bool {
    function == MATCHES
}
