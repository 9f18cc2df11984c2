//! What a program printed, read as what its tool declares.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::plain::plain;
use crate::{
    base::json::{self, Violation},
    catalog::{
        content::{Content, Output},
        tool::OutputKind,
    },
};

mod blocks;

/// What the output of a program is called.
const PROGRAM: &str = "the program's output";

/// What a backend gave, as far as it was kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed<'a> {
    /// The beginning.
    pub(super) kept: &'a [u8],
    /// How much it was in all.
    pub(super) bytes: u64,
}

impl Printed<'_> {
    fn is_cut(self) -> bool {
        u64::try_from(self.kept.len()).is_ok_and(|kept| kept < self.bytes)
    }
}

/// Reads `printed` as `kind`. Only text is worth anything when it is cut.
///
/// # Errors
/// When it is something else: why, in words of ours, with nothing of the output in them.
pub(super) fn read(kind: &OutputKind, printed: Printed<'_>) -> Result<Output, String> {
    if *kind == OutputKind::Text {
        return Ok(text(printed));
    }
    if printed.is_cut() {
        return Err(format!(
            "the program printed {} bytes, of which {} are kept",
            printed.bytes,
            printed.kept.len()
        ));
    }
    match kind {
        OutputKind::Text => Ok(text(printed)),
        OutputKind::Json => parse(printed.kept, PROGRAM).map(structured),
        OutputKind::Content => blocks::read(&parse(printed.kept, PROGRAM)?),
        OutputKind::Image { mime_type } => Ok(one(Content::Image {
            data: data(printed.kept)?,
            mime_type: mime_type.clone(),
        })),
        OutputKind::Audio { mime_type } => Ok(one(Content::Audio {
            data: data(printed.kept)?,
            mime_type: mime_type.clone(),
        })),
        OutputKind::Resource { uri, mime_type } => Ok(one(resource(printed.kept, uri, mime_type))),
    }
}

fn one(content: Content) -> Output {
    Output {
        content: vec![content],
        ..Output::default()
    }
}

/// Plain text; the newline that ends nearly every program's output is not part of it.
pub(super) fn text(printed: Printed<'_>) -> Output {
    let cut = printed.is_cut();
    let kept = if cut {
        without_half_character(printed.kept)
    } else {
        printed.kept
    };
    let mut plain = plain(kept);
    if !cut && plain.text.ends_with('\n') {
        plain.text.pop();
    }
    Output {
        content: vec![Content::Text(plain.text)],
        truncated_from: cut.then_some(printed.bytes),
        cleaned: plain.altered,
        ..Output::default()
    }
}

/// `bytes` without a UTF-8 sequence that was cut in the middle.
fn without_half_character(bytes: &[u8]) -> &[u8] {
    (1..=3)
        .filter_map(|tail| bytes.split_at_checked(bytes.len().checked_sub(tail)?))
        .find(|(_, tail)| {
            std::str::from_utf8(tail)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .map_or(bytes, |(whole, _)| whole)
}

/// A JSON value, as it is told.
pub(super) fn structured(value: Value) -> Output {
    Output {
        content: vec![Content::Text(value.to_string())],
        structured: Some(Box::new(value)),
        ..Output::default()
    }
}

/// Strict JSON in what is called `name`. A violation is told without its pointer: that is made
/// of the backend's words.
pub(super) fn parse(bytes: &[u8], name: &str) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| format!("{name} is not UTF-8, so it is not JSON"))?;
    json::parse(text).map_err(|violation| match violation {
        Violation::Duplicate { .. } => format!("{name} is JSON with a duplicate member"),
        Violation::StringTooLong { .. } => {
            format!("{name} is JSON with a string that is too long")
        }
        other @ (Violation::Syntax { .. }
        | Violation::TooDeep
        | Violation::TooManyValues
        | Violation::NumberNotRepresentable) => {
            format!("{name} cannot be read as JSON: {other}")
        }
    })
}

fn data(bytes: &[u8]) -> Result<String, String> {
    if bytes.is_empty() {
        return Err("the program printed nothing".to_owned());
    }
    Ok(STANDARD.encode(bytes))
}

