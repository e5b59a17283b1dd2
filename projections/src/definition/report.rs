//! Collects the mistakes of the files of a projection, each at its place.

use std::ops::Range;

use schemas::{Diagnostic, SourceFile};

/// The mistakes of one file, as they are found.
pub struct Report<'f> {
    /// The file that is read.
    pub file: &'f SourceFile,
    mistakes: Vec<Diagnostic>,
}

// === impl Report ===

impl<'f> Report<'f> {
    /// No mistake in `file` yet.
    pub fn new(file: &'f SourceFile) -> Self {
        Report { file, mistakes: Vec::new() }
    }

    /// A mistake at `span`.
    pub fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::new(&self.file.path, span, message));
    }

    /// A mistake at `span`, with what to write instead.
    pub fn add_with_hint(&mut self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        let mut mistake = Diagnostic::new(&self.file.path, span, message);
        mistake.hint = hint;
        self.mistakes.push(mistake);
    }

    /// Whether no mistake was found.
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// The mistakes in the order of their places.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.mistakes.sort_by_key(|mistake| mistake.span.as_ref().map(|span| (span.start, span.end)));
        self.mistakes.dedup();
        self.mistakes
    }
}
