//! The parts of a definition that say what may be tried again.

use super::{
    super::{
        diagnostic::Findings,
        fields::{Fields, items},
        quantity::count,
        source::Node,
        tool::ExitCodes,
    },
    RunDefinition,
};
use crate::base::limits::{ATTEMPTS_DEFAULT, ATTEMPTS_MAX};

/// Takes `retry` out of the fields of a definition: how often its tool is tried, at most. Its
/// `exit_codes` are those of `run`; steps have their own.
pub(super) fn read(
    fields: &mut Fields<'_>,
    (run, has_steps): (Option<&mut RunDefinition<'_>>, bool),
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
        .and_then(|node| count(node, "attempts", ATTEMPTS_MAX, findings));
    if let Some(entry) = fields.take_entry("exit_codes") {
        let codes = codes(&entry.value, "exit_codes", findings);
        match run {
            Some(RunDefinition::Exec(exec)) => exec.exit_codes.retry.extend(codes),
            Some(
                RunDefinition::ReplyText(_)
                | RunDefinition::ReplyJson(_)
                | RunDefinition::Sql(_)
                | RunDefinition::Http(_),
            ) => {
                let message = "`exit_codes` goes with `exec` only".to_owned();
                findings.error("exit-codes", entry.key_span, message, "take it out");
            }
            None if has_steps => {
                let message = "`exit_codes` says nothing of which step".to_owned();
                let help = "write it into the `exec` of the step, as `exit_codes: {retry: [75]}`";
                findings.error("exit-codes", entry.key_span, message, help);
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
        .filter_map(|node| count(node, "an exit code", 255, findings))
        .filter_map(|code| i32::try_from(code).ok())
        .collect()
}
