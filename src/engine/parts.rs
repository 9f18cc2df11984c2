//! A result that is longer than one line, told in parts. Values in, values out.

use super::{answer::Body, settle};
use crate::{
    base::{
        id::CallId,
        limits::results::{BLOCK_BYTES, PART_BYTES_MAX, RESULT_BYTES_MAX},
        problem::{Code, Problem},
    },
    catalog::{
        content::{Content, Output},
        tool::Tool,
    },
};

/// Where what is told stands in its whole, in bytes: those of texts, and those of the JSON of
/// any other block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Of whose result.
    pub(crate) operation: CallId,
    /// Where it begins.
    pub(crate) from: usize,
    /// Where it ends, and the next one begins.
    pub(crate) to: usize,
    /// Where the whole ends.
    pub(crate) of: usize,
    /// It lacks the JSON that its tool promises.
    pub(crate) lacks_json: bool,
}

impl Part {
    /// Whether nothing comes after it.
    pub(crate) fn is_last(&self) -> bool {
        self.to >= self.of
    }
}

/// Which part is wanted of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The operation that gives the others.
    pub(super) operation: CallId,
    /// Where it is to begin; `None` is as much as fits, with its JSON.
    pub(super) from: Option<u64>,
    /// Whether the tool that is answered for promises JSON.
    pub(super) wants_json: bool,
}

/// As much of `body` as is wanted and fits into a line; `bytes` is how much it is as JSON.
pub(super) fn told(body: Body, bytes: usize, wanted: Wanted) -> (Body, Option<Part>) {
    let is_whole = wanted.from.is_none() && bytes <= PART_BYTES_MAX;
    match body {
        Body::Output(output) if !is_whole => {
            let (output, part) = part(output, wanted);
            (Body::Output(output), Some(part))
        }
        whole => (whole, None),
    }
}

/// What is kept of an output whose JSON is longer than that.
///
/// # Errors
/// Where half of it is worth nothing.
pub(super) fn kept(tool: &Tool, mut output: Output, bytes: usize) -> Result<Output, Box<Problem>> {
    let is_text = |block: &Content| matches!(block, Content::Text(_));
    if output.structured.is_some() || !output.content.iter().all(is_text) {
        let message = format!(
            "the call is done, but its result of {bytes} bytes is longer than the {RESULT_BYTES_MAX} that are kept"
        );
        let problem = Problem::new(Code::OutputInvalid, message).with_effects(settle::ran(tool));
        return Err(Box::new(problem.suggest("ask for less")));
    }
    let cut = cut(output.content, 0, RESULT_BYTES_MAX - BLOCK_BYTES);
    let printed = u64::try_from(cut.of).unwrap_or(u64::MAX);
    output.content = cut.content;
    output.truncated_from = output.truncated_from.or(Some(printed));
    Ok(output)
}

fn part(mut output: Output, wanted: Wanted) -> (Output, Part) {
    let structured = output.structured.take();
    let had_json = structured.is_some();
    let mut room = PART_BYTES_MAX;
    if let (None, Some(json)) = (wanted.from, structured)
        && let Some(left) = room.checked_sub(json.to_string().len())
    {
        room = left;
        output.structured = Some(json);
    }
    let from = usize::try_from(wanted.from.unwrap_or_default()).unwrap_or(usize::MAX);
    let cut = cut(std::mem::take(&mut output.content), from, room);
    let part = Part {
        operation: wanted.operation,
        from: from.min(cut.to),
        to: cut.to,
        of: cut.of,
        lacks_json: wanted.wants_json && had_json && output.structured.is_none(),
    };
    output.content = cut.content;
    (output, part)
}

/// What was cut out.
struct Cut {
    content: Vec<Content>,
    to: usize,
    of: usize,
}

/// The blocks from `from` on that fit into `room` bytes of JSON. A text may be cut anywhere, any
/// other block is whole or left for the next part; one that is longer than all parts is a part.
fn cut(blocks: Vec<Content>, from: usize, mut room: usize) -> Cut {
    let (mut content, mut of, mut to, mut is_full) = (Vec::new(), 0_usize, None, false);
    for block in blocks {
        let begins = of;
        of += length(&block);
        if is_full || of <= from {
            continue;
        }
        if let Content::Text(text) = block {
            let begin = text.floor_char_boundary(from.saturating_sub(begins));
            let rest = text.get(begin..).unwrap_or_default();
            let (fits, bytes) = fitting(rest, room.saturating_sub(BLOCK_BYTES));
            is_full = fits.len() < rest.len();
            if !fits.is_empty() || rest.is_empty() {
                room = room.saturating_sub(bytes + BLOCK_BYTES);
                to = Some(begins + begin + fits.len());
                content.push(Content::Text(fits.to_owned()));
            }
        } else {
            is_full = of - begins > room && !content.is_empty();
            if !is_full {
                room = room.saturating_sub(of - begins);
                to = Some(of);
                content.push(block);
            }
        }
    }
    let to = to.unwrap_or(from.min(of));
    Cut { content, to, of }
}

/// How long a block is, where a part of it is asked for.
fn length(block: &Content) -> usize {
    match block {
        Content::Text(text) => text.len(),
        Content::Image { .. }
        | Content::Audio { .. }
        | Content::TextResource { .. }
        | Content::BlobResource { .. }
        | Content::ResourceLink(_) => serde_json::to_vec(block).unwrap_or_default().len(),
    }
}

