//! What can be known to be wrong with an expression before it is ever run.

use std::collections::BTreeSet;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo,
    operators,
};
use serde_json::Value;

use super::{
    CLIENT, RuleProblem, Scope, TOOL,
    bindings::Sees,
    functions::{self, did_you_mean},
    parse,
    pattern::{self, Pattern},
    shape::{self, Literal},
};
use crate::base::{limits::RULE_LOOP_DEPTH_MAX, text};

/// What the walk has found out about a part of the expression.
#[derive(Default)]
struct Seen<'a> {
    /// The schema of its value, where known.
    schema: Option<&'a Value>,
    /// Loops that the value passes through.
    loops: usize,
    /// Where in the arguments it is, where it is nothing but that.
    path: Option<Vec<String>>,
    /// Its value, where it is written down.
    literal: Option<Literal>,
}

/// What the walk leaves behind.
#[derive(Default)]
pub(super) struct Found {
    /// The compiled patterns, in the order of their variables.
    pub(super) patterns: Vec<Pattern>,
    /// The places in the arguments that are read, as member names from the top.
    pub(super) reads: BTreeSet<Vec<String>>,
    /// What else is seen.
    pub(super) sees: Sees,
    /// It goes through a list or the names of an object.
    pub(super) loops: bool,
}

/// Checks the tree and rewrites `matches` to use compiled patterns. Without `places` a problem is said
/// to be at the beginning.
pub(super) fn lint(
    tree: &mut IdedExpr,
    places: Option<&SourceInfo>,
    scope: &Scope<'_>,
) -> Result<Found, RuleProblem> {
    let mut lint = Lint {
        scope,
        places,
        variables: Vec::new(),
        found: Found::default(),
    };
    let loops = lint.visit(tree)?.loops > 0;
    Ok(Found {
        loops,
        ..lint.found
    })
}

struct Lint<'a> {
    scope: &'a Scope<'a>,
    places: Option<&'a SourceInfo>,
    variables: Vec<(String, Option<&'a Value>)>,
    found: Found,
}

impl<'a> Lint<'a> {
    fn offset(&self, id: u64) -> usize {
        self.places.map_or(0, |places| parse::offset(places, id))
    }

    fn problem(&self, id: u64, message: String, help: String) -> RuleProblem {
        RuleProblem::new(self.offset(id), message, help)
    }

