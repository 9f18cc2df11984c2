//! `tollgate call`: one call from the shell, on the path of every other.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use serde_json::{Map, Value, json, value::RawValue};

use crate::{
    backend::process::Keeper,
    catalog::diagnostic::{Diagnostic, Severity},
    cli::{
        args::CallArgs,
        commands::validate_config::{say_why_without_rights, show_on_stderr},
        compose::{self, Choices, Declarations, Gate},
        exit::{CommandError, ExitStatus},
        key, loopback,
        person::Person,
        print,
    },
    ledger::sqlite::AuditSync,
};

/// Makes the call and prints what it gave.
///
/// # Errors
/// When the arguments are no JSON object, a folder cannot be used, or the tool is unknown.
pub(crate) fn call(args: CallArgs) -> Result<ExitStatus, CommandError> {
    let keeper = Arc::new(compose::harden()?);
    let is_free = args.arguments != "-";
    let person = Person::new(args.yes, args.answers.as_deref(), is_free)?;
    let arguments = read_arguments(args.arguments)?;
    let state = compose::state_dir(args.state_dir.state)?;
    let declared =
        Declarations::find(args.tools_dir, key::claim(&args.key_file)?)?.with_state(&state);
    let mut call = json!({"name": args.tool, "arguments": arguments});
    if let (Some(key), Some(call)) = (args.idempotency_key, call.as_object_mut()) {
        call.insert("idempotencyKey".to_owned(), key.into());
    }
    let mut params = call.clone();
    loop {
        let (requests, state) = match once(&keeper, &state, &declared, &params, &person, args.json)?
        {
            Said::All(status) => return Ok(status),
            Said::Question(requests, state) => (requests, state),
        };
        let responses = person.answer(&requests)?;
        params = call.clone();
        if let Some(params) = params.as_object_mut() {
            params.insert("requestState".to_owned(), state);
            params.insert("inputResponses".to_owned(), responses);
        }
    }
}

/// What an answer was.
enum Said {
    /// The end of the call, which was printed.
    All(ExitStatus),
    /// Questions, and what has to come with the answers to them.
    Question(Map<String, Value>, Value),
}

/// Prints an answer, unless it is a question.
///
/// # Errors
/// When the call is none, or standard output cannot be written.
fn show(answer: &Value, is_json: bool, broken: &[Diagnostic]) -> Result<Said, CommandError> {
    if let Some(message) = answer.pointer("/error/message").and_then(Value::as_str) {
        let is_unknown = message.starts_with("unknown tool ");
        if is_unknown {
            // It may be one that is not offered because of them.
            show_on_stderr(broken);
        }
        let has_near = answer.pointer("/error/data/tollgate~1didYouMean").is_some();
        let hint = if is_unknown && !has_near {
            "; `tollgate tools` lists those that there are"
        } else {
            ""
        };
        return Err(CommandError::Usage(format!("{message}{hint}")));
    }
    let result = answer.get("result").unwrap_or(&Value::Null);
    if let (Some(Value::Object(requests)), Some(state)) =
        (result.get("inputRequests"), result.get("requestState"))
    {
        return Ok(Said::Question(requests.clone(), state.clone()));
    }
    let text = if is_json {
        pretty(result)
    } else {
        plain(result)
    };
    print(format!("{text}\n").as_bytes())?;
    if let Some(hint) = hint(result) {
        // Nobody is left to tell when standard error is gone.
        let _gone = writeln!(io::stderr().lock(), "{hint}");
    }
    let failed = result.get("isError") == Some(&Value::Bool(true));
    Ok(Said::All(if failed {
        ExitStatus::Findings
    } else {
        ExitStatus::Fine
    }))
}

/// What a person should know of an answer that is, or may be, a repetition.
fn hint(result: &Value) -> Option<String> {
    if result.pointer("/_meta/tollgate~1replayed") == Some(&Value::Bool(true)) {
        let hint = "nothing was run: the ledger had the answer; `--idempotency-key KEY` with a new KEY runs it";
        return Some(hint.to_owned());
    }
    let similar = result.pointer("/_meta/tollgate~1similarRecentOp")?;
    Some(format!(
        "an equal call was answered a short while ago, and this one was run again; `tollgate log show {}` shows that one",
        similar.as_str()?
    ))
}

/// One request to a gate of its own: what has to be known until the next is in its answer.
fn once(
    keeper: &Arc<Keeper>,
    state: &Path,
    declared: &Declarations,
    params: &Value,
    person: &Person,
    is_json: bool,
) -> Result<Said, CommandError> {
    let loaded = declared.load();
    if loaded.config_is_broken {
        show_on_stderr(&loaded.diagnostics);
        return Err(compose::broken_config());
    }
    compose::check_user(loaded.catalog.config())?;
    say_why_without_rights(&loaded.catalog);
    let gate = Gate::assemble(Choices {
        keeper: Arc::clone(keeper),
        state: state.to_path_buf(),
        keeping: AuditSync::Writes.into(),
        workers: 1,
        redactor: Arc::clone(declared.redactor()),
        settings: compose::settings(),
    })?;
    let capabilities = if person.can_answer() {
        json!({"elicitation": {}})
    } else {
        json!({})
    };
    let errors = loaded.diagnostics.iter();
    let broken: Vec<Diagnostic> = errors
        .filter(|one| one.severity == Severity::Error)
        .cloned()
        .collect();
    let request = ("tools/call", params.clone());
    loopback::ask(&gate, loaded, request, &capabilities, |answer| {
        show(answer, is_json, &broken)
    })
}

fn read_arguments(given: String) -> Result<Box<RawValue>, CommandError> {
    let text = if given == "-" {
        let mut text = String::new();
        io::stdin()
            .lock()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        text
    } else {
        given
    };
    let wrong = |why: &str| {
        let way_out = "give one as `{\"name\": \"value\"}`";
        CommandError::Usage(format!("the arguments are no JSON object{why}; {way_out}"))
    };
    let raw = RawValue::from_string(text.trim().to_owned())
        .map_err(|error| wrong(&format!(": {error}")))?;
    if raw.get().starts_with('{') {
        Ok(raw)
    } else {
        Err(wrong(""))
    }
}

/// The text blocks as they are; of other blocks, what they are.
fn plain(result: &Value) -> String {
    let blocks = result
        .get("content")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let lines: Vec<String> = blocks
        .iter()
        .map(|block| match block.get("text").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => format!(
                "[{}; `--json` shows it]",
                block.get("type").and_then(Value::as_str).unwrap_or("block")
            ),
        })
        .collect();
    lines.join("\n")
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
