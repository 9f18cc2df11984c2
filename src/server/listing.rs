//! `tools/list`: the same bytes every time, in name order, one page or several.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{
    Map, Value, json,
    value::{RawValue, to_raw_value},
};

use crate::catalog::{
    snapshot::Catalog,
    tool::{Effect, Run, Tool},
};

/// One page of tools, each as its JSON.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// In name order.
    pub(super) tools: &'a [ListedJson],
    /// Where the next page begins.
    pub(super) next_cursor: Option<String>,
}

/// A tool's name and its JSON.
pub(super) type ListedJson = (String, Box<RawValue>);

/// Every visible tool of one catalog as JSON, rendered once.
#[derive(Debug, Default)]
pub(super) struct Listing {
    tools: Vec<ListedJson>,
}

impl Listing {
    /// Renders the visible tools of `catalog`.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let tools = catalog
            .listed()
            .map(|tool| (tool.name.to_string(), render(tool)))
            .collect();
        Self { tools }
    }

    /// The page that begins after `cursor`.
    ///
    /// # Errors
    /// The sentence for -32602, when `cursor` is none that we gave out.
    pub(super) fn page(
        &self,
        cursor: Option<&str>,
        size: Option<usize>,
    ) -> Result<Page<'_>, String> {
        let start = match (cursor, size) {
            (None, _) => 0,
            (Some(_), None) => return Err("unknown `cursor`: the list has one page".to_owned()),
            (Some(cursor), Some(_)) => {
                let after = read_cursor(cursor).ok_or("unknown `cursor`")?;
                self.tools.partition_point(|(name, _)| *name <= after)
            }
        };
        let rest = self.tools.get(start..).unwrap_or_default();
        let page = rest.get(..size.unwrap_or(usize::MAX)).unwrap_or(rest);
        let more = page.len() < rest.len();
        Ok(Page {
            tools: page,
            next_cursor: page
                .last()
                .filter(|_| more)
                .map(|(name, _)| write_cursor(name)),
        })
    }
}

fn write_cursor(after: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{after}"))
}

fn read_cursor(cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes)
        .ok()?
        .strip_prefix("after:")
        .map(str::to_owned)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a Value>,
    annotations: Value,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The tool as every revision may see it: members that an older one does not know are ignored
/// there by every known client.
fn render(tool: &Tool) -> Box<RawValue> {
    let mut rest = tool.listing.clone();
    let meta = rest.entry("_meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert(
            "tollgate/effect".to_owned(),
            Value::from(tool.effect.as_str()),
        );
        meta.insert(
            "tollgate/idempotent".to_owned(),
            Value::from(tool.idempotent),
        );
        let timeout_ms = u64::try_from(tool.timeout.as_millis()).unwrap_or(u64::MAX);
        meta.insert("tollgate/timeoutMs".to_owned(), Value::from(timeout_ms));
        if let Some(cost) = tool.restraint.cost.published() {
            meta.insert("tollgate/cost".to_owned(), cost);
        }
        if !tool.requires.is_empty() {
            let requires: Vec<&str> = tool.requires.iter().map(|one| one.as_str()).collect();
            meta.insert("tollgate/requires".to_owned(), json!(requires));
        }
        if let Some(latency) = tool.latency {
            let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
            meta.insert(
                "tollgate/expectedLatencyMs".to_owned(),
                Value::from(latency_ms),
            );
        }
        if !tool.permissions.is_empty() {
            let permissions = json!(tool.permissions);
            meta.insert("tollgate/permissions".to_owned(), permissions);
        }
    }
    // What is answered first is the name of an operation, which fits no schema of the author.
    let output = tool.output.as_ref().filter(|_| !tool.is_background);
    let listed = ListedTool {
        name: tool.name.as_str(),
        title: tool.title.as_deref(),
        description: &tool.description,
        input_schema: &tool.input.published,
        output_schema: output.map(|schema| &*schema.published),
        annotations: annotations(tool),
        rest,
    };
    to_raw_value(&listed).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// MCP's hints, derived from what the definition declares, so that they cannot contradict it.
fn annotations(tool: &Tool) -> Value {
    let read = tool.effect == Effect::Read;
    let mut parts = tool.run.parts().into_iter();
    let open_world = parts.any(|run| match run {
        Run::Exec(_) | Run::Http(_) => true,
        Run::Reply(_) | Run::Sql(_) | Run::Steps(_) | Run::Fetch => false,
    });
    json!({
        "readOnlyHint": read,
        "destructiveHint": tool.effect == Effect::Destroy,
        "idempotentHint": read || tool.idempotent,
        "openWorldHint": open_world,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::catalog_with;

    #[test]
    fn annotations_say_what_the_definition_declares() {
        let config = "databases: {shop: {sqlite: shop.db}}\nhosts: [api.example.com]";
        let runs = |effect| {
            let (sql, http) = match effect {
                Effect::Read => ("query: select 1", "GET"),
                Effect::Write | Effect::Destroy => ("statement: delete from t", "POST"),
            };
            [
                ("{exec: {command: [\"true\"]}}".to_owned(), true),
                ("{reply: {text: done}}".to_owned(), false),
                (format!("{{sql: {{database: shop, {sql}}}}}"), false),
                (
                    format!("{{http: {{method: {http}, url: 'https://api.example.com/x'}}}}"),
                    true,
                ),
            ]
        };
        for effect in [Effect::Read, Effect::Write, Effect::Destroy] {
            for idempotent in [true, false] {
                for (run, open_world) in runs(effect) {
                    let definition = format!(
                        "name: t\ndescription: Does it.\neffect: {}\nidempotent: {idempotent}\n\
                         inputSchema: {{type: object, additionalProperties: false}}\nrun: {run}\n",
                        effect.as_str(),
                    );
                    let catalog = catalog_with(config, &definition);
                    let tool = catalog.listed().next().unwrap();
                    let hints = annotations(tool);
                    let is = |hint: &str| hints[hint].as_bool().unwrap();
                    let told = format!("{effect:?} {idempotent} {run}: {hints}");
                    assert_eq!(is("readOnlyHint"), effect == Effect::Read, "{told}");
                    assert_eq!(is("destructiveHint"), effect == Effect::Destroy, "{told}");
                    let again = idempotent || effect == Effect::Read;
                    assert_eq!(is("idempotentHint"), again, "{told}");
                    assert_eq!(is("openWorldHint"), open_world, "{told}");
                }
            }
        }
    }
}
