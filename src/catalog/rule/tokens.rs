//! A walk over the words of an expression before any parser sees it: what passes is so small
//! that neither the parser nor the evaluation can use up a stack.

use super::RuleProblem;
use crate::base::{
    limits::{RULE_DEPTH_MAX, RULE_SOURCE_BYTES_MAX, RULE_TERMS_MAX, RULE_TOKENS_MAX},
    text,
};

/// Refuses an expression that is too long, has too many words or nests too deeply, and the
/// mistakes that are easier to name here than after parsing. Does not check the grammar.
pub(super) fn check(source: &str) -> Result<(), RuleProblem> {
    if source.len() > RULE_SOURCE_BYTES_MAX {
        let message = format!("the expression is longer than {RULE_SOURCE_BYTES_MAX} bytes");
        return Err(split_up(RULE_SOURCE_BYTES_MAX, message));
    }
    let mut walk = Walk {
        source,
        at: 0,
        terms: 0,
        tokens: 0,
        depth: 0,
        last: ' ',
    };
    while let Some(char) = walk.peek() {
        walk.token(char)?;
    }
    if walk.tokens == 0 {
        return Err(RuleProblem::new(0, "the expression is empty", ""));
    }
    Ok(())
}

fn split_up(offset: usize, message: String) -> RuleProblem {
    RuleProblem::new(offset, message, "split it into several rules")
}

struct Walk<'a> {
    source: &'a str,
    at: usize,
    terms: usize,
    tokens: usize,
    depth: usize,
    /// The first character of the word before.
    last: char,
}

impl Walk<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while let Some(char) = self.peek().filter(|&char| wanted(char)) {
            self.at += char.len_utf8();
        }
    }

    fn token(&mut self, first: char) -> Result<(), RuleProblem> {
        let start = self.at;
        match first {
            ' ' | '\t' | '\n' | '\r' | '\u{c}' => {
                self.at += 1;
                return Ok(());
            }
            '/' if self.rest().starts_with("//") => {
                self.skip_while(|char| char != '\n');
                return Ok(());
            }
            '"' | '\'' => {
                self.string(start, false)?;
                self.terms += 1;
            }
            'a'..='z' | 'A'..='Z' | '_' => self.word(start)?,
            '0'..='9' => {
                self.skip_while(|char| char.is_ascii_alphanumeric());
                self.terms += 1;
            }
            _ => self.sign(first)?,
        }
        self.last = first;
        self.tokens += 1;
        if self.terms > RULE_TERMS_MAX {
            let message = format!("more than {RULE_TERMS_MAX} names and values");
            return Err(split_up(start, message));
        }
        if self.tokens > RULE_TOKENS_MAX {
            let message = format!("more than {RULE_TOKENS_MAX} words and signs");
            return Err(split_up(start, message));
        }
        Ok(())
    }

    fn word(&mut self, start: usize) -> Result<(), RuleProblem> {
        self.skip_while(|char| char.is_ascii_alphanumeric() || char == '_');
        let word = self.source.get(start..self.at).unwrap_or_default();
        let instead = match word {
            "and" | "AND" => Some("&&"),
            "or" | "OR" => Some("||"),
            "not" | "NOT" => Some("!"),
            _ => None,
        };
        // After a dot it is the name of a member.
        let before = self.source.get(..start).unwrap_or_default();
        let instead = instead.filter(|_| !before.ends_with(['.', '?']));
        if let Some(instead) = instead {
            return Err(RuleProblem::new(
                start,
                format!("`{word}` is not an operator"),
                format!("use `{instead}`"),
            ));
        }
        let prefix = matches!(word, "r" | "R" | "b" | "B" | "rb" | "br" | "bR" | "Rb");
        if prefix && matches!(self.peek(), Some('"' | '\'')) {
            self.string(start, word.contains(['r', 'R']))?;
        }
        self.terms += 1;
        Ok(())
    }

    fn sign(&mut self, sign: char) -> Result<(), RuleProblem> {
        let rest = self.rest();
        let two = ["&&", "||", "==", "!=", "<=", ">="];
        if two.iter().any(|two| rest.starts_with(two)) {
            self.at += 2;
            return Ok(());
        }
        if matches!((self.last, sign), ('!', '-') | ('-', '!')) {
            let message = "`!` and `-` cannot stand side by side";
            return Err(RuleProblem::new(
                self.at,
                message,
                "put brackets between them",
            ));
        }
        let doubled = match sign {
            '(' | '[' | '{' => {
                self.depth += 1;
                if self.depth > RULE_DEPTH_MAX {
                    let message = format!("brackets nested deeper than {RULE_DEPTH_MAX} levels");
                    return Err(split_up(self.at, message));
                }
                None
            }
            ')' | ']' | '}' => {
                self.depth = self.depth.saturating_sub(1);
                None
            }
            '.' | ',' | ':' | '?' | '!' | '+' | '-' | '*' | '/' | '%' | '<' | '>' => None,
            '=' | '&' | '|' => Some(sign),
            other => {
                let shown = text::quote(&other.to_string());
                let message = format!("{shown} has no meaning in an expression");
                return Err(RuleProblem::new(self.at, message, ""));
            }
        };
        if let Some(sign) = doubled {
            let help = format!("use `{sign}{sign}`");
            let message = format!("`{sign}` is not an operator");
            return Err(RuleProblem::new(self.at, message, help));
        }
        self.at += 1;
        Ok(())
    }

    /// Moves past a string whose opening quote is next.
    fn string(&mut self, start: usize, raw: bool) -> Result<(), RuleProblem> {
        let quote = self.rest().get(..1).unwrap_or_default().to_owned();
        let triple = quote.repeat(3);
        let is_of_lines = self.rest().starts_with(&triple);
        let end = if is_of_lines { triple } else { quote };
        self.at += end.len();
        while !self.rest().starts_with(&end) {
            if !is_of_lines && matches!(self.peek(), Some('\n' | '\r')) {
                let message = "the text that begins here does not end on its line";
                let help = format!("add `{end}`, or write `\\n` where a line ends");
                return Err(RuleProblem::new(start, message, help));
            }
            let escaped = !raw && self.peek() == Some('\\');
            let chars = if escaped { 2 } else { 1 };
            let read: usize = self.rest().chars().take(chars).map(char::len_utf8).sum();
            self.at += read;
            if self.rest().is_empty() {
                let message = "the text that begins here does not end";
                return Err(RuleProblem::new(start, message, format!("add `{end}`")));
            }
        }
        self.at += end.len();
        Ok(())
    }
}
