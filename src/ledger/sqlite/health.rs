//! How things stand with a ledger, looked at from outside.

use std::path::{Path, PathBuf};

use super::{
    emergency, files,
    read::LogReader,
    restraint::{BreakerView, BudgetView},
};
use crate::base::{
    clock::{Clock as _, SystemClock},
    limits::BUDGET_NEAR_PERCENT,
};

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The state directory.
    pub(crate) dir: PathBuf,
    /// Why the ledger cannot be used.
    pub(crate) trouble: Option<String>,
    /// Ends of calls that wait beside the ledger.
    pub(crate) emergency_rows: usize,
    /// Operations whose outcome nobody knows.
    pub(crate) unknown: u64,
    /// Operations that a person must look at.
    pub(crate) attention: u64,
    /// Calls under way.
    pub(crate) running: u64,
    /// Calls whose process died, and which nobody has settled yet.
    pub(crate) abandoned: u64,
    /// All breakers that there are.
    pub(crate) breakers: Vec<BreakerView>,
    /// All budgets that were used.
    pub(crate) budgets: Vec<BudgetView>,
}

/// All of it in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing to do.
    Fine,
    /// A person should look at something.
    Attention,
    /// The ledger cannot be written: nothing with an effect is run.
    Degraded,
}

impl Verdict {
    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Attention => "attention",
            Self::Degraded => "degraded",
        }
    }
}

/// Why `dir` could not hold a ledger; nothing where it could, or is not there yet.
pub(crate) fn directory_trouble(dir: &Path) -> Option<String> {
    files::directory_trouble(dir)
}

/// Looks at the ledger of `dir`; one that was never used is fine.
pub(crate) fn look(dir: &Path) -> Health {
    let mut health = Health {
        dir: dir.to_owned(),
        emergency_rows: emergency::rows(dir),
        ..Health::default()
    };
    match LogReader::open_if_any(dir) {
        Ok(None) => {}
        Ok(Some(reader)) => {
            if let Err(error) = health.read(&reader) {
                health.trouble = Some(error.to_string());
            }
        }
        Err(error) => health.trouble = Some(error.to_string()),
    }
    if health.trouble.is_none() {
        health.trouble = files::trouble(dir);
    }
    health
}

impl Health {
    fn read(&mut self, reader: &LogReader) -> Result<(), super::super::LedgerError> {
        let open = reader.open_matters()?;
        (self.unknown, self.attention) = (open.unknown, open.attention);
        (self.running, self.abandoned) = (open.running, open.abandoned);
        self.breakers = reader.breakers(&SystemClock)?;
        self.budgets = reader.budgets()?;
        Ok(())
    }

    /// Breakers that let nothing or next to nothing through.
    pub(crate) fn breakers_open(&self) -> impl Iterator<Item = &BreakerView> {
        self.breakers.iter().filter(|breaker| !breaker.is_closed())
    }

    /// Budgets of which little is left.
    pub(crate) fn budgets_near(&self) -> impl Iterator<Item = &BudgetView> {
        let now = SystemClock.wall();
        self.budgets
            .iter()
            .filter(move |budget| budget.used_percent(now) >= BUDGET_NEAR_PERCENT)
    }

    /// In one word.
    pub(crate) fn verdict(&self) -> Verdict {
        let needs_somebody = self.unknown + self.attention + self.abandoned > 0
            || self.breakers_open().next().is_some()
            || self.budgets_near().next().is_some();
        if self.trouble.is_some() || self.emergency_rows > 0 {
            Verdict::Degraded
        } else if needs_somebody {
            Verdict::Attention
        } else {
            Verdict::Fine
        }
    }
}
