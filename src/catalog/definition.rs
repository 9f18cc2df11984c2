//! A definition as written: every key that exists, read with its type, nothing resolved yet.

use std::time::Duration;

use super::{
    diagnostic::{Findings, Span},
    fields::{Fields, items, text},
    restraint::Restraint,
    source::{Entry, Node},
    tool::{Coerce, Effect, ExitCodes, Idempotency, OnCancel, OutputKind, Stdin, Visibility},
    units,
};
use crate::base::{
    capability::Capability,
    limits::{TIMEOUT_DEFAULT, TIMEOUT_MAX},
};

mod ask;
mod files;
mod http;
mod idempotency;
mod limits;
mod look;
mod retry;
mod rules;
mod run;
mod sandbox;
mod sql;
mod steps;

pub(crate) use ask::{ConfirmDefinition, QuestionDefinition};
pub(crate) use files::FileDefinition;
pub(crate) use http::{BodyDefinition, HttpDefinition};
pub(crate) use look::{CheckDefinition, ProbeDefinition};
pub(crate) use rules::RuleDefinition;
pub(crate) use sandbox::SandboxDefinition;
pub(crate) use sql::SqlDefinition;
pub(crate) use steps::{StepDefinition, UndoDefinition};

/// What can be said of a cancellation.
const ON_CANCEL: &[(&str, OnCancel)] = &[("kill", OnCancel::Kill), ("detach", OnCancel::Detach)];

/// What to do about a key that this version cannot honour.
const WITHOUT_IT: &str = "take it out if the tool is safe without it, or set the tool aside";

/// A text and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spanned<'a> {
    /// The text.
    pub(crate) text: &'a str,
    /// Where it stands.
    pub(crate) span: Span,
}

/// One definition. What could not be read is absent, and the reason is among the findings.
#[derive(Debug)]
pub(crate) struct Definition<'a> {
    /// All of it.
    pub(crate) node: &'a Node,
    /// See [`super::tool::Tool`] for this and what follows.
    pub(crate) name: Option<Spanned<'a>>,
    pub(crate) title: Option<Spanned<'a>>,
    pub(crate) description: Option<Spanned<'a>>,
    pub(crate) effect: Effect,
    pub(crate) idempotent: bool,
    pub(crate) idempotency: Idempotency,
    pub(crate) enabled: Enabled<'a>,
    pub(crate) permissions: Option<&'a Node>,
    pub(crate) visibility: Visibility,
    pub(crate) latency: Option<Duration>,
    pub(crate) input_schema: Option<&'a Node>,
    pub(crate) output_schema: Option<&'a Entry>,
    pub(crate) coerce: Coerce,
    pub(crate) allow: Vec<Spanned<'a>>,
    pub(crate) rules: Vec<RuleDefinition<'a>>,
    pub(crate) requires: Vec<Capability>,
    /// The rounds of `ask`.
    pub(crate) ask: Vec<Vec<QuestionDefinition<'a>>>,
    pub(crate) confirm: ConfirmDefinition<'a>,
    pub(crate) checks: Vec<CheckDefinition<'a>>,
    pub(crate) verify: Option<ProbeDefinition<'a>>,
    /// Absent where there are `steps`.
    pub(crate) run: Option<RunDefinition<'a>>,
    pub(crate) steps: Option<Vec<StepDefinition<'a>>>,
    pub(crate) timeout: Duration,
    pub(crate) restraint: Restraint,
    pub(crate) is_background: bool,
    pub(crate) on_cancel: Option<OnCancel>,
    pub(crate) attempts_max: u32,
    /// `icons` and `_meta`.
    pub(crate) listing: Vec<&'a Entry>,
    /// Each with its expectation still as text.
    pub(crate) tests: Vec<TestDefinition<'a>>,
}

/// Whether the tool is on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Enabled<'a> {
    /// As written.
    Always(bool),
    /// As the flag of this name says.
    Flag(Spanned<'a>),
}

