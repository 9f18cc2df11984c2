//! YAML into [`Node`]s: events of the parser, checked one by one.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, options};

use super::{Entries, Entry, Node, NodeValue, scalar};
use crate::{
    base::limits::{JSON_DEPTH_MAX, JSON_NODES_MAX},
    catalog::diagnostic::{Findings, Span, tick},
};

/// The document cannot be read further; the reason is among the findings.
struct Abandoned;

/// As [`super::parse`].
pub(super) fn parse(findings: &mut Findings) -> Vec<Node> {
    let source = std::sync::Arc::clone(findings.source());
    let options = options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: JSON_DEPTH_MAX * 2,
        block_nesting_limit: JSON_DEPTH_MAX * 2,
    };
    let mut builder = Builder {
        events: Parser::new_from_str_with_options(&source.text, options),
        findings,
        nodes: 0,
    };
    let mut documents = Vec::new();
    loop {
        let before = builder.findings.errors();
        match builder.document() {
            Ok(None) => return documents,
            Ok(Some(root)) => {
                let whole = builder.findings.errors() == before;
                if whole && root.value != NodeValue::Null {
                    documents.push(root);
                }
            }
            Err(Abandoned) => {
                if !matches!(builder.events.proceed_next_document(), Ok(true)) {
                    return documents;
                }
            }
        }
    }
}

struct Builder<'a, 'text> {
    events: Parser<'text, StrInput<'text>>,
    findings: &'a mut Findings,
    nodes: usize,
}

impl<'text> Builder<'_, 'text> {
    /// The next document; `None` at the end of the file.
    fn document(&mut self) -> Result<Option<Node>, Abandoned> {
        loop {
            let Some((event, span)) = self.next()? else {
                return Ok(None);
            };
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(None),
                other => return self.node(other, span, 0).map(Some),
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'text>, Span)>, Abandoned> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or_default();
                let span = Span {
                    start: range.start,
                    end: range.end.max(range.start),
                };
                Ok(Some((event, span)))
            }
            Some(Err(error)) => {
                self.refuse(&error);
                Err(Abandoned)
            }
        }
    }

    fn refuse(&mut self, error: &ScanError) {
        let start = error.marker().byte_offset().unwrap_or(0);
        let span = Span {
            start,
            end: start + 1,
        };
        let message = format!("not valid YAML: {}", error.kind());
        self.findings.error("syntax", span, message, "");
    }

    /// The node that begins with `event`.
    fn node(&mut self, event: Event<'text>, span: Span, depth: usize) -> Result<Node, Abandoned> {
        self.count(span, depth)?;
        let (value, end) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                (self.scalar(&text, style, span), span.end)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                self.list(span, depth)?
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                self.map(span, depth)?
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let message = "aliases are not allowed in definitions".to_owned();
                let help = "write the value out where it is used";
                self.findings.error("alias", span, message, help);
                (NodeValue::Null, span.end)
            }
            // Nothing else begins a node; the parser keeps the structure.
            _ => (NodeValue::Null, span.end),
        };
        let span = Span {
            start: span.start,
            end,
        };
        Ok(Node { value, span })
    }

    fn count(&mut self, span: Span, depth: usize) -> Result<(), Abandoned> {
        self.nodes += 1;
        let message = if self.nodes > JSON_NODES_MAX {
            format!("more than {JSON_NODES_MAX} values in one file")
        } else if depth > JSON_DEPTH_MAX {
            format!("nested deeper than {JSON_DEPTH_MAX} levels")
        } else {
            return Ok(());
        };
        self.findings.error("too-large", span, message, "");
        Err(Abandoned)
    }

    fn refuse_extras(&mut self, anchor: usize, tagged: bool, span: Span) {
        if anchor != 0 {
            let message = "anchors are not allowed in definitions".to_owned();
            let help = "write the value out where it is used";
            self.findings.error("anchor", span, message, help);
        }
        if tagged {
            let message = "tags are not allowed in definitions".to_owned();
            let help = "take the tag away; quotes make text of anything";
            self.findings.error("tag", span, message, help);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> NodeValue {
        if style != ScalarStyle::Plain {
            return NodeValue::Text(text.to_owned());
        }
        scalar::resolve(text).unwrap_or_else(|unclear| {
            let (message, help) = match unclear {
                scalar::Unclear::LeadingZero => (
                    format!("{} is not a clear number", tick(text)),
                    "drop the leading zero, or put it in quotes if it is text",
                ),
                scalar::Unclear::NotRepresentable => (
                    format!("{} cannot be kept as a number", tick(text)),
                    "put it in quotes if it is text",
                ),
            };
            self.findings.error("number", span, message, help);
            NodeValue::Null
        })
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<(NodeValue, usize), Abandoned> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                None => return Ok((NodeValue::List(items), start.end)),
                Some((Event::SequenceEnd, end)) => return Ok((NodeValue::List(items), end.end)),
                Some((event, span)) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<(NodeValue, usize), Abandoned> {
        let mut map = Entries::default();
        loop {
            let (event, span) = match self.next()? {
                None => return Ok((NodeValue::Map(map.entries), start.end)),
                Some((Event::MappingEnd, end)) => {
                    return Ok((NodeValue::Map(map.entries), end.end));
                }
                Some(event) => event,
            };
            let key = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else {
                return Err(Abandoned);
            };
            let value = self.node(event, span, depth + 1)?;
            match key.value {
                NodeValue::Text(text) => {
                    let entry = Entry {
                        key: text,
                        key_span: key.span,
                        value,
                    };
                    map.push(entry, self.findings);
                }
                NodeValue::Null
                | NodeValue::Bool(_)
                | NodeValue::Number(_)
                | NodeValue::List(_)
                | NodeValue::Map(_) => {
                    let message = format!("a key must be text, not {}", key.kind());
                    let help = "put it in quotes";
                    self.findings.error("key-type", key.span, message, help);
                }
            }
        }
    }
}
