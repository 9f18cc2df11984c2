//! The statement behind a tool: one, of the kind it says, with every parameter filled.

use std::sync::Arc;

use super::{
    super::{
        definition::{Spanned, SqlDefinition},
        diagnostic::{Findings, Span, did_you_mean, tick},
        plan::{SqlAccess, SqlPlan},
        sql::{self, Dialect, Statement},
        surroundings::{Database, Inspected, Place, Surroundings},
        template::JsonTemplate,
        tool::Effect,
    },
    placeholder::Placeholders,
};
use crate::base::{secret::Secret, text::list};

/// What a query may begin with.
const READS: &[&str] = &["select", "with", "values"];
/// What a statement that writes may begin with.
const SQLITE_WRITES: &[&str] = &["insert", "update", "delete", "replace", "with"];
/// The same for PostgreSQL.
const POSTGRES_WRITES: &[&str] = &["insert", "update", "delete", "merge", "with"];

/// Compiles `written` for something of this effect; `None` when there is any error.
pub(super) fn compile(
    written: &SqlDefinition<'_>,
    effect: Effect,
    placeholders: &Placeholders<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Arc<SqlPlan>> {
    let before = findings.errors();
    let database = database(written.database, around, findings);
    check_effect(written, effect, findings);
    let dialect = database.as_ref().map_or(Dialect::Sqlite, dialect);
    let statement = statement(written.text, dialect, findings)?;
    check_verb(written, dialect, &statement, findings);
    let params = params(written, &statement, placeholders, findings);
    let access = match written.writes {
        false => SqlAccess::Read,
        true => SqlAccess::Write {
            expect_rows: written.expect_rows,
            marker: written.marker,
        },
    };
    let database = database?;
    let plan = Arc::new(SqlPlan {
        password: password(&database, written, around, findings),
        database,
        text: match dialect {
            Dialect::Sqlite => written.text.text.to_owned(),
            Dialect::Postgres => statement.numbered,
        },
        access,
        params,
        rows_max: written.rows_max,
    });
    if findings.errors() == before
        && let Some(inspect) = &around.inspect_sql
    {
        told(inspect(&plan), written, findings);
    }
    (findings.errors() == before).then_some(plan)
}

fn database(
    name: Spanned<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Arc<Database>> {
    let found = around.config.databases.get(name.text);
    if found.is_none() {
        let known = || around.config.databases.names();
        let message = format!("there is no database {}", tick(name.text));
        let help = did_you_mean(name.text, known()).unwrap_or_else(|| match known().count() {
            0 => "declare it under `databases` in `tollgate.yaml`".to_owned(),
            _ => format!("declared in `tollgate.yaml` are {}", list(known())),
        });
        findings.error("database", name.span, message, &help);
    }
    found.cloned()
}

fn dialect(database: &Arc<Database>) -> Dialect {
    match database.place {
        Place::Sqlite(_) => Dialect::Sqlite,
        Place::Postgres(_) => Dialect::Postgres,
    }
}

/// The password of the gate's role. A build that does not speak to servers says so here.
fn password(
    database: &Database,
    written: &SqlDefinition<'_>,
    around: &Surroundings<'_>,
    findings: &mut Findings,
) -> Option<Secret> {
    let Place::Postgres(server) = &database.place else {
        return None;
    };
    let span = written.database.span;
    if !cfg!(feature = "postgres") {
        let message = format!(
            "database {} is on PostgreSQL, which this build of tollgate does not speak",
            tick(&database.name)
        );
        let help = "build one that does: `cargo build --release --features postgres`";
        findings.error("database", span, message, help);
        return None;
    }
    let read = around.secrets.read(server.password.as_ref()?);
    read.map_err(|(message, help)| findings.error("secret", span, message, help))
        .ok()
}

/// C12: what is declared to read may not write.
fn check_effect(written: &SqlDefinition<'_>, effect: Effect, findings: &mut Findings) {
    if written.writes && effect == Effect::Read {
        let message = "what reads cannot have a `statement`".to_owned();
        let help = "write `query`, or set `effect: write`";
        findings.error("sql", written.text.span, message, help);
    }
}

fn statement(text: Spanned<'_>, dialect: Dialect, findings: &mut Findings) -> Option<Statement> {
    match sql::read(text.text, dialect) {
        Ok(statement) => Some(statement),
        Err((wrong, at)) => {
            let (message, help) = wrong.words();
            let piece = text.text.get(at..).unwrap_or_default();
            let piece = piece.lines().next().unwrap_or_default();
            let span = findings.narrow(text.span, piece);
            findings.error("sql", span, message.to_owned(), help);
            None
        }
    }
}

fn check_verb(
    written: &SqlDefinition<'_>,
    dialect: Dialect,
    statement: &Statement,
    findings: &mut Findings,
) {
    let (key, allowed) = match (written.writes, dialect) {
        (false, _) => ("query", READS),
        (true, Dialect::Sqlite) => ("statement", SQLITE_WRITES),
        (true, Dialect::Postgres) => ("statement", POSTGRES_WRITES),
    };
    if !allowed.contains(&statement.verb.as_str()) {
        let message = format!(
            "a `{key}` cannot begin with {}",
            tick(&statement.verb.to_uppercase())
        );
        let help = format!("it begins with {}", list(allowed.iter().copied()));
        findings.error("sql", written.text.span, message, &help);
    }
}

/// A value for each parameter: the one that is written under `params`, else the argument of
/// the same name.
fn params(
    written: &SqlDefinition<'_>,
    statement: &Statement,
    placeholders: &Placeholders<'_>,
    findings: &mut Findings,
) -> Vec<(String, JsonTemplate)> {
    let bare = |parameter: &str| parameter.chars().skip(1).collect::<String>();
    let names: Vec<String> = statement.parameters.iter().map(|one| bare(one)).collect();
    for entry in written.params {
        if !names.contains(&entry.key) {
            let message = format!("the statement has no parameter {}", tick(&entry.key));
            let known = names.iter().map(String::as_str);
            let help = did_you_mean(&entry.key, known).unwrap_or_default();
            findings.error("sql", entry.key_span, message, &help);
        }
    }
    let filled = statement.parameters.iter().zip(&names);
    filled
        .filter_map(|(parameter, name)| {
            let given = written.params.iter().find(|entry| entry.key == *name);
            let value = match given {
                Some(entry) => placeholders.json(&entry.value, findings),
                None => {
                    let span = parameter_span(written.text, parameter, findings);
                    placeholders.argument_named(name, span, findings)
                }
            };
            Some((parameter.clone(), value?))
        })
        .collect()
}

fn parameter_span(text: Spanned<'_>, parameter: &str, findings: &Findings) -> Span {
    findings.narrow(text.span, parameter)
}

fn told(inspected: Inspected, written: &SqlDefinition<'_>, findings: &mut Findings) {
    match inspected {
        Inspected::Sound => {}
        Inspected::Refused(message, help) => {
            findings.error("sql", written.text.span, message, help);
        }
        Inspected::Open(message) => {
            let help = "it is looked at again when the tool is called";
            findings.warn("database", written.database.span, message, help);
        }
    }
}
