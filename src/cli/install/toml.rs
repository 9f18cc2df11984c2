//! TOML files: the table `mcp_servers.NAME`.

use serde_json::{Value, json};
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::{Entry, edit::EditError};

const SERVERS: &str = "mcp_servers";

/// See [`super::edit::add`].
pub(super) fn add(text: &str, entry: &Entry, replace: bool) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let servers = document
        .entry(SERVERS)
        .or_insert_with(implicit)
        .as_table_mut()
        .ok_or_else(not_a_table)?;
    if let Some(before) = servers.get(&entry.name) {
        if is_same(before, entry) {
            return Ok(text.to_owned());
        }
        if !replace {
            return Err(EditError::Taken(entry.name.clone()));
        }
    }
    let mut table = Table::new();
    table.insert("command", value(&entry.command));
    table.insert("args", value(entry.args.iter().collect::<Array>()));
    servers.insert(&entry.name, Item::Table(table));
    Ok(document.to_string())
}

/// See [`super::edit::remove`].
pub(super) fn remove(text: &str, name: &str) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let removed = document
        .get_mut(SERVERS)
        .and_then(Item::as_table_mut)
        .and_then(|servers| servers.remove(name));
    match removed {
        Some(_) => Ok(document.to_string()),
        None => Err(EditError::Absent(name.to_owned())),
    }
}

/// What stands under `mcp_servers`: commands and arguments, by name.
pub(super) fn servers(text: &str) -> Result<Option<Value>, EditError> {
    let document = parse(text)?;
    let Some(servers) = document.get(SERVERS).and_then(Item::as_table_like) else {
        return Ok(None);
    };
    let server = |item: &Item| {
        let args = item.get("args").and_then(Item::as_array);
        let args: Vec<&str> = args
            .into_iter()
            .flatten()
            .filter_map(toml_edit::Value::as_str)
            .collect();
        json!({"command": item.get("command").and_then(Item::as_str), "args": args})
    };
    let servers = servers
        .iter()
        .map(|(name, item)| (name.to_owned(), server(item)));
    Ok(Some(Value::Object(servers.collect())))
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| EditError::Unreadable(error.to_string()))
}

/// A table that is not written itself, only what is below it.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn not_a_table() -> EditError {
    let message = format!("its `{SERVERS}` is no table; add the entry by hand");
    EditError::Unusual(message)
}

fn is_same(item: &Item, entry: &Entry) -> bool {
    let Some(table) = item.as_table_like() else {
        return false;
    };
    let command = table.get("command").and_then(Item::as_str);
    let args = table.get("args").and_then(Item::as_array);
    let args = args.map(|args| {
        args.iter()
            .map(toml_edit::Value::as_str)
            .collect::<Vec<_>>()
    });
    let wanted: Vec<Option<&str>> = entry.args.iter().map(|arg| Some(arg.as_str())).collect();
    command == Some(&entry.command) && args == Some(wanted)
}
