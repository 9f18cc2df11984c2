//! Keeps a number of calls in flight and checks every answer.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::{
    report::Figures,
    server::{Program, Server},
    stats,
    wire::{self, Answer, Era, Opening, Template},
};

/// What Linux keeps in a pipe; more in flight could stop driver and server at each other.
const PIPE_BYTES: usize = 65_536;

/// One measurement.
pub(crate) struct Plan<'a> {
    /// What a call looks like.
    pub(crate) template: &'a Template,
    /// The number of its first call.
    pub(crate) first: u64,
    /// Calls that are not measured.
    pub(crate) warmup: usize,
    /// Calls that are.
    pub(crate) calls: usize,
    /// Calls in flight.
    pub(crate) depth: usize,
    /// How long to wait for any one answer.
    pub(crate) patience_ms: u32,
}

/// The calls of one run by number, from the first: when each was sent, how each ended.
struct Book {
    first: u64,
    sent: Vec<Instant>,
    took_us: Vec<Option<u64>>,
    answered: usize,
    refused: usize,
}

impl Book {
    fn new(first: u64, calls: usize) -> Self {
        Self {
            first,
            sent: Vec::with_capacity(calls),
            took_us: vec![None; calls],
            answered: 0,
            refused: 0,
        }
    }

    /// Enters an answer.
    ///
    /// # Errors
    /// When the call was never sent, or is answered for the second time.
    fn enter(&mut self, answer: Answer, now: Instant) -> Result<()> {
        let (id, refused) = match answer {
            Answer::Success(id) => (id, 0),
            Answer::Refusal(id) => (id, 1),
            Answer::Notice => return Ok(()),
        };
        let at = id
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok())
            .unwrap_or(usize::MAX);
        match (self.sent.get(at), self.took_us.get_mut(at)) {
            (Some(sent), Some(took @ None)) => {
                let micros = now.duration_since(*sent).as_micros();
                *took = Some(u64::try_from(micros).unwrap_or(u64::MAX));
            }
            (Some(_), Some(Some(_))) => anyhow::bail!("call {id} is answered twice"),
            (_, _) => anyhow::bail!("call {id} is answered and was never sent"),
        }
        self.answered += 1;
        self.refused += refused;
        Ok(())
    }
}

/// Starts `program`, opens the conversation, and makes the calls of `plan`.
pub(crate) fn measure(program: &Program, plan: &Plan<'_>) -> Result<Figures> {
    let mut server = Server::start(program, plan.patience_ms)?;
    if plan.template.era == Era::Legacy {
        let opening = wire::initialize();
        server.send(opening.lines.as_bytes())?;
        await_reply(&mut server, &opening)?;
    }
    run(&mut server, plan, plan.first, plan.warmup)?;
    let cpu_before = server.cpu_us()?;
    let begin = Instant::now();
    let book = run(
        &mut server,
        plan,
        plan.first + plan.warmup as u64,
        plan.calls,
    )?;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu_us = server.cpu_us()? - cpu_before;
    let peak_rss_kib = server.peak_rss_kib()?;
    server.end()?;
    let mut took: Vec<u64> = book.took_us.into_iter().flatten().collect();
    took.sort_unstable();
    let succeeded = book.answered - book.refused;
    Ok(Figures(vec![
        ("calls/s", succeeded as f64 / seconds),
        ("p50 µs", stats::percentile(&took, 50) as f64),
        ("p90 µs", stats::percentile(&took, 90) as f64),
        ("p99 µs", stats::percentile(&took, 99) as f64),
        ("cpu µs/call", cpu_us as f64 / book.answered.max(1) as f64),
        ("peak MiB", peak_rss_kib as f64 / 1024.0),
        ("refused", book.refused as f64),
    ]))
}

/// Makes `calls` calls, `plan.depth` at a time, from the number `first` on.
fn run(server: &mut Server, plan: &Plan<'_>, first: u64, calls: usize) -> Result<Book> {
    let mut book = Book::new(first, calls);
    let mut lines = Vec::new();
    while book.answered < calls {
        let now = Instant::now();
        lines.clear();
        while book.sent.len() < calls && book.sent.len() - book.answered < plan.depth {
            plan.template
                .write(first + book.sent.len() as u64, &mut lines);
            book.sent.push(now);
        }
        ensure!(lines.len() < PIPE_BYTES, "so many calls do not fit a pipe");
        if !lines.is_empty() {
            server.send(&lines)?;
        }
        let mut arrived = None;
        server.receive(|line| {
            let now = *arrived.get_or_insert_with(Instant::now);
            book.enter(wire::answer(line)?, now)
        })?;
    }
    Ok(book)
}

/// Starts `program` and waits for the reply to `opening`.
pub(crate) fn start(program: &Program, opening: &Opening, patience_ms: u32) -> Result<Figures> {
    let begin = Instant::now();
    let mut server = Server::start(program, patience_ms)?;
    server.send(opening.lines.as_bytes())?;
    let answer = await_reply(&mut server, opening)?;
    let millis = begin.elapsed().as_secs_f64() * 1_000.0;
    let refused = matches!(answer, Answer::Refusal(_));
    server.end()?;
    Ok(Figures(vec![
        ("ms", millis),
        ("refused", if refused { 1.0 } else { 0.0 }),
    ]))
}

fn await_reply(server: &mut Server, opening: &Opening) -> Result<Answer> {
    let mut reply = None;
    while reply.is_none() {
        server.receive(|line| {
            let answer = wire::answer(line)?;
            if matches!(answer, Answer::Success(id) | Answer::Refusal(id) if id == opening.id) {
                reply = Some(answer);
            }
            Ok(())
        })?;
    }
    Ok(reply.unwrap_or(Answer::Notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let mut book = Book::new(10, 3);
        book.sent = vec![Instant::now(); 2];
        book
    }

    #[track_caller]
    fn check(answers: &[Answer], expected: Result<(usize, usize), &str>) {
        let mut book = book();
        let entered = answers
            .iter()
            .try_for_each(|answer| book.enter(*answer, Instant::now()));
        let found = entered.map(|()| (book.answered, book.refused));
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn every_call_is_answered_once_and_refusals_are_counted_apart() {
        check(
            &[Answer::Success(11), Answer::Notice, Answer::Refusal(10)],
            Ok((2, 1)),
        );
        check(
            &[Answer::Success(11), Answer::Refusal(11)],
            Err("call 11 is answered twice"),
        );
        for id in [0, 9, 12, 13] {
            let text = format!("call {id} is answered and was never sent");
            check(&[Answer::Success(id)], Err(&text));
        }
    }
}
