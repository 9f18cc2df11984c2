//! `tollgate replay-log`: recorded calls judged by today's definitions. Nothing is run, unless
//! that is what was asked for.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::rerun;
use crate::{
    base::{
        clock::{Clock as _, SystemClock},
        text,
    },
    catalog::{principal::Claim, snapshot::Catalog},
    cli::{
        args::ReplayLogArgs,
        commands::{log::unusable, validate_config::show_on_stderr},
        compose::{self, Declarations},
        exit::{CommandError, ExitStatus},
        judge::judge,
        print,
        replay::{self, Difference, Leaf, Verdict},
        rerun::{Rerun, Way},
    },
    engine::kept::lack_a_secret,
    ledger::{
        log::{BARE_REFUSAL, CallFilter, CallRecord, Order},
        sqlite::read::LogReader,
    },
    protocol::version::Version,
};

/// Judges each recorded call anew and says where the verdict differs.
///
/// # Errors
/// When there is no ledger or no tools folder, a definition is broken, or the output cannot be
/// written.
pub(crate) fn replay_log(args: ReplayLogArgs) -> Result<ExitStatus, CommandError> {
    let (state, filter) = args.selection.resolve(SystemClock.wall());
    let filter = CallFilter {
        limit: args.limit,
        order: Order::OldestFirst,
        ..filter
    };
    let dir = compose::state_dir(state)?;
    let reader = LogReader::open(&dir).map_err(unusable)?;
    if let Some(path) = &args.export {
        return export(&reader, &filter, path);
    }
    let declared = Declarations::find(args.tools_dir, Claim::Operator)?.unheld();
    let loaded = declared.load();
    if !loaded.is_clean() {
        show_on_stderr(&loaded.diagnostics);
        let message = "the definitions have errors; a replay against half of them would mislead";
        return Err(CommandError::Unusable(message.to_owned()));
    }
    let total = reader.count(&filter).map_err(unusable)?;
    let total = args.limit.map_or(total, |limit| total.min(limit as u64));
    let bar = bar(total);
    let way = if args.simulate {
        Some(Way::Simulate)
    } else if args.execute {
        let writes = args.allow_writes;
        Some(Way::Execute { writes })
    } else {
        None
    };
    if let Some(way) = way {
        // What we make ourselves is no part of the recording.
        let filter = CallFilter {
            upto: Some(reader.last_row().map_err(unusable)?),
            ..filter
        };
        drop(reader);
        let rerun = Rerun::new(way, dir, loaded.catalog, Arc::clone(declared.redactor()))?;
        return rerun::all(rerun, filter, &bar, args.json);
    }
    let mut summary = Summary::default();
    let mut catalog = loaded.catalog;
    for call in reader.calls(&filter) {
        let call = call.map_err(unusable)?;
        summary.calls += 1;
        bar.inc(1);
        if serde_json::from_str(&call.raw_arguments).is_ok_and(|kept| lack_a_secret(&kept)) {
            summary.not_judged += 1;
            continue;
        }
        let then = replay::recorded(&call);
        if catalog.client().id != call.principal {
            catalog = catalog.acting_as(&Claim::Named(call.principal.to_string()));
        }
        let now = verdict(&call, &catalog);
        if let Some(difference) = replay::compare(&then, &now) {
            summary.add(&difference);
            let told = if args.json {
                difference_json(&call, &difference, &then, &now).to_string()
            } else {
                difference_text(&call, &difference, &then, &now)
            };
            bar.suspend(|| print(format!("{told}\n").as_bytes()))?;
        }
    }
    bar.finish_and_clear();
    print(summary.tell(args.json).as_bytes())?;
    Ok(if summary.differing() == 0 {
        ExitStatus::Fine
    } else {
        ExitStatus::Findings
    })
}

/// For a person who waits; drawn a few times a second, and not at all where nobody looks.
fn bar(total: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} calls, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn verdict(call: &CallRecord, catalog: &Catalog) -> Verdict {
    replay::decided(&judge(
        &call.tool,
        &call.raw_arguments,
        &call.principal,
        call.received,
        catalog,
    ))
}

/// How many calls differ, and how.
#[derive(Default)]
struct Summary {
    calls: u64,
    /// Calls whose arguments were not kept whole.
    not_judged: u64,
    by_kind: [u64; 4],
}

impl Summary {
    fn add(&mut self, difference: &Difference) {
        let words = Difference::WORDS.iter().zip(&mut self.by_kind);
        for (word, count) in words {
            if *word == difference.as_str() {
                *count += 1;
            }
        }
    }

    fn differing(&self) -> u64 {
        self.by_kind.iter().sum()
    }

