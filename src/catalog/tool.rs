//! One tool, compiled: immutable, and complete enough that nothing is looked up again.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};

use super::{
    diagnostic::{Diagnostic, Severity, SourceFile, Span},
    look::{Check, Look, Probe},
    plan::{DownstreamKey, FileArg, HttpPlan, SqlAccess, SqlPlan},
    restraint::Restraint,
    rule::{Expression, Rule},
    sandbox::Sandbox,
    steps::Steps,
    template::{ArgTemplate, ConfidentialTemplate, JsonTemplate, TextTemplate},
};
use crate::base::{capability::Capability, id::ToolName, limits::KEY_WINDOW_DEFAULT};

/// What a tool does to the world. Drives retries, replay, recovery and the MCP annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
    /// Changes something that cannot be had back.
    Destroy,
}

impl Effect {
    /// The word in a definition, in the ledger and in `_meta`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Destroy => "destroy",
        }
    }
}

/// How two calls are known to be one operation where the caller gave no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Idempotency {
    /// By the arguments at these JSON pointers.
    Fields(Vec<String>),
    /// By their whole content, so long after the first.
    Window(Duration),
    /// They never are.
    Off,
}

/// When a value of another type may be read as the type that the schema demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coerce {
    /// Never.
    Never,
    /// Without loss, only after strict validation failed, always reported.
    OnMismatch,
}

/// Who may know that there is a tool, of those whose `tools` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// All of them.
    Listed,
    /// Those who have the permissions it wants.
    Permitted,
}

/// What a cancellation by the client does to a running call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnCancel {
    /// It is ended.
    Kill,
    /// It goes on to its own end, and nobody is told of it.
    Detach,
}

/// A compiled definition.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Unique in its catalog.
    pub(crate) name: ToolName,
    /// What people are shown instead of the name.
    pub(crate) title: Option<String>,
    /// What the model reads.
    pub(crate) description: String,
    /// What it does to the world.
    pub(crate) effect: Effect,
    /// Whether it may simply be run again.
    pub(crate) idempotent: bool,
    /// How a repetition is known.
    pub(crate) idempotency: Idempotency,
    /// A tool that is switched off is not listed and not run.
    pub(crate) enabled: bool,
    /// Its flag is off: for clients there is no such tool.
    pub(crate) hidden: bool,
    /// What a principal must have been given to call it.
    pub(crate) permissions: Vec<String>,
    /// Who may know of it.
    pub(crate) visibility: Visibility,
    /// How long a call usually takes, as its author expects.
    pub(crate) latency: Option<Duration>,
    /// What arguments must be.
    pub(crate) input: super::schema::InputSchema,
    /// What `structuredContent` must be.
    pub(crate) output: Option<super::schema::OutputSchema>,
    /// Whether values may be coerced.
    pub(crate) coerce: Coerce,
    /// What the arguments must meet beyond the schema.
    pub(crate) rules: Vec<Rule>,
    /// What is looked up before a call is admitted.
    pub(crate) checks: Vec<Check>,
    /// How it is found out whether an operation took effect.
    pub(crate) verify: Option<Probe>,
    /// Who may call with which arguments: all must be true; none lets everyone.
    pub(crate) allow: Vec<Expression>,
    /// What the client must be able to do.
    pub(crate) requires: Vec<Capability>,
    /// What a person is asked before the tool runs, `confirm` last; none where nobody is.
    pub(crate) asks: Vec<super::ask::Round>,
    /// What runs.
    pub(crate) run: Run,
    /// Whether a call is answered as soon as it has begun, with the name of its operation.
    pub(crate) is_background: bool,
    /// What a cancellation by the client does to a running call; `None` is what suits the effect.
    pub(crate) on_cancel: Option<OnCancel>,
    /// How often it is tried, at most.
    pub(crate) attempts_max: u32,
    /// From the arrival of the call to its end.
    pub(crate) timeout: Duration,
    /// How often, how many at once and for how much it may run.
    pub(crate) restraint: Restraint,
    /// `_meta`, `icons` and such, as the definition has them: passed on to the client.
    pub(crate) listing: Map<String, Value>,
    /// SHA-256 of the canonical definition: which text this tool was compiled from.
    pub(crate) digest: [u8; 32],
    /// What the definition says of itself; run by `validate-config`, never by a server.
    pub(crate) tests: Vec<ToolTest>,
}

