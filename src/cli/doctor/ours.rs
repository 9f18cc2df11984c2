//! Definitions, state folder, ledger and system.

use std::{path::Path, sync::Arc};

use super::{Finding, Subject, Weight};
use crate::{
    base::{
        kernel::{care, confinement, sees_permissions},
        text,
    },
    catalog::{
        diagnostic::Severity,
        load::Loaded,
        permission,
        principal::Claim,
        tool::{Run, Tool},
    },
    cli::{compose::Declarations, locate},
    ledger::{
        LedgerError,
        log::{CallFilter, Order},
        sqlite::{
            audit::{
                anchor::Anchors,
                chain::{Verdict, Whole},
            },
            health::{self, Health},
            read::LogReader,
        },
    },
};

/// 2025-01-01: a clock that is before this is not set.
const SANE_MICROS: i64 = 1_735_689_600_000_000;

/// The folder of definitions, the configuration, the lock.
pub(super) fn definitions(subject: &Subject) -> Vec<Finding> {
    const AREA: &str = "definitions";
    let declared = match Declarations::find(subject.tools.clone(), Claim::Operator) {
        Ok(declared) => declared,
        Err(error) => {
            let finding = Finding::new(AREA, Weight::Error, error.to_string());
            return vec![finding.way_out("tollgate init")];
        }
    };
    let shown = declared.tools.display().to_string();
    if let Err(error) = declared.check_lock() {
        let way_out = "see what was approved in a copy of it, or `tollgate lock` to approve anew";
        let finding = Finding::new("lock", Weight::Error, error.to_string());
        return vec![finding.way_out(way_out)];
    }
    let loaded = declared.load();
    let mut findings = vec![of_diagnostics(AREA, &shown, &loaded)];
    let unapproved = loaded.catalog.unapproved();
    if declared.lock.is_some() {
        findings.push(if unapproved == 0 {
            Finding::new("lock", Weight::Fine, "every tool is as it was approved")
        } else {
            let tools = text::count(unapproved, "tool");
            let what = format!("{tools} that are not as approved, and so not offered");
            Finding::new("lock", Weight::Warning, what).way_out("tollgate lock diff")
        });
    }
    findings.extend(of_sandboxes(&loaded));
    findings
}

fn of_diagnostics(area: &'static str, shown: &str, loaded: &Loaded) -> Finding {
    let of = |severity: Severity| {
        let found = loaded.diagnostics.iter();
        found.filter(|one| one.severity == severity).count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let tools = text::count(loaded.catalog.listed().count(), "tool");
    let what = format!(
        "{shown}: {tools} offered, {}, {}",
        text::count(errors, "error"),
        text::count(warnings, "warning")
    );
    let weight = match (errors, warnings) {
        (0, 0) => return Finding::new(area, Weight::Fine, what),
        (0, _) => Weight::Warning,
        (_, _) => Weight::Error,
    };
    Finding::new(area, weight, what).way_out("tollgate validate-config")
}

/// Tools whose sandbox this kernel cannot give.
fn of_sandboxes(loaded: &Loaded) -> Option<Finding> {
    let can = confinement();
    let lacks_one = |run: &Run| match run {
        Run::Exec(plan) => plan.sandbox.as_ref().is_some_and(|sandbox| {
            sandbox.files.is_some() && !can.files || !sandbox.network && !can.network
        }),
        Run::Reply(_) | Run::Sql(_) | Run::Http(_) | Run::Steps(_) | Run::Fetch => false,
    };
    let lacks = |tool: &&Arc<Tool>| tool.run.parts().into_iter().any(lacks_one);
    let names: Vec<&str> = loaded
        .catalog
        .listed()
        .filter(lacks)
        .map(|tool| tool.name.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        let what = format!(
            "this kernel cannot confine what {} start",
            text::list(names)
        );
        let way_out = "a kernel with Landlock (files 5.13, network 6.7), or `require: true` to \
                       refuse such calls";
        Finding::new("sandbox", Weight::Warning, what).way_out(way_out)
    })
}

/// The state folder and the ledger in it.
pub(super) fn state(subject: &Subject) -> Vec<Finding> {
    const AREA: &str = "state";
    let dir = match locate::state(subject.state.clone(), &subject.environment) {
        Ok(dir) => dir,
        Err(error) => {
            let finding = Finding::new(AREA, Weight::Error, error.to_string());
            return vec![finding.way_out("--state DIR")];
        }
    };
    let shown = dir.display();
    if let Some(trouble) = health::directory_trouble(&dir) {
        let way_out = format!("chmod 700 {shown}, or another folder with `--state DIR`");
        return vec![Finding::new(AREA, Weight::Error, trouble).way_out(way_out)];
    }
    if !dir.exists() {
        let what = format!("{shown} is not there yet; the first call makes it");
        return vec![Finding::new(AREA, Weight::Note, what)];
    }
    let mut findings = vec![found_state(&dir, sees_permissions())];
    findings.extend(of_health(&health::look(&dir)));
    match of_ledger(&dir, subject) {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::new("ledger", Weight::Error, error.to_string())),
    }
    findings
}

/// A state folder that nothing is wrong with, as far as somebody looked.
fn found_state(dir: &Path, are_seen: bool) -> Finding {
    let shown = dir.display();
    match are_seen {
        true => Finding::new("state", Weight::Fine, format!("{shown} is for you only")),
        false => Finding::new("state", Weight::Fine, format!("{shown} is a folder")),
    }
}

