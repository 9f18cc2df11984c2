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
    cli::{
        panels, standing,
        stats::{
            Places,
            table::{self, columns},
        },
    },
    ledger::{record::Outcome, sqlite::health::Verdict},
};

/// Rows that the chart of calls over time has.
const CHART_ROWS: u16 = 4;
/// Problems, and rules, that are shown.
const PROBLEMS_SHOWN: usize = 5;
/// Breakers, and budgets, that are shown.
const RESTRAINTS_SHOWN: usize = 4;
/// Little bars that show what a row stands for over time, where there is room for them.
const BARS: usize = 24;
/// The top and the bottom of a box.
const BORDERS: u16 = 2;
/// Rows of tools, with their heading, that are shown in any case.
const TOOLS_ROWS_MIN: u16 = 3;
/// From so many columns on two panels stand side by side.
const BROAD_COLUMNS: u16 = 100;
/// From so many rows on there is room for the rules below the problems.
const TALL_ROWS: u16 = 44;
/// Size of a page of text.
const PAGE: Rect = Rect::new(0, 0, 120, 44);

impl Widget for &Look {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let state = self.state_lines(area.width.saturating_sub(BORDERS));
        let restraints = self.restraints();
        let is_broad = area.width >= BROAD_COLUMNS;
        let problems = self.problems(is_broad, area.height);
        let (restrained, boxes) = height(&restraints, is_broad);
        let (wrong, wrong_boxes) = height(&problems, is_broad);
        // In order of importance: what is wanted, and what is enough where there is less room.
        let wanted = [
            (boxed_rows(state.len()), BORDERS + 1),
            (restrained, boxes * (BORDERS + 2)),
            (wrong, wrong_boxes * (BORDERS + 2)),
            (boxed_rows(self.newest.len()), BORDERS + 1),
            (CHART_ROWS + BORDERS, BORDERS),
        ];
        let room = area.height.saturating_sub(1 + TOOLS_ROWS_MIN + BORDERS);
        let [above, restrained, wrong, newest, chart] = fit(wanted, room).map(Constraint::Length);
        let rest = Constraint::Fill(1);
        let rows = [
            Constraint::Length(1),
            above,
            chart,
            restrained,
            rest,
            wrong,
            newest,
        ];
        let [title, above, chart, restrained, tools, wrong, newest] =
            Layout::vertical(rows).areas(area);
        self.title().render(title, buffer);
        boxed("state", state).render(above, buffer);
        self.chart(chart, buffer);
        side_by_side(restraints, is_broad, restrained, buffer);
        let rows = usize::from(tools.height.saturating_sub(BORDERS));
        let table = self.tools(rows, is_broad);
        boxed("tools", lines(&columns(&table))).render(tools, buffer);
        side_by_side(problems, is_broad, wrong, buffer);
        boxed("newest calls", self.newest_lines()).render(newest, buffer);
    }
}

/// Heights that need no more than `room` together where that can be: the last of those `wanted`
/// shrinks first, then it is left out.
fn fit<const N: usize>(wanted: [(u16, u16); N], room: u16) -> [u16; N] {
    let mut heights = wanted.map(|(height, _)| height);
    for least in [wanted.map(|(height, least)| least.min(height)), [0; N]] {
        let all = heights
            .iter()
            .fold(0, |sum: u16, height| sum.saturating_add(*height));
        let mut over = all.saturating_sub(room);
        for (height, least) in heights.iter_mut().zip(least).rev() {
            let cut = over.min(height.saturating_sub(least));
            *height -= cut;
            over -= cut;
        }
    }
    heights
}

fn boxed_rows(lines: usize) -> u16 {
    let rows = u16::try_from(lines).unwrap_or(u16::MAX);
    rows.saturating_add(BORDERS)
}

