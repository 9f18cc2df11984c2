//! Tools of several steps whose servers die at each place that they come by, on the way there, on
//! the way back, and again when the next one goes on: steps of each backend that has effects.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;

use super::{
    SIDE_BY_SIDE, end_of_output,
    means::{Means, World},
    point::Point,
    wanted,
};
use crate::{
    life_harness::{BOUND, Home, Server},
    walks::{self, define, ended, sound, state, tolerant, walk, without_undo},
};

/// The places that only steps come by.
pub(super) const PLACES: [Point; 8] = [
    Point::StepNear,
    Point::StepWritten,
    Point::StepCommitted,
    Point::StepDone,
    Point::AdoptionWritten,
    Point::AdoptionCommitted,
    Point::ClosingWritten,
    Point::ClosingCommitted,
];

/// How a walk goes if nobody dies.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// There and back: the last of three steps fails.
    Back,
    /// To the end: the second step is the pivot, the third may be repeated.
    Through,
}

/// A place that the first server comes by, as often as it does, and one for the second.
#[derive(Clone, Copy, Debug)]
struct Cell {
    means: Means,
    way: Way,
    point: Point,
    then: Option<Point>,
}

fn cells() -> Vec<Cell> {
    let first = [
        Point::BeginCommitted,
        Point::StepNear,
        Point::StepWritten,
        Point::StepCommitted,
        Point::StepDone,
        Point::FinishWritten,
        Point::FinishCommitted,
    ];
    let within = [Point::StatementRun, Point::StatementCommitted];
    let every = PLACES.map(Some);
    // Without the wish for all of them, one second death for each first; the other backends than
    // the first die there once on one way, and twice on the other.
    let is_whole = wanted().is_some_and(|wanted| wanted == "all");
    let mut cells = Vec::new();
    for (turn, means) in [Means::Program, Means::Statement, Means::Request]
        .into_iter()
        .enumerate()
    {
        let within = within.iter().filter(|_| means == Means::Statement);
        for (number, point) in first.iter().chain(within).copied().enumerate() {
            for (side, way) in [Way::Back, Way::Through].into_iter().enumerate() {
                let one = every[(number + turn) % every.len()];
                let then = match (is_whole, means) {
                    (true, _) => [None].into_iter().chain(every).collect(),
                    (false, Means::Program) => vec![None, one],
                    (false, _) if (number + side) % 2 == 0 => vec![None],
                    (false, _) => vec![one],
                };
                let cell = |then| Cell {
                    means,
                    way,
                    point,
                    then,
                };
                cells.extend(then.into_iter().map(cell));
            }
        }
    }
    cells
}

fn world(means: Means, way: Way) -> World {
    let world = World::new(means);
    let first = tolerant(world.step("a"));
    let [second, third] = match way {
        Way::Back => [tolerant(world.step("b")), tolerant(world.failing())],
        Way::Through => [
            without_undo(world.step("b"), &json!({"pivot": true})),
            without_undo(world.step("d"), &json!({"idempotent": true})),
        ],
    };
    define(&world.home, &[first, second, third], &json!({}));
    world
}

/// A server without a handshake: one that goes on with steps can die before it has said anything.
fn start(home: &Home, armed: &str) -> Server {
    let mut command = home.command(&["serve", "--no-watch"]);
    command.env("TOLLGATE_FAILPOINTS", armed);
    Server::start(command)
}

/// Whether the server died of what it was armed with; it has nothing more to read.
fn dies(mut server: Server) -> bool {
    drop(end_of_output(&mut server));
    let status = server.exit_within(BOUND);
    assert!([0, 128 + 6].contains(&status), "{status}");
    status != 0
}

/// Nothing is in between: what was done is undone, or all of it is done, or a person is asked. And
/// what was done agrees with the ledger.
fn judge(way: Way, world: &World) {
    let state = state(&world.home);
    let effects = world.effects();
    let done: Vec<&str> = effects.split_whitespace().collect();
    let count = |what: &str| done.iter().filter(|one| **one == what).count();
    let last = |what: &str| done.iter().rposition(|one| *one == what);
    let is_undone = |what: &str| last(what) < last(&format!("-{what}")) || last(what).is_none();
    let is_right = match (state.as_str(), way) {
        // Nobody knows whether the pivot was done, and it may not be done again.
        ("attention", Way::Through) => count("b") <= 1 && count("d") == 0,
        ("succeeded", Way::Through) => {
            count("a") == 1 && count("-a") == 0 && count("b") == 1 && count("d") >= 1
        }
        ("rolled_back", Way::Back) => ["a", "b", "c"].into_iter().all(is_undone),
        ("rolled_back", Way::Through) => is_undone("a") && count("b") == 0,
        // No step was begun, so that there is nothing to go on with.
        ("orphaned", _) => done.is_empty(),
        _ => false,
    };
    assert!(is_right, "{state}: {effects}");
    world.agrees();
    sound(&world.home);
}

/// What a repetition is told is so, and it does nothing that was done.
fn repeat(world: &World) {
    let (state, before) = (state(&world.home), world.effects());
    let mut server = walks::serve(&world.home);
    let answer = walk(&mut server);
    assert_eq!(server.finish().0, 0);
    match state.as_str() {
        "rolled_back" => assert_eq!(ended(&answer), ["ROLLED_BACK", "rolled_back"]),
        "attention" => assert_eq!(ended(&answer)[0], "NEEDS_ATTENTION"),
        "succeeded" => assert!(answer["result"].get("isError").is_none(), "{answer}"),
        _ => return,
    }
    assert_eq!(world.effects(), before);
}

/// Dies at the place of the cell, the first time, the second, and so on; gives how often that was.
fn run(cell: Cell) -> usize {
    let mut died = 0;
    loop {
        let world = world(cell.means, cell.way);
        let home = &world.home;
        let mut server = start(home, &format!("{:?}=abort:{died}", cell.point));
        server.initialize();
        server.call("walk", json!({"text": "x"}));
        let is_dead = dies(server);
        if is_dead && let Some(then) = cell.then {
            // It may not come by: then it goes on to the end.
            dies(start(home, &format!("{then:?}=abort")));
        }
        // Nobody calls anything: it goes on by itself, and ends when it is done.
        assert_eq!(walks::serve(home).finish().0, 0);
        judge(cell.way, &world);
        repeat(&world);
        if !is_dead {
            assert!(died > 0, "was not reached");
            return died;
        }
        died += 1;
    }
}

#[test]
fn h4_a_walk_is_whole_or_undone_wherever_its_servers_die() {
    let cells = cells();
    let (next, died) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    super::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match std::panic::catch_unwind(|| run(*cell)) {
                        Ok(times) => {
                            died.fetch_add(times, Ordering::SeqCst);
                        }
                        Err(why) => {
                            let why = why.downcast_ref::<String>().cloned();
                            failed.lock().unwrap().push((*cell, why));
                        }
                    }
                }
            });
        }
    });
    println!("deaths {} at {} places", died.into_inner(), cells.len());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
}
