//! How much work and memory an evaluation can take at most, judged on the very values it will
//! run with: the engine has no budget of its own and cannot be interrupted.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use serde_json::Value;

use super::bindings::{Bindings, VALUE_BYTES};
use crate::base::limits::{RULE_ITERATIONS_MAX, RULE_STEPS_MAX, RULE_VALUE_BYTES_MAX};

/// The evaluation would take more than the limits allow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

/// Values looked at one by one; beyond it the estimate becomes coarse instead of slow.
const EXACT_MAX: usize = 10_000;
/// Bytes that are compared, copied or searched in the time of one step.
const BYTES_PER_STEP: u64 = 256;

/// At most how many steps the evaluation of `tree` takes.
pub(super) fn steps(tree: &IdedExpr, bindings: &Bindings<'_>) -> Result<u64, TooMuch> {
    let mut meter = Meter {
        bindings,
        variables: Vec::new(),
        steps: 0,
        visits: 0,
    };
    meter.walk(tree, 1)?;
    Ok(meter.steps)
}

/// How large a value can be.
#[derive(Clone)]
enum Size<'a> {
    /// It is this one.
    One(&'a Value),
    /// It is one of these.
    OneOf(Vec<&'a Value>),
    /// It is no larger than this.
    UpTo { bytes: u64, items: u64 },
}

impl Size<'_> {
    /// The same as a list, where it is a value that is known.
    fn listed(self) -> Self {
        match self {
            Self::One(value) => Self::OneOf(vec![value]),
            Self::OneOf(_) | Self::UpTo { .. } => self,
        }
    }
}

const SMALL: Size<'static> = Size::UpTo {
    bytes: VALUE_BYTES,
    items: 0,
};

struct Meter<'a, 'b> {
    bindings: &'b Bindings<'a>,
    variables: Vec<(String, Size<'a>)>,
    steps: u64,
    visits: usize,
}

impl<'a> Meter<'a, '_> {
    fn charge(&mut self, times: u64, bytes: u64) -> Result<(), TooMuch> {
        let steps = times.saturating_mul(1 + bytes / BYTES_PER_STEP);
        self.steps = self.steps.saturating_add(steps);
        if self.steps > RULE_STEPS_MAX || bytes > RULE_VALUE_BYTES_MAX {
            return Err(TooMuch);
        }
        Ok(())
    }

