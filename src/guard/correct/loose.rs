//! A value of another type that can only have been meant as the demanded one: plain enough to
//! be offered, not plain enough to be run.

use serde_json::{Number, Value};

use crate::catalog::schema::Type;

/// The ways to read `given` as one of `types`, apart from `null`.
pub(super) fn readings(given: &Value, types: &[Type]) -> Vec<Value> {
    let types = types.iter().filter(|one| **one != Type::Null);
    let mut found: Vec<Value> = types.flat_map(|one| as_type(given, *one)).collect();
    found.dedup();
    found
}

fn as_type(given: &Value, wanted: Type) -> Vec<Value> {
    // One item in a list of its own was meant to be that item.
    let given = match given {
        Value::Array(items) if wanted != Type::Array => match items.as_slice() {
            [only] => only,
            _ => return Vec::new(),
        },
        given => given,
    };
    let read = match wanted {
        Type::Null => None,
        Type::Boolean => boolean(given),
        Type::Integer => number(given).and_then(whole),
        Type::Number => number(given),
        Type::String => match given {
            Value::Number(_) | Value::Bool(_) => Some(Value::from(given.to_string())),
            Value::String(_) => Some(given.clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        },
        Type::Object => given.is_object().then(|| given.clone()),
        Type::Array => return lists(given),
    };
    read.into_iter().collect()
}

fn boolean(given: &Value) -> Option<Value> {
    let word = match given {
        Value::Bool(_) => return Some(given.clone()),
        Value::Number(number) => number.to_string(),
        Value::String(word) => word.trim().to_lowercase(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    match word.as_str() {
        "true" | "yes" | "on" | "1" | "y" => Some(true.into()),
        "false" | "no" | "off" | "0" | "n" => Some(false.into()),
        _ => None,
    }
}

/// Digits as people write them: blanks around them, commas between thousands, a plus, zeros
/// in front.
fn number(given: &Value) -> Option<Value> {
    let text = match given {
        Value::Number(_) => return Some(given.clone()),
        Value::String(text) => text.trim().replace(['_', '\u{A0}'], ""),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let text = without_thousands(&text)?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let bare = digits.trim_start_matches('0');
    let bare = if bare.starts_with(|char: char| char.is_ascii_digit()) {
        bare.to_owned()
    } else if bare.len() < digits.len() {
        format!("0{bare}")
    } else {
        return None;
    };
    let plain = bare
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let read = crate::base::json::parse(&format!("{sign}{bare}")).ok()?;
    plain.then_some(read)
}

/// `1,000,000` without its commas; nothing where they stand elsewhere than between thousands.
fn without_thousands(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let grouped = |group: &&str| {
        let digits = group.split('.').next().unwrap_or_default();
        digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let sound = rest.is_empty() || (first.len() <= 4 && rest.iter().all(grouped));
    sound.then(|| text.replace(',', ""))
}

/// A number without a fraction.
fn whole(number: Value) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Value::Number(given) = &number else {
        return None;
    };
    if !given.is_f64() {
        return Some(number);
    }
    let float = given
        .as_f64()
        .filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
    format!("{float:.0}")
        .parse::<Number>()
        .ok()
        .map(Value::Number)
}

/// A list of this one value, or of the parts between its commas.
fn lists(given: &Value) -> Vec<Value> {
    let one = Value::Array(vec![given.clone()]);
    match given {
        Value::Null | Value::Array(_) => Vec::new(),
        Value::String(text) if text.contains(',') => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            vec![one, parts.map(Value::from).collect()]
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(given: Value, wanted: Type, expected: &[Value]) {
        assert_eq!(readings(&given, &[wanted, Type::Null]), expected, "{given}");
    }

    #[test]
    fn only_what_can_be_meant_in_one_way_is_read() {
        check(json!(" 5"), Type::Integer, &[json!(5)]);
        check(json!("+5"), Type::Integer, &[json!(5)]);
        check(json!("007"), Type::Integer, &[json!(7)]);
        check(json!("0"), Type::Integer, &[json!(0)]);
        check(json!("1,000"), Type::Integer, &[json!(1000)]);
        check(json!("5.0"), Type::Integer, &[json!(5)]);
        check(json!("0.5"), Type::Number, &[json!(0.5)]);
        for given in ["5x", "1,5", "5.5", "٥", "", "-", "ten"] {
            check(json!(given), Type::Integer, &[]);
        }
        check(json!("Yes"), Type::Boolean, &[json!(true)]);
        check(json!(0), Type::Boolean, &[json!(false)]);
        check(json!("maybe"), Type::Boolean, &[]);
        check(json!(5), Type::String, &[json!("5")]);
        check(json!(["a"]), Type::String, &[json!("a")]);
        check(json!(["a", "b"]), Type::String, &[]);
        check(json!(5), Type::Array, &[json!([5])]);
        check(
            json!("a, b"),
            Type::Array,
            &[json!(["a, b"]), json!(["a", "b"])],
        );
    }
}
