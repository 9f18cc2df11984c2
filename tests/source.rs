//! Source text taken apart as far as the checks of `tidy` and `imports` need it.

/// One word or one other character of a source text; `::` counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// As it stands.
    pub(crate) text: &'a str,
    /// Counts from 1.
    pub(crate) line: usize,
}

/// `source` with comments, strings and characters made blank, line breaks kept, so that what
/// is left is code.
pub(crate) fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest, code.chars().next_back());
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let blank = rest[..length].chars();
            code.extend(blank.map(|char| if char == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// How many bytes at the beginning of `rest` are comment or literal.
fn skipped(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with('r') && !before.is_some_and(|char| char.is_alphanumeric() && char != 'b') {
        let hashes = rest[1..].chars().take_while(|char| *char == '#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            return rest[body..]
                .find(&end)
                .map_or(rest.len(), |at| body + at + end.len());
        }
    }
    let mut chars = rest.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some('\''), Some('\\'), _) => quoted(rest, '\''),
        (Some('\''), Some(only), Some('\'')) => 2 + only.len_utf8(),
        _ => 0,
    }
}

/// The length of a literal up to its unescaped closing `quote`.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            char if char == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The words and marks of `code`, blanks left out.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let mut tokens = Vec::new();
    for (number, text) in code.lines().enumerate() {
        let line = number + 1;
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|char| !is_word(char)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let text = &rest[..length];
            tokens.push(Token { text, line });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

#[track_caller]
fn check(source: &str, expected: &[(&str, usize)]) {
    let code = code(source);
    let found: Vec<(&str, usize)> = tokens(&code)
        .into_iter()
        .map(|token| (token.text, token.line))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn comments_and_literals_are_no_code() {
    check("a // b\nc /* d\ne */ f", &[("a", 1), ("c", 2), ("f", 3)]);
    check("\"x \\\" y\" z", &[("z", 1)]);
    check("r#\"x \" y\"# z", &[("z", 1)]);
    check("br\"x\" z", &[("b", 1), ("z", 1)]);
    check("'\"' '\\'' z", &[("z", 1)]);
}

#[test]
fn lifetimes_are_code_and_path_marks_are_one() {
    check("&'a b", &[("&", 1), ("'", 1), ("a", 1), ("b", 1)]);
    check("for\n d::e", &[("for", 1), ("d", 2), ("::", 2), ("e", 2)]);
}