/// How high panels are beside or upon each other, and how many are upon each other.
fn height(panels: &[(Paragraph<'static>, u16)], is_broad: bool) -> (u16, u16) {
    let heights = panels.iter().map(|(_, rows)| *rows);
    if is_broad {
        (heights.max().unwrap_or(0), 1)
    } else {
        (heights.sum(), u16::try_from(panels.len()).unwrap_or(1))
    }
}

fn side_by_side(
    panels: Vec<(Paragraph<'static>, u16)>,
    is_broad: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let equal = panels.iter().map(|_| Constraint::Fill(1));
    let areas = if is_broad {
        Layout::horizontal(equal)
    } else {
        Layout::vertical(equal)
    };
    for ((panel, _), area) in panels.into_iter().zip(areas.split(area).iter()) {
        panel.render(*area, buffer);
    }
}

impl Look {
    fn title(&self) -> Line<'static> {
        let verdict = self.health.verdict();
        let color = match verdict {
            Verdict::Fine => Color::Green,
            Verdict::Attention => Color::Yellow,
            Verdict::Degraded => Color::Red,
        };
        Line::from(vec![
            Span::from("tollgate top  ").bold(),
            Span::styled(verdict.as_str(), Style::new().fg(color).bold()),
            Span::from(format!("  {}  q ends", self.at.rfc3339())),
        ])
    }

    fn state_lines(&self, width: u16) -> Vec<Line<'static>> {
        let mut told = standing::troubles(&self.health);
        told.push(standing::running(&self.health));
        told.push(self.summary());
        told.extend(packed(table::notes(&self.stats), width));
        told.into_iter().map(Line::from).collect()
    }

    /// The panels of what went wrong: problems, and the operator's rules where any refused.
    fn problems(&self, is_broad: bool, rows: u16) -> Vec<(Paragraph<'static>, u16)> {
        let mut problems = table::problem_rows(&self.stats, PROBLEMS_SHOWN);
        let mut rules = table::rule_rows(&self.stats, PROBLEMS_SHOWN);
        let has_rules = rules.len() > 1 && (is_broad || rows >= TALL_ROWS);
        if is_broad {
            let met = table::most(&self.stats.problems).into_iter();
            let bars = met.map(|(_, met)| self.places().counts(&met.timeline));
            // Two beside each other have no room for more.
            if !has_rules {
                widen(&mut problems, "over time", bars);
            }
            let met = table::most(&self.stats.rules).into_iter();
            let bars = met.map(|(_, met)| self.places().counts(&met.timeline));
            widen(&mut rules, "over time", bars);
        }
        let mut panels = vec![("problems", problems)];
        if has_rules {
            panels.push(("rules that refused", rules));
        }
        let drawn = panels.into_iter().map(|(name, rows)| {
            let height = boxed_rows(rows.len());
            (boxed(name, lines(&columns(&rows))), height)
        });
        drawn.collect()
    }

    /// Time up to the present in as many places as little bars have.
    fn places(&self) -> Places {
        Places::of(&self.stats.timeline, self.at, BARS)
    }

    /// The panels of breakers and budgets, where there are any, and their heights.
    fn restraints(&self) -> Vec<(Paragraph<'static>, u16)> {
        let panels = [
            (
                "breakers",
                panels::breakers(&self.health.breakers, RESTRAINTS_SHOWN),
            ),
            (
                "budgets",
                panels::budgets(&self.health.budgets, self.at, RESTRAINTS_SHOWN),
            ),
        ];
        let there = panels.into_iter().filter(|(_, panel)| !panel.is_empty());
        let drawn = there.map(|(name, panel)| {
            let title = match panel.more {
                0 => name.to_owned(),
                more => format!("{name}, and {more} more"),
            };
            let rows = boxed_rows(panel.cells.len());
            let colors = std::iter::once(Color::Reset).chain(panel.colors);
            let lines = lines(&columns(&panel.cells)).into_iter().zip(colors);
            let lines = lines.map(|(line, color)| line.fg(color)).collect();
            (boxed(title, lines), rows)
        });
        drawn.collect()
    }

    /// All calls in one line.
    fn summary(&self) -> String {
        let counts = &self.stats.all.counts;
        let total = usize::try_from(counts.total()).unwrap_or(usize::MAX);
        let total = text::count(total, "call");
        let since = self.since.written("%-d %B, %H:%M:%S UTC");
        let mut told = format!("{total} since {since}");
        for outcome in Outcome::ALL {
            let count = counts.of(*outcome);
            if count > 0 {
                let _infallible = write!(told, ", {count} {}", outcome.as_str().replace('_', " "));
            }
        }
        told
    }

    /// Calls over time from the first of them up to the present.
    fn chart(&self, area: Rect, buffer: &mut Buffer) {
        let timeline = &self.stats.timeline;
        let room = usize::from(area.width.saturating_sub(BORDERS));
        let places = Places::of(timeline, self.at, room);
        let bars: Vec<u64> = places
            .tallies(timeline)
            .map(|(_, counts)| counts.total())
            .collect();
        let most = bars.iter().max().copied().unwrap_or(0);
        let seconds = places.width_us / 1_000_000;
        let title = format!("calls, one bar for {seconds} s, the highest {most}");
        Sparkline::default()
            .block(Block::bordered().title(title))
            .style(Style::new().fg(Color::Cyan))
            .data(&bars)
            .render(area, buffer);
    }

    /// The busiest tools, as many as there are rows for, below their heading.
    fn tools(&self, rows: usize, is_broad: bool) -> Vec<Vec<String>> {
        let mut busiest: Vec<_> = self.stats.tools.iter().collect();
        busiest.sort_by_key(|(name, tool)| (Reverse(tool.counts.total()), *name));
        let shown = busiest.iter().take(rows.saturating_sub(1));
        let mut table = vec![table::HEADER.map(str::to_owned).to_vec()];
        table.extend(
            shown
                .clone()
                .map(|(name, tool)| table::tool_row(name, tool)),
        );
        if is_broad {
            let bars = shown.map(|(_, tool)| self.places().success(&tool.timeline));
            widen(&mut table, "success over time", bars);
        }
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

/// Adds a column to the rows below their heading.
fn widen(table: &mut [Vec<String>], name: &str, cells: impl Iterator<Item = String>) {
    for (row, cell) in table
        .iter_mut()
        .zip(std::iter::once(name.to_owned()).chain(cells))
    {
        row.push(cell);
    }
}

/// As many of `parts` in a line as have room.
fn packed(parts: Vec<String>, width: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + part.len() + 2 <= usize::from(width) => {
                line.push_str(", ");
                line.push_str(&part);
            }
            Some(_) | None => lines.push(part),
        }
    }
    lines
}

fn boxed(title: impl Into<Line<'static>>, lines: Vec<Line<'static>>) -> Paragraph<'static> {
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
