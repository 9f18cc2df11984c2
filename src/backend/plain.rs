//! Text from a program, made plain: no escape sequence and no control character survives.

use std::{iter::Peekable, str::Chars};

/// A text and whether it had to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    /// Holds no control character but newline and tab.
    pub(crate) text: String,
    /// Whether anything was replaced or taken out; a `\r\n` that became `\n` does not count.
    pub(crate) altered: bool,
}

/// Reads `bytes` as UTF-8 with U+FFFD for what is invalid, and takes out escape sequences
/// (ECMA-48) and control characters. A lone `\r` becomes a newline, so that what a terminal
/// would have painted over stays apart and visible.
pub(crate) fn plain(bytes: &[u8]) -> Plain {
    let lossy = String::from_utf8_lossy(bytes);
    let mut altered = matches!(lossy, std::borrow::Cow::Owned(_));
    let mut text = String::with_capacity(lossy.len());
    let mut rest = lossy.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\n' | '\t' => text.push(char),
            '\r' => {
                if rest.peek() != Some(&'\n') {
                    text.push('\n');
                    altered = true;
                }
            }
            control if control.is_control() => {
                altered = true;
                skip_sequence(control, &mut rest);
            }
            other => text.push(other),
        }
    }
    Plain { text, altered }
}

/// Moves past what belongs to an introducer that was read. A sequence never reaches over a
/// newline: an unfinished one must not hide the rest of the text.
fn skip_sequence(introducer: char, rest: &mut Peekable<Chars<'_>>) {
    match introducer {
        '\u{1b}' => match rest.next_if(|next| matches!(next, ' '..='~')) {
            Some('[') => skip_control_sequence(rest),
            Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
            Some(' '..='/') => {
                while rest.next_if(|next| matches!(next, ' '..='/')).is_some() {}
                rest.next_if(|next| matches!(next, '0'..='~'));
            }
            Some(_) | None => {}
        },
        '\u{9b}' => skip_control_sequence(rest),
        '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(rest),
        _ => {}
    }
}

/// Parameters and intermediates, then one final character.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| matches!(next, ' '..='?')).is_some() {}
    rest.next_if(|next| matches!(next, '@'..='~'));
}

/// Everything up to BEL or the string terminator.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    while let Some(char) = rest.next_if(|next| *next != '\n') {
        match char {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], text: &str, altered: bool) {
        let text = text.to_owned();
        assert_eq!(plain(bytes), Plain { text, altered });
    }

    #[test]
    fn x2_escape_sequences_are_taken_out_whole() {
        check(b"\x1b]0;owned\x07hi", "hi", true);
        check(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", true);
        check(b"\x1b[1;31mred\x1b[0m", "red", true);
        check(b"\x1bP1$r\x1b\\x\x1b(By\x1bcz", "xyz", true);
        check("\u{9b}31mred\u{9d}0;t\u{9c}.".as_bytes(), "red.", true);
    }

    #[test]
    fn x2_an_unfinished_sequence_hides_nothing_beyond_its_line() {
        check(b"\x1b]0;title\nseen", "\nseen", true);
        check(b"\x1b[12\nseen", "\nseen", true);
        check(b"end\x1b", "end", true);
        check("\u{1b}é".as_bytes(), "é", true);
    }

    #[test]
    fn x14_invalid_bytes_and_control_characters_are_replaced_or_removed() {
        check(b"a\xffb\0c\x07", "a\u{fffd}bc", true);
        check(b"50%\r100%\r\n", "50%\n100%\n", true);
        check(b"\ta\r\n", "\ta\n", false);
        check("é 中 👩‍💻".as_bytes(), "é 中 👩‍💻", false);
        check(b"", "", false);
    }
}