/// The longest beginning of `text` of so many bytes inside a JSON string, and how many it has.
fn fitting(text: &str, bytes_max: usize) -> (&str, usize) {
    let mut bytes = 0;
    for (at, char) in text.char_indices() {
        let more = match char {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            other => other.len_utf8(),
        };
        if bytes + more > bytes_max {
            return (text.get(..at).unwrap_or_default(), bytes);
        }
        bytes += more;
    }
    (text, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn text(text: &str) -> Content {
        Content::Text(text.to_owned())
    }

    fn image(bytes: usize) -> Content {
        Content::Image {
            data: "A".repeat(bytes),
            mime_type: "image/png".to_owned(),
        }
    }

    fn wanted(from: Option<u64>) -> Wanted {
        Wanted {
            operation: CallId::from_bytes([1; 16]),
            from,
            wants_json: true,
        }
    }

    /// What is told of an output from `from` on.
    fn of(
        content: Vec<Content>,
        structured: Option<Value>,
        from: Option<u64>,
    ) -> (Output, Option<Part>) {
        let output = Output {
            content,
            structured: structured.map(Box::new),
            ..Output::default()
        };
        let body = Body::Output(output);
        let bytes = body.to_text().len();
        match told(body, bytes, wanted(from)) {
            (Body::Output(output), part) => (output, part),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn x16_what_fits_is_told_whole() {
        let content = vec![text("a"), image(3), text("b")];
        let (output, part) = of(content.clone(), Some(json!({"a": 1})), None);
        assert_eq!((output.content, part), (content, None));
        assert_eq!(output.structured.as_deref(), Some(&json!({"a": 1})));
    }

    #[test]
    fn x16_the_parts_of_a_result_are_its_whole_and_each_fits() {
        let long: String = "a\"\u{1}é\u{1f469}\n".repeat(90_000);
        let blocks = vec![
            text(&long),
            image(700_000),
            text(""),
            image(700_000),
            text(&long),
        ];
        let (mut from, mut whole, mut images, mut parts) = (0, String::new(), 0, 0);
        loop {
            let (output, part) = of(blocks.clone(), None, Some(from));
            let part = part.unwrap();
            let bytes = Body::Output(output.clone()).to_text().len();
            assert!(bytes <= PART_BYTES_MAX + 64, "{bytes}");
            for block in output.content {
                match block {
                    Content::Text(text) => whole.push_str(&text),
                    _ => images += 1,
                }
            }
            parts += 1;
            assert_eq!(part.from as u64, from);
            if part.is_last() {
                break;
            }
            assert!(part.to > part.from);
            from = part.to as u64;
        }
        assert_eq!((whole, images), (long.repeat(2), 2));
        assert!(parts > 4, "{parts}");
    }

    #[test]
    fn x16_a_block_that_cannot_be_cut_is_a_part_of_its_own() {
        let (output, part) = of(vec![text("a"), image(2_000_000)], None, None);
        let part = part.unwrap();
        assert_eq!((output.content, part.to), (vec![text("a")], 1));
        for from in [1, 9] {
            let (output, part) = of(vec![text("a"), image(2_000_000)], None, Some(from));
            assert_eq!(output.content, [image(2_000_000)]);
            assert!(part.unwrap().is_last());
        }
    }

    #[test]
    fn x16_json_is_told_whole_or_not_at_all() {
        let json = |bytes: usize| Value::String("x".repeat(bytes));
        let both = |bytes: usize| {
            of(
                vec![text(&json(bytes).to_string())],
                Some(json(bytes)),
                None,
            )
        };
        let (output, part) = both(600_000);
        let part = part.unwrap();
        assert_eq!(output.structured.as_deref(), Some(&json(600_000)));
        assert!(part.to < 600_000 && !part.lacks_json, "{part:?}");
        let (output, part) = both(1_000_000);
        assert_eq!(output.structured, None);
        assert!(part.unwrap().lacks_json);
        let (output, part) = of(vec![text("ab")], Some(json!(1)), Some(1));
        assert_eq!((output.content, output.structured), (vec![text("b")], None));
        assert_eq!(part.unwrap().of, 2);
    }

    #[test]
    fn x16_an_offset_inside_a_character_or_behind_the_end_harms_nothing() {
        let (output, part) = of(vec![text("aé")], None, Some(2));
        assert_eq!((output.content, part.unwrap().to), (vec![text("é")], 3));
        for from in [3, u64::MAX] {
            let (output, part) = of(vec![text("aé")], None, Some(from));
            let part = part.unwrap();
            assert_eq!((output.content, part.from, part.to), (Vec::new(), 3, 3));
        }
    }

    #[test]
    fn a_text_is_as_long_in_json_as_it_is_counted() {
        let all: String = ('\0'..'\u{100}').chain(['\u{4e2d}', '\u{1f469}']).collect();
        let (fits, bytes) = fitting(&all, usize::MAX);
        assert_eq!(
            (fits, bytes + 2),
            (all.as_str(), Value::from(fits).to_string().len())
        );
        assert_eq!(fitting("a\"b", 2), ("a", 1));
    }
}
