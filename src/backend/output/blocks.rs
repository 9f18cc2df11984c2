//! MCP content blocks as a program prints them, read into our own closed type.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::super::plain::plain;
use crate::catalog::content::{Content, Output};

/// Reads an array of content blocks (MCP 2026-07-28, server/tools, "Tool Result"). Members
/// that MCP does not know are refused; `annotations` and `_meta` may stand there, but only a
/// resource link keeps them.
///
/// # Errors
/// The first thing that is wrong, with the index of its block from 0.
pub(super) fn read(value: &Value) -> Result<Output, String> {
    let Value::Array(items) = value else {
        return Err("the program's output is not an array of content blocks".to_owned());
    };
    let mut output = Output::default();
    for (index, item) in items.iter().enumerate() {
        let block = Block::of(item)
            .and_then(|block| block.content(&mut output.cleaned))
            .map_err(|why| format!("content block {index} {why}"))?;
        output.content.push(block);
    }
    Ok(output)
}

struct Block<'a>(&'a Map<String, Value>);

impl<'a> Block<'a> {
    fn of(value: &'a Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err("is not an object".to_owned()),
        }
    }

    fn content(&self, cleaned: &mut bool) -> Result<Content, String> {
        match self.string("type")? {
            "text" => {
                self.only(&["type", "text"])?;
                let plain = plain(self.string("text")?.as_bytes());
                *cleaned |= plain.altered;
                Ok(Content::Text(plain.text))
            }
            "image" => {
                self.only(&["type", "data", "mimeType"])?;
                Ok(Content::Image {
                    data: self.base64("data")?,
                    mime_type: self.string("mimeType")?.to_owned(),
                })
            }
            "audio" => {
                self.only(&["type", "data", "mimeType"])?;
                Ok(Content::Audio {
                    data: self.base64("data")?,
                    mime_type: self.string("mimeType")?.to_owned(),
                })
            }
            "resource" => {
                self.only(&["type", "resource"])?;
                let inner = self.0.get("resource").unwrap_or(&Value::Null);
                Block::of(inner)
                    .and_then(|inner| inner.resource())
                    .map_err(|why| format!("has a `resource` that {why}"))
            }
            "resource_link" => self.link(),
            _ => Err("has a `type` that MCP does not know".to_owned()),
        }
    }

    fn resource(&self) -> Result<Content, String> {
        let uri = self.string("uri")?.to_owned();
        let mime_type = self.optional_string("mimeType")?.map(str::to_owned);
        if self.0.contains_key("blob") {
            self.only(&["uri", "mimeType", "blob"])?;
            let blob = self.base64("blob")?;
            return Ok(Content::BlobResource {
                uri,
                mime_type,
                blob,
            });
        }
        self.only(&["uri", "mimeType", "text"])?;
        Ok(Content::TextResource {
            uri,
            mime_type,
            text: self.string("text")?.to_owned(),
        })
    }

    fn link(&self) -> Result<Content, String> {
        const OTHERS: [&str; 3] = ["type", "size", "icons"];
        const STRINGS: [&str; 5] = ["uri", "name", "title", "description", "mimeType"];
        self.only(&[OTHERS.as_slice(), &STRINGS].concat())?;
        self.string("uri")?;
        self.string("name")?;
        for name in STRINGS {
            self.optional_string(name)?;
        }
        self.check("size", "a number", Value::is_u64)?;
        self.check("icons", "an array", Value::is_array)?;
        Ok(Content::ResourceLink(self.0.clone()))
    }

    /// That there is no member but `known`, `annotations` and `_meta`.
    fn only(&self, known: &[&str]) -> Result<(), String> {
        let is_known = |name: &String| {
            known.contains(&name.as_str()) || name == "annotations" || name == "_meta"
        };
        if !self.0.keys().all(is_known) {
            return Err("has a member that MCP does not know there".to_owned());
        }
        self.check("annotations", "an object", Value::is_object)?;
        self.check("_meta", "an object", Value::is_object)
    }

    fn check(&self, name: &str, what: &str, is: fn(&Value) -> bool) -> Result<(), String> {
        match self.0.get(name) {
            Some(value) if !is(value) => Err(format!("has a `{name}` that is not {what}")),
            Some(_) | None => Ok(()),
        }
    }

    fn optional_string(&self, name: &str) -> Result<Option<&'a str>, String> {
        self.check(name, "a string", Value::is_string)?;
        Ok(self.0.get(name).and_then(Value::as_str))
    }

    fn string(&self, name: &str) -> Result<&'a str, String> {
        self.optional_string(name)?
            .ok_or_else(|| format!("has no `{name}`"))
    }

    fn base64(&self, name: &str) -> Result<String, String> {
        let text = self.string(name)?;
        match STANDARD.decode(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err(format!("has a `{name}` that is not base64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(block: Value, expected: Result<Content, &str>) {
        let read = read(&json!([{"type": "text", "text": ""}, block]));
        let expected = expected
            .map(|block| vec![Content::Text(String::new()), block])
            .map_err(|why| format!("content block 1 {why}"));
        assert_eq!(read.map(|output| output.content), expected, "{block}");
    }

    #[test]
    fn every_kind_of_block_is_read() {
        let png = || "image/png".to_owned();
        let annotated = json!({"type": "text", "text": "a\u{1b}[1mb", "annotations": {}});
        check(annotated, Ok(Content::Text("ab".to_owned())));
        let image = Content::Image {
            data: "AA==".to_owned(),
            mime_type: png(),
        };
        let block = json!({"type": "image", "data": "AA==", "mimeType": "image/png"});
        check(block, Ok(image));
        let audio = Content::Audio {
            data: String::new(),
            mime_type: "audio/wav".to_owned(),
        };
        let block = json!({"type": "audio", "data": "", "mimeType": "audio/wav"});
        check(block, Ok(audio));
        let text = Content::TextResource {
            uri: "a:b".to_owned(),
            mime_type: None,
            text: "x".to_owned(),
        };
        let block = json!({"type": "resource", "resource": {"uri": "a:b", "text": "x"}});
        check(block, Ok(text));
        let blob = Content::BlobResource {
            uri: "a:b".to_owned(),
            mime_type: Some(png()),
            blob: "AA==".to_owned(),
        };
        let inner = json!({"uri": "a:b", "mimeType": "image/png", "blob": "AA=="});
        check(json!({"type": "resource", "resource": inner}), Ok(blob));
        let link = json!({"type": "resource_link", "uri": "a:b", "name": "n", "size": 3});
        let members = link.as_object().unwrap().clone();
        check(link, Ok(Content::ResourceLink(members)));
    }

    #[test]
    fn x15_what_is_not_a_block_is_named_by_its_index() {
        check(json!(1), Err("is not an object"));
        check(json!({}), Err("has no `type`"));
        check(
            json!({"type": "video"}),
            Err("has a `type` that MCP does not know"),
        );
        check(json!({"type": "text"}), Err("has no `text`"));
        check(
            json!({"type": "text", "text": 1}),
            Err("has a `text` that is not a string"),
        );
        check(
            json!({"type": "text", "text": "", "isError": true}),
            Err("has a member that MCP does not know there"),
        );
        check(
            json!({"type": "image", "data": "?", "mimeType": "a/b"}),
            Err("has a `data` that is not base64"),
        );
        check(
            json!({"type": "resource", "resource": {"uri": "a:b", "text": "", "blob": ""}}),
            Err("has a `resource` that has a member that MCP does not know there"),
        );
        check(
            json!({"type": "resource"}),
            Err("has a `resource` that is not an object"),
        );
        check(
            json!({"type": "resource_link", "uri": "a:b"}),
            Err("has no `name`"),
        );
        let no_array = "the program's output is not an array of content blocks";
        assert_eq!(read(&json!({})), Err(no_array.to_owned()));
    }
}