    /// Looks at a part whose value is used as a whole.
    fn visit(&mut self, node: &mut IdedExpr) -> Result<Seen<'a>, RuleProblem> {
        let seen = self.look(node)?;
        if let Some(path) = seen.path.as_ref().filter(|path| !path.is_empty()) {
            self.found.reads.insert(path.clone());
        }
        Ok(seen)
    }

    fn look(&mut self, node: &mut IdedExpr) -> Result<Seen<'a>, RuleProblem> {
        let id = node.id;
        match &mut node.expr {
            Expr::Unspecified | Expr::Struct(_) => Err(self.problem(
                id,
                "this form does not exist in a rule".to_owned(),
                String::new(),
            )),
            Expr::Literal(literal) => Ok(Seen {
                literal: shape::literal(literal),
                ..Seen::default()
            }),
            Expr::Ident(name) => self.name(id, name),
            Expr::Select(select) => self.select(id, select),
            Expr::Call(call) => self.call(id, call),
            Expr::Comprehension(looped) => self.comprehension(id, looped),
            Expr::List(list) => self.all(list.elements.iter_mut()),
            Expr::Map(map) => {
                let mut loops = 0;
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        loops = loops.max(self.visit(&mut entry.key)?.loops);
                        loops = loops.max(self.visit(&mut entry.value)?.loops);
                    }
                }
                Ok(Seen {
                    loops,
                    ..Seen::default()
                })
            }
        }
    }

    fn all<'n>(
        &mut self,
        nodes: impl Iterator<Item = &'n mut IdedExpr>,
    ) -> Result<Seen<'a>, RuleProblem> {
        let mut loops = 0;
        for node in nodes {
            loops = loops.max(self.visit(node)?.loops);
        }
        Ok(Seen {
            loops,
            ..Seen::default()
        })
    }

    fn name(&mut self, id: u64, name: &str) -> Result<Seen<'a>, RuleProblem> {
        if let Some((_, schema)) = self.variables.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(Seen {
                schema: *schema,
                ..Seen::default()
            });
        }
        let (schema, path) = match name {
            "args" => (Some(self.scope.args), Some(Vec::new())),
            "client" if self.scope.is_of_call => (Some(&*CLIENT), None),
            "tool" if self.scope.is_of_call => (Some(&*TOOL), None),
            "now" if self.scope.is_of_call => (None, None),
            "result" if self.scope.result.is_some() => (self.scope.result.as_ref(), None),
            _ => {
                let known = self.scope.names();
                let under_args = shape::members(self.scope.args, self.scope.args);
                let help = if under_args.contains(&name) {
                    format!("did you mean `args.{name}`?")
                } else {
                    did_you_mean(name, known.iter().copied())
                        .unwrap_or_else(|| format!("a rule can read {}", text::list(known)))
                };
                return Err(self.problem(id, format!("unknown name `{name}`"), help));
            }
        };
        let sees = &mut self.found.sees;
        sees.client |= name == "client";
        sees.tool |= name == "tool";
        sees.now |= name == "now";
        Ok(Seen {
            schema,
            path,
            ..Seen::default()
        })
    }

    fn select(&mut self, id: u64, select: &mut SelectExpr) -> Result<Seen<'a>, RuleProblem> {
        let operand = self.look(&mut select.operand)?;
        let seen = self.member(id, operand, &select.field)?;
        if select.test {
            // `has(...)` gives a boolean; that it reads the member is still worth telling.
            self.found.reads.extend(seen.path);
            return Ok(Seen {
                loops: seen.loops,
                ..Seen::default()
            });
        }
        Ok(seen)
    }

    fn member(&self, id: u64, of: Seen<'a>, name: &str) -> Result<Seen<'a>, RuleProblem> {
        let root = self.scope.args;
        let schema = match of.schema.map(|schema| shape::member(root, schema, name)) {
            None | Some(shape::Member::Any) => None,
            Some(shape::Member::Declared(schema)) => Some(schema),
            Some(shape::Member::Missing) => {
                let known = of
                    .schema
                    .map(|schema| shape::members(root, schema))
                    .unwrap_or_default();
                let help = did_you_mean(name, known)
                    .unwrap_or_else(|| format!("declare `{name}` in `inputSchema` first"));
                return Err(self.problem(id, format!("there is no member `{name}` here"), help));
            }
            Some(shape::Member::NotAnObject(is)) => {
                let message = format!("`{name}` is read from a value of type {is}");
                return Err(self.problem(id, message, "only an object has members".to_owned()));
            }
        };
        let path = of.path.map(|mut path| {
            path.push(name.to_owned());
            path
        });
        Ok(Seen {
            schema,
            loops: of.loops,
            path,
            literal: None,
        })
    }

    fn call(&mut self, id: u64, call: &mut CallExpr) -> Result<Seen<'a>, RuleProblem> {
        let index = self.found.patterns.len();
        if let Some(source) = pattern::take_literal(call, index) {
            let at = call.args.last().map_or(0, |last| self.offset(last.id));
            self.found.patterns.push(Pattern::compile(&source, at)?);
            self.variables.push((pattern::variable(index), None));
            let seen = self.all(call.args.iter_mut());
            self.variables.pop();
            return seen;
        }
        if let Some((message, help)) = functions::refusal(&call.func_name) {
            return Err(self.problem(id, message, help));
        }
        let name = call.func_name.as_str();
        if let [of, at] = call.args.as_mut_slice()
            && [
                operators::INDEX,
                operators::OPT_INDEX,
                operators::OPT_SELECT,
            ]
            .contains(&name)
        {
            return self.index(id, of, at);
        }
        if let [left, right] = call.args.as_mut_slice() {
            let (a, b) = (self.visit(left)?, self.visit(right)?);
            self.compare(id, name, (&a, left), (&b, right))?;
            return Ok(Seen {
                loops: a.loops.max(b.loops),
                ..Seen::default()
            });
        }
        let passes_on = matches!(name, "orValue" | "value");
        let target = match &mut call.target {
            Some(target) => self.visit(target)?,
            None => Seen::default(),
        };
        let arguments = self.all(call.args.iter_mut())?;
        Ok(Seen {
            schema: target.schema.filter(|_| passes_on),
            loops: target.loops.max(arguments.loops),
            ..Seen::default()
        })
    }

    fn index(
        &mut self,
        id: u64,
        of: &mut IdedExpr,
        at: &mut IdedExpr,
    ) -> Result<Seen<'a>, RuleProblem> {
        let seen = self.look(of)?;
        if let Expr::Literal(LiteralValue::String(name)) = &at.expr {
            return self.member(id, seen, name.inner());
        }
        let loops = self.visit(at)?.loops.max(seen.loops);
        self.found
            .reads
            .extend(seen.path.filter(|path| !path.is_empty()));
        let root = self.scope.args;
        Ok(Seen {
            schema: seen.schema.and_then(|schema| shape::items(root, schema)),
            loops,
            ..Seen::default()
        })
    }

    fn compare(
        &self,
        id: u64,
        operator: &str,
        left: (&Seen<'a>, &IdedExpr),
        right: (&Seen<'a>, &IdedExpr),
    ) -> Result<(), RuleProblem> {
        let ordered = [
            operators::EQUALS,
            operators::NOT_EQUALS,
            operators::LESS,
            operators::LESS_EQUALS,
            operators::GREATER,
            operators::GREATER_EQUALS,
        ];
        if operator == operators::IN
            && let Expr::List(list) = &right.1.expr
        {
            let literals = list.elements.iter().filter_map(|item| match &item.expr {
                Expr::Literal(literal) => shape::literal(literal),
                _ => None,
            });
            return literals
                .into_iter()
                .try_for_each(|literal| self.fits(id, left.0, &literal));
        }
        if !ordered.contains(&operator) {
            return Ok(());
        }
        match (&left.0.literal, &right.0.literal) {
            (None, Some(literal)) => self.fits(id, left.0, literal),
            (Some(literal), None) => self.fits(id, right.0, literal),
            (None, None) | (Some(_), Some(_)) => Ok(()),
        }
    }

    fn fits(&self, id: u64, seen: &Seen<'a>, literal: &Literal) -> Result<(), RuleProblem> {
        let Some(schema) = seen.schema else {
            return Ok(());
        };
        match shape::mismatch(self.scope.args, schema, literal) {
            Some((message, help)) => Err(self.problem(id, message, help)),
            None => Ok(()),
        }
    }

    fn comprehension(
        &mut self,
        id: u64,
        looped: &mut ComprehensionExpr,
    ) -> Result<Seen<'a>, RuleProblem> {
        let range = self.visit(&mut looped.iter_range)?;
        let root = self.scope.args;
        let item = range.schema.and_then(|schema| shape::items(root, schema));
        let before = self.variables.len();
        self.variables.push((looped.accu_var.clone(), None));
        self.variables.push((looped.iter_var.clone(), item));
        let parts = [
            &mut looped.accu_init,
            &mut looped.loop_cond,
            &mut looped.loop_step,
            &mut looped.result,
        ];
        let body = self.all(parts.into_iter())?;
        self.variables.truncate(before);
        let loops = 1 + range.loops.max(body.loops);
        if loops > RULE_LOOP_DEPTH_MAX {
            return Err(self.problem(
                id,
                format!("more than {RULE_LOOP_DEPTH_MAX} loops inside each other or in a row"),
                "split it into several rules".to_owned(),
            ));
        }
        Ok(Seen {
            loops,
            ..Seen::default()
        })
    }
}
