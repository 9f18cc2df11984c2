//! Every code that a finding may have: what it means, how it looks, what to do.
//!
//! `docs/diagnostics.md`, `tollgate explain` and the rules in SARIF reports are made from this
//! table. Tests hold it against the program: each example must have its finding.

use std::fmt::Write as _;

use super::Severity;

/// What is known of one code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The stable word. It is never given another meaning.
    pub(crate) code: &'static str,
    /// How bad it is; of a code that has two, the worse.
    pub(crate) severity: Severity,
    /// What is wrong, in whole sentences.
    pub(crate) meaning: &'static str,
    /// What to do about it.
    pub(crate) fix: &'static str,
    /// A case in which it appears.
    pub(crate) example: Example,
}

/// How a finding comes about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Example {
    /// A good definition with these lines instead of those of the same keys.
    With(&'static str),
    /// A whole file.
    File(&'static str),
    /// In words: it is not the text of a definition that is wrong.
    Words(&'static str),
}

/// The good definition that [`Example::With`] changes, key by key.
#[cfg(test)]
const GOOD: &[(&str, &str)] = &[
    ("name", "greet"),
    ("title", "Greeting"),
    ("description", "Says hello."),
    ("effect", "read"),
    ("inputSchema", "{type: object, additionalProperties: false}"),
    ("run", "{reply: {text: hello}}"),
    ("tests", "[{expect: ok}]"),
];

impl Example {
    /// The text of a file that has the finding; `None` where it is not a matter of text.
    #[cfg(test)]
    pub(crate) fn file(self) -> Option<String> {
        match self {
            Self::File(text) => Some(text.to_owned()),
            Self::Words(_) => None,
            Self::With(lines) => {
                let given = |key: &str| {
                    let mut lines = lines.lines();
                    lines.any(|line| {
                        line.strip_prefix(key)
                            .is_some_and(|rest| rest.starts_with(':'))
                    })
                };
                let kept = GOOD.iter().filter(|(key, _)| !given(key));
                let kept = kept.map(|(key, value)| format!("{key}: {value}\n"));
                Some(kept.collect::<String>() + lines + "\n")
            }
        }
    }

    /// For people: the lines in question, or the words.
    fn shown(self) -> String {
        match self {
            Self::With(lines) => lines.to_owned(),
            Self::File(text) => text.trim_end().to_owned(),
            Self::Words(words) => words.to_owned(),
        }
    }
}

/// What is known of `code`.
pub(crate) fn find(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code == code)
}

/// How bad findings of `code` are.
pub(crate) fn severity(code: &str) -> Severity {
    find(code).map_or(Severity::Warning, |entry| entry.severity)
}

/// Every entry, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    super::entries::ENTRIES.iter()
}

impl Entry {
    /// The long form, for a terminal.
    pub(crate) fn told(&self) -> String {
        let example = self.example.shown().replace('\n', "\n  ");
        format!(
            "{}\n  {} of `tollgate validate-config`\n\nwhat it means\n  {}\n\nwhat to do\n  {}\n\n\
             example\n  {example}\n",
            self.code,
            self.severity.as_str(),
            self.meaning,
            self.fix,
        )
    }
}

/// The whole catalogue as Markdown.
pub(crate) fn markdown() -> String {
    let mut page = String::from(
        "# Findings of `tollgate validate-config`\n\nEvery finding has a code that never changes \
         its meaning. An *error* leaves the tool out; a *warning* is about a tool that is served \
         and should be looked at (`--strict` lets it count as an error); a *note* is advice and \
         never counts.\n",
    );
    for entry in all() {
        let fenced = match entry.example {
            Example::With(_) | Example::File(_) => {
                format!("\n```yaml\n{}\n```\n", entry.example.shown())
            }
            Example::Words(words) => format!("\nFor example: {words}\n"),
        };
        let _infallible = write!(
            page,
            "\n## {}\n\n*{}.* {}\n\n**What to do.** {}\n{fenced}",
            entry.code,
            entry.severity.as_str(),
            entry.meaning,
            entry.fix,
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::*;
    use crate::{
        catalog::{advise, config::ReadConfig, load, secret::Secrets},
        testing::nodes::set_mode,
    };

    #[test]
    fn codes_are_unique_words_and_texts_are_whole_sentences() {
        let mut seen = BTreeSet::new();
        for entry in all() {
            assert!(seen.insert(entry.code), "{}", entry.code);
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(entry.code.bytes().all(plain), "{}", entry.code);
            for text in [entry.meaning, entry.fix] {
                assert!(text.ends_with('.'), "{}: {text}", entry.code);
            }
        }
    }

    /// The codes of what `text` has, as `validate-config` would tell them.
    fn found(text: &str) -> BTreeSet<&'static str> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.yaml");
        fs::write(&file, text).expect("written");
        set_mode(&file, 0o644);
        let path = ["/usr/bin", "/bin"].map(PathBuf::from);
        let loaded = load::load(
            dir.path(),
            ReadConfig::default(),
            &path,
            &Secrets::default(),
            None,
        );
        let mut found = loaded.diagnostics;
        found.extend(advise::folder(dir.path(), &loaded.catalog));
        found.iter().map(|one| one.code).collect()
    }

    #[test]
    fn the_good_definition_has_no_finding() {
        let text = Example::With("").file().expect("text");
        assert_eq!(found(&text), BTreeSet::new());
    }

    #[test]
    fn every_example_has_its_finding() {
        let mut missing = Vec::new();
        for entry in all() {
            if let Some(text) = entry.example.file() {
                let found = found(&text);
                missing.extend((!found.contains(entry.code)).then_some((entry.code, found)));
            }
        }
        assert_eq!(missing, []);
    }
}
