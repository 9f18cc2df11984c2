//! Keeps a number of calls in flight and checks every answer.

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::{
    report::Figures,
    server::{Program, Server},
    stats,
    wire::{self, Answer, Era, Opening, Template},
};

/// Calls in flight while something is brought about that is not measured.
const UNMEASURED_DEPTH: usize = 64;

/// Which answers are counted; others are counted apart and never as calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expect {
    /// Results that are no errors
    #[default]
    Success,
    /// Results of calls that were made before, not measured, under the same keys
    Replay,
    /// Refusals and other errors
    Refusal,
}

impl Expect {
    /// What so many a second are called.
    pub(crate) fn rate(self) -> &'static str {
        match self {
            Self::Success => "calls/s",
            Self::Replay => "replays/s",
            Self::Refusal => "refusals/s",
        }
    }

    fn is_met(self, answer: Answer) -> bool {
        match answer {
            Answer::Success(_) => self == Self::Success,
            Answer::Replay(_) => self == Self::Replay,
            Answer::Refusal(_) => self == Self::Refusal,
            Answer::Notice => false,
        }
    }
}

/// One measurement.
#[derive(Clone)]
pub(crate) struct Plan<'a> {
    /// What a call looks like.
    pub(crate) template: &'a Template,
    /// What its answer is to be.
    pub(crate) expect: Expect,
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

impl Plan<'_> {
    /// The same from the number `next` on, which then is the first that it does not use.
    pub(crate) fn after(self, next: &mut u64) -> Self {
        let first = *next;
        *next += (self.warmup + self.calls) as u64;
        Self { first, ..self }
    }
}

/// The calls of one run by id, from the first: when each was sent, how each ended.
pub(crate) struct Book {
    expect: Expect,
    first_id: u64,
    sent: Vec<Instant>,
    took_us: Vec<Option<u64>>,
    answered: usize,
    /// Answers that are not as expected.
    pub(crate) other: usize,
    /// Bytes of all lines that were sent.
    pub(crate) sent_bytes: usize,
    /// From before the first was sent until after the last was answered.
    pub(crate) seconds: f64,
}

impl Book {
    fn new(expect: Expect, first_id: u64, calls: usize) -> Self {
        Self {
            expect,
            first_id,
            sent: Vec::with_capacity(calls),
            took_us: vec![None; calls],
            answered: 0,
            other: 0,
            sent_bytes: 0,
            seconds: 0.0,
        }
    }

    /// Enters an answer.
    ///
    /// # Errors
    /// When the call was never sent, or is answered for the second time.
    fn enter(&mut self, answer: Answer, now: Instant) -> Result<()> {
        let Some(id) = answer.id() else {
            return Ok(());
        };
        let at = id
            .checked_sub(self.first_id)
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
        self.other += usize::from(!self.expect.is_met(answer));
        Ok(())
    }

    /// Calls that were answered as expected, a second.
    pub(crate) fn rate(&self) -> f64 {
        (self.answered - self.other) as f64 / self.seconds
    }

    /// What each call took, the shortest first.
    pub(crate) fn took_us(&self) -> Vec<u64> {
        let mut took: Vec<u64> = self.took_us.iter().copied().flatten().collect();
        took.sort_unstable();
        took
    }
}

/// A server whose conversation is open.
pub(crate) struct Driven {
    /// The server.
    pub(crate) server: Server,
    next_id: u64,
}

impl Driven {
    /// Starts `program`, opens the conversation, and makes the calls of `plan` that are not
    /// measured: those before, and those that are to be answered again.
    pub(crate) fn start(program: &Program, plan: &Plan<'_>) -> Result<Self> {
        let mut server = Server::start(program, plan.patience_ms)?;
        if plan.template.era == Era::Legacy {
            let opening = wire::initialize();
            server.send(opening.lines.as_bytes())?;
            await_reply(&mut server, &opening)?;
        }
        let mut driven = Self { server, next_id: 1 };
        let mut before = Plan {
            calls: plan.warmup,
            ..plan.clone()
        };
        if plan.expect == Expect::Replay {
            before.expect = Expect::Success;
            before.calls += plan.calls;
            before.depth = UNMEASURED_DEPTH;
        }
        driven.run(&before, plan.first)?;
        Ok(driven)
    }

    /// Makes the calls of `plan` that are measured, as many at a time as it says, from the
    /// number `first` on.
    pub(crate) fn run(&mut self, plan: &Plan<'_>, first: u64) -> Result<Book> {
        let begin = Instant::now();
        let mut book = Book::new(plan.expect, self.next_id, plan.calls);
        self.next_id += plan.calls as u64;
        let mut lines = Vec::new();
        while book.answered < plan.calls {
            let now = Instant::now();
            lines.clear();
            while book.sent.len() < plan.calls && book.sent.len() - book.answered < plan.depth {
                let at = book.sent.len() as u64;
                plan.template
                    .write(book.first_id + at, first + at, &mut lines);
                book.sent.push(now);
            }
            if !lines.is_empty() {
                book.sent_bytes += lines.len();
                self.server.send(&lines)?;
            }
            let mut arrived = None;
            self.server.receive(|line| {
                let now = *arrived.get_or_insert_with(Instant::now);
                book.enter(wire::answer(line)?, now)
            })?;
        }
        book.seconds = begin.elapsed().as_secs_f64();
        Ok(book)
    }
}

