//! What an expression can see: `args`, `client`, `tool` and `now`, as values of the engine.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, Value as Cel};
use serde_json::{Number, Value};

use super::pattern;
use crate::base::clock::Timestamp;

/// The engine's functions, ours included. `None` would mean that two functions have one name,
/// which the tests rule out; every rule is then refused.
pub(super) static ENV: LazyLock<Option<Arc<Env>>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    pattern::declare(&mut env).ok()?;
    Some(Arc::new(env))
});

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
    /// Converts the values. `now` is what the rules see as the time: nothing here asks a clock.
    pub(crate) fn new(args: &'a Value, client: &'a Value, tool: &'a str, now: Timestamp) -> Self {
        let mut bytes = 0;
        let converted = convert(args, &mut bytes);
        let client_converted = convert(client, &mut bytes);
        let context = ENV.as_ref().map(|env| {
            let mut context = Context::with_env(Arc::clone(env));
            context.add_variable_from_value("args", converted);
            context.add_variable_from_value("client", client_converted);
            context.add_variable_from_value("tool", Cel::from(tool));
            context.add_variable_from_value("now", timestamp(now));
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
