//! Measures an MCP server over its real pipes: calls a second, latency, processor time, memory,
//! start. Works with any server that speaks MCP on standard input and output (Linux only).
//!
//! `cargo run --release --example bench -- --server target/release/tollgate -- serve --tools DIR`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a driver measures time, starts programs and prints"
)]

mod floor;
mod load;
mod report;
mod server;
mod stats;
mod wire;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Parser;

use report::Row;
use server::Program;
use wire::{Era, Template};

/// Measures an MCP server over its real pipes
///
/// Every answer is checked: each call must be answered exactly once, and only results that are
/// no errors count as calls. Each measurement has a process of its own; with --versus the two
/// servers take turns. Figures are medians over the rounds.
#[derive(Parser)]
struct Options {
    /// Server to measure; its arguments follow after `--`
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// Arguments of the server
    #[arg(last = true)]
    arguments_of_server: Vec<String>,
    /// Second server to compare with: program and arguments, separated by blanks
    #[arg(long, value_name = "COMMAND")]
    versus: Option<String>,
    /// Program that a bare loop starts in turn with the servers, on as many threads as calls are
    /// in flight: what no server can beat
    #[arg(long, value_name = "COMMAND")]
    floor: Option<String>,
    /// Calls in each measurement
    #[arg(long, default_value = "20000")]
    calls: usize,
    /// Calls before each measurement that are not measured
    #[arg(long, default_value = "200")]
    warmup: usize,
    /// Calls in flight at once, one measurement each
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    depth: Vec<usize>,
    /// Rounds that the medians are taken over
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How the conversation is opened
    #[arg(long, value_enum, default_value_t)]
    era: Era,
    /// Tool to call
    #[arg(long, default_value = "echo")]
    tool: String,
    /// Its arguments, a JSON object; `{n}` becomes the number of the call
    #[arg(long, default_value = r#"{"text":"hello"}"#)]
    arguments: String,
    /// First number for `{n}`; a ledger that is used again needs numbers it has not seen
    #[arg(long, default_value = "0")]
    first: u64,
    /// Milliseconds without an answer after which a measurement fails
    #[arg(long, default_value = "30000")]
    patience_ms: u32,
    /// Measure from the start of the process to the first reply, instead of calls
    #[arg(long)]
    start: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<String> {
    let mut programs = vec![Program {
        path: options.server.clone(),
        arguments: options.arguments_of_server.clone(),
    }];
    programs.extend(options.versus.as_deref().map(Program::parse).transpose()?);
    let rows = if options.start {
        starts(options, &programs)?
    } else {
        loads(options, &programs)?
    };
    if options.json {
        Ok(serde_json::to_string_pretty(&report::json(&rows))?)
    } else {
        Ok(report::table(&rows))
    }
}

fn loads(options: &Options, programs: &[Program]) -> Result<Vec<Row>> {
    let template = Template::new(options.era, &options.tool, &options.arguments)?;
    let floor = options.floor.as_deref().map(Program::parse).transpose()?;
    let mut next = options.first;
    let mut rows = Vec::new();
    for &depth in &options.depth {
        let mut rounds = vec![Vec::new(); programs.len()];
        let mut floors = Vec::new();
        for _ in 0..options.rounds {
            if let Some(floor) = &floor {
                floors.push(floor::measure(floor, options.calls, depth)?);
            }
            for (program, rounds) in programs.iter().zip(&mut rounds) {
                let plan = load::Plan {
                    template: &template,
                    first: next,
                    warmup: options.warmup,
                    calls: options.calls,
                    depth,
                    patience_ms: options.patience_ms,
                };
                next += (options.warmup + options.calls) as u64;
                let figures = load::measure(program, &plan)
                    .with_context(|| format!("{program} at depth {depth}"))?;
                rounds.push(figures);
            }
        }
        for (program, rounds) in programs.iter().zip(rounds) {
            rows.push(Row::median(program, &format!("depth {depth}"), rounds));
        }
        if floor.is_some() {
            let bare = Program::parse("posix_spawn")?;
            rows.push(Row::median(&bare, &format!("depth {depth}"), floors));
        }
    }
    Ok(rows)
}

fn starts(options: &Options, programs: &[Program]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for opening in wire::openings() {
        let mut rounds = vec![Vec::new(); programs.len()];
        for _ in 0..options.rounds {
            for (program, rounds) in programs.iter().zip(&mut rounds) {
                let figures = load::start(program, &opening, options.patience_ms)
                    .with_context(|| format!("{program}, {}", opening.name))?;
                rounds.push(figures);
            }
        }
        for (program, rounds) in programs.iter().zip(rounds) {
            rows.push(Row::median(program, opening.name, rounds));
        }
    }
    Ok(rows)
}
