//! Amounts of money or of anything else that is counted out: exact, in millionths.

use std::fmt;

use serde_json::Number;

/// Decimal places that an amount keeps.
const PLACES: u32 = 6;

/// An amount in millionths of its unit. There are no negative ones, and sums saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(u64);

impl Amount {
    /// Nothing.
    pub(crate) const ZERO: Self = Self(0);
    /// The largest amount: it fits the ledger's signed numbers.
    pub(crate) const MAX: Self = Self(i64::MAX as u64);

    /// So many millionths; at most [`Amount::MAX`].
    pub(crate) fn from_micros(micros: u64) -> Self {
        Self(micros).min(Self::MAX)
    }

    /// Millionths, as the ledger keeps them.
    pub(crate) fn as_micros(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The amount that the ledger keeps as `micros`; what is negative is nothing.
    pub(crate) fn from_stored(micros: i64) -> Self {
        Self(u64::try_from(micros).unwrap_or(0))
    }

    /// Reads a decimal number, with an exponent if need be. What is below a millionth is
    /// rounded up, so that no cost is ever lost; `None` for a negative number, for anything
    /// that is no number, and beyond [`Amount::MAX`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let digits = format!("{whole}{fraction}");
        let is_number = !whole.is_empty() && !fraction.is_empty();
        if !is_number || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self::ZERO);
        }
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let shift = i32::try_from(PLACES).ok()?.checked_sub(places)?;
        let number: u128 = digits.parse().ok()?;
        let power = 10_u128.checked_pow(shift.unsigned_abs());
        let micros = match (shift >= 0, power) {
            (true, power) => number.checked_mul(power?)?,
            (false, Some(power)) => number.div_ceil(power),
            (false, None) => 1,
        };
        let amount = Self(u64::try_from(micros).ok()?);
        (amount <= Self::MAX).then_some(amount)
    }

    /// Reads a JSON number, see [`Amount::parse`].
    pub(crate) fn from_number(number: &Number) -> Option<Self> {
        Self::parse(&number.to_string())
    }

    /// The sum, at most [`Amount::MAX`].
    pub(crate) fn plus(self, other: Self) -> Self {
        Self::from_micros(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken away; nothing where that is more.
    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let fraction = format!("{micros:06}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            fraction => write!(f, "{whole}.{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(
            Amount::parse(text).map(|amount| amount.0),
            expected,
            "{text}"
        );
    }

    #[test]
    fn decimal_numbers_are_read_exactly() {
        check("0", Some(0));
        check("0.05", Some(50_000));
        check("1", Some(1_000_000));
        check("007.250", Some(7_250_000));
        check("1e-7", Some(1));
        check("2.5e3", Some(2_500_000_000));
        check("1E-400", Some(1));
        check("0e999", Some(0));
        check("0.0000011", Some(2));
        check("9223372036854.775807", Some(i64::MAX as u64));
    }

    #[test]
    fn what_is_no_amount_is_not_read_as_one() {
        for text in [
            "",
            "-1",
            "+1",
            ".5",
            "5.",
            "1,5",
            "1e",
            "e5",
            "NaN",
            "inf",
            " 1",
            "1e99",
            "0x10",
            "9223372036854.775808",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_is_read(micros in 0..=i64::MAX as u64) {
            let amount = Amount::from_micros(micros);
            prop_assert_eq!(Amount::parse(&amount.to_string()), Some(amount));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
            let _read = Amount::parse(&text);
        }
    }
}
