//! What an expression can see: `args`, `client`, `tool` and `now`, as values of the engine.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, OnceLock},
};

use cel::{
    Env,
    common::{
        types::{
            CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString,
            CelTimestamp, CelUInt,
        },
        value::{CowVal, Val},
    },
    context::VariableResolver,
};
use serde_json::{Map, Number, Value};

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

/// The values of one call, for all its rules.
pub(crate) struct Bindings<'a> {
    pub(super) args: &'a Value,
    pub(super) client: &'a Value,
    pub(super) tool: &'a str,
    pub(super) result: Option<&'a Value>,
    now: Timestamp,
    seen: Sees,
    whole_bytes: OnceLock<u64>,
    names: OnceLock<Names<'a>>,
}

impl<'a> Bindings<'a> {
    /// The values that one of `expressions` sees; no other can be evaluated with them.
    /// `now` is what the rules see as the time: nothing here asks a clock.
    pub(crate) fn new<'e>(
        expressions: impl IntoIterator<Item = &'e Expression>,
        args: &'a Value,
        client: &'a Value,
        tool: &'a str,
        now: Timestamp,
    ) -> Self {
        let seen = expressions.into_iter().map(|one| one.0.sees);
        Self {
            args,
            client,
            tool,
            result: None,
            now,
            seen: seen.fold(Sees::default(), Sees::or),
            whole_bytes: OnceLock::new(),
            names: OnceLock::new(),
        }
    }

    /// The same where `result` was looked up.
    pub(crate) fn with_result(self, result: &'a Value) -> Self {
        Self {
            result: Some(result),
            whole_bytes: OnceLock::new(),
            names: OnceLock::new(),
            ..self
        }
    }

    /// About the memory of everything that is seen.
    pub(super) fn whole_bytes(&self) -> u64 {
        *self.whole_bytes.get_or_init(|| {
            let client = self.seen.client.then_some(self.client);
            let seen = [Some(self.args), client, self.result].into_iter();
            seen.flatten().fold(0, |sum, one| sum + bytes(one))
        })
    }

    /// What the names stand for, converted when first asked for. Texts are borrowed.
    pub(super) fn names(&self) -> &Names<'a> {
        self.names.get_or_init(|| Names {
            plain: self.args.as_object(),
            ..self.convert(CelString::from, OnceLock::new())
        })
    }

    /// The same without borrowing anything, for an evaluation that nobody may wait for.
    pub(super) fn owned_names(&self) -> Names<'static> {
        let text: Text<'a, 'static> = |text| CelString::from(text.to_owned());
        self.convert(text, OnceLock::from(convert(self.args, text)))
    }

    fn convert<'v>(&self, text: Text<'a, 'v>, args: OnceLock<Box<dyn Val + 'v>>) -> Names<'v> {
        let Sees { client, tool, now } = self.seen;
        Names {
            plain: None,
            args,
            client: client.then(|| convert(self.client, text)),
            tool: tool.then(|| text(self.tool)),
            now: now.then(|| timestamp(self.now)),
            result: self.result.map(|result| convert(result, text)),
        }
    }
}

/// What the names in an expression stand for, as values of the engine.
pub(super) struct Names<'v> {
    /// The arguments, where they can be converted when they are asked for.
    plain: Option<&'v Map<String, Value>>,
    args: OnceLock<Box<dyn Val + 'v>>,
    client: Option<Box<dyn Val + 'v>>,
    tool: Option<CelString<'v>>,
    now: Option<Box<dyn Val>>,
    result: Option<Box<dyn Val + 'v>>,
}

impl VariableResolver for Names<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        if let Some(name) = variable.strip_prefix("args.") {
            return self.member(name);
        }
        let value: &(dyn Val + 'b) = match variable {
            "args" => match self.plain {
                Some(args) => &**self.args.get_or_init(|| object(args, CelString::from)),
                None => &**self.args.get()?,
            },
            "client" => self.client.as_deref()?,
            "tool" => self.tool.as_ref()?,
            "now" => self.now.as_deref()?,
            "result" => self.result.as_deref()?,
            _ => return None,
        };
        Some(CowVal::Borrowed(value))
    }
}

impl<'v> Names<'v> {
    /// The argument of this name, alone, which spares all others. The engine asks for `args.a.b`,
    /// `args.a` and `args` until it is given something, and selects what is left of the name
    /// itself. So a name with a dot is not one argument, what is missing is a matter of the whole,
    /// and what is converted each time it is asked for is no larger than a text that is borrowed.
    fn member(&self, name: &str) -> Option<CowVal<'v, 'v>> {
        let value = self.plain?.get(name)?;
        let is_small = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            Value::Array(_) | Value::Object(_) => false,
        };
        (is_small && !name.contains('.')).then(|| CowVal::Owned(convert(value, CelString::from)))
    }
}

/// About the memory that one value takes beside its contents.
pub(super) const VALUE_BYTES: u64 = 16;

/// About the memory of a value.
fn bytes(value: &Value) -> u64 {
    let contents = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(members) => {
            let sizes = members
                .iter()
                .map(|(name, member)| name.len() as u64 + bytes(member));
            sizes.sum()
        }
    };
    VALUE_BYTES + contents
}

/// How a text gets into a value of the engine: borrowed or copied.
type Text<'a, 'v> = fn(&'a str) -> CelString<'v>;

/// The engine's own conversion makes every integer unsigned, so that `args.n + 1` fails.
fn convert<'a, 'v>(value: &'a Value, text: Text<'a, 'v>) -> Box<dyn Val + 'v> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => convert_number(number),
        Value::String(value) => Box::new(text(value)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| convert(item, text)).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(members) => object(members, text),
    }
}

fn object<'a, 'v>(members: &'a Map<String, Value>, text: Text<'a, 'v>) -> Box<dyn Val + 'v> {
    let map: HashMap<_, _> = members
        .iter()
        .map(|(name, member)| (CelMapKey::String(text(name)), convert(member, text)))
        .collect();
    Box::new(CelMap::from(map))
}

fn convert_number(number: &Number) -> Box<dyn Val> {
    match (number.as_i64(), number.as_u64()) {
        (Some(signed), _) => Box::new(CelInt::from(signed)),
        (None, Some(unsigned)) => Box::new(CelUInt::from(unsigned)),
        (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

fn timestamp(now: Timestamp) -> Box<dyn Val> {
    match chrono::DateTime::from_timestamp_micros(now.as_micros()) {
        Some(at) => Box::new(CelTimestamp::from(at.fixed_offset())),
        None => Box::new(CelNull),
    }
}
