//! Measures an MCP server over its real pipes: calls a second, latency, processor time, memory,
//! start. Works with any server that speaks MCP on standard input and output (Linux only).
//!
//! `cargo run --release --example bench -- calls --server target/release/tollgate -- serve --tools DIR`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a driver measures time, starts programs and prints"
)]

mod bare;
mod definitions;
mod floor;
mod goals;
mod growth;
mod load;
mod report;
mod server;
mod stats;
mod together;
mod turns;
mod wire;

use std::{io, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use load::{Expect, Plan};
use report::Row;
use server::Program;
use wire::{First, Request, Template};

/// Measures an MCP server over its real pipes
///
/// Every answer is checked: each call must be answered exactly once, and only answers that are as
/// expected count. Each measurement has a process of its own; servers that are compared take
/// turns. Figures are medians over the rounds, ratios the medians of the ratios of each round.
#[derive(Parser)]
#[command(args_override_self = true)]
struct Options {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// Calls a second, latency, processor time and memory, by calls in flight
    Calls(turns::Calls),
    /// The same by the size of the arguments
    Sizes(turns::Sizes),
    /// The same by the number of tools, which are made here, and the start with them
    Tools(turns::Tools),
    /// From the start of the process to the first reply
    Start(turns::Starts),
    /// Calls a second, memory and the size of a folder while one process answers call after call
    Growth(growth::Growth),
    /// Several processes of the server at once
    Together(together::Together),
    /// Is a server itself, that checks nothing: what no server that records can beat
    Bare(bare::Bare),
    /// Reads what the others print with `--json`, shows it, and holds it to the goals of the project
    Goals {
        /// Print JSON, an object for each goal
        #[arg(long)]
        json: bool,
    },
}

/// The servers.
#[derive(Args)]
struct Servers {
    /// Server to measure; its arguments follow after `--`
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// Arguments of the server
    #[arg(last = true)]
    arguments_of_server: Vec<String>,
    /// What it is called in the report, in place of its file name
    #[arg(long)]
    name: Option<String>,
    /// Another server to compare with: program and arguments, separated by blanks
    #[arg(long, value_name = "[NAME=]COMMAND")]
    versus: Vec<String>,
    /// Rounds that the medians are taken over
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Milliseconds without an answer after which a measurement fails
    #[arg(long, default_value = "120000")]
    patience_ms: u32,
    #[command(flatten)]
    shown: Shown,
}

/// How the report looks.
#[derive(Args)]
struct Shown {
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
    /// What the lines of the report are said to be of
    #[arg(long, default_value = "")]
    case: String,
}

/// The calls.
#[derive(Args)]
struct Work {
    #[command(flatten)]
    request: Request,
    /// What the answers have to be in order to count
    #[arg(long, value_enum, default_value_t)]
    expect: Expect,
    /// First number for `{n}`; a ledger that is used again needs numbers it has not seen
    #[arg(long, default_value = "0")]
    first: u64,
    /// Calls in each measurement
    #[arg(long, default_value = "20000")]
    calls: usize,
    /// Calls before each measurement that are not measured
    #[arg(long, default_value = "200")]
    warmup: usize,
}

impl Servers {
    fn first(&self) -> Program {
        let program = Program::new(self.server.clone(), self.arguments_of_server.clone());
        match &self.name {
            Some(name) => program.called(name),
            None => program,
        }
    }

    fn all(&self) -> Result<Vec<Program>> {
        let others = self.versus.iter().map(|command| Program::parse(command));
        std::iter::once(Ok(self.first())).chain(others).collect()
    }
}

impl Shown {
    fn print(&self, rows: &[Row]) {
        let mut rows = rows.to_vec();
        for row in &mut rows {
            row.case.clone_from(&self.case);
        }
        if self.json {
            print!("{}", report::json(&rows));
        } else {
            print!("{}", report::table(&rows));
        }
    }
}

impl Work {
    /// The plan with `template`, `depth` calls in flight.
    fn plan<'a>(&self, template: &'a Template, depth: usize, patience_ms: u32) -> Plan<'a> {
        Plan {
            template,
            expect: self.expect,
            first: self.first,
            warmup: self.warmup,
            calls: self.calls,
            depth,
            patience_ms,
        }
    }
}

fn main() -> ExitCode {
    match run(Options::parse().measure) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(measure: Measure) -> Result<()> {
    let (rows, shown) = match measure {
        Measure::Calls(calls) => (calls.rows()?, calls.servers.shown),
        Measure::Sizes(sizes) => (sizes.rows()?, sizes.servers.shown),
        Measure::Tools(tools) => (tools.rows()?, tools.servers.shown),
        Measure::Start(starts) => (starts.rows()?, starts.servers.shown),
        Measure::Growth(growth) => (growth.rows()?, growth.servers.shown),
        Measure::Together(together) => (together.rows()?, together.servers.shown),
        Measure::Bare(bare) => return bare::serve(&bare),
        Measure::Goals { json } => {
            let rows = io::stdin().lines().map(|line| Ok(Row::read(&line?)?));
            let rows: Vec<Row> = rows.collect::<Result<_>>()?;
            if !json {
                print!("{}", report::table(&rows));
            }
            print!("{}", goals::shown(&rows, json));
            return Ok(());
        }
    };
    shown.print(&rows);
    Ok(())
}
