//! Text from elsewhere made harmless, and times as people read them.

use std::fmt::Write as _;

use super::super::table;
use crate::base::{clock::Timestamp, text};

/// Text from clients, made harmless: hidden characters are shown, markup is only text.
pub(super) fn escape(text: &str) -> String {
    let quoted = text::quote(text);
    let bare = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let mut safe = String::with_capacity(text.len());
    for char in bare.unwrap_or_default().chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A sentence of ours with names between backticks.
pub(super) fn sentence(text: &str) -> String {
    let mut told = String::new();
    for (at, part) in text.split('`').enumerate() {
        let safe = escape(part);
        let _infallible = if at % 2 == 1 {
            write!(told, "<code>{safe}</code>")
        } else {
            write!(told, "{safe}")
        };
    }
    told
}

/// A name from a client, clipped and made harmless.
pub(super) fn name(text: &str) -> String {
    format!("<code>{}</code>", escape(text::clip(text, 80)))
}

/// `26 November 2026, 05:44:25 UTC`, for people and for programs.
pub(super) fn time(at: Timestamp) -> String {
    element(at, &at.written("%-d %B %Y, %H:%M:%S UTC"))
}

/// From the first to the last, the day only once where it is one.
pub(super) fn span(first: Timestamp, last: Timestamp) -> String {
    let day = |at: Timestamp| at.written("%-d %B %Y");
    let (from, to) = if day(first) == day(last) {
        (first.written("%-d %B %Y, %H:%M:%S"), "%H:%M:%S UTC")
    } else {
        (first.written("%-d %B %Y, %H:%M"), "%-d %B %Y, %H:%M UTC")
    };
    let to = element(last, &last.written(to));
    format!("{} to {to}", element(first, &from))
}

fn element(at: Timestamp, text: &str) -> String {
    format!("<time datetime=\"{}\">{text}</time>", at.rfc3339())
}

/// How long something took.
pub(super) fn duration(micros: u64) -> String {
    table::duration(micros).replace(" us", " µs")
}

/// A number with its thousands apart.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_clients_is_only_text() {
        assert_eq!(
            escape("<script>\"&'\u{202e}"),
            "&lt;script&gt;\\&quot;&amp;&#39;\\u{202e}"
        );
    }

    #[test]
    fn a_day_is_told_once() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let told = span(at(60), at(120));
        assert!(
            told.contains(">1 January 1970, 00:01:00</time> to"),
            "{told}"
        );
        assert!(told.ends_with(">00:02:00 UTC</time>"), "{told}");
        let told = span(at(60), at(86_400));
        assert!(
            told.ends_with(">2 January 1970, 00:00 UTC</time>"),
            "{told}"
        );
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, told) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), told);
        }
    }
}
