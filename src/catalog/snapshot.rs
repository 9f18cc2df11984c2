//! The set of tools in force: immutable, swapped as a whole.

use std::{collections::HashMap, sync::Arc};

use super::{config::Config, tool::Tool};

/// An immutable snapshot of all tools, in name order, with the configuration they were
/// compiled against.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    tools: Vec<Arc<Tool>>,
    by_name: HashMap<String, usize>,
    config: Arc<Config>,
    notice: Option<String>,
}

impl Catalog {
    /// A snapshot of `tools`; names must be unique.
    /// `notice` is what a model is to be told about tools that are missing.
    pub(crate) fn new(mut tools: Vec<Tool>, config: Arc<Config>, notice: Option<String>) -> Self {
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
            config,
            notice,
        }
    }

    /// What `tollgate.yaml` declared when the tools were compiled.
    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The tool of exactly this name, whether switched on or off, if the client may know of it.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        let tool = self.by_name.get(name).and_then(|&at| self.tools.get(at));
        tool.filter(|tool| Self::is_seen(tool))
    }

    /// Whether the two were made from the same definitions and configuration.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let identity = |tool: &Arc<Tool>| (tool.name.clone(), tool.digest);
        self.notice == other.notice
            && self.config.is_same_as(&other.config)
            && self.all().map(identity).eq(other.all().map(identity))
    }

    /// Whether a client would be shown the same tools by both: what it may not see must not
    /// be told by a change either.
    pub(crate) fn shows_same_as(&self, other: &Self) -> bool {
        let identity = |tool: &Arc<Tool>| (tool.name.clone(), tool.digest);
        self.listed().map(identity).eq(other.listed().map(identity))
    }

    /// What is wrong with the set, in words for a model; `None` when nothing is.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Every tool, in name order, switched on or off, seen or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter()
    }

    /// The tools that the client is shown, in name order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools
            .iter()
            .filter(|tool| tool.enabled && Self::is_seen(tool))
    }

    /// Whether the client may know that there is this tool.
    fn is_seen(tool: &Tool) -> bool {
        !tool.hidden
    }
}
