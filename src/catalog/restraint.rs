//! What a definition says of how often, how many at once and for how much its tool may run.

use std::sync::Arc;

use serde_json::{Number, Value};

use super::{config::Config, tool::Run};
use crate::base::{
    amount::Amount,
    quota::{Budget, Rate},
};

/// The limits of one tool. Nothing is limited unless it is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restraint {
    /// How often one principal may call it.
    pub(crate) rate: Option<Rate>,
    /// How often one principal may call anything.
    pub(crate) rate_of_all: Option<Rate>,
    /// Every budget that is declared, of this tool or others.
    pub(crate) budgets: Arc<[Budget]>,
    /// How many calls run side by side in one process.
    pub(crate) concurrent: Option<usize>,
    /// What a call costs.
    pub(crate) cost: Cost,
    /// When its backend is left alone for a while.
    pub(crate) breaker: BreakerRule,
    /// Whether nearly equal failures in a row are stopped.
    pub(crate) is_loop_guard_off: bool,
}

impl Restraint {
    /// The same for the tool `name`, with what `config` says for all tools.
    pub(crate) fn of_tool(self, name: &str, run: &Run, config: &Config) -> Self {
        Self {
            rate: self.rate.or(config.limits.rate),
            rate_of_all: config.limits.total,
            budgets: Arc::clone(&config.budgets.all),
            breaker: self.breaker.of_tool(name, run),
            ..self
        }
    }
}

/// What a call costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Nothing.
    #[default]
    Free,
    /// Always the same.
    Fixed(Amount),
    /// What a number in the arguments says, and never more than `most`.
    Argument {
        /// JSON pointer into the effective arguments.
        pointer: String,
        /// A call that would cost more is refused.
        most: Amount,
    },
    /// What a number in the structured result says; `most` is set aside until it is known.
    Result {
        /// JSON pointer into the structured content.
        pointer: String,
        /// What a call costs at most, and where the result does not tell.
        most: Amount,
    },
}

impl Cost {
    /// What a call with these effective arguments can cost at most.
    ///
    /// # Errors
    /// What it would cost where that is more than it may.
    pub(crate) fn most(&self, arguments: &Value) -> Result<Amount, Amount> {
        match self {
            Self::Free => Ok(Amount::ZERO),
            Self::Fixed(cost) => Ok(*cost),
            Self::Argument { pointer, most } => match amount_at(arguments, pointer) {
                Some(cost) if cost > *most => Err(cost),
                Some(cost) => Ok(cost),
                None => Ok(*most),
            },
            Self::Result { most, .. } => Ok(*most),
        }
    }

    /// What a call did cost that could cost `most` and has this structured result.
    pub(crate) fn actual(&self, most: Amount, structured: Option<&Value>) -> Amount {
        match self {
            Self::Free | Self::Fixed(_) | Self::Argument { .. } => most,
            Self::Result { pointer, .. } => structured
                .and_then(|structured| amount_at(structured, pointer))
                .unwrap_or(most),
        }
    }

    /// Whether a call costs something.
    pub(crate) fn is_free(&self) -> bool {
        *self == Self::Free
    }

    /// What a call costs at most, whatever its arguments: what the listing tells.
    pub(crate) fn ceiling(&self) -> Amount {
        match self {
            Self::Free => Amount::ZERO,
            Self::Fixed(cost) => *cost,
            Self::Argument { most, .. } | Self::Result { most, .. } => *most,
        }
    }

    /// As the listing publishes it; `None` where there is nothing to tell.
    pub(crate) fn published(&self) -> Option<Value> {
        let ceiling: Number = self.ceiling().to_string().parse().ok()?;
        (!self.is_free()).then(|| serde_json::json!({"max": ceiling}))
    }
}

fn amount_at(value: &Value, pointer: &str) -> Option<Amount> {
    match value.pointer(pointer)? {
        Value::Number(number) => Amount::from_number(number),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// When a backend is left alone for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BreakerRule {
    /// Whether it ever is.
    pub(crate) is_on: bool,
    /// What stands behind the breaker; tools with the same one share it. Without one there is
    /// no breaker.
    pub(crate) backend: Option<Arc<str>>,
    /// Whether a program that ran and said no counts as a failure of the backend.
    pub(crate) counts_exit: bool,
}

impl BreakerRule {
    /// The same for the tool `name`, which has its own breaker unless its definition says
    /// otherwise. What answers from a template has no backend that could fail.
    fn of_tool(self, name: &str, run: &Run) -> Self {
        let own = || match run {
            Run::Exec(_) | Run::Sql(_) | Run::Http(_) | Run::Steps(_) => Some(name.into()),
            Run::Reply(_) | Run::Fetch => None,
        };
        let backend = if self.is_on {
            self.backend.or_else(own)
        } else {
            None
        };
        Self { backend, ..self }
    }
}

impl Default for BreakerRule {
    fn default() -> Self {
        Self {
            is_on: true,
            backend: None,
            counts_exit: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn a_cost_in_the_arguments_is_known_before_and_bounded() {
        let cost = Cost::Argument {
            pointer: "/amount".to_owned(),
            most: amount("10"),
        };
        assert_eq!(cost.most(&json!({"amount": 2.5})), Ok(amount("2.5")));
        assert_eq!(cost.most(&json!({"amount": 10.01})), Err(amount("10.01")));
        for silent in [json!({}), json!({"amount": "2"}), json!({"amount": -1})] {
            assert_eq!(cost.most(&silent), Ok(amount("10")), "{silent}");
        }
    }

    #[test]
    fn a_cost_in_the_result_is_settled_for_what_it_was_or_in_full() {
        let cost = Cost::Result {
            pointer: "/usage/cost".to_owned(),
            most: amount("1"),
        };
        let most = cost.most(&json!({})).unwrap();
        let result = json!({"usage": {"cost": 0.25}});
        assert_eq!(cost.actual(most, Some(&result)), amount("0.25"));
        assert_eq!(cost.actual(most, Some(&json!({}))), amount("1"));
        assert_eq!(cost.actual(most, None), amount("1"));
        assert_eq!(cost.published(), Some(json!({"max": 1})));
        assert_eq!(Cost::Free.published(), None);
    }
}
