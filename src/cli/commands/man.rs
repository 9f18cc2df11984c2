//! `tollgate man`: the manual pages, made from the definition of the command line.

use std::{fs, io};

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::{
    args::{Cli, ManArgs},
    exit::{CommandError, ExitStatus},
    help, print,
};

/// Prints the main page, or writes all of them.
///
/// # Errors
/// When standard output or the folder cannot be written.
pub(crate) fn man(args: &ManArgs) -> Result<ExitStatus, CommandError> {
    let pages = pages().context("a manual page could not be made")?;
    match &args.out {
        Some(folder) => {
            for page in &pages {
                let path = folder.join(&page.file_name);
                fs::write(&path, &page.text).map_err(|error| {
                    CommandError::Unusable(format!(
                        "`{}` could not be written: {error}",
                        path.display()
                    ))
                })?;
            }
        }
        None => {
            if let Some(main) = pages.first() {
                print(&main.text)?;
            }
        }
    }
    Ok(ExitStatus::Fine)
}

struct Page {
    file_name: String,
    text: Vec<u8>,
}

/// The main page first, then one for each command.
fn pages() -> io::Result<Vec<Page>> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands: Vec<clap::Command> = program.get_subcommands().cloned().collect();
    std::iter::once(program).chain(commands).map(page).collect()
}

fn page(command: clap::Command) -> io::Result<Page> {
    let below = command
        .get_after_long_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let has_commands = command.has_subcommands();
    let man = Man::new(command)
        .source(concat!("tollgate ", env!("CARGO_PKG_VERSION")))
        .manual("Tollgate");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    for section in help::sections(&below) {
        render(&section, &mut text);
    }
    Ok(Page {
        file_name: man.get_filename(),
        text,
    })
}

/// Sets a section as it stands: examples lose their sense when lines are joined.
fn render(section: &help::Section, page: &mut Vec<u8>) {
    page.extend_from_slice(format!(".SH \"{}\"\n.nf\n", section.heading).as_bytes());
    for line in &section.lines {
        page.extend_from_slice(escape(line).as_bytes());
        page.push(b'\n');
    }
    page.extend_from_slice(b".fi\n");
}

/// A line that troff shows as it is: no escapes, no requests, no typographic quotes.
fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    if line.starts_with(['.', '\'']) {
        escaped.push_str("\\&");
    }
    for char in line.chars() {
        match char {
            '\\' => escaped.push_str("\\e"),
            '-' => escaped.push_str("\\-"),
            '\'' => escaped.push_str("\\(aq"),
            '`' => escaped.push_str("\\(ga"),
            '^' => escaped.push_str("\\(ha"),
            '~' => escaped.push_str("\\(ti"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_the_program_and_each_command() {
        let names: Vec<String> = pages()
            .unwrap()
            .into_iter()
            .map(|page| page.file_name)
            .collect();
        let command = <crate::cli::args::Cli as clap::CommandFactory>::command();
        let commands = command.get_subcommands().filter(|one| !one.is_hide_set());
        let wanted: Vec<String> = std::iter::once("tollgate.1".to_owned())
            .chain(commands.map(|one| format!("tollgate-{}.1", one.get_name())))
            .collect();
        assert_eq!(names, wanted);
        assert!(wanted.contains(&"tollgate-serve.1".to_owned()));
    }

    #[test]
    fn troff_reads_nothing_into_an_example() {
        assert_eq!(escape(".d"), "\\&.d");
        assert_eq!(escape("'{\"a\": 1}'"), "\\&\\(aq{\"a\": 1}\\(aq");
        assert_eq!(escape("a --b ~/c\\d"), "a \\-\\-b \\(ti/c\\ed");
    }
}
