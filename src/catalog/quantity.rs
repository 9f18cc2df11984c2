//! Quantities as people write them: rates, amounts, counts.

use super::{
    diagnostic::{Findings, tick},
    fields::{text, wrong_type},
    source::{Node, NodeValue},
};
use crate::base::{amount::Amount, quota::Rate};

/// Reads a rate as `10/minute`.
pub(crate) fn rate(node: &Node, burst: Option<u32>, findings: &mut Findings) -> Option<Rate> {
    let given = text(node, "rate", findings)?;
    let rate = Rate::parse(given, burst);
    if rate.is_none() {
        let message = format!("`rate` is not a rate: {}", tick(given));
        let help = "write a number of calls and a time, as `10/minute`; \
                    times are `second`, `minute`, `hour` and `day`";
        findings.error("amount", node.span, message, help);
    }
    rate
}

/// Reads an amount as `0.05`.
pub(crate) fn amount(node: &Node, name: &str, findings: &mut Findings) -> Option<Amount> {
    let NodeValue::Number(number) = &node.value else {
        wrong_type(node, name, "a number", "", findings);
        return None;
    };
    let amount = Amount::from_number(number);
    if amount.is_none() {
        let message = format!("`{name}` must be from 0 to {}", Amount::MAX);
        findings.error("amount", node.span, message, "write a number as `0.05`");
    }
    amount
}

/// Reads a whole number from 1 to `most`.
pub(crate) fn count(node: &Node, name: &str, most: u32, findings: &mut Findings) -> Option<u32> {
    let NodeValue::Number(number) = &node.value else {
        wrong_type(node, name, "a whole number", "", findings);
        return None;
    };
    let count = number
        .as_u64()
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=most).contains(count));
    if count.is_none() {
        let message = format!("`{name}` must be a whole number from 1 to {most}");
        findings.error("amount", node.span, message, "");
    }
    count
}
