//! The section `principals`: who may act, known by the hash of a key.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use super::super::{
    diagnostic::{Findings, did_you_mean, tick},
    fields::{Fields, items, text, truth, wrong_type},
    principal::{Claim, Client, KeyHash, LOCAL, NOBODY, NamePattern},
    source::{Node, NodeValue},
};
use crate::base::limits::PRINCIPALS_MAX;

/// Everyone who is declared.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    /// `None` where the section is not there: then there is one local client.
    declared: Option<Vec<Known>>,
}

#[derive(Debug)]
struct Known {
    id: String,
    key: Option<KeyHash>,
    enabled: bool,
    client: Arc<Client>,
}

impl Principals {
    /// Reads the section. Once it is there nobody may do anything without a key, even where
    /// nothing in it can be read.
    pub(super) fn read(node: &Node, findings: &mut Findings) -> Self {
        let list = items(node, "principals", findings);
        if list.len() > PRINCIPALS_MAX {
            let message = format!("more than {PRINCIPALS_MAX} principals");
            findings.error("too-many", node.span, message, "");
        }
        let mut ids = HashSet::new();
        let mut known: Vec<Known> = Vec::new();
        for node in list.iter().take(PRINCIPALS_MAX) {
            let Some(one) = principal(node, findings) else {
                continue;
            };
            let span = node.span_at("/id");
            if !ids.insert(one.id.clone()) {
                let message = format!("{} stands here twice", tick(&one.id));
                findings.error(
                    "duplicate-principal",
                    span,
                    message,
                    "rename one of the two",
                );
            }
            let same = |other: &Known| {
                let keys = one.key.as_ref().zip(other.key.as_ref());
                keys.is_some_and(|(one, other)| one.is(other))
            };
            if let Some(other) = known.iter().find(|other| same(other)) {
                let message = format!("{} and {} have one key", tick(&other.id), tick(&one.id));
                findings.error("duplicate-key-hash", span, message, "give each its own");
            }
            known.push(one);
        }
        Self {
            declared: Some(known),
        }
    }

    /// Whether the section is there.
    pub(crate) fn is_declared(&self) -> bool {
        self.declared.is_some()
    }

    /// The ids, in the order of the file.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        let known = self.declared.iter().flatten();
        known.map(|one| one.id.as_str())
    }

    /// Who makes `claim`. Every key is compared, whichever fits.
    pub(crate) fn identify(&self, claim: &Claim) -> Arc<Client> {
        let Some(known) = &self.declared else {
            return Arc::default();
        };
        let nobody = |why: &str| Arc::new(Client::without_rights(NOBODY, why.to_owned()));
        let found = match claim {
            Claim::Operator => return Arc::default(),
            Claim::Key(None) => {
                return nobody("no key was given: set `TOLLGATE_KEY` or give `--key-file`");
            }
            Claim::Key(Some(key)) => known.iter().fold(None, |found, one| {
                let fits = one.key.as_ref().is_some_and(|known| known.is(key));
                if fits { Some(one) } else { found }
            }),
            Claim::Named(id) => known.iter().find(|one| one.id == *id),
        };
        match found {
            None => nobody("the key is that of no principal"),
            Some(one) if one.enabled => Arc::clone(&one.client),
            Some(one) => {
                let why = format!("the principal `{}` is switched off", one.id);
                Arc::new(Client::without_rights(&one.id, why))
            }
        }
    }
}

fn principal(node: &Node, findings: &mut Findings) -> Option<Known> {
    let mut fields = Fields::open(node, "a principal", findings)?;
    let id = fields.require("id", findings);
    let id = id.and_then(|node| self::id(node, findings));
    let key = fields.require("key_sha256", findings);
    let key = key.and_then(|node| key_hash(node, findings));
    let roles = texts(fields.take("roles"), "roles", findings);
    let permissions = texts(fields.take("permissions"), "permissions", findings);
    let attributes = fields.take("attributes");
    if let Some(node) = attributes
        && !matches!(node.value, NodeValue::Map(_))
    {
        wrong_type(node, "attributes", "a mapping", "", findings);
    }
    let tools = fields.take("tools").map(|node| {
        let names = texts(Some(node), "tools", findings);
        names.iter().map(|name| NamePattern::new(name)).collect()
    });
    let enabled = fields.take("enabled");
    let enabled = enabled.is_none_or(|node| truth(node, "enabled", findings).unwrap_or(false));
    fields.close(findings);
    let id = id?;
    let attributes = attributes.map_or_else(|| Value::Object(Map::new()), Node::to_value);
    let facts = json!({
        "id": id, "roles": roles, "attributes": attributes, "permissions": permissions,
    });
    let permissions: BTreeSet<String> = permissions.into_iter().collect();
    let client = Arc::new(Client::new(&id, facts, permissions, tools));
    Some(Known {
        id,
        key,
        enabled,
        client,
    })
}

