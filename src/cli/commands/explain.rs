//! `tollgate explain`: what a code means, and who should do what about it.

use std::fmt::Write as _;

use crate::{
    base::{
        explain::{explain as long_form, markdown},
        problem::Code,
        text,
    },
    catalog::diagnostic::catalogue,
    cli::{
        args::ExplainArgs,
        exit::{CommandError, ExitStatus},
        print,
    },
    ledger::log::BARE_REFUSAL,
};

/// What stands for a code in the ledger is looked up like one.
const BARE_REFUSAL_TOLD: &str = "\
INVALID_PARAMS
  The call was answered with the JSON-RPC error -32602, which has no code of the catalogue.

what happened
  There is no tool of this name for this principal, or the arguments are no JSON object. The message
  says which; where the name is nearly that of a tool, it says so.

what was touched
  Nothing: the gate knew nothing to run.

for the model
  Take the name from `tools/list`, and give the arguments as one object.

for the operator
  `tollgate log --code INVALID_PARAMS` shows which names were tried.
";

/// Prints the long form of one code, or a line for each.
///
/// # Errors
/// When there is no such code, or standard output cannot be written.
pub(crate) fn explain(args: &ExplainArgs) -> Result<ExitStatus, CommandError> {
    let told = match &args.code {
        _ if args.markdown && args.findings => catalogue::markdown(),
        _ if args.markdown => markdown(),
        None if args.findings => findings(),
        None => table(),
        Some(name) => match catalogue::find(&name.to_lowercase()) {
            Some(entry) => entry.told(),
            None if name.eq_ignore_ascii_case(BARE_REFUSAL) => BARE_REFUSAL_TOLD.to_owned(),
            None => whole(named(name)?),
        },
    };
    print(told.as_bytes())?;
    Ok(ExitStatus::Fine)
}

fn named(name: &str) -> Result<Code, CommandError> {
    let name = name.to_uppercase();
    if let Some(code) = Code::ALL.iter().find(|code| code.as_str() == name) {
        return Ok(*code);
    }
    let mut near = text::nearest(&name, Code::ALL.iter().map(|code| code.as_str()));
    let small = name.to_lowercase();
    near.extend(text::nearest(
        &small,
        catalogue::all().map(|entry| entry.code),
    ));
    let hint = if near.is_empty() {
        "`tollgate explain` lists them".to_owned()
    } else {
        format!("did you mean {}?", text::list(near))
    };
    let name = text::clip(&name, 80);
    Err(CommandError::Usage(format!(
        "there is no code `{name}`; {hint}"
    )))
}

fn table() -> String {
    let width = Code::ALL
        .iter()
        .map(|code| code.as_str().len())
        .max()
        .unwrap_or(0);
    let mut table = String::new();
    for code in Code::ALL {
        let _infallible = writeln!(table, "{:width$}  {}", code.as_str(), code.summary());
    }
    table
}

fn findings() -> String {
    let mut table = String::new();
    for entry in catalogue::all() {
        let severity = entry.severity.as_str();
        let _infallible = writeln!(table, "{:20}  {severity:7}  {}", entry.code, entry.meaning);
    }
    table
}

fn whole(code: Code) -> String {
    let told = long_form(code);
    format!(
        "{}\n  {}\n\nwhat happened\n  {}\n\nwhat was touched\n  {}\n\nfor the model\n  {}\n\nfor the operator\n  {}\n\nexample\n  {}\n",
        code.as_str(),
        code.summary(),
        told.happened,
        told.touched,
        told.model,
        told.operator,
        told.example,
    )
}
