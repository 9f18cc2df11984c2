//! The normal form of a string by its kind: refused rather than rewritten.
//!
//! The law for every kind: what is in normal form is left alone, byte for byte. Nothing is
//! ever percent-decoded, trimmed, folded or composed.

mod path;
mod url;

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use crate::{base::text, catalog::schema::Kind};

/// Why a string is not taken: what would be right, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) String);

impl Misfit {
    fn new(expected: impl Into<String>) -> Self {
        Self(expected.into())
    }
}

/// The normal form of `value` as a `kind`; `None` where `value` is in normal form already.
/// It looks at the value only, never at the world: the answer is the same whether or not what
/// is named exists.
///
/// # Errors
/// When there is no normal form without guessing.
pub(crate) fn normal_form(kind: &Kind, value: &str) -> Result<Option<String>, Misfit> {
    let changed = match kind {
        Kind::Text { strict } => {
            check_text(value)?;
            if *strict && has_deceptive(value) {
                return Err(Misfit::new(
                    "text without characters that hide or reorder other text",
                ));
            }
            return Ok(None);
        }
        Kind::Secret => return Ok(None),
        Kind::Identifier { shaped } => {
            check_identifier(value, *shaped)?;
            return Ok(None);
        }
        Kind::Path => path::normal_form(value)?,
        Kind::Url { schemes, hosts } => url::normal_form(value, schemes, hosts)?,
    };
    Ok((changed != value).then_some(changed))
}

/// Whether something in `text` makes it look other than it reads: bidirectional controls,
/// zero-width and tag characters, none of which is ASCII. The joiners are not among them, since
/// scripts and emoji need them.
pub(super) fn has_deceptive(text: &str) -> bool {
    let is_deceptive =
        |char: char| text::is_hidden(char) && !matches!(char, '\u{200C}' | '\u{200D}');
    !text.is_ascii() && text.chars().any(is_deceptive)
}

/// Text holds no control characters but tab, newline and carriage return.
fn check_text(value: &str) -> Result<(), Misfit> {
    let forbidden = |char: char| {
        matches!(char, '\0'..='\u{1F}' | '\u{80}'..='\u{9F}') && !matches!(char, '\t' | '\n' | '\r')
    };
    if value.chars().any(forbidden) {
        return Err(Misfit::new(
            "text without control characters other than tab, newline and carriage return",
        ));
    }
    Ok(())
}

/// An identifier reads as it looks. Where the schema does not say which characters it has, it
/// is what every system takes: ASCII letters, digits and `.`, `_`, `-`.
fn check_identifier(value: &str, shaped: bool) -> Result<(), Misfit> {
    if shaped {
        let odd = |char: char| char.is_control() || is_ignorable(char);
        if value.chars().any(odd) || !is_nfkc(value) {
            return Err(Misfit::new(
                "an identifier without control, invisible or compatibility characters",
            ));
        }
        return Ok(());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=128).contains(&value.len()) && value.bytes().all(plain) {
        Ok(())
    } else {
        Err(Misfit::new(
            "an identifier of 1 to 128 characters from `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`",
        ))
    }
}

/// Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt, Unicode 16), and the
/// bidirectional controls, which are among them.
fn is_ignorable(char: char) -> bool {
    matches!(char,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// What a system that composes compatibility characters would read (Unicode NFKC).
fn nfkc(value: &str) -> String {
    value.nfkc().collect()
}

#[cfg(test)]
mod tests;
