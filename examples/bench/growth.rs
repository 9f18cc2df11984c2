//! One process that answers call after call: whether it grows or slows down.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::{
    Servers, Work,
    load::{Driven, Plan},
    report::{Figures, Row},
    stats,
    wire::Template,
};

/// `bench growth`
#[derive(Args)]
pub(crate) struct Growth {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    work: Work,
    /// Calls between two lines of the report
    #[arg(long, default_value = "100000", value_parser = clap::value_parser!(u64).range(1..))]
    slice: u64,
    /// Calls in flight at once
    #[arg(long, default_value = "64")]
    depth: usize,
    /// Folder whose size is shown
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
}

impl Growth {
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let template = Template::new(&self.work.request, 0)?;
        let whole = self
            .work
            .plan(&template, self.depth, self.servers.patience_ms);
        let program = self.servers.first();
        let slice = usize::try_from(self.slice)?;
        ensure!(whole.calls >= 1, "no calls");
        let mut driven = Driven::start(&program, &whole)?;
        let (mut done, mut rows) = (0, Vec::new());
        while done < whole.calls {
            let plan = Plan {
                calls: slice.min(whole.calls - done),
                ..whole.clone()
            };
            let cpu_before = driven.server.cpu_us()?;
            let book = driven.run(&plan, whole.first + (whole.warmup + done) as u64)?;
            let cpu_us = driven.server.cpu_us()? - cpu_before;
            done += plan.calls;
            let took = book.took_us();
            let mut figures = Figures(vec![
                (plan.expect.rate(), book.rate()),
                ("p50 µs", stats::percentile(&took, 50) as f64),
                ("p99 µs", stats::percentile(&took, 99) as f64),
                ("worst µs", stats::percentile(&took, 100) as f64),
                ("cpu µs/call", cpu_us as f64 / plan.calls as f64),
                ("RSS MiB", driven.server.rss_kib()? as f64 / 1024.0),
                ("other", book.other as f64),
            ]);
            if let Some(folder) = &self.folder {
                let bytes = stats::folder_bytes(folder)?;
                figures.0.push(("folder MiB", bytes as f64 / 1048576.0));
            }
            let what = format!("{done} calls");
            rows.push(Row::median(&program.name, &what, &[figures]));
        }
        driven.server.end()?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::{Measure, Options, load::tests::answering};

    #[test]
    fn a_line_for_each_slice_and_one_for_what_is_left() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), vec![0; 1 << 20]).unwrap();
        let server = answering("{}");
        let mut options = vec!["bench", "growth", "--calls", "25", "--slice", "10"];
        options.extend(["--folder", folder.path().to_str().unwrap()]);
        options.extend(["--server", server.path.to_str().unwrap(), "--"]);
        options.extend(server.arguments.iter().map(String::as_str));
        let options = Options::parse_from(options);
        let Measure::Growth(growth) = options.measure else {
            panic!("not what was asked for");
        };
        let rows = growth.rows().unwrap();
        let what: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        assert_eq!(what, ["10 calls", "20 calls", "25 calls"]);
        for row in &rows {
            let value = |name: &str| {
                let found = row.figures.iter().find(|(known, _)| known == name);
                found.unwrap().1
            };
            assert!(value("calls/s") > 0.0 && value("RSS MiB") > 0.0, "{row:?}");
            assert_eq!((value("folder MiB"), value("other")), (1.0, 0.0));
        }
    }
}