    fn tell(&self, json: bool) -> String {
        let counts = Difference::WORDS.iter().zip(self.by_kind);
        if json {
            let by_kind: serde_json::Map<String, Value> = counts
                .map(|(word, count)| (word.replace(' ', "_"), Value::from(count)))
                .collect();
            let summary = json!({
                "calls": self.calls, "not_judged": self.not_judged,
                "differing": self.differing(), "by_kind": by_kind,
            });
            return format!("{}\n", json!({ "summary": summary }));
        }
        let counts: Vec<String> = counts
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let count = |calls: u64| text::count(usize::try_from(calls).unwrap_or(usize::MAX), "call");
        let judged = count(self.calls - self.not_judged);
        let held_secrets = match self.not_judged {
            0 => String::new(),
            calls => format!(
                "; {} with a secret, which is not kept, not judged",
                count(calls)
            ),
        };
        if counts.is_empty() {
            format!("{judged} judged again: no difference{held_secrets}\n")
        } else {
            format!(
                "{judged} judged again: {}{held_secrets}\n",
                counts.join(", ")
            )
        }
    }
}

fn difference_text(
    call: &CallRecord,
    difference: &Difference,
    then: &Verdict,
    now: &Verdict,
) -> String {
    let mut told = format!(
        "{}  {}  {}: {}\n  sent  {}\n  then  {}\n  now   {}\n",
        call.received.rfc3339(),
        call.call_id,
        text::quote(&call.tool),
        difference.as_str(),
        text::harmless(text::clip(&call.raw_arguments, 400)),
        words(then),
        words(now),
    );
    if let Difference::OtherArguments(leaves) = difference {
        told.push_str(&leaves_text(leaves));
    }
    told
}

/// Where two values differ, a line each.
pub(super) fn leaves_text(leaves: &[Leaf]) -> String {
    let shown = |value: &Option<Value>| {
        value.as_ref().map_or("nothing".to_owned(), |value| {
            text::harmless(&value.to_string())
        })
    };
    let line = |(at, then, now): &Leaf| format!("  {at}: {} -> {}\n", shown(then), shown(now));
    leaves.iter().map(line).collect()
}

/// The same for programs.
pub(super) fn leaves_json(leaves: &[Leaf]) -> Vec<Value> {
    let leaf = |(at, then, now): &Leaf| json!({"at": at, "then": then, "now": now});
    leaves.iter().map(leaf).collect()
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted(_) => "admitted".to_owned(),
        Verdict::Refused {
            stage,
            code,
            reason,
        } => {
            let code = code.as_deref().unwrap_or(BARE_REFUSAL);
            let reason = reason
                .as_ref()
                .map_or(String::new(), |reason| format!(" ({reason})"));
            format!("refused by {stage}: {code}{reason}")
        }
    }
}

fn difference_json(
    call: &CallRecord,
    difference: &Difference,
    then: &Verdict,
    now: &Verdict,
) -> Value {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Admitted(arguments) => json!({"admitted": true, "effective_arguments": arguments}),
        Verdict::Refused {
            stage,
            code,
            reason,
        } => json!({"admitted": false, "stage": stage, "code": code, "reason": reason}),
    };
    let changes: Vec<Value> = match difference {
        Difference::OtherArguments(leaves) => leaves_json(leaves),
        Difference::NowRefused | Difference::NowAdmitted | Difference::OtherRefusal => Vec::new(),
    };
    json!({
        "call_id": call.call_id.to_string(), "received": call.received.rfc3339(),
        "tool": call.tool, "difference": difference.as_str(), "raw_arguments": call.raw_arguments,
        "then": verdict(then), "now": verdict(now), "changes": changes,
    })
}

/// Writes the calls as requests that `serve` reads, each complete in itself.
fn export(
    reader: &LogReader,
    filter: &CallFilter,
    path: &Path,
) -> Result<ExitStatus, CommandError> {
    let create = || format!("cannot write `{}`", path.display());
    let mut file = BufWriter::new(File::create_new(path).with_context(create)?);
    let mut count = 0;
    for call in reader.calls(filter) {
        let call = call.map_err(unusable)?;
        count += 1;
        writeln!(file, "{}", request(count, &call)).with_context(create)?;
    }
    file.flush().with_context(create)?;
    let told = format!(
        "{} written to {}\n",
        text::count(count, "call"),
        path.display()
    );
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

/// The call as a line of the newest revision, which needs no handshake before it. The arguments
/// go over as they came.
fn request(id: usize, call: &CallRecord) -> String {
    let name = Value::from(call.tool.as_str());
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": Version::V2026_07_28.as_str(),
        "io.modelcontextprotocol/clientInfo": {"name": "tollgate replay-log", "version": env!("CARGO_PKG_VERSION")},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":{name},"arguments":{},"_meta":{meta}}}}}"#,
        // A line break can stand between tokens only, where a space is as good.
        call.raw_arguments.replace(['\n', '\r'], " ")
    )
}
