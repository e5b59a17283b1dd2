//! What is wrong with an expression, before it is known where in the text it stands.

use sqlparser::tokenizer::Span;

use super::Mistake;

/// A mistake without its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub message: String,
    pub hint: Option<String>,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), hint: None }
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    pub fn at(self, span: Span) -> Mistake {
        Mistake { span, message: self.message, hint: self.hint }
    }
}
