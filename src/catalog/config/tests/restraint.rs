//! The sections `limits` and `budgets`.

use super::{check, told};

#[test]
fn rates_and_budgets_are_read() {
    let (read, found) = told(
        "limits: {rate: 60/minute, burst: 10, total: {rate: 300/minute}}
budgets:
  - {day: 1.50, total: 100}
  - {principal: ann, tool: search, month: 0}
",
    );
    assert_eq!(found, Vec::<String>::new());
    let limits = read.config.limits;
    assert_eq!(limits.rate.unwrap().to_string(), "60/minute, 10 at once");
    assert_eq!(limits.total.unwrap().to_string(), "300/minute, 300 at once");
    let budgets: Vec<String> = read
        .config
        .budgets
        .all
        .iter()
        .map(|budget| {
            format!(
                "{} {} {}",
                budget.limit,
                budget.period.as_str(),
                budget.scope
            )
        })
        .collect();
    let expected = [
        "1.5 day everything",
        "100 total everything",
        "0 month tool `search` by `ann`",
    ];
    assert_eq!(budgets, expected);
}

#[test]
fn what_limits_nothing_or_twice_is_refused() {
    check(
        "limits: {burst: 5}\nbudgets: [{tool: a}, {day: 1}, {day: 2}, {week: 1, day: x}]",
        &[
            "tollgate.yaml:1:9: error[missing-key]: `rate` is missing",
            "tollgate.yaml:2:11: error[missing-key]: this budget limits nothing (add `day`, `month` or `total` with an amount)",
            "tollgate.yaml:2:32: error[contradiction]: there are two budgets for everything (day) (keep one of the two)",
            "tollgate.yaml:2:42: error[missing-key]: this budget limits nothing (add `day`, `month` or `total` with an amount)",
            "tollgate.yaml:2:43: error[unknown-key]: unknown key `week` (known here are `principal`, `tool`, `day`, `month` and `total`)",
            "tollgate.yaml:2:57: error[wrong-type]: `day` must be a number, not text",
        ],
    );
}
