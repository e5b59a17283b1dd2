//! Writing a guessed schema as a person would: keywords in their usual order, short lists on one line.

use super::observed::Observed;
use crate::json::write_string;
use crate::schema::Kinds;

/// The schema of a type's data, as the text of a file.
pub(super) fn schema(title: &str, observed: &Observed) -> String {
    let mut keywords = vec![
        ("$schema", quoted("https://json-schema.org/draft/2020-12/schema")),
        ("title", quoted(title)),
        // Events without data tell nothing of its fields, but data is an object.
        ("type", kinds(observed.kinds.union(Kinds::OBJECT))),
    ];
    keywords.extend(inside(observed, 0));
    let mut text = object(&keywords, 0);
    text.push('\n');
    text
}

/// What is known of a value, `depth` objects deep.
fn value(observed: &Observed, depth: usize) -> String {
    let mut keywords = Vec::new();
    if observed.kinds != Kinds::NONE && observed.kinds != Kinds::NULL {
        keywords.push(("type", kinds(observed.kinds)));
    }
    if let Some(format) = observed.format() {
        keywords.push(("format", quoted(format.name())));
    }
    keywords.extend(inside(observed, depth));
    if keywords.iter().all(|(_, text)| !text.contains('\n')) { line(&keywords) } else { object(&keywords, depth) }
}

/// The keywords of arrays and objects.
fn inside(observed: &Observed, depth: usize) -> Vec<(&'static str, String)> {
    let mut keywords = Vec::new();
    let members = &observed.members;
    let required: Vec<String> =
        members.iter().filter(|member| observed.is_required(member)).map(|member| quoted(&member.name)).collect();
    if !required.is_empty() {
        keywords.push(("required", format!("[{}]", required.join(", "))));
    }
    if !members.is_empty() {
        let properties: Vec<(&str, String)> =
            members.iter().map(|member| (member.name.as_str(), value(&member.observed, depth + 2))).collect();
        keywords.push(("properties", object(&properties, depth + 1)));
    }
    if let Some(items) = &observed.items {
        keywords.push(("items", value(items, depth + 1)));
    }
    keywords
}

fn kinds(kinds: Kinds) -> String {
    match kinds.names().as_slice() {
        [name] => quoted(name),
        names => format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
    }
}

fn line(members: &[(&str, String)]) -> String {
    if members.is_empty() {
        return "{}".to_owned();
    }
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}: {value}", quoted(name))).collect();
    format!("{{ {} }}", members.join(", "))
}

fn object(members: &[(&str, String)], depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{indent}  {}: {value}", quoted(name))).collect();
    format!("{{\n{}\n{indent}}}", members.join(",\n"))
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}
