//! One call under one key, and a program that dies, fails or waits at one of the places where
//! one thing must not be without another. What was really done stands where only the tool
//! writes. Needs the feature `failpoints`; with `TOLLGATE_FAILPOINT_CELLS=all` every tool is
//! tried at every place, with the name of a place at that one; else they take turns.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use crate::{
    effects::{Tool, World},
    harness::envelope,
    life_harness::{BOUND, Server, problem},
};
use point::Point;

mod means;
#[path = "../src/base/failpoint/point.rs"]
mod point;
mod walks;

/// How many cells are tried side by side: most of the time goes into waiting.
const SIDE_BY_SIDE: usize = 4;

/// Of so many tools that come by a place, one is tried there.
const TURNS: usize = 3;

/// Long enough for a busy machine, and shorter than what the harness waits.
const TIMEOUT: &str = "8s";

/// What happens at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Abort,
    Error,
    Block,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    point: Point,
    kind: Kind,
    tool: Tool,
}

impl Point {
    /// The tools whose call comes by.
    fn tools(self) -> &'static [Tool] {
        use Tool::{Downstream, Flaky, Idempotent, Marked, Plain, Read, Verified};
        match self {
            Self::ProgramStarted => &[Plain, Verified, Read, Idempotent],
            Self::StatementRun | Self::StatementCommitted => &[Marked],
            Self::RetryAsked | Self::RetryIntended => &[Flaky],
            Self::ProbeNear | Self::ProbeDone | Self::FindingWritten | Self::FindingCommitted => {
                &[Verified, Marked]
            }
            Self::LogSyncing => &[Plain, Verified, Marked, Idempotent, Downstream],
            // Only what may not be repeated asks whether an answer arrived.
            Self::DeliveryWritten | Self::DeliveryCommitted => &[Plain, Verified, Marked],
            _ => &[Plain, Verified, Marked, Read, Idempotent, Downstream],
        }
    }

    /// Whether something can fail there, beside the program.
    fn can_fail(self) -> bool {
        match self {
            Self::LedgerOpening
            | Self::TablesMade
            | Self::DeadSettled
            | Self::BeginWritten
            | Self::LogSyncing
            | Self::ProgramStarted
            | Self::StatementRun
            | Self::StatementCommitted
            | Self::FinishWritten
            | Self::DeliveryWritten
            | Self::JournalNear
            | Self::JournalTaken
            | Self::FindingWritten => true,
            Self::CallTaken
            | Self::BeginAsked
            | Self::BeginCommitted
            | Self::RunTaken
            | Self::EffectDone
            | Self::RetryAsked
            | Self::RetryIntended
            | Self::FinishAsked
            | Self::FinishCommitted
            | Self::AnswerReleased
            | Self::AnswerHalfWritten
            | Self::AnswerWritten
            | Self::DeliveryCommitted
            | Self::BallastReleased
            | Self::JournalAppended
            | Self::ProbeNear
            | Self::ProbeDone
            | Self::FindingCommitted => false,
            // Dying is enough there, see `walks`.
            Self::StepNear
            | Self::StepWritten
            | Self::StepCommitted
            | Self::StepDone
            | Self::AdoptionWritten
            | Self::AdoptionCommitted
            | Self::ClosingWritten
            | Self::ClosingCommitted => false,
        }
    }

    /// What the servers before are armed with, each of which has the same call, and what is
    /// armed beside it.
    fn way(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::DeadSettled
            | Self::ProbeNear
            | Self::ProbeDone
            | Self::FindingWritten
            | Self::FindingCommitted => (Some("EffectDone=abort"), ""),
            Self::BallastReleased => (None, "FinishWritten=error,"),
            Self::JournalNear | Self::JournalAppended => (None, "FinishWritten=errors,"),
            Self::JournalTaken => (Some("FinishWritten=errors"), ""),
            _ => (None, ""),
        }
    }

    /// Whether only the note that a call without a key was answered comes by.
    fn is_of_delivery(self) -> bool {
        matches!(self, Self::DeliveryWritten | Self::DeliveryCommitted)
    }
}

fn cells() -> Vec<Cell> {
    let wanted = wanted();
    let all = wanted.is_some();
    let named = wanted.filter(|name| name != "all");
    let mut cells = Vec::new();
    let all_points = Point::ALL.into_iter();
    let points = all_points.filter(|point| !walks::PLACES.contains(point));
    for (number, point) in points.enumerate() {
        if named
            .as_ref()
            .is_some_and(|name| *name != format!("{point:?}"))
        {
            continue;
        }
        for (turn, kind) in [Kind::Abort, Kind::Error, Kind::Block]
            .into_iter()
            .enumerate()
        {
            if kind == Kind::Error && !point.can_fail() {
                continue;
            }
            for tools in point.tools().chunks(TURNS) {
                let mine = tools[(number + turn) % tools.len()];
                let wanted = tools.iter().filter(|tool| all || **tool == mine);
                cells.extend(wanted.map(|tool| Cell {
                    point,
                    kind,
                    tool: *tool,
                }));
            }
        }
    }
    cells
}

#[expect(
    clippy::disallowed_methods,
    reason = "the ban is for the program itself"
)]
fn wanted() -> Option<String> {
    std::env::var("TOLLGATE_FAILPOINT_CELLS").ok()
}

/// A home with the tool of a cell, and what came of its calls.
struct Trial {
    world: World,
    tool: Tool,
    is_named: bool,
    /// Answers that arrived of an operation that nobody named.
    arrived: std::cell::Cell<usize>,
}

