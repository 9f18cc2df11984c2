//! Decimal numbers as PostgreSQL sends them: digits to the base of ten thousand.

/// Digits to the base of ten that one of theirs holds.
const DIGITS: i32 = 4;

/// The number in decimal digits, as many after the point as it has; `None` where the bytes are no
/// number.
pub(super) fn read(raw: &[u8]) -> Option<String> {
    let words = raw.chunks_exact(2);
    if !words.remainder().is_empty() {
        return None;
    }
    let words: Vec<u16> = words
        .filter_map(|word| word.try_into().ok().map(u16::from_be_bytes))
        .collect();
    let [count, weight, sign, scale, digits @ ..] = words.as_slice() else {
        return None;
    };
    let sign = match *sign {
        0 => "",
        0x4000 => "-",
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    if digits.len() != usize::from(*count) || digits.iter().any(|digit| *digit > 9999) {
        return None;
    }
    let weight = i32::from(weight.cast_signed());
    let digit = |place: i32| -> u16 {
        let at = usize::try_from(weight - place).ok();
        at.and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    let mut text = String::new();
    for place in (0..=weight.max(0)).rev() {
        text.push_str(&format!("{:04}", digit(place)));
    }
    let whole = text.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let scale = i32::from(*scale);
    let mut fraction = String::new();
    for place in 1..=(scale + DIGITS - 1) / DIGITS {
        fraction.push_str(&format!("{:04}", digit(-place)));
    }
    fraction.truncate(usize::try_from(scale).ok()?);
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[u16], text: Option<&str>) {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        assert_eq!(read(&raw).as_deref(), text, "{words:?}");
    }

    #[test]
    fn every_digit_is_kept() {
        check(&[0, 0, 0, 0], Some("0"));
        check(&[0, 0, 0, 2], Some("0.00"));
        check(&[2, 0, 0x4000, 2, 12, 5000], Some("-12.50"));
        check(&[1, 1, 0, 0, 1], Some("10000"));
        check(&[1, 0xffff, 0, 5, 1], Some("0.00010"));
        check(&[1, 0xfffe, 0, 8, 1], Some("0.00000001"));
        check(&[3, 1, 0, 1, 1, 2, 3000], Some("10002.3"));
        check(&[0, 0, 0xc000, 0], Some("NaN"));
        check(&[2, 0, 0, 0, 1], None);
        check(&[1, 0, 0, 0, 10000], None);
        check(&[1, 0, 7, 0, 1], None);
    }
}
