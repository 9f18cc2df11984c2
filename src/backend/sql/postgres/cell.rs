//! Values as PostgreSQL sends them, as JSON without loss.

use std::error::Error;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta};
use postgres::types::{FromSql, Kind, Type};
use serde_json::Value;
use uuid::Uuid;

use super::decimal;
use crate::{
    backend::sql::table::{bytes, whole},
    base::{json, limits::sql::server::DIMENSIONS_MAX},
};

/// Microseconds from 1970 to 2000, where the server begins to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The same in days.
const EPOCH_DAYS: i32 = 10_957;

/// How values of a type are read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Truth,
    Whole16,
    Whole32,
    Whole64,
    Identifier,
    Real32,
    Real64,
    Decimal,
    Text,
    Json,
    Jsonb,
    Uuid,
    Date,
    Time,
    Timestamp,
    Instant,
    Bytes,
    Nothing,
    List(Box<Form>),
}

impl Form {
    /// Of `wanted`; `None` for a type whose values the operator has to cast to text.
    pub(super) fn of(wanted: &Type) -> Option<Self> {
        Some(match *wanted {
            Type::BOOL => Self::Truth,
            Type::INT2 => Self::Whole16,
            Type::INT4 => Self::Whole32,
            Type::INT8 => Self::Whole64,
            Type::OID => Self::Identifier,
            Type::FLOAT4 => Self::Real32,
            Type::FLOAT8 => Self::Real64,
            Type::NUMERIC => Self::Decimal,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::XML | Type::UNKNOWN => {
                Self::Text
            }
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::Instant,
            Type::BYTEA => Self::Bytes,
            Type::VOID => Self::Nothing,
            _ => match wanted.kind() {
                Kind::Enum(_) => Self::Text,
                Kind::Simple if wanted.name() == "citext" => Self::Text,
                Kind::Domain(inner) => Self::of(inner)?,
                Kind::Array(inner) => Self::List(Box::new(Self::of(inner)?)),
                _ => return None,
            },
        })
    }

    /// The value of these bytes; `None` where they are none of this form.
    pub(super) fn read(&self, raw: &[u8]) -> Option<Value> {
        let text = || std::str::from_utf8(raw).ok();
        Some(match self {
            Self::Truth => Value::Bool(exactly::<1>(raw)? != [0]),
            Self::Whole16 => Value::from(i16::from_be_bytes(exactly(raw)?)),
            Self::Whole32 => Value::from(i32::from_be_bytes(exactly(raw)?)),
            Self::Whole64 => whole(i64::from_be_bytes(exactly(raw)?)),
            Self::Identifier => Value::from(u32::from_be_bytes(exactly(raw)?)),
            Self::Real32 => short_real(f32::from_be_bytes(exactly(raw)?)),
            Self::Real64 => real(f64::from_be_bytes(exactly(raw)?)),
            Self::Decimal => Value::String(decimal::read(raw)?),
            Self::Text => Value::String(text()?.to_owned()),
            Self::Json => from_json(text()?),
            Self::Jsonb => from_json(text()?.strip_prefix('\u{1}')?),
            Self::Uuid => Value::String(Uuid::from_bytes(exactly(raw)?).to_string()),
            Self::Date => Value::String(date(i32::from_be_bytes(exactly(raw)?))?),
            Self::Time => Value::String(time(i64::from_be_bytes(exactly(raw)?))?),
            Self::Timestamp => Value::String(timestamp(i64::from_be_bytes(exactly(raw)?), "")?),
            Self::Instant => Value::String(timestamp(i64::from_be_bytes(exactly(raw)?), "Z")?),
            Self::Bytes => bytes(raw),
            Self::Nothing => Value::Null,
            Self::List(inner) => list(inner, raw)?,
        })
    }
}

/// The bytes of any value, or none where it is null.
#[derive(Debug)]
pub(super) struct Raw<'a>(pub(super) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_type: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_type: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_type: &Type) -> bool {
        true
    }
}

fn exactly<const N: usize>(raw: &[u8]) -> Option<[u8; N]> {
    raw.try_into().ok()
}

