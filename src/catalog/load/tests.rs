//! Tests of loading a folder: order, bounds, who may write to it, what is left out.

use super::*;
use crate::testing::nodes::set_mode;

fn system_path() -> Vec<PathBuf> {
    ["/usr/bin", "/bin"].map(PathBuf::from).to_vec()
}

fn definition(name: &str) -> String {
    format!(
        "name: {name}\ndescription: d\ninputSchema: {{type: object}}\nrun: {{reply: {{text: x}}}}\n"
    )
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = dir.path().join(name);
        fs::write(&file, text).expect("written");
        set_mode(&file, 0o644);
    }
    dir
}

/// The names of the tools and all diagnostics, without the folder's own name.
fn told(dir: &Path) -> (Vec<String>, Vec<String>, Loaded) {
    let loaded = load(
        dir,
        ReadConfig::default(),
        &system_path(),
        &Secrets::default(),
        None,
    );
    let names = loaded.catalog.listed().map(|tool| tool.name.to_string());
    let prefix = dir.display().to_string();
    let found = loaded.diagnostics.iter();
    let found = found.map(|one| one.plain().replace(&prefix, "D"));
    (names.collect(), found.collect(), loaded)
}

#[track_caller]
fn check(files: &[(&str, &str)], tools: &[&str], diagnostics: &[&str]) {
    let dir = folder(files);
    let (names, found, _) = told(dir.path());
    assert_eq!(found, diagnostics);
    assert_eq!(names, tools);
}

#[test]
fn only_definition_files_are_read_in_name_order() {
    let json = r#"{"name":"j","description":"d","inputSchema":{"type":"object"},"run":{"reply":{"text":"x"}}}"#;
    let two = format!("{}---\n{}", definition("b2"), definition("b1"));
    check(
        &[
            ("z.yaml", &definition("z")),
            ("b.yml", &two),
            ("j.json", json),
            (".hidden.yaml", "]"),
            ("README.md", "]"),
            ("a.yaml~", "]"),
        ],
        &["b1", "b2", "j", "z"],
        &[],
    );
    check(
        &[("a.yaml", "# nothing\n")],
        &[],
        &["D/a.yaml:1:1: warning[empty-file]: this file holds no definition"],
    );
}

#[test]
fn c1_one_broken_file_takes_out_its_own_tool_only() {
    let broken = format!(
        "{}---\nname: bad\n---\n{}",
        definition("a"),
        definition("c")
    );
    let dir = folder(&[
        ("a.yaml", &broken),
        ("b.yaml", "x: [\n"),
        ("d.yaml", &definition("d")),
    ]);
    let (names, found, loaded) = told(dir.path());
    assert_eq!(names, ["a", "c", "d"]);
    assert_eq!(
        found,
        [
            "D/a.yaml:6:1: error[missing-key]: `description` is missing",
            "D/a.yaml:6:1: error[missing-key]: `inputSchema` is missing",
            "D/a.yaml:6:1: error[missing-key]: `run` is missing",
            "D/b.yaml:1:4: error[syntax]: not valid YAML: unclosed bracket '['",
        ]
    );
    assert_eq!((loaded.files, loaded.is_clean()), (3, false));
    let summary = "These tools could not be loaded: `bad`; the operator can see why with `tollgate validate-config`.";
    assert_eq!(loaded.summary().as_deref(), Some(summary));
}

#[test]
fn a_file_whose_names_cannot_be_read_is_counted() {
    let dir = folder(&[("a.yaml", "x: ["), ("b.yaml", "x: [")]);
    let (_, _, loaded) = told(dir.path());
    let summary = "The tools of 2 files could not be loaded; the operator can see why with `tollgate validate-config`.";
    assert_eq!(loaded.summary().as_deref(), Some(summary));
}

#[test]
fn c5_a_name_that_is_claimed_twice_takes_out_all_who_claim_it() {
    check(
        &[
            ("a.yaml", &definition("Tool")),
            ("b.yaml", &definition("x")),
            ("c.yaml", &definition("tool")),
            ("d.yaml", &definition("x")),
        ],
        &[],
        &[
            "D/c.yaml:1:7: error[duplicate-name]: the name `tool` is taken in other letters at D/a.yaml:1:7 (rename one of them)",
            "D/d.yaml:1:7: error[duplicate-name]: the name `x` is taken at D/b.yaml:1:7 (rename one of them)",
        ],
    );
}

