//! What an unquoted YAML scalar means: the core schema of YAML 1.2 (section 10.3.2).

use serde_json::Number;

use super::NodeValue;

/// Why an unquoted scalar has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclear {
    /// `010`: ten for some readers, eight for others.
    LeadingZero,
    /// Infinity, not-a-number, or more digits than can be kept.
    NotRepresentable,
}

/// The value of an unquoted scalar. `no`, `on` and dates are text.
pub(super) fn resolve(plain: &str) -> Result<NodeValue, Unclear> {
    match plain {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(NodeValue::Null),
        "true" | "True" | "TRUE" => return Ok(NodeValue::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(NodeValue::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Err(Unclear::NotRepresentable),
        _ => {}
    }
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Err(Unclear::NotRepresentable);
    }
    if let Some((digits, radix)) = based(plain) {
        let value = u64::from_str_radix(digits, radix);
        return value.map_or(Err(Unclear::NotRepresentable), |value| {
            Ok(NodeValue::Number(value.into()))
        });
    }
    if is_digits(unsigned) {
        return integer(plain, unsigned).map(NodeValue::Number);
    }
    if is_float(unsigned) {
        let value: Option<f64> = plain.parse().ok();
        let number = value.and_then(Number::from_f64);
        return number.map_or(Err(Unclear::NotRepresentable), |number| {
            Ok(NodeValue::Number(number))
        });
    }
    Ok(NodeValue::Text(plain.to_owned()))
}

/// `0o17` and `0x1F`: the digits and their radix.
fn based(plain: &str) -> Option<(&str, u32)> {
    let of = |prefix: &str, radix: u32| {
        let digits = plain.strip_prefix(prefix)?;
        let fits = !digits.is_empty() && digits.chars().all(|char| char.is_digit(radix));
        fits.then_some((digits, radix))
    };
    of("0o", 8).or_else(|| of("0x", 16))
}

fn integer(plain: &str, digits: &str) -> Result<Number, Unclear> {
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(Unclear::LeadingZero);
    }
    let plain = plain.strip_prefix('+').unwrap_or(plain);
    let signed = plain.parse::<i64>().ok().map(Number::from);
    signed
        .or_else(|| plain.parse::<u64>().ok().map(Number::from))
        .ok_or(Unclear::NotRepresentable)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && (fraction.is_empty() || is_digits(fraction)),
        None => is_digits(mantissa),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| is_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    mantissa_fits && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(plain: &str, expected: serde_json::Value) {
        let node = super::super::Node {
            value: resolve(plain).unwrap(),
            span: Default::default(),
        };
        assert_eq!(node.to_value(), expected, "{plain}");
    }

    #[test]
    fn c2_only_the_core_schema_gives_a_scalar_a_type() {
        for text in [
            "no",
            "yes",
            "on",
            "off",
            "y",
            "2026-01-01",
            "1:30",
            "1_000",
            "0b1",
            "e3",
            ".",
        ] {
            check(text, json!(text));
        }
        for null in ["", "~", "null", "NULL"] {
            check(null, json!(null));
        }
        check("True", json!(true));
        check("-5", json!(-5));
        check("+5", json!(5));
        check("0x1F", json!(31));
        check("0o17", json!(15));
        check("1e3", json!(1000.0));
        check(".5", json!(0.5));
        check("1.", json!(1.0));
        check("18446744073709551615", json!(u64::MAX));
    }

    #[test]
    fn c2_numbers_that_would_change_are_refused() {
        for (plain, why) in [
            ("010", Unclear::LeadingZero),
            ("-007", Unclear::LeadingZero),
            ("18446744073709551616", Unclear::NotRepresentable),
            ("1e400", Unclear::NotRepresentable),
            ("-.inf", Unclear::NotRepresentable),
            (".nan", Unclear::NotRepresentable),
        ] {
            assert_eq!(resolve(plain), Err(why), "{plain}");
        }
    }
}
