//! Amounts with a unit: `30s`, `64KiB`.

use std::time::Duration;

use super::{
    diagnostic::{Findings, tick},
    fields::wrong_type,
    source::{Node, NodeValue},
};

/// A duration above zero and up to `longest`: a whole number and `ms`, `s`, `m` or `h`.
pub(super) fn duration(
    node: &Node,
    name: &str,
    longest: Duration,
    findings: &mut Findings,
) -> Option<Duration> {
    let help = "write a whole number with `ms`, `s`, `m` or `h`, as `30s`";
    let Some(text) = node.as_text() else {
        wrong_type(node, name, "a duration", help, findings);
        return None;
    };
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let millis = amount(text, &units);
    let duration = millis.map(Duration::from_millis);
    let fits = duration.filter(|time| *time > Duration::ZERO && *time <= longest);
    if fits.is_none() {
        let message = match duration {
            None => format!("`{name}` is not a duration: {}", tick(text)),
            Some(_) => format!(
                "`{name}` must be above zero and at most {} seconds",
                longest.as_secs()
            ),
        };
        findings.error("amount", node.span, message, help);
    }
    fits
}

/// A whole number of days from one to `most`, as `400d`.
pub(super) fn days(
    node: &Node,
    name: &str,
    most: u64,
    findings: &mut Findings,
) -> Option<Duration> {
    let days = node.as_text().and_then(|text| amount(text, &[("d", 1)]));
    let fits = days.filter(|days| (1..=most).contains(days));
    if fits.is_none() {
        let message = format!("`{name}` must be a number of days from 1 to {most}");
        findings.error(
            "amount",
            node.span,
            message,
            "write it with its unit, as `400d`",
        );
    }
    fits.map(|days| Duration::from_secs(days * 24 * 3600))
}

/// A number of bytes above zero and up to `most`: an integer, or one with `KiB` or `MiB`.
pub(super) fn bytes(node: &Node, name: &str, most: u64, findings: &mut Findings) -> Option<usize> {
    let given = match &node.value {
        NodeValue::Number(number) => number.as_u64(),
        NodeValue::Text(text) => amount(text, &[("KiB", 1024), ("MiB", 1024 * 1024)]),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::List(_) | NodeValue::Map(_) => None,
    };
    let fits = given
        .filter(|bytes| (1..=most).contains(bytes))
        .and_then(|bytes| usize::try_from(bytes).ok());
    if fits.is_none() {
        let message = format!("`{name}` must be a number of bytes from 1 to {most}");
        let help = "write an integer, or one with a unit, as `64KiB`";
        findings.error("amount", node.span, message, help);
    }
    fits
}

/// A whole number followed by one of `units`, multiplied out.
fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}
