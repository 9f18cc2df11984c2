//! Tests of sealed states: what is taken, and that nothing else is.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::{catalog::snapshot::Catalog, testing};

const KEY: Key = [7; 64];
const AT: i64 = 1_000_000_000;

static TOOLS: LazyLock<Catalog> = LazyLock::new(|| {
    let tool = |name: &str, text: &str| {
        format!(
            "name: {name}\ndescription: d\neffect: write\ninputSchema: {{type: object}}\n\
             confirm: Really?\nrun: {{reply: {{text: {text}}}}}\n"
        )
    };
    testing::catalog(&[tool("a", "x"), tool("b", "x")].join("---\n"))
});

fn kept() -> Kept {
    Kept {
        answers: Map::from_iter([("k".to_owned(), json!({"f": "v"}))]),
        tries: 1,
        asking: Some(CallId::from_bytes([3; 16])),
    }
}

/// Seals for principal `p` and tool `a`, and opens as the arguments say.
fn opened(principal: &str, tool: &str, arguments: &Value, later: i64) -> Result<Kept, Unsealed> {
    let sealed_for = Subject {
        principal: &Principal::new("p"),
        tool: TOOLS.find("a").unwrap(),
        arguments: &json!({"x": 1, "y": 2}),
    };
    let now = Timestamp::from_micros(AT);
    let state = seal(&KEY, &sealed_for, &kept(), CallId::from_bytes([3; 16]), now);
    let opened_for = Subject {
        principal: &Principal::new(principal),
        tool: TOOLS.find(tool).unwrap(),
        arguments,
    };
    let now = Timestamp::from_micros(AT + later);
    open(&KEY, &opened_for, &state, now)
}

#[test]
fn v36_a_state_is_good_for_its_own_call_and_time() {
    let life = i64::try_from(ASK_STATE_LIFE.as_micros()).unwrap();
    let same = json!({"y": 2, "x": 1});
    let check = |principal: &str, tool: &str, arguments: &Value, later, expected| {
        assert_eq!(opened(principal, tool, arguments, later), expected);
    };
    check("p", "a", &same, 0, Ok(kept()));
    check("p", "a", &same, life - 1, Ok(kept()));
    check("p", "a", &same, life, Err(Unsealed::Expired));
    check("q", "a", &same, 0, Err(Unsealed::Foreign));
    check("p", "b", &same, 0, Err(Unsealed::Foreign));
    check("p", "a", &json!({"x": 1}), 0, Err(Unsealed::Foreign));
}

#[test]
fn v36_a_state_of_another_key_is_not_taken() {
    let subject = Subject {
        principal: &Principal::new("p"),
        tool: TOOLS.find("a").unwrap(),
        arguments: &json!({}),
    };
    let now = Timestamp::from_micros(AT);
    let asking = CallId::from_bytes([3; 16]);
    let state = seal(&[8; 64], &subject, &Kept::default(), asking, now);
    assert_eq!(open(&KEY, &subject, &state, now), Err(Unsealed::Altered));
}

proptest! {
    #[test]
    fn v36_a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1_u8..) {
        let subject = Subject {
            principal: &Principal::new("p"),
            tool: TOOLS.find("a").unwrap(),
            arguments: &json!({}),
        };
        let now = Timestamp::from_micros(AT);
        let state = seal(&KEY, &subject, &kept(), CallId::from_bytes([3; 16]), now);
        let mut bytes = URL_SAFE_NO_PAD.decode(state).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        let state = URL_SAFE_NO_PAD.encode(bytes);
        prop_assert_eq!(open(&KEY, &subject, &state, now), Err(Unsealed::Altered));
    }

    #[test]
    fn v36_what_is_made_up_is_not_taken(state in ".{0,300}") {
        let subject = Subject {
            principal: &Principal::new("p"),
            tool: TOOLS.find("a").unwrap(),
            arguments: &json!({}),
        };
        let now = Timestamp::from_micros(AT);
        prop_assert_eq!(open(&KEY, &subject, &state, now), Err(Unsealed::Altered));
    }
}
