//! The report as a browser shows it: nothing beside the page, nothing upon another thing, every
//! word readable, nothing asked for and nothing complained about.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    browser::{Browser, View},
    life_harness::Home,
};

const LOOK: &str = include_str!("data/look.js");

/// A narrow telephone, a wide screen, a sheet of paper.
const VIEWS: [View; 5] = [
    view(400, "screen", "light"),
    view(400, "screen", "dark"),
    view(1400, "screen", "light"),
    view(1400, "screen", "dark"),
    view(688, "print", "dark"),
];

const fn view(width: u32, media: &'static str, scheme: &'static str) -> View {
    View {
        width,
        media,
        scheme,
    }
}

/// Calls of each kind that a page has a place for, some by names that try to break out of it.
fn recorded() -> Home {
    let home = Home::new();
    home.reply("echo");
    home.define(
        "shop.yaml",
        r#"
name: order
description: Orders.
effect: write
idempotent: false
inputSchema: {type: object, additionalProperties: false, properties: {pieces: {type: integer}}}
run: {exec: {command: [/bin/false]}}
limits: {cost: 0.25}
rules:
  - {require: "args.pieces < 1000", code: NOT_SO_MANY_AT_ONCE_BECAUSE_THE_WAREHOUSE_IS_SMALL, message: Fewer.}
breaker: {backend: a-warehouse-with-a-rather-long-name-that-has-no-end, count_exit: true}
"#,
    );
    home.configure("budgets: [{day: 20.00}, {tool: order, total: 1.00}]\n");
    let long = format!("{}{}", "long_name_".repeat(7), "x");
    for (tool, arguments) in [
        ("echo", r#"{"text":"a"}"#),
        ("echo", r#"{"text":"b"}"#),
        ("echo", r#"{"text":5}"#),
        ("echo", r#"{"words":["a"]}"#),
        ("order", r#"{"pieces":"3"}"#),
        ("order", r#"{"pieces":4}"#),
        ("order", r#"{"pieces":[]}"#),
        ("order", r#"{"pieces":1000}"#),
        (&long, "{}"),
        ("<b>\u{202e}\"שלום & 日本", "{}"),
    ] {
        home.run(&["call", tool, arguments]);
    }
    home.run(&[
        "breaker",
        "trip",
        "a-warehouse-with-a-rather-long-name-that-has-no-end",
    ])
    .success();
    home
}

fn numbers(value: &Value) -> [i64; 4] {
    serde_json::from_value(value.clone()).unwrap()
}

/// What is wrong with a page that was measured.
fn faults(seen: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for kind in ["over", "small", "faint", "overlapping", "ragged", "pale"] {
        let found = seen[kind].as_array().unwrap().iter();
        faults.extend(found.map(|one| format!("{kind}: {one}")));
    }
    let mut end = 0;
    for part in seen["parts"].as_array().unwrap() {
        let [left, top, right, bottom] = numbers(part);
        if right <= left || bottom <= top {
            faults.push(format!("empty: {part}"));
        }
        if top < end {
            faults.push(format!("upon the one before: {part}"));
        }
        end = bottom;
    }
    for drawing in seen["drawings"].as_array().unwrap() {
        let [left, top, right, bottom] = numbers(&drawing[1]);
        if right - left < 40 || bottom - top < 8 {
            faults.push(format!("too small to be seen: {drawing}"));
        }
    }
    faults
}

#[track_caller]
fn check(browser: &mut Browser, file: &Path, titles: &[&str]) {
    browser.open(file);
    for view in VIEWS {
        let seen = browser.look(view, LOOK);
        assert_eq!(faults(&seen), Vec::<String>::new(), "{view:?}");
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{view:?}");
        assert_eq!(seen["width"], view.width);
        assert_eq!(seen["titles"], json!(titles), "{view:?}");
        let marks = seen["marks"].as_u64().unwrap();
        assert_eq!(marks > 0, titles.contains(&"Calls over time"), "{view:?}");
    }
}

#[test]
fn a_browser_shows_the_report_as_it_was_meant() {
    let Some(mut browser) = Browser::start("the layout of the report") else {
        return;
    };
    let home = recorded();
    let file = home.path("report.html");
    home.run(&["report", "--html", &home.text("report.html")])
        .success();
    let titles = [
        "Waits for a person",
        "Calls over time",
        "Tools",
        "Problems",
        "Rules that refused",
        "Budgets",
        "Breakers",
        // Whoever tripped the breaker is one, too.
        "Principals",
    ];
    check(&mut browser, &file, &titles);
    let none = [
        "report",
        "--tool",
        "none",
        "--html",
        &home.text("report.html"),
    ];
    home.run(&none).success();
    check(
        &mut browser,
        &file,
        &["Waits for a person", "Budgets", "Breakers"],
    );
}

#[test]
fn planted_faults_of_layout_are_found() {
    let Some(mut browser) = Browser::start("planted faults of a layout") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let page = r#"<!doctype html><title>t</title>
<header style="height:90px">a</header>
<section style="margin-top:-20px">b<div style="width:2000px;height:9px"></div></section>
<section style="height:0;margin:0"></section>
<p style="color:#999">faint</p><p style="font-size:9px">small</p>
<p>upon</p><p style="margin-top:-32px">another</p>
<div class="panel"><div class="bar"><i style="display:block;height:9px;background:#eee"></i></div></div>
<table><tr><th>1</th><th>2</th></tr><tr><td>1</td></tr></table>
<svg width="4" height="4"></svg>
<img src="http://127.0.0.1:9/picture.png"><script>console.error("planted")</script>"#;
    std::fs::write(&file, page).unwrap();
    browser.open(&file);
    let seen = browser.look(view(1400, "screen", "light"), LOOK);
    let found = faults(&seen).join("\n");
    for kind in [
        "over: \"section",
        "upon the one before",
        "empty: ",
        "faint: \"faint",
        "small: \"small",
        "overlapping: \"upon | another",
        "ragged: ",
        "pale: ",
        "too small to be seen",
    ] {
        assert!(found.contains(kind), "{kind}:\n{found}");
    }
    let complaints = browser.complaints().join("\n");
    for kind in ["asks for http://127.0.0.1:9/picture.png", "planted"] {
        assert!(complaints.contains(kind), "{kind}:\n{complaints}");
    }
}
