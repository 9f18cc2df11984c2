//! The tables of a report: tools, problems, rules, principals.

use std::{cmp::Reverse, fmt::Write as _};

use super::{
    super::{Met, Stats, ToolStats, table::most},
    chart::{self, Frame},
    dash, percent,
    words::{duration, escape, name, thousands},
};
use crate::base::problem::Code;

/// Rows of each table; a person looks at no more.
const ROWS_SHOWN: usize = 50;

/// The beginning of a table; a name that ends in `#` heads a column of numbers.
pub(super) fn begin(page: &mut String, title: &str, names: &[&str]) {
    let _infallible = write!(
        page,
        "<section>\n<h2>{title}</h2>\n<div class=\"panel rows\">\n<table>\n<thead><tr>"
    );
    for name in names {
        let _infallible = match name.strip_suffix('#') {
            Some(name) => write!(page, "<th scope=\"col\" class=\"number\">{name}</th>"),
            None => write!(page, "<th scope=\"col\">{name}</th>"),
        };
    }
    page.push_str("</tr></thead>\n<tbody>\n");
}

/// The end of a table of which `shown` rows were shown and `all` are there.
pub(super) fn end(page: &mut String, shown: usize, all: usize) {
    page.push_str("</tbody>\n</table>\n</div>\n");
    if let Some(more @ 1..) = all.checked_sub(shown) {
        let _infallible = writeln!(
            page,
            "<p class=\"note more\">and {more} more; <code>tollgate stats --json</code> has them all</p>"
        );
    }
    page.push_str("</section>\n");
}

/// A cell of a number, which bears the name of its column where there is no room for columns.
pub(super) fn number(page: &mut String, column: &str, told: &str) {
    let _infallible = write!(
        page,
        "<td class=\"number\" data-name=\"{column}\">{told}</td>"
    );
}

/// The busiest tools first.
pub(super) fn tools(page: &mut String, stats: &Stats, frame: Frame) {
    let columns = [
        "tool",
        "how calls ended",
        "over time",
        "calls#",
        "success#",
        "p50#",
        "p95#",
        "p99#",
        "retries#",
    ];
    begin(page, "Tools", &columns);
    let mut tools: Vec<_> = stats.tools.iter().collect();
    tools.sort_by_key(|(name, tool)| (Reverse(tool.counts.total()), *name));
    for (tool_name, tool) in tools.iter().take(ROWS_SHOWN) {
        row(page, tool_name, tool, frame);
    }
    end(page, tools.len().min(ROWS_SHOWN), tools.len());
}

fn row(page: &mut String, tool_name: &str, tool: &ToolStats, frame: Frame) {
    let colours = ["succeeded", "refused", "failed"];
    let spark = chart::spark(&tool.timeline, frame, colours, |fared| {
        [
            fared.succeeded,
            fared.refused,
            fared.failed.saturating_add(fared.waiting),
        ]
    });
    let _infallible = write!(
        page,
        "<tr><th scope=\"row\">{}</th><td class=\"share\">{}</td><td class=\"trend\">{spark}</td>",
        name(tool_name),
        chart::bar(&tool.counts),
    );
    let time = |percent| {
        let micros = tool.micros.percentile(percent);
        micros.map_or_else(dash, duration)
    };
    for (column, told) in [
        ("calls", thousands(tool.counts.total())),
        ("success", percent(&tool.counts)),
        ("p50", time(50)),
        ("p95", time(95)),
        ("p99", time(99)),
        ("retries", thousands(tool.tries.retries)),
    ] {
        number(page, column, &told);
    }
    page.push_str("</tr>\n");
}

/// The most frequent first, each with what its code says.
pub(super) fn problems(page: &mut String, stats: &Stats, frame: Frame) {
    let found = most(&stats.problems);
    if found.is_empty() {
        return;
    }
    let columns = ["problem", "tool", "decided by", "over time", "calls#"];
    begin(page, "Problems", &columns);
    for ((tool, code, stage), met) in found.iter().take(ROWS_SHOWN) {
        let meaning = Code::parse(code).map_or("", Code::summary);
        let spark = met_spark(met, frame);
        let _infallible = write!(
            page,
            "<tr><th scope=\"row\"><code>{}</code><span class=\"meaning\">{}</span></th>\
             <td data-name=\"tool\">{}</td><td data-name=\"decided by\">{}</td><td class=\"trend wide\">{spark}</td>",
            escape(code),
            escape(meaning),
            name(tool),
            escape(&stage.replace('_', " ")),
        );
        number(page, "calls", &thousands(met.calls));
        page.push_str("</tr>\n");
    }
    end(page, found.len().min(ROWS_SHOWN), found.len());
}

/// The rules that refused most often first, where any did.
pub(super) fn rules(page: &mut String, stats: &Stats, frame: Frame) {
    let found = most(&stats.rules);
    if found.is_empty() {
        return;
    }
    let columns = ["rule", "tool", "over time", "refused#"];
    begin(page, "Rules that refused", &columns);
    for ((rule, tool), met) in found.iter().take(ROWS_SHOWN) {
        let spark = met_spark(met, frame);
        let _infallible = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td data-name=\"tool\">{}</td><td class=\"trend wide\">{spark}</td>",
            name(rule),
            name(tool),
        );
        number(page, "refused", &thousands(met.calls));
        page.push_str("</tr>\n");
    }
    end(page, found.len().min(ROWS_SHOWN), found.len());
}

fn met_spark(met: &Met, frame: Frame) -> String {
    chart::spark(&met.timeline, frame, ["other"], |calls| [*calls])
}

/// For whom calls were made, where there is more than one.
pub(super) fn principals(page: &mut String, stats: &Stats) {
    if stats.principals.len() < 2 {
        return;
    }
    let columns = ["principal", "how calls ended", "calls#", "success#"];
    begin(page, "Principals", &columns);
    let mut principals: Vec<_> = stats.principals.iter().collect();
    principals.sort_by_key(|(name, counts)| (Reverse(counts.total()), *name));
    for (principal, counts) in principals.iter().take(ROWS_SHOWN) {
        let _infallible = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"share wide\">{}</td>",
            name(principal),
            chart::bar(counts),
        );
        number(page, "calls", &thousands(counts.total()));
        number(page, "success", &percent(counts));
        page.push_str("</tr>\n");
    }
    end(page, principals.len().min(ROWS_SHOWN), principals.len());
}
