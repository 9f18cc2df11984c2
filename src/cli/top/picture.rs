//! A look as a picture: the same for a terminal and for a page of text.

use std::{cmp::Reverse, fmt::Write as _};

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize as _},
    text::{Line, Span},
    widgets::{Block, Paragraph, Sparkline, Widget},
};

use super::Look;
use crate::{
    base::text,
    cli::stats::table::{self, columns},
    ledger::{record::Outcome, sqlite::health::Verdict},
};

/// Rows that the chart of calls over time has.
const CHART_ROWS: u16 = 4;
/// Problems that are shown.
const PROBLEMS_SHOWN: usize = 5;
/// The top and the bottom of a box.
const BORDERS: u16 = 2;
/// Size of a page of text.
const PAGE: Rect = Rect::new(0, 0, 120, 34);

impl Widget for &Look {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let state = self.state_lines();
        let problems = table::problem_rows(&self.stats, PROBLEMS_SHOWN);
        let tall = |lines: usize| {
            let rows = u16::try_from(lines).unwrap_or(u16::MAX);
            Constraint::Length(rows.saturating_add(BORDERS))
        };
        let areas = Layout::vertical([
            Constraint::Length(1),
            tall(state.len()),
            Constraint::Length(CHART_ROWS + BORDERS),
            Constraint::Min(4 + BORDERS),
            tall(problems.len()),
            tall(self.newest.len()),
        ]);
        let [title, above, chart, tools, wrong, newest] = areas.areas(area);
        self.title().render(title, buffer);
        boxed("state", state).render(above, buffer);
        self.chart(chart, buffer);
        let rows = usize::from(tools.height.saturating_sub(BORDERS));
        boxed("tools", lines(&columns(&self.tools(rows)))).render(tools, buffer);
        boxed("problems", lines(&columns(&problems))).render(wrong, buffer);
        boxed("newest calls", self.newest_lines()).render(newest, buffer);
    }
}

impl Look {
    fn title(&self) -> Line<'static> {
        let color = match self.verdict {
            Verdict::Fine => Color::Green,
            Verdict::Attention => Color::Yellow,
            Verdict::Degraded => Color::Red,
        };
        Line::from(vec![
            Span::from("tollgate top  ").bold(),
            Span::styled(self.verdict.as_str(), Style::new().fg(color).bold()),
            Span::from(format!("  {}  q ends", self.at.rfc3339())),
        ])
    }

    fn state_lines(&self) -> Vec<Line<'static>> {
        let mut lines: Vec<Line<'static>> = self.state.iter().cloned().map(Line::from).collect();
        lines.push(Line::from(self.summary()));
        lines
    }

    /// All calls in one line.
    fn summary(&self) -> String {
        let counts = &self.stats.all.counts;
        let total = usize::try_from(counts.total()).unwrap_or(usize::MAX);
        let total = text::count(total, "call");
        let mut told = format!("{total} since {}", self.since.rfc3339());
        for outcome in Outcome::ALL {
            let count = counts.of(*outcome);
            if count > 0 {
                let _infallible = write!(told, ", {count} {}", outcome.as_str());
            }
        }
        told
    }

    /// Calls over time up to the present, as far back as there is room for.
    fn chart(&self, area: Rect, buffer: &mut Buffer) {
        let timeline = &self.stats.timeline;
        let room = usize::from(area.width.saturating_sub(BORDERS));
        let mut bars: Vec<u64> = Vec::new();
        let mut last = self.at;
        for (begins, counts) in timeline.buckets() {
            bars.push(counts.total());
            last = begins;
        }
        let quiet = (self.at.as_micros() - last.as_micros()).div_euclid(timeline.width_us());
        let quiet = usize::try_from(quiet).unwrap_or(0).min(room);
        bars.extend(std::iter::repeat_n(0, quiet));
        let skipped = bars.len().saturating_sub(room);
        let shown = bars.get(skipped..).unwrap_or_default();
        let most = shown.iter().max().copied().unwrap_or(0);
        let seconds = timeline.width_us() / 1_000_000;
        let title = format!("calls, one bar for {seconds} s, the highest {most}");
        Sparkline::default()
            .block(Block::bordered().title(title))
            .style(Style::new().fg(Color::Cyan))
            .data(shown)
            .render(area, buffer);
    }

    /// The busiest tools, as many as there are rows for, below their heading.
    fn tools(&self, rows: usize) -> Vec<Vec<String>> {
        let mut busiest: Vec<_> = self.stats.tools.iter().collect();
        busiest.sort_by_key(|(name, tool)| (Reverse(tool.counts.total()), *name));
        let shown = busiest.iter().take(rows.saturating_sub(1));
        let mut table = vec![table::HEADER.map(str::to_owned).to_vec()];
        table.extend(shown.map(|(name, tool)| table::tool_row(name, tool)));
        table
    }

    fn newest_lines(&self) -> Vec<Line<'static>> {
        let cells: Vec<Vec<String>> = self.newest.iter().map(|(_, cells)| cells.clone()).collect();
        let lines = lines(&columns(&cells)).into_iter();
        let colored = lines.zip(&self.newest).map(|(line, (outcome, _))| {
            line.fg(match outcome {
                Some(Outcome::Succeeded | Outcome::Asked) | None => Color::Reset,
                Some(Outcome::Refused | Outcome::Cancelled | Outcome::RolledBack) => Color::Yellow,
                Some(
                    Outcome::Failed
                    | Outcome::TimedOut
                    | Outcome::Unknown
                    | Outcome::NeedsAttention,
                ) => Color::Red,
            })
        });
        colored.collect()
    }
}

fn boxed(title: &'static str, lines: Vec<Line<'static>>) -> Paragraph<'static> {
    Paragraph::new(lines).block(Block::bordered().title(title))
}

fn lines(text: &str) -> Vec<Line<'static>> {
    text.lines()
        .map(|line| Line::from(line.to_owned()))
        .collect()
}

/// The picture as lines of text, for where no terminal is.
pub(crate) fn page(look: &Look) -> String {
    let mut buffer = Buffer::empty(PAGE);
    look.render(PAGE, &mut buffer);
    let mut page = String::new();
    for row in buffer.content.chunks(usize::from(PAGE.width)) {
        let mut line = String::new();
        let mut cells = row.iter();
        while let Some(cell) = cells.next() {
            line.push_str(cell.symbol());
            // A wide character covers the cells behind it.
            let covered = Span::raw(cell.symbol()).width().saturating_sub(1);
            cells.by_ref().take(covered).for_each(drop);
        }
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}
