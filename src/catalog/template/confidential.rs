//! Texts in which secrets may stand beside arguments.

use serde_json::Value;

use super::{
    ArgPath, Part, TemplateFault,
    fill::render,
    parse::{Piece, TemplateWrong, pieces},
};
use crate::{
    base::secret::Secret,
    catalog::secret::{Reference, Secrets, Told},
};

/// A text with slots and secrets, as `Bearer ${secret:env:TOKEN}`: for what no other process
/// can read.
#[derive(Clone, Debug)]
pub(crate) struct ConfidentialTemplate(Vec<ConfidentialPart>);

#[derive(Clone, Debug)]
enum ConfidentialPart {
    Open(Part),
    Secret(Secret),
}

/// Why there is no such text.
#[derive(Clone, Debug)]
pub(crate) enum ConfidentialFault {
    /// The text is not well-formed.
    Template(TemplateFault),
    /// A secret cannot be had: what to call it, why, and what to do.
    Secret(Reference, Told),
}

impl ConfidentialTemplate {
    /// Reads a text, and the secrets that it names from `secrets`.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn parse(template: &str, secrets: &Secrets) -> Result<Self, ConfidentialFault> {
        let pieces = pieces(template).map_err(ConfidentialFault::Template)?;
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(ConfidentialPart::Open(Part::Literal(text))),
            Piece::One(path) => Ok(ConfidentialPart::Open(Part::Slot(path))),
            Piece::Many(_, at) => Err(ConfidentialFault::Template(TemplateFault {
                wrong: TemplateWrong::ManyInside,
                at,
            })),
            Piece::Secret(reference, _) => secrets
                .read(&reference)
                .map(ConfidentialPart::Secret)
                .map_err(|told| ConfidentialFault::Secret(reference, told)),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// The arguments that it uses, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &ArgPath> {
        self.0.iter().filter_map(|part| match part {
            ConfidentialPart::Open(Part::Slot(path)) => Some(path),
            ConfidentialPart::Open(Part::Literal(_)) | ConfidentialPart::Secret(_) => None,
        })
    }

    /// JSON pointer to where its first slot gets its value; empty without one.
    pub(crate) fn pointer(&self) -> String {
        self.slots()
            .next()
            .map(ArgPath::pointer)
            .unwrap_or_default()
    }

    /// The text with its slots filled; `None` when an argument in it is absent. All of it is a
    /// secret: an argument may be one.
    pub(crate) fn fill(&self, arguments: &Value) -> Option<Secret> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                ConfidentialPart::Open(Part::Literal(text)) => filled.push_str(text),
                ConfidentialPart::Open(Part::Slot(path)) => {
                    filled.push_str(&render(path.find(arguments))?);
                }
                ConfidentialPart::Secret(secret) => filled.push_str(secret.reveal()),
            }
        }
        Some(Secret::new(filled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    fn parse(template: &str) -> Result<ConfidentialTemplate, ConfidentialFault> {
        let environment = |name: &str| (name == "TOKEN").then(|| "hunter2x".into());
        let secrets = Secrets::new(Box::new(environment), Arc::default());
        ConfidentialTemplate::parse(template, &secrets)
    }

    #[test]
    fn secrets_and_arguments_fill_it_and_neither_is_printed() {
        let template = parse("{a}:${secret:env:TOKEN}:{{}}").unwrap();
        let filled = template.fill(&json!({"a": "x"})).unwrap();
        assert_eq!(filled.reveal(), "x:hunter2x:{}");
        assert!(template.fill(&json!({})).is_none());
        assert!(!format!("{template:?} {filled:?}").contains("hunter2x"));
    }

    #[test]
    fn faults_are_told() {
        let fault = parse("a{b...}").unwrap_err();
        assert!(matches!(
            fault,
            ConfidentialFault::Template(TemplateFault { wrong: TemplateWrong::ManyInside, at })
                if at == (1..7)
        ));
        let fault = parse("${secret:env:GONE}").unwrap_err();
        let gone = Reference::Env("GONE".to_owned());
        assert!(matches!(fault, ConfidentialFault::Secret(reference, _) if reference == gone));
    }
}