fn id(node: &Node, findings: &mut Findings) -> Option<String> {
    let id = text(node, "id", findings)?;
    let is_sound = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.@".contains(&byte));
    if !is_sound || [NOBODY, LOCAL].contains(&id) {
        let message = format!("{} cannot be the id of a principal", tick(id));
        let help =
            "use 1 to 64 letters, digits, `_`, `-`, `.` and `@`; `local` and `nobody` are taken";
        findings.error("principal-id", node.span, message, help);
        return None;
    }
    Some(id.to_owned())
}

/// What stands there is not repeated: it may be the key itself.
fn key_hash(node: &Node, findings: &mut Findings) -> Option<KeyHash> {
    let hash = text(node, "key_sha256", findings).map(KeyHash::parse)?;
    if hash.is_none() {
        let message = "`key_sha256` must be 64 hexadecimal digits".to_owned();
        let help = "hash the key with `printf %s \"$TOLLGATE_KEY\" | sha256sum`";
        findings.error("key-hash", node.span, message, help);
    }
    hash
}

/// A list of texts that are not empty.
pub(crate) fn texts(node: Option<&Node>, name: &str, findings: &mut Findings) -> Vec<String> {
    let list = node.map_or(&[][..], |node| items(node, name, findings));
    let mut texts = Vec::new();
    for node in list {
        match text(node, name, findings) {
            Some("") => findings.error(
                "empty",
                node.span,
                format!("`{name}` has an empty entry"),
                "",
            ),
            Some(text) => texts.push(text.to_owned()),
            None => {}
        }
    }
    texts
}

/// The way out for an id that is not declared.
pub(crate) fn unknown_id(principals: &Principals, id: &str) -> String {
    let near = did_you_mean(id, principals.ids());
    let help = near.unwrap_or_else(|| crate::base::text::list(principals.ids()));
    format!("`tollgate.yaml` declares no principal {}: {help}", tick(id))
}

#[cfg(test)]
mod tests {
    use super::super::{
        super::principal::KeyHash,
        tests::{check, told},
    };
    use super::*;

    const HASH: &str = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";

    #[test]
    fn c2_everything_wrong_with_a_principal_is_told_and_no_key_is_repeated() {
        check(
            "principals:\n- {id: local, key_sha256: hunter2, role: [a]}\n- {id: a, attributes: 5, enabled: no}",
            &[
                "tollgate.yaml:2:8: error[principal-id]: `local` cannot be the id of a principal (use 1 to 64 letters, digits, `_`, `-`, `.` and `@`; `local` and `nobody` are taken)",
                "tollgate.yaml:2:27: error[key-hash]: `key_sha256` must be 64 hexadecimal digits (hash the key with `printf %s \"$TOLLGATE_KEY\" | sha256sum`)",
                "tollgate.yaml:2:36: error[unknown-key]: unknown key `role` (did you mean `roles`?)",
                "tollgate.yaml:3:3: error[missing-key]: `key_sha256` is missing",
                "tollgate.yaml:3:23: error[wrong-type]: `attributes` must be a mapping, not a number",
                "tollgate.yaml:3:35: error[wrong-type]: `enabled` must be true or false, not text (write `false` without quotes)",
            ],
        );
        let twice = format!("{{id: a, key_sha256: {HASH}}}");
        let other = format!("{{id: b, key_sha256: {HASH}}}");
        check(
            &format!("principals:\n- {twice}\n- {other}\n"),
            &[
                "tollgate.yaml:3:8: error[duplicate-key-hash]: `a` and `b` have one key (give each its own)",
            ],
        );
    }

    #[test]
    fn v32_without_a_known_key_one_is_nobody() {
        let text = format!(
            "principals: [{{id: ann, key_sha256: {HASH}, roles: [billing]}}, {{id: bob, key_sha256: {}, enabled: false}}]",
            HASH.replace('2', "3")
        );
        let (read, found) = told(&text);
        assert_eq!(found, Vec::<String>::new());
        let principals = &read.config.principals;
        let id = |claim: &Claim| principals.identify(claim).id.to_string();
        let ann = Claim::Key(Some(KeyHash::of(b"key")));
        assert_eq!(id(&ann), "ann");
        assert_eq!(principals.identify(&ann).facts["roles"], json!(["billing"]));
        assert_eq!(id(&Claim::Key(Some(KeyHash::of(b"kez")))), NOBODY);
        assert_eq!(id(&Claim::Key(None)), NOBODY);
        assert_eq!(id(&Claim::Named("ann".into())), "ann");
        assert_eq!(id(&Claim::Operator), LOCAL);
        let bob = principals.identify(&Claim::Named("bob".into()));
        assert!(bob.without_rights.is_some());
        assert_eq!(
            Principals::default()
                .identify(&Claim::Key(None))
                .id
                .as_str(),
            LOCAL
        );
        let (none, _) = told("principals: []");
        assert_eq!(none.config.principals.identify(&ann).id.as_str(), NOBODY);
    }
}