#[cfg(unix)]
#[test]
fn c8_what_others_may_write_to_is_refused() {
    let dir = folder(&[
        ("a.yaml", &definition("a")),
        ("b.yaml", &definition("b")),
        ("c.yaml", &definition("c")),
    ]);
    set_mode(&dir.path().join("a.yaml"), 0o646);
    set_mode(&dir.path().join("b.yaml"), 0o664);
    let (names, found, _) = told(dir.path());
    assert_eq!(names, ["b", "c"]);
    assert_eq!(
        found,
        [
            "D/a.yaml: error[world-writable]: anybody may write to it (take that right away: `chmod o-w`)",
            "D/b.yaml: warning[group-writable]: its group may write to it (take that right away: `chmod g-w`)",
        ]
    );
    set_mode(dir.path(), 0o777);
    let (names, found, loaded) = told(dir.path());
    assert_eq!((names.len(), found.len()), (0, 1));
    assert_eq!(
        found,
        ["D: error[world-writable]: anybody may write to it (take that right away: `chmod o-w`)"]
    );
    let summary =
        "No tools could be loaded; the operator can see why with `tollgate validate-config`.";
    assert_eq!(loaded.summary().as_deref(), Some(summary));
}

#[cfg(unix)]
#[test]
fn c8_a_link_may_not_lead_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("out.yaml", &definition("out"))]);
    let dir = folder(&[("in.txt", &definition("inside"))]);
    symlink(outside.path().join("out.yaml"), dir.path().join("a.yaml")).expect("linked");
    symlink("in.txt", dir.path().join("b.yaml")).expect("linked");
    let (names, found, _) = told(dir.path());
    assert_eq!(names, ["inside"]);
    assert_eq!(
        found,
        ["D/a.yaml: error[link]: this link leads out of the folder (put the file itself here)"]
    );
}

#[test]
fn files_and_folders_that_cannot_be_read_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let gone = dir.path().join("gone");
    let (_, found, loaded) = told(&gone);
    assert_eq!(
        found,
        ["D: error[no-folder]: there is no such folder (make it, or name another with `--tools`)"]
    );
    assert_eq!(loaded.files, 0);
    fs::create_dir(dir.path().join("sub.yaml")).expect("made");
    let file = dir.path().join("bytes.yaml");
    fs::write(&file, b"\xff").expect("written");
    let large = dir.path().join("large.yaml");
    fs::write(&large, "#".repeat(256 * 1024 + 1)).expect("written");
    set_mode(&file, 0o644);
    set_mode(&large, 0o644);
    let (_, found, _) = told(dir.path());
    assert_eq!(
        found,
        [
            "D/bytes.yaml: error[syntax]: this file is not UTF-8 (save it as UTF-8)",
            "D/large.yaml: error[too-large]: longer than 256 KiB (split it into several files)",
            "D/sub.yaml: error[unreadable]: this is not a file (take it away)",
        ]
    );
}

#[test]
fn the_number_of_definitions_is_bounded() {
    let many: String = (0..=DEFINITIONS_MAX)
        .map(|at| format!("---\nname: t{at}\n"))
        .collect();
    let dir = folder(&[("a.yaml", &many), ("b.yaml", &definition("b"))]);
    let (names, found, _) = told(dir.path());
    assert_eq!(names, Vec::<String>::new());
    let last = found.last().map(String::as_str);
    let expected = "D: error[too-many-definitions]: more than 2000 definitions (serve them from several folders; the rest is left out)";
    assert_eq!(last, Some(expected));
}

#[test]
fn the_tools_that_come_with_tollgate_load_without_a_warning() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.d");
    // A checkout may be group-writable; what is tested is the definitions.
    let dir = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(shipped).expect("the folder") {
        let file = entry.expect("an entry").path();
        let copy = dir.path().join(file.file_name().expect("a name"));
        fs::copy(&file, &copy).expect("copied");
        set_mode(&copy, 0o644);
    }
    let (names, found, loaded) = told(dir.path());
    assert_eq!(found, Vec::<String>::new());
    let advice = crate::catalog::advise::folder(dir.path(), &loaded.catalog);
    let advice: Vec<String> = advice.iter().map(Diagnostic::plain).collect();
    assert_eq!(advice, Vec::<String>::new());
    assert_eq!(
        names,
        [
            "disk_usage",
            "echo",
            "file_info",
            "make_directory",
            "note_append",
            "time_now",
            "tollgate_about",
            "word_count"
        ]
    );
    assert!(loaded.catalog.listed().all(|tool| !tool.tests.is_empty()));
    assert_eq!((loaded.is_clean(), loaded.summary()), (true, None));
}

#[test]
fn many_files_that_are_read_at_once_are_told_in_the_order_of_their_names() {
    let names: Vec<String> = (0..100)
        .map(|number| format!("f{number:02}.yaml"))
        .collect();
    let texts: Vec<String> = (0..100)
        .map(|number| match number % 3 {
            0 => "name: 1\n".to_owned(),
            _ => format!(
                "{}rules: [{{require: 'args.a == {number}', code: A, message: m}}]\n",
                definition(&format!("t{number:02}"))
            ),
        })
        .collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .zip(&texts)
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let dir = folder(&files);
    let (tools, found, _) = told(dir.path());
    assert!(tools.is_sorted() && tools.len() == 66, "{tools:?}");
    let places: Vec<&str> = found.iter().filter_map(|one| one.get(..7)).collect();
    assert!(places.is_sorted() && found.len() > 34, "{found:?}");
}
