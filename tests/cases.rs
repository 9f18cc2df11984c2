//! Each case of validation (V) and configuration (C) is held by a test that bears its number.

use std::{collections::BTreeSet, fs};

use crate::{files, root};

/// The numbers in the names of tests: `v3_v14_both` bears V3 and V14, `c2_to_c4_all` C2 to C4.
fn numbers(source: &str, letter: char) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for line in source.lines() {
        let Some(name) = line.trim().strip_prefix("fn ") else {
            continue;
        };
        let name = name.split('(').next().unwrap();
        let parts: Vec<&str> = name.split('_').collect();
        let number = |at: usize| parts.get(at)?.strip_prefix(letter)?.parse::<u32>().ok();
        for at in 0..parts.len() {
            if let Some(first) = number(at) {
                let ranges = parts.get(at + 1) == Some(&"to");
                let last = number(at + 2).filter(|_| ranges).unwrap_or(first);
                found.extend(first..=last);
            }
        }
    }
    found
}

#[test]
fn every_case_has_its_test_and_none_that_has_one_is_left_for_later() {
    let mut held = BTreeSet::new();
    for folder in ["src", "tests"] {
        for file in files(&root().join(folder), "rs") {
            if file.ends_with("tests/cases.rs") {
                continue;
            }
            let source = fs::read_to_string(file).unwrap();
            for letter in ['v', 'c'] {
                held.extend(
                    numbers(&source, letter)
                        .into_iter()
                        .map(|number| (letter, number)),
                );
            }
        }
    }
    let all = (1..=36).map(|number| ('v', number));
    let all = all.chain((1..=13).map(|number| ('c', number)));
    let missing: Vec<(char, u32)> = all.filter(|case| !held.contains(case)).collect();
    assert_eq!(missing, Vec::new());
}

#[test]
fn numbers_are_read_from_names_only() {
    let source = "    fn v3_v14_both() {\n// fn v5_no\nfn other_v7() {}\nfn v8x_no() {}\n\
        fn v20_to_v22_all(v40: u8) {}\n";
    assert_eq!(numbers(source, 'v'), BTreeSet::from([3, 7, 14, 20, 21, 22]));
}