fn resource(bytes: &[u8], uri: &str, mime_type: &Option<String>) -> Content {
    let uri = uri.to_owned();
    let mime_type = mime_type.clone();
    match std::str::from_utf8(bytes) {
        Ok(text) => Content::TextResource {
            uri,
            mime_type,
            text: text.to_owned(),
        },
        Err(_) => Content::BlobResource {
            uri,
            mime_type,
            blob: STANDARD.encode(bytes),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(kind: &OutputKind, kept: &[u8], bytes: usize, expected: Result<Output, &str>) {
        let bytes = u64::try_from(bytes).unwrap();
        let read = read(kind, Printed { kept, bytes });
        assert_eq!(read, expected.map_err(str::to_owned));
    }

    fn text_of(text: &str, truncated_from: Option<u64>, cleaned: bool) -> Output {
        Output {
            content: vec![Content::Text(text.to_owned())],
            structured: None,
            truncated_from,
            cleaned,
            witness: None,
        }
    }

    #[test]
    fn x14_text_is_made_plain_and_loses_one_newline() {
        let kind = &OutputKind::Text;
        check(kind, b"hi\n\n", 4, Ok(text_of("hi\n", None, false)));
        check(kind, b"", 0, Ok(text_of("", None, false)));
        check(
            kind,
            b"a\xff\0\x1b[1m\r\n",
            9,
            Ok(text_of("a\u{fffd}", None, true)),
        );
    }

    #[test]
    fn x7_cut_text_ends_between_characters_and_tells_its_true_size() {
        let kind = &OutputKind::Text;
        check(kind, b"ab\n", 9, Ok(text_of("ab\n", Some(9), false)));
        for cut in ["a\u{e9}", "a\u{4e2d}", "a\u{1f469}"] {
            let kept = &cut.as_bytes()[..cut.len() - 1];
            check(kind, kept, 99, Ok(text_of("a", Some(99), false)));
            check(kind, cut.as_bytes(), 99, Ok(text_of(cut, Some(99), false)));
        }
    }

    #[test]
    fn x15_json_is_read_strictly_and_comes_with_a_copy_as_text() {
        let structured = |value: Value, text: &str| Output {
            structured: Some(Box::new(value)),
            ..text_of(text, None, false)
        };
        let kind = &OutputKind::Json;
        let ok = structured(json!({"a": 1}), r#"{"a":1}"#);
        check(kind, b"{\"a\": 1}\n", 9, Ok(ok));
        check(kind, b" [1, 2]", 7, Ok(structured(json!([1, 2]), "[1,2]")));
        let column = "the program's output cannot be read as JSON: not valid JSON at column 1";
        check(kind, b"oops", 4, Err(column));
        let twice = "the program's output is JSON with a duplicate member";
        check(kind, b"{\"x\":1,\"x\":2}", 13, Err(twice));
        let utf8 = "the program's output is not UTF-8, so it is not JSON";
        check(kind, b"\"\xff\"", 3, Err(utf8));
    }

    #[test]
    fn x7_cut_json_content_and_bytes_are_worthless() {
        let mime_type = || "image/png".to_owned();
        let uri = || "file:///a".to_owned();
        for kind in [
            OutputKind::Json,
            OutputKind::Content,
            OutputKind::Image {
                mime_type: mime_type(),
            },
            OutputKind::Audio {
                mime_type: mime_type(),
            },
            OutputKind::Resource {
                uri: uri(),
                mime_type: None,
            },
        ] {
            let why = "the program printed 3 bytes, of which 2 are kept";
            check(&kind, b"[]", 3, Err(why));
        }
    }

    #[test]
    fn bytes_become_base64_with_the_declared_type() {
        let mime_type = || "image/png".to_owned();
        let image = OutputKind::Image {
            mime_type: mime_type(),
        };
        let content = Content::Image {
            data: "iVBO/w==".to_owned(),
            mime_type: mime_type(),
        };
        check(&image, b"\x89PN\xff", 4, Ok(one(content)));
        check(&image, b"", 0, Err("the program printed nothing"));
        let uri = || "file:///a".to_owned();
        let resource = OutputKind::Resource {
            uri: uri(),
            mime_type: None,
        };
        let as_text = Content::TextResource {
            uri: uri(),
            mime_type: None,
            text: "é\n".to_owned(),
        };
        check(&resource, "é\n".as_bytes(), 3, Ok(one(as_text)));
        let as_blob = Content::BlobResource {
            uri: uri(),
            mime_type: None,
            blob: "/w==".to_owned(),
        };
        check(&resource, b"\xff", 1, Ok(one(as_blob)));
    }
}