impl Tool {
    /// Whether a call is stopped when it is cancelled. A read is. A write goes on to its own end,
    /// so that the model's repetition finds its result instead of causing it a second time; a
    /// definition may have it otherwise.
    pub(crate) fn stops_when_cancelled(&self) -> bool {
        match (self.on_cancel, self.effect) {
            (Some(OnCancel::Kill), _) | (None, Effect::Read) => true,
            (Some(OnCancel::Detach), _) | (None, Effect::Write | Effect::Destroy) => false,
        }
    }

    /// Whether it may be run again although it may have happened.
    pub(crate) fn is_retry_safe(&self) -> bool {
        self.effect == Effect::Read || self.idempotent
    }

    /// Whether an attempt of a call may follow one that may have happened.
    pub(crate) fn bears_another_attempt(&self) -> bool {
        let is_known_there =
            matches!(&self.run, Run::Http(plan) if plan.downstream_key != DownstreamKey::Ignored);
        is_known_there || self.is_retry_safe()
    }

    /// Whether a repetition must be known as one although nobody names it.
    pub(crate) fn is_run_once(&self) -> bool {
        !self.is_retry_safe() && self.idempotency != Idempotency::Off
    }

    /// How it can be found out whether an operation of it took effect, if it can.
    pub(crate) fn evidence(&self) -> Option<Evidence<'_>> {
        match (&self.verify, &self.run) {
            (Some(probe), _) => Some(Evidence::Probe(probe)),
            (None, Run::Sql(plan)) => match plan.access {
                SqlAccess::Write { marker: true, .. } => Some(Evidence::Mark(plan)),
                SqlAccess::Write { marker: false, .. } | SqlAccess::Read => None,
            },
            (None, Run::Exec(_) | Run::Reply(_) | Run::Http(_) | Run::Steps(_) | Run::Fetch) => {
                None
            }
        }
    }

    /// How long an equal call may be a repetition.
    pub(crate) fn window(&self) -> Duration {
        match &self.idempotency {
            Idempotency::Window(window) => *window,
            Idempotency::Fields(_) | Idempotency::Off => KEY_WINDOW_DEFAULT,
        }
    }

    /// What it does one after the other, where it does several things.
    pub(crate) fn steps(&self) -> Option<&Arc<Steps>> {
        match &self.run {
            Run::Steps(steps) => Some(steps),
            Run::Exec(_) | Run::Reply(_) | Run::Sql(_) | Run::Http(_) | Run::Fetch => None,
        }
    }

    /// Whether it is one of the gate itself, which no definition made.
    pub(crate) fn is_built_in(&self) -> bool {
        matches!(self.run, Run::Fetch)
    }

    /// The programs that a call of it may start, its look-ups included.
    pub(crate) fn programs(&self) -> Vec<&Path> {
        let checks = self.checks.iter().map(|check| &check.look);
        let probe = self.verify.iter().map(|probe| &probe.look);
        let looks = checks.chain(probe).map(Look::run);
        let runs = std::iter::once(&self.run).chain(looks);
        runs.flat_map(Run::parts).filter_map(Run::program).collect()
    }
}

/// What tells whether an operation took effect.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Evidence<'a> {
    /// A look-up of the definition's author.
    Probe(&'a Probe),
    /// The row that was, or was not, committed with it.
    Mark(&'a Arc<SqlPlan>),
}

/// A call that the definition's author expects to be cleared or refused.
#[derive(Clone, Debug)]
pub(crate) struct ToolTest {
    /// The raw arguments: always an object.
    pub(crate) arguments: Value,
    /// What the guard must say.
    pub(crate) expect: Expect,
    source: Arc<SourceFile>,
    span: Span,
}

/// What a [`ToolTest`] expects of the guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The call is cleared.
    Ok,
    /// It is refused with this code or with this reason of the operator's own.
    Code(String),
}

impl ToolTest {
    /// A test that stands at `span` of `source`.
    pub(crate) fn new(
        arguments: Value,
        expect: Expect,
        (source, span): (&Arc<SourceFile>, Span),
    ) -> Self {
        let source = Arc::clone(source);
        Self {
            arguments,
            expect,
            source,
            span,
        }
    }

