//! Who may call: configured identities, their keys, and what rules see of them.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::base::id::Principal;

/// One configured identity. Only the SHA-256 of its key is known here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PrincipalConfig {
    /// Unique among the configured.
    pub(crate) id: Principal,
    /// SHA-256 of the key. Keys are made by a machine: a slow hash would protect nothing.
    pub(crate) key_sha256: [u8; 32],
    /// As `client.roles` in rules.
    pub(crate) roles: Vec<String>,
    /// As `client.attributes` in rules.
    pub(crate) attributes: Map<String, Value>,
    /// What it may do to the world: words of `Effect`, as `write`; empty permits nothing.
    pub(crate) permissions: Vec<String>,
    /// The tools it may see and use; `*` at the end of an entry stands for any ending.
    pub(crate) tools: Vec<String>,
}

impl PrincipalConfig {
    /// Whether the tool `name` exists for this principal. A tool that does not is not listed
    /// and is answered like one that is not there at all.
    pub(crate) fn may_see(&self, name: &str) -> bool {
        self.tools
            .iter()
            .any(|entry| match entry.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => entry == name,
            })
    }

    /// Whether it may use tools of this effect (`read`, `write` or `destroy`).
    pub(crate) fn may_cause(&self, effect: &str) -> bool {
        self.permissions.iter().any(|permitted| permitted == effect)
    }
}

/// The principal whose key this is. Without a key, or with one that is not known, there is
/// none: once principals are configured, nobody else may call. How long it takes depends on
/// the number of principals only, not on the key or on which one matches.
pub(crate) fn authenticate<'a>(
    principals: &'a [PrincipalConfig],
    key: Option<&str>,
) -> Option<&'a PrincipalConfig> {
    let digest: [u8; 32] = Sha256::digest(key?.as_bytes()).into();
    let mut found = u64::MAX;
    for (index, principal) in (0_u64..).zip(principals) {
        let same: Choice = principal.key_sha256.ct_eq(&digest);
        found.conditional_assign(&index, same);
    }
    principals.get(usize::try_from(found).ok()?)
}

/// What rules see as `client`. With no principals configured, `id` is the one that the process
/// acts as, without roles and attributes.
pub(crate) fn client(id: &Principal, config: Option<&PrincipalConfig>) -> Value {
    match config {
        Some(config) => json!({
            "id": config.id.as_str(),
            "roles": config.roles,
            "attributes": config.attributes,
        }),
        None => json!({"id": id.as_str(), "roles": [], "attributes": {}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(id: &str, key: &str) -> PrincipalConfig {
        PrincipalConfig {
            id: Principal::new(id),
            key_sha256: Sha256::digest(key.as_bytes()).into(),
            roles: vec!["billing".to_owned()],
            attributes: Map::from_iter([("org".to_owned(), json!("acme"))]),
            permissions: vec!["read".to_owned()],
            tools: vec!["refund_*".to_owned(), "time_now".to_owned()],
        }
    }

    #[track_caller]
    fn check(key: Option<&str>, expected: Option<&str>) {
        let principals = [principal("ann", "k-ann"), principal("bob", "k-bob")];
        let found = authenticate(&principals, key).map(|principal| principal.id.as_str());
        assert_eq!(found, expected);
    }

    #[test]
    fn v32_only_a_known_key_names_a_principal() {
        check(Some("k-ann"), Some("ann"));
        check(Some("k-bob"), Some("bob"));
        check(Some("k-bo"), None);
        check(Some(""), None);
        check(None, None);
        assert_eq!(authenticate(&[], Some("k-ann")), None);
    }

    #[test]
    fn v32_what_is_not_granted_is_denied() {
        let ann = principal("ann", "k");
        let nobody = PrincipalConfig {
            permissions: Vec::new(),
            tools: Vec::new(),
            ..ann.clone()
        };
        let seen = |who: &PrincipalConfig| {
            ["refund_order", "time_now", "time_now2", "refund"].map(|name| who.may_see(name))
        };
        assert_eq!(seen(&ann), [true, true, false, false]);
        assert_eq!(seen(&nobody), [false; 4]);
        assert_eq!(
            (ann.may_cause("read"), ann.may_cause("write")),
            (true, false)
        );
        assert!(!nobody.may_cause("read"));
    }

    #[test]
    fn rules_see_the_configured_identity() {
        let ann = principal("ann", "k");
        assert_eq!(
            client(&ann.id, Some(&ann)),
            json!({"id": "ann", "roles": ["billing"], "attributes": {"org": "acme"}})
        );
        assert_eq!(
            client(&Principal::new("local"), None),
            json!({"id": "local", "roles": [], "attributes": {}})
        );
    }
}
