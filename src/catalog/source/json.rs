//! JSON into [`Node`]s: `serde_json` checks the syntax and reads the scalars, a light scan
//! adds the positions.

use serde::de::IgnoredAny;

use super::{Entries, Entry, Node, NodeValue};
use crate::{
    base::{
        json::{self, Violation},
        limits::{JSON_DEPTH_MAX, JSON_NODES_MAX},
    },
    catalog::diagnostic::{Findings, Span},
};

/// As [`super::parse`].
pub(super) fn parse(findings: &mut Findings) -> Option<Node> {
    let source = std::sync::Arc::clone(findings.source());
    if let Err(error) = serde_json::from_str::<IgnoredAny>(&source.text) {
        let start = source.line_start(error.line()) + error.column().saturating_sub(1);
        let span = Span {
            start,
            end: start + 1,
        };
        findings.error("syntax", span, "not valid JSON".into(), "");
        return None;
    }
    let before = findings.errors();
    let mut scan = Scan {
        text: &source.text,
        at: 0,
        findings,
        nodes: 0,
    };
    let root = scan.node(0)?;
    (findings.errors() == before).then_some(root)
}

/// Walks a text that is known to be valid JSON.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    findings: &'a mut Findings,
    nodes: usize,
}

impl Scan<'_> {
    /// The value that comes next; `None` when a bound is passed, with the reason among the
    /// findings.
    fn node(&mut self, depth: usize) -> Option<Node> {
        self.skip_space();
        let start = self.at;
        self.count(depth)?;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => {
                let span = self.pass_string();
                NodeValue::Text(self.text(span))
            }
            _ => self.literal(),
        };
        let span = Span {
            start,
            end: self.at,
        };
        Some(Node { value, span })
    }

    fn count(&mut self, depth: usize) -> Option<()> {
        self.nodes += 1;
        let message = if self.nodes > JSON_NODES_MAX {
            format!("more than {JSON_NODES_MAX} values in one file")
        } else if depth > JSON_DEPTH_MAX {
            format!("nested deeper than {JSON_DEPTH_MAX} levels")
        } else {
            return Some(());
        };
        let span = Span {
            start: self.at,
            end: self.at + 1,
        };
        self.findings.error("too-large", span, message, "");
        None
    }

    fn object(&mut self, depth: usize) -> Option<NodeValue> {
        self.at += 1;
        let mut map = Entries::default();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'"') => {
                    let key_span = self.pass_string();
                    let key = self.text(key_span);
                    self.skip_space();
                    self.at += 1;
                    let value = self.node(depth + 1)?;
                    let entry = Entry {
                        key,
                        key_span,
                        value,
                    };
                    map.push(entry, self.findings);
                }
                _ => {
                    self.at += 1;
                    return Some(NodeValue::Map(map.entries));
                }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<NodeValue> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') | None => {
                    self.at += 1;
                    return Some(NodeValue::List(items));
                }
                Some(_) => items.push(self.node(depth + 1)?),
            }
        }
    }

    /// Passes the string that begins here; its span has the quotes.
    fn pass_string(&mut self) -> Span {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        Span {
            start,
            end: self.at,
        }
    }

    fn text(&mut self, span: Span) -> String {
        let literal = self.text.get(span.start..span.end).unwrap_or_default();
        serde_json::from_str(literal).unwrap_or_else(|_| {
            let message = "half a surrogate pair is not a character".to_owned();
            self.findings.error("syntax", span, message, "");
            String::new()
        })
    }

    /// A number, true, false or null.
    fn literal(&mut self) -> NodeValue {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            self.at += 1;
        }
        let literal = self.text.get(start..self.at).unwrap_or_default();
        match (literal, json::parse(literal)) {
            ("true", _) => NodeValue::Bool(true),
            ("false", _) => NodeValue::Bool(false),
            (_, Ok(serde_json::Value::Number(number))) if is_exact(literal, &number) => {
                NodeValue::Number(number)
            }
            (_, Ok(serde_json::Value::Number(_)) | Err(Violation::NumberNotRepresentable)) => {
                let span = Span {
                    start,
                    end: self.at,
                };
                let message = format!("`{literal}` cannot be kept as a number");
                let help = "put it in quotes if it is text";
                self.findings.error("number", span, message, help);
                NodeValue::Null
            }
            _ => NodeValue::Null,
        }
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// Whether an integer literal is still an integer after it was read.
fn is_exact(literal: &str, number: &serde_json::Number) -> bool {
    literal.contains(['.', 'e', 'E']) || !number.is_f64()
}
