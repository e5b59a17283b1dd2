//! The entity keys of a dead letter as text.

use std::fmt::Write;

use projections::codec::{Key, parse_key, print_key};
use projections::engine::DeadLetter;
use projections::plan::{EntityId, Plan};
use schemas::Type;

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

/// The key that such a line with a name is of; `None` where the plan has no such entity, or its keys are others.
pub fn read(named: &str, plan: &Plan) -> Option<(EntityId, Key)> {
    let (name, text) = named.split_once(' ')?;
    let number = plan.entities.iter().position(|entity| entity.name == name)?;
    let entity = plan.entities.get(number)?;
    let types: Vec<Type> = entity.columns.iter().take(entity.key_len).map(|column| column.ty.clone()).collect();
    Some((number, parse_key(&with_line_breaks(text), &types).ok()?))
}

/// A key's canonical text. Its own backslashes are doubled.
fn with_line_breaks(line: &str) -> String {
    let (mut text, mut chars) = (String::new(), line.chars());
    while let Some(next) = chars.next() {
        match (next, if next == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('r')) => text.push('\r'),
            (next, behind) => text.extend([Some(next), behind].into_iter().flatten()),
        }
    }
    text
}

fn named(line: &str, catalogue: &Catalogue) -> String {
    let (number, key) = line.split_once(' ').unwrap_or((line, ""));
    let name = number.parse().ok().and_then(|number: usize| catalogue.entities.get(number));
    format!("{} {key}", name.map_or(number, String::as_str))
}

#[cfg(test)]
mod tests {
    use schemas::Value;

    use super::*;
    use crate::definitions::built_in_shop;

    #[test]
    fn keys_come_back() {
        let plan = built_in_shop().unwrap().projections.swap_remove(0).plan;
        let number = plan.entities.iter().position(|entity| entity.name == "orders").unwrap();
        for text in ["o-1", "a,b", "a\nb\r", "a\\nb", "a\\", ""] {
            let key = Key::of(&[Value::Text(text.into())]);
            let letter = DeadLetter {
                position: 1,
                time: 0,
                kind: "unknown_type".into(),
                reason: String::new(),
                keys: vec![(number, key.clone())],
                event: b"".as_slice().into(),
            };
            let named = parse(&print(&letter), &Catalogue::of(&plan)).pop().unwrap();
            assert_eq!(read(&named, &plan), Some((number, key)), "{text:?} as {named:?}");
        }
        assert_eq!(read("nothing 1", &plan), None);
    }
}
