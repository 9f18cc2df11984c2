//! Statistics as one HTML page that needs nothing else: no script, no font, no network.

mod chart;

use std::fmt::Write as _;

use super::{
    Counts, Stats,
    table::{duration, most},
};
use crate::{base::text, ledger::record::Outcome};

const STYLE: &str = include_str!("style.css");

/// Rows of the table of problems.
const PROBLEMS_SHOWN: usize = 50;

/// The page. `made` says when, as RFC 3339; `version` is the program's.
pub(crate) fn report(stats: &Stats, made: &str, version: &str) -> String {
    let span = match stats.span {
        None => "no calls yet".to_owned(),
        Some((first, last)) => format!("{} to {}", first.rfc3339(), last.rfc3339()),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Tollgate report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>What was called, and what became of it</h1>\n<p class=\"note\">{span}</p>\n"
    );
    cards(&mut page, stats);
    if stats.span.is_some() {
        page.push_str("<h2>Calls over time</h2>\n<div class=\"panel\">\n");
        page.push_str(&chart::timeline(&stats.timeline));
        legend(&mut page, &stats.all.counts);
        page.push_str("</div>\n");
        tools(&mut page, stats);
        problems(&mut page, stats);
        principals(&mut page, stats);
    }
    let _infallible = writeln!(
        page,
        "<footer><p class=\"note\">made {made} by tollgate {version} from its ledger</p></footer>\n</body>\n</html>"
    );
    page
}

fn cards(page: &mut String, stats: &Stats) {
    let counts = &stats.all.counts;
    let percent = counts.success_percent();
    let percentile = |percent| {
        let micros = stats.all.micros.percentile(percent);
        micros.map_or_else(|| "–".to_owned(), duration)
    };
    let cards = [
        (counts.total().to_string(), "calls"),
        (
            percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %")),
            "of those that ran succeeded",
        ),
        (
            counts.of(Outcome::Refused).to_string(),
            "refused, nothing touched",
        ),
        (stats.unknown_effects.to_string(), "with effects unknown"),
        (percentile(50), "median from line to end"),
        (percentile(99), "99 of 100 took at most"),
    ];
    page.push_str("<div class=\"cards\">\n");
    for (value, name) in cards {
        let _infallible = writeln!(
            page,
            "<div class=\"card\"><b>{value}</b><span>{name}</span></div>"
        );
    }
    page.push_str("</div>\n");
}

/// The outcomes that there were, with their colours.
fn legend(page: &mut String, counts: &Counts) {
    page.push_str("<div class=\"legend\">\n");
    for (word, count) in chart::parts(counts) {
        let colour = chart::colour(word);
        let name = word.replace('_', " ");
        let _infallible = writeln!(
            page,
            "<span><i style=\"background:var(--{colour})\"></i>{name} {count}</span>"
        );
    }
    page.push_str("</div>\n");
}

/// The beginning of a table; a name that ends in `#` heads a column of numbers.
fn table(page: &mut String, title: &str, names: &[&str]) {
    let _infallible = write!(
        page,
        "<h2>{title}</h2>\n<div class=\"panel\">\n<table>\n<tr>"
    );
    for name in names {
        let _infallible = match name.strip_suffix('#') {
            Some(name) => write!(page, "<th class=\"number\">{name}</th>"),
            None => write!(page, "<th>{name}</th>"),
        };
    }
    page.push_str("</tr>\n");
}

fn tools(page: &mut String, stats: &Stats) {
    let names = [
        "tool",
        "how they ended",
        "calls#",
        "success#",
        "p50#",
        "p95#",
        "p99#",
    ];
    table(page, "Tools", &names);
    for (name, tool) in &stats.tools {
        let percentile = |percent| {
            let micros = tool.micros.percentile(percent);
            micros.map_or_else(|| "–".to_owned(), duration)
        };
        let success = tool.counts.success_percent();
        let success = success.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
        let _infallible = write!(
            page,
            "<tr><td><code>{}</code></td><td class=\"share\">{}</td>",
            escape(text::clip(name, 80)),
            chart::bar(&tool.counts)
        );
        let cells = [
            tool.counts.total().to_string(),
            success,
            percentile(50),
            percentile(95),
            percentile(99),
        ];
        for cell in cells {
            let _infallible = write!(page, "<td class=\"number\">{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n</div>\n");
}

fn problems(page: &mut String, stats: &Stats) {
    let found = most(stats);
    if found.is_empty() {
        return;
    }
    table(page, "Problems", &["code", "tool", "decided by", "calls#"]);
    for ((tool, code, stage), count) in found.iter().take(PROBLEMS_SHOWN) {
        let _infallible = writeln!(
            page,
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td class=\"number\">{count}</td></tr>",
            escape(code),
            escape(text::clip(tool, 80)),
            escape(stage)
        );
    }
    page.push_str("</table>\n</div>\n");
    if found.len() > PROBLEMS_SHOWN {
        let more = found.len() - PROBLEMS_SHOWN;
        let _infallible = writeln!(page, "<p class=\"note\">and {more} rarer ones</p>");
    }
}

fn principals(page: &mut String, stats: &Stats) {
    table(
        page,
        "Principals",
        &["principal", "how they ended", "calls#"],
    );
    for (name, counts) in &stats.principals {
        let _infallible = writeln!(
            page,
            "<tr><td><code>{}</code></td><td class=\"share\">{}</td><td class=\"number\">{}</td></tr>",
            escape(text::clip(name, 80)),
            chart::bar(counts),
            counts.total()
        );
    }
    page.push_str("</table>\n</div>\n");
}

/// Text from clients, made harmless: hidden characters are shown, markup is only text.
fn escape(text: &str) -> String {
    let quoted = crate::base::text::quote(text);
    let bare = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let mut safe = String::with_capacity(text.len());
    for char in bare.unwrap_or_default().chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_clients_is_only_text() {
        assert_eq!(
            escape("<script>\"&'\u{202e}"),
            "&lt;script&gt;\\&quot;&amp;&#39;\\u{202e}"
        );
    }
}
