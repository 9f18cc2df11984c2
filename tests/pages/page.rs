//! A page of the documentation as the steps that it has its reader take.
//!
//! Every block of code must be one: `sh` is run, `text` after it is what it prints, anything else
//! is a file, named by a comment before it. Comments that readers do not see can also have lines
//! that are left out of a block (`file`), lines of shell of their own (`unseen`), and what a service
//! answers (`service`).

/// Stands for anything within a line, or alone for any lines.
const ANYTHING: char = '…';

/// One thing to do.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Put this into a file.
    Write {
        path: String,
        language: String,
        text: String,
    },
    /// Run this, and see this printed.
    Run {
        script: String,
        told: Option<String>,
    },
}

/// What a page has its reader do, each with the line it stands in.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: String,
    pub(super) steps: Vec<(usize, Step)>,
}

impl Page {
    #[track_caller]
    pub(super) fn read(name: &str, text: &str) -> Self {
        let mut page = Self {
            name: name.to_owned(),
            steps: Vec::new(),
        };
        let mut lines = text.lines().enumerate();
        // The comment that is waiting for its block, if any.
        let mut comment = None;
        while let Some((at, line)) = lines.next() {
            let mut until = |end: &str| -> String {
                let inside = lines.by_ref().take_while(|(_, line)| *line != end);
                inside.map(|(_, line)| format!("{line}\n")).collect()
            };
            let begun = line.strip_prefix("<!-- ");
            let language = line.strip_prefix("```");
            if language.is_none() && !line.is_empty() {
                assert_eq!(comment, None, "{name}:{at}: no block follows its comment");
            }
            if let Some(begun) = begun {
                let (head, hidden) = match begun.strip_suffix(" -->") {
                    Some(head) => (head, String::new()),
                    None => (begun, until("-->")),
                };
                match head.split_once(':') {
                    Some(("unseen", _)) => page.steps.push((at + 1, run(hidden))),
                    Some(("service", _)) => {}
                    Some((word, value)) => comment = Some((word, value.trim(), hidden)),
                    None => panic!("{name}:{}: a comment that says nothing", at + 1),
                }
            } else if let Some(language) = language {
                page.block(at + 1, language, comment.take(), until("```"));
            }
        }
        page
    }

    #[track_caller]
    fn block(
        &mut self,
        line: usize,
        language: &str,
        comment: Option<(&str, &str, String)>,
        text: String,
    ) {
        let step = match (language, comment) {
            // `.ci/run` takes its command for the tests from there.
            ("sh", Some(("ci", ..))) => return,
            ("sh", None) => run(text),
            ("text", None) => {
                let last = self.steps.last_mut();
                let Some((_, Step::Run { told, .. })) = last else {
                    panic!("{}:{line}: nothing before it prints this", self.name);
                };
                assert!(told.is_none(), "{}:{line}: said already", self.name);
                *told = Some(text);
                return;
            }
            (_, Some(("file", path, hidden))) => Step::Write {
                path: path.to_owned(),
                language: language.to_owned(),
                text: hidden + &text,
            },
            (_, other) => panic!("{}:{line}: nothing tests this block: {other:?}", self.name),
        };
        self.steps.push((line, step));
    }
}

fn run(script: String) -> Step {
    Step::Run { script, told: None }
}

/// What the service that a page needs answers.
pub(super) fn service(text: &str) -> Option<&str> {
    let comment = text
        .lines()
        .find_map(|line| line.strip_prefix("<!-- service: "))?;
    comment.strip_suffix(" -->")
}

/// Whether a program printed what a page says.
pub(super) fn fits(told: &str, got: &str) -> bool {
    let told: Vec<&str> = told.lines().collect();
    let got: Vec<&str> = got.lines().collect();
    lines_fit(&told, &got)
}

fn lines_fit(told: &[&str], got: &[&str]) -> bool {
    match (told, got) {
        ([], []) => true,
        ([first, rest @ ..], _) if first.trim().chars().eq([ANYTHING]) => {
            (0..=got.len()).any(|skipped| lines_fit(rest, &got[skipped..]))
        }
        ([first, told @ ..], [line, got @ ..]) => line_fits(first, line) && lines_fit(told, got),
        ([], _) | (_, []) => false,
    }
}

fn line_fits(told: &str, got: &str) -> bool {
    let Some((before, after)) = told.split_once(ANYTHING) else {
        return told == got;
    };
    let Some(rest) = got.strip_prefix(before) else {
        return false;
    };
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| line_fits(after, &rest[at..]))
}

/// Where the links of a page lead.
pub(super) fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The names by which the headings of a page can be linked to.
pub(super) fn anchors(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = |char: &char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_');
            heading
                .chars()
                .filter(kept)
                .collect::<String>()
                .replace(' ', "-")
        })
}

#[test]
fn blocks_become_steps() {
    let text = "<!-- unseen:\nmkdir a\n-->\n\n<!-- file: a/b.yaml\nx: 1\n-->\n```yaml\ny: 2\n```\n\n\
        ```sh\ncat a/b.yaml\n```\n\n```text\nx: 1\n…\n```\n<!-- ci: tests -->\n```sh\nno\n```\n";
    let page = Page::read("p.md", text);
    let prints = Step::Run {
        script: "cat a/b.yaml\n".to_owned(),
        told: Some("x: 1\n…\n".to_owned()),
    };
    let write = Step::Write {
        path: "a/b.yaml".to_owned(),
        language: "yaml".to_owned(),
        text: "x: 1\ny: 2\n".to_owned(),
    };
    let steps = [(1, run("mkdir a\n".to_owned())), (8, write), (12, prints)];
    assert_eq!(page.steps, steps);
}

#[test]
#[should_panic(expected = "p.md:2: nothing tests this block")]
fn a_block_that_nothing_tests_is_found() {
    Page::read("p.md", "Text.\n```yaml\na: 1\n```\n");
}

#[test]
#[should_panic(expected = "p.md:1: no block follows its comment")]
fn a_comment_without_its_block_is_found() {
    Page::read("p.md", "<!-- file: x -->\nText.\n```yaml\na: 1\n```\n");
}

#[test]
fn what_is_left_open_fits_anything_and_the_rest_nothing_else() {
    assert!(fits("a\n…\nd\n", "a\nb\nc\nd\n") && fits("a\n…\nd\n", "a\nd\n"));
    assert!(fits("at … in … ms\n", "at 3 in 4 in 5 ms\n"));
    for (told, got) in [("a\n", "a\nb\n"), ("a\n…\nc\n", "a\nb\n"), ("… x\n", "y\n")] {
        assert!(!fits(told, got), "{told:?} {got:?}");
    }
}

#[test]
fn links_and_headings_are_read() {
    assert_eq!(links("a [b](c.md#d) e").collect::<Vec<_>>(), ["c.md#d"]);
    let named: Vec<String> = anchors("# A `b`: c\ntext\n").collect();
    assert_eq!(named, ["a-b-c"]);
}
