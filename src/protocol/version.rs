//! The protocol revisions and the two eras they fall into.

/// A revision of the Model Context Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26, the only one with batches.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25, the last with a handshake.
    V2025_11_25,
    /// 2026-07-28, the first in which every request carries its own version.
    V2026_07_28,
}

/// How a conversation works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// A handshake (`initialize`) sets the version for the process.
    Legacy,
    /// Every request says its version; there is no handshake and no session.
    Modern,
}

impl Version {
    /// The newest revision with a handshake: the answer to an unknown one.
    pub(crate) const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// The revisions that a request may name in its own envelope.
    pub(crate) const MODERN: &'static [Self] = &[Self::V2026_07_28];

    /// The name of the revision, a date.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The era that the revision belongs to.
    pub(crate) fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// The revision in which `initialize` is answered: the one asked for if it has a handshake,
    /// else [`Self::NEWEST_LEGACY`] (MCP 2025-11-25, basic/lifecycle, "Version Negotiation").
    pub(crate) fn negotiate(asked: &str) -> Self {
        [Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18]
            .into_iter()
            .find(|version| version.as_str() == asked)
            .unwrap_or(Self::NEWEST_LEGACY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p17_an_unknown_version_is_answered_with_the_newest_handshake() {
        let check = |asked: &str, answered: &str| {
            assert_eq!(Version::negotiate(asked).as_str(), answered);
        };
        check("2024-11-05", "2024-11-05");
        check("2025-03-26", "2025-03-26");
        check("2025-06-18", "2025-06-18");
        check("2025-11-25", "2025-11-25");
        check("2026-07-28", "2025-11-25");
        check("1900-01-01", "2025-11-25");
    }
}
