//! `tollgate validate-config`: everything that is wrong with the definitions, at once.

use std::io::{self, IsTerminal as _, Write as _};

use crate::{
    base::{clock::Timestamp, id::Principal, text},
    catalog::{
        advise,
        diagnostic::{Diagnostic, Severity},
        load::Loaded,
        principal::Claim,
        snapshot::Catalog,
        tool::{Expect, Tool, ToolTest},
    },
    cli::{
        args::{ReportFormat, ValidateConfigArgs},
        compose::Declarations,
        exit::{CommandError, ExitStatus},
        judge::judge,
        print, sarif,
    },
    guard::{
        call::{Refusal, Refused},
        clear::ClearedCall,
    },
    ledger::log::BARE_REFUSAL,
};
use annotate_snippets::Renderer;

/// Checks the definitions and runs the tests they hold. Starts no backend, writes nothing.
///
/// # Errors
/// When there is no tools folder, or standard output cannot be written.
pub(crate) fn validate_config(args: ValidateConfigArgs) -> Result<ExitStatus, CommandError> {
    let declared = Declarations::find(args.tools_dir, Claim::Operator)?;
    declared.check_lock()?;
    let mut loaded = declared.clone().unheld().load();
    let advice = advise::folder(&declared.tools, &loaded.catalog);
    let (run, failed) = tests(&loaded.catalog);
    if let Some(lock) = &declared.lock {
        loaded.hold_to(lock);
    }
    let Loaded {
        catalog,
        mut diagnostics,
        files,
        ..
    } = loaded;
    diagnostics.extend(advice.into_iter().chain(failed));
    diagnostics.sort_by_key(|one| (one.file().to_owned(), one.position()));
    print(told(&diagnostics, args.format, io::stdout().is_terminal()).as_bytes())?;
    let tools = catalog.all().count();
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|one| one.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let notes = count(Severity::Note);
    if args.format == ReportFormat::Human {
        let summary = format!(
            "{} in {}, {}: {}, {}, {}\n",
            text::count(tools, "tool"),
            text::count(files, "file"),
            text::count(run, "test"),
            text::count(errors, "error"),
            text::count(warnings, "warning"),
            text::count(notes, "note"),
        );
        print(summary.as_bytes())?;
    }
    let bad = errors > 0 || (args.strict && warnings > 0);
    Ok(if bad {
        ExitStatus::Findings
    } else {
        ExitStatus::Fine
    })
}

/// Runs the tests of all tools: how many there are, and what is wrong.
fn tests(catalog: &Catalog) -> (usize, Vec<Diagnostic>) {
    let mut count = 0;
    let mut failed = Vec::new();
    // Of one whose flag is off, no call is cleared.
    for tool in catalog.all().filter(|tool| !tool.hidden) {
        count += tool.tests.len();
        failed.extend(
            tool.tests
                .iter()
                .filter_map(|test| run(test, tool, catalog)),
        );
    }
    (count, failed)
}

fn told(diagnostics: &[Diagnostic], format: ReportFormat, terminal: bool) -> String {
    if format == ReportFormat::Sarif {
        return format!("{:#}\n", sarif::report(diagnostics));
    }
    let renderer = if terminal {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut report = String::new();
    for diagnostic in diagnostics {
        match format {
            ReportFormat::Human => report.push_str(&(diagnostic.human(&renderer) + "\n")),
            ReportFormat::Plain => report.push_str(&diagnostic.plain()),
            ReportFormat::Json | ReportFormat::Sarif => report.push_str(&diagnostic.json()),
        }
        report.push('\n');
    }
    report
}

/// The same for commands whose standard output holds something else.
pub(crate) fn show_on_stderr(diagnostics: &[Diagnostic]) {
    let report = told(diagnostics, ReportFormat::Human, io::stderr().is_terminal());
    // Nobody is left to tell when standard error is gone.
    let _gone = io::stderr().lock().write_all(report.as_bytes());
}

/// One line where nothing will be offered, because of who asks.
pub(crate) fn say_why_without_rights(catalog: &Catalog) {
    if let Some(why) = &catalog.client().without_rights {
        let _gone = writeln!(io::stderr().lock(), "warning: no tools are offered: {why}");
    }
}

/// Takes the test's arguments through the guard; what differs from its expectation is told.
fn run(test: &ToolTest, tool: &Tool, catalog: &Catalog) -> Option<Diagnostic> {
    let got = match judge_test(test, tool, catalog) {
        Ok(_) => Expect::Ok,
        Err(refused) => match refused.refusal {
            Refusal::Protocol { .. } => Expect::Code(BARE_REFUSAL.to_owned()),
            Refusal::Tool(problem) | Refusal::Incapable { problem, .. } => {
                match (&test.expect, problem.reason) {
                    (Expect::Code(wanted), Some(reason)) if *wanted == reason => return None,
                    (Expect::Ok | Expect::Code(_), _) => {
                        Expect::Code(problem.code.as_str().to_owned())
                    }
                }
            }
        },
    };
    if got == test.expect {
        return None;
    }
    let word = |expect: &Expect| match expect {
        Expect::Ok => "ok".to_owned(),
        Expect::Code(code) => code.clone(),
    };
    let message = format!(
        "expected `{}`, the guard says `{}`",
        word(&test.expect),
        word(&got)
    );
    Some(test.failed(
        message,
        "change the test or the definition so that they agree",
    ))
}

fn judge_test(
    test: &ToolTest,
    tool: &Tool,
    catalog: &Catalog,
) -> Result<ClearedCall, Box<Refused>> {
    let arguments = test.arguments.to_string();
    let (principal, received) = (Principal::new("local"), Timestamp::from_micros(0));
    judge(
        tool.name.as_str(),
        &arguments,
        &principal,
        received,
        catalog,
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::diagnostic::{SourceFile, Span};

    #[test]
    fn colours_are_for_people_at_a_terminal_and_the_words_are_the_same_without() {
        let source = SourceFile::new(Path::new("a.yaml"), "effect: raed\n".to_owned());
        let place = (&source, Span { start: 8, end: 12 });
        let all = [Diagnostic::about_text(
            Severity::Error,
            "wrong-word",
            place,
            "no such effect: `raed`",
            "did you mean `read`?",
        )];
        let (seen, piped) = (
            told(&all, ReportFormat::Human, true),
            told(&all, ReportFormat::Human, false),
        );
        assert!(
            piped.contains("error[wrong-word]: no such effect: `raed`"),
            "{piped}"
        );
        assert!(!piped.contains('\u{1b}'), "{piped:?}");
        assert_ne!(seen, piped);
        let without_colours: String = seen
            .split('\u{1b}')
            .enumerate()
            .map(|(at, part)| match at {
                0 => part,
                _ => part.split_once('m').map_or(part, |(_, rest)| rest),
            })
            .collect();
        assert_eq!(without_colours, piped);
        for format in [ReportFormat::Plain, ReportFormat::Json, ReportFormat::Sarif] {
            let report = told(&all, format, true);
            assert_eq!(report, told(&all, format, false));
            assert!(!report.contains('\u{1b}'), "{report:?}");
        }
    }
}
