//! Reading the entries of a client's file back, whoever wrote them.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Block, Entry, Shape, Style, edit::EditError, json, toml, yaml};

/// The name of our own program, without an ending.
const PROGRAM: &str = "tollgate";

/// The entries of `text` that start a program of our name.
///
/// # Errors
/// When the text cannot be read.
pub(crate) fn ours(text: &str, shape: Shape) -> Result<Vec<Entry>, EditError> {
    let servers = match shape {
        Shape::Json(key, _) => json::value(text)?.get(key).cloned(),
        Shape::Toml => toml::servers(text)?,
        Shape::Yaml(kind) => yaml::servers(text, kind)?,
    };
    let named = match servers {
        Some(Value::Object(servers)) => servers.into_iter().collect(),
        Some(Value::Array(servers)) => servers.into_iter().filter_map(with_name).collect(),
        Some(_) | None => Vec::new(),
    };
    let read = named
        .iter()
        .filter_map(|(name, members)| entry(name, members.as_object()?, shape));
    let is_ours = |entry: &Entry| {
        let stem = Path::new(&entry.command).file_stem();
        stem.is_some_and(|stem| stem == PROGRAM)
    };
    Ok(read.filter(is_ours).collect())
}

fn with_name(server: Value) -> Option<(String, Value)> {
    let name = server.get("name")?.as_str()?.to_owned();
    Some((name, server))
}

fn entry(name: &str, members: &Map<String, Value>, shape: Shape) -> Option<Entry> {
    let words = |member: &str| -> Vec<String> {
        let list = members.get(member).and_then(Value::as_array);
        let words = list.into_iter().flatten().filter_map(Value::as_str);
        words.map(str::to_owned).collect()
    };
    let text = |member: &str| members.get(member)?.as_str().map(str::to_owned);
    let (command, args) = match shape {
        Shape::Json(_, Style::Local) => {
            let mut words = words("command").into_iter();
            (words.next()?, words.collect())
        }
        Shape::Yaml(Block::Extensions) => (text("cmd")?, words("args")),
        Shape::Json(_, Style::Plain | Style::Typed | Style::Custom)
        | Shape::Toml
        | Shape::Yaml(Block::Servers) => (text("command")?, words("args")),
    };
    Some(Entry {
        name: name.to_owned(),
        command,
        args,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::edit::add, *};

    #[track_caller]
    fn check(shape: Shape) {
        let entry = |name: &str, command: &str| Entry {
            name: name.to_owned(),
            command: command.to_owned(),
            args: vec!["serve".to_owned(), "--tools".to_owned(), "/t".to_owned()],
        };
        let (own, other) = (entry("gate", "/bin/tollgate"), entry("x", "/bin/x"));
        let text = add("", shape, &other, false).expect("added");
        let text = add(&text, shape, &own, false).expect("added");
        assert_eq!(ours(&text, shape), Ok(vec![own]), "{text}");
        assert_eq!(ours("", shape), Ok(Vec::new()));
    }

    #[test]
    fn what_an_installation_wrote_is_read_back() {
        for style in [Style::Plain, Style::Typed, Style::Custom, Style::Local] {
            check(Shape::Json("servers", style));
        }
        check(Shape::Toml);
        check(Shape::Yaml(Block::Extensions));
        check(Shape::Yaml(Block::Servers));
    }

    #[test]
    fn a_text_that_is_none_is_told() {
        assert!(ours("{", Shape::Json("servers", Style::Plain)).is_err());
        assert!(ours("a = ", Shape::Toml).is_err());
    }
}
