//! Measurements in which servers, or states of one, take turns.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    First, Servers, Work,
    definitions::Definitions,
    floor,
    load::{self, Plan},
    report::{self, Figures, Row},
    server::Program,
    wire::Template,
};

/// What the programs of a measurement found, each in every round.
type Rounds = Vec<Vec<Figures>>;

/// Lets `programs` take turns at `measure`. Each round begins with another of them: a quiet machine is quicker
/// at first, and so is a young file.
fn turns<T>(
    programs: &[T],
    rounds: u32,
    mut measure: impl FnMut(&T) -> Result<Figures>,
) -> Result<Rounds> {
    let mut found = vec![Vec::new(); programs.len()];
    let mut order: Vec<_> = programs.iter().zip(&mut found).collect();
    for _ in 0..rounds {
        for (program, found) in &mut order {
            found.push(measure(program)?);
        }
        order.rotate_left(1.min(programs.len()));
    }
    Ok(found)
}

/// `bench calls`
#[derive(Args)]
pub(crate) struct Calls {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    work: Work,
    /// Calls in flight at once, one measurement each
    #[arg(long, value_delimiter = ',', default_value = "1,8,64")]
    depth: Vec<usize>,
    /// Program that a bare loop starts in turn with the servers, on as many threads as calls are
    /// in flight: what no server can beat
    #[arg(long, value_name = "COMMAND")]
    floor: Option<String>,
}

/// Who takes a turn.
enum Turn {
    Server(Program),
    Floor(Program),
}

impl Calls {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let template = Template::new(&self.work.request, 0)?;
        let mut servers = self.servers.all()?;
        let mut takers: Vec<Turn> = servers.iter().cloned().map(Turn::Server).collect();
        if let Some(command) = &self.floor {
            takers.push(Turn::Floor(Program::parse(command)?));
            servers.push(Program::parse("posix_spawn")?);
        }
        let mut next = self.work.first;
        let mut rows = Vec::new();
        for &depth in &self.depth {
            let patience_ms = self.servers.patience_ms;
            let rounds = turns(&takers, self.servers.rounds, |taker| match taker {
                Turn::Floor(program) => floor::measure(program, self.work.calls, depth),
                Turn::Server(program) => {
                    let plan = self.work.plan(&template, depth, patience_ms);
                    load::measure(program, &plan.after(&mut next))
                        .with_context(|| format!("{program} at depth {depth}"))
                }
            })?;
            rows.extend(report::rows(&format!("depth {depth}"), &servers, &rounds));
        }
        Ok(rows)
    }
}

/// `bench sizes`
#[derive(Args)]
pub(crate) struct Sizes {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    work: Work,
    /// About how many bytes the arguments have, one measurement each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "100,1024,10240,102400,1048576"
    )]
    bytes: Vec<usize>,
    /// Most bytes that one measurement sends; it makes fewer calls where they are large
    #[arg(long, default_value = "200000000")]
    bytes_of_all: usize,
    /// Calls in flight at once
    #[arg(long, default_value = "8")]
    depth: usize,
}

impl Sizes {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let servers = self.servers.all()?;
        let mut next = self.work.first;
        let mut rows = Vec::new();
        for &bytes in &self.bytes {
            let template = Template::new(&self.work.request, bytes)?;
            let most = (self.bytes_of_all / bytes.max(1)).max(self.depth);
            let rounds = turns(&servers, self.servers.rounds, |program| {
                let patience_ms = self.servers.patience_ms;
                let mut plan = self.work.plan(&template, self.depth, patience_ms);
                plan.calls = plan.calls.min(most);
                plan.warmup = plan.warmup.min(most / 10);
                load::measure(program, &plan.after(&mut next))
                    .with_context(|| format!("{program} with {bytes} bytes"))
            })?;
            rows.extend(report::rows(&format!("{bytes} bytes"), &servers, &rounds));
        }
        Ok(rows)
    }
}

/// `bench tools`
#[derive(Args)]
pub(crate) struct Tools {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    work: Work,
    /// How many tools there are, one measurement each. In the arguments of the server, `{tools}`
    /// stands for the folder of their definitions
    #[arg(long, value_delimiter = ',', default_value = "1,20,100,1000")]
    count: Vec<usize>,
    /// Calls in flight at once
    #[arg(long, default_value = "64")]
    depth: usize,
}

