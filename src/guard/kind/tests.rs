//! One table per kind, and the law for all: a normal form is its own normal form.

use proptest::prelude::*;

use super::*;

const TEXT: Kind = Kind::Text { strict: false };

fn url() -> Kind {
    Kind::Url {
        schemes: vec!["https".into()],
        hosts: Vec::new(),
    }
}

/// `Some(text)`: the normal form; `None`: refused.
#[track_caller]
fn check(kind: &Kind, value: &str, expected: Option<&str>) {
    let got = normal_form(kind, value).map(|changed| changed.unwrap_or_else(|| value.into()));
    assert_eq!(got.ok().as_deref(), expected, "{value:?} as {kind:?}");
}

#[test]
fn v15_v16_v17_v18_text_is_taken_as_it_is() {
    for value in [
        "100% sure",
        "50%25 off",
        "C%2B%2B",
        "x²",
        "½",
        "naïve",
        "nai\u{308}ve",
        "שלום",
        "مرحبا",
        "👩\u{200d}👩\u{200d}👧",
        "％２ｅ％２ｅ／x",
        "%252e%252e%252f",
        "..%c0%af",
        "‥/x",
        "a\u{202e}b",
        "a\u{200b}b",
        "\u{e0041}",
        "",
        " \t\r\n",
        "../etc/passwd",
        "; rm -rf / #",
    ] {
        check(&TEXT, value, Some(value));
    }
    for value in ["a\0b", "\u{1b}[2J", "\u{7}", "\u{9b}2J", "\u{85}"] {
        check(&TEXT, value, None);
    }
}

#[test]
fn v17_v18_strict_text_refuses_what_hides_or_reorders() {
    let strict = Kind::Text { strict: true };
    for value in ["a\u{202e}b", "\u{2066}a", "\u{e0041}", "a\u{200b}b"] {
        check(&strict, value, None);
    }
    for value in ["naïve", "👩\u{200d}👧", "می\u{200c}خواهم", "שלום"] {
        check(&strict, value, Some(value));
    }
}

#[test]
fn v17_identifiers_read_as_they_look() {
    let plain = Kind::Identifier { shaped: false };
    let shaped = Kind::Identifier { shaped: true };
    for value in ["ord_1", "A.b-c", "1"] {
        check(&plain, value, Some(value));
        check(&shaped, value, Some(value));
    }
    for value in [
        "a\u{202e}b",
        "a\u{200b}b",
        "ﬁle",
        "x²",
        "ａ",
        "a\u{ad}b",
        "a\nb",
        "nai\u{308}ve",
    ] {
        check(&plain, value, None);
        check(&shaped, value, None);
    }
    for value in ["", "a b", "naïve", "a/b", &"x".repeat(129)] {
        check(&plain, value, None);
        check(&shaped, value, Some(value));
    }
}

const NO_PATHS: &[&str] = &[
    "",
    "/",
    "/etc/passwd",
    "//x",
    "..",
    "../x",
    "a/../b",
    "a/..",
    "..\\x",
    "a\\b",
    "a/./..",
    "C:\\x",
    "C:/x",
    "\\\\server\\share",
    "file.txt:stream",
    "a:b",
    "~",
    "~root/x",
    "a/~/b",
    "%2e%2e/x",
    "%2E%2E%2Fx",
    "a%5cb",
    "a%00",
    "%252e%252e%252f",
    "..%c0%af",
    "%u002e%u002e/x",
    "..%2fx",
    "....//x",
    "...",
    "a./b",
    "a /b",
    "a ",
    "NUL",
    "nul.txt",
    "a/CON",
    "com1",
    "LPT9.x",
    "COM¹",
    "conin$",
    "aux .txt",
    "a\0",
    "a\nb",
    "\u{7f}",
    "\u{85}",
    "‥/x",
    "․․/x",
    "．．/x",
    "a／b",
    "a＼b",
    "％２ｅ％２ｅ／x",
    "%２e",
    "a：b",
    "～/x",
    "a…",
    "℀",
    "ＮＵＬ",
];

const PATHS: &[(&str, &str)] = &[
    ("a", "a"),
    ("a/b.txt", "a/b.txt"),
    ("./a", "a"),
    ("a//b", "a/b"),
    ("a/./b/", "a/b/"),
    (".", "."),
    ("./", "."),
    (".//.", "."),
    ("a/.", "a/"),
    ("a//", "a/"),
    (".git/x", ".git/x"),
    ("..a/b", "..a/b"),
    ("naïve/½", "naïve/½"),
    ("100% sure", "100% sure"),
    ("a~1", "a~1"),
    ("nullable", "nullable"),
    ("com10", "com10"),
    ("日本語/👩\u{200d}👧", "日本語/👩\u{200d}👧"),
    ("a b/c", "a b/c"),
    ("-rf", "-rf"),
];

#[test]
fn v14_v15_a_path_stays_where_it_is_put() {
    for value in NO_PATHS {
        check(&Kind::Path, value, None);
    }
    for long in ["x".repeat(256), "x/".repeat(2049)] {
        check(&Kind::Path, &long, None);
    }
    for (value, normal) in PATHS {
        check(&Kind::Path, value, Some(normal));
    }
}