/// Starts `program`, and makes the calls of `plan`.
pub(crate) fn measure(program: &Program, plan: &Plan<'_>) -> Result<Figures> {
    let mut driven = Driven::start(program, plan)?;
    let cpu_before = driven.server.cpu_us()?;
    let book = driven.run(plan, plan.first + plan.warmup as u64)?;
    let cpu_us = driven.server.cpu_us()? - cpu_before;
    let peak_rss_kib = driven.server.peak_rss_kib()?;
    driven.server.end()?;
    let took = book.took_us();
    let bytes = book.sent_bytes as f64;
    Ok(Figures(vec![
        (plan.expect.rate(), book.rate()),
        ("MB/s", bytes / book.seconds / 1e6),
        ("p50 µs", stats::percentile(&took, 50) as f64),
        ("p90 µs", stats::percentile(&took, 90) as f64),
        ("p99 µs", stats::percentile(&took, 99) as f64),
        ("cpu µs/call", cpu_us as f64 / book.answered.max(1) as f64),
        ("peak MiB", peak_rss_kib as f64 / 1024.0),
        ("other", book.other as f64),
    ]))
}

/// Starts `program`, waits for the reply to `opening`, and looks how much memory it takes.
pub(crate) fn start(program: &Program, opening: &Opening, patience_ms: u32) -> Result<Figures> {
    let begin = Instant::now();
    let mut server = Server::start(program, patience_ms)?;
    server.send(opening.lines.as_bytes())?;
    let answer = await_reply(&mut server, opening)?;
    let millis = begin.elapsed().as_secs_f64() * 1_000.0;
    let rss_kib = server.rss_kib()?;
    server.end()?;
    ensure!(
        matches!(answer, Answer::Success(_)),
        "`{}` is answered with an error",
        opening.name
    );
    Ok(Figures(vec![
        ("ms", millis),
        ("MiB", rss_kib as f64 / 1024.0),
    ]))
}

fn await_reply(server: &mut Server, opening: &Opening) -> Result<Answer> {
    let mut reply = None;
    while reply.is_none() {
        server.receive(|line| {
            let answer = wire::answer(line)?;
            if answer.id() == Some(opening.id) {
                reply = Some(answer);
            }
            Ok(())
        })?;
    }
    Ok(reply.unwrap_or(Answer::Notice))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::wire::tests::template;

    fn book(expect: Expect) -> Book {
        let mut book = Book::new(expect, 10, 3);
        book.sent = vec![Instant::now(); 2];
        book
    }

    #[track_caller]
    fn check(expect: Expect, answers: &[Answer], expected: Result<(usize, usize), &str>) {
        let mut book = book(expect);
        let entered = answers
            .iter()
            .try_for_each(|answer| book.enter(*answer, Instant::now()));
        let found = entered.map(|()| (book.answered, book.other));
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn every_call_is_answered_once_and_what_is_not_expected_is_counted_apart() {
        let (success, replay, refusal) = (Expect::Success, Expect::Replay, Expect::Refusal);
        for (expect, answer, other) in [
            (success, Answer::Success(10), 0),
            (success, Answer::Replay(10), 1),
            (success, Answer::Refusal(10), 1),
            (replay, Answer::Success(10), 1),
            (replay, Answer::Replay(10), 0),
            (replay, Answer::Refusal(10), 1),
            (refusal, Answer::Success(10), 1),
            (refusal, Answer::Replay(10), 1),
            (refusal, Answer::Refusal(10), 0),
        ] {
            check(expect, &[Answer::Notice, answer], Ok((1, other)));
        }
        check(
            success,
            &[Answer::Success(11), Answer::Refusal(11)],
            Err("call 11 is answered twice"),
        );
        for id in [0, 9, 12, 13] {
            let text = format!("call {id} is answered and was never sent");
            check(success, &[Answer::Success(id)], Err(&text));
        }
    }

    /// A server that answers every line that has an id with `result`.
    pub(crate) fn answering(result: &str) -> Program {
        let script = format!(r#"s/.*"id":\([0-9]*\),.*/{{"id":\1,"result":{result}}}/p"#);
        let arguments = ["-u", "-n", &script].map(str::to_owned);
        Program::new("/bin/sed".into(), arguments.to_vec())
    }

    /// A few calls.
    pub(crate) fn plan(template: &Template, expect: Expect) -> Plan<'_> {
        Plan {
            template,
            expect,
            first: 5,
            warmup: 3,
            calls: 20,
            depth: 8,
            patience_ms: 20_000,
        }
    }

    #[test]
    fn only_what_is_expected_makes_the_rate() {
        let (first, again) = ("{}", r#"{"_meta":{"tollgate\/replayed":true}}"#);
        for (expect, result, other) in [
            (Expect::Success, first, 0.0),
            (Expect::Success, again, 20.0),
            (Expect::Replay, first, 20.0),
            (Expect::Replay, again, 0.0),
            (Expect::Refusal, first, 20.0),
            (Expect::Refusal, r#"{"isError":true}"#, 0.0),
        ] {
            let template = template(Era::Legacy);
            let plan = plan(&template, expect);
            let mut next = plan.first;
            let plan = plan.after(&mut next);
            assert_eq!((plan.first, next), (5, 28));
            let figures = measure(&answering(result), &plan).unwrap();
            assert_eq!(figures.get("other"), Some(other), "{expect:?} {result}");
            let rate = figures.get(expect.rate()).unwrap();
            assert_eq!(rate > 0.0, other == 0.0, "{expect:?} {result}");
        }
    }
}