impl Tools {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let mut request = self.work.request.clone();
        request.tool = Definitions::FIRST.to_owned();
        let template = Template::new(&request, 0)?;
        let program = self.servers.first();
        let sets: Vec<Definitions> = self
            .count
            .iter()
            .map(|&count| Definitions::write(count))
            .collect::<Result<_>>()?;
        let mut next = self.work.first;
        let rounds = turns(&sets, self.servers.rounds, |set| {
            let program = program.with("{tools}", set.folder()?);
            let patience_ms = self.servers.patience_ms;
            let plan = self.work.plan(&template, self.depth, patience_ms);
            set_figures(&program, &plan.after(&mut next))
                .with_context(|| format!("{program}, {set}"))
        })?;
        let names = sets.iter().map(ToString::to_string);
        let states: Vec<Program> = names.map(|name| program.clone().called(&name)).collect();
        Ok(compared(&program, &states, &rounds))
    }
}

/// One state of a server a line, then each but the first beside the first.
fn compared(program: &Program, states: &[Program], rounds: &[Vec<Figures>]) -> Vec<Row> {
    let both = || states.iter().zip(rounds);
    let mut rows: Vec<Row> = both()
        .map(|(state, found)| Row::median(&program.name, &state.name, found))
        .collect();
    if let Some((first, base)) = both().next() {
        let others = both().skip(1);
        rows.extend(
            others.map(|(state, found)| Row::ratio(&format!("{state} : {first}"), found, base)),
        );
    }
    rows
}

fn set_figures(program: &Program, plan: &Plan<'_>) -> Result<Figures> {
    let first = load::start(program, &First::Initialize.opening(), plan.patience_ms)?;
    let list = load::start(program, &First::List.opening(), plan.patience_ms)?;
    let calls = load::measure(program, plan)?;
    let of = |figures: &Figures, name| figures.get(name).unwrap_or_default();
    Ok(Figures(vec![
        ("first ms", of(&first, "ms")),
        ("list ms", of(&list, "ms")),
        ("idle MiB", of(&list, "MiB")),
        ("calls/s", of(&calls, plan.expect.rate())),
        ("cpu µs/call", of(&calls, "cpu µs/call")),
        ("peak MiB", of(&calls, "peak MiB")),
        ("other", of(&calls, "other")),
    ]))
}

/// `bench start`
#[derive(Args)]
pub(crate) struct Starts {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// Requests whose reply is waited for, one measurement each
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "initialize,discover,list,list-modern"
    )]
    first: Vec<First>,
}

impl Starts {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let servers = self.servers.all()?;
        let mut rows = Vec::new();
        for first in &self.first {
            let opening = first.opening();
            let rounds = turns(&servers, self.servers.rounds, |program| {
                load::start(program, &opening, self.servers.patience_ms)
                    .with_context(|| program.to_string())
            })?;
            rows.extend(report::rows(opening.name, &servers, &rounds));
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_compared_take_turns() {
        let mut order = String::new();
        let rounds = turns(&["a", "b"], 3, |name| {
            order.push_str(name);
            Ok(Figures(vec![("at", order.len() as f64)]))
        })
        .unwrap();
        assert_eq!(order, "abbaab");
        let at = |found: &[Figures]| -> Vec<Option<f64>> {
            found.iter().map(|figures| figures.get("at")).collect()
        };
        assert_eq!(at(&rounds[0]), [Some(1.0), Some(4.0), Some(5.0)]);
        assert_eq!(at(&rounds[1]), [Some(2.0), Some(3.0), Some(6.0)]);
    }

    #[test]
    fn states_are_compared_with_the_first() {
        let program = Program::parse("/bin/server").unwrap();
        let states = ["1 tools", "9 tools"].map(|name| program.clone().called(name));
        let rounds = [10.0, 5.0].map(|speed| vec![Figures(vec![("calls/s", speed)])]);
        let lines: Vec<(String, String, f64)> = compared(&program, &states, &rounds)
            .into_iter()
            .map(|row| (row.server, row.what, row.figures[0].1))
            .collect();
        let line = |server: &str, what: &str, value| (server.to_owned(), what.to_owned(), value);
        let expected = [
            line("server", "1 tools", 10.0),
            line("server", "9 tools", 5.0),
            line("ratio", "9 tools : 1 tools", 0.5),
        ];
        assert_eq!(lines, expected);
    }
}
