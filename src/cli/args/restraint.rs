//! Arguments of the commands about what restrains calls: `budget`, `breaker`, `status`.

use clap::{Args, Subcommand};

use super::StateDir;
use crate::base::{amount::Amount, quota::Period};

/// Arguments of `budget`.
#[derive(Args, Debug)]
pub(crate) struct BudgetArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: BudgetCommand,
}

/// The commands of `budget`.
#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// List the budgets: what is spent, set aside and left, and when they begin anew
    List(ListArgs),
    /// Set the limit of a budget; it counts instead of the configured one
    Set(BudgetSetArgs),
    /// Begin a budget anew, as if nothing had been spent in this period
    Reset(BudgetOf),
}

/// Arguments of the lists.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which budget.
#[derive(Args, Debug)]
pub(crate) struct BudgetOf {
    /// Time in which it is spent
    #[arg(value_name = "PERIOD", value_parser = period())]
    pub(crate) period: Period,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
    /// Who spends it [default: all principals together]
    #[arg(long, value_name = "NAME")]
    pub(crate) principal: Option<String>,
    /// On which tool [default: all tools together]
    #[arg(long, value_name = "NAME")]
    pub(crate) tool: Option<String>,
}

/// Arguments of `budget set`.
#[derive(Args, Debug)]
pub(crate) struct BudgetSetArgs {
    /// Amount that may be spent, as `1.50`; `none` lets the configuration decide again
    #[arg(value_name = "AMOUNT", value_parser = limit)]
    pub(crate) limit: Limit,
    /// Which budget.
    #[command(flatten)]
    pub(crate) of: BudgetOf,
}

/// A limit, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Option<Amount>);

/// Arguments of `breaker`.
#[derive(Args, Debug)]
pub(crate) struct BreakerArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: BreakerCommand,
}

/// The commands of `breaker`.
#[derive(Debug, Subcommand)]
pub(crate) enum BreakerCommand {
    /// List the breakers: which backends are left alone, and for how long
    List(ListArgs),
    /// Close a breaker and forget the failures
    Reset(BreakerOf),
    /// Cut a backend off until `breaker reset`
    Trip(BreakerOf),
}

/// Which breaker.
#[derive(Args, Debug)]
pub(crate) struct BreakerOf {
    /// Backend, as `breaker list` names it
    pub(crate) backend: String,
    /// Where the ledger is.
    #[command(flatten)]
    pub(crate) state_dir: StateDir,
}

fn period() -> impl clap::builder::TypedValueParser<Value = Period> {
    super::ledger::one_of(Period::ALL.to_vec(), Period::as_str)
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => Amount::parse(text)
            .map(|amount| Limit(Some(amount)))
            .ok_or_else(|| format!("`{text}` is not an amount: write it as `1.50`, or `none`")),
    }
}
