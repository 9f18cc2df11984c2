//! `tollgate tools`: what a client would see.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use crate::{
    catalog::{config::principals::unknown_id, principal::Claim},
    cli::{
        args::ToolsArgs,
        commands::validate_config::{say_why_without_rights, show_on_stderr},
        compose::{self, Choices, Declarations, Gate},
        exit::{CommandError, ExitStatus},
        key, loopback, print,
    },
    ledger::sqlite::AuditSync,
};

/// Prints the tools.
///
/// # Errors
/// When there is no tools folder.
pub(crate) fn tools(args: ToolsArgs) -> Result<ExitStatus, CommandError> {
    let claim = match args.principal {
        Some(id) => Claim::Named(id),
        None => key::claim(&args.key_file)?,
    };
    let declarations = Declarations::find(args.tools_dir, claim)?;
    let loaded = declarations.load();
    show_on_stderr(&loaded.diagnostics);
    if loaded.config_is_broken {
        return Err(compose::broken_config());
    }
    let principals = &loaded.catalog.config().principals;
    if let Claim::Named(id) = &declarations.claim
        && !principals.ids().any(|known| known == id)
    {
        return Err(CommandError::Usage(unknown_id(principals, id)));
    }
    say_why_without_rights(&loaded.catalog);
    let gate = Gate::assemble(Choices {
        keeper: Arc::new(compose::harden()?),
        state: std::path::PathBuf::new(),
        keeping: AuditSync::Writes.into(),
        workers: 1,
        redactor: Arc::clone(declarations.redactor()),
        settings: compose::settings(),
    })?;
    let request = ("tools/list", json!({}));
    loopback::ask(&gate, loaded, request, &json!({}), |answer| {
        let tools = answer.pointer("/result/tools").and_then(Value::as_array);
        let tools = tools.map_or(&[][..], Vec::as_slice);
        let text = if args.json {
            format!("{:#}\n", json!(tools))
        } else {
            table(tools)
        };
        print(text.as_bytes())?;
        Ok(ExitStatus::Fine)
    })
}

fn table(tools: &[Value]) -> String {
    let text = |tool: &Value, pointer: &str| {
        tool.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let width = tools
        .iter()
        .map(|tool| text(tool, "/name").len())
        .max()
        .unwrap_or(0);
    let mut table = String::new();
    for tool in tools {
        let name = text(tool, "/name");
        let effect = text(tool, "/_meta/tollgate~1effect");
        let said = match text(tool, "/title") {
            title if title.is_empty() => text(tool, "/description"),
            title => title,
        };
        let said = said.lines().next().unwrap_or_default().to_owned();
        let _infallible = writeln!(table, "{name:width$}  {effect:7}  {said}");
    }
    table
}
