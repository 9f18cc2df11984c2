//! What a parameter is given: text that the server reads as the type it wants.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use serde_json::Value;

/// A value in the server's own text form; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given(Option<String>);

impl From<Value> for Given {
    /// Numbers that are whole are written without a fraction, so that a whole type takes them;
    /// lists and objects are JSON.
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => {
                let text = number.to_string();
                Some(text.strip_suffix(".0").map_or(text.clone(), str::to_owned))
            }
            other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                Some(other.to_string())
            }
        })
    }
}

impl ToSql for Given {
    fn to_sql(
        &self,
        _wanted: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            None => IsNull::Yes,
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
        })
    }

    fn accepts(_wanted: &Type) -> bool {
        true
    }

    fn encode_format(&self, _wanted: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_the_server_reads_them() {
        for (value, text) in [
            (json!(null), None),
            (json!(true), Some("true")),
            (json!(5), Some("5")),
            (json!(5.0), Some("5")),
            (json!(0.25), Some("0.25")),
            (json!(1e300), Some("1e+300")),
            (json!(u64::MAX), Some("18446744073709551615")),
            (json!("'; DROP TABLE t;--"), Some("'; DROP TABLE t;--")),
            (json!(["a", {"b": 1}]), Some("[\"a\",{\"b\":1}]")),
        ] {
            assert_eq!(Given::from(value).0.as_deref(), text);
        }
    }
}
