//! The declarations: one entry an event, in the order of the published schema.

use tracing::Level;

use super::{Declared, Field, Told, events};

events! {
    /// Something that was noticed. No event holds an argument, a reply, or what a backend said.
    pub(crate) enum Event<'a>;

    /// The ledger let a call begin; its intent is written.
    DEBUG CallBegun = "call_begun", "begun" {
        call_id: &'a str, "Our name for the call.";
        request_id = "jsonrpc.request.id": &'a str, "The JSON-RPC id as the client wrote it.";
        operation_id: Option<&'a str>, "The operation that the call is for: the id of the call that began it.";
        tool_name = "gen_ai.tool.name": &'a str, "The tool as the client named it.";
        principal: &'a str, "For whom the call is made.";
        trace_id: Option<&'a str>, "The trace id of `_meta.traceparent`.";
        span_id: Option<&'a str>, "The id of the caller's span, from `_meta.traceparent`.";
    }

    /// A call is answered; its end is in the ledger, unless `ledger_row` is `null`.
    DEBUG CallEnded = "call_ended", "ended" {
        call_id: &'a str, "Our name for the call.";
        request_id = "jsonrpc.request.id": &'a str, "The JSON-RPC id as the client wrote it.";
        operation_id: Option<&'a str>, "The operation that the call is for: the id of the call that began it.";
        tool_name = "gen_ai.tool.name": &'a str, "The tool as the client named it.";
        principal: &'a str, "For whom the call was made.";
        protocol_version = "mcp.protocol.version": &'a str, "The MCP revision of the request.";
        trace_id: Option<&'a str>, "The trace id of `_meta.traceparent`.";
        span_id: Option<&'a str>, "The id of the caller's span, from `_meta.traceparent`.";
        kind: &'a str, "`result`, `replay`, `problem`, `protocol_error` or `question`.";
        code = "error.type": Option<&'a str>, "The code of the problem, where there is one.";
        effects: Option<&'a str>, "What the call did to the world, where it did not simply succeed.";
        execution_time_ms: u64, "From reading the line to the answer, in milliseconds.";
        validation_errors: &'a [String], "Each violated constraint with its place, as `/amount: minimum`; never a value.";
        backend_status: Option<&'a str>, "Exit code or the like, as the backend gave it.";
        result_summary: &'a str, "What the answer is made of, as `1 text, 12 bytes`; never its words.";
        ledger_row: Option<u64>, "The row of the call in the ledger; `null` where it could not be written.";
    }

    /// An attempt failed and the call is to be tried again.
    DEBUG AttemptFailed = "attempt_failed", "to be tried again" {
        call_id: &'a str, "Our name for the call.";
        attempt: u64, "Which one failed; they count from 1.";
        wait_ms: u64, "How long is waited before the next.";
    }

    /// A call that was to be tried again is not, because the ledger could not write that down.
    WARN RetryNotBegun = "retry_not_begun", "not tried again" {
        call_id: &'a str, "Our name for the call.";
        error: &'a str, "Why the ledger cannot be written.";
    }

    /// A call was refused because a check of the operator's gave no answer.
    WARN RuleTrouble = "rule_trouble", "a rule or check gave no answer" {
        call_id: &'a str, "Our name for the call.";
        trouble: &'a str, "Which, and why.";
    }

    /// An argument holds characters that nobody sees.
    WARN HiddenCharacters = "hidden_characters", "hidden characters in an argument" {
        call_id: &'a str, "Our name for the call.";
        at: &'a str, "JSON pointer to the argument.";
    }

    /// The breaker of a backend opened.
    WARN BreakerOpened = "breaker_opened", "the breaker opens: the backend is left alone" {
        backend: &'a str, "Which backend.";
        pause_ms: u64, "For how long.";
    }

    /// The breaker of a backend closed again.
    WARN BreakerClosed = "breaker_closed", "the breaker closes: the backend answers again" {
        backend: &'a str, "Which backend.";
    }

    /// The ledger cannot be written; until it can, nothing is started that has an effect.
    ERROR LedgerFailed = "ledger_failed", "THE LEDGER CANNOT BE WRITTEN: nothing that has an effect is started until it can" {
        error: &'a str, "Why.";
    }

    /// The ledger can be written again.
    WARN LedgerRestored = "ledger_restored", "the ledger can be written again" {}

    /// A ledger of an older version is not changed while another process is on it.
    WARN LedgerWaits = "ledger_waits", "the ledger is of an older version and another process is on it; waiting for its end" {
        folder: &'a str, "The state folder.";
    }

    /// What was written is in the ledger's log and cannot be carried over into its file.
    WARN LedgerLogGrows = "ledger_log_grows", "the ledger's log grows: another program reads the ledger without an end, or its disk fails" {
        mebibytes: u64, "How long the log is.";
    }

    /// The wall clock and the time that has passed differ; the ledger says so, too.
    WARN ClockJumped = "clock_jumped", "the wall clock jumped" {
        seconds: u64, "How far.";
        way: &'a str, "`forward` or `back`.";
    }

    /// Calls that were kept long enough stay in the ledger.
    WARN PruneFailed = "prune_failed", "old calls cannot be taken out of the ledger" {
        error: &'a str, "Why.";
    }

    /// What was kept beside the ledger while it could not be written is in it now.
    WARN JournalTaken = "journal_taken", "the emergency journal was taken into the ledger" {
        calls: u64, "How many ends of calls.";
    }

    /// The end of a call could be written nowhere.
    ERROR JournalFailed = "journal_failed", "the emergency journal cannot be written either" {
        error: &'a str, "Why.";
    }

    /// The journal for a full disk could not be opened beforehand.
    WARN JournalUnopened = "journal_unopened", "the emergency journal cannot be opened" {
        error: &'a str, "Why.";
    }

    /// No room could be set aside beforehand for a full disk.
    WARN ReserveMissing = "reserve_missing", "no room could be set aside for a full disk" {
        error: &'a str, "Why.";
    }

    /// A transaction of a statement could not be rolled back by us; it ends with its connection.
    DEBUG TransactionLost = "transaction_lost", "a transaction ends with its connection" {
        error: &'a str, "Why.";
    }

    /// A program left processes behind that could not all be ended.
    WARN ProcessesLeft = "processes_left", "a program left processes behind faster than they could be ended" {}

    /// A program was not started in its sandbox.
    WARN ProgramNotStarted = "program_not_started", "a program was not started" {
        error: &'a str, "Why.";
    }

    /// What could say whether an operation happened does not say.
    WARN OutcomeUnclear = "outcome_unclear", "nobody can tell whether it happened" {
        operation_id: &'a str, "The operation.";
        witness: &'a str, "Who was asked.";
        why: &'a str, "Why that does not tell.";
    }

    /// It was found out whether an operation happened.
    INFO OutcomeLookedInto = "outcome_looked_into", "looked into" {
        operation_id: &'a str, "The operation.";
        resolved: &'a str, "What became of it.";
    }

    /// What was found out about an operation could not be written down.
    WARN OutcomeLookFailed = "outcome_look_failed", "looked into in vain" {
        operation_id: &'a str, "The operation.";
        error: &'a str, "Why.";
    }

    /// Steps of a process that has ended are gone on with.
    WARN StepsAdopted = "steps_adopted", "going on with steps that were left" {
        operation_id: &'a str, "The operation.";
        tool_name = "gen_ai.tool.name": &'a str, "Its tool.";
    }

    /// Steps that were begun could not be brought to an end, or what was done could not be undone.
    ERROR StepsStuck = "steps_stuck", "a person has to look" {
        operation_id: &'a str, "The operation.";
        why: &'a str, "Why, and what became of each step.";
    }

    /// What undoes a step failed.
    ERROR UndoFailed = "undo_failed", "a step could not be undone" {
        call_id: &'a str, "The call whose step it is.";
        step: &'a str, "The step.";
        code: &'a str, "Why, as a code.";
    }

    /// What became of a step could not be written; it is found out when somebody goes on.
    WARN StepUnwritten = "step_unwritten", "what became of a step is not written" {
        call_id: &'a str, "The call whose step it is.";
        error: &'a str, "Why.";
    }

    /// Steps that were left, or their end, are not seen to now.
    WARN StepsLeft = "steps_left", "steps that were left are not gone on with" {
        error: &'a str, "Why.";
    }

    /// Another worker is needed and cannot be started; those that there are go on.
    WARN WorkerMissing = "worker_missing", "no other worker could be started" {
        error: &'a str, "Why.";
    }

    /// The definitions are in force for the first time.
    INFO ToolsLoaded = "tools_loaded", "in force" {
        tools: u64, "How many are offered.";
    }

    /// Changed definitions are in force.
    INFO ToolsReloaded = "tools_reloaded", "reloaded and in force" {
        tools: u64, "How many are offered.";
    }

    /// Changed definitions are not put in force.
    WARN ReloadRefused = "reload_refused", "not reloaded" {
        reason: &'a str, "Why.";
    }

    /// There is nothing to serve.
    ERROR DefinitionsMissing = "definitions_missing", "there are no definitions" {
        error: &'a str, "Why.";
    }

    /// Something is wrong with a definition, or with the configuration.
    ERROR DefinitionError = "definition_error", "a definition has an error" {
        finding: &'a str, "What and where, over several lines.";
    }

    /// Something about a definition needs a look.
    WARN DefinitionWarning = "definition_warning", "a definition needs a look" {
        finding: &'a str, "What and where, over several lines.";
    }

    /// Something about a definition is worth knowing.
    INFO DefinitionNote = "definition_note", "a note on a definition" {
        finding: &'a str, "What and where, over several lines.";
    }

    /// Changes of the definitions go unseen.
    WARN WatchFailed = "watch_failed", "changes of the definitions go unseen; send SIGUSR1 to load them again" {
        error: &'a str, "Why.";
    }

    /// The lock of the definitions is there and does not count.
    WARN LockIgnored = "lock_ignored", "the lock is ignored: anything is served" {
        path: &'a str, "The lock.";
    }

    /// The server runs as root.
    WARN RunningAsRoot = "running_as_root", "this is root, and so is every program that a tool starts" {}

    /// The client is one that nothing is offered to.
    WARN NoRights = "no_rights", "no tools are offered" {
        reason: &'a str, "Why.";
    }

    /// The client cannot be heard any more.
    ERROR InputFailed = "input_failed", "standard input cannot be read" {
        error: &'a str, "Why.";
    }

    /// Calls were still running when the input had ended and the time for them was up.
    WARN DrainExpired = "drain_expired", "calls were still running when the time to drain was up" {}

    /// Lines were lost because whoever should take them did not keep up.
    WARN LinesDropped = "lines_dropped", "lines were dropped" {
        to: &'a str, "Where they should have gone: `stderr` or `files`.";
        lines: u64, "How many since the start.";
    }

    /// The files of lines cannot be written; calls go on.
    WARN LogFilesFailed = "log_files_failed", "the log files cannot be written" {
        path: &'a str, "The file.";
        error: &'a str, "Why.";
    }
}
