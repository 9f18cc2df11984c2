//! From the subschemas to the facts: each place is the set of subschemas that apply to it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    super::{
        SchemaProblem,
        walk::{Positions, resolve},
    },
    Facts, Kind, Node, complete_defaults,
};
use crate::base::{json::push_pointer, limits::SCHEMA_NODES_MAX};

/// Gathers the facts of the schema whose subschemas stand at `positions`.
///
/// # Errors
/// Keywords of ours that have no effect, kinds that contradict each other, defaults without end.
pub(in crate::catalog::schema) fn gather(
    positions: &Positions<'_>,
) -> Result<Facts, Vec<SchemaProblem>> {
    let mut builder = Builder {
        positions,
        nodes: Vec::new(),
        known: HashMap::new(),
        reached: HashSet::new(),
        problems: Vec::new(),
    };
    builder.build();
    builder.report_unreached();
    builder.nodes.shrink_to_fit();
    let facts = Facts {
        any_secret: builder.nodes.iter().any(|node| node.secret),
        nodes: builder.nodes,
    };
    if !builder.problems.is_empty() {
        return Err(builder.problems);
    }
    complete_defaults(facts).map_err(|problem| vec![problem])
}

/// A set of subschemas that all apply to one place, as pointers in order.
type Set = Vec<String>;

struct Builder<'a> {
    positions: &'a Positions<'a>,
    nodes: Vec<Node>,
    known: HashMap<Set, usize>,
    reached: HashSet<String>,
    problems: Vec<SchemaProblem>,
}

