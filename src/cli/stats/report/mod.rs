//! Statistics as one HTML page that needs nothing else: no script, no font, no network.

mod chart;
mod standing;
mod tables;
mod words;

use std::fmt::Write as _;

use super::{Counts, Stats};
use crate::{
    base::clock::Timestamp,
    ledger::{record::Outcome, sqlite::health::Health},
};
use words::{escape, thousands};

const STYLE: &str = include_str!("style.css");

/// What the browser is told to hold the page to: it may style itself and do nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) stats: &'a Stats,
    /// How the ledger stands now, whatever calls were asked for.
    pub(crate) health: &'a Health,
    /// Which calls were asked for, in words; nothing for all.
    pub(crate) only: &'a [String],
    pub(crate) made: Timestamp,
    /// The program's.
    pub(crate) version: &'a str,
}

/// The page.
pub(crate) fn report(occasion: &Occasion<'_>) -> String {
    let stats = occasion.stats;
    let mut page = head(occasion);
    match stats.span {
        None => empty(&mut page, occasion),
        Some(_) => {
            figures(&mut page, occasion);
            standing::waiting(&mut page, occasion.health);
            let frame = chart::Frame::of(&stats.timeline);
            over_time(&mut page, stats, frame);
            tables::tools(&mut page, stats, frame);
            tables::problems(&mut page, stats, frame);
            tables::rules(&mut page, stats, frame);
            standing::restraints(&mut page, occasion);
            tables::principals(&mut page, stats);
        }
    }
    let _infallible = writeln!(
        page,
        "</main>\n<footer class=\"note\"><p>Made {} by tollgate {} from its ledger. All times are UTC.</p></footer>\n</body>\n</html>",
        words::time(occasion.made),
        escape(occasion.version)
    );
    page
}

fn head(occasion: &Occasion<'_>) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Tollgate report</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<p class=\"brand\">Tollgate report</p>\n\
         <h1>What was called, and what became of it</h1>\n"
    );
    if let Some((first, last)) = occasion.stats.span {
        let _infallible = writeln!(page, "<p class=\"note\">{}</p>", words::span(first, last));
    }
    if !occasion.only.is_empty() {
        let only = escape(&occasion.only.join(", "));
        let _infallible = writeln!(page, "<p class=\"note\">Only calls {only}.</p>");
    }
    page.push_str("</header>\n<main>\n");
    page
}

/// What stands there instead of numbers where there are none.
fn empty(page: &mut String, occasion: &Occasion<'_>) {
    let told = if occasion.only.is_empty() {
        "<p>No calls yet.</p><p class=\"note\">A call through <code>tollgate serve</code> or \
         <code>tollgate call</code> is in the ledger before it is answered, and then here.</p>"
    } else {
        "<p>No such calls.</p><p class=\"note\">The ledger may have others: \
         <code>tollgate stats</code> tells.</p>"
    };
    let _infallible = writeln!(page, "<section class=\"panel empty\">{told}</section>");
    standing::waiting(page, occasion.health);
    standing::restraints(page, occasion);
}

/// The numbers that matter most: what each counts, the number, its unit.
fn figures(page: &mut String, occasion: &Occasion<'_>) {
    let (stats, health) = (occasion.stats, occasion.health);
    let open = health.unknown + health.attention;
    let counts = &stats.all.counts;
    let time = |percent| {
        let micros = stats.all.micros.percentile(percent);
        split(micros.map_or_else(dash, words::duration))
    };
    let plain = |number: u64| (thousands(number), String::new());
    let success = counts.success_percent();
    let success = success.map_or_else(
        || split(dash()),
        |percent| (percent.to_string(), "%".to_owned()),
    );
    let cells = [
        ("calls", plain(counts.total())),
        ("of those that ran succeeded", success),
        ("median, from line to end", time(50)),
        ("took 99 of 100 at most", time(99)),
        (
            "refused, nothing touched",
            plain(counts.of(Outcome::Refused)),
        ),
        (
            "attempts made for the others",
            plain(stats.all.tries.attempts),
        ),
        ("of those were retries", plain(stats.all.tries.retries)),
        (
            "stopped, because they went round in circles",
            plain(stats.loops),
        ),
        (
            "repeated, and answered from the ledger",
            plain(stats.replays),
        ),
        ("run with a value put into its form", plain(stats.altered)),
        (
            "ended, and nobody knew what they had done",
            plain(stats.unknown_effects),
        ),
        ("operations wait for a person now", plain(open)),
    ];
    page.push_str("<section><dl class=\"panel figures\">\n");
    for (at, (name, (number, unit))) in cells.iter().enumerate() {
        let is_alarm = at == cells.len() - 1 && open > 0;
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!(" <small>{unit}</small>")
        };
        let _infallible = writeln!(
            page,
            "<div class=\"figure{}\"><dd>{number}{unit}</dd><dt>{name}</dt></div>",
            if is_alarm { " alarm" } else { "" }
        );
    }
    page.push_str("</dl></section>\n");
}

/// `7.6 ms` in its two parts.
fn split(told: String) -> (String, String) {
    match told.split_once(' ') {
        Some((number, unit)) => (number.to_owned(), unit.to_owned()),
        None => (told, String::new()),
    }
}

fn dash() -> String {
    "–".to_owned()
}

fn percent(counts: &Counts) -> String {
    let success = counts.success_percent();
    success.map_or_else(dash, |percent| format!("{percent} %"))
}

fn over_time(page: &mut String, stats: &Stats, frame: chart::Frame) {
    page.push_str("<section>\n<h2>Calls over time</h2>\n<div class=\"panel\">\n");
    page.push_str(&chart::timeline(stats, frame));
    page.push_str("<ul class=\"legend\">\n");
    for (word, count) in chart::parts(&stats.all.counts) {
        let _infallible = writeln!(
            page,
            "<li><i style=\"background:var(--{})\"></i>{} <b>{}</b></li>",
            chart::colour(word),
            word.replace('_', " "),
            thousands(count)
        );
    }
    page.push_str("</ul>\n</div>\n</section>\n");
}
