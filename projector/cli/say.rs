//! Lines for a person, on stderr.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr. That nobody reads it any more is no reason to fail, as it is to `eprintln!`.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The text on one line, with nothing in it that a terminal would obey: control characters are written out. For what others
/// have written, in events above all.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing() {
        assert_eq!(printable("\u{1b}[2Jé\r\n\u{9b}\\"), "\\u{1b}[2Jé\\r\\n\\u{9b}\\");
    }
}
