//! Whether the clients of this user start what they should.

use std::path::Path;

use clap::ValueEnum as _;

use super::{Finding, Subject, Weight};
use crate::cli::install::{Entry, client::Client, entries, file::ClientFile};

const AREA: &str = "client";

/// What the files of all known clients say of us.
pub(super) fn entries(subject: &Subject) -> Vec<Finding> {
    let mut findings = Vec::new();
    for client in Client::value_variants() {
        let Some(path) = client.user_file(subject.platform, &subject.environment) else {
            continue;
        };
        let name = client.to_possible_value();
        let name = name.as_ref().map_or("?", |value| value.get_name());
        findings.extend(of_file(*client, name, &path));
    }
    if findings.is_empty() {
        let none = "no client of this user starts tollgate";
        let way_out = "tollgate install CLIENT";
        findings.push(Finding::new(AREA, Weight::Note, none).way_out(way_out));
    }
    findings
}

fn of_file(client: Client, name: &str, path: &Path) -> Vec<Finding> {
    let shown = path.display();
    let read = ClientFile::read(path).map_err(|error| error.to_string());
    let text = match read.map(|file| file.text) {
        Ok(None) => return Vec::new(),
        Ok(Some(text)) => Ok(text),
        Err(error) => Err(error),
    };
    let ours = text
        .and_then(|text| entries::ours(&text, client.shape()).map_err(|error| error.to_string()));
    match ours {
        Ok(ours) => ours
            .iter()
            .map(|entry| of_entry(name, path, entry))
            .collect(),
        Err(error) => {
            let what = format!("{name}: {shown}: {error}");
            let way_out = "mend the file; the client cannot read it either";
            vec![Finding::new(AREA, Weight::Warning, what).way_out(way_out)]
        }
    }
}

fn of_entry(client: &str, path: &Path, entry: &Entry) -> Finding {
    let what = |wrong: &str| {
        let (name, shown) = (&entry.name, path.display());
        format!("{client}: `{name}` in {shown} {wrong}")
    };
    let again = format!(
        "tollgate install {client} --name {} --replace --tools DIR",
        entry.name
    );
    let command = Path::new(&entry.command);
    if !command.is_absolute() {
        let wrong = what("starts a program without its folder, which desktop clients do not find");
        return Finding::new(AREA, Weight::Warning, wrong).way_out(again);
    }
    if !command.is_file() {
        let wrong = what(&format!("starts `{}`, which is not there", entry.command));
        return Finding::new(AREA, Weight::Error, wrong).way_out(again);
    }
    let after = |flag: &str| {
        let mut words = entry.args.iter().skip_while(|word| *word != flag);
        words.nth(1).map(String::as_str)
    };
    match after("--tools") {
        None => {
            let wrong = what("does not say where the tools are, and clients run it anywhere");
            Finding::new(AREA, Weight::Warning, wrong).way_out(again)
        }
        Some(tools) if !Path::new(tools).is_dir() => {
            let wrong = what(&format!("serves `{tools}`, which is no folder"));
            Finding::new(AREA, Weight::Error, wrong).way_out(again)
        }
        Some(tools) => Finding::new(AREA, Weight::Fine, what(&format!("serves `{tools}`"))),
    }
}
