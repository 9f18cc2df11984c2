//! Words for people and models: quoting, clipping, plurals, the nearest known name.

use super::limits::QUOTE_CHARS_MAX;

/// `text` as a JSON string, at most [`QUOTE_CHARS_MAX`] characters of it, with control,
/// bidirectional and invisible characters escaped, so that it cannot disturb a terminal or
/// pass for our own words.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().min(QUOTE_CHARS_MAX) + 2);
    quoted.push('"');
    for (count, char) in text.chars().enumerate() {
        if count == QUOTE_CHARS_MAX {
            quoted.push('…');
            break;
        }
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            other => push_harmless(&mut quoted, other),
        }
    }
    quoted.push('"');
    quoted
}

/// `text` in one line, with control, bidirectional and invisible characters escaped, so that it
/// cannot disturb a terminal: for what stands by itself and is not quoted.
pub(crate) fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for char in text.chars() {
        push_harmless(&mut harmless, char);
    }
    harmless
}

fn push_harmless(to: &mut String, char: char) {
    match char {
        '\n' => to.push_str("\\n"),
        '\t' => to.push_str("\\t"),
        '\r' => to.push_str("\\r"),
        other if other.is_control() || is_hidden(other) => to.extend(other.escape_unicode()),
        other => to.push(other),
    }
}

/// Whether `char` changes how text looks without being seen: bidirectional controls,
/// zero-width and tag characters.
pub(crate) fn is_hidden(char: char) -> bool {
    matches!(char,
        '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The longest beginning of `text` of at most `bytes_max` bytes that ends between characters.
pub(crate) fn clip(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// As much of the end of `text` as fits into `bytes_max`, with whole characters.
pub(crate) fn tail(text: &str, bytes_max: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes_max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

/// `1 tool`, `2 tools`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// `a`, `a and b`, `a, b and c`, each in backticks.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Of `known`, at most three names that `given` is a mistyped form of, nearest first: a third
/// of it or less would have to change.
pub(crate) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_by(given, known, |_| false)
}

/// As [`nearest`]; also names with the same words in another order, and names of which one has
/// all words of the other. For names that a caller remembered rather than copied.
pub(crate) fn likeliest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let given_words = words(clip(given, 128));
    nearest_by(given, known, |name| share_words(&given_words, &words(name)))
}

fn nearest_by<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
    related: impl Fn(&str) -> bool,
) -> Vec<&'a str> {
    let given = clip(given, 128).to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let allowed = name.chars().count().max(given.chars().count()).div_ceil(3);
            match distance(&given, &name.to_lowercase()) {
                distance if distance <= allowed => Some((distance, name)),
                _ => related(name).then_some((allowed + 1, name)),
            }
        })
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The words of a name, lower case: `refundOrder`, `refund_order` and `Refund order` have the
/// same ones.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() || (char.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (char.is_alphanumeric(), words.last_mut()) {
            word.extend(char.to_lowercase());
        }
        after_lower = char.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words.sort();
    words.dedup();
    words
}

/// Whether one of the two has all words of the other.
fn share_words(a: &[String], b: &[String]) -> bool {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    !few.is_empty() && few.iter().all(|word| many.contains(word))
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of
/// neighbours.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (row, char_a) in a.chars().enumerate() {
        let mut current = Vec::with_capacity(last.len());
        current.push(row + 1);
        let mut previous_b = None;
        for (column, &char_b) in b.iter().enumerate() {
            let at =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, column) + usize::from(char_a != char_b);
            let mut best = replaced
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            if previous_a == Some(char_b) && previous_b == Some(char_a) {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
            previous_b = Some(char_b);
        }
        previous_a = Some(char_a);
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_hides_nothing_and_lets_nothing_through() {
        assert_eq!(quote("a\"b\n"), r#""a\"b\n""#);
        assert_eq!(quote("\u{1b}[2J\u{202e}x"), r#""\u{1b}[2J\u{202e}x""#);
        assert_eq!(quote(&"é".repeat(500)).chars().count(), QUOTE_CHARS_MAX + 3);
    }

    #[test]
    fn clipping_never_cuts_a_character() {
        assert_eq!(clip("aé", 2), "a");
        assert_eq!(clip("aé", 3), "aé");
        assert_eq!(clip("", 3), "");
        assert_eq!(tail("éa", 2), "a");
        assert_eq!(tail("éa", 3), "éa");
        assert_eq!(tail("", 3), "");
    }

    #[test]
    fn the_nearest_names_come_first_and_strangers_do_not_come() {
        let known = ["refund_order", "list_orders", "time_now"];
        assert_eq!(nearest("refund_ordre", known), ["refund_order"]);
        assert_eq!(nearest("REFUND_ORDER", known), ["refund_order"]);
        assert_eq!(nearest("zzz", known), Vec::<&str>::new());
    }

    #[test]
    fn names_of_the_same_words_are_likely_to_be_meant() {
        let known = ["refund_order", "list_orders", "time_now"];
        assert_eq!(likeliest("orderRefund", known), ["refund_order"]);
        assert_eq!(likeliest("mcp__shop__time_now", known), ["time_now"]);
        assert_eq!(likeliest("refund", known), ["refund_order"]);
        assert_eq!(nearest("refund", known), Vec::<&str>::new());
    }

    #[test]
    fn distance_counts_a_swap_once() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn lists_and_counts_read_like_a_sentence() {
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(count(2, "tool"), "2 tools");
    }
}