/// JSON knows no `NaN` and no infinity, so they are text.
fn real(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::String("NaN".to_owned()),
        None => Value::String(
            if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
            .to_owned(),
        ),
    }
}

/// The shortest number that stands for it, and not the nearest of twice its size.
fn short_real(number: f32) -> Value {
    let shortest = number.is_finite().then(|| number.to_string().parse().ok());
    real(shortest.flatten().unwrap_or(f64::from(number)))
}

/// What readers could understand differently is given as its text.
fn from_json(text: &str) -> Value {
    json::parse(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn date(days: i32) -> Option<String> {
    if let Some(name) = infinite(days == i32::MAX, days == i32::MIN) {
        return Some(name);
    }
    let days = days.checked_add(EPOCH_DAYS)?;
    let span = Days::new(u64::from(days.unsigned_abs()));
    let epoch = NaiveDate::default();
    let date = match days < 0 {
        true => epoch.checked_sub_days(span),
        false => epoch.checked_add_days(span),
    };
    Some(date?.format("%Y-%m-%d").to_string())
}

fn time(micros: i64) -> Option<String> {
    if micros == 86_400_000_000 {
        return Some("24:00:00".to_owned());
    }
    let (time, days) = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(micros));
    (days == 0).then(|| time.format("%H:%M:%S%.f").to_string())
}

fn timestamp(micros: i64, zone: &str) -> Option<String> {
    if let Some(name) = infinite(micros == i64::MAX, micros == i64::MIN) {
        return Some(name);
    }
    let at = DateTime::from_timestamp_micros(micros.checked_add(EPOCH_MICROS)?)?;
    Some(format!("{}{zone}", at.format("%Y-%m-%dT%H:%M:%S%.f")))
}

fn infinite(above: bool, below: bool) -> Option<String> {
    let name = match (above, below) {
        (true, _) => "infinity",
        (_, true) => "-infinity",
        (false, false) => return None,
    };
    Some(name.to_owned())
}

/// Reads on from the front.
struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    fn number(&mut self) -> Option<i32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i32::from_be_bytes(*number))
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn list(inner: &Form, raw: &[u8]) -> Option<Value> {
    let mut front = Front(raw);
    let dimensions = front.number().filter(|many| *many <= DIMENSIONS_MAX)?;
    let (_has_null, _type) = (front.number()?, front.number()?);
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(front.number()?).ok()?);
        let _lower_bound = front.number()?;
    }
    match lengths.is_empty() {
        true => Some(Value::Array(Vec::new())),
        false => items(inner, &lengths, &mut front),
    }
}

/// The items of one dimension, each of which may hold the next.
fn items(inner: &Form, lengths: &[usize], front: &mut Front<'_>) -> Option<Value> {
    let Some((length, others)) = lengths.split_first() else {
        let length = front.number()?;
        return match usize::try_from(length) {
            Err(_) => Some(Value::Null),
            Ok(length) => inner.read(front.bytes(length)?),
        };
    };
    let items = (0..*length).map(|_| items(inner, others, front));
    Some(Value::Array(items.collect::<Option<Vec<_>>>()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_that_are_no_such_value_are_none() {
        assert_eq!(Form::Whole32.read(&[0, 0, 0]), None);
        assert_eq!(Form::Text.read(&[0xff]), None);
        assert_eq!(Form::Jsonb.read(b"{}"), None);
        assert_eq!(Form::Decimal.read(&[0, 1]), None);
        let list = Form::List(Box::new(Form::Whole32));
        let huge = [
            0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1,
        ];
        assert_eq!(list.read(&huge), None);
    }

    #[test]
    fn what_readers_would_take_differently_comes_as_text() {
        assert_eq!(from_json(r#"{"a": 1}"#), json!({"a": 1}));
        let twice = r#"{"a":1,"a":2}"#;
        assert_eq!(from_json(twice), json!(twice));
        assert_eq!(real(f64::NEG_INFINITY), json!("-Infinity"));
        assert_eq!(short_real(0.1), json!(0.1));
        assert_eq!(time(86_400_000_001), None);
    }
}
