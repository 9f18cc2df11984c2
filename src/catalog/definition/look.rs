//! The parts of a definition that look something up: `checks` and `verify`.

use std::time::Duration;

use super::{
    super::{
        diagnostic::{Findings, Span},
        fields::Fields,
        source::Node,
        units,
    },
    RuleDefinition, RunDefinition, Spanned, rules, run, spanned,
};
use crate::base::limits::{
    CHECK_CACHE_MAX, CHECK_TIMEOUT_DEFAULT, PROBE_TIMEOUT_DEFAULT, PROBE_TIMEOUT_MAX, TIMEOUT_MAX,
};

/// One entry of `checks`, see [`super::super::look::Check`].
#[derive(Debug)]
pub(crate) struct CheckDefinition<'a> {
    pub(crate) run: RunDefinition<'a>,
    pub(crate) rule: RuleDefinition<'a>,
    pub(crate) timeout: Duration,
    pub(crate) cache: Option<Duration>,
}

/// Reads `checks`; an entry with an error is left out.
pub(super) fn checks<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Vec<CheckDefinition<'a>> {
    let nodes = rules::entries(fields, "checks", findings);
    nodes
        .iter()
        .filter_map(|node| check(node, findings))
        .collect()
}

fn check<'a>(node: &'a Node, findings: &mut Findings) -> Option<CheckDefinition<'a>> {
    let mut fields = Fields::open(node, "a check", findings)?;
    let run = run::one_of(&mut fields, "a check", None, findings);
    let rule = rules::words(&mut fields, findings);
    let mut time = |key: &'static str, longest, findings: &mut Findings| {
        let node = fields.take(key)?;
        units::duration(node, key, longest, findings)
    };
    let timeout = time("timeout", TIMEOUT_MAX, findings);
    let cache = time("cache", CHECK_CACHE_MAX, findings);
    // Known, so that there is a better reason to refuse it than that.
    fields.take_refused("correct");
    fields.close(findings);
    if let Some(correct) = rule.as_ref().and_then(|rule| rule.correct) {
        let message = "`correct` does not go with a check".to_owned();
        let help = "what would hold in the world cannot be told from the arguments";
        findings.error("check", correct.span, message, help);
    }
    Some(CheckDefinition {
        run: run?,
        rule: rule?,
        timeout: timeout.unwrap_or(CHECK_TIMEOUT_DEFAULT),
        cache,
    })
}

/// `verify`, see [`super::super::look::Probe`].
#[derive(Debug)]
pub(crate) struct ProbeDefinition<'a> {
    pub(crate) span: Span,
    pub(crate) run: RunDefinition<'a>,
    pub(crate) applied: Spanned<'a>,
    pub(crate) timeout: Duration,
}

/// Reads `verify`.
pub(super) fn probe<'a>(
    fields: &mut Fields<'a>,
    findings: &mut Findings,
) -> Option<ProbeDefinition<'a>> {
    let node = fields.take("verify")?;
    let mut fields = Fields::open(node, "verify", findings)?;
    let run = run::one_of(&mut fields, "verify", None, findings);
    let applied = fields
        .require("applied", findings)
        .and_then(|node| spanned(node, "applied", findings));
    let timeout = fields
        .take("timeout")
        .and_then(|node| units::duration(node, "timeout", PROBE_TIMEOUT_MAX, findings));
    fields.close(findings);
    Some(ProbeDefinition {
        span: node.span,
        run: run?,
        applied: applied?,
        timeout: timeout.unwrap_or(PROBE_TIMEOUT_DEFAULT),
    })
}