impl Builder<'_> {
    fn build(&mut self) {
        let mut open = Vec::new();
        self.id_of(vec![String::new()], &mut open);
        while let Some((id, set)) = open.pop() {
            if self.nodes.len() > SCHEMA_NODES_MAX {
                self.problems.push(SchemaProblem::new(
                    "",
                    format!("the references make more than {SCHEMA_NODES_MAX} different places"),
                    "use fewer `allOf` and `$ref` inside each other",
                ));
                return;
            }
            let (members, others) = self.members(&set, &mut open);
            let (first_items, items) = self.items(&set, &mut open);
            if let Some(node) = self.nodes.get_mut(id) {
                node.members = members;
                node.others = others;
                node.first_items = first_items;
                node.items = items;
            }
        }
    }

    /// The number of the node for `start` and all that `$ref` and `allOf` add to it.
    fn id_of(&mut self, start: Set, open: &mut Vec<(usize, Set)>) -> usize {
        let set = self.closure(start);
        if let Some(&id) = self.known.get(&set) {
            return id;
        }
        let id = self.nodes.len();
        let node = self.own_facts(&set);
        self.nodes.push(node);
        self.known.insert(set.clone(), id);
        open.push((id, set));
        id
    }

    fn closure(&mut self, start: Set) -> Set {
        let mut set = Set::new();
        let mut open: Vec<String> = start.into_iter().rev().collect();
        while let Some(pointer) = open.pop() {
            if set.contains(&pointer) {
                continue;
            }
            if let Some(schema) = self.positions.get(&pointer) {
                let parts = schema.get("allOf").and_then(Value::as_array);
                let parts = 0..parts.map_or(0, Vec::len);
                open.extend(parts.rev().map(|at| format!("{pointer}/allOf/{at}")));
                let reference = schema.get("$ref").and_then(Value::as_str);
                open.extend(reference.and_then(|reference| resolve(self.positions, reference)));
                self.reached.insert(pointer.clone());
                set.push(pointer);
            }
        }
        set
    }

    fn schema(&self, pointer: &str) -> Option<&Map<String, Value>> {
        self.positions.get(pointer)?.as_object()
    }

    fn first<'s>(&'s self, set: &Set, keyword: &str) -> Option<&'s Value> {
        set.iter()
            .find_map(|pointer| self.schema(pointer)?.get(keyword))
    }

    fn own_facts(&mut self, set: &Set) -> Node {
        let is_true = |keyword: &str| {
            set.iter().any(|pointer| {
                self.schema(pointer).and_then(|s| s.get(keyword)) == Some(&true.into())
            })
        };
        let kind = self.kind(set);
        let secret = is_true("x-secret") || is_true("writeOnly") || kind == Some("secret");
        let strict = is_true("x-strict-text");
        let words = |keyword: &str, otherwise: &[&str]| match self.first(set, keyword) {
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(|item| Some(item.as_str()?.to_ascii_lowercase()))
                .collect(),
            _ => otherwise.iter().map(|&word| word.to_owned()).collect(),
        };
        let kind = match kind {
            _ if secret => Kind::Secret,
            Some("identifier") => Kind::Identifier {
                shaped: ["pattern", "enum", "const", "format"]
                    .iter()
                    .any(|keyword| self.first(set, keyword).is_some()),
            },
            Some("path") => Kind::Path,
            Some("url") => Kind::Url {
                schemes: words("x-schemes", &["https"]),
                hosts: words("x-hosts", &[]),
            },
            _ => Kind::Text { strict },
        };
        let default = self.first(set, "default").cloned();
        self.contradictions(set);
        Node {
            kind,
            secret,
            default,
            defaults: Vec::new(),
            members: HashMap::new(),
            others: None,
            first_items: Vec::new(),
            items: None,
        }
    }

    fn kind(&self, set: &Set) -> Option<&str> {
        self.first(set, "x-kind").and_then(Value::as_str)
    }

    fn contradictions(&mut self, set: &Set) {
        let kinds = set
            .iter()
            .filter_map(|pointer| Some((pointer, self.schema(pointer)?.get("x-kind")?.as_str()?)));
        let mut kinds: Vec<(String, String)> = kinds
            .map(|(pointer, kind)| (pointer.clone(), kind.to_owned()))
            .collect();
        kinds.dedup_by(|a, b| a.1 == b.1);
        if let [(_, first), (pointer, second), ..] = kinds.as_slice() {
            self.problems.push(SchemaProblem::new(
                pointer,
                format!("the value is of kind `{first}` and of kind `{second}` at once"),
                "keep one `x-kind`",
            ));
        }
    }

    fn members(
        &mut self,
        set: &Set,
        open: &mut Vec<(usize, Set)>,
    ) -> (HashMap<String, usize>, Option<usize>) {
        let mut names: Vec<String> = Vec::new();
        for pointer in set {
            let properties = self.schema(pointer).and_then(|s| s.get("properties"));
            if let Some(Value::Object(properties)) = properties {
                names.extend(properties.keys().cloned());
            }
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        let mut members = HashMap::new();
        for name in names {
            let below: Set = set
                .iter()
                .filter_map(|pointer| {
                    let mut named = format!("{pointer}/properties");
                    push_pointer(&mut named, &name);
                    if self.positions.contains_key(&named) {
                        Some(named)
                    } else {
                        self.rest(pointer)
                    }
                })
                .collect();
            let id = self.id_of(below, open);
            members.insert(name, id);
        }
        let rest: Set = set
            .iter()
            .filter_map(|pointer| self.rest(pointer))
            .collect();
        let others = (!rest.is_empty()).then(|| self.id_of(rest, open));
        (members, others)
    }

    /// Where the members are described that `properties` of the schema at `pointer` does not
    /// name. Beside `patternProperties` it depends on the name, so it is not followed there.
    fn rest(&self, pointer: &str) -> Option<String> {
        let schema = self.schema(pointer)?;
        let follow = schema.get("additionalProperties")?.is_object()
            && !schema.contains_key("patternProperties");
        follow.then(|| format!("{pointer}/additionalProperties"))
    }

    fn items(&mut self, set: &Set, open: &mut Vec<(usize, Set)>) -> (Vec<usize>, Option<usize>) {
        let layout: Vec<(String, usize, String)> = set
            .iter()
            .filter_map(|pointer| {
                let schema = self.schema(pointer)?;
                let length = |key: &str| Some(schema.get(key)?.as_array()?.len());
                // Up to draft-07 `items` may be the array that 2020-12 calls `prefixItems`.
                Some(match length("items") {
                    Some(first) => (
                        format!("{pointer}/items"),
                        first,
                        format!("{pointer}/additionalItems"),
                    ),
                    None => (
                        format!("{pointer}/prefixItems"),
                        length("prefixItems").unwrap_or(0),
                        format!("{pointer}/items"),
                    ),
                })
            })
            .collect();
        let longest = layout.iter().map(|(_, first, _)| *first).max().unwrap_or(0);
        let below = |index: usize| -> Set {
            let one = |(list, first, rest): &(String, usize, String)| match index < *first {
                true => format!("{list}/{index}"),
                false => rest.clone(),
            };
            let found = layout.iter().map(one);
            found.filter(|at| self.positions.contains_key(at)).collect()
        };
        let sets: Vec<Set> = (0..=longest).map(below).collect();
        let mut ids = sets.into_iter().map(|set| self.id_of(set, open));
        let first_items: Vec<usize> = ids.by_ref().take(longest).collect();
        let items = ids.next();
        (first_items, items)
    }

    fn report_unreached(&mut self) {
        const OURS: [&str; 6] = [
            "x-kind",
            "x-secret",
            "x-strict-text",
            "x-schemes",
            "x-hosts",
            "writeOnly",
        ];
        for (pointer, schema) in self.positions {
            let ours = OURS.iter().find(|keyword| schema.get(keyword).is_some());
            if let Some(keyword) = ours
                && !self.reached.contains(pointer)
            {
                let mut at = pointer.clone();
                push_pointer(&mut at, keyword);
                self.problems.push(SchemaProblem::new(
                    &at,
                    format!("`{keyword}` has no effect here"),
                    "write it where `properties`, `items`, `$ref` or `allOf` lead to, \
                     outside `anyOf`, `oneOf`, `if` and `patternProperties`",
                ));
            }
        }
    }
}
