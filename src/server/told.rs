//! A result of `tools/call` as it goes on the wire, written without a tree in between.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, value::RawValue};

use crate::{
    base::id::CallId,
    catalog::content::Content,
    protocol::version::{Era, Version},
};

/// The result, in the revision of its request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Vec<Block<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) structured_content: Option<&'a Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input_requests: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_state: Option<&'a str>,
    #[serde(rename = "_meta")]
    pub(super) meta: Meta<'a>,
}

impl<'a> Told<'a> {
    /// Of this call, with what every result of the era has.
    pub(super) fn new(version: Version, server: &'a Value, call_id: CallId) -> Self {
        let is_modern = match version.era() {
            Era::Legacy => false,
            Era::Modern => true,
        };
        Self {
            content: None,
            structured_content: None,
            is_error: false,
            result_type: is_modern.then_some("complete"),
            input_requests: None,
            request_state: None,
            meta: Meta {
                call_id,
                ours: Vec::new(),
                server: is_modern.then_some(server),
            },
        }
    }

    pub(super) fn say(&mut self, text: impl Into<Cow<'a, str>>) {
        let content = self.content.get_or_insert_default();
        content.push(Block::said(text));
    }
}

/// A block of content.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Block<'a> {
    /// As the tool gave it.
    Given(&'a Content),
    /// A text of ours, or in a frame of ours.
    Said {
        #[serde(rename = "type")]
        kind: &'static str,
        text: Cow<'a, str>,
    },
}

impl<'a> Block<'a> {
    /// A text of ours.
    pub(super) fn said(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Said {
            kind: "text",
            text: text.into(),
        }
    }
}

/// `_meta` of a result.
pub(super) struct Meta<'a> {
    call_id: CallId,
    ours: Vec<(&'static str, Ours)>,
    server: Option<&'a Value>,
}

/// What a member of ours has.
#[derive(Serialize)]
#[serde(untagged)]
enum Ours {
    Tree(Value),
    /// It is JSON already.
    Written(Box<RawValue>),
}

impl Meta<'_> {
    pub(super) fn add(&mut self, name: &'static str, value: impl Into<Value>) {
        self.ours.push((name, Ours::Tree(value.into())));
    }

    pub(super) fn add_written(&mut self, name: &'static str, json: Box<RawValue>) {
        self.ours.push((name, Ours::Written(json)));
    }
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut meta = serializer.serialize_map(None)?;
        meta.serialize_entry("tollgate/callId", &format_args!("{}", self.call_id))?;
        for (name, value) in &self.ours {
            meta.serialize_entry(name, value)?;
        }
        if let Some(server) = self.server {
            meta.serialize_entry(SERVER_INFO, server)?;
        }
        meta.end()
    }
}

/// Where the modern era says who speaks.
pub(super) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
