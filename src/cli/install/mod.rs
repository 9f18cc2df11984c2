//! Putting Tollgate into the configuration of a client: which file, which shape, and an edit
//! that leaves everything else in the file as it is.

pub(crate) mod client;
pub(crate) mod edit;
pub(crate) mod entries;
pub(crate) mod file;
mod json;
#[cfg(test)]
mod tests;
mod toml;
mod yaml;

use serde_json::{Map, Value, json};

/// What a client is told to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Under which name.
    pub(crate) name: String,
    /// The program, as an absolute path: desktop clients have no `PATH` to speak of.
    pub(crate) command: String,
    /// Its arguments.
    pub(crate) args: Vec<String>,
}

/// How a client's file says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// JSON, comments allowed: a member of the object that stands under the key.
    Json(&'static str, Style),
    /// TOML: the table `mcp_servers.NAME`.
    Toml,
    /// YAML, with comments.
    Yaml(Block),
}

/// Where a YAML file holds its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// In the mapping `extensions` (Goose).
    Extensions,
    /// In the list `mcpServers` (Continue).
    Servers,
}

/// The members of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `command` and `args`.
    Plain,
    /// The same with `"type": "stdio"`.
    Typed,
    /// The same with `"source": "custom"` and `"enabled": true` (Zed).
    Custom,
    /// One `command` list with `"type": "local"` and `"enabled": true` (`OpenCode`).
    Local,
}

impl Entry {
    /// The entry as a client of this style reads it.
    fn json(&self, style: Style) -> Map<String, Value> {
        let value = match style {
            Style::Plain => json!({"command": self.command, "args": self.args}),
            Style::Typed => {
                json!({"type": "stdio", "command": self.command, "args": self.args})
            }
            Style::Custom => json!({
                "source": "custom", "enabled": true,
                "command": self.command, "args": self.args, "env": {},
            }),
            Style::Local => {
                let whole: Vec<&String> =
                    std::iter::once(&self.command).chain(&self.args).collect();
                json!({"type": "local", "command": whole, "enabled": true})
            }
        };
        match value {
            Value::Object(members) => members,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        }
    }
}
