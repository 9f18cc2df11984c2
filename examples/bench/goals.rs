//! The goals of speed, held against what was measured.

use std::fmt::Write as _;

use serde_json::json;

use crate::report::{RATIO, Row, short};

/// Where a figure stands in a report.
#[derive(Clone, Copy, Debug)]
struct At {
    case: &'static str,
    server: &'static str,
    what: &'static str,
    figure: &'static str,
}

/// Which side of the bound is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    AtLeast,
    AtMost,
}

/// What is to be reached.
struct Goal {
    says: &'static str,
    at: At,
    /// What it is divided by, where it is compared with something that was not measured in turn.
    over: Option<At>,
    side: Side,
    bound: f64,
    unit: &'static str,
}

const OURS: &str = "tollgate";

const fn at(
    case: &'static str,
    server: &'static str,
    what: &'static str,
    figure: &'static str,
) -> At {
    At {
        case,
        server,
        what,
        figure,
    }
}

const fn least(says: &'static str, at: At, bound: f64) -> Goal {
    Goal {
        says,
        at,
        over: None,
        side: Side::AtLeast,
        bound,
        unit: "x",
    }
}

const fn most(says: &'static str, at: At, bound: f64, unit: &'static str) -> Goal {
    Goal {
        says,
        at,
        over: None,
        side: Side::AtMost,
        bound,
        unit,
    }
}

const AT_64_PEER: &str = "depth 64 : rmcp-echo";
const AT_64_RAW: &str = "depth 64 : rmcp-raw";

const GOALS: [Goal; 25] = [
    least(
        "read, 64 at a time, beside rmcp as documented",
        at("read", RATIO, AT_64_PEER, "calls/s"),
        5.0,
    ),
    least(
        "read, 64 at a time, beside rmcp on raw pipes",
        at("read", RATIO, AT_64_RAW, "calls/s"),
        0.6,
    ),
    least(
        "read, 64 at a time, beside a bare server that records it",
        at("read", RATIO, "depth 64 : bare", "calls/s"),
        0.4,
    ),
    most(
        "read, one at a time, median beside the same",
        at("read", RATIO, "depth 1 : bare", "p50 µs"),
        1.5,
        "x",
    ),
    most(
        "read, 64 at a time, processor time a call",
        at("read", OURS, "depth 64", "cpu µs/call"),
        12.0,
        "µs",
    ),
    most(
        "processor time a call of a read, beside rmcp on raw pipes",
        at("read", RATIO, AT_64_RAW, "cpu µs/call"),
        1.0,
        "x",
    ),
    least(
        "write, 64 at a time, beside rmcp as documented",
        at("write", RATIO, AT_64_PEER, "calls/s"),
        4.0,
    ),
    least(
        "write, 64 at a time, beside rmcp on raw pipes",
        at("write", RATIO, AT_64_RAW, "calls/s"),
        0.45,
    ),
    least(
        "write, 64 at a time, beside a bare server that records it twice",
        at("write", RATIO, "depth 64 : bare", "calls/s"),
        0.4,
    ),
    most(
        "write, one at a time, median beside the same",
        at("write", RATIO, "depth 1 : bare", "p50 µs"),
        1.5,
        "x",
    ),
    Goal {
        over: Some(at("read", OURS, "depth 64", "calls/s")),
        ..least(
            "replay of a write beside a first read",
            at("replay", OURS, "depth 64", "replays/s"),
            1.0,
        )
    },
    most(
        "start to the first reply beside rmcp as documented",
        at("start", RATIO, "initialize : rmcp-echo", "ms"),
        2.0,
        "x",
    ),
    most(
        "start to `tools/list` of 100 tools",
        at("tools", OURS, "100 tools", "list ms"),
        15.0,
        "ms",
    ),
    most(
        "start to `tools/list` of 1,000 tools",
        at("tools", OURS, "1000 tools", "list ms"),
        120.0,
        "ms",
    ),
    least(
        "read with 100 tools beside 1",
        at("tools", RATIO, "100 tools : 1 tools", "calls/s"),
        0.95,
    ),
    least(
        "read with 1,000 tools beside 1",
        at("tools", RATIO, "1000 tools : 1 tools", "calls/s"),
        0.95,
    ),
    most(
        "memory, idle with 20 tools",
        at("tools", OURS, "20 tools", "idle MiB"),
        10.0,
        "MiB",
    ),
    most(
        "memory after a million calls",
        at("million", OURS, "1000000 calls", "RSS MiB"),
        24.0,
        "MiB",
    ),
    least(
        "program, one at a time, beside a bare loop",
        at("program, bare", RATIO, "depth 1 : posix_spawn", "calls/s"),
        0.75,
    ),
    least(
        "program, 8 at a time, beside a bare loop",
        at("program, bare", RATIO, "depth 8 : posix_spawn", "calls/s"),
        0.75,
    ),
    least(
        "read, one at a time, ten million calls in the ledger beside none",
        at("large read", RATIO, "depth 1 : empty", "calls/s"),
        0.9,
    ),
    least(
        "read, 64 at a time, the same",
        at("large read", RATIO, "depth 64 : empty", "calls/s"),
        0.9,
    ),
    least(
        "write, one at a time, the same",
        at("large write", RATIO, "depth 1 : empty", "calls/s"),
        0.9,
    ),
    least(
        "write, 64 at a time, the same",
        at("large write", RATIO, "depth 64 : empty", "calls/s"),
        0.9,
    ),
    least(
        "replay, 64 at a time, the same",
        at("large replay", RATIO, "depth 64 : empty", "replays/s"),
        0.9,
    ),
];