impl Trial {
    fn new(cell: Cell) -> Self {
        // Whoever waits for what never ends waits so long.
        let timeout = json!({"timeout": TIMEOUT});
        Self {
            world: World::new(&[cell.tool], &timeout, ""),
            tool: cell.tool,
            is_named: !cell.point.is_of_delivery(),
            arrived: std::cell::Cell::default(),
        }
    }

    fn effects(&self) -> usize {
        self.world.effects().len()
    }

    fn call(&self, server: &mut Server) -> u64 {
        self.tool.call(server, "once", self.is_named.then_some("k"))
    }

    /// What an answer claims must be so; `before` is what was done when the call was made. Where
    /// nobody named the operation, what was answered may be done once more on purpose.
    fn holds(&self, answer: &Value, before: usize) {
        let (claimed, done) = (claim(answer), self.effects());
        let (least, most) = match self.tool {
            Tool::Read => (0, 0),
            // As often as there are intents, see [`run`].
            Tool::Idempotent => (1, usize::MAX),
            Tool::Plain | Tool::Flaky | Tool::Verified | Tool::Marked | Tool::Downstream => {
                (1, 1 + self.arrived.get())
            }
        };
        let is_true = match claimed {
            "done" | "applied" => (least..=most).contains(&done),
            "none" => done == before,
            // Of a read it is known that it did nothing, even where it goes on.
            _ => {
                done <= most
                    && (self.tool != Tool::Read || problem(answer)["code"] == "IN_PROGRESS")
            }
        };
        assert!(is_true, "{done} effects, and was told: {answer}");
        if claimed == "done" && !self.is_named {
            self.arrived.set(self.arrived.get() + 1);
        }
    }
}

/// What an answer says was done.
fn claim(answer: &Value) -> &str {
    assert!(answer.get("result").is_some(), "{answer}");
    problem(answer)["effects"].as_str().unwrap_or("done")
}

/// Everything that a server says which has nothing more to read, before it dies or ends.
fn end_of_output(server: &mut Server) -> Vec<Value> {
    server.close_stdin();
    server.rest_after_kill()
}

/// Calls until something is answered, in one process after the other where they die; gives what
/// the first server that lives says.
fn run(cell: Cell) {
    let trial = Trial::new(cell);
    let (before, beside) = cell.point.way();
    if let Some(armed) = before {
        let mut server = trial.world.serve(armed);
        trial.call(&mut server);
        // It dies, or ends because nothing more comes.
        drop(end_of_output(&mut server));
    }
    let name = format!("{:?}", cell.point);
    match cell.kind {
        Kind::Abort => {
            let mut server = trial.world.serve(&format!("{beside}{name}=abort"));
            let before = trial.effects();
            trial.call(&mut server);
            for answer in end_of_output(&mut server) {
                trial.holds(&answer, before);
            }
            assert_eq!(server.exit_within(BOUND), 128 + 6, "was not reached");
        }
        Kind::Error => {
            let mut server = trial.world.serve(&format!("{beside}{name}=error"));
            for _ in 0..2 {
                let before = trial.effects();
                let id = trial.call(&mut server);
                trial.holds(&server.answer(id), before);
            }
            assert_eq!(server.finish().0, 0);
        }
        Kind::Block => block(&trial, beside, &name),
    }
    let mut server = trial.world.serve("");
    let before = trial.effects();
    let id = trial.call(&mut server);
    let last = server.answer(id);
    assert_eq!(server.finish().0, 0);
    trial.holds(&last, before);
    let told = claim(&last);
    let may_be_open = told == "unknown" && !cell.tool.is_sure();
    assert!(told == "done" || may_be_open, "{last}");
    assert!(trial.effects() <= trial.world.intents().len());
    trial.world.home.run(&["audit", "verify"]).success();
    let open = trial
        .world
        .home
        .log()
        .into_iter()
        .filter(|row| row.get("end").is_none());
    assert_eq!(open.collect::<Vec<_>>(), Vec::<Value>::new());
}

/// One process waits at the place while another has the same call.
fn block(trial: &Trial, beside: &str, name: &str) {
    let pipe = trial.world.home.pipe("point");
    let path = trial.world.home.text("pipe-point");
    let mut waiting = trial.world.serve(&format!("{beside}{name}=block:{path}"));
    let first = trial.call(&mut waiting);
    let held = pipe.reached();
    let mut other = trial.world.serve("");
    let second = trial.call(&mut other);
    // What comes after it has been read, so it has been.
    let seen = other.request("server/discover", json!({"_meta": envelope()}));
    other.answer(seen);
    drop(held);
    for (server, id) in [(&mut waiting, first), (&mut other, second)] {
        let answer = server.answer(id);
        // Of the two, one may be refused while the other does it.
        if claim(&answer) != "none" {
            trial.holds(&answer, 0);
        }
    }
    for server in [waiting, other] {
        assert_eq!(server.finish().0, 0);
    }
}

#[test]
fn s10_nothing_happens_twice_wherever_the_program_dies_fails_or_waits() {
    let cells = cells();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(why) = std::panic::catch_unwind(|| run(*cell)) {
                        let why = why.downcast_ref::<String>().cloned();
                        failed.lock().unwrap().push((*cell, why));
                    }
                }
            });
        }
    });
    println!("cells {}", cells.len());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
}