fn of_health(health: &Health) -> Vec<Finding> {
    const AREA: &str = "ledger";
    let mut findings = Vec::new();
    let mut add = |weight, what: String, way_out: &str| {
        findings.push(Finding::new(AREA, weight, what).way_out(way_out));
    };
    if let Some(trouble) = &health.trouble {
        let what = format!("it cannot be used: {trouble}");
        add(
            Weight::Error,
            what,
            "see whether its disk is full or failing, and whose the files are",
        );
    }
    if health.emergency_rows > 0 {
        let rows = text::count(health.emergency_rows, "end");
        let what = format!("{rows} of calls wait beside it");
        add(
            Weight::Error,
            what,
            "make room on the disk; the next call takes them in",
        );
    }
    let unresolved = health.unknown + health.attention;
    if unresolved > 0 {
        let what = format!("{unresolved} operations whose outcome nobody knows");
        add(Weight::Warning, what, "tollgate ops list");
    }
    for breaker in health.breakers_open() {
        let what = format!(
            "the backend `{}` is left alone ({})",
            breaker.backend, breaker.phase
        );
        add(Weight::Warning, what, "tollgate breaker list");
    }
    for budget in health.budgets_near() {
        let (scope, period) = (&budget.scope, budget.period.as_str());
        let what = format!("the budget for {scope} ({period}) is nearly spent");
        add(Weight::Warning, what, "tollgate budget list");
    }
    findings
}

fn of_ledger(dir: &Path, subject: &Subject) -> Result<Vec<Finding>, LedgerError> {
    let Some(reader) = LogReader::open_if_any(dir)? else {
        return Ok(Vec::new());
    };
    let chain = match reader.verify(&Anchors::default())? {
        Verdict::Whole(Whole { events, .. }) => {
            let what = format!("{events} events, each as it was written");
            Finding::new("audit", Weight::Fine, what)
        }
        Verdict::Broken { seq, fault, .. } => {
            let what = format!("broken at event {seq}: {}", fault.as_str());
            let way_out = "keep a copy of the state folder, and find out who wrote to it";
            Finding::new("audit", Weight::Error, what).way_out(way_out)
        }
    };
    let newest = CallFilter {
        limit: Some(1),
        order: Order::NewestFirst,
        ..CallFilter::default()
    };
    let last = reader.calls(&newest).next().transpose()?;
    let ahead = last.filter(|call| call.received > subject.now);
    let clock = ahead.map(|call| {
        let at = call.received.rfc3339();
        let what = format!("the last call came at {at}, which has yet to be: the clock went back");
        Finding::new("clock", Weight::Warning, what).way_out("set the clock of this machine")
    });
    let keys = of_keys(reader.overlooked()?);
    Ok(std::iter::once(chain).chain(clock).chain(keys).collect())
}

/// What the index of keys lacks.
fn of_keys(overlooked: u64) -> Option<Finding> {
    let operations = text::count(
        usize::try_from(overlooked).unwrap_or(usize::MAX),
        "operation",
    );
    let what = format!("the index of keys lacks {operations}, which a repetition would do again");
    let way_out = "end all servers on it, then `sqlite3 ledger.db 'UPDATE key_index_end SET row = 0'` in the state \
        folder: it is made anew; and find out who wrote to it";
    (overlooked > 0).then(|| Finding::new("ledger", Weight::Error, what).way_out(way_out))
}

/// Who runs this, on what, at what time.
pub(super) fn system(subject: &Subject) -> Vec<Finding> {
    const AREA: &str = "system";
    let mut findings = Vec::new();
    if permission::is_root() {
        let what = "this is root, and so is every program that a tool starts";
        let way_out = "another user, and `require_unprivileged: true` in `tollgate.yaml`";
        findings.push(Finding::new("user", Weight::Warning, what).way_out(way_out));
    }
    findings.extend(unseen_permissions(sees_permissions()));
    let yes = |can: bool| if can { "yes" } else { "no" };
    let (can, does) = (confinement(), care());
    let what = format!(
        "confines files: {}, network: {}; starts programs: {}, finds what they leave: {}",
        yes(can.files),
        yes(can.network),
        yes(does.starts),
        yes(does.sweeps)
    );
    let is_whole = can.files && can.network && does.starts && does.sweeps;
    findings.push(if is_whole {
        Finding::new(AREA, Weight::Fine, what)
    } else {
        let way_out = "`sandbox` needs Linux with Landlock; `require: true` refuses without it";
        Finding::new(AREA, Weight::Note, what).way_out(way_out)
    });
    if subject.now.as_micros() < SANE_MICROS {
        let what = format!("it is {}, says this machine", subject.now.rfc3339());
        let way_out = "set the clock: budgets, operation keys and the log go by it";
        findings.push(Finding::new("clock", Weight::Error, what).way_out(way_out));
    }
    findings
}

/// That nobody looked who may reach the files, where the system does not show it.
fn unseen_permissions(are_seen: bool) -> Option<Finding> {
    let (what, way_out) = permission::unseen(are_seen)?;
    Some(Finding::new("permissions", Weight::Note, what).way_out(way_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_files_are_safe_where_nobody_looked() {
        let state = |are_seen| found_state(Path::new("s"), are_seen).what;
        assert_eq!(state(true), "s is for you only");
        assert_eq!(state(false), "s is a folder");
        assert_eq!(unseen_permissions(true), None);
        let told = unseen_permissions(false).unwrap();
        assert_eq!((told.area, told.weight), ("permissions", Weight::Note));
        assert!(told.what.contains("state folder is not looked at"));
        assert!(told.way_out.is_some());
    }
}
