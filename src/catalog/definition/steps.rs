//! The part of a definition that does several things: `steps`.

use std::time::Duration;

use super::{
    super::{
        diagnostic::{Findings, Span, tick},
        fields::{Fields, items},
        source::Node,
        tool::Effect,
        units,
    },
    RunDefinition, Spanned, WITHOUT_IT, refuse_unavailable, run, spanned,
};
use crate::base::limits::{TIMEOUT_MAX, steps::STEPS_MAX};

/// Keys of a step that this version cannot honour, as for a whole definition.
const NOT_AVAILABLE: &[&str] = &["verify"];

/// One entry of `steps`, see [`super::super::steps::Step`].
#[derive(Debug)]
pub(crate) struct StepDefinition<'a> {
    pub(crate) span: Span,
    pub(crate) name: Spanned<'a>,
    /// `None` where it is not said.
    pub(crate) effect: Option<Effect>,
    pub(crate) idempotent: bool,
    /// Where it says so.
    pub(crate) pivot: Option<Span>,
    pub(crate) run: RunDefinition<'a>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) undo: Option<UndoDefinition<'a>>,
}

/// `undo` of a step, see [`super::super::steps::Undo`].
#[derive(Debug)]
pub(crate) struct UndoDefinition<'a> {
    pub(crate) span: Span,
    pub(crate) run: RunDefinition<'a>,
    pub(crate) tolerates_absent: bool,
    pub(crate) timeout: Option<Duration>,
}

/// Reads `steps`, which stand instead of `run`; an entry with an error is left out. `None` where
/// there are none.
pub(super) fn steps<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Option<Vec<StepDefinition<'a>>> {
    let entry = fields.take_entry("steps")?;
    for key in ["run", "output"] {
        if let Some(entry) = fields.take_entry(key) {
            let message = format!("{} does not go with `steps`", tick(key));
            let help = "each step has a `run` of its own, and the last one gives the answer";
            findings.error("steps", entry.key_span, message, help);
        }
    }
    let nodes = items(&entry.value, "steps", findings);
    if nodes.is_empty() || nodes.len() > STEPS_MAX {
        let message = format!("`steps` must have 1 to {STEPS_MAX} entries");
        findings.error("steps", entry.key_span, message, "");
    }
    let steps = nodes.iter().filter_map(|node| step(node, findings));
    Some(steps.collect())
}

fn step<'a>(node: &'a Node, findings: &mut Findings) -> Option<StepDefinition<'a>> {
    let mut fields = Fields::open(node, "a step", findings)?;
    let name = fields
        .require("name", findings)
        .and_then(|node| spanned(node, "name", findings));
    let effects = [Effect::Read, Effect::Write].map(|one| (one.as_str(), one));
    let effect = fields.word("effect", &effects, findings);
    let idempotent = fields.flag("idempotent", findings);
    let pivot = fields.peek("pivot").map(|node| node.span);
    let is_pivot = fields.flag("pivot", findings);
    refuse_unavailable(&mut fields, NOT_AVAILABLE, WITHOUT_IT, findings);
    let run = fields
        .require("run", findings)
        .and_then(|node| run::read(node, None, findings));
    let timeout = timeout(&mut fields, findings);
    let undo = fields.take("undo").map(|node| undo(node, findings));
    fields.close(findings);
    Some(StepDefinition {
        span: node.span,
        name: name?,
        effect,
        idempotent,
        pivot: pivot.filter(|_| is_pivot),
        run: run?,
        timeout,
        undo: match undo {
            None => None,
            Some(undo) => Some(undo?),
        },
    })
}

fn undo<'a>(node: &'a Node, findings: &mut Findings) -> Option<UndoDefinition<'a>> {
    let mut fields = Fields::open(node, "undo", findings)?;
    let run = run::one_of(&mut fields, "undo", None, findings);
    let tolerates_absent = fields.flag("tolerates_absent", findings);
    let timeout = timeout(&mut fields, findings);
    fields.close(findings);
    Some(UndoDefinition {
        span: node.span,
        run: run?,
        tolerates_absent,
        timeout,
    })
}

fn timeout(fields: &mut Fields<'_>, findings: &mut Findings) -> Option<Duration> {
    let node = fields.take("timeout")?;
    units::duration(node, "timeout", TIMEOUT_MAX, findings)
}
