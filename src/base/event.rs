//! What can be noticed: every event with its name, level, words and fields, declared in one place.
//!
//! Whoever notices something makes an [`Event`] and emits it; `observe` writes the lines. The
//! published schema (`tollgate schema events`) is made from the same declarations.

mod declared;

use tracing::Level;

pub(crate) use declared::Event;

/// The version of the lines; it rises when a name or a field changes its meaning or goes.
pub(crate) const EVENTS_VERSION: u64 = 1;
/// The field that holds the name of an event.
pub(crate) const NAME_FIELD: &str = "event";

/// One kind of event, as it is published.
#[derive(Debug)]
pub(crate) struct Declared {
    /// The stable name.
    pub(crate) name: &'static str,
    /// How important it is.
    pub(crate) level: Level,
    /// What happened, for people.
    pub(crate) message: &'static str,
    /// When it is emitted, in one sentence.
    pub(crate) summary: &'static str,
    /// What it tells beside.
    pub(crate) fields: &'static [Field],
}

/// One field of an event, as it is published.
#[derive(Debug)]
pub(crate) struct Field {
    /// The stable name.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// What it means.
    pub(crate) meaning: &'static str,
    /// The attribute of OpenTelemetry's semantic conventions for MCP that means the same.
    pub(crate) attribute: Option<&'static str>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A text, or `null`.
    MaybeText,
    /// A whole number from 0.
    Count,
    /// The same, or `null`.
    MaybeCount,
    /// A list of texts.
    Texts,
}

/// The event of this name.
pub(crate) fn find(name: &str) -> Option<&'static Declared> {
    Event::DECLARED
        .iter()
        .find(|declared| declared.name == name)
}

/// Whether anybody listens at this level; for whoever would have to gather what an event tells.
pub(crate) fn is_heard(level: Level) -> bool {
    level <= tracing::level_filters::LevelFilter::current()
}

/// What can stand in a field of an event.
trait Told {
    /// How it is published.
    const KIND: Kind;

    /// The same for a subscriber.
    fn told(&self) -> impl tracing::Value;
}

impl Told for &str {
    const KIND: Kind = Kind::Text;

    fn told(&self) -> impl tracing::Value {
        *self
    }
}

impl Told for Option<&str> {
    const KIND: Kind = Kind::MaybeText;

    fn told(&self) -> impl tracing::Value {
        *self
    }
}

impl Told for u64 {
    const KIND: Kind = Kind::Count;

    fn told(&self) -> impl tracing::Value {
        *self
    }
}

impl Told for Option<u64> {
    const KIND: Kind = Kind::MaybeCount;

    fn told(&self) -> impl tracing::Value {
        *self
    }
}

impl Told for &[String] {
    const KIND: Kind = Kind::Texts;

    /// As JSON, because a subscriber knows no lists.
    fn told(&self) -> impl tracing::Value {
        serde_json::Value::from(*self).to_string()
    }
}

/// Declares [`Event`]: for each event its level, name and words, for each field its type, the
/// attribute that OpenTelemetry has for it, and its meaning.
macro_rules! events {
    (
        $(#[$of_enum:meta])*
        pub(crate) enum $events:ident<$life:lifetime>;
        $(
            $(#[doc = $summary:literal])+
            $level:ident $variant:ident = $name:literal, $message:literal {
                $($field:ident $(= $attribute:literal)?: $type:ty, $meaning:literal;)*
            }
        )*
    ) => {
        $(#[$of_enum])*
        #[derive(Debug)]
        pub(crate) enum $events<$life> {
            $(
                $(#[doc = $summary])+
                $variant { $(#[doc = $meaning] $field: $type,)* },
            )*
        }

        impl<$life> $events<$life> {
            /// Every event there is.
            pub(crate) const DECLARED: &'static [Declared] = &[$(
                Declared {
                    name: $name,
                    level: Level::$level,
                    message: $message,
                    summary: concat!($($summary),+),
                    fields: &[$(
                        Field {
                            name: stringify!($field),
                            kind: <$type as Told>::KIND,
                            meaning: $meaning,
                            attribute: [$(Some($attribute),)? None][0],
                        },
                    )*],
                },
            )*];

            /// Has it written, wherever lines are written. Never waits.
            pub(crate) fn emit(&self) {
                match self {$(
                    Self::$variant { $($field),* } => tracing::event!(
                        Level::$level,
                        event = $name,
                        $($field = $field.told(),)*
                        $message
                    ),
                )*}
            }
        }
    };
}

use events;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_words_are_not_empty() {
        let mut names = HashSet::new();
        for event in Event::DECLARED {
            assert!(names.insert(event.name), "`{}` twice", event.name);
            assert!(!event.message.is_empty() && event.summary.ends_with('.'));
            let mut fields = HashSet::new();
            for field in event.fields {
                assert!(fields.insert(field.name), "`{}` twice", field.name);
                assert!(field.meaning.ends_with('.'), "{}", field.meaning);
                let taken = [
                    "v",
                    "time",
                    "level",
                    "event",
                    "message",
                    "pid",
                    "attributes",
                ];
                assert!(!taken.contains(&field.name), "`{}` is taken", field.name);
            }
        }
    }

    #[test]
    fn an_event_is_found_by_its_name() {
        assert_eq!(find("call_ended").expect("declared").level, Level::DEBUG);
        assert!(find("no_such").is_none());
    }
}
