//! What an expression can see: `args`, `client`, `tool` and `now`, as values of the engine.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, Value as Cel};
use serde_json::{Number, Value};

use super::{Expression, pattern};
use crate::base::clock::Timestamp;

/// The engine's functions, ours included. `None` would mean that two functions have one name,
/// which the tests rule out; every rule is then refused.
pub(super) static ENV: LazyLock<Option<Arc<Env>>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    pattern::declare(&mut env).ok()?;
    Some(Arc::new(env))
});

/// Which of the names beside `args` and `result` an expression has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sees {
    pub(super) client: bool,
    pub(super) tool: bool,
    pub(super) now: bool,
}

impl Sees {
    fn or(self, other: Self) -> Self {
        Self {
            client: self.client || other.client,
            tool: self.tool || other.tool,
            now: self.now || other.now,
        }
    }
}

/// The values of one call, converted once for all its rules.
pub(crate) struct Bindings<'a> {
    pub(super) args: &'a Value,
    pub(super) client: &'a Value,
    pub(super) tool: &'a str,
    pub(super) result: Option<&'a Value>,
    pub(super) whole_bytes: u64,
    pub(super) context: Option<Arc<Context<'static, 'static>>>,
}

impl<'a> Bindings<'a> {
    /// Converts the values that one of `expressions` sees; no other can be evaluated with them.
    /// `now` is what the rules see as the time: nothing here asks a clock.
    pub(crate) fn new<'e>(
        expressions: impl IntoIterator<Item = &'e Expression>,
        args: &'a Value,
        client: &'a Value,
        tool: &'a str,
        now: Timestamp,
    ) -> Self {
        let seen = expressions.into_iter().map(|one| one.0.sees);
        let seen = seen.fold(Sees::default(), Sees::or);
        let mut bytes = 0;
        let converted = convert(args, &mut bytes);
        let context = ENV.as_ref().map(|env| {
            let mut context = Context::with_env(Arc::clone(env));
            context.add_variable_from_value("args", converted);
            if seen.client {
                context.add_variable_from_value("client", convert(client, &mut bytes));
            }
            if seen.tool {
                context.add_variable_from_value("tool", Cel::from(tool));
            }
            if seen.now {
                context.add_variable_from_value("now", timestamp(now));
            }
            Arc::new(context)
        });
        Self {
            args,
            client,
            tool,
            result: None,
            whole_bytes: bytes,
            context,
        }
    }

    /// The same where `result` was looked up.
    pub(crate) fn with_result(mut self, result: &'a Value) -> Self {
        let converted = convert(result, &mut self.whole_bytes);
        // Nobody else has the context yet; without it every rule is refused.
        match self.context.as_mut().and_then(Arc::get_mut) {
            Some(context) => context.add_variable_from_value("result", converted),
            None => self.context = None,
        }
        self.result = Some(result);
        self
    }
}

/// About the memory that one value takes beside its contents.
pub(super) const VALUE_BYTES: u64 = 16;

/// The engine's own conversion makes every integer unsigned, so that `args.n + 1` fails.
fn convert(value: &Value, bytes: &mut u64) -> Cel {
    *bytes += VALUE_BYTES;
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => convert_number(number),
        Value::String(text) => {
            *bytes += text.len() as u64;
            Cel::from(text.as_str())
        }
        Value::Array(items) => {
            let items: Vec<Cel> = items.iter().map(|item| convert(item, bytes)).collect();
            Cel::List(Arc::new(items))
        }
        Value::Object(members) => {
            let map: HashMap<String, Cel> = members
                .iter()
                .map(|(name, member)| {
                    *bytes += name.len() as u64;
                    (name.clone(), convert(member, bytes))
                })
                .collect();
            Cel::from(map)
        }
    }
}

fn convert_number(number: &Number) -> Cel {
    match (number.as_i64(), number.as_u64()) {
        (Some(signed), _) => Cel::Int(signed),
        (None, Some(unsigned)) => Cel::UInt(unsigned),
        (None, None) => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn timestamp(now: Timestamp) -> Cel {
    chrono::DateTime::from_timestamp_micros(now.as_micros())
        .map_or(Cel::Null, |at| Cel::Timestamp(at.fixed_offset()))
}
