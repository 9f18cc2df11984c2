//! The tokens of PostgreSQL's form of SQL, as far as they differ from SQLite's.

use super::{Token, Wrong, is_word, quoted, word};

/// The token that `rest` begins with, and its length in bytes.
pub(super) fn token(rest: &str) -> Result<(Token, usize), Wrong> {
    let first = rest.chars().next().unwrap_or(' ');
    let after = |bytes: usize| rest.get(bytes..).unwrap_or_default();
    Ok(match first {
        '\0' => return Err(Wrong::Nul),
        ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' => (Token::Space, 1),
        ';' => (Token::Semicolon, 1),
        '-' if rest.starts_with("--") => {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            if rest.get(..end).is_some_and(|line| line.contains('\0')) {
                return Err(Wrong::Nul);
            }
            (Token::Space, end)
        }
        '/' if rest.starts_with("/*") => (Token::Space, comment(rest)?),
        '\'' | '"' => (Token::Other, quoted(rest, first)?),
        'e' | 'E' if after(1).starts_with('\'') => (Token::Other, 1 + escaped(after(1))?),
        '$' => dollar(rest)?,
        ':' if rest.starts_with("::") => (Token::Other, 2),
        ':' => match word(after(1)) {
            0 => (Token::Other, 1),
            length => (Token::Parameter, length + 1),
        },
        other if is_word(other) => (Token::Word, identifier(rest)),
        other => (Token::Other, other.len_utf8()),
    })
}

/// The length of an identifier, a key word or a number: after its first character, `$` belongs
/// to it.
fn identifier(rest: &str) -> usize {
    rest.char_indices()
        .find(|(_, char)| !is_word(*char) && *char != '$')
        .map_or(rest.len(), |(at, _)| at)
}

/// Comments stand in comments.
fn comment(rest: &str) -> Result<usize, Wrong> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        at += if left.starts_with("/*") {
            depth += 1;
            2
        } else if left.starts_with("*/") {
            depth -= 1;
            2
        } else if left.starts_with('\0') {
            return Err(Wrong::Nul);
        } else {
            left.chars().next().map_or(1, char::len_utf8)
        };
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(Wrong::Unclosed)
}

/// The length of the text in quotes in which a backslash takes the meaning of what follows.
fn escaped(rest: &str) -> Result<usize, Wrong> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\0' => return Err(Wrong::Nul),
            '\\' => drop(chars.next()),
            '\'' if chars.next_if(|(_, next)| *next == '\'').is_none() => return Ok(at + 1),
            _ => {}
        }
    }
    Err(Wrong::Unclosed)
}

/// `$tag$ ... $tag$`, or a number that only we may give.
fn dollar(rest: &str) -> Result<(Token, usize), Wrong> {
    let inside = rest.get(1..).unwrap_or_default();
    if inside.starts_with(|char: char| char.is_ascii_digit()) {
        return Err(Wrong::Positional);
    }
    let tag = word(inside);
    let Some(opened) = rest.get(..tag + 2).filter(|tag| tag.ends_with('$')) else {
        return Ok((Token::Other, 1));
    };
    let body = rest.get(opened.len()..).unwrap_or_default();
    let length = body.find(opened).ok_or(Wrong::Unclosed)?;
    match body.get(..length).is_some_and(|text| text.contains('\0')) {
        true => Err(Wrong::Nul),
        false => Ok((Token::Other, opened.len() * 2 + length)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dialect, read};
    use super::*;

    #[track_caller]
    fn check(text: &str, numbered: &str, parameters: &[&str]) {
        let read = read(text, Dialect::Postgres).unwrap();
        assert_eq!(
            (read.numbered.as_str(), read.parameters.as_slice()),
            (
                numbered,
                parameters
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect::<Vec<_>>()
                    .as_slice()
            ),
            "{text}"
        );
    }

    #[test]
    fn v29_names_become_numbers_wherever_they_are_parameters_and_nowhere_else() {
        check(
            "SELECT :a::int, :b, :a FROM t -- :no ;\n;",
            "SELECT $1::int, $2, $1 FROM t -- :no ;\n",
            &[":a", ":b"],
        );
        for same in [
            "select ':a', \":b\", E'\\':c' from t",
            "select 'a\\', a[1: 2], x::text",
            "select $$ :a ; $x$ $$, $x$ $$ :b ; $x$",
            "select /* :a /* ; */ :b */ 1",
            "select a$b, data @> '{}', data ? 'k', a[b]",
            "select e from t",
        ] {
            check(same, same, &[]);
        }
        check("select E'\\\\', :a", "select E'\\\\', $1", &[":a"]);
        check("select 'a\\', :a", "select 'a\\', $1", &[":a"]);
        check("select a[:i]", "select a[$1]", &[":i"]);
    }

    #[test]
    fn v30_more_than_one_statement_is_noticed_wherever_it_hides() {
        for (text, wrong) in [
            ("select 1; drop table t", (Wrong::Several, 10)),
            ("select '\\'; drop table t --'", (Wrong::Several, 12)),
            ("select $a$ $a$; drop table t", (Wrong::Several, 16)),
            ("select $1", (Wrong::Positional, 7)),
            ("select $a$ $b$", (Wrong::Unclosed, 7)),
            ("select E'\\'", (Wrong::Unclosed, 7)),
            ("select /* /* */", (Wrong::Unclosed, 7)),
            ("select $$\0$$", (Wrong::Nul, 7)),
            ("select /*\0*/ 1", (Wrong::Nul, 7)),
            ("/**/ ;", (Wrong::Empty, 0)),
        ] {
            assert_eq!(read(text, Dialect::Postgres), Err(wrong), "{text}");
        }
    }
}