    fn walk(&mut self, node: &IdedExpr, times: u64) -> Result<Size<'a>, TooMuch> {
        self.charge(times, 0)?;
        match &node.expr {
            Expr::Unspecified | Expr::Struct(_) => Ok(SMALL),
            Expr::Literal(LiteralValue::String(text)) => Ok(Size::UpTo {
                bytes: VALUE_BYTES + text.inner().len() as u64,
                items: 0,
            }),
            Expr::Literal(_) => Ok(SMALL),
            Expr::Ident(name) => Ok(self.variable(name)),
            Expr::Select(select) => {
                let of = self.walk(&select.operand, times)?;
                Ok(if select.test {
                    SMALL
                } else {
                    self.member(of, &select.field)
                })
            }
            Expr::Call(call) => self.call(call, times),
            Expr::Comprehension(looped) => self.comprehension(looped, times),
            Expr::List(list) => self.collection(list.elements.iter(), times),
            Expr::Map(map) => {
                let parts = map.entries.iter().filter_map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Some([&entry.key, &entry.value]),
                    EntryExpr::StructField(_) => None,
                });
                self.collection(parts.flatten(), times)
            }
        }
    }

    fn variable(&self, name: &str) -> Size<'a> {
        let bound = self.variables.iter().rev().find(|(bound, _)| bound == name);
        match (bound, name) {
            (Some((_, size)), _) => size.clone(),
            (None, "args") => Size::One(self.bindings.args),
            (None, "client") => Size::One(self.bindings.client),
            (None, "result") => match self.bindings.result {
                Some(result) => Size::One(result),
                None => SMALL,
            },
            (None, "tool") => Size::UpTo {
                bytes: VALUE_BYTES + self.bindings.tool.len() as u64,
                items: 0,
            },
            (None, _) => SMALL,
        }
    }

    fn collection<'n>(
        &mut self,
        parts: impl Iterator<Item = &'n IdedExpr>,
        times: u64,
    ) -> Result<Size<'a>, TooMuch> {
        let (mut bytes, mut items) = (VALUE_BYTES, 0_u64);
        for part in parts {
            let size = self.walk(part, times)?;
            bytes = bytes.saturating_add(self.bytes(&size));
            items = items.saturating_add(1);
        }
        self.charge(times, bytes)?;
        Ok(Size::UpTo { bytes, items })
    }

    fn call(&mut self, call: &CallExpr, times: u64) -> Result<Size<'a>, TooMuch> {
        let mut sizes = Vec::with_capacity(1 + call.args.len());
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            sizes.push(self.walk(part, times)?);
        }
        let name = call.func_name.as_str();
        let bytes = sizes
            .iter()
            .fold(0_u64, |sum, more| sum.saturating_add(self.bytes(more)));
        let mut sizes = sizes.into_iter();
        let first = sizes.next().unwrap_or(SMALL);
        match name {
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => {
                Ok(match call.args.last().map(|last| &last.expr) {
                    Some(Expr::Literal(LiteralValue::String(field))) => {
                        self.member(first, field.inner())
                    }
                    _ => self.elements(&first),
                })
            }
            operators::CONDITIONAL => {
                let (a, b) = (sizes.next().unwrap_or(SMALL), sizes.next().unwrap_or(SMALL));
                Ok(self.either(a, b))
            }
            "orValue" | "or" => {
                let second = sizes.next().unwrap_or(SMALL);
                Ok(self.either(first, second))
            }
            "value" => Ok(first),
            operators::ADD => {
                self.charge(times, bytes)?;
                let items = sizes.fold(self.items(&first), |sum, size| {
                    sum.saturating_add(self.items(&size))
                });
                Ok(Size::UpTo { bytes, items })
            }
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT => Ok(SMALL),
            "size" => Ok(SMALL),
            other => {
                let slower = if super::pattern::is_matches(other) {
                    32
                } else {
                    1
                };
                self.charge(times.saturating_mul(slower), bytes)?;
                Ok(Size::UpTo { bytes, items: 0 })
            }
        }
    }

    fn comprehension(
        &mut self,
        looped: &ComprehensionExpr,
        times: u64,
    ) -> Result<Size<'a>, TooMuch> {
        let range = self.walk(&looped.iter_range, times)?;
        let items = self.items(&range);
        let rounds = times.saturating_mul(items);
        if rounds > RULE_ITERATIONS_MAX {
            return Err(TooMuch);
        }
        self.walk(&looped.accu_init, times)?;
        let item = self.elements(&range);
        let range_bytes = self.bytes(&range);
        // Every item is copied once; in sum that is the whole range.
        self.charge(times, range_bytes)?;
        let before = self.variables.len();
        let empty = Size::UpTo { bytes: 0, items: 0 };
        self.variables.push((looped.accu_var.clone(), empty));
        self.variables.push((looped.iter_var.clone(), item));
        self.walk(&looped.loop_cond, rounds)?;
        let step = self.walk(&looped.loop_step, rounds)?;
        self.variables.truncate(before);
        let collected = match &looped.accu_init.expr {
            Expr::List(_) => Size::UpTo {
                bytes: VALUE_BYTES.saturating_add(self.bytes(&step).saturating_mul(items)),
                items,
            },
            _ => SMALL,
        };
        let bytes = self.bytes(&collected);
        self.charge(times, bytes)?;
        self.variables.push((looped.accu_var.clone(), collected));
        let result = self.walk(&looped.result, times);
        self.variables.truncate(before);
        result
    }

    fn member(&mut self, of: Size<'a>, name: &str) -> Size<'a> {
        match of {
            Size::One(value) => value.get(name).map_or(Size::OneOf(Vec::new()), Size::One),
            Size::OneOf(values) => {
                let values = values.into_iter().filter_map(|value| value.get(name));
                Size::OneOf(values.collect())
            }
            upto @ Size::UpTo { .. } => self.part(&upto),
        }
    }

    /// Some part of a value of which only the size is known.
    fn part(&mut self, of: &Size<'a>) -> Size<'a> {
        let bytes = self.bytes(of);
        Size::UpTo {
            bytes,
            items: bytes / VALUE_BYTES,
        }
    }

    fn elements(&mut self, of: &Size<'a>) -> Size<'a> {
        let values = match of {
            Size::One(value) => std::slice::from_ref(value),
            Size::OneOf(values) => values.as_slice(),
            Size::UpTo { .. } => return self.part(of),
        };
        let mut all = Vec::new();
        for value in values {
            match value {
                Value::Array(items) => all.extend(items.iter().take(EXACT_MAX + 1)),
                // A loop over an object sees its names, an index its values.
                Value::Object(_) => return self.part(of),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
            if all.len() > EXACT_MAX {
                return self.part(of);
            }
        }
        Size::OneOf(all)
    }

    fn either(&mut self, a: Size<'a>, b: Size<'a>) -> Size<'a> {
        match (a.listed(), b.listed()) {
            (Size::OneOf(mut a), Size::OneOf(b)) if a.len() + b.len() <= EXACT_MAX => {
                a.extend(b);
                Size::OneOf(a)
            }
            (Size::OneOf(values), Size::UpTo { bytes, items: 0 })
            | (Size::UpTo { bytes, items: 0 }, Size::OneOf(values))
                if bytes <= VALUE_BYTES && !values.is_empty() =>
            {
                Size::OneOf(values)
            }
            (a, b) => Size::UpTo {
                bytes: self.bytes(&a).max(self.bytes(&b)),
                items: self.items(&a).max(self.items(&b)),
            },
        }
    }

    fn items(&self, of: &Size<'a>) -> u64 {
        match of {
            Size::UpTo { items, .. } => *items,
            Size::One(value) => items_in(value),
            Size::OneOf(values) => {
                let items = values.iter().map(|value| items_in(value));
                items.max().unwrap_or(0)
            }
        }
    }

    fn bytes(&mut self, of: &Size<'a>) -> u64 {
        match of {
            Size::UpTo { bytes, .. } => *bytes,
            Size::One(value) => self.weigh(value).max(VALUE_BYTES),
            Size::OneOf(values) => {
                let mut most = VALUE_BYTES;
                for value in values {
                    most = most.max(self.weigh(value));
                }
                most
            }
        }
    }

    /// The memory of one value; once enough has been looked at, the memory of everything that was given.
    fn weigh(&mut self, value: &Value) -> u64 {
        self.visits += 1;
        if self.visits > EXACT_MAX * 40 {
            return self.bindings.whole_bytes();
        }
        let contents = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len() as u64,
            Value::Array(items) => items
                .iter()
                .fold(0_u64, |sum, item| sum.saturating_add(self.weigh(item))),
            Value::Object(members) => members.iter().fold(0_u64, |sum, (name, member)| {
                sum.saturating_add(name.len() as u64)
                    .saturating_add(self.weigh(member))
            }),
        };
        let bytes = contents.saturating_add(VALUE_BYTES);
        if self.visits > EXACT_MAX * 40 {
            // Parts may have been taken for everything.
            return bytes.min(self.bindings.whole_bytes());
        }
        bytes
    }
}

fn items_in(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.len() as u64,
        Value::Object(members) => members.len() as u64,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
