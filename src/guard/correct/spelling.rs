//! Other spellings of a string that its writer may have meant: offered, never run.

use unicode_normalization::UnicodeNormalization;

use crate::base::text;

/// The spellings of `given`, the smallest changes first: of the first group in which a
/// spelling fits, exactly one may, or nothing is known.
pub(super) fn spellings(given: &str) -> [Vec<String>; 4] {
    let bare = unwrapped(given).to_owned();
    let visible: String = given
        .chars()
        .filter(|&char| !(char.is_control() || text::is_hidden(char)))
        .collect();
    [
        vec![bare.clone(), visible],
        vec![
            bare.nfkc().collect(),
            bare.to_lowercase(),
            bare.to_uppercase(),
        ],
        vec![
            joined(&bare, '-'),
            joined(&bare, '_'),
            joined(&bare, '-').to_lowercase(),
            joined(&bare, '_').to_lowercase(),
            undecorated(&bare),
            bare.trim_start_matches(['#', '@', '$', '+']).to_owned(),
            without_scheme(&bare),
            path(&bare),
        ],
        [date(&bare), date_time(&bare), uuid(&bare), url(&bare)]
            .into_iter()
            .flatten()
            .collect(),
    ]
}

/// Without blanks, quotes or brackets around it.
fn unwrapped(given: &str) -> &str {
    const PAIRS: [(char, char); 6] = [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('<', '>'),
        ('“', '”'),
        ('{', '}'),
    ];
    let mut bare = given.trim();
    loop {
        let inner = PAIRS.iter().find_map(|&(open, close)| {
            let inner = bare.strip_prefix(open)?.strip_suffix(close)?;
            (!inner.is_empty()).then_some(inner.trim())
        });
        match inner {
            Some(inner) => bare = inner,
            None => return bare,
        }
    }
}

/// Blanks, hyphens and underscores become `separator`.
fn joined(text: &str, separator: char) -> String {
    let words = text.split([' ', '-', '_', '\t', '\n']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(&separator.to_string())
}

/// A number of digits without what people put between them.
fn undecorated(text: &str) -> String {
    let decoration = [' ', '-', '.', '(', ')', '/', '\u{A0}'];
    let bare: String = text.split(decoration).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        bare
    } else {
        text.to_owned()
    }
}

fn without_scheme(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.strip_prefix("mailto:").unwrap_or(rest);
    rest.trim_end_matches('/').to_owned()
}

/// A relative path, read as this system writes it, `..` taken where it stays inside.
fn path(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let slashed = text.replace('\\', "/");
    for component in slashed.split('/') {
        match component.trim_end_matches([' ', '.']) {
            "" if component.starts_with("..") => {
                // What leaves the beginning has no other spelling.
                if kept.pop().is_none() {
                    return text.to_owned();
                }
            }
            "" => {}
            component => kept.push(component),
        }
    }
    kept.join("/")
}

/// `2024-3-5`, `2024/03/05` and `20240305`, with or without a time behind it, as `2024-03-05`.
/// The year stands first: anything else can be read in two ways.
fn date(text: &str) -> Option<String> {
    let text = text.split(['T', 't', ' ']).next()?;
    let numbers: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        vec![text.get(..4)?, text.get(4..6)?, text.get(6..)?]
    } else {
        text.split(['-', '/', '.']).collect()
    };
    let [year, month, day] = numbers.as_slice() else {
        return None;
    };
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    (year.len() == 4).then(|| format!("{year}-{month:02}-{day:02}"))
}

/// A date and a time with its zone, as RFC 3339 writes them. A zone is never guessed.
fn date_time(text: &str) -> Option<String> {
    let (day, time) = text.split_once(['T', 't', ' '])?;
    let time = time
        .trim()
        .to_uppercase()
        .replace("UTC", "Z")
        .replace(' ', "");
    let at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(at)?;
    let clock = match clock.len() {
        4 => format!("0{clock}:00"),
        5 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let zone = match (zone.len(), zone.split_at_checked(3)) {
        (5, Some((hours, minutes))) => format!("{hours}:{minutes}"),
        (3, _) => format!("{zone}:00"),
        _ => zone.to_owned(),
    };
    Some(format!("{}T{clock}{zone}", date(day)?))
}

fn uuid(text: &str) -> Option<String> {
    let text = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let digits: String = text.split('-').collect();
    let plain = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    plain.then(|| {
        let parts = [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ];
        parts.join("-")
    })
}

/// An `https` URL: the scheme put before it or made the safe one, blanks escaped.
fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let known = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    let mut escaped = String::new();
    for char in rest.chars() {
        let mut bytes = [0; 4];
        match char {
            '\\' => escaped.push('/'),
            char if char.is_ascii_graphic() => escaped.push(char),
            char => {
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    escaped.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    (known && rest.contains('.')).then(|| format!("https://{escaped}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: &str) {
        let all = spellings(given).concat();
        assert!(all.iter().any(|one| one == expected), "{given}: {all:?}");
    }

    #[test]
    fn what_people_write_is_among_the_spellings() {
        check(" 'a b' ", "a b");
        check("ORD_5", "ord_5");
        check("５", "5");
        check("New York", "new-york");
        check("+1 (555) 010-99", "+155501099");
        check("docs\\a.txt", "docs/a.txt");
        check("/docs/../a.txt ", "a.txt");
        check("2024/3/5", "2024-03-05");
        check("20240305", "2024-03-05");
        check("2024-03-05 9:30 +0200", "2024-03-05T09:30:00+02:00");
        check(
            "{0F8FAD5BD9CB469FA16570867728950E}",
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
        );
        check("example.org/a b", "https://example.org/a%20b");
    }

    #[test]
    fn what_could_be_meant_in_two_ways_is_not_guessed() {
        for given in ["05/03/2024", "2024-03-05T10:00:00", "../x"] {
            let [.., formats] = spellings(given);
            assert!(
                !formats
                    .iter()
                    .any(|one| one.starts_with("2024") && one.ends_with('Z')),
                "{given}"
            );
            assert!(
                !spellings(given).concat().contains(&"x".to_owned()),
                "{given}"
            );
        }
    }
}
