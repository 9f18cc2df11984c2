//! From an event to its line, for people and for programs.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use serde_json::{Map, Value};
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::layer::{Context, Layer};

use super::{Format, sink::Sink};
use crate::base::{
    clock::{Clock as _, SystemClock, Timestamp},
    event::{self, Declared, EVENTS_VERSION, Kind, NAME_FIELD},
    limits::LOG_TEXT_BYTES_MAX,
    redact::Redactor,
    text,
};

/// Writes each event to every outlet.
#[derive(Debug)]
pub(super) struct Lines {
    level: LevelFilter,
    outlets: Vec<(Format, Sink)>,
    redactor: Arc<Redactor>,
}

impl Lines {
    /// Lines of events of at least this level, without secrets.
    pub(super) fn new(
        level: LevelFilter,
        outlets: Vec<(Format, Sink)>,
        redactor: Arc<Redactor>,
    ) -> Self {
        Self {
            level,
            outlets,
            redactor,
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    /// Events that somebody else declares, a library say, are not ours to publish.
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level && metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut told = Told {
            redactor: &self.redactor,
            name: None,
            fields: Map::new(),
        };
        event.record(&mut told);
        let Some(declared) = told.name.as_deref().and_then(event::find) else {
            return;
        };
        let at = SystemClock.wall();
        for (format, sink) in &self.outlets {
            sink.take(&match format {
                Format::Text => for_people(at, declared, &told.fields),
                Format::Json => for_programs(at, declared, &told.fields),
            });
        }
    }
}

/// What an event told.
struct Told<'a> {
    redactor: &'a Redactor,
    name: Option<String>,
    fields: Map<String, Value>,
}

impl Visit for Told<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == NAME_FIELD {
            self.name = Some(value.to_owned());
        } else {
            let value = self.redactor.text(value);
            let value = text::clip(&value, LOG_TEXT_BYTES_MAX);
            self.fields.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    /// Only the words of the event come this way, and those are declared.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What `fields` has of a declared field, under its declared kind.
fn value(kind: Kind, told: Option<&Value>) -> Value {
    match (kind, told) {
        (Kind::Texts, Some(Value::String(list))) => {
            serde_json::from_str(list).unwrap_or_else(|_| Value::from(list.as_str()))
        }
        (Kind::Texts, None) => Value::Array(Vec::new()),
        (_, Some(told)) => told.clone(),
        (Kind::Text | Kind::MaybeText | Kind::Count | Kind::MaybeCount, None) => Value::Null,
    }
}

/// One line with everything that is declared, also what is `null`.
fn for_programs(at: Timestamp, declared: &Declared, told: &Map<String, Value>) -> String {
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("v", EVENTS_VERSION.into());
    put("time", at.rfc3339().into());
    put("level", level(declared.level).into());
    put(NAME_FIELD, declared.name.into());
    put("message", declared.message.into());
    put("pid", std::process::id().into());
    let mut attributes = Map::new();
    for field in declared.fields {
        let value = value(field.kind, told.get(field.name));
        if let Some(attribute) = field.attribute
            && !value.is_null()
        {
            attributes.insert(attribute.to_owned(), value.clone());
        }
        put(field.name, value);
    }
    if !attributes.is_empty() {
        put("attributes", attributes.into());
    }
    format!("{}\n", Value::Object(line))
}

/// `TIME LEVEL words name=value ...`; a text of several lines stands below.
fn for_people(at: Timestamp, declared: &Declared, told: &Map<String, Value>) -> String {
    let level = level(declared.level).to_uppercase();
    let mut line = format!("{} {level:>5} {}", at.rfc3339(), declared.message);
    let mut below = String::new();
    for field in declared.fields {
        // Writing to a text cannot fail.
        let _written = match told.get(field.name) {
            None => Ok(()),
            Some(Value::String(list)) if field.kind == Kind::Texts && list == "[]" => Ok(()),
            Some(Value::String(lines)) if lines.contains('\n') => {
                writeln!(below, "{}", lines.trim_end())
            }
            Some(Value::String(text)) if field.kind != Kind::Texts => {
                write!(line, " {}={text:?}", field.name)
            }
            Some(value) => write!(line, " {}={value}", field.name),
        };
    }
    line.push('\n');
    line.push_str(&below);
    line
}

/// The word for a level.
pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}
