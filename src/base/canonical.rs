//! The canonical text of a JSON value: one value, one text, so that texts can be compared.
//!
//! RFC 8785 (JCS) with one difference: it carries every number through a double, so that
//! 9007199254740993 and 9007199254740992 would be the same text. Here an integer keeps its
//! exact digits. Numbers that JCS holds equal (`1`, `1.0`, `1e0`; `0`, `-0`) stay equal.

use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};

/// A value of the JSON data model, as the parts of which its text is made.
pub(crate) enum Parts<'a, T> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(&'a Number),
    /// A string.
    Text(&'a str),
    /// An array.
    List(&'a [T]),
    /// The members of an object, in any order.
    Members(Vec<(&'a str, &'a T)>),
}

/// What has a canonical text.
pub(crate) trait Canonical: Sized {
    /// What it consists of.
    fn parts(&self) -> Parts<'_, Self>;
}

impl Canonical for Value {
    fn parts(&self) -> Parts<'_, Self> {
        match self {
            Self::Null => Parts::Null,
            Self::Bool(value) => Parts::Bool(*value),
            Self::Number(number) => Parts::Number(number),
            Self::String(text) => Parts::Text(text),
            Self::Array(items) => Parts::List(items),
            Self::Object(members) => {
                let members = members.iter();
                Parts::Members(members.map(|(name, one)| (name.as_str(), one)).collect())
            }
        }
    }
}

/// The canonical text of `value`. Recurses as deep as `value` is nested, which the strict
/// reader bounds.
pub(crate) fn canonical(value: &impl Canonical) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// SHA-256 of [`canonical`].
pub(crate) fn digest(value: &impl Canonical) -> [u8; 32] {
    Sha256::digest(canonical(value).as_bytes()).into()
}

fn write<T: Canonical>(value: &T, text: &mut String) {
    match value.parts() {
        Parts::Null => text.push_str("null"),
        Parts::Bool(true) => text.push_str("true"),
        Parts::Bool(false) => text.push_str("false"),
        Parts::Number(number) => write_number(number, text),
        Parts::Text(string) => write_string(string, text),
        Parts::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Parts::Members(members) => write_object(members, text),
    }
}

/// RFC 8785 section 3.2.3: members sorted by the UTF-16 code units of their names.
fn write_object<T: Canonical>(mut members: Vec<(&str, &T)>, text: &mut String) {
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (at, (name, member)) in members.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_string(name, text);
        text.push(':');
        write(member, text);
    }
    text.push('}');
}

/// RFC 8785 section 3.2.2.3, except that an integer is written exactly.
fn write_number(number: &Number, text: &mut String) {
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            text.push_str(ryu_js::Buffer::new().format(float));
        }
        _ => text.push_str(&number.to_string()),
    }
}

/// RFC 8785 section 3.2.2.2; `serde_json` escapes exactly what that section lists.
fn write_string(string: &str, text: &mut String) {
    if string
        .bytes()
        .any(|byte| byte < b' ' || b"\"\\".contains(&byte))
    {
        text.push_str(&Value::from(string).to_string());
        return;
    }
    text.push('"');
    text.push_str(string);
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, json};

    #[track_caller]
    fn check(value: &Value, expected: &str) {
        assert_eq!(canonical(value), expected);
    }

    /// RFC 8785 appendix B: the bits of a double and its text.
    const VECTORS: &[(u64, &str)] = &[
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];

    #[test]
    fn numbers_are_written_as_rfc_8785_appendix_b_says() {
        for &(bits, expected) in VECTORS {
            check(&json!(f64::from_bits(bits)), expected);
        }
    }

    #[test]
    fn v7_integers_beyond_two_to_53_keep_their_digits() {
        check(&json!(9_007_199_254_740_993_i64), "9007199254740993");
        check(&json!(u64::MAX), "18446744073709551615");
        check(&json!(i64::MIN), "-9223372036854775808");
    }

    #[test]
    fn v9_ways_to_write_one_number_are_one_text() {
        for text in ["1", "1.0", "1e0", "10e-1"] {
            check(&serde_json::from_str(text).unwrap(), "1");
        }
        check(&serde_json::from_str("-0").unwrap(), "0");
    }

    #[test]
    fn members_are_sorted_by_utf16_and_strings_escaped_as_rfc_8785_says() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        check(
            &value,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
             \"\u{1f600}\":\"Emoji: Grinning Face\",\
             \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        );
        check(
            &json!("\u{20ac}$\u{f}\nA'\u{42}\"\\\"/\u{8}\u{c}\u{7f}"),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\"/\\b\\f\u{7f}\"",
        );
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(|float| json!(float)),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((".*", inner), 0..5)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reading_the_canonical_text_gives_the_same_canonical_text(value in any_value()) {
            let text = canonical(&value);
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(canonical(&read), text);
        }

        #[test]
        fn the_order_of_members_does_not_matter(members in prop::collection::btree_map(".*", any::<i64>(), 0..6)) {
            let forth: Map<_, _> = members.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let back: Map<_, _> = members.iter().rev().map(|(k, v)| (k.clone(), json!(v))).collect();
            prop_assert_eq!(digest(&Value::from(forth)), digest(&Value::from(back)));
        }
    }
}
