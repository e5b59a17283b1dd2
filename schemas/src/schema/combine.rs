//! `$ref`, `allOf`, `anyOf` and `oneOf`, in the forms in which generators of schemas write *this type* and
//! *this type or null*.

use super::read::{Reader, is_annotation};
use super::{Kinds, Rest, Schema};
use crate::document::Node;

/// The schema at `node`, where it is made of another.
pub(super) fn combined(reader: &mut Reader<'_>, node: &Node) -> Option<Schema> {
    let mut schema = if let Some(reference) = node.get("$ref") {
        reader.referenced(reference)
    } else if let Some(all) = node.get("allOf").map(Node::items) {
        only(reader, all)?
    } else {
        nullable(reader, node.get("anyOf").or_else(|| node.get("oneOf"))?.items())?
    };
    let own = ["$ref", "allOf", "anyOf", "oneOf"].into_iter().find(|name| node.get(name).is_some());
    for member in node.members().iter().filter(|member| Some(member.name.as_str()) != own && !is_annotation(&member.name)) {
        schema.leave(&member.name, &member.value);
    }
    Some(schema)
}

fn only(reader: &mut Reader<'_>, branches: &[Node]) -> Option<Schema> {
    match branches {
        [branch] => Some(reader.schema(branch)),
        _ => None,
    }
}

/// One schema or null.
fn nullable(reader: &mut Reader<'_>, branches: &[Node]) -> Option<Schema> {
    let (null, other) = match branches {
        [a, b] if is_null(a) => (a, b),
        [a, b] if is_null(b) => (b, a),
        _ => return None,
    };
    let mut schema = reader.schema(other);
    if schema.allows_null() {
        // `oneOf` refuses null where both allow it.
        schema.rest = Rest::Everything;
    }
    if let Some(choices) = &mut schema.choices {
        choices.push(serde_json::Value::Null);
    }
    schema.kinds = schema.kinds.union(reader.schema(null).kinds);
    Some(schema)
}

fn is_null(node: &Node) -> bool {
    let is_type = node.get("type").and_then(Node::text).and_then(Kinds::named) == Some(Kinds::NULL);
    is_type && node.members().iter().all(|member| member.name == "type" || is_annotation(&member.name))
}