    /// The diagnostic for a test that did not go as expected; it points at the test.
    pub(crate) fn failed(&self, message: String, help: &str) -> Diagnostic {
        let place = (&self.source, self.span);
        Diagnostic::about_text(Severity::Error, "test-failed", place, message, help)
    }
}

/// How a tool does what it does.
#[derive(Debug)]
pub(crate) enum Run {
    /// Starts a program.
    Exec(Arc<ExecPlan>),
    /// Answers from a template; touches nothing.
    Reply(ReplyPlan),
    /// Runs a statement on a database.
    Sql(Arc<SqlPlan>),
    /// Makes a request.
    Http(Arc<HttpPlan>),
    /// Does several things, or undoes what it did of them.
    Steps(Arc<Steps>),
    /// The gate tells what became of an operation.
    Fetch,
}

impl Run {
    /// Everything that is done once in it: itself, or what its steps do and what undoes them.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Steps(steps) => {
                let acts = steps.all.iter().flat_map(|step| {
                    let undo = step.undo.as_ref().map(|undo| &undo.act);
                    std::iter::once(&step.act).chain(undo)
                });
                acts.map(|act| &act.run).collect()
            }
            Self::Exec(_) | Self::Reply(_) | Self::Sql(_) | Self::Http(_) | Self::Fetch => {
                vec![self]
            }
        }
    }

    /// Whether something of it may go on when the process that began it has ended.
    pub(crate) fn starts_a_program(&self) -> bool {
        self.program().is_some()
    }

    /// The program that it starts by itself.
    fn program(&self) -> Option<&Path> {
        match self {
            Self::Exec(plan) => Some(plan.program.as_path()),
            Self::Reply(_) | Self::Sql(_) | Self::Http(_) | Self::Steps(_) | Self::Fetch => None,
        }
    }
}

/// A program with its argument list. There is no shell.
#[derive(Clone, Debug)]
pub(crate) struct ExecPlan {
    /// Absolute path, found when the definition was loaded.
    pub(crate) program: PathBuf,
    /// The arguments that name files, which it gets open instead.
    pub(crate) files: Vec<FileArg>,
    /// Each gives no element, one, or (for `{x...}`) one for each item of an array.
    pub(crate) args: Vec<ArgTemplate>,
    /// The whole environment beyond the fixed part, name and value.
    pub(crate) env: Vec<(String, ConfidentialTemplate)>,
    /// Where it runs; `None` is the root directory.
    pub(crate) cwd: Option<PathBuf>,
    /// What it reads on standard input.
    pub(crate) stdin: Stdin,
    /// What its standard output is.
    pub(crate) output: OutputKind,
    /// Whether it is given a file named by `$PROGRESS`.
    pub(crate) progress: bool,
    /// Bytes of standard output that are kept.
    pub(crate) stdout_bytes_max: usize,
    /// What its exit codes say beyond success and failure.
    pub(crate) exit_codes: ExitCodes,
    /// How it is shut in, if it is.
    pub(crate) sandbox: Option<Sandbox>,
}

/// Exit codes whose meaning the definition's author knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExitCodes {
    /// Nothing was done, and it may be tried again.
    pub(crate) retry: Vec<i32>,
    /// It may have been done.
    pub(crate) ambiguous: Vec<i32>,
}

/// What a program reads on standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// End of file at once.
    Empty,
    /// The effective arguments as one line of JSON.
    Json,
}

/// What a program prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutputKind {
    /// UTF-8 text; escape sequences are taken out.
    Text,
    /// One JSON value: becomes `structuredContent`, with a copy as text.
    Json,
    /// A JSON array of MCP content blocks.
    Content,
    /// The bytes of a picture.
    Image {
        /// As `image/png`.
        mime_type: String,
    },
    /// The bytes of a sound.
    Audio {
        /// As `audio/wav`.
        mime_type: String,
    },
    /// The text or bytes of a resource.
    Resource {
        /// Names it.
        uri: String,
        /// Its type.
        mime_type: Option<String>,
    },
}

/// An answer without a backend.
#[derive(Debug)]
pub(crate) enum ReplyPlan {
    /// One text block.
    Text(TextTemplate),
    /// Structured content, with a copy as text.
    Json(JsonTemplate),
}