/// What runs.
#[derive(Debug)]
pub(crate) enum RunDefinition<'a> {
    /// A program.
    Exec(Box<ExecDefinition<'a>>),
    /// `reply: {text: …}`.
    ReplyText(Spanned<'a>),
    /// `reply: {json: …}`.
    ReplyJson(&'a Node),
    /// A statement.
    Sql(SqlDefinition<'a>),
    /// A request.
    Http(Box<HttpDefinition<'a>>),
}

/// A program, see [`super::tool::ExecPlan`].
#[derive(Debug)]
pub(crate) struct ExecDefinition<'a> {
    /// The entries of `command`; the first is the program.
    pub(crate) command: Vec<ElementDefinition<'a>>,
    pub(crate) command_span: Span,
    pub(crate) files: Vec<FileDefinition<'a>>,
    pub(crate) env: &'a [Entry],
    pub(crate) cwd: Option<Spanned<'a>>,
    pub(crate) stdin: Stdin,
    pub(crate) output: OutputKind,
    pub(crate) progress: bool,
    pub(crate) stdout_bytes_max: usize,
    pub(crate) exit_codes: ExitCodes,
    pub(crate) sandbox: Option<SandboxDefinition<'a>>,
    /// The author knows that the program runs whatever it is told.
    pub(crate) unsafe_interpreter: bool,
    /// The author knows that everybody can read the arguments of a program.
    pub(crate) secret_in_argv: bool,
    /// The author knows that the environment changes what code is loaded.
    pub(crate) unsafe_env: bool,
}

/// One entry of `command`.
#[derive(Debug)]
pub(crate) struct ElementDefinition<'a> {
    /// The template.
    pub(crate) value: Spanned<'a>,
    /// Whether a value may begin the element with `-`, `+` or `@`.
    pub(crate) allow_prefix: bool,
}

/// One entry of `tests`.
#[derive(Debug)]
pub(crate) struct TestDefinition<'a> {
    /// The whole entry.
    pub(crate) node: &'a Node,
    /// The arguments; `None` stands for none.
    pub(crate) args: Option<&'a Node>,
    /// `ok` or a code.
    pub(crate) expect: Spanned<'a>,
}

impl<'a> Definition<'a> {
    /// Reads `node`; `None` where it is not a mapping at all.
    pub(crate) fn read(node: &'a Node, findings: &mut Findings) -> Option<Self> {
        let mut fields = Fields::open(node, "a definition", findings)?;
        let name = require_spanned(&mut fields, "name", findings);
        let title = take_spanned(&mut fields, "title", findings);
        let description = require_spanned(&mut fields, "description", findings);
        let effects = [Effect::Read, Effect::Write, Effect::Destroy].map(|one| (one.as_str(), one));
        let effect = fields.word("effect", &effects, findings);
        let idempotent = fields.flag("idempotent", findings);
        let idempotency = idempotency::read(&mut fields, findings);
        let enabled = enabled(&mut fields, findings);
        let permissions = fields.take("permissions");
        let visibility = visibility(&mut fields, findings);
        let latency = duration(&mut fields, "latency", findings);
        let input_schema = fields.require("inputSchema", findings);
        let output_schema = fields.take_entry("outputSchema");
        let coerce = coerce(&mut fields, findings);
        let allow = rules::allow(&mut fields, findings);
        let rules = rules::rules(&mut fields, findings);
        let requires = ask::requires(&mut fields, findings);
        let ask = ask::rounds(&mut fields, findings);
        let confirm = ask::confirm(&mut fields, findings);
        let checks = look::checks(&mut fields, findings);
        let verify = look::probe(&mut fields, findings);
        refuse_annotations(&mut fields, findings);
        let steps = steps::steps(&mut fields, findings);
        let mut run = run::unless(steps.is_some(), &mut fields, findings);
        let timeout = duration(&mut fields, "timeout", findings);
        let restraint = limits::restraint(&mut fields, findings);
        let on_cancel = fields.word("on_cancel", ON_CANCEL, findings);
        let attempts_max = retry::read(&mut fields, (run.as_mut(), steps.is_some()), findings);
        let is_background = background(&mut fields, run.as_ref(), findings);
        let passed_on = ["icons", "_meta"].into_iter();
        let listing = passed_on.filter_map(|key| fields.take_entry(key)).collect();
        let tests = tests(&mut fields, findings);
        fields.close(findings);
        Some(Self {
            node,
            name,
            title,
            description,
            effect: effect.unwrap_or(Effect::Write),
            idempotent,
            idempotency,
            enabled,
            permissions,
            visibility,
            latency,
            input_schema,
            output_schema,
            coerce,
            allow,
            rules,
            requires,
            ask,
            confirm,
            checks,
            verify,
            run,
            steps,
            timeout: timeout.unwrap_or(TIMEOUT_DEFAULT),
            restraint,
            is_background,
            on_cancel,
            attempts_max,
            listing,
            tests,
        })
    }
}

impl<'a> Definition<'a> {
    /// What gives the answer of the tool: its `run`, or that of its last step.
    pub(crate) fn answering(&self) -> Option<&RunDefinition<'a>> {
        let last = self.steps.as_ref().and_then(|steps| steps.last());
        last.map(|step| &step.run).or(self.run.as_ref())
    }
}

