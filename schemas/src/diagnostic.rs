//! A mistake in a file that a user wrote: where it is, what is wrong, and what to write instead.

use std::fmt;
use std::ops::Range;

/// A file as it was read; the crates that judge it do no I/O themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user would name it.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// One mistake. A check collects them all before it gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as in [`SourceFile::path`].
    pub path: String,
    /// The offending bytes of the file; `None` where the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A mistake at `span` of the file `path`.
    pub fn new(path: impl Into<String>, span: Range<usize>, message: impl Into<String>) -> Self {
        Diagnostic { path: path.into(), span: Some(span), message: message.into(), hint: None }
    }

    /// A mistake of the whole file `path`.
    pub fn of_file(path: impl Into<String>, message: impl Into<String>) -> Self {
        Diagnostic { path: path.into(), span: None, message: message.into(), hint: None }
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Path and message on one line; the command line draws the underlined form.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
