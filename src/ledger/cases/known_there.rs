//! X21: operations that a service knows by their name, for a while.

use std::time::Duration;

use super::{
    super::{
        IntentReceipt,
        operation::{KnownThere, Operation, OperationState},
    },
    HOUR, MINUTE,
    world::{in_each_world, named, refuses, runs, unnamed},
};
use crate::base::problem::Code;

#[test]
fn x21_a_service_that_knows_an_operation_by_its_name_is_asked_again_while_it_does() {
    let there = |by: u8, operation: Operation| Operation {
        known_there: Some(KnownThere {
            within: Duration::from_secs(HOUR),
            by: [by; 32],
        }),
        ..operation
    };
    in_each_world(|world| {
        for operation in [named(1, 1), unnamed(2)] {
            // The definition of every call here is the seventh.
            let known = there(7, operation.clone());
            let (first, _) = runs(&world.first, &known);
            let name = |receipt: &IntentReceipt| receipt.operation_id().unwrap();
            let named = name(&first);
            world.end(first, OperationState::Unknown);
            for other in [operation.clone(), there(8, operation)] {
                assert_eq!(refuses(&world.second, &other), Code::OutcomeUnknown);
            }
            world.later(HOUR - MINUTE);
            let (second, _) = runs(&world.first, &known);
            assert_eq!(name(&second), named, "the service would not know it");
            world.end(second, OperationState::Unknown);
            // The time counts from the first attempt, not from the last one.
            world.later(MINUTE);
            assert_eq!(refuses(&world.second, &known), Code::OutcomeUnknown);
        }
    });
}

#[test]
fn x21_what_nobody_promised_when_it_began_is_not_asked_again() {
    in_each_world(|world| {
        let (first, _) = runs(&world.first, &named(1, 1));
        world.end(first, OperationState::Unknown);
        let known = Operation {
            known_there: Some(KnownThere {
                within: Duration::from_secs(HOUR),
                by: [7; 32],
            }),
            ..named(1, 1)
        };
        assert_eq!(refuses(&world.second, &known), Code::OutcomeUnknown);
    });
}
