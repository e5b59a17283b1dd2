//! How messages repeat what others wrote, which may be of any length.

use std::borrow::Cow;

/// How much of a name or a value a message repeats.
const SHOWN_CHARS: usize = 100;

/// The text as a message repeats it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    shortened(text, SHOWN_CHARS)
}

/// The text, cut after so many characters.
pub(crate) fn shortened(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
