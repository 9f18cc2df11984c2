//! The set of tools in force: immutable, swapped as a whole.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use super::{
    built_in::{self, OPERATION_GET},
    config::Config,
    principal::{Claim, Client},
    tool::Tool,
};

/// An immutable snapshot of all tools, in name order, with the configuration they were
/// compiled against, as one client may see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    tools: Vec<Arc<Tool>>,
    by_name: HashMap<String, usize>,
    unshown: OnceLock<Option<Arc<Tool>>>,
    config: Arc<Config>,
    client: Arc<Client>,
    notice: Option<String>,
    /// Names of tools that are not what was approved.
    unapproved: BTreeSet<String>,
}

impl Catalog {
    /// A snapshot of `tools`; names must be unique.
    /// `notice` is what a model is to be told about tools that are missing. Until somebody
    /// proves to be another, the client is one without a key.
    pub(crate) fn new(mut tools: Vec<Tool>, config: Arc<Config>, notice: Option<String>) -> Self {
        if tools.iter().any(built_in::is_shown_beside) {
            tools.extend(built_in::operation_get());
        }
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
            unshown: OnceLock::new(),
            client: config.principals.identify(&Claim::default()),
            config,
            notice,
            unapproved: BTreeSet::new(),
        }
    }

    /// The same for the client who makes this claim. Names of tools that could not be loaded
    /// are no client's business where not all may see all.
    pub(crate) fn acting_as(mut self, claim: &Claim) -> Self {
        self.client = self.config.principals.identify(claim);
        if self.config.principals.is_declared() && self.notice.is_some() {
            let notice = "Some tools could not be loaded; the operator can see why with \
                          `tollgate validate-config`.";
            let has_rights = self.client.without_rights.is_none();
            self.notice = has_rights.then(|| notice.to_owned());
        }
        self
    }

    /// For whom calls are made.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// What `tollgate.yaml` declared when the tools were compiled.
    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The tool of exactly this name, whether switched on or off, if the client may know of it.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Tool>> {
        let tool = self.by_name.get(name).and_then(|&at| self.tools.get(at));
        let seen = tool.filter(|tool| self.is_seen(tool));
        seen.or_else(|| self.unshown(name))
    }

    /// Keeps the tools of these names from being listed and called.
    pub(super) fn refuse(&mut self, unapproved: BTreeSet<String>) {
        self.unapproved = unapproved;
    }

    /// Whether the tool of this name is what was approved, if that is asked for at all.
    pub(crate) fn is_approved(&self, name: &str) -> bool {
        !self.unapproved.contains(name)
    }

    /// How many tools are not what was approved.
    pub(crate) fn unapproved(&self) -> usize {
        self.unapproved.len()
    }

    /// Whether the two were made from the same definitions and configuration.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let identity = |tool: &Arc<Tool>| (tool.name.clone(), tool.digest);
        self.notice == other.notice
            && self.unapproved == other.unapproved
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

    /// Every tool that a definition made, in name order, switched on or off, seen or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.tools.iter().filter(|tool| !tool.is_built_in())
    }

    /// The tools that the client is shown, in name order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Arc<Tool>> {
        let seen = self.tools.iter().filter(|tool| self.is_seen(tool));
        seen.filter(|tool| tool.enabled && self.is_approved(tool.name.as_str()))
    }

    /// What any client may ask for what it was told of, although it is not shown to it.
    fn unshown(&self, name: &str) -> Option<&Arc<Tool>> {
        let is_meant = name == OPERATION_GET && self.all().any(|tool| self.is_seen(tool));
        let made = || built_in::operation_get().map(Arc::new);
        is_meant.then(|| self.unshown.get_or_init(made).as_ref())?
    }

    /// Whether the client may know that there is this tool.
    fn is_seen(&self, tool: &Tool) -> bool {
        if tool.is_built_in() {
            let mut others = self.all();
            return others.any(|other| built_in::is_shown_beside(other) && self.is_seen(other));
        }
        !tool.hidden && self.client.may_see(tool)
    }
}
