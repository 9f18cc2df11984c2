//! The section `budgets`: what may be spent, by whom, on what, in each period.

use std::sync::Arc;

use super::super::{
    diagnostic::Findings,
    fields::{Fields, items},
    quantity::amount,
    source::Node,
};
use crate::base::{
    limits::BUDGETS_MAX,
    quota::{Budget, Period, Scope},
};

/// Every budget.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budgets {
    /// In the order of the file.
    pub(crate) all: Arc<[Budget]>,
}

impl Budgets {
    /// Reads the section: a list of scopes, each with a limit for at least one period.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let nodes = items(node, "budgets", findings);
        if nodes.len() > BUDGETS_MAX {
            let message = format!("`budgets` has more than {BUDGETS_MAX} entries");
            findings.error(
                "too-large",
                node.span,
                message,
                "leave out who does not matter",
            );
            return Self::default();
        }
        let mut all: Vec<Budget> = Vec::new();
        for node in nodes {
            for budget in entry(node, findings) {
                let is_same =
                    |one: &Budget| one.scope == budget.scope && one.period == budget.period;
                if all.iter().any(is_same) {
                    let message = format!(
                        "there are two budgets for {} ({})",
                        budget.scope,
                        budget.period.as_str()
                    );
                    findings.error("contradiction", node.span, message, "keep one of the two");
                }
                all.push(budget);
            }
        }
        Self { all: all.into() }
    }
}

fn entry(node: &Node, findings: &mut Findings) -> Vec<Budget> {
    let Some(mut fields) = Fields::open(node, "a budget", findings) else {
        return Vec::new();
    };
    let scope = Scope {
        principal: fields.text("principal", findings).map(str::to_owned),
        tool: fields.text("tool", findings).map(str::to_owned),
    };
    let mut budgets = Vec::new();
    for period in Period::ALL {
        let name = period.as_str();
        if let Some(node) = fields.take(name) {
            let limit = amount(node, name, findings);
            budgets.extend(limit.map(|limit| Budget {
                scope: scope.clone(),
                period,
                limit,
            }));
        }
    }
    if budgets.is_empty() {
        let message = "this budget limits nothing".to_owned();
        let help = "add `day`, `month` or `total` with an amount";
        findings.error("missing-key", node.span, message, help);
    }
    fields.close(findings);
    budgets
}
