//! What is wrong with a definition, where it stands, and what to do about it.

pub(crate) mod catalogue;
mod entries;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::base::{limits::DIAGNOSTICS_PER_FILE_MAX, text};

/// A range of bytes of a [`SourceFile`]; both ends lie between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// A definition file as it was read.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// As people are shown it: control and invisible characters are escaped.
    pub(crate) shown_path: String,
    /// The whole text.
    pub(crate) text: String,
    line_starts: OnceLock<Vec<usize>>,
}

impl SourceFile {
    /// The file at `path`, which holds `text`.
    pub(crate) fn new(path: &Path, text: String) -> Arc<Self> {
        Arc::new(Self {
            shown_path: show_path(path),
            text,
            line_starts: OnceLock::new(),
        })
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// Where a line begins (counted from 1); the end of the text where there is no such line.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        let starts = self.line_starts();
        let at = line.saturating_sub(1);
        starts.get(at).copied().unwrap_or(self.text.len())
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        })
    }

    /// `span` cut at the end of its first line and moved to character boundaries, so that a
    /// message about a whole block shows where the block begins.
    fn first_line(&self, span: Span) -> Span {
        let floor = |at: usize| text::clip(&self.text, at).len();
        let start = floor(span.start);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        let end = floor(span.end).clamp(start, start + line.len());
        Span { start, end }
    }
}

/// Whether a definition is unusable or only unwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The tool is left out.
    Error,
    /// The tool is served.
    Warning,
    /// Advice; it never counts.
    Note,
}

impl Severity {
    /// The word that people and programs read.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a diagnostic points at.
#[derive(Clone, Debug)]
enum Place {
    /// A file or folder as a whole.
    Path(String),
    /// A piece of a file.
    Text { source: Arc<SourceFile>, span: Span },
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// A stable word for programs, as `unknown-key`.
    pub(crate) code: &'static str,
    place: Place,
    /// One sentence for people.
    pub(crate) message: String,
    /// The way out, if there is one to offer.
    pub(crate) help: Option<String>,
}

impl Diagnostic {
    /// Something wrong with the file or folder at `path` as a whole.
    pub(crate) fn about_path(
        severity: Severity,
        code: &'static str,
        path: &Path,
        message: impl Into<String>,
        help: &str,
    ) -> Self {
        let place = Place::Path(show_path(path));
        Self::new(severity, code, place, message.into(), help)
    }

    /// Something wrong with a piece of a file.
    pub(crate) fn about_text(
        severity: Severity,
        code: &'static str,
        (source, span): (&Arc<SourceFile>, Span),
        message: impl Into<String>,
        help: &str,
    ) -> Self {
        let place = Place::Text {
            source: Arc::clone(source),
            span: source.first_line(span),
        };
        Self::new(severity, code, place, message.into(), help)
    }

    fn new(
        severity: Severity,
        code: &'static str,
        place: Place,
        message: String,
        help: &str,
    ) -> Self {
        debug_assert!(
            catalogue::find(code).is_some(),
            "`{code}` is not in diagnostic/entries.rs"
        );
        let help = (!help.is_empty()).then(|| help.to_owned());
        Self {
            severity,
            code,
            place,
            message,
            help,
        }
    }

    /// The file or folder.
    pub(crate) fn file(&self) -> &str {
        match &self.place {
            Place::Path(path) => path,
            Place::Text { source, .. } => &source.shown_path,
        }
    }

    /// Line and column, both from 1; `None` for a file or folder as a whole.
    pub(crate) fn position(&self) -> Option<(usize, usize)> {
        match &self.place {
            Place::Path(_) => None,
            Place::Text { source, span } => Some(source.position(span.start)),
        }
    }

    /// Line and column after its last character, both from 1; `None` for a file or folder as a
    /// whole.
    pub(crate) fn end(&self) -> Option<(usize, usize)> {
        match &self.place {
            Place::Path(_) => None,
            Place::Text { source, span } => Some(source.position(span.end)),
        }
    }

    /// The bytes it is about; `None` for a file or folder as a whole.
    pub(crate) fn span(&self) -> Option<Span> {
        match &self.place {
            Place::Path(_) => None,
            Place::Text { span, .. } => Some(*span),
        }
    }

    /// `file:line:column`, or the file alone: for references from another message.
    pub(crate) fn location(&self) -> String {
        match self.position() {
            Some((line, column)) => format!("{}:{line}:{column}", self.file()),
            None => self.file().to_owned(),
        }
    }

