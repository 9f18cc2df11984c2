//! The part of a definition that restrains its tool: `limits`, `breaker` and `loop_guard`.

use std::sync::Arc;

use crate::{
    base::{
        amount::Amount,
        limits::{BACKEND_NAME_BYTES_MAX, CONCURRENT_MAX},
    },
    catalog::{
        diagnostic::{Findings, tick},
        fields::{Fields, text, truth},
        quantity::{amount, count, rate},
        restraint::{BreakerRule, Cost, Restraint},
        source::Node,
    },
};

/// Reads the three keys; what has an error is as if it were not told.
pub(super) fn restraint(fields: &mut Fields<'_>, findings: &mut Findings) -> Restraint {
    let mut restraint = match fields.take("limits") {
        Some(node) => limits(node, findings).unwrap_or_default(),
        None => Restraint::default(),
    };
    if let Some(rule) = fields
        .take("breaker")
        .and_then(|node| breaker(node, findings))
    {
        restraint.breaker = rule;
    }
    let words = [("on", false), ("off", true)];
    restraint.is_loop_guard_off = fields.word("loop_guard", &words, findings).unwrap_or(false);
    restraint
}

fn limits(node: &Node, findings: &mut Findings) -> Option<Restraint> {
    let mut fields = Fields::open(node, "limits", findings)?;
    let burst = fields.take_entry("burst");
    let given = fields.take("rate");
    if let (None, Some(entry)) = (given, burst) {
        let help = "add a rate, as `rate: 10/minute`";
        let message = "`burst` says nothing without `rate`".to_owned();
        findings.error("missing-key", entry.key_span, message, help);
    }
    let burst = burst.and_then(|entry| count(&entry.value, "burst", u32::MAX, findings));
    let rate = given.and_then(|node| rate(node, burst, findings));
    let concurrent = fields
        .take("concurrent")
        .and_then(|node| count(node, "concurrent", CONCURRENT_MAX, findings))
        .and_then(|count| usize::try_from(count).ok());
    let cost = cost(&mut fields, findings);
    fields.close(findings);
    Some(Restraint {
        rate,
        concurrent,
        cost: cost.unwrap_or_default(),
        ..Restraint::default()
    })
}

fn cost(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Cost> {
    let fixed = fields
        .take_entry("cost")
        .map(|entry| (entry, amount(&entry.value, "cost", findings)));
    let most = fields
        .take_entry("max_cost")
        .map(|entry| (entry, amount(&entry.value, "max_cost", findings)));
    let from = fields.take_entry("cost_from");
    let (entry, message, help) = match (fixed, most, from) {
        (None, None, None) => return None,
        (Some((_, cost)), None, None) => return cost.map(Cost::Fixed),
        (None, Some((_, most)), Some(from)) => return source(&from.value, most?, findings),
        (None, None, Some(from)) => (
            from,
            "`cost_from` needs `max_cost`: that much is set aside while the call runs",
            "add `max_cost`",
        ),
        (Some((entry, _)), _, Some(_)) => (
            entry,
            "`cost` and `cost_from` cannot both be set",
            "take out the one that is not meant",
        ),
        (_, Some((entry, _)), None) => (
            entry,
            "`max_cost` belongs to `cost_from`",
            "write `cost` for a cost that is always the same",
        ),
    };
    findings.error("contradiction", entry.key_span, message.to_owned(), help);
    None
}

fn source(node: &Node, most: Amount, findings: &mut Findings) -> Option<Cost> {
    let mut fields = Fields::open(node, "cost_from", findings)?;
    let result = fields.take("result");
    let argument = fields.take("argument");
    fields.close(findings);
    let (node, name) = match (result, argument) {
        (Some(node), None) => (node, "result"),
        (None, Some(node)) => (node, "argument"),
        (None, None) | (Some(_), Some(_)) => {
            let message = "`cost_from` needs exactly one of `result` and `argument`".to_owned();
            let help = "write `{result: /pointer}` or `{argument: /pointer}`";
            findings.error("missing-key", node.span, message, help);
            return None;
        }
    };
    let pointer = text(node, name, findings)?.to_owned();
    if !pointer.starts_with('/') {
        let message = format!("`{name}` is not a JSON pointer: {}", tick(&pointer));
        findings.error("pointer", node.span, message, "begin it with `/`");
        return None;
    }
    Some(match name {
        "result" => Cost::Result { pointer, most },
        _ => Cost::Argument { pointer, most },
    })
}

fn breaker(node: &Node, findings: &mut Findings) -> Option<BreakerRule> {
    match node.as_text() {
        Some("on") => return Some(BreakerRule::default()),
        Some("off") => {
            return Some(BreakerRule {
                is_on: false,
                ..BreakerRule::default()
            });
        }
        Some(_) | None => {}
    }
    let mut fields = Fields::open(node, "breaker", findings)?;
    let backend = fields
        .take("backend")
        .and_then(|node| backend_name(node, findings));
    let counts_exit = fields
        .take("count_exit")
        .and_then(|node| truth(node, "count_exit", findings));
    fields.close(findings);
    Some(BreakerRule {
        is_on: true,
        backend,
        counts_exit: counts_exit.unwrap_or(false),
    })
}

fn backend_name(node: &Node, findings: &mut Findings) -> Option<Arc<str>> {
    let name = text(node, "backend", findings)?;
    let fits = (1..=BACKEND_NAME_BYTES_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte));
    if !fits {
        let message = format!("`backend` is not a name: {}", tick(name));
        let help = "use letters, digits and `_-.:` only";
        findings.error("amount", node.span, message, help);
    }
    fits.then(|| name.into())
}
