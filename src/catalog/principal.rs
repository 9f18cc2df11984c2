//! Who calls, and what the configuration lets them see.

use std::{collections::BTreeSet, fmt, hint::black_box};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tool::{Tool, Visibility};
use crate::base::id::Principal;

/// The id of one who has no key that the configuration knows.
pub(crate) const NOBODY: &str = "nobody";
/// The id of the one who calls where no principals are configured.
pub(crate) const LOCAL: &str = "local";

/// The SHA-256 of a key. The key itself is kept nowhere.
#[derive(Clone, Copy)]
pub(crate) struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of `key`.
    pub(crate) fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Reads 64 hexadecimal digits; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Whether both are of the same key. All 32 bytes are always looked at. The sum is hidden
    /// from the optimizer, and even a leak would tell about hashes only, from which no key
    /// follows: a crate for this would bring nothing more.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        black_box(pairs.fold(0, |all, (a, b)| all | (a ^ b))) == 0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// As whom a process asks to act.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    /// As whoever has this key; `None` where there is none.
    Key(Option<KeyHash>),
    /// As this principal, without its key: for an operator who wants to see what it sees.
    Named(String),
    /// As one who may see everything: for checks that run nothing.
    Operator,
}

impl Default for Claim {
    fn default() -> Self {
        Self::Key(None)
    }
}

/// Names that a principal may call: exact, or all with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamePattern {
    /// This one.
    Exact(String),
    /// All that begin so.
    Prefix(String),
}

impl NamePattern {
    /// Reads `name` or `prefix*`.
    pub(crate) fn new(text: &str) -> Self {
        match text.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => Self::Exact(text.to_owned()),
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => name == exact,
            Self::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

/// The one for whom calls are made, as the configuration in force knows it.
#[derive(Debug)]
pub(crate) struct Client {
    /// The name in the ledger.
    pub(crate) id: Principal,
    /// What rules see as `client`.
    pub(crate) facts: Value,
    /// Why it may do nothing at all, for the operator.
    pub(crate) without_rights: Option<String>,
    permissions: Permissions,
    tools: Option<Vec<NamePattern>>,
}

#[derive(Debug)]
enum Permissions {
    All,
    These(BTreeSet<String>),
}

impl Default for Client {
    fn default() -> Self {
        Self::local()
    }
}

impl Client {
    /// The one who calls where no principals are configured: may do what definitions allow.
    pub(crate) fn local() -> Self {
        Self {
            id: Principal::new(LOCAL),
            facts: json!({"id": LOCAL, "roles": [], "attributes": {}, "permissions": []}),
            without_rights: None,
            permissions: Permissions::All,
            tools: None,
        }
    }

    /// One who may see and do nothing, called `id`.
    pub(crate) fn without_rights(id: &str, why: String) -> Self {
        Self {
            id: Principal::new(id),
            facts: json!({"id": id, "roles": [], "attributes": {}, "permissions": []}),
            without_rights: Some(why),
            permissions: Permissions::These(BTreeSet::new()),
            tools: Some(Vec::new()),
        }
    }

    /// A configured one. `facts` are what rules see; `None` for `tools` stands for all.
    pub(crate) fn new(
        id: &str,
        facts: Value,
        permissions: BTreeSet<String>,
        tools: Option<Vec<NamePattern>>,
    ) -> Self {
        Self {
            id: Principal::new(id),
            facts,
            without_rights: None,
            permissions: Permissions::These(permissions),
            tools,
        }
    }

    /// Whether it may know that there is this tool.
    pub(crate) fn may_see(&self, tool: &Tool) -> bool {
        let named = self.tools.as_ref().is_none_or(|patterns| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| pattern.fits(tool.name.as_str()))
        });
        named
            && match tool.visibility {
                Visibility::Listed => true,
                Visibility::Permitted => self.missing(tool).next().is_none(),
            }
    }

    /// The permissions that `tool` wants and it has not.
    pub(crate) fn missing<'a>(&'a self, tool: &'a Tool) -> impl Iterator<Item = &'a str> {
        let wanted = tool.permissions.iter().map(String::as_str);
        wanted.filter(|wanted| match &self.permissions {
            Permissions::All => false,
            Permissions::These(these) => !these.contains(*wanted),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_hash_alone() {
        let text = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
        let hash = KeyHash::parse(text).expect("a hash");
        assert!(hash.is(&KeyHash::of(b"key")));
        assert!(hash.is(&KeyHash::parse(&text.to_uppercase()).expect("the same")));
        assert!(!hash.is(&KeyHash::of(b"Key")));
        for at in 0..32 {
            let mut other = hash;
            other.0[at] ^= 1;
            assert!(!hash.is(&other), "byte {at} is not looked at");
        }
        assert_eq!(format!("{hash:?}"), "KeyHash(..)");
        for wrong in [
            "",
            "2c70",
            "2c70e12b7a0646f92279f427c7b38e73",
            &text.replace('2', "g"),
            &text.replace("2c", "é"),
        ] {
            assert!(KeyHash::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn names_are_exact_or_begin_so() {
        assert!(NamePattern::new("a").fits("a") && !NamePattern::new("a").fits("ab"));
        assert!(NamePattern::new("a*").fits("ab") && !NamePattern::new("a*").fits("ba"));
        assert!(NamePattern::new("*").fits("x"));
    }
}
