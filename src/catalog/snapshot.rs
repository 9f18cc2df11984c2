//! The set of tools in force: immutable, swapped as a whole.

use std::{collections::HashMap, sync::Arc};

use super::tool::Tool;

/// An immutable snapshot of all tools, in name order.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    tools: Vec<Arc<Tool>>,
    by_name: HashMap<String, usize>,
    notice: Option<String>,
}

impl Catalog {
    /// A snapshot of `tools`; names must be unique.
    /// `notice` is what a model is to be told about tools that are missing.
    pub(crate) fn new(mut tools: Vec<Tool>, notice: Option<String>) -> Self {
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        let tools: Vec<Arc<Tool>> = tools.into_iter().map(Arc::new).collect();
        let by_name = tools
            .iter()
            .enumerate()
            .map(|(at, tool)| (tool.name.to_string(), at))
            .collect();
        Self {
            tools,
            by_name,
            notice,
        }
    }

    /// The tool of exactly this name, whether switched on or off.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        self.by_name.get(name).and_then(|&at| self.tools.get(at))
    }

    /// Whether a client would see and get the same from both.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let identity = |catalog: &Self| -> Vec<_> {
            catalog
                .tools
                .iter()
                .map(|tool| (tool.name.clone(), tool.digest))
                .collect()
        };
        self.notice == other.notice && identity(self) == identity(other)
    }

    /// What is wrong with the set, in words for a model; `None` when nothing is.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Every tool, in name order, switched on or off.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter()
    }

    /// The tools that a client is shown, in name order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter().filter(|tool| tool.enabled)
    }
}
