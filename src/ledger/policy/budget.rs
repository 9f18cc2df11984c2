//! Budgets: what may still be spent. The most a call can cost is reserved before it runs, and
//! settled for what it did cost when it has ended.

use crate::base::{
    amount::Amount,
    quota::{Budget, Period},
};

/// What was spent of one budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// The period that `spent` is of.
    pub(crate) number: i64,
    /// For calls that have ended, or may have happened.
    pub(crate) spent: Amount,
    /// For calls that are still running, of whichever period.
    pub(crate) reserved: Amount,
}

impl Account {
    /// The account in the period `number`: a later one begins with nothing spent, an earlier
    /// one does not come back.
    pub(crate) fn in_period(self, number: i64) -> Self {
        if number > self.number {
            Self {
                number,
                spent: Amount::ZERO,
                ..self
            }
        } else {
            self
        }
    }

    /// What is left of `limit`.
    pub(crate) fn left(self, limit: Amount) -> Amount {
        limit.minus(self.spent).minus(self.reserved)
    }

    /// Sets `most` aside; `None` where less than that is left of `limit`.
    pub(crate) fn reserve(self, most: Amount, limit: Amount) -> Option<Self> {
        (most <= self.left(limit)).then(|| Self {
            reserved: self.reserved.plus(most),
            ..self
        })
    }

    /// Turns a reservation of `most` into what was spent: `actual`, which may be more or less.
    pub(crate) fn settle(self, most: Amount, actual: Amount) -> Self {
        Self {
            spent: self.spent.plus(actual),
            reserved: self.reserved.minus(most),
            ..self
        }
    }
}

/// The budgets of `declared` that a call of `tool` by `principal` draws on.
pub(crate) fn drawn_on<'a>(
    declared: &'a [Budget],
    principal: &'a str,
    tool: &'a str,
) -> impl Iterator<Item = &'a Budget> {
    let fits = |wanted: &Option<String>, given: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == given)
    };
    declared.iter().filter(move |budget| {
        fits(&budget.scope.principal, principal) && fits(&budget.scope.tool, tool)
    })
}

/// Milliseconds from `wall_us` until a budget of `period` begins anew; `None` when it never does.
pub(crate) fn reset_after_ms(period: Period, number: i64, wall_us: i64) -> Option<u64> {
    let end = period.end(number)?.as_micros();
    let micros = u64::try_from(end.saturating_sub(wall_us)).unwrap_or(0);
    Some(micros.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::quota::Scope;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    #[test]
    fn s31_exactly_three_of_eight_calls_of_0_30_fit_into_1_00() {
        let (mut account, limit, cost) = (Account::default(), amount("1.00"), amount("0.30"));
        let mut running = 0;
        for _ in 0..8 {
            if let Some(next) = account.reserve(cost, limit) {
                account = next;
                running += 1;
            }
        }
        assert_eq!(running, 3);
        for _ in 0..running {
            account = account.settle(cost, cost);
        }
        assert_eq!(
            (account.spent, account.reserved),
            (amount("0.9"), Amount::ZERO)
        );
    }

    #[test]
    fn s29_a_period_that_is_over_does_not_come_back() {
        let spent = Account {
            number: 20_000,
            spent: amount("1"),
            reserved: amount("0.25"),
        };
        assert_eq!(spent.in_period(19_998), spent);
        let next = spent.in_period(20_001);
        assert_eq!((next.spent, next.reserved), (Amount::ZERO, amount("0.25")));
        assert_eq!(next.left(amount("1")), amount("0.75"));
    }

    #[test]
    fn a_call_draws_on_every_budget_that_names_it_or_nobody() {
        let budget = |principal: Option<&str>, tool: Option<&str>| Budget {
            scope: Scope {
                principal: principal.map(str::to_owned),
                tool: tool.map(str::to_owned),
            },
            period: Period::Day,
            limit: amount("1"),
        };
        let declared = [
            budget(None, None),
            budget(Some("ann"), None),
            budget(Some("bob"), None),
            budget(None, Some("send")),
            budget(Some("ann"), Some("read")),
        ];
        let drawn: Vec<String> = drawn_on(&declared, "ann", "send")
            .map(|budget| budget.scope.to_string())
            .collect();
        assert_eq!(drawn, ["everything", "principal `ann`", "tool `send`"]);
    }

    #[test]
    fn the_wait_for_a_fresh_budget_is_until_its_period_ends() {
        assert_eq!(reset_after_ms(Period::Day, 0, 86_399_999_999), Some(1));
        assert_eq!(reset_after_ms(Period::Day, 0, 86_400_000_000), Some(0));
        assert_eq!(reset_after_ms(Period::Total, 0, 0), None);
    }

    proptest! {
        #[test]
        fn what_runs_and_what_is_spent_never_exceed_the_limit(
            limit in 0..1000_u64,
            steps in proptest::collection::vec((0..400_u64, 0..=100_u64, any::<bool>()), 0..60),
        ) {
            let limit = Amount::from_micros(limit);
            let (mut account, mut running) = (Account::default(), Vec::new());
            for (most, share, ends) in steps {
                if ends && let Some(most) = running.pop() {
                    let actual = Amount::from_micros(u64::try_from(Amount::as_micros(most)).unwrap() * share / 100);
                    account = account.settle(most, actual);
                }
                let most = Amount::from_micros(most);
                if let Some(next) = account.reserve(most, limit) {
                    account = next;
                    running.push(most);
                }
                let sum = running.iter().fold(Amount::ZERO, |sum, one| sum.plus(*one));
                prop_assert_eq!(account.reserved, sum);
                prop_assert!(account.spent.plus(account.reserved) <= limit);
            }
        }
    }
}
