//! Steps: what each does and what undoes it, and that nothing is left undone.

use std::time::Duration;

use super::{
    super::{
        definition::{Definition, RunDefinition, StepDefinition, UndoDefinition},
        diagnostic::{Findings, Span, tick},
        plan::{HttpMethod, HttpResponse},
        steps::{Act, STEPS, Step, Steps, Undo},
        surroundings::Surroundings,
        tool::{Effect, OutputKind},
    },
    compile_run, http,
    placeholder::Placeholders,
};
use crate::base::{canonical::canonical, limits::steps::STEP_NAME_BYTES_MAX};

/// What is around the steps of one definition.
struct Place<'a> {
    placeholders: &'a Placeholders<'a>,
    around: &'a Surroundings<'a>,
    /// The place of the pivot, if there is one.
    pivot: Option<usize>,
}

/// Compiles `written`, the steps of `definition`.
pub(super) fn compile(
    definition: &Definition<'_>,
    written: &[StepDefinition<'_>],
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Steps> {
    check_whole(definition, findings);
    check_names(written, findings);
    let place = Place {
        placeholders,
        around,
        pivot: written.iter().position(|step| step.pivot.is_some()),
    };
    let mut outputs = Vec::new();
    let mut all = Vec::new();
    for (at, step) in written.iter().enumerate() {
        check_order(step, at, &place, findings);
        let before = place.placeholders.with_outputs(&outputs);
        let act = act(
            &step.run,
            (effect(step), step.timeout),
            &before,
            around,
            findings,
        );
        outputs.push((step.name.text, gives_json(&step.run)));
        let undo = step
            .undo
            .as_ref()
            .map(|undo| self::undo(undo, &place, &outputs, findings));
        all.push(act.map(|act| Step {
            name: step.name.text.to_owned(),
            effect: effect(step),
            idempotent: step.idempotent,
            is_pivot: step.pivot.is_some(),
            act,
            undo: undo.flatten(),
        }));
    }
    Some(Steps {
        all: all.into_iter().collect::<Option<_>>()?,
        definition: canonical(definition.node).into(),
    })
}

/// Whether what runs gives JSON, whose members have names.
pub(super) fn gives_json(run: &RunDefinition<'_>) -> bool {
    match run {
        RunDefinition::Exec(exec) => exec.output == OutputKind::Json,
        RunDefinition::ReplyText(_) => false,
        RunDefinition::Http(http) => http.response != HttpResponse::Text,
        RunDefinition::ReplyJson(_) | RunDefinition::Sql(_) => true,
    }
}

/// Whether what runs changes nothing, whatever is said of it.
fn only_reads(run: &RunDefinition<'_>) -> bool {
    match run {
        RunDefinition::Exec(_) => false,
        RunDefinition::ReplyText(_) | RunDefinition::ReplyJson(_) => true,
        RunDefinition::Http(http) => http.method == HttpMethod::Get,
        RunDefinition::Sql(sql) => !sql.writes,
    }
}

fn effect(step: &StepDefinition<'_>) -> Effect {
    let unsaid = match only_reads(&step.run) {
        true => Effect::Read,
        false => Effect::Write,
    };
    step.effect.unwrap_or(unsaid)
}

/// What is said of the tool must be true of its steps.
fn check_whole(definition: &Definition<'_>, findings: &mut Findings) {
    let key = |key: &str| definition.node.entry(key).map(|entry| entry.key_span);
    let mut wrong = |at: Option<Span>, message: &str, help: &str| {
        let at = at.unwrap_or(definition.node.span);
        findings.error("steps", at, message.to_owned(), help);
    };
    if definition.effect == Effect::Read {
        let help = "take `effect: read` out, or make one tool of each step";
        wrong(key("effect"), "what only reads has nothing to undo", help);
    }
    if definition.idempotent {
        let help = "say of each step whether it may simply be run again";
        wrong(
            key("idempotent"),
            "`idempotent` does not go with `steps`",
            help,
        );
    }
    let properties = definition
        .input_schema
        .and_then(|schema| schema.get("properties"));
    if let Some(entry) = properties.and_then(|properties| properties.entry(STEPS)) {
        let help = "`{steps.NAME.output}` is what a step gave; choose another name";
        let at = Some(entry.key_span);
        wrong(at, "an argument cannot be called `steps` here", help);
    }
}

fn check_names(written: &[StepDefinition<'_>], findings: &mut Findings) {
    for (at, step) in written.iter().enumerate() {
        let name = step.name;
        let is_name = (1..=STEP_NAME_BYTES_MAX).contains(&name.text.len())
            && name
                .text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_name {
            let message = format!("{} is not the name of a step", tick(name.text));
            let help = format!("use 1 to {STEP_NAME_BYTES_MAX} lower-case letters, digits and `_`");
            findings.error("steps", name.span, message, &help);
        }
        let mut before = written.iter().take(at);
        if before.any(|other| other.name.text == name.text) {
            let message = format!("there are two steps {}", tick(name.text));
            findings.error("steps", name.span, message, "give one of them another name");
        }
    }
}

/// C11: up to the step after which nothing is undone any more, everything can be undone; from
/// there on everything can be repeated until it is done.
fn check_order(step: &StepDefinition<'_>, at: usize, place: &Place<'_>, findings: &mut Findings) {
    let name = tick(step.name.text);
    let writes = effect(step) == Effect::Write;
    let is_before = place.pivot.is_none_or(|pivot| at < pivot);
    if is_before && writes && step.undo.is_none() {
        let message = format!("the step {name} has no `undo`");
        let help = "say what undoes it, `effect: read` if there is nothing to undo, or \
                    `pivot: true` if nothing is to be undone once it is done";
        findings.error("no-undo", step.span, message, help);
    }
    if let Some(undo) = step.undo.as_ref().filter(|_| !is_before || !writes) {
        let (message, help) = if writes {
            let message = format!("the `undo` of {name} would never run");
            (message, "from the pivot on nothing is undone; take it out")
        } else {
            let message = format!("the step {name} only reads, and has nothing to undo");
            (message, "take `undo` out, or say `effect: write`")
        };
        findings.error("steps", undo.span, message, help);
    }
    match (place.pivot, step.pivot) {
        (Some(pivot), Some(span)) if at != pivot => {
            let message = "there are two pivots".to_owned();
            let help = "keep the first: from there on nothing is undone";
            findings.error("steps", span, message, help);
        }
        (Some(pivot), None) if at > pivot && writes && !step.idempotent => {
            let message = format!("the step {name} stands after the pivot and may not be repeated");
            let help = "nothing can be undone there, so it is tried until it is done: say \
                        `idempotent: true` if that does no harm, or move it before the pivot";
            findings.error("steps", step.span, message, help);
        }
        (Some(_) | None, _) => {}
    }
}

fn act(
    run: &RunDefinition<'_>,
    (effect, timeout): (Effect, Option<Duration>),
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Act> {
    http::check_validity(run, None, findings);
    let run = compile_run(run, effect, placeholders, around, findings)?;
    Some(Act {
        run,
        uses: placeholders.used_outputs(),
        timeout,
    })
}

fn undo(
    written: &UndoDefinition<'_>,
    place: &Place<'_>,
    outputs: &[(&str, bool)],
    findings: &mut Findings,
) -> Option<Undo> {
    if only_reads(&written.run) {
        let message = "this `undo` changes nothing".to_owned();
        let help = "run a program or a `statement` that undoes the step";
        findings.error("steps", written.span, message, help);
    }
    let placeholders = place.placeholders.with_outputs(outputs);
    let how = (Effect::Write, written.timeout);
    Some(Undo {
        act: act(&written.run, how, &placeholders, place.around, findings)?,
        tolerates_absent: written.tolerates_absent,
    })
}
