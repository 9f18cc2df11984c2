//! Figures of several rounds, brought together and shown.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{server::Program, stats};

/// What one measurement found, in the order it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Figures(pub(crate) Vec<(&'static str, f64)>);

/// One line of the report.
#[derive(Debug)]
pub(crate) struct Row {
    server: String,
    what: String,
    rounds: usize,
    figures: Figures,
}

impl Row {
    /// The medians over `rounds`, all of which have the same figures.
    pub(crate) fn median(program: &Program, what: &str, rounds: Vec<Figures>) -> Self {
        let count = rounds.len();
        let mut figures: Vec<(&'static str, Vec<f64>)> = Vec::new();
        for (name, value) in rounds.into_iter().flat_map(|round| round.0) {
            match figures.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => figures.push((name, vec![value])),
            }
        }
        let medians = figures
            .into_iter()
            .map(|(name, values)| (name, stats::median(values)))
            .collect();
        Self {
            server: program.to_string(),
            what: what.to_owned(),
            rounds: count,
            figures: Figures(medians),
        }
    }
}

/// A table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = String::new();
    if let Some(first) = rows.first() {
        let _ = write!(table, "{:<16} {:<20}", "server", "");
        for (name, _) in &first.figures.0 {
            let _ = write!(table, " {name:>12}");
        }
    }
    for row in rows {
        let _ = write!(table, "\n{:<16} {:<20}", row.server, row.what);
        for (_, value) in &row.figures.0 {
            let digits = if *value < 100.0 { 1 } else { 0 };
            let _ = write!(table, " {value:>12.digits$}");
        }
    }
    table
}

/// The same for programs: an array of objects.
pub(crate) fn json(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| {
            let mut object = Map::new();
            object.insert("server".to_owned(), json!(row.server));
            object.insert("measured".to_owned(), json!(row.what));
            object.insert("rounds".to_owned(), json!(row.rounds));
            for (name, value) in &row.figures.0 {
                object.insert((*name).to_owned(), json!(value));
            }
            Value::Object(object)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let round = |speed, refused| Figures(vec![("calls/s", speed), ("refused", refused)]);
        let program = Program::parse("/bin/server").unwrap();
        vec![Row::median(
            &program,
            "depth 8",
            vec![round(900.0, 0.0), round(100.0, 2.0), round(1000.0, 1.0)],
        )]
    }

    #[test]
    fn figures_are_medians_and_are_shown_under_their_names() {
        assert_eq!(
            json(&rows()),
            json!([{"server": "server", "measured": "depth 8", "rounds": 3,
                    "calls/s": 900.0, "refused": 1.0}])
        );
        assert_eq!(
            table(&rows()),
            "server                                     calls/s      refused\n\
             server           depth 8                       900          1.0"
        );
    }
}
