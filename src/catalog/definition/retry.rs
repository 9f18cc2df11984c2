//! The parts of a definition that say what may be tried again.

use super::super::{
    diagnostic::Findings,
    fields::{Fields, items, wrong_type},
    source::{Node, NodeValue},
    tool::ExitCodes,
};
use super::RunDefinition;
use crate::base::limits::{ATTEMPTS_DEFAULT, ATTEMPTS_MAX};

/// Takes `retry` out of the fields of a definition: how often its tool is tried, at most. Its
/// `exit_codes` are those of `run`.
pub(super) fn read(
    fields: &mut Fields<'_>,
    run: Option<&mut RunDefinition<'_>>,
    findings: &mut Findings,
) -> u32 {
    let Some(mut fields) = fields
        .take("retry")
        .and_then(|node| Fields::open(node, "retry", findings))
    else {
        return ATTEMPTS_DEFAULT;
    };
    let attempts = fields
        .take("attempts")
        .and_then(|node| whole(node, "attempts", 1, ATTEMPTS_MAX, findings))
        .and_then(|attempts| u32::try_from(attempts).ok());
    if let Some(entry) = fields.take_entry("exit_codes") {
        let codes = codes(&entry.value, "exit_codes", findings);
        match run {
            Some(RunDefinition::Exec(exec)) => exec.exit_codes.retry.extend(codes),
            Some(_) => {
                let message = "`exit_codes` goes with `exec` only".to_owned();
                findings.error("exit-codes", entry.key_span, message, "take it out");
            }
            None => {}
        }
    }
    fields.close(findings);
    attempts.unwrap_or(ATTEMPTS_DEFAULT)
}

/// Takes `exit_codes` out of the fields of `exec`.
pub(super) fn exit_codes(fields: &mut Fields<'_>, findings: &mut Findings) -> ExitCodes {
    let Some(mut fields) = fields
        .take("exit_codes")
        .and_then(|node| Fields::open(node, "exit_codes", findings))
    else {
        return ExitCodes::default();
    };
    let mut list = |name: &'static str| {
        let node = fields.take(name);
        node.map(|node| codes(node, name, findings))
            .unwrap_or_default()
    };
    let (retry, ambiguous) = (list("retry"), list("ambiguous"));
    fields.close(findings);
    ExitCodes { retry, ambiguous }
}

/// Exit code 0 is success whatever a definition says.
fn codes(node: &Node, name: &str, findings: &mut Findings) -> Vec<i32> {
    let nodes = items(node, name, findings).iter();
    nodes
        .filter_map(|node| whole(node, "an exit code", 1, 255, findings))
        .filter_map(|code| i32::try_from(code).ok())
        .collect()
}

/// A whole number from `least` to `most`.
pub(super) fn whole(
    node: &Node,
    name: &str,
    least: u64,
    most: u64,
    findings: &mut Findings,
) -> Option<u64> {
    let NodeValue::Number(number) = &node.value else {
        wrong_type(node, name, "a whole number", "", findings);
        return None;
    };
    let fits = number
        .as_u64()
        .filter(|given| (least..=most).contains(given));
    if fits.is_none() {
        let message = format!("`{name}` must be a whole number from {least} to {most}");
        findings.error("amount", node.span, message, "");
    }
    fits
}
