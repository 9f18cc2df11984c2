//! As much of SQL's form as must be known before any database is asked: that a text is one
//! statement, by which word it begins, and which parameters it has.

mod postgres;

/// Whose form of SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As SQLite's own tokenizer reads it.
    Sqlite,
    /// As PostgreSQL's reads it, where backslashes stand for themselves in plain quotes.
    Postgres,
}

/// One statement, looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its first word, in small letters.
    pub(crate) verb: String,
    /// Its parameters with their signs, as `:id`, each once, in order.
    pub(crate) parameters: Vec<String>,
    /// The statement without what ends it, and with the number of each parameter, as `$1`, in
    /// the place of its name.
    pub(crate) numbered: String,
}

/// Why a text is not one statement with named parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// There is nothing but space and comments.
    Empty,
    /// Something follows the first `;`.
    Several,
    /// A quote or comment that is never closed.
    Unclosed,
    /// `?` or `?1`; for PostgreSQL `$1`.
    Positional,
    /// A NUL character.
    Nul,
}

impl Wrong {
    /// What is wrong and the way out.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("there is no statement", "write one statement"),
            Self::Several => (
                "there is more than one statement",
                "keep one; make one tool for each",
            ),
            Self::Unclosed => ("a quote or comment is never closed", ""),
            Self::Positional => (
                "parameters without a name cannot be filled",
                "write `:name` after the argument that it takes",
            ),
            Self::Nul => ("a NUL character ends a statement", "take it out"),
        }
    }
}

/// Looks at `text` as the tokenizer of its dialect does.
///
/// # Errors
/// What is wrong, and the byte at which it stands.
pub(crate) fn read(text: &str, dialect: Dialect) -> Result<Statement, (Wrong, usize)> {
    let mut statement = Statement {
        verb: String::new(),
        parameters: Vec::new(),
        numbered: String::new(),
    };
    let mut ended = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (token, length) = match dialect {
            Dialect::Sqlite => token(rest),
            Dialect::Postgres => postgres::token(rest),
        }
        .map_err(|wrong| (wrong, at))?;
        let written = rest.get(..length).unwrap_or_default();
        if !ended && !matches!(token, Token::Semicolon | Token::Parameter) {
            statement.numbered.push_str(written);
        }
        match token {
            Token::Space => {}
            Token::Semicolon => ended = !statement.verb.is_empty() || ended,
            _ if ended => return Err((Wrong::Several, at)),
            Token::Parameter => statement.take(written),
            Token::Word if statement.verb.is_empty() => {
                statement.verb = written.to_ascii_lowercase();
            }
            Token::Word => {}
            Token::Other if statement.verb.is_empty() => {
                statement.verb.extend(rest.chars().next());
            }
            Token::Other => {}
        }
        at += length;
    }
    if statement.verb.is_empty() {
        return Err((Wrong::Empty, 0));
    }
    Ok(statement)
}

impl Statement {
    /// A parameter called `name` comes next.
    fn take(&mut self, name: &str) {
        let known = self.parameters.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.parameters.push(name.to_owned());
            self.parameters.len() - 1
        });
        self.numbered.push_str(&format!("${}", index + 1));
    }
}

enum Token {
    Space,
    Semicolon,
    Word,
    Parameter,
    Other,
}

/// The token that `rest` begins with, and its length in bytes.
fn token(rest: &str) -> Result<(Token, usize), Wrong> {
    let first = rest.chars().next().unwrap_or(' ');
    Ok(match first {
        '\0' => return Err(Wrong::Nul),
        ' ' | '\t' | '\n' | '\r' | '\u{c}' => (Token::Space, 1),
        ';' => (Token::Semicolon, 1),
        '?' => return Err(Wrong::Positional),
        '-' if rest.starts_with("--") => {
            let end = rest.find('\n').unwrap_or(rest.len());
            if rest.get(..end).is_some_and(|line| line.contains('\0')) {
                return Err(Wrong::Nul);
            }
            (Token::Space, end)
        }
        '/' if rest.starts_with("/*") => {
            let inside = rest.get(2..).unwrap_or_default();
            let end = inside.find("*/").ok_or(Wrong::Unclosed)?;
            (Token::Space, end + 4)
        }
        '\'' | '"' | '`' => (Token::Other, quoted(rest, first)?),
        '[' => (Token::Other, rest.find(']').ok_or(Wrong::Unclosed)? + 1),
        ':' | '@' | '$' => match word(rest.get(1..).unwrap_or_default()) {
            0 => (Token::Other, 1),
            length => (Token::Parameter, length + 1),
        },
        other if is_word(other) => (Token::Word, word(rest)),
        other => (Token::Other, other.len_utf8()),
    })
}

/// The length of the quoted text that `rest` begins with; a doubled quote stands for one.
fn quoted(rest: &str, quote: char) -> Result<usize, Wrong> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\0' => return Err(Wrong::Nul),
            char if char == quote && chars.next_if(|(_, next)| *next == quote).is_none() => {
                return Ok(at + 1);
            }
            _ => {}
        }
    }
    Err(Wrong::Unclosed)
}

fn word(rest: &str) -> usize {
    rest.char_indices()
        .find(|(_, char)| !is_word(*char))
        .map_or(rest.len(), |(at, _)| at)
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || !char.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, verb: &str, parameters: &[&str]) {
        let parameters: Vec<String> = parameters.iter().map(|&name| name.to_owned()).collect();
        let verb = verb.to_owned();
        let read = read(text, Dialect::Sqlite).unwrap();
        assert_eq!((read.verb, read.parameters), (verb, parameters), "{text}");
    }

    #[test]
    fn a_statement_begins_with_a_word_and_names_its_parameters_once() {
        check("select 1", "select", &[]);
        check(
            "SELECT :a, @b, $c, :a FROM t -- :no ;\n WHERE x = ':d;' /* :e; */ ;",
            "select",
            &[":a", "@b", "$c"],
        );
        check(
            "-- first\nUpdate \"a\"\"; :x\" set [b;c] = :n_1",
            "update",
            &[":n_1"],
        );
        check("select x'00', '''; drop'", "select", &[]);
        check("select a:: b", "select", &[]);
        check("(select 1)", "(", &[]);
    }

    #[test]
    fn v30_more_than_one_statement_is_noticed_wherever_it_hides() {
        for (text, at) in [
            ("select 1; drop table t", 10),
            ("select 1;;select 2", 10),
            ("select 1; /* x */ ';'", 18),
            ("select ';' ; x", 13),
        ] {
            assert_eq!(
                read(text, Dialect::Sqlite),
                Err((Wrong::Several, at)),
                "{text}"
            );
        }
        check(";select 1; -- end", "select", &[]);
        check("select 1;;", "select", &[]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, wrong) in [
            ("", (Wrong::Empty, 0)),
            ("-- nothing", (Wrong::Empty, 0)),
            ("select 'a", (Wrong::Unclosed, 7)),
            ("select /* a", (Wrong::Unclosed, 7)),
            ("select [a", (Wrong::Unclosed, 7)),
            ("select ?", (Wrong::Positional, 7)),
            ("select ?1", (Wrong::Positional, 7)),
            ("select 1\0; drop table t", (Wrong::Nul, 8)),
            ("select '\0'", (Wrong::Nul, 7)),
            ("select 1 -- \0\n", (Wrong::Nul, 9)),
        ] {
            assert_eq!(read(text, Dialect::Sqlite), Err(wrong), "{text}");
        }
    }
}
