//! The entity keys of a dead letter as text.

use std::fmt::Write;

use projections::codec::print_key;
use projections::engine::DeadLetter;

use crate::view::Catalogue;

/// One line a key: the entity's number, a space, the key's canonical text with line breaks escaped as in JSON.
pub fn print(letter: &DeadLetter) -> String {
    let mut out = String::new();
    for (entity, key) in &letter.keys {
        let text = print_key(key).unwrap_or_else(|corrupt| corrupt.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{entity} {}", text.replace('\n', "\\n").replace('\r', "\\r"));
    }
    out
}

/// The keys of such lines, with the entities' names.
pub fn parse(lines: &str, catalogue: &Catalogue) -> Vec<String> {
    lines.lines().map(|line| named(line, catalogue)).collect()
}

fn named(line: &str, catalogue: &Catalogue) -> String {
    let (number, key) = line.split_once(' ').unwrap_or((line, ""));
    let name = number.parse().ok().and_then(|number: usize| catalogue.entities.get(number));
    format!("{} {key}", name.map_or(number, String::as_str))
}
