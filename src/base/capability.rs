//! What a client says that it can do for a server.

/// A feature on the client's side that a tool may rely on (MCP 2026-07-28, client features).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capability {
    /// It can put a form in front of a person.
    Elicitation,
    /// It can ask its model something.
    Sampling,
    /// It can say which folders it works in.
    Roots,
}

impl Capability {
    /// Every capability.
    pub(crate) const ALL: [Self; 3] = [Self::Elicitation, Self::Sampling, Self::Roots];

    /// The word in a definition and on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Elicitation => "elicitation",
            Self::Sampling => "sampling",
            Self::Roots => "roots",
        }
    }
}

/// What one client declares: for its session or, in the modern era, for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Capabilities {
    elicitation: bool,
    sampling: bool,
    roots: bool,
}

impl Capabilities {
    /// Whether the client can do this.
    pub(crate) fn has(self, one: Capability) -> bool {
        match one {
            Capability::Elicitation => self.elicitation,
            Capability::Sampling => self.sampling,
            Capability::Roots => self.roots,
        }
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<T: IntoIterator<Item = Capability>>(declared: T) -> Self {
        let mut all = Self::default();
        for one in declared {
            match one {
                Capability::Elicitation => all.elicitation = true,
                Capability::Sampling => all.sampling = true,
                Capability::Roots => all.roots = true,
            }
        }
        all
    }
}
