//! The calls that are made while servers die: each key belongs to one tool.

use crate::{effects::Tool, life_harness::Server};

/// The tools in turn, and whether they are called under a key. Programs are what costs most.
const MIX: [(Tool, bool); 12] = [
    (Tool::Plain, true),
    (Tool::Marked, true),
    (Tool::Read, true),
    (Tool::Verified, true),
    (Tool::Plain, true),
    (Tool::Downstream, true),
    (Tool::Plain, false),
    (Tool::Marked, true),
    (Tool::Flaky, true),
    (Tool::Idempotent, true),
    (Tool::Marked, true),
    (Tool::Downstream, true),
];

/// One call under the key of this number, with the arguments that belong to the key or with
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) key: u64,
    pub(super) is_other: bool,
}

impl Call {
    pub(super) fn under(key: u64) -> Self {
        Self {
            key,
            is_other: false,
        }
    }

    /// With other arguments under the same key.
    pub(super) fn other(self) -> Self {
        Self {
            is_other: true,
            ..self
        }
    }

    /// The call that has this argument.
    pub(super) fn of(text: &str) -> Self {
        match text.strip_suffix("-other") {
            Some(key) => Self::under(key.parse().unwrap()).other(),
            None => Self::under(text.parse().unwrap()),
        }
    }

    pub(super) fn text(self) -> String {
        let other = if self.is_other { "-other" } else { "" };
        format!("{}{other}", self.key)
    }

    fn mixed(self) -> (Tool, bool) {
        MIX[usize::try_from(self.key).unwrap() % MIX.len()]
    }

    pub(super) fn tool(self) -> Tool {
        self.mixed().0
    }

    pub(super) fn is_named(self) -> bool {
        self.mixed().1
    }

    pub(super) fn make(self, server: &mut Server) -> u64 {
        let key = self.is_named().then(|| format!("key-{}", self.key));
        self.tool().call(server, &self.text(), key.as_deref())
    }
}
