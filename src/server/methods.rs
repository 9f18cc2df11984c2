//! What the methods other than `tools/call` answer.

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{Settings, listing::Page, translate};
use crate::protocol::version::{Era, Version};

/// `serverInfo`.
pub(super) fn server_info(settings: &Settings) -> Value {
    json!({"name": settings.name, "version": settings.version})
}

/// The result of `initialize` (MCP 2025-11-25, basic/lifecycle).
pub(super) fn initialize(
    version: Version,
    settings: &Settings,
    instructions: Option<&str>,
) -> Value {
    let mut result = json!({
        "protocolVersion": version.as_str(),
        "capabilities": capabilities(settings),
        "serverInfo": server_info(settings),
    });
    add_instructions(&mut result, instructions);
    result
}

/// The result of `server/discover` (MCP 2026-07-28, server/discover). Only versions that an
/// envelope may name are listed: a client picks from them for its next request.
pub(super) fn discover(version: Version, settings: &Settings, instructions: Option<&str>) -> Value {
    let mut result = Map::new();
    let versions: Vec<&str> = Version::MODERN
        .iter()
        .map(|version| version.as_str())
        .collect();
    result.insert("supportedVersions".to_owned(), json!(versions));
    result.insert("capabilities".to_owned(), capabilities(settings));
    add_cache(&mut result, settings);
    let mut result = translate::finish(result, version, &server_info(settings));
    add_instructions(&mut result, instructions);
    result
}

/// The result of `tools/list`. The tools are written as they were rendered.
#[derive(Serialize)]
pub(super) struct ToolsList<'a> {
    tools: Vec<&'a RawValue>,
    #[serde(flatten)]
    rest: Value,
}

/// The result of `tools/list` for `page`.
pub(super) fn tools_list<'a>(
    version: Version,
    settings: &Settings,
    page: &Page<'a>,
) -> ToolsList<'a> {
    let mut rest = Map::new();
    if let Some(cursor) = &page.next_cursor {
        rest.insert("nextCursor".to_owned(), Value::from(cursor.as_str()));
    }
    match version.era() {
        Era::Legacy => {}
        Era::Modern => add_cache(&mut rest, settings),
    }
    ToolsList {
        tools: page.tools.iter().map(|(_, tool)| &**tool).collect(),
        rest: translate::finish(rest, version, &server_info(settings)),
    }
}

fn capabilities(settings: &Settings) -> Value {
    let tools = if settings.reloads {
        json!({"listChanged": true})
    } else {
        json!({})
    };
    json!({"tools": tools, "logging": {}})
}

/// How long the answer holds (MCP 2026-07-28, server/utilities/caching): not at all where the
/// definitions may change, and only for this user, whose folder it is.
fn add_cache(result: &mut Map<String, Value>, settings: &Settings) {
    const UNCHANGING_MS: u64 = 3_600_000;
    let ttl_ms = if settings.reloads { 0 } else { UNCHANGING_MS };
    result.insert("ttlMs".to_owned(), Value::from(ttl_ms));
    result.insert("cacheScope".to_owned(), Value::from("private"));
}

fn add_instructions(result: &mut Value, instructions: Option<&str>) {
    if let (Some(instructions), Some(result)) = (instructions, result.as_object_mut()) {
        result.insert("instructions".to_owned(), Value::from(instructions));
    }
}