    /// For people at a terminal: the offending line with a caret. `renderer` decides on
    /// colours ([`Renderer::styled`] or [`Renderer::plain`]).
    pub(crate) fn human(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(&*self.message).id(self.code);
        let group = match &self.place {
            Place::Path(path) => title.element(Origin::path(&**path)),
            Place::Text { source, span } => title.element(
                Snippet::source(&*source.text)
                    .path(&*source.shown_path)
                    .annotation(AnnotationKind::Primary.span(span.start..span.end)),
            ),
        };
        let help = self.help.as_deref().map(|help| Level::HELP.message(help));
        renderer.render(&[group.elements(help)])
    }

    /// For editors and `grep`: one line.
    pub(crate) fn plain(&self) -> String {
        let help = self.help.as_deref().map(|help| format!(" ({help})"));
        format!(
            "{}: {}[{}]: {}{}",
            self.location(),
            self.severity.as_str(),
            self.code,
            self.message,
            help.unwrap_or_default()
        )
    }

    /// For programs: one JSON object on one line; members that do not apply are null.
    pub(crate) fn json(&self) -> String {
        let position = self.position();
        serde_json::json!({
            "severity": self.severity.as_str(),
            "code": self.code,
            "file": self.file(),
            "line": position.map(|(line, _)| line),
            "column": position.map(|(_, column)| column),
            "span": self.span().map(|span| [span.start, span.end]),
            "message": self.message,
            "help": self.help,
        })
        .to_string()
    }
}

/// Collects what is wrong with one file, never stopping at the first.
#[derive(Debug)]
pub(crate) struct Findings {
    source: Arc<SourceFile>,
    found: Vec<Diagnostic>,
    errors: usize,
    unreported: usize,
}

impl Findings {
    /// Nothing yet about `source`.
    pub(crate) fn new(source: &Arc<SourceFile>) -> Self {
        Self {
            source: Arc::clone(source),
            found: Vec::new(),
            errors: 0,
            unreported: 0,
        }
    }

    /// The file they are about.
    pub(crate) fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// How many errors there are so far: whoever sees it unchanged knows that all went well.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Reports an error; `help` may be empty.
    pub(crate) fn error(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        self.errors += 1;
        self.push(Severity::Error, code, span, message, help);
    }

    /// Reports a warning; `help` may be empty.
    pub(crate) fn warn(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        self.push(Severity::Warning, code, span, message, help);
    }

    /// Reports something unwise, as bad as the catalogue says; `help` may be empty.
    pub(crate) fn advise(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        self.push(catalogue::severity(code), code, span, message, help);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Span,
        message: String,
        help: &str,
    ) {
        if self.found.len() >= DIAGNOSTICS_PER_FILE_MAX {
            self.unreported += 1;
            return;
        }
        let place = (&self.source, span);
        let diagnostic = Diagnostic::about_text(severity, code, place, message, help);
        self.found.push(diagnostic);
    }

    /// The part of `span` that reads `piece` in the file, if it stands there literally; else
    /// all of `span`.
    pub(crate) fn narrow(&self, span: Span, piece: &str) -> Span {
        let within = self.source.text.get(span.start..span.end);
        match within.and_then(|within| within.find(piece)) {
            Some(at) => Span {
                start: span.start + at,
                end: span.start + at + piece.len(),
            },
            None => span,
        }
    }

    /// All of them, in the order of the file.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found
            .sort_by_key(|one| one.span().map(|span| span.start));
        if self.unreported > 0 {
            let more = text::count(self.unreported, "problem");
            let end = self.source.text.len();
            let place = (&self.source, Span { start: end, end });
            self.found.push(Diagnostic::about_text(
                Severity::Error,
                "too-many-problems",
                place,
                format!("{more} more in this file"),
                "",
            ));
        }
        self.found
    }
}

/// `text` in backticks, clipped, with what could disturb a terminal escaped.
pub(crate) fn tick(text: &str) -> String {
    let quoted = text::quote(text);
    let inner = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    format!("`{}`", inner.unwrap_or_default())
}

/// `did you mean X?`, or nothing.
pub(crate) fn did_you_mean<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let near = text::nearest(given, known);
    near.first()
        .map(|name| format!("did you mean {}?", tick(name)))
}

fn show_path(path: &Path) -> String {
    let mut shown = String::new();
    for char in path.to_string_lossy().chars() {
        if char.is_control() || text::is_hidden(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
