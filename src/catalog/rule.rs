//! Rules in CEL: compiled and checked when a definition is loaded, evaluated within bounds.
//!
//! The engine parses recursively, evaluates recursively, has no budget and cannot be
//! interrupted. So this module puts four fences around it:
//!
//! * Before parsing, [`tokens`] bounds length, words and nesting; the parser runs on a
//!   large stack.
//! * After parsing, [`lint`] lets only known names, functions, paths and types through, and
//!   patterns only when written out, which are compiled then and never again.
//! * Before each evaluation, [`cost`] estimates the work and the memory from the actual values
//!   and refuses what is out of bounds.
//! * What is estimated to be short runs on the caller's thread: the bound on words keeps its
//!   stack below 1 MiB (tested in debug builds), half of what a worker has. Anything else runs
//!   under [`watch`], on a thread with a large stack that is given up after the limit.
//!
//! A missing member, an error, or a result that is not a boolean is an error, and an error
//! means no. Nothing here asks a clock: `now` is a value like the others.

mod bindings;
mod cost;
mod functions;
mod lint;
mod parse;
mod pattern;
mod shape;
#[cfg(test)]
mod tests;
mod tokens;
mod watch;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use cel::{Context, ExecutionError, Value as Cel, common::ast::IdedExpr};
use serde_json::{Value, json};

pub(crate) use bindings::Bindings;
pub(crate) use watch::Watch;

use super::template::JsonTemplate;
use crate::base::{
    limits::{RULE_STACK_BYTES, RULE_STEPS_INLINE_MAX},
    text, thread,
};

/// A condition that the arguments must meet, with the operator's words for when they do not.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Must be true.
    pub(crate) require: Expression,
    /// The operator's own name for the violation.
    pub(crate) code: String,
    /// The operator's sentence for the model.
    pub(crate) message: String,
    /// What would probably work.
    pub(crate) suggest: Vec<String>,
    /// Members of the arguments that would have to be so instead, as an object.
    pub(crate) correct: Option<JsonTemplate>,
}

/// Why an expression was not accepted when it was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleProblem {
    /// Where in the source, in bytes; at most its length.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// The way out; may be empty.
    pub(crate) help: String,
}

impl RuleProblem {
    fn new(offset: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            offset,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// Why an expression gave no answer. The texts hold no values and no source: they are for the
/// operator's log all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleError {
    /// It could be evaluated, and the result is something else.
    #[error("the result is not a boolean")]
    NotBoolean,
    /// The engine refused.
    #[error("{0}")]
    Failed(String),
    /// It could take more work or memory than is allowed; it was not started.
    #[error("it could take too long with arguments of this size")]
    TooMuch,
    /// It was given up.
    #[error("it took too long")]
    TooSlow,
    /// Too many evaluations that were given up are still running; it was not started.
    #[error("too many slow evaluations are still running")]
    TooManyStuck,
    /// The system has no thread to give.
    #[error("no thread could be started")]
    NoThread,
    /// The thread ended without an answer.
    #[error("it ended without a result")]
    Ended,
}

/// What the names in an expression stand for, as far as it is known when it is compiled.
#[derive(Clone, Debug)]
pub(crate) struct Scope<'a> {
    args: &'a Value,
    /// `client`, `tool` and `now` have a meaning.
    is_of_call: bool,
    result: Option<Value>,
}

/// What `client` is, as a schema.
static CLIENT: LazyLock<Value> = LazyLock::new(|| {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "id": {"type": "string"},
        "roles": {"type": "array", "items": {"type": "string"}},
        "attributes": {"type": "object"},
        "permissions": {"type": "array", "items": {"type": "string"}},
    }})
});

/// What `tool` is, as a schema.
static TOOL: LazyLock<Value> = LazyLock::new(|| json!({"type": "string"}));

impl<'a> Scope<'a> {
    /// The scope of a rule of a tool with this input schema (a valid JSON Schema).
    pub(crate) fn new(input_schema: &'a Value) -> Self {
        Self {
            args: input_schema,
            is_of_call: true,
            result: None,
        }
    }

    /// The same where something was looked up, which has this schema and is called `result`.
    pub(crate) fn with_result(self, schema: Value) -> Self {
        Self {
            result: Some(schema),
            ..self
        }
    }

    /// The same where nothing counts but the arguments and what was found: who asks, and when,
    /// makes no difference to what happened.
    pub(crate) fn of_what_was_found(self) -> Self {
        Self {
            is_of_call: false,
            ..self
        }
    }

    /// The names that an expression may begin with.
    fn names(&self) -> Vec<&'static str> {
        let of_call: &[&str] = match self.is_of_call {
            true => &["client", "tool", "now"],
            false => &[],
        };
        let result = self.result.as_ref().map(|_| "result");
        std::iter::once("args")
            .chain(of_call.iter().copied())
            .chain(result)
            .collect()
    }
}

