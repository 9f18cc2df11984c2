//! One write under one key, and a program that dies, fails or waits at one of the places where
//! one thing must not be without another. What the write really did stands where only its tool
//! writes. Needs the feature `failpoints`; with `TOLLGATE_FAILPOINT_CELLS=all` every tool is
//! tried at every place, with the name of a place at that one; else they take turns.

use std::{
    fs,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    harness::envelope,
    life_harness::{BOUND, Home, Server, fake_tool},
};
use point::Point;

#[path = "../src/base/failpoint/point.rs"]
mod point;

/// How many cells are tried side by side: most of the time goes into waiting.
const SIDE_BY_SIDE: usize = 4;

/// Long enough for a busy machine, and shorter than what the harness waits.
const TIMEOUT: &str = "8s";

/// The tool that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    /// Adds a line, and cannot tell whether it did.
    Plain,
    /// The same, and can tell.
    Verified,
    /// The same as the first, which it fails to at its first attempt, and says so.
    Flaky,
    /// Adds a row, marked in the same transaction.
    Marked,
}

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
        use Tool::{Flaky, Marked, Plain, Verified};
        match self {
            Self::ProgramStarted => &[Plain, Verified],
            Self::StatementRun | Self::StatementCommitted => &[Marked],
            Self::RetryAsked | Self::RetryIntended => &[Flaky],
            Self::ProbeNear | Self::ProbeDone | Self::FindingWritten | Self::FindingCommitted => {
                &[Verified, Marked]
            }
            _ => &[Plain, Verified, Marked],
        }
    }

    /// Whether something can fail there, beside the program.
    fn can_fail(self) -> bool {
        match self {
            Self::LedgerOpening
            | Self::TablesMade
            | Self::DeadSettled
            | Self::BeginWritten
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
    for (number, point) in Point::ALL.into_iter().enumerate() {
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
            let tools = point.tools();
            let mine = tools[(number + turn) % tools.len()];
            let wanted = tools.iter().filter(|tool| all || **tool == mine);
            cells.extend(wanted.map(|tool| Cell {
                point,
                kind,
                tool: *tool,
            }));
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

/// A home with the four tools, and what they did.
struct World {
    home: Home,
    shop: Connection,
    tool: Tool,
    is_named: bool,
    /// Answers that arrived of an operation that nobody named.
    arrived: std::cell::Cell<usize>,
}

impl World {
    fn new(cell: Cell) -> Self {
        let home = Home::new();
        fs::write(home.path("effects"), "").unwrap();
        let (program, effects) = (fake_tool(), home.text("effects"));
        let append = [program.as_str(), "append", &effects, "once"];
        let verify = json!({
            "exec": {"command": ["/bin/cat", &effects]},
            "applied": "result.contains('once')",
        });
        // Whoever waits for what never ends waits so long.
        let plain = json!({"timeout": TIMEOUT});
        let verified = json!({"timeout": TIMEOUT, "verify": verify});
        home.exec("plain", "write", &append, json!({}), plain);
        home.exec("verified", "write", &append, json!({}), verified);
        let script = "[ -e \"$2\" ] && exec \"$0\" append \"$1\" once; : > \"$2\"; exit 75";
        let tried = home.text("tried");
        let flaky = ["/bin/sh", "-c", script, &program, &effects, &tried];
        let sh = json!({"unsafe_interpreter": true});
        let retry = json!({"retry": {"attempts": 3, "exit_codes": [75]}});
        home.exec("flaky", "write", &flaky, sh, retry);
        home.configure("databases: {shop: {sqlite: shop.db}}");
        let credit = json!({
            "name": "marked", "description": "Adds a row.", "effect": "write", "timeout": TIMEOUT,
            "inputSchema": {"type": "object", "additionalProperties": false},
            "run": {"sql": {
                "database": "shop", "statement": "insert into credits (what) values ('once')",
                "marker": true,
            }},
        });
        home.define("marked.json", &credit.to_string());
        let flags = OpenFlags::default();
        let shop = Connection::open_with_flags(home.path("shop.db"), flags).unwrap();
        shop.execute_batch("CREATE TABLE credits (what TEXT)")
            .unwrap();
        Self {
            home,
            shop,
            tool: cell.tool,
            is_named: !cell.point.is_of_delivery(),
            arrived: std::cell::Cell::default(),
        }
    }

    fn effects(&self) -> usize {
        let sql = "SELECT count(*) FROM credits";
        let rows: i64 = self.shop.query_row(sql, [], |row| row.get(0)).unwrap();
        let lines = fs::read_to_string(self.home.path("effects")).unwrap();
        lines.lines().count() + usize::try_from(rows).unwrap()
    }

    fn serve(&self, armed: &str) -> Server {
        let mut command = self.home.command(&["serve", "--no-watch"]);
        command.env("TOLLGATE_FAILPOINTS", armed);
        // Without a handshake, whose answer would come by the places first.
        Server::start(command)
    }

    fn call(&self, server: &mut Server) -> u64 {
        let name = match self.tool {
            Tool::Plain => "plain",
            Tool::Verified => "verified",
            Tool::Flaky => "flaky",
            Tool::Marked => "marked",
        };
        let mut params = json!({"name": name, "arguments": {}, "_meta": envelope()});
        if self.is_named {
            params["idempotencyKey"] = json!("k");
        }
        server.request("tools/call", params)
    }

    /// What an answer claims must be so; `before` is what was done when the call was made. Where
    /// nobody named the operation, what was answered may be done once more on purpose.
    fn holds(&self, answer: &Value, before: usize) {
        let (claimed, done) = (claim(answer), self.effects());
        let most = 1 + self.arrived.get();
        let is_true = match claimed {
            "done" | "applied" => (1..=most).contains(&done),
            "none" => done == before,
            _ => done <= most,
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
    let error = &answer["result"]["_meta"]["tollgate/error"];
    error["effects"].as_str().unwrap_or("done")
}

/// Everything that a server says which has nothing more to read, before it dies or ends.
fn end_of_output(server: &mut Server) -> Vec<Value> {
    server.close_stdin();
    server.rest_after_kill()
}

/// Calls until something is answered, in one process after the other where they die; gives what
/// the first server that lives says.
fn run(cell: Cell) {
    let world = World::new(cell);
    let (before, beside) = cell.point.way();
    if let Some(armed) = before {
        let mut server = world.serve(armed);
        world.call(&mut server);
        // It dies, or ends because nothing more comes.
        drop(end_of_output(&mut server));
    }
    let name = format!("{:?}", cell.point);
    match cell.kind {
        Kind::Abort => {
            let mut server = world.serve(&format!("{beside}{name}=abort"));
            let before = world.effects();
            world.call(&mut server);
            for answer in end_of_output(&mut server) {
                world.holds(&answer, before);
            }
            assert_eq!(server.exit_within(BOUND), 128 + 6, "was not reached");
        }
        Kind::Error => {
            let mut server = world.serve(&format!("{beside}{name}=error"));
            for _ in 0..2 {
                let before = world.effects();
                let id = world.call(&mut server);
                world.holds(&server.answer(id), before);
            }
            assert_eq!(server.finish().0, 0);
        }
        Kind::Block => block(&world, beside, &name),
    }
    let mut server = world.serve("");
    let before = world.effects();
    let id = world.call(&mut server);
    let last = server.answer(id);
    assert_eq!(server.finish().0, 0);
    world.holds(&last, before);
    let is_sure = matches!(cell.tool, Tool::Verified | Tool::Marked);
    let told = claim(&last);
    assert!(told == "done" || told == "unknown" && !is_sure, "{last}");
    world.home.run(&["audit", "verify"]).success();
    let open = world
        .home
        .log()
        .into_iter()
        .filter(|row| row.get("end").is_none());
    assert_eq!(open.collect::<Vec<_>>(), Vec::<Value>::new());
}

/// One process waits at the place while another has the same call.
fn block(world: &World, beside: &str, name: &str) {
    let pipe = world.home.pipe("point");
    let path = world.home.text("pipe-point");
    let mut waiting = world.serve(&format!("{beside}{name}=block:{path}"));
    let first = world.call(&mut waiting);
    let held = pipe.reached();
    let mut other = world.serve("");
    let second = world.call(&mut other);
    // What comes after it has been read, so it has been.
    let seen = other.request("server/discover", json!({"_meta": envelope()}));
    other.answer(seen);
    drop(held);
    for (server, id) in [(&mut waiting, first), (&mut other, second)] {
        let answer = server.answer(id);
        // Of the two, one may be refused while the other does it.
        if claim(&answer) != "none" {
            world.holds(&answer, 0);
        }
    }
    for server in [waiting, other] {
        assert_eq!(server.finish().0, 0);
    }
}

#[test]
fn s10_no_write_happens_twice_wherever_the_program_dies_fails_or_waits() {
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
