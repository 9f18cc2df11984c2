//! What is wrong with an expression is told when it is loaded, with its place and a way out.

use super::*;

#[test]
fn names_and_paths_are_checked_against_the_schema() {
    check_refused(
        "arg.n > 1",
        "arg.n",
        "unknown name `arg`",
        "did you mean `args`?",
    );
    check_refused(
        "price > 1.0",
        "price",
        "unknown name `price`",
        "did you mean `args.price`?",
    );
    check_refused(
        "args.pricee > 1",
        ".pricee",
        "there is no member `pricee` here",
        "did you mean `price`?",
    );
    check_refused(
        "has(args.zzzzz)",
        "",
        "there is no member `zzzzz` here",
        "declare `zzzzz` in `inputSchema` first",
    );
    check_refused(
        "args.rows.all(r, r.nam == '')",
        ".nam",
        "there is no member `nam` here",
        "did you mean `name`?",
    );
    check_refused(
        "args.n.x == 1",
        ".x",
        "`x` is read from a value of type integer",
        "only an object has members",
    );
    check_refused(
        "'a' in client.rolls",
        "",
        "there is no member `rolls` here",
        "did you mean `roles`?",
    );
}

#[test]
fn types_functions_and_patterns_are_checked() {
    check_refused(
        "args.n == '5'",
        "== '5'",
        "a value of type `integer` is compared with a `string`",
        "leave the quotes away",
    );
    check_refused(
        "args.n in ['5']",
        "in",
        "a value of type `integer` is compared with a `string`",
        "leave the quotes away",
    );
    check_refused(
        "args.start != null",
        "!=",
        "a value of type `string` is compared with a `null`",
        "use `has(...)` to ask whether it was given",
    );
    check_refused(
        "args.state == 'opne'",
        "==",
        "the value can never be \"opne\"",
        "did you mean `open`?",
    );
    check_refused(
        "sise(args.tags) > 0",
        "",
        "unknown function `sise`",
        "did you mean `size`?",
    );
    check_refused(
        "args.start.matches('(')",
        "'('",
        "the regular expression cannot be read",
        "look for an unclosed bracket; look-around and back references do not exist here",
    );
    check_refused(
        "args.start.matches('(a{100}){100}{9}')",
        "'(a",
        "the regular expression is too large",
        "use smaller repetition counts",
    );
    check_refused(
        "args.rows.all(r, r.cells.all(c, args.tags.all(t, t != '')))",
        "",
        "more than 2 loops inside each other or in a row",
        "split it into several rules",
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_a_way_out() {
    check_refused("", "", "the expression is empty", "");
    check_refused("args.n = 5", "= 5", "`=` is not an operator", "use `==`");
    check_refused(
        "args.n > 1 and args.n < 5",
        "and",
        "`and` is not an operator",
        "use `&&`",
    );
    check_refused(
        "args.flag or (args.n == 1)",
        "or",
        "`or` is not an operator",
        "use `||`",
    );
    check_refused(
        "args.flag & true",
        "& true",
        "`&` is not an operator",
        "use `&&`",
    );
    check_refused(
        "args.start == 'é",
        "'é",
        "the text that begins here does not end",
        "add `'`",
    );
    check_refused(
        "args.n >",
        "",
        "the expression ends too early",
        "look for a missing bracket or operator",
    );
    check_refused(
        "args.start == 'é' ) 1",
        ") 1",
        "the expression cannot be read at \")\"",
        "look for a missing bracket or operator",
    );
    check_refused(
        "args.start == 'é' ||\n args.pricee > 1",
        ".pricee",
        "there is no member `pricee` here",
        "did you mean `price`?",
    );
    check_refused(
        "args.start == 'two\nlines'",
        "'two",
        "the text that begins here does not end on its line",
        "add `'`, or write `\\n` where a line ends",
    );
    check_refused(
        "! -args.n == 1",
        "-args",
        "`!` and `-` cannot stand side by side",
        "put brackets between them",
    );
    check_refused(
        "args.free.?a.optMap(x, x == 1).orValue(true)",
        "(x, x",
        "unknown function `optMap`",
        "",
    );
}