/// The figure that stands at `at`.
fn find(rows: &[Row], at: At) -> Option<f64> {
    let mut found = rows
        .iter()
        .filter(|row| (&*row.case, &*row.server, &*row.what) == (at.case, at.server, at.what))
        .flat_map(|row| &row.figures)
        .filter(|(name, _)| name == at.figure);
    found.next().map(|(_, value)| *value)
}

impl Goal {
    fn measured(&self, rows: &[Row]) -> Option<f64> {
        let value = find(rows, self.at)?;
        match self.over {
            Some(over) => Some(value / find(rows, over)?),
            None => Some(value),
        }
    }

    fn is_reached(&self, measured: f64) -> bool {
        match self.side {
            Side::AtLeast => measured >= self.bound,
            Side::AtMost => measured <= self.bound,
        }
    }
}

/// Every goal whose measurement is among `rows`, a line each; the others are left out, because
/// each figure measures some.
pub(crate) fn shown(rows: &[Row], as_json: bool) -> String {
    let mut shown = String::new();
    for goal in &GOALS {
        let Some(measured) = goal.measured(rows) else {
            continue;
        };
        let side = match goal.side {
            Side::AtLeast => "at least",
            Side::AtMost => "at most",
        };
        let is_reached = goal.is_reached(measured);
        let _ = if as_json {
            let object = json!({
                "goal": goal.says, side: goal.bound, "unit": goal.unit,
                "measured": measured, "reached": is_reached,
            });
            writeln!(shown, "{object}")
        } else {
            let reached = if is_reached { "reached" } else { "not reached" };
            let bound = format!("{side} {} {}", goal.bound, goal.unit);
            let measured = format!("{} {}", short(measured), goal.unit);
            writeln!(
                shown,
                "{:<66} {bound:>16} {measured:>10}  {reached}",
                goal.says
            )
        };
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn row(at: At, value: f64) -> Row {
        let line = json!({
            "case": at.case, "server": at.server, "measured": at.what, "rounds": 1,
            "something": 77.0, at.figure: value,
        });
        Row::read(&line.to_string()).unwrap()
    }

    #[test]
    fn each_goal_is_held_to_its_bound_and_to_no_other_figure() {
        for goal in &GOALS {
            let base = goal.over.map(|over| row(over, 200.0));
            let scale = base.as_ref().map_or(1.0, |_| 200.0);
            for (factor, least) in [(0.99, false), (1.0, true), (1.01, true)] {
                let mut rows = vec![row(goal.at, goal.bound * factor * scale)];
                rows.extend(base.clone());
                let told: Vec<Value> = shown(&rows, true)
                    .lines()
                    .map(|line| serde_json::from_str(line).unwrap())
                    .filter(|line: &Value| line["goal"] == goal.says)
                    .collect();
                let expected = match goal.side {
                    Side::AtLeast => least,
                    Side::AtMost => factor <= 1.0,
                };
                assert_eq!(told.len(), 1, "{}", goal.says);
                assert_eq!(told[0]["reached"], expected, "{} {factor}", goal.says);
                let table = shown(&rows, false);
                assert_eq!(table.contains("not reached"), !expected, "{table}");
            }
        }
        assert_eq!(shown(&[], false), "");
    }
}
