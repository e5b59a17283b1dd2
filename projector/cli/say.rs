//! Lines for a person, on stderr.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line to stderr. That nobody reads it any more is no reason to fail, as it is to `eprintln!`.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
