//! Several processes of one server at once, each with a client that keeps it busy.

use std::{sync::Barrier, thread, time::Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{
    Servers, Work,
    load::{Book, Driven, Plan},
    report::{Figures, Row},
    server::Program,
    stats,
    wire::Template,
};

/// `bench together`
#[derive(Args)]
pub(crate) struct Together {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    work: Work,
    /// How many processes there are, one measurement each; the calls are shared out among them
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8")]
    processes: Vec<usize>,
    /// Calls in flight at once to each
    #[arg(long, default_value = "8")]
    depth: usize,
}

impl Together {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let template = Template::new(&self.work.request, 0)?;
        let program = self.servers.first();
        let mut next = self.work.first;
        let mut rounds = vec![Vec::new(); self.processes.len()];
        for _ in 0..self.servers.rounds {
            for (&processes, rounds) in self.processes.iter().zip(&mut rounds) {
                let share = self.work.calls.div_ceil(processes.max(1));
                let plans: Vec<Plan<'_>> = (0..processes.max(1))
                    .map(|_| {
                        let patience_ms = self.servers.patience_ms;
                        let mut plan = self.work.plan(&template, self.depth, patience_ms);
                        plan.calls = share;
                        plan.after(&mut next)
                    })
                    .collect();
                let found = measure(&program, &plans);
                rounds.push(found.with_context(|| format!("{processes} of {program}"))?);
            }
        }
        let named = self.processes.iter().zip(&rounds);
        Ok(named
            .map(|(count, found)| Row::median(&program.name, &format!("{count} processes"), found))
            .collect())
    }
}

/// A process of `program` for each of `plans`; they begin together when all of them are ready.
fn measure(program: &Program, plans: &[Plan<'_>]) -> Result<Figures> {
    let mut all: Vec<Driven> = plans
        .iter()
        .map(|plan| Driven::start(program, plan))
        .collect::<Result<_>>()?;
    let cpu =
        |all: &[Driven]| -> Result<u64> { all.iter().map(|driven| driven.server.cpu_us()).sum() };
    let cpu_before = cpu(&all)?;
    let start = Barrier::new(plans.len() + 1);
    let mut begun = Instant::now();
    let books: Vec<Book> = thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter_mut()
            .zip(plans)
            .map(|(driven, plan)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    driven.run(plan, plan.first + plan.warmup as u64)
                })
            })
            .collect();
        start.wait();
        begun = Instant::now();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a client failed")))
            .collect::<Result<_>>()
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_us = cpu(&all)? - cpu_before;
    for driven in all {
        driven.server.end()?;
    }
    let expect = plans.first().context("no process")?.expect;
    Ok(figures(&books, expect.rate(), seconds, cpu_us))
}

/// What the clients of all processes saw.
fn figures(books: &[Book], rate: &'static str, seconds: f64, cpu_us: u64) -> Figures {
    let mut took: Vec<u64> = books.iter().flat_map(Book::took_us).collect();
    took.sort_unstable();
    let other: usize = books.iter().map(|book| book.other).sum();
    let rates = books.iter().map(Book::rate);
    let slowest = rates.clone().fold(f64::MAX, f64::min);
    let fastest = rates.fold(0.0, f64::max);
    Figures(vec![
        (rate, (took.len() - other) as f64 / seconds),
        ("p50 µs", stats::percentile(&took, 50) as f64),
        ("p99 µs", stats::percentile(&took, 99) as f64),
        ("worst µs", stats::percentile(&took, 100) as f64),
        ("cpu µs/call", cpu_us as f64 / took.len().max(1) as f64),
        ("slowest/fastest", slowest / fastest),
        ("other", other as f64),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::{
            Expect,
            tests::{answering, plan},
        },
        wire::{Era, tests::template},
    };

    #[test]
    fn the_calls_of_all_are_added_up() {
        let template = template(Era::Legacy);
        let plan = plan(&template, Expect::Success);
        let plans = [plan.clone(), plan.clone(), plan];
        let found = measure(&answering("{}"), &plans).unwrap();
        let get = |name| found.get(name).unwrap();
        assert!(get("calls/s") > 0.0 && get("worst µs") >= get("p50 µs"));
        assert!((0.0..=1.0).contains(&get("slowest/fastest")));
        assert_eq!(get("other"), 0.0);
    }

    #[test]
    fn a_server_that_fails_fails_the_measurement() {
        let template = template(Era::Modern);
        let plan = plan(&template, Expect::Success);
        let program = Program::parse("/bin/true").unwrap();
        assert!(measure(&program, &[plan]).is_err());
    }
}
