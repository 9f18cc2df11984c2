//! Figures of several rounds, brought together and shown.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{server::Program, stats};

/// The server of a line that compares two.
pub(crate) const RATIO: &str = "ratio";

/// What one measurement found, in the order it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Figures(pub(crate) Vec<(&'static str, f64)>);

impl Figures {
    /// The figure of this name.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        let mut found = self.0.iter().filter(|(known, _)| *known == name);
        found.next().map(|(_, value)| *value)
    }

    /// Each figure divided by that of `other`, where that is not zero.
    fn over(&self, other: &Self) -> Self {
        let divided = self.0.iter().filter_map(|(name, value)| {
            let by = other.get(name).filter(|by| *by != 0.0)?;
            Some((*name, value / by))
        });
        Self(divided.collect())
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// In which measurement; empty where there is only one.
    pub(crate) case: String,
    /// Which server; [`RATIO`] where two are compared.
    pub(crate) server: String,
    /// What of it.
    pub(crate) what: String,
    rounds: usize,
    /// The figures by name.
    pub(crate) figures: Vec<(String, f64)>,
}

impl Row {
    /// The medians over `rounds`, all of which have the same figures.
    pub(crate) fn median(server: &str, what: &str, rounds: &[Figures]) -> Self {
        let mut figures: Vec<(&'static str, Vec<f64>)> = Vec::new();
        for (name, value) in rounds.iter().flat_map(|round| &round.0) {
            match figures.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(*value),
                None => figures.push((name, vec![*value])),
            }
        }
        let medians = figures
            .into_iter()
            .map(|(name, values)| (name.to_owned(), stats::median(values)))
            .collect();
        Self {
            case: String::new(),
            server: server.to_owned(),
            what: what.to_owned(),
            rounds: rounds.len(),
            figures: medians,
        }
    }

    /// The medians of what divides the two in each round: they took turns, so that what else the
    /// machine did falls on both.
    pub(crate) fn ratio(what: &str, rounds: &[Figures], others: &[Figures]) -> Self {
        let ratios: Vec<Figures> = rounds
            .iter()
            .zip(others)
            .map(|(one, other)| one.over(other))
            .collect();
        Self::median(RATIO, what, &ratios)
    }

    /// Reads a line of [`json`].
    pub(crate) fn read(line: &str) -> serde_json::Result<Self> {
        let object: Map<String, Value> = serde_json::from_str(line)?;
        let text = |name: &str| {
            let text = object.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let figures = object.iter().filter(|(name, _)| *name != "rounds");
        Ok(Self {
            case: text("case"),
            server: text("server"),
            what: text("measured"),
            rounds: object
                .get("rounds")
                .and_then(Value::as_u64)
                .and_then(|rounds| usize::try_from(rounds).ok())
                .unwrap_or_default(),
            figures: figures
                .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
                .collect(),
        })
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("case".to_owned(), json!(self.case));
        object.insert("server".to_owned(), json!(self.server));
        object.insert("measured".to_owned(), json!(self.what));
        object.insert("rounds".to_owned(), json!(self.rounds));
        for (name, value) in &self.figures {
            object.insert(name.clone(), json!(value));
        }
        Value::Object(object)
    }
}

/// All of several servers that took turns: each one's medians, then the first beside each other.
pub(crate) fn rows(what: &str, servers: &[Program], rounds: &[Vec<Figures>]) -> Vec<Row> {
    let mut rows: Vec<Row> = servers
        .iter()
        .zip(rounds)
        .map(|(server, rounds)| Row::median(&server.name, what, rounds))
        .collect();
    if let Some((first, others)) = rounds.split_first() {
        let compared = servers.iter().skip(1).zip(others);
        rows.extend(
            compared.map(|(server, other)| Row::ratio(&format!("{what} : {server}"), first, other)),
        );
    }
    rows
}

/// A table for people. The names stand above each case, and above each line that has further ones.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = String::new();
    let (mut case, mut shown) = ("", Vec::new());
    for row in rows {
        let names: Vec<&str> = row.figures.iter().map(|(name, _)| name.as_str()).collect();
        if row.case != case || names.iter().any(|name| !shown.contains(name)) {
            let _ = write!(table, "{:<16} {:<28}", "server", row.case);
            for name in &names {
                let _ = write!(table, " {name:>12}");
            }
            table.push('\n');
            (case, shown) = (&row.case, names);
        }
        let _ = write!(table, "{:<16} {:<28}", row.server, row.what);
        for name in &shown {
            let found = row.figures.iter().find(|(known, _)| known == name);
            let value = found.map_or_else(|| "-".to_owned(), |(_, value)| short(*value));
            let _ = write!(table, " {value:>12}");
        }
        table.push('\n');
    }
    table
}

/// Three digits that count.
pub(crate) fn short(value: f64) -> String {
    let digits = match value.abs() {
        small if small < 9.995 => 2,
        middle if middle < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

/// The same for programs: an object a line.
pub(crate) fn json(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("{}\n", row.json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(speed: f64, other: f64) -> Figures {
        Figures(vec![("calls/s", speed), ("other", other)])
    }

    fn samples() -> Vec<Row> {
        let servers = [
            Program::parse("/bin/server").unwrap(),
            Program::parse("peer=/bin/other").unwrap(),
        ];
        let mut rows = rows(
            "depth 8",
            &servers,
            &[
                vec![round(900.0, 0.0), round(100.0, 2.0), round(1000.0, 1.0)],
                vec![round(450.0, 0.0), round(10.0, 0.0), round(100.0, 1.0)],
            ],
        );
        for row in &mut rows {
            row.case = "read".to_owned();
        }
        rows
    }

    #[test]
    fn figures_are_medians_and_ratios_those_of_each_round() {
        let lines = json(&samples());
        let read: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let row = |server: &str, what: &str, speed: f64, other: f64| {
            json!({"case": "read", "server": server, "measured": what, "rounds": 3,
                   "calls/s": speed, "other": other})
        };
        let expected = [
            row("server", "depth 8", 900.0, 1.0),
            row("peer", "depth 8", 100.0, 0.0),
            row("ratio", "depth 8 : peer", 10.0, 1.0),
        ];
        assert_eq!(read, expected);
        let again: Vec<Row> = lines.lines().map(|line| Row::read(line).unwrap()).collect();
        assert_eq!(again, samples());
    }

    #[test]
    fn a_table_has_the_names_of_each_case_once() {
        let mut rows = samples();
        rows[1].figures.pop();
        let other = rows[0].clone();
        rows.push(Row {
            case: "write".to_owned(),
            ..other
        });
        assert_eq!(
            table(&rows),
            "\
server           read                              calls/s        other
server           depth 8                               900         1.00
peer             depth 8                               100            -
ratio            depth 8 : peer                       10.0         1.00
server           write                             calls/s        other
server           depth 8                               900         1.00
"
        );
    }

    #[test]
    fn values_are_as_long_as_they_tell_something() {
        for (value, expected) in [
            (0.0, "0.00"),
            (9.994, "9.99"),
            (9.996, "10.0"),
            (99.94, "99.9"),
            (99.96, "100"),
            (12_345.6, "12346"),
        ] {
            assert_eq!(short(value), expected);
        }
    }
}