fn visibility(fields: &mut Fields<'_>, findings: &mut Findings) -> Visibility {
    let words = [
        ("listed", Visibility::Listed),
        ("permitted", Visibility::Permitted),
    ];
    let found = fields.word("visibility", &words, findings);
    found.unwrap_or(Visibility::Listed)
}

fn coerce(fields: &mut Fields<'_>, findings: &mut Findings) -> Coerce {
    let words = [
        ("never", Coerce::Never),
        ("on_mismatch", Coerce::OnMismatch),
    ];
    let found = fields.word("coerce", &words, findings);
    found.unwrap_or(Coerce::OnMismatch)
}

/// A time that a call may take.
fn duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Duration> {
    let node = fields.take(key)?;
    units::duration(node, key, TIMEOUT_MAX, findings)
}

fn spanned<'a>(node: &'a Node, name: &str, findings: &mut Findings) -> Option<Spanned<'a>> {
    let text = text(node, name, findings)?;
    let span = node.span;
    Some(Spanned { text, span })
}

fn take_spanned<'a>(
    fields: &mut Fields<'a>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Spanned<'a>> {
    fields
        .take(key)
        .and_then(|node| spanned(node, key, findings))
}

fn require_spanned<'a>(
    fields: &mut Fields<'a>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<Spanned<'a>> {
    fields
        .require(key, findings)
        .and_then(|node| spanned(node, key, findings))
}

fn enabled<'a>(fields: &mut Fields<'a>, findings: &mut Findings) -> Enabled<'a> {
    let Some(node) = fields.take("enabled") else {
        return Enabled::Always(true);
    };
    if node.entries().is_empty() {
        return Enabled::Always(super::fields::truth(node, "enabled", findings).unwrap_or(false));
    }
    let flag = Fields::open(node, "enabled", findings).and_then(|mut fields| {
        let name = fields.require("flag", findings);
        fields.close(findings);
        spanned(name?, "flag", findings)
    });
    flag.map_or(Enabled::Always(false), Enabled::Flag)
}

fn refuse_annotations(fields: &mut Fields<'_>, findings: &mut Findings) {
    if let Some(entry) = fields.take_refused("annotations") {
        let message = "`annotations` cannot be written, they are derived".to_owned();
        let help = "set `effect` and `idempotent`; the hints follow from them";
        findings.error("derived-key", entry.key_span, message, help);
    }
}

/// Reports each of `keys` that is there: nothing honours it yet.
pub(super) fn refuse_unavailable(
    fields: &mut Fields<'_>,
    keys: &'static [&'static str],
    help: &str,
    findings: &mut Findings,
) {
    for key in keys {
        if let Some(entry) = fields.take_refused(key) {
            let message = format!("`{key}` is not available in this version");
            findings.error("not-available", entry.key_span, message, help);
        }
    }
}

fn tests<'a>(fields: &mut Fields<'a>, findings: &mut Findings) -> Vec<TestDefinition<'a>> {
    let Some(node) = fields.take("tests") else {
        return Vec::new();
    };
    let mut tests = Vec::new();
    for node in items(node, "tests", findings) {
        let Some(mut fields) = Fields::open(node, "a test", findings) else {
            continue;
        };
        let args = fields.take("args");
        let expect = fields
            .require("expect", findings)
            .and_then(|node| spanned(node, "expect", findings));
        fields.close(findings);
        if let Some(expect) = expect {
            tests.push(TestDefinition { node, args, expect });
        }
    }
    tests
}

/// Takes `mode` out of the fields of a definition: whether its calls go on without a caller.
fn background(
    fields: &mut Fields<'_>,
    run: Option<&RunDefinition<'_>>,
    findings: &mut Findings,
) -> bool {
    let words = [("wait", false), ("background", true)];
    let is_background = fields.word("mode", &words, findings).unwrap_or(false);
    let at_once = matches!(
        run,
        Some(RunDefinition::ReplyText(_) | RunDefinition::ReplyJson(_))
    );
    if is_background && at_once {
        let message = "`mode: background` does not go with `reply`".to_owned();
        let help = "take it out: a reply is there at once";
        findings.error("mode", fields.span(), message, help);
    }
    is_background
}
