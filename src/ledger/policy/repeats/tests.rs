//! What counts as nearly the same failure, and what becomes of it.

use proptest::prelude::*;
use serde_json::json;

use super::{super::time::tests::now, *};

fn fail(before: Option<Repeats>, arguments: &Value, at: u64) -> Repeats {
    Repeats::failed(before, &Leaves::of(arguments), &now(1, at, 0))
}

/// Fails with each of `calls`, a second apart.
fn after(calls: &[Value]) -> Repeats {
    let mut repeats = None;
    for (at, arguments) in calls.iter().enumerate() {
        repeats = Some(fail(repeats, arguments, 100 + at as u64));
    }
    repeats.unwrap()
}

fn dates(count: usize) -> Vec<Value> {
    let one = |day| json!({"room": "blue", "date": format!("2026-13-{day:02}")});
    (1..=count).map(one).collect()
}

#[test]
fn s33_the_third_similar_failure_is_told_and_the_fifth_is_stopped() {
    let told: Vec<(bool, bool)> = (1..=5)
        .map(|count| {
            let repeats = after(&dates(count));
            (repeats.is_told(), repeats.is_stopped())
        })
        .collect();
    let (quiet, told_only) = ((false, false), (true, false));
    assert_eq!(told, [quiet, quiet, told_only, told_only, (true, true)]);
    let tried = after(&dates(3)).tried();
    assert_eq!(
        tried,
        [Tried {
            at: "/date".to_owned(),
            values: 3
        }]
    );
}

#[test]
fn s33_the_fifth_similar_call_is_not_run_and_another_is() {
    let repeats = after(&dates(4));
    let similar = Leaves::of(&json!({"room": "blue", "date": "2026-13-09"}));
    let at = now(1, 110, 0);
    let (stopped, wait) = repeats.meet(&similar, &at).unwrap();
    assert_eq!(wait, Duration::from_secs(30));
    let other = json!({"room": "red", "date": "2026-12-01", "for": "ann"});
    assert!(stopped.meet(&Leaves::of(&other), &at).is_none());
    assert!(after(&dates(3)).meet(&similar, &at).is_none());
    let (_, wait) = stopped.meet(&similar, &now(1, 130, 0)).unwrap();
    assert_eq!(wait, Duration::from_secs(10));
    assert!(stopped.meet(&similar, &now(1, 140, 0)).is_none());
}

#[test]
fn s33_each_stop_lasts_twice_as_long_up_to_ten_minutes() {
    let call = json!({"date": "x"});
    let mut repeats = after(&vec![call.clone(); 4]);
    let mut at = 110;
    let mut waits = Vec::new();
    for _ in 0..7 {
        let (stopped, wait) = repeats.meet(&Leaves::of(&call), &now(1, at, 0)).unwrap();
        waits.push(wait.as_secs());
        at += wait.as_secs();
        repeats = fail(Some(stopped), &call, at);
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
}

#[test]
fn old_or_different_failures_begin_anew() {
    let four = after(&dates(4));
    assert_eq!(fail(Some(four.clone()), &dates(5)[4], 103 + 601).count, 1);
    let other = json!({"room": "red", "date": "x", "for": "ann"});
    assert_eq!(fail(Some(four), &other, 104).count, 1);
}

#[track_caller]
fn check(one: Value, other: Value, similar: bool) {
    let repeats = after(std::slice::from_ref(&one));
    assert_eq!(
        repeats.is_similar(&Leaves::of(&other)),
        similar,
        "{one} {other}"
    );
}

#[test]
fn s33_similar_is_half_of_the_leaves() {
    check(json!({}), json!({}), true);
    check(json!({"a": 1, "b": 2}), json!({"a": 3, "b": 4}), false);
    check(
        json!({"q": "a", "page": 1}),
        json!({"q": "a", "page": 2, "n": 3}),
        false,
    );
    check(
        json!({"a": 1, "b": 2, "c": 3}),
        json!({"a": 4, "b": 2, "c": 3}),
        true,
    );
    check(
        json!({"a": 1, "b": 2, "c": 3}),
        json!({"a": 4, "b": 5, "c": 6}),
        false,
    );
    check(
        json!([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        json!([0, 0, 0, 4, 5, 6, 7, 8, 9]),
        true,
    );
    check(
        json!([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        json!([0, 0, 0, 0, 5, 6, 7, 8, 9]),
        false,
    );
    check(
        json!({"a": {"b/c": null}}),
        json!({"a": {"b~c": null}}),
        false,
    );
}

#[test]
fn s33_a_single_argument_is_varied_where_its_values_are_near() {
    let alone = |one: &str, other: &str, similar| {
        check(json!({"it": one}), json!({"it": other}), similar);
    };
    alone("2026-01-01", "2026-01-02", true);
    alone("ann@example.org", "anne@example.org", true);
    alone(
        "/srv/reports/2026/may.pdf",
        "/srv/reports/2026/May.pdf",
        true,
    );
    alone("invoices of may", "who sells tea in Leeds", false);
    alone("ann", "bob", false);
    alone("", "x", false);
    check(json!({"id": 17}), json!({"id": 18}), false);
    check(json!({"id": 4_711_001}), json!({"id": 4_711_002}), true);
}

#[test]
fn s33_a_search_that_fails_for_different_words_is_not_stopped() {
    let words = [
        "tea in Leeds",
        "bus to York",
        "weather",
        "museum hours",
        "flights",
    ];
    let calls: Vec<Value> = words.iter().map(|word| json!({"query": word})).collect();
    let repeats = after(&calls[..4]);
    assert_eq!((repeats.count, repeats.is_told()), (1, false));
    assert!(
        repeats
            .meet(&Leaves::of(&calls[4]), &now(1, 110, 0))
            .is_none()
    );
}

#[test]
fn only_hashes_of_values_are_kept() {
    let stored = after(&[json!({"password": "hunter2"})]).values_json();
    assert!(stored.contains("/password") && !stored.contains("hunter2"));
}

#[test]
fn signatures_keep_their_parts_apart() {
    assert_ne!(signature(["ab", "c"]), signature(["a", "bc"]));
    assert_eq!(signature(["ab", "c"]), signature(["ab", "c"]));
}

proptest! {
    #[test]
    fn what_is_stored_is_bounded_and_comes_back(
        calls in proptest::collection::vec(
            proptest::collection::btree_map("[a-z]{1,3}", 0..9_u8, 0..90), 1..8),
    ) {
        let calls: Vec<Value> = calls.into_iter().map(|call| json!(call)).collect();
        let repeats = after(&calls);
        prop_assert!(repeats.values.len() <= 2 * (LOOP_LEAVES_MAX + 1));
        let (count, stops) = (repeats.count, repeats.stops);
        let again = Repeats::from_stored(
            (count, stops), repeats.at, repeats.until, &repeats.values_json());
        prop_assert_eq!(again, repeats);
    }
}
