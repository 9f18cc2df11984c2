//! What came before and may be named: answers of the person, outputs of steps.

use super::{Declared, Placeholders};
use crate::{
    base::text::list,
    catalog::{
        diagnostic::{Findings, Span, did_you_mean, tick},
        source::Node,
        steps::OUTPUT,
        template::ArgPath,
    },
};

/// A form and the names below it.
type Form<'a, 'p> = (&'a Node, &'p [String]);

impl<'a> Placeholders<'a> {
    /// The form whose answer `path` names by the first of `names`; an error where it was not
    /// asked before.
    pub(super) fn form<'p>(
        &self,
        path: &ArgPath,
        names: &'p [String],
        span: Span,
        findings: &mut Findings,
    ) -> Option<Form<'a, 'p>> {
        let known = || self.answers.iter().flatten();
        let key = names.first().map_or("", String::as_str);
        if let Some((_, form)) = known().find(|(known, _)| *known == key) {
            return Some((form, names.get(1..).unwrap_or_default()));
        }
        let dotted = path.0.join(".");
        let message = format!("{} is the answer to no question before", tick(&dotted));
        let keys = known().map(|(key, _)| *key);
        let help = did_you_mean(key, keys).unwrap_or_else(|| "write `{ask.KEY.FIELD}`".into());
        let span = findings.narrow(span, &format!("{{{dotted}"));
        findings.error("placeholder", span, message, &help);
        None
    }

    /// The output of a step before, which `path` names by `names`; an error where it is none.
    pub(super) fn output(
        &self,
        path: &ArgPath,
        names: &[String],
        span: Span,
        findings: &mut Findings,
    ) -> Option<Declared<'a>> {
        let dotted = path.0.join(".");
        let known = || self.outputs.iter().map(|(step, _)| *step);
        let step = names.first().map_or("", String::as_str);
        let (message, help) = match (self.outputs.iter().find(|(known, _)| *known == step), names) {
            (None, _) => (
                format!("{} is the output of no step before", tick(&dotted)),
                did_you_mean(step, known())
                    .unwrap_or_else(|| format!("the steps before are {}", list(known()))),
            ),
            (Some((_, true)), [_, output, ..]) | (Some((_, false)), [_, output])
                if output == OUTPUT =>
            {
                self.used.borrow_mut().push(path.clone());
                // It is there, or what names it is not done.
                return Some(Declared {
                    schema: None,
                    always: true,
                });
            }
            (Some((_, false)), [_, output, ..]) if output == OUTPUT => (
                format!("the step `{step}` gives text, which has no members"),
                "say `output: json` in its `exec`".to_owned(),
            ),
            (Some(_), _) => (
                format!("{} names nothing of the step `{step}`", tick(&dotted)),
                format!("write `{{steps.{step}.output}}`"),
            ),
        };
        let span = findings.narrow(span, &format!("{{{dotted}"));
        findings.error("placeholder", span, message, &help);
        None
    }
}
