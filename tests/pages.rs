//! Whatever README and docs/ tell a reader to do is done: each page in a home where nothing is set
//! up, its blocks of code in order, what is printed compared with what the page says.

mod page;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::{
    files,
    life_harness::BOUND,
    peer::{Answer, Peer},
    root,
};
use page::{Page, Step};

/// Pages made of examples that are compiled where they are declared.
const GENERATED: &[&str] = &["diagnostics.md", "errors.md"];
/// Where pages say that a service is. It gets an address of the test's.
const SERVICE: &str = "127.0.0.1:8080";
/// Folders of the reader's machine, which are looked for below a root of the test's own.
const PLACES: &[&str] = &[HOME, "/usr/local/bin", "/etc/tollgate", "/srv"];

/// The reader's own folder.
const HOME: &str = "/home/me";

/// A folder of the reader's machine.
fn below(root: &TempDir, place: &str) -> PathBuf {
    root.path().join(place.trim_start_matches('/'))
}

/// A reader of one page.
struct Reader {
    root: TempDir,
    /// Where the shell of the reader stands.
    folder: PathBuf,
    /// Folders of definitions that the page had the reader write.
    tools: Vec<PathBuf>,
}

impl Reader {
    /// Somebody who has the repository at hand and the program installed, and has done nothing.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for place in PLACES {
            fs::create_dir_all(below(&root, place)).unwrap();
        }
        let program = below(&root, "/usr/local/bin/tollgate");
        symlink(env!("CARGO_BIN_EXE_tollgate"), program).unwrap();
        Self {
            folder: below(&root, HOME),
            root,
            tools: Vec::new(),
        }
    }

    /// A command in the reader's shell, which is left where it goes to.
    fn run(&mut self, script: &str) -> (bool, String) {
        let mut shell = crate::program_named("/bin/sh");
        let left = self.root.path().join("left");
        let bin = below(&self.root, "/usr/local/bin");
        shell
            .args(["-e", "-c"])
            .arg(format!("exec 2>&1; trap 'pwd >\"$LEFT\"' EXIT\n{script}"))
            .env("LEFT", &left)
            .env("REPOSITORY", root())
            .env("HOME", below(&self.root, HOME))
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("REFUND_TOKEN", "a token of the reader's")
            .current_dir(&self.folder);
        let output = assert_cmd::Command::from_std(shell)
            .timeout(BOUND * 6)
            .output()
            .unwrap();
        self.folder = fs::read_to_string(left).unwrap().trim_end().into();
        let told = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), told)
    }

    fn write(&mut self, path: &str, language: &str, text: &str) {
        let path = self.folder.join(path);
        let folder = path.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        if language == "sql" {
            let database = Connection::open_with_flags(&path, OpenFlags::default()).unwrap();
            database.execute_batch(text).unwrap();
            return;
        }
        fs::write(&path, text).unwrap();
        let tools = match path.file_name().and_then(|name| name.to_str()) {
            Some("tollgate.yaml") => folder.join("tools.d"),
            _ => folder.to_path_buf(),
        };
        if tools.ends_with("tools.d") && !self.tools.contains(&tools) {
            fs::create_dir_all(&tools).unwrap();
            self.tools.push(tools);
        }
    }

    /// Does what the page says, then has the linter read every definition of it.
    fn follow(mut self, page: &Page) {
        for (line, step) in &page.steps {
            match step {
                Step::Write {
                    path,
                    language,
                    text,
                } => self.write(path, language, text),
                Step::Run { script, told } => {
                    let (is_done, got) = self.run(script);
                    assert!(is_done, "{}:{line}: failed, and told:\n{got}", page.name);
                    if let Some(told) = told {
                        assert!(
                            page::fits(told, &got),
                            "{}:{line}: the page says\n{told}\nand the program\n{got}",
                            page.name
                        );
                    }
                }
            }
        }
        for tools in std::mem::take(&mut self.tools) {
            let check = format!(
                "tollgate validate-config --strict --tools {}",
                tools.display()
            );
            let (is_sound, told) = self.run(&check);
            assert!(is_sound, "{}:\n{told}", page.name);
        }
    }
}

/// Reads one page, by its path below the root, and does what it says.
fn follow(path: &Path) {
    let reader = Reader::new();
    for shown in ["tools.d", "tests"] {
        if path == Path::new("README.md") {
            symlink(root().join(shown), reader.folder.join(shown)).unwrap();
        }
    }
    let mut text = fs::read_to_string(root().join(path)).unwrap();
    for place in PLACES {
        text = text.replace(place, below(&reader.root, place).to_str().unwrap());
    }
    let service = page::service(&text).map(|answer| Peer::new(&[Answer::json(answer)]));
    if let Some(service) = service {
        text = text.replace(SERVICE, &service.address.to_string());
    }
    let text = text.replace("cargo run --release --quiet -- ", "tollgate ");
    reader.follow(&Page::read(path.to_str().unwrap(), &text));
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("docs"), "md");
    pages.retain(|page| !GENERATED.iter().any(|name| page.ends_with(name)));
    pages.push(root().join("README.md"));
    let short = |page: PathBuf| page.strip_prefix(root()).unwrap().to_path_buf();
    pages.into_iter().map(short).collect()
}

#[test]
fn what_readme_tells_to_do_works() {
    follow(Path::new("README.md"));
}

#[test]
fn the_tutorial_gets_a_newcomer_from_nothing_to_an_audited_tool() {
    follow(Path::new("docs/tutorial.md"));
}

#[test]
fn what_the_other_pages_tell_to_do_works() {
    let own = ["README.md", "docs/tutorial.md"];
    for page in pages() {
        if !own.iter().any(|name| page == Path::new(name)) {
            follow(&page);
        }
    }
}

/// What a page points to, below its own folder, and is not there.
fn missing(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let folder = root().join(page).parent().unwrap().to_path_buf();
    page::links(&text)
        .filter(|link| !link.contains("://") && !link.starts_with('#'))
        .filter(|link| {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let Ok(text) = fs::read_to_string(folder.join(file)) else {
                return !folder.join(file).exists();
            };
            !anchor.is_empty() && !page::anchors(&text).any(|one| one == anchor)
        })
        .map(|link| format!("{}: {link}", page.display()))
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let wrong: Vec<String> = pages().iter().flat_map(|page| missing(page)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_pictures_are_made_of_a_ledger_and_have_the_boxes_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let script = root().join(".ci/pictures");
    let mut make = crate::program_named(script.to_str().unwrap());
    make.arg(env!("CARGO_BIN_EXE_tollgate"))
        .arg(folder.path())
        .env("PACE", "0")
        .env("PATH", "/usr/bin:/bin");
    let made = assert_cmd::Command::from_std(make)
        .timeout(BOUND * 3)
        .assert();
    made.success();
    let read = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    // Numbers, and what a slow machine does not get done, differ; the boxes do not.
    let boxes = |folder: &Path| {
        let text = read(folder, "top.txt");
        let titles = text.lines().filter(|line| line.starts_with('┌'));
        let words =
            |title: &str| title.replace(|char: char| char.is_ascii_digit() || char == '─', "");
        titles.map(words).collect::<Vec<String>>()
    };
    let kept = boxes(&root().join("docs/pictures"));
    assert_eq!(boxes(folder.path()), kept, "run .ci/pictures");
    assert_eq!(kept.len(), 6);
    assert!(read(folder.path(), "top.svg").ends_with("</svg>\n"));
    assert!(read(folder.path(), "report.html").ends_with("</html>\n"));
}