const NO_URLS: &[&str] = &[
    "http://example.com",
    "ftp://x",
    "javascript:alert(1)",
    "https:example.com",
    "https:///x",
    "//example.com",
    "https://",
    "https://user@example.com",
    "https://u:p@example.com",
    "https://example.com\\@evil.com",
    "https://a b",
    "https://example.com/\n",
    "https://exämple.com",
    "https://example.com:0",
    "https://example.com:",
    "https://example.com:99999",
    "https://example.com:08",
    "https://example.com/%zz",
    "https://example.com/%0d%0aX",
    "https://127.1",
    "https://0x7f000001",
    "https://2130706433",
    "https://0177.0.0.1",
    "https://127.0.0.1",
    "https://10.1.2.3",
    "https://169.254.169.254",
    "https://192.168.0.1",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://[fe80::1%25eth0]",
    "https://[fd00::1]",
    "https://[::1",
    "https://localhost",
    "https://a.localhost",
    "https://localhost.",
    "https://example.com.",
    "https://-a.com",
    "https://a..b",
    "https://a_b.com",
    "https://example.com/../x",
    "https://example.com/%2e%2E/x",
    "https://example.com/.",
    "https://example.com/[x]",
    " https://example.com",
    "https://example.com ",
    "https://1.2.3.256",
    "",
];

const URLS: &[(&str, &str)] = &[
    ("https://example.com", "https://example.com"),
    (
        "HTTPS://Example.COM/Path?Q=1#F",
        "https://example.com/Path?Q=1#F",
    ),
    (
        "https://example.com:8443/a%20b",
        "https://example.com:8443/a%20b",
    ),
    ("https://1.1.1.1/x", "https://1.1.1.1/x"),
    (
        "https://[2606:4700::1111]:443/",
        "https://[2606:4700::1111]:443/",
    ),
    (
        "https://example.com/a?x=../b",
        "https://example.com/a?x=../b",
    ),
    (
        "https://xn--exmple-cua.com/@x",
        "https://xn--exmple-cua.com/@x",
    ),
];

#[test]
fn v27_a_url_is_read_alike_by_every_parser_or_refused() {
    for value in NO_URLS {
        check(&url(), value, None);
    }
    for (value, normal) in URLS {
        check(&url(), value, Some(normal));
    }
}

#[test]
fn v27_a_url_may_be_bound_to_schemes_and_hosts() {
    let bound = Kind::Url {
        schemes: vec!["http".into(), "https".into()],
        hosts: vec!["127.0.0.1".into(), "*.example.com".into()],
    };
    for value in ["http://127.0.0.1:8080/x", "https://a.example.com"] {
        check(&bound, value, Some(value));
    }
    for value in [
        "https://example.com",
        "https://evilexample.com",
        "https://a.example.com.evil.com",
        "https://.example.com",
        "http://127.0.0.2",
        "ftp://a.example.com",
    ] {
        check(&bound, value, None);
    }
}

#[test]
fn a_secret_is_opaque() {
    for value in ["", "\0", "../\u{202e}", "%2e"] {
        check(&Kind::Secret, value, Some(value));
    }
}

/// Texts made of what matters to some kind, so that they are often nearly in normal form.
fn loaded() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "B",
        ".",
        "..",
        "/",
        "//",
        "\\",
        "%2e",
        "%",
        "~",
        ":",
        "https://",
        "HTTPS://X.org",
        "@",
        "[::1]",
        "127.1",
        "½",
        "‥",
        "／",
        "\u{202e}",
        "\u{200d}",
        "\u{e0041}",
        "\0",
        "\n",
        " ",
        "nul",
        "é",
        "e\u{301}",
        "-",
        "?",
        "#",
    ]);
    let pieces = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    prop_oneof![pieces, ".*", "[a-zA-Z0-9._/-]{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_normal_form_is_its_own_normal_form(value in loaded()) {
        let kinds = [
            TEXT, Kind::Text { strict: true }, Kind::Identifier { shaped: false },
            Kind::Identifier { shaped: true }, Kind::Path, url(), Kind::Secret,
        ];
        for kind in kinds {
            if let Ok(first) = normal_form(&kind, &value) {
                let first = first.unwrap_or_else(|| value.clone());
                prop_assert_eq!(normal_form(&kind, &first), Ok(None), "{:?} {:?}", kind, value);
            }
        }
    }

    #[test]
    fn text_is_the_identity_on_what_it_takes(value in ".*") {
        if let Ok(changed) = normal_form(&TEXT, &value) {
            prop_assert_eq!(changed, None);
        }
    }

    #[test]
    fn v14_a_normal_path_never_climbs(value in loaded()) {
        if let Ok(normal) = normal_form(&Kind::Path, &value) {
            let normal = normal.unwrap_or(value);
            prop_assert!(!normal.starts_with('/'));
            prop_assert!(normal.split('/').all(|component| component != ".."));
        }
    }
}