/// A compiled expression. Immutable; may be evaluated on several threads at once.
#[derive(Clone)]
pub(crate) struct Expression(Arc<Compiled>);

struct Compiled {
    source: String,
    tree: IdedExpr,
    patterns: Vec<pattern::Pattern>,
    reads: Vec<Vec<String>>,
    sees: bindings::Sees,
    loops: bool,
}

static WATCH: LazyLock<Watch> = LazyLock::new(Watch::default);

impl Expression {
    /// Compiles `source` on a large stack and checks it against `known`.
    ///
    /// # Errors
    /// The first problem. The process survives every `source`.
    pub(crate) fn compile(source: &str, known: &Scope<'_>) -> Result<Self, RuleProblem> {
        tokens::check(source)?;
        let lost = |_| RuleProblem::new(0, "the expression cannot be compiled", "simplify it");
        thread::with_stack("rule-compiler", RULE_STACK_BYTES, || {
            compile_here(source.to_owned(), known)
        })
        .map_err(|_| RuleProblem::new(0, "no thread could be started", "try again"))?
        .map_err(lost)?
    }

    /// The places in the arguments that it reads, as member names from the top, sorted.
    pub(crate) fn reads(&self) -> &[Vec<String>] {
        &self.0.reads
    }

    /// Whether it goes through lists or objects, so that more than their size tells how long it takes.
    pub(crate) fn loops(&self) -> bool {
        self.0.loops
    }

    /// Evaluates it within bounds.
    ///
    /// # Errors
    /// When there is no answer: the caller must take that for a no.
    pub(crate) fn evaluate(&self, bindings: &Bindings<'_>) -> Result<bool, RuleError> {
        self.evaluate_under(&WATCH, bindings)
    }

    /// As [`Self::evaluate`], with a watch of the caller's.
    pub(crate) fn evaluate_under(
        &self,
        watch: &Watch,
        bindings: &Bindings<'_>,
    ) -> Result<bool, RuleError> {
        let steps =
            cost::steps(&self.0.tree, bindings).map_err(|cost::TooMuch| RuleError::TooMuch)?;
        if steps <= RULE_STEPS_INLINE_MAX {
            return self.0.run(bindings.names());
        }
        let (compiled, names) = (Arc::clone(&self.0), bindings.owned_names());
        watch.run(move || compiled.run(&names))
    }
}

impl Compiled {
    fn run(&self, names: &bindings::Names<'_>) -> Result<bool, RuleError> {
        let Some(env) = bindings::ENV.as_ref() else {
            return Err(RuleError::Failed(
                "the engine could not be set up".to_owned(),
            ));
        };
        let mut context = Context::with_env(Arc::clone(env));
        context.set_variable_resolver(names);
        for (index, pattern) in self.patterns.iter().enumerate() {
            context.add_variable_as_val(pattern::variable(index), Box::new(pattern.clone()));
        }
        match context.resolve(&self.tree) {
            Ok(Cel::Bool(answer)) => Ok(answer),
            Ok(_) => Err(RuleError::NotBoolean),
            Err(error) => Err(RuleError::Failed(describe(&error))),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

fn compile_here(source: String, known: &Scope<'_>) -> Result<Expression, RuleProblem> {
    let (tree, found) = parse::parse(&source, known)?;
    Ok(Expression(Arc::new(Compiled {
        source,
        tree,
        patterns: found.patterns,
        reads: found.reads.into_iter().collect(),
        sees: found.sees,
        loops: found.loops,
    })))
}

/// The engine's error in words that hold no value of the arguments.
fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => {
            format!("there is no member {}", text::quote(name))
        }
        ExecutionError::NoSuchOverload(error) => format!(
            "{} cannot be applied to {}",
            text::quote(error.function().trim_matches(['_', '@'])),
            text::list(error.argument_types().iter().map(String::as_str)),
        ),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number does not fit into 64 bits".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "a list is too short".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            format!("the types of the two sides do not fit operator `{operator}`")
        }
        ExecutionError::ValuesNotComparable(..) => {
            "values of these types cannot be compared".to_owned()
        }
        ExecutionError::FunctionError { function, .. } => {
            format!("`{function}` cannot read its argument")
        }
        ExecutionError::UndeclaredReference(name) => {
            format!("there is no {}", text::quote(name))
        }
        ExecutionError::UnexpectedType { got, want } => {
            format!("a value of type `{got}` stands where `{want}` is needed")
        }
        _ => "a value has the wrong type or form".to_owned(),
    }
}
