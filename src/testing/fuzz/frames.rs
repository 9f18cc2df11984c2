//! The targets of the frame: lines and what they carry, and the canonical text of values.

use std::io::Read;

use serde_json::Value;

use super::{BYTES_MAX, fuzz};
use crate::{
    base::{canonical::canonical, json::parse},
    protocol::{
        frame::{Frame, LineReader},
        jsonrpc::{Inbound, decode, decode_message},
    },
};

/// RFC 8785 written down once more, for numbers that a double holds; `None` for others.
fn rfc_8785(value: &Value) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    Some(match value {
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
        Value::Number(number) => {
            let float = number.as_f64()?;
            if float.abs() >= EXACT {
                return None;
            }
            ryu_js::Buffer::new().format(float).to_owned()
        }
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(rfc_8785).collect();
            format!("[{}]", items?.join(","))
        }
        Value::Object(members) => {
            let mut sorted: Vec<(Vec<u16>, String)> = Vec::new();
            for (name, member) in members {
                let text = format!("{}:{}", Value::from(name.as_str()), rfc_8785(member)?);
                sorted.push((name.encode_utf16().collect(), text));
            }
            sorted.sort();
            let texts: Vec<String> = sorted.into_iter().map(|(_, text)| text).collect();
            format!("{{{}}}", texts.join(","))
        }
    })
}

#[test]
fn fuzz_canonical() {
    fuzz("json", 10_000, |bytes| {
        let Ok(value) = parse(&String::from_utf8_lossy(bytes)) else {
            return;
        };
        let text = canonical(&value);
        assert_eq!(
            canonical(&serde_json::from_str::<Value>(&text).unwrap()),
            text
        );
        if let Some(expected) = rfc_8785(&value) {
            assert_eq!(text, expected);
        }
    });
}

/// Gives its bytes in pieces, each half of what is left.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let size = (self.0.len() / 2 + 1).min(room.len()).min(self.0.len());
        let (now, later) = self.0.split_at(size);
        room[..size].copy_from_slice(now);
        self.0 = later;
        Ok(size)
    }
}

#[test]
fn fuzz_lines() {
    fuzz("lines", 1_000, |bytes| {
        assert!(bytes.len() <= BYTES_MAX);
        let mut reader = LineReader::new(Drops(bytes));
        let mut read: Vec<Vec<u8>> = Vec::new();
        let mut is_open = true;
        while is_open {
            is_open = reader.read().unwrap();
            while let Some(frame) = reader.next() {
                match frame {
                    Frame::Line(line) => read.push(line.to_vec()),
                    Frame::TooLong => panic!("no line is longer than {BYTES_MAX} bytes"),
                }
            }
        }
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut expected: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        if expected.last() == Some(&&b""[..]) {
            expected.pop();
        }
        let bare = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        let expected: Vec<Vec<u8>> = expected.into_iter().map(bare).collect();
        assert_eq!(read, expected);
        for line in &read {
            match decode(line) {
                Inbound::Blank => {}
                Inbound::One(Ok(message)) => assert!(!format!("{message:?}").is_empty()),
                Inbound::One(Err(malformed)) => assert!(!malformed.message.is_empty()),
                Inbound::Batch(members) => members.iter().for_each(|member| {
                    let _judged = decode_message(member);
                }),
            }
        }
    });
}
