//! Anchors: the end of the chain as it was once, kept where whoever can write the ledger cannot.

use serde_json::{Value, json};

use super::Head;
use crate::base::{clock::Timestamp, hex};

/// What an anchor is printed as: one line.
pub(super) fn line(ledger: &str, head: &Head, at: Timestamp) -> String {
    json!({
        "ledger": ledger, "seq": head.seq, "hash": hex::encode(&head.hash), "at": at.rfc3339(),
    })
    .to_string()
}

/// Anchors of one ledger, by the number of their event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchors {
    ledger: Option<String>,
    heads: Vec<Head>,
}

impl Anchors {
    /// Reads lines as they were printed; empty ones do not count.
    ///
    /// # Errors
    /// In words, with the number of the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut anchors = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let (ledger, head) = parse(line).ok_or_else(|| {
                format!(
                    "line {number} is no anchor; give lines as `tollgate audit anchor` prints them"
                )
            })?;
            if anchors
                .ledger
                .as_ref()
                .is_some_and(|known| *known != ledger)
            {
                return Err(format!(
                    "line {number} is of another ledger than those before it"
                ));
            }
            anchors.ledger = Some(ledger);
            anchors.heads.push(head);
        }
        if anchors.heads.is_empty() {
            return Err("there is no anchor in it; `tollgate audit anchor` prints one".to_owned());
        }
        anchors.heads.sort_by_key(|head| head.seq);
        Ok(anchors)
    }

    /// Whether they were taken of the ledger of this id, as far as they are any.
    pub(super) fn are_of(&self, ledger: &str) -> bool {
        self.ledger.as_ref().is_none_or(|known| known == ledger)
    }

    /// How many were taken of event `seq` or a later one.
    pub(super) fn from(&self, seq: i64) -> usize {
        self.heads.len() - self.heads.partition_point(|head| head.seq < seq)
    }

    /// The number of the last event of which one was taken; 0 where there is none.
    pub(super) fn last(&self) -> i64 {
        self.heads.last().map_or(0, |head| head.seq)
    }

    /// Whether every anchor that was taken of the event of the number of `found` says the same.
    pub(super) fn agree(&self, found: &Head) -> bool {
        let from = self.heads.partition_point(|head| head.seq < found.seq);
        let same = self.heads.get(from..).unwrap_or_default().iter();
        same.take_while(|head| head.seq == found.seq)
            .all(|head| head == found)
    }
}

fn parse(line: &str) -> Option<(String, Head)> {
    let Ok(Value::Object(told)) = serde_json::from_str(line) else {
        return None;
    };
    let hash = hex::decode(told.get("hash")?.as_str()?)?;
    let head = Head {
        seq: told.get("seq")?.as_i64().filter(|seq| *seq >= 0)?,
        hash: hash.try_into().ok()?,
    };
    Some((told.get("ledger")?.as_str()?.to_owned(), head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: i64, byte: u8) -> Head {
        Head {
            seq,
            hash: [byte; 32],
        }
    }

    fn printed(ledger: &str, head: &Head) -> String {
        line(ledger, head, Timestamp::from_micros(0))
    }

    #[test]
    fn o4_what_was_printed_is_read_again() {
        let lines = [
            printed("x", &head(7, 1)),
            String::new(),
            printed("x", &head(3, 2)),
        ];
        let anchors = Anchors::parse(&lines.join("\n")).unwrap();
        assert_eq!(
            (anchors.from(0), anchors.from(4), anchors.last()),
            (2, 1, 7)
        );
        assert!(anchors.are_of("x") && !anchors.are_of("y"));
        assert!(anchors.agree(&head(3, 2)) && anchors.agree(&head(5, 9)));
        assert!(!anchors.agree(&head(7, 9)));
        assert!(Anchors::default().agree(&head(1, 1)) && Anchors::default().are_of("y"));
    }

    #[test]
    fn of_two_that_contradict_each_other_one_does_not_agree() {
        let lines = [printed("x", &head(7, 1)), printed("x", &head(7, 2))];
        let anchors = Anchors::parse(&lines.join("\n")).unwrap();
        assert!(!anchors.agree(&head(7, 1)) && !anchors.agree(&head(7, 2)));
    }

    #[test]
    fn what_is_no_anchor_is_refused_with_its_line() {
        for (text, begins) in [
            ("", "there is no anchor in it"),
            ("{}", "line 1 is no anchor"),
            (
                r#"{"ledger":"x","seq":1,"hash":"00"}"#,
                "line 1 is no anchor",
            ),
        ] {
            let told = Anchors::parse(text).unwrap_err();
            assert!(told.starts_with(begins), "{told}");
        }
        let mixed = [printed("x", &head(1, 1)), printed("y", &head(2, 1))].join("\n");
        let told = Anchors::parse(&mixed).unwrap_err();
        assert_eq!(told, "line 2 is of another ledger than those before it");
    }
}
