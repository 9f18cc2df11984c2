//! Every form is found, nothing else is touched, and what cannot be hidden is refused.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "s3cr/t+\"key\"";

fn redactor(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::default();
    for secret in secrets {
        redactor.learn(&Secret::new(*secret)).unwrap();
    }
    redactor
}

#[track_caller]
fn check(secrets: &[&str], text: &str, expected: &str) {
    assert_eq!(redactor(secrets).text(text), expected);
}

#[test]
fn every_form_is_found() {
    check(&[SECRET], "a s3cr/t+\"key\" b", "a (secret) b");
    let in_json = json!({"k": SECRET}).to_string();
    check(&[SECRET], &in_json, r#"{"k":"(secret)"}"#);
    let in_json_in_json = json!({ "k": in_json }).to_string();
    let expected = json!({"k": r#"{"k":"(secret)"}"#}).to_string();
    check(&[SECRET], &in_json_in_json, &expected);
    check(&[SECRET], "?k=s3cr%2Ft%2B%22key%22&", "?k=(secret)&");
    check(&[SECRET], "?k=s3cr%2ft%2b%22key%22&", "?k=(secret)&");
    check(
        &["a-b_c.d/e"],
        "a-b_c.d%2Fe a%2Db%5Fc%2Ed%2Fe",
        "(secret) (secret)",
    );
    check(&["abcdef"], "616263646566 6A6B", "(secret) 6A6B");
    check(&["jklmno"], "6A6B6C6D6E6F", "(secret)");
}

#[test]
fn what_is_short_or_unknown_stays() {
    check(&["12345"], "12345", "12345");
    check(&[], "anything", "anything");
    check(&[SECRET], "s3cr/t", "s3cr/t");
}

#[test]
fn what_could_not_be_hidden_is_refused() {
    let redactor = Redactor::default();
    for number in 0..SECRETS_MAX {
        let secret = Secret::new(format!("secret-{number:04}"));
        assert_eq!(
            (redactor.learn(&secret), redactor.learn(&secret)),
            (Ok(()), Ok(()))
        );
    }
    assert_eq!(redactor.learn(&Secret::new("one too many")), Err(TooMany));
    assert_eq!(
        redactor.text("secret-0000 one too many"),
        "(secret) one too many"
    );
}

#[test]
fn the_longest_of_several_is_hidden_whole() {
    check(
        &["abcdef", "abcdefgh"],
        "abcdefgh abcdefg",
        "(secret) (secret)g",
    );
}

#[test]
fn values_are_walked_and_other_text_keeps_its_bytes() {
    let redactor = redactor(&["123456", "hunter2x"]);
    let mut value = json!({"n": 91_234_560, "hunter2x": [true, "is hunter2x."], "m": 12345});
    assert!(redactor.value(&mut value));
    let expected = json!({"n": "(secret)", "(secret)": [true, "is (secret)."], "m": 12345});
    assert_eq!(value, expected);
    for same in [r#"{"a" : 1.0, "a":"\u0041"}"#, r#"{"b": "x"}"#] {
        assert!(matches!(redactor.json(same), Cow::Borrowed(text) if text == same));
    }
    assert_eq!(redactor.json(r#"["\u0068unter2x"]"#), r#"["(secret)"]"#);
    assert_eq!(redactor.json(r#"["hunter2x"#), r#"["(secret)"#);
}

proptest! {
    #[test]
    fn a_secret_in_base64_is_found_whatever_stands_around_it(
        secret in "[!-~]{6,20}", before in "[ -~]{0,5}", after in "[ -~]{0,5}",
    ) {
        let redactor = redactor(&[&secret]);
        let text = format!("{before}{secret}{after}");
        for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
            prop_assert!(redactor.text(&encoded).contains(HIDDEN));
        }
    }
}
